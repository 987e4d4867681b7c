"""The reference page of the API, written by the tables themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cliploop.dialects.alibaba_gif.action import REGION_ID, Action
from cliploop.dialects.alibaba_gif.actions.table import ACTIONS
from cliploop.dialects.alibaba_gif.errors import DOCUMENTED, GATEWAY, NEVER, VendorCode
from cliploop.dialects.alibaba_gif.task_errors import TASK_CODES
from cliploop.dialects.reference import cell, need, remark, state

_HEAD = """# Alibaba's CreateGifTask, as cliploop answers it

<!-- Written by `make reference` from src/cliploop/dialects/alibaba_gif; change that. -->

Every operation is `POST` or `GET`, to any path, with API version 2019-08-10. Its parameters stand in the query, in a
form, or some here and some there; one that stands in both must say the same. A body is a form.

Requests are signed by version 1 (HMAC-SHA1; `AccessKeyId`, `Timestamp` and the like among the parameters) or by
ACS3-HMAC-SHA256 (in headers, of which `host`, `x-acs-action`, `x-acs-date`, `x-acs-content-sha256` and
`x-acs-signature-nonce` must be signed), within fifteen minutes of the server's clock. A nonce serves for one request
in 31 minutes, also of an operation that only reads. Tokens of temporary keys are refused.

`Format` is `JSON` or `XML`. Without it version 1 is answered in XML, as the vendor has it, and ACS3 in JSON. In XML
the outermost element is the operation's name with `Response` behind it, or `Error`; a list is as many elements of its
name.

Every reply has a `RequestId`. A refusal is `{"RequestId", "HostId", "Code", "Message"}` with a status of its own, see
[the codes](#error-codes). A parameter without a value counts as left out. One that is not listed here is refused with
`InvalidParameter`, where the vendor's gateway passes it over: a misspelt `CallbackUrl` would be missed by nobody.
`OwnerId`, `OwnerAccount`, `ResourceOwnerId` and `ResourceOwnerAccount`, which some clients add, say nothing here.
"""

_CALLBACK = """## Callback

To a task's `CallbackUrl` its end is sent, well or badly ended, as a `POST` with the type `application/json`:

```json
{
  "TaskId": 4503599627370496,
  "Status": 2,
  "Result": {"VideoName": "film", "ProcessResultUrl": "https://images.example.com/…/1.f20000.gif"},
  "DeliveryId": "0123456789abcdef0123456789abcdef"
}
```

`Status` and `Result` are those of `GetTaskResult`, all of its fields. It is tried ten times at most, with a growing
pause, until it is answered with a status of 200 to 299. It may arrive twice: with the same `DeliveryId`. It is not
signed; who does not want to trust it asks for the task by its number. The vendor's own callback is not public.
"""


def reference_page() -> str:
    """All operations: fields, replies and errors, as Markdown."""
    sections = [_section(action) for action in ACTIONS.values()]
    return "\n".join([_HEAD, *sections, _CALLBACK, _task_errors(), _codes()])


def support_table() -> str:
    """A row for each operation and each of its fields, for docs/compatibility.md."""
    rows = ["| operation | field | state |", "|---|---|---|"]
    for action in ACTIONS.values():
        rows.append(f"| **{action.name}** | | {'changes' if action.mutates else 'reads'} |")
        rows += [f"| | `{field.name}` | {state(field)} |" for field in (*action.fields, REGION_ID)]
        rows += [f"| | → `{field.name}` | {state(field)} |" for field in action.reply]
    return "\n".join(rows) + "\n"


def _section(action: Action) -> str:
    lines = [f"## {action.name}", "", action.summary, "", "| field | type | | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{field.name}` | {field.kind.describe()} | {need(field)} | {cell(field.meaning)} {remark(field)} |"
        for field in (*action.fields, REGION_ID)
    ]
    lines += ["", "| reply | meaning |", "|---|---|"]
    lines += [f"| `{field.name}` | {cell(field.meaning)} {remark(field)} |" for field in action.reply]
    lines += ["", f"Errors: {', '.join(f'`{code}`' for code in action.codes if code not in action.never)}.", ""]
    own = {code: reason for code, reason in action.never.items() if code not in NEVER}
    lines += [f"Never: `{code}` ({reason}).\n" for code, reason in own.items()]
    return "\n".join(lines)


def _task_errors() -> str:
    lines = ["## Errors of tasks", "", "| ErrorCode | ErrorName | ErrorReason |", "|---|---|---|"]
    for number, name in sorted(set(TASK_CODES.values())):
        reasons = (f"`{code.value}`" for code, each in TASK_CODES.items() if each == (number, name))
        lines.append(f"| {number} | {name} | {', '.join(reasons)} |")
    return "\n".join([*lines, "", "The vendor's page shows the first of the numbers; the others are ours.", ""])


def _codes() -> str:
    lines = [
        "## Error codes",
        "",
        "`{0}` stands for a parameter's name. Behind the sentence stands what can be done about it.",
        "",
        "| status | code | message | |",
        "|---|---|---|---|",
        "| 200 | `OK` | | the `Code` of `CreateGifTask` |",
        *_rows(DOCUMENTED.items()),
        "",
        "Of who calls, and how:",
        "",
        "| status | code | message | |",
        "|---|---|---|---|",
        *_rows(GATEWAY.items()),
    ]
    return "\n".join(lines) + "\n"


def _rows(codes: Iterable[tuple[str, VendorCode]]) -> Iterator[str]:
    for name, code in codes:
        remark = f"*never: {NEVER[name]}*" if name in NEVER else ""
        yield f"| {code.status.value} | `{name}` | {code.sentence} | {remark} |"
