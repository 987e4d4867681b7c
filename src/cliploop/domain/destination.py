"""Where a caller wants its image."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.template import ImageFormat

#: Bytes of an object's key in UTF-8 (S3 user guide, "Naming Amazon S3 objects").
MAX_KEY_BYTES = 1_024


@dataclass(frozen=True)
class Destination:
    """A place in the output bucket.

    Attributes:
        bucket: which bucket the caller takes that to be; empty = it named none.
        folder: the beginning of the key, with or without a slash before and after it; empty = the top.
        file_name: the rest of the key; empty = ``{task_id}.{format}``.
    """

    bucket: str
    folder: str
    file_name: str = ""

    def key_of(self, project_id: str, task_id: int, image_format: ImageFormat) -> str:
        """The key of a task's image.

        Raises:
            InvalidRequestError: ``output``, where nothing may lie under that key.
        """
        folder = self.folder.removeprefix("/").removesuffix("/")
        name = self.file_name or f"{task_id}.{image_format}"
        key = f"{folder}/{name}" if folder else name
        if problem := _problem(key, project_id):
            raise InvalidRequestError("output", f"The output's folder and file name {problem}.")
        return key


def is_possible_key(key: str) -> bool:
    """Whether an object can have this key: S3 takes no empty one, no longer one, and UTF-8 has no lone surrogates."""
    return not _has(key, "Cs") and 0 < len(key.encode()) <= MAX_KEY_BYTES


def _problem(key: str, project_id: str) -> str | None:
    if _has(key, "Cs", "Cc"):
        return "hold a control character, or half of a character"
    if not is_possible_key(key):
        return f"have {len(key.encode())} bytes in UTF-8; at most {MAX_KEY_BYTES} fit"
    # Clients and browsers resolve these on the way, so the image would never be found under its address.
    if not {"", ".", ".."}.isdisjoint(key.split("/")):
        return "have a part between slashes that is empty, . or .."
    if key.startswith(f"{project_id}/"):
        return "lead into the folder of cliploop's own images; choose another folder"
    return None


def _has(text: str, *categories: str) -> bool:
    return any(unicodedata.category(character) in categories for character in text)
