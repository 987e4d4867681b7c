"""What a request's fields may hold, as values: one table reads requests, refuses them, and documents itself."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from cliploop.dialects.refusal import Refusal
from cliploop.domain.errors import InvalidRequestError

#: The largest numbers of the vendor's types.
_MAX_SIGNED = 2**63 - 1
_MAX_UNSIGNED = 2**64 - 1
#: Characters of a number in a query or a form: more is none of the vendor's types.
_LONGEST_NUMBER = 40
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


class FieldProblem(StrEnum):
    """What is wrong with a field other than its value; each vendor has codes of its own for these."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    WRONG_TYPE = "wrong type"
    UNSUPPORTED = "unsupported"


class FieldError(Exception):
    """A request cannot be read; ``message`` tells the caller what to do."""

    def __init__(self, problem: FieldProblem, path: str, message: str) -> None:
        super().__init__(message)
        self.problem = problem
        self.path = path
        self.message = message


class Support(StrEnum):
    """What becomes of a field of the vendor's; docs/compatibility.md shows the same words."""

    DONE = "done"
    DIFFERS = "differs"
    IGNORED = "accepted, without effect"
    REFUSED = "refused"


class Kind(Protocol):
    """A type of the vendor's, with its range."""

    def read(self, value: Any, path: str, *, textual: bool) -> Any:
        """The value that ``value`` means.

        Args:
            value: as parsed from JSON, or text where ``textual``.
            path: the field's name from the request's root on, for the error.
            textual: whether the request was a query or a form, which know only text.

        Raises:
            FieldError: the type is wrong, or a field inside is unknown, missing or not supported.
            Refusal: with the code that a field names for itself.
            InvalidRequestError: the value is out of range.
        """
        ...

    def describe(self) -> str:
        """The type and range in words."""
        ...


@dataclass(frozen=True)
class Integer:
    """A whole number, both bounds included."""

    least: int = 0
    most: int = _MAX_UNSIGNED

    def read(self, value: Any, path: str, *, textual: bool) -> int:
        """See ``Kind``. 2.0 is taken for 2, as a caller in a language without integers sends it."""
        number = _parsed(value) if textual else value
        if isinstance(number, bool) or not isinstance(number, int | float) or number != number // 1:
            raise _wrong_type(path, "an integer")
        return int(_within(int(number), self.least, self.most, path))

    def describe(self) -> str:
        """See ``Kind``."""
        return f"integer{_range(self.least, self.most, (0, _MAX_UNSIGNED))}"


@dataclass(frozen=True)
class Number:
    """A number, both bounds included."""

    least: float = -float(_MAX_SIGNED)
    most: float = float(_MAX_SIGNED)

    def read(self, value: Any, path: str, *, textual: bool) -> float:
        """See ``Kind``."""
        number = _parsed(value) if textual else value
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise _wrong_type(path, "a number")
        return _within(number, self.least, self.most, path)

    def describe(self) -> str:
        """See ``Kind``."""
        return f"number{_range(self.least, self.most, (-float(_MAX_SIGNED), float(_MAX_SIGNED)))}"


@dataclass(frozen=True)
class Text:
    """Text of at most ``most`` characters."""

    most: int = 4_096

    def read(self, value: Any, path: str, *, textual: bool) -> str:  # noqa: ARG002  # the others need it
        """See ``Kind``."""
        if not isinstance(value, str):
            raise _wrong_type(path, "a string")
        if len(value) > self.most:
            raise InvalidRequestError(path, f"{path} has {len(value)} characters; at most {self.most} fit.")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise InvalidRequestError(path, f"{path} has half a surrogate pair, which is no character.")
        return value

    def describe(self) -> str:
        """See ``Kind``."""
        return f"string, at most {self.most:,} characters"


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    def read(self, value: Any, path: str, *, textual: bool) -> str:  # noqa: ARG002  # the others need it
        """See ``Kind``."""
        if not isinstance(value, str):
            raise _wrong_type(path, "a string")
        if value not in self.words:
            raise InvalidRequestError(path, f"{path} is {value[:64]!a}; it is one of {', '.join(self.words)}.")
        return value

    def describe(self) -> str:
        """See ``Kind``."""
        return " \\| ".join(f"`{word}`" for word in self.words)


@dataclass(frozen=True)
class ListOf:
    """At most ``most`` values of one kind."""

    kind: Kind
    most: int

    def read(self, value: Any, path: str, *, textual: bool) -> tuple[Any, ...]:
        """See ``Kind``."""
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise _wrong_type(path, "an array")
        if len(value) > self.most:
            raise InvalidRequestError(path, f"{path} has {len(value)} elements; at most {self.most} fit.")
        return tuple(self.kind.read(each, f"{path}.{place}", textual=textual) for place, each in enumerate(value))

    def describe(self) -> str:
        """See ``Kind``."""
        return f"array of at most {self.most}: {self.kind.describe()}"


@dataclass(frozen=True)
class Field:
    """One field of a request.

    Attributes:
        meaning: what it does here, for the reference page.
        support: whether that is what the vendor documents; ``note`` says what differs, or why it is refused.
        code: the vendor's error code for a wrong value, where the general rule gives another.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    default: Any = None
    support: Support = Support.DONE
    note: str = ""
    code: str = ""


@dataclass(frozen=True)
class Record:
    """Fields by name."""

    fields: tuple[Field, ...]

    def read(self, value: Any, path: str, *, textual: bool) -> dict[str, Any]:
        """See ``Kind``. Absent and null fields have their default; so every name is there."""
        if not isinstance(value, Mapping):
            raise _wrong_type(path or "The request", "an object")
        known = {field.name: field for field in self.fields}
        if unknown := [name for name in value if name not in known]:
            name = _join(path, str(unknown[0])[:64])
            raise FieldError(FieldProblem.UNKNOWN, name, f"The parameter `{name}` is not recognized.")
        return {
            name: _read_field(field, value.get(name), _join(path, name), textual=textual)
            for name, field in known.items()
        }

    def describe(self) -> str:
        """See ``Kind``."""
        return "object"


@dataclass(frozen=True)
class Anything:
    """A value that is not looked into: of a field that is refused."""

    def read(self, value: Any, path: str, *, textual: bool) -> Any:  # noqa: ARG002  # the others need them
        """See ``Kind``."""
        return value

    def describe(self) -> str:
        """See ``Kind``."""
        return "as the vendor's"


def _read_field(field: Field, value: Any, path: str, *, textual: bool) -> Any:
    if value is None:
        if field.required:
            raise FieldError(FieldProblem.MISSING, path, f"The parameter `{path}` is missing.")
        return field.default
    if field.support is Support.REFUSED:
        if value in ("", 0, [], {}):
            return field.default  # nothing is asked for
        message = f"`{path}` is not supported: {field.note}"
        raise Refusal(field.code, message) if field.code else FieldError(FieldProblem.UNSUPPORTED, path, message)
    try:
        return field.kind.read(value, path, textual=textual)
    except InvalidRequestError as error:
        if field.code and error.parameter == path:
            raise Refusal(field.code, error.caller_text) from error
        raise


def _parsed(text: Any) -> Any:
    """The number that a text is; the text itself where it is none."""
    if not isinstance(text, str) or len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _within(number: float, least: float, most: float, path: str) -> float:
    if not least <= number <= most:
        raise InvalidRequestError(path, f"{path} is {number:.12g}; it goes from {least:.12g} to {most:.12g}.")
    return number


def _range(least: float, most: float, unbounded: tuple[float, float]) -> str:
    return "" if (least, most) == unbounded else f", {least:.12g} to {most:.12g}"


def _wrong_type(path: str, expected: str) -> FieldError:
    message = f"The type of the parameter `{path}` is wrong: it is {expected}."
    return FieldError(FieldProblem.WRONG_TYPE, path, message)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
