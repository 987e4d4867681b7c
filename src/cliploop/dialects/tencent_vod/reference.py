"""The reference page of the API, written by the table of actions itself."""

from __future__ import annotations

from cliploop.dialects.reference import cell, need, remark, state, with_paths
from cliploop.dialects.tencent_vod.action import SUB_APP_ID, Action
from cliploop.dialects.tencent_vod.actions.table import ACTIONS

_HEAD = """# Tencent VOD's API, as cliploop answers it

<!-- Written by `make reference` from src/cliploop/dialects/tencent_vod/actions; change those. -->

Every action is `POST /` or `GET /` with API version 2018-07-17. The answer is always HTTP 200 with
`application/json`: either `{"Response": {…, "RequestId": "…"}}` or
`{"Response": {"Error": {"Code": "…", "Message": "…"}, "RequestId": "…"}}`.

Requests are signed with TC3-HMAC-SHA256, HmacSHA256 or HmacSHA1, as the vendor's clients do, within 300 seconds of
the server's clock. TC3 does not sign the action's name, so a signature serves for the first action that changes
something and for no other; the same request once more gets the first answer again. Actions that only read are exempt.

Errors of any action: `AuthFailure.InvalidAuthorization`, `AuthFailure.SecretIdNotFound`,
`AuthFailure.SignatureFailure`, `AuthFailure.SignatureExpire`, `AuthFailure.TokenFailure`, `InvalidAction`,
`NoSuchVersion`, `MissingParameter`, `UnknownParameter`, `InvalidParameter`, `InvalidRequest`,
`RequestSizeLimitExceeded`, `UnauthorizedOperation`, `UnsupportedOperation`, `UnsupportedProtocol`, `InternalError`;
and, of those that start a task, `LimitExceeded` where the project's quota of open tasks has no room for it.
"""


def reference_page() -> str:
    """All actions: fields, replies and errors, as Markdown."""
    return "\n".join([_HEAD, *(_section(action) for action in ACTIONS.values())])


def support_table() -> str:
    """A row for each operation and each of its fields, for docs/compatibility.md."""
    rows = ["| operation | field | state |", "|---|---|---|"]
    for action in ACTIONS.values():
        rows.append(f"| **{action.name}** | | {'changes' if action.mutates else 'reads'} |")
        rows += [f"| | `{path}` | {state(field)} |" for path, field in with_paths((*action.fields, SUB_APP_ID))]
        rows += [f"| | → `{field.name}` | {state(field)} |" for field in action.reply]
    return "\n".join(rows) + "\n"


def _section(action: Action) -> str:
    lines = [f"## {action.name}", "", action.summary, "", "| field | type | | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{path}` | {field.kind.describe()} | {need(field)} | {cell(field.meaning)} {remark(field)} |"
        for path, field in with_paths((*action.fields, SUB_APP_ID))
    ]
    if action.reply:
        lines += ["", "| reply | meaning |", "|---|---|"]
        lines += [f"| `{field.name}` | {cell(field.meaning)} {remark(field)} |" for field in action.reply]
    lines += ["", f"Errors: {', '.join(f'`{code}`' for code in action.codes if code not in action.never)}.", ""]
    lines += [f"Never: `{code}` ({reason}).\n" for code, reason in action.never.items()]
    return "\n".join(lines)
