"""What a secret of Secrets Manager holds, remembered for a while."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.application.ports import Clock
from cliploop.domain.errors import CliploopError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

_log = logging.getLogger(__name__)

#: How long a warm function may act on a secret that was changed meanwhile.
_FRESH_MS = 60_000
#: And how long where it cannot be read anew: a short outage stops nobody, and a key that was taken away dies soon.
_USABLE_MS = 300_000

Content = TypeVar("Content")


@dataclass
class RememberedSecret(Generic[Content]):
    """One secret, read anew where its content is a minute old.

    Attributes:
        what: what is in it, for the log, in the plural.
        read: reads its entries; errors never show any of them.
    """

    client: SecretsManagerClient
    secret_id: str
    clock: Clock
    what: str
    read: Callable[[Sequence[Any]], Content]
    _content: Content | None = field(default=None, repr=False)
    _read_ms: int = 0

    def content(self) -> Content:
        """What is in it, as it was a minute ago or less; five, where it cannot be read or used now.

        Raises:
            CliploopError: what ``read`` raises, or UNAVAILABLE (retryable).
        """
        now_ms = self.clock.now_ms()
        age_ms = now_ms - self._read_ms
        if self._content is not None and age_ms < _FRESH_MS:
            return self._content
        try:
            self._content, self._read_ms = self.read(self._entries()), now_ms
        except CliploopError as error:
            if self._content is None or age_ms >= _USABLE_MS:
                raise
            _log.warning("%s cannot be read anew, so the last ones are good still: %s", self.what, error.log_text)
        return self._content

    def _entries(self) -> Sequence[Any]:
        """The list that its JSON is, or the one entry; text that is no JSON is an entry that is nothing."""
        with unavailable_when_failing(f"reading {self.what}"):
            text = self.client.get_secret_value(SecretId=self.secret_id).get("SecretString")
        try:
            content = json.loads(text or "")
        except (ValueError, RecursionError):
            content = None
        return content if isinstance(content, list) else [content]
