"""The reference page of the API, written by the table of operations itself."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from cliploop.dialects.fields import Field, Record, Support
from cliploop.dialects.huawei_mpc.errors import MEANINGS, STATUSES
from cliploop.dialects.huawei_mpc.operation import Operation, ReplyField
from cliploop.dialects.huawei_mpc.operations.table import OPERATIONS

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
        rows += [f"| | `{path}` | {_state(field)} |" for path, field in _all_fields(operation)]
        rows += [f"| | → `{field.name}` | {_state(field)} |" for field in operation.reply]
    return "\n".join(rows) + "\n"


def _section(operation: Operation[Any]) -> str:
    where = "body" if operation.method == "POST" else "query"
    lines = [f"## {operation.name}", "", f"`{operation.method}`. {operation.summary}", ""]
    lines += [f"| field of the {where} | type | | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{path}` | {field.kind.describe()} | {_need(field)} | {_cell(field.meaning)} {_remark(field)} |"
        for path, field in _all_fields(operation)
    ]
    if operation.reply:
        lines += ["", "| reply | meaning |", "|---|---|"]
        lines += [f"| `{field.name}` | {_cell(field.meaning)} {_remark(field)} |" for field in operation.reply]
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


def _all_fields(operation: Operation[Any]) -> Iterator[tuple[str, Field]]:
    for field in operation.fields:
        yield from _nested(field.name, field)


def _nested(path: str, field: Field) -> Iterator[tuple[str, Field]]:
    yield path, field
    if isinstance(field.kind, Record):
        for inner in field.kind.fields:
            yield from _nested(f"{path}.{inner.name}", inner)


def _need(field: Field) -> str:
    if field.required:
        return "required"
    return "" if field.default in (None, "", ()) else f"default {field.default}"


def _remark(field: Field | ReplyField) -> str:
    if field.support is not Support.DONE:
        return f"*{_state(field)}*"
    return f"*{_cell(field.note)}*" if field.note else ""


def _state(field: Field | ReplyField) -> str:
    return f"{field.support}: {_cell(field.note)}" if field.note else field.support.value


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
