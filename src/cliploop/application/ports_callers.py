"""What the use cases need to know of who calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cliploop.domain.access_key import AccessKey

#: Bytes. DynamoDB's items have at most 400 KB (its limit), keys and names included.
LONGEST_KEPT_ANSWER = 300_000


class Callers(Protocol):
    """Knows who may call: by keys that requests are signed with, or by tokens that they carry."""

    def key(self, key_id: str) -> AccessKey | None:
        """The access key of that id, or None.

        Raises:
            CliploopError: UNAVAILABLE (retryable): the keys cannot be read.
        """
        ...

    def project_of_token(self, token: str) -> str | None:
        """The id of the project in whose name a bearer of ``token`` speaks, or None.

        How long it takes does not say how much of a token was right.

        Raises:
            CliploopError: UNAVAILABLE (retryable): the tokens cannot be read.
        """
        ...


@dataclass(frozen=True)
class BoundCall:
    """What a signature stands for.

    Attributes:
        action: the one action that it serves for.
        answer: what that action answered; None where it has not ended well yet, or the answer was too long to keep.
        is_new: whether the signature was bound just now, by this call.
    """

    action: str
    answer: Mapping[str, Any] | None
    is_new: bool


class SignedCalls(Protocol):
    """Remembers what signatures were used for, while they are good.

    ``signature`` is a digest of 64 hex digits that stands for a signed request; the signature itself is never kept.
    """

    def bind(self, project_id: str, signature: str, action: str, until_ms: int) -> BoundCall:
        """Bind a signature to an action unless it is bound already; what it is bound to now.

        Args:
            project_id: of the caller.
            signature: the digest that stands for it.
            action: the one it shall serve for.
            until_ms: how long it must be remembered, in UTC milliseconds.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...

    def keep_answer(self, project_id: str, signature: str, answer: Mapping[str, Any]) -> None:
        """Have ``bind`` give ``answer`` along with a bound signature; one that is too long is not kept.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...


def answer_text(answer: Mapping[str, Any]) -> str | None:
    """How an answer is kept: as JSON, or not at all where that is too long."""
    text = json.dumps(answer, separators=(",", ":"))
    return text if len(text) <= LONGEST_KEPT_ANSWER else None
