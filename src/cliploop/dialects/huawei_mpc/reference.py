"""The reference page of the API, written by the table of operations itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from cliploop.dialects.huawei_mpc.errors import MEANINGS, STATUSES
from cliploop.dialects.huawei_mpc.operation import Operation
from cliploop.dialects.huawei_mpc.operations.table import OPERATIONS
from cliploop.dialects.reference import cell, need, remark, state, with_paths

_HEAD = """# Huawei MPC's API, as cliploop answers it

<!-- Written by `make reference` from src/cliploop/dialects/huawei_mpc; change that. -->

Every operation is at `/v1/{project_id}/animated-graphics`. Errors are `{"error_code": "…", "error_msg": "…"}` with
the HTTP status of the table at the end; every reply has the request's id in `X-Request-Id`.

Requests are signed with SDK-HMAC-SHA256, or with V11-HMAC-SHA256 (a derived key), as the vendor's clients do, within
900 seconds of the server's clock; `host` and `x-sdk-date` are among the signed headers, and `X-Project-Id` is the
project of the address. A request without `Authorization` may have a token in `X-Auth-Token` instead: one of those
that the operator of the stack has given out. Where a request has both, the signature counts. `x-language` is
accepted, without effect: texts are English.
"""


def reference_page() -> str:
    """All operations: fields, replies and errors, as Markdown."""
    return "\n".join([_HEAD, *(_section(operation) for operation in OPERATIONS), _codes()])


def support_table() -> str:
    """A row for each operation and each of its fields, for docs/compatibility.md."""
    rows = ["| operation | field | state |", "|---|---|---|"]
    for operation in OPERATIONS:
        rows.append(f"| **{operation.name}** | | `{operation.method}`, {operation.status.value} |")
        rows += [f"| | `{path}` | {state(field)} |" for path, field in with_paths(operation.fields)]
        rows += [f"| | → `{field.name}` | {state(field)} |" for field in operation.reply]
    return "\n".join(rows) + "\n"


def _section(operation: Operation[Any]) -> str:
    where = "body" if operation.method == "POST" else "query"
    lines = [f"## {operation.name}", "", f"`{operation.method}`. {operation.summary}", ""]
    lines += [f"| field of the {where} | type | | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{path}` | {field.kind.describe()} | {need(field)} | {cell(field.meaning)} {remark(field)} |"
        for path, field in with_paths(operation.fields)
    ]
    if operation.reply:
        lines += ["", "| reply | meaning |", "|---|---|"]
        lines += [f"| `{field.name}` | {cell(field.meaning)} {remark(field)} |" for field in operation.reply]
    status = f"{operation.status.value} {operation.status.phrase}"
    lines += ["", f"Success: {status}. Errors: {', '.join(f'`{code}`' for code in operation.codes)}.", ""]
    lines += [f"Never: `{code}` ({reason}).\n" for code, reason in operation.never.items()]
    return "\n".join(lines)


def _codes() -> str:
    lines = ["## Error codes", "", "| code | status | |", "|---|---|---|"]
    lines += [
        f"| `{code}` | {STATUSES.get(code, HTTPStatus.BAD_REQUEST).value} | {meaning} |"
        for code, meaning in MEANINGS.items()
    ]
    return "\n".join(lines) + "\n"
