"""Work that may lag behind: what is done with a frame while the next is being thought about."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

#: So many pieces may wait; more would only hold memory.
_WAITING = 2


class Behind:
    """Does one piece of work after the other, in order, on a thread of its own."""

    def __init__(self, *, at_once: bool = False) -> None:
        """Without a thread where it is to happen ``at_once``."""
        # It ends when this is forgotten, also where an error ended the work.
        self._thread = None if at_once else ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def do(self, work: Callable[[], None]) -> None:
        """Have this done after what was asked before; raises what an earlier piece raised."""
        if self._thread is None:
            work()
            return
        self._waiting.append(self._thread.submit(work))
        self._catch_up_to(_WAITING)

    def catch_up(self) -> None:
        """Wait until everything is done; raises what a piece raised."""
        self._catch_up_to(0)

    def _catch_up_to(self, waiting: int) -> None:
        while len(self._waiting) > waiting:
            self._waiting.popleft().result()
