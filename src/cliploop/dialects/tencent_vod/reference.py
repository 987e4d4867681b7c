"""The reference page of the API, written by the table of actions itself."""

from __future__ import annotations

from collections.abc import Iterator

from cliploop.dialects.fields import Field, ListOf, Record, Support
from cliploop.dialects.tencent_vod.action import SUB_APP_ID, Action, ReplyField
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
`RequestSizeLimitExceeded`, `UnauthorizedOperation`, `UnsupportedOperation`, `UnsupportedProtocol`, `InternalError`.
"""


def reference_page() -> str:
    """All actions: fields, replies and errors, as Markdown."""
    return "\n".join([_HEAD, *(_section(action) for action in ACTIONS.values())])


def support_table() -> str:
    """A row for each operation and each of its fields, for docs/compatibility.md."""
    rows = ["| operation | field | state |", "|---|---|---|"]
    for action in ACTIONS.values():
        rows.append(f"| **{action.name}** | | {'changes' if action.mutates else 'reads'} |")
        rows += [f"| | `{path}` | {_state(field)} |" for path, field in _all_fields(action)]
        rows += [f"| | → `{field.name}` | {_state(field)} |" for field in action.reply]
    return "\n".join(rows) + "\n"


def _section(action: Action) -> str:
    lines = [f"## {action.name}", "", action.summary, "", "| field | type | | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{path}` | {field.kind.describe()} | {_need(field)} | {_cell(field.meaning)} {_remark(field)} |"
        for path, field in _all_fields(action)
    ]
    if action.reply:
        lines += ["", "| reply | meaning |", "|---|---|"]
        lines += [f"| `{field.name}` | {_cell(field.meaning)} {_remark(field)} |" for field in action.reply]
    lines += ["", f"Errors: {', '.join(f'`{code}`' for code in action.codes if code not in action.never)}.", ""]
    lines += [f"Never: `{code}` ({reason}).\n" for code, reason in action.never.items()]
    return "\n".join(lines)


def _all_fields(action: Action) -> Iterator[tuple[str, Field]]:
    for field in (*action.fields, SUB_APP_ID):
        yield from _nested(field.name, field)


def _nested(path: str, field: Field) -> Iterator[tuple[str, Field]]:
    yield path, field
    kind = field.kind
    if isinstance(kind, ListOf):
        path, kind = f"{path}.N", kind.kind
    if isinstance(kind, Record):
        for inner in kind.fields:
            yield from _nested(f"{path}.{inner.name}", inner)


def _need(field: Field) -> str:
    if field.required:
        return "required"
    return "" if field.default in (None, "", ()) else f"default {field.default}"


def _remark(field: Field | ReplyField) -> str:
    return "" if field.support is Support.DONE else f"*{_state(field)}*"


def _state(field: Field | ReplyField) -> str:
    return f"{field.support}: {_cell(field.note)}" if field.note else field.support.value


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
