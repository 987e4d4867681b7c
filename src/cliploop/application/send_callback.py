"""An event is handed to the address that its project named."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from cliploop.application.ports import Clock
from cliploop.application.ports_events import Callback, EventSettingsStore
from cliploop.application.ports_web import Web
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode

_log = logging.getLogger(__name__)

#: How long a receiver may take to answer. The vendor documents no time; the function has three times as much.
_ANSWER_WITHIN_S = 10.0

_HEADERS = {"Content-Type": "application/json"}

#: Adds the proof that a callback comes from here: of a body, a project's key and the time in UNIX seconds.
Sign = Callable[[Mapping[str, Any], str, int], Mapping[str, Any]]


@dataclass(frozen=True)
class SendCallback:
    """Makes one try at a callback. Where it fails, whoever called tries again."""

    web: Web
    settings: EventSettingsStore
    sign: Sign
    clock: Clock

    def __call__(self, callback: Callback) -> None:
        """Post the event to the address that it was queued for, signed with the key that the project has now.

        Only the project's own receiver knows that key, and a task's may be of another vendor: its events go unsigned.

        Raises:
            CliploopError: FETCH_FAILED (retryable) where the answer was no success; what ``Web.post`` raises; or
                UNAVAILABLE (retryable).
        """
        status = self.web.post(
            callback.url,
            json.dumps(self._body(callback), ensure_ascii=False).encode(),
            _HEADERS,
            deadline=Deadline.after(_ANSWER_WITHIN_S),
        )
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise CliploopError(
                ErrorCode.FETCH_FAILED,
                "The receiver of the event did not answer with a success; it is tried again.",
                log_text=f"delivery {callback.delivery_id} was answered with {status}",
                retryable=True,
            )
        _log.info("delivery %s was answered with %d", callback.delivery_id, status)

    def _body(self, callback: Callback) -> Mapping[str, Any]:
        key = "" if callback.of_task else self.settings.get(callback.project_id).sign_key
        return self.sign(callback.body, key, self.clock.now_ms() // 1000) if key else callback.body
