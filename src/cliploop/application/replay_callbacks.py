"""Callbacks that were laid aside are tried again, because an operator says so."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cliploop.application.ports_events import CallbackQueue, LaidAsideCallbacks
from cliploop.domain.errors import InvalidRequestError

_log = logging.getLogger(__name__)

#: Deliveries that one call brings back. Their bodies are in memory together, and each may have 240,000 bytes.
MOST_DELIVERIES = 100

_DELIVERY_ID = re.compile(r"[0-9a-f]{32}")


class Replayed(StrEnum):
    """What became of a delivery."""

    REPLAYED = "replayed"
    NOT_FOUND = "not found"
    #: So many are laid aside that not all could be looked at.
    NOT_REACHED = "not reached"


@dataclass(frozen=True)
class ReplayCallbacks:
    """Brings callbacks back into their queue, where they begin again with their first try."""

    laid_aside: LaidAsideCallbacks
    queue: CallbackQueue

    def __call__(self, delivery_ids: Sequence[object]) -> Mapping[str, Replayed]:
        """Bring back the callbacks of these deliveries: the project's and the task's own one, where both wait.

        Returns:
            What became of each, in the order in which they were named.

        Raises:
            InvalidRequestError: one is not a delivery id, or they are too many.
            CliploopError: UNAVAILABLE (retryable). Those that came first may be on their way; the others are where
                they were.
        """
        wanted = _wanted(delivery_ids)
        search = self.laid_aside.find(wanted)
        sent: set[tuple[str, str, bool]] = set()
        for each in search.found:
            callback = each.callback
            told = (callback.delivery_id, callback.url, callback.of_task)
            if told not in sent:  # the stream tells at least once, so the same may have been laid aside twice
                self.queue.send(callback)
                sent.add(told)
            self.laid_aside.drop(each)
        found = {each.callback.delivery_id for each in search.found}
        _log.info("%d callbacks of %d deliveries are tried again", len(sent), len(found))
        missing = Replayed.NOT_FOUND if search.complete else Replayed.NOT_REACHED
        return {delivery_id: Replayed.REPLAYED if delivery_id in found else missing for delivery_id in wanted}


def _wanted(delivery_ids: Sequence[object]) -> Collection[str]:
    """Each once, in their order."""
    wanted: dict[str, None] = {}
    for delivery_id in delivery_ids:
        if not isinstance(delivery_id, str) or not _DELIVERY_ID.fullmatch(delivery_id):
            raise InvalidRequestError("delivery_ids", f"{delivery_id!r} is not a delivery id: 32 hex digits.")
        wanted[delivery_id] = None
    if len(wanted) > MOST_DELIVERIES:
        raise InvalidRequestError("delivery_ids", f"At most {MOST_DELIVERIES} deliveries are replayed at a time.")
    return wanted
