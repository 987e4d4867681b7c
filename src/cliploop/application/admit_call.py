"""Doing what a signed call asks for, once for each signature."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cliploop.application.ports_callers import SignedCalls
from cliploop.domain.errors import CliploopError

_log = logging.getLogger(__name__)


class SignatureReusedError(Exception):
    """The signature has served for another action already."""


@dataclass(frozen=True)
class SignedCall:
    """A call whose caller is known.

    Attributes:
        digest: stands for the signed request, 64 hex digits.
        mutates: whether the action changes anything.
        expires_ms: when the signature ceases to be good, in UTC milliseconds.
    """

    project_id: str
    digest: str
    action: str
    mutates: bool
    expires_ms: int


@dataclass(frozen=True)
class AdmitCall:
    """Lets a signature that changes something serve for one action only, and answers its repeats alike.

    Some signatures do not cover the action's name. Without this, one that was seen on its way could be sent again
    for another action.
    """

    signed: SignedCalls

    def __call__(self, call: SignedCall, act: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """The action's answer; that of an identical call before, where it was kept.

        A call that was bound and has no answer died on its way, failed, or is still at work: it is done again, as
        actions give a repeat the same names.

        Raises:
            SignatureReusedError: the signature belongs to another action.
            CliploopError: UNAVAILABLE (retryable); and whatever ``act`` raises.
        """
        if not call.mutates:
            return act()
        bound = self.signed.bind(call.project_id, call.digest, call.action, call.expires_ms)
        if bound.action != call.action:
            raise SignatureReusedError
        if bound.answer is not None:
            return bound.answer
        answer = act()
        self._keep(call, answer)
        return answer

    def _keep(self, call: SignedCall, answer: Mapping[str, Any]) -> None:
        """Remember the answer. What was asked for is done, so failing here must not make the caller ask anew."""
        try:
            self.signed.keep_answer(call.project_id, call.digest, answer)
        except CliploopError as error:
            _log.warning("the answer to %s is not kept for its repeats: %s", call.action, error.log_text)
