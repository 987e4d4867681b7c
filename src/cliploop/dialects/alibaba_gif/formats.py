"""A reply's body as JSON or as XML, as the parameter ``Format`` asks."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]


class Format(StrEnum):
    """What the vendor can answer as."""

    JSON = "JSON"
    XML = "XML"


@dataclass(frozen=True)
class Encoded:
    """A body with its type."""

    content_type: str
    body: bytes


#: What XML 1.0 (section 2.2) has no place for, not even escaped.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_format(text: str) -> Format | None:
    """The format that is meant; None where there is no such format."""
    word = text.upper()
    return Format(word) if word in set(Format) else None


def encode(fields: Json, form: Format, root: str) -> Encoded:
    """``fields`` as a body; ``root`` names XML's outermost element, which JSON has none of.

    In XML an element stands for each value of a list, all of them by the list's name; what is None is left out.
    """
    if form is Format.JSON:
        return Encoded("application/json", json.dumps(fields).encode())
    text = f'<?xml version="1.0" encoding="UTF-8"?>{_element(root, fields)}'
    return Encoded("text/xml;charset=utf-8", text.encode())


def _element(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "".join(_element(name, each) for each in value)
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_element(inner, each) for inner, each in value.items())}</{name}>"
    return f"<{name}>{_text(value)}</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # Parsers make a line feed of a carriage return unless it is escaped (XML 1.0, section 2.11).
    return html.escape(_NOT_XML.sub("\ufffd", str(value)), quote=False).replace("\r", "&#13;")
