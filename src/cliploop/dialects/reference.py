"""How fields are written down in the pages that the vendors' tables of operations write about themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cliploop.dialects.fields import Field, ListOf, Record, Support
from cliploop.dialects.operation import ReplyField


def with_paths(fields: Iterable[Field]) -> Iterator[tuple[str, Field]]:
    """The fields and those inside them, each with its path: ``A.N.B`` is B in each element of the list A."""
    for field in fields:
        yield from _nested(field.name, field)


def need(field: Field) -> str:
    """Whether a field has to be there, or what it is when it is not."""
    if field.required:
        return "required"
    return "" if field.default in (None, "", ()) else f"default {field.default}"


def remark(field: Field | ReplyField) -> str:
    """What differs from the vendor; empty where nothing does."""
    if field.support is not Support.DONE:
        return f"*{state(field)}*"
    return f"*{cell(field.note)}*" if field.note else ""


def state(field: Field | ReplyField) -> str:
    """What becomes of a field of the vendor's, and why."""
    return f"{field.support}: {cell(field.note)}" if field.note else field.support.value


def cell(text: str) -> str:
    """Text that stays within a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def _nested(path: str, field: Field) -> Iterator[tuple[str, Field]]:
    yield path, field
    kind = field.kind
    if isinstance(kind, ListOf):
        path, kind = f"{path}.N", kind.kind
    if isinstance(kind, Record):
        for inner in kind.fields:
            yield from _nested(f"{path}.{inner.name}", inner)
