from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cliploop.application.ports_callers import BoundCall, answer_text
from cliploop.domain.access_key import AccessKey


@dataclass
class InMemoryCallers:
    """``Callers`` in dictionaries; ``failure`` is raised instead, where there is one.

    Attributes:
        keys: by their ids.
        tokens: the id of each one's project.
    """

    keys: dict[str, AccessKey] = field(default_factory=dict)
    failure: Exception | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    def key(self, key_id: str) -> AccessKey | None:
        """See ``Callers``."""
        if self.failure:
            raise self.failure
        return self.keys.get(key_id)

    def project_of_token(self, token: str) -> str | None:
        """See ``Callers``."""
        if self.failure:
            raise self.failure
        return self.tokens.get(token)

    def add(self, key: AccessKey) -> None:
        """Have a key."""
        self.keys[key.key_id] = key


@dataclass
class InMemorySignedCalls:
    """``SignedCalls`` in dictionaries. ``failure`` is what keeping an answer raises, where there is one."""

    actions: dict[tuple[str, str], str] = field(default_factory=dict)
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    failure: Exception | None = None

    def bind(self, project_id: str, signature: str, action: str, until_ms: int) -> BoundCall:
        """See ``SignedCalls``. Nothing is ever forgotten, here."""
        if (project_id, signature) not in self.actions:
            self.actions[project_id, signature] = action
            return BoundCall(action, answer=None, is_new=True)
        kept = self.answers.get((project_id, signature))
        return BoundCall(self.actions[project_id, signature], answer=json.loads(kept) if kept else None, is_new=False)

    def keep_answer(self, project_id: str, signature: str, answer: Mapping[str, Any]) -> None:
        """See ``SignedCalls``."""
        if self.failure:
            raise self.failure
        text = answer_text(answer)
        if text is not None and (project_id, signature) in self.actions:
            self.answers[project_id, signature] = text
