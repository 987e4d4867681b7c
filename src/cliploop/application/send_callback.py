"""An event is handed to the address that its project named, or whoever started its task."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from cliploop.application.ports import Clock
from cliploop.application.ports_events import Callback, CallbackKeys, EventSettingsStore, LaidAsideCallbacks
from cliploop.application.ports_web import Web
from cliploop.domain.callback_signature import callback_signature
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode

_log = logging.getLogger(__name__)

#: How long a receiver may take to answer. The vendor documents no time; the function has three times as much.
_ANSWER_WITHIN_S = 10.0

#: Adds the vendor's proof to the body: of a body, a project's key and the time in UNIX seconds.
Sign = Callable[[Mapping[str, Any], str, int], Mapping[str, Any]]


@dataclass(frozen=True)
class SendCallback:
    """Makes one try at a callback. Where it fails, whoever called tries again.

    **Two answers are final**, and the callback is laid aside at once: an address that must not be called, which no
    try makes another one, and 410 (Gone), by which a receiver says that nobody will ever be there again (RFC 9110
    section 15.5.11). All else passes or is put right within a day: an unknown host, an expired certificate, a 404.

    Attributes:
        keys: sign every callback, in a header.
        sign: signs the project's own callbacks besides, in the body, where the project has a key for that.
    """

    web: Web
    settings: EventSettingsStore
    keys: CallbackKeys
    laid_aside: LaidAsideCallbacks
    sign: Sign
    clock: Clock
    answer_within_s: float = _ANSWER_WITHIN_S

    def __call__(self, callback: Callback, attempt: int) -> bool:
        """Post the event to the address that it was queued for, signed with the keys of the moment.

        Only the project's own receiver knows the project's key, and a task's may be of another vendor: its body goes
        without that proof.

        Args:
            callback: what is told.
            attempt: which try it is, from 1 on; the receiver is told.

        Returns:
            Whether the receiver has it; otherwise it was laid aside.

        Raises:
            CliploopError: FETCH_FAILED (retryable) where the answer was no success; what ``Web.post`` raises, but
                for ADDRESS_REFUSED; or UNAVAILABLE (retryable).
        """
        try:
            status = self._post(callback, attempt)
        except CliploopError as error:
            if error.code is not ErrorCode.ADDRESS_REFUSED:
                raise
            return self._is_laid_aside(callback, error.log_text)
        if status == HTTPStatus.GONE:
            return self._is_laid_aside(callback, "its receiver is gone (410)")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise CliploopError(
                ErrorCode.FETCH_FAILED,
                "The receiver of the event did not answer with a success; it is tried again.",
                log_text=f"delivery {callback.delivery_id} was answered with {status} at try {attempt}",
                retryable=True,
            )
        _log.info("delivery %s was answered with %d at try %d", callback.delivery_id, status, attempt)
        return True

    def _post(self, callback: Callback, attempt: int) -> int:
        now_s = self.clock.now_ms() // 1000
        body = json.dumps(self._body(callback, now_s), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Cliploop-Delivery": callback.delivery_id,
            "X-Cliploop-Attempt": str(attempt),
            "X-Cliploop-Timestamp": str(now_s),
            "X-Cliploop-Signature": callback_signature(self.keys.current(), now_s, body),
        }
        return self.web.post(callback.url, body, headers, deadline=Deadline.after(self.answer_within_s))

    def _body(self, callback: Callback, now_s: int) -> Mapping[str, Any]:
        key = "" if callback.of_task else self.settings.get(callback.project_id).sign_key
        return self.sign(callback.body, key, now_s) if key else callback.body

    def _is_laid_aside(self, callback: Callback, reason: str) -> bool:
        self.laid_aside.add(callback)
        _log.warning("delivery %s is not tried again: %s", callback.delivery_id, reason)
        return False
