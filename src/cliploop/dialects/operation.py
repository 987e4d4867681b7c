"""What the vendors' operations have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cliploop.dialects.fields import Support
from cliploop.domain.project import Project


@dataclass(frozen=True)
class Call:
    """A request that was read and whose caller is known.

    Attributes:
        project: the caller's.
        token: stands for this call; where a signature may come again, an identical repeat has the same.
        values: every field of the operation by its name, defaults filled in.
    """

    project: Project
    token: str
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """The value of a field."""
        return self.values[name]


@dataclass(frozen=True)
class ReplyField:
    """One field of a reply, for the reference page."""

    name: str
    meaning: str
    support: Support = Support.DONE
    note: str = ""
