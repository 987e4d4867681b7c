"""Actors are threads of which exactly one runs, so a seed replays a schedule, with its failures and deaths."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any

from cliploop.application.ports import RevisionConflictError
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.testing import SettableClock

_KEPT_LINES = 4_000
_STALLS_MS = (2_000, 46_000, 60_000, 110_000, 200_000, 800_000)

#: Makes the error of a call, of its label.
Fault = Callable[[str], Exception]


class KilledError(BaseException):
    """The process was killed: nothing catches this, and nothing that runs after it has an effect."""


class NoProgressError(Exception):
    """The simulation does not come to an end."""


@dataclass
class Odds:
    """How often a call of a port is what it should not be; all 0 = calm."""

    switch: float = 0.3
    stall: float = 0.0
    kill: float = 0.0
    kill_after: float = 0.0
    fail: float = 0.0
    fail_after: float = 0.0
    conflict_after: float = 0.0
    bug: float = 0.0
    always: str = ""
    stall_at: str = ""

    def calm(self) -> None:
        """From now on nothing goes wrong; actors still take turns."""
        for each in fields(self):
            setattr(self, each.name, each.default)


class Actor:
    """One invocation: a thread that waits for the baton before each step."""

    def __init__(self, name: str, baton: Baton, work: Callable[[], None], until_ms: int) -> None:
        self.name, self.until_ms = name, until_ms
        self.frozen_until_ms = 0
        self.killed = self.over = False
        self.error: BaseException | None = None
        self._baton, self._work = baton, work
        self._mine, self._back = threading.Lock(), threading.Lock()
        self._mine.acquire()
        self._back.acquire()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def resume(self) -> None:
        """Hand the baton over until it comes back."""
        self._mine.release()
        self._back.acquire()

    def pause(self) -> None:
        """Give the baton back, and wait for it."""
        self._back.release()
        self._mine.acquire()
        self.check()

    def check(self) -> None:
        """What a dead process tries to do does not happen."""
        if self.killed:
            raise KilledError

    def end(self) -> None:
        """Wait for the thread, which has nothing left to do."""
        self._thread.join()

    def _run(self) -> None:
        self._mine.acquire()
        try:
            self.check()
            self._work()
        except KilledError:
            self.killed = True
        except BaseException as error:  # noqa: BLE001  # the report names it
            self.error = error
        self.over = True
        self._back.release()


@dataclass
class Baton:
    """Who runs, what goes wrong, and what time it is."""

    random: Random
    clock: SettableClock
    odds: Odds
    actors: list[Actor] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    current: Actor | None = None
    started: int = 0

    def start(self, name: str, work: Callable[[], None], seconds: float) -> None:
        """Have a new invocation, which is killed when it has lasted ``seconds``."""
        self.started += 1
        actor = Actor(f"{name}.{self.started}", self, work, self.clock.now_ms() + int(seconds * 1000))
        self.note("starts", actor)
        self.actors.append(actor)

    def step(self) -> bool:
        """Let one actor go on until it pauses; False where there is none."""
        if not self.actors:
            return False
        awake = [actor for actor in self.actors if actor.frozen_until_ms <= self.clock.now_ms()]
        if not awake:
            awake = [min(self.actors, key=lambda actor: actor.frozen_until_ms)]
            self.clock.at_ms = awake[0].frozen_until_ms
        actor = self.random.choice(awake)
        if self.clock.now_ms() > actor.until_ms and not actor.killed:
            self.kill(actor, "its time is up")
        self.current = actor
        actor.resume()
        self.current = None
        if actor.over:
            self.actors.remove(actor)
            actor.end()
            self.note("was killed" if actor.killed else f"ends {actor.error or ''}", actor)
            if actor.error:
                raise actor.error
        return True

    def kill(self, actor: Actor, why: str) -> None:
        """Have an actor be dead when it comes to itself."""
        actor.killed = True
        self.count("killed")
        self.note(f"KILLED: {why}", actor)

    def end(self) -> None:
        """Kill whoever is left."""
        for actor in self.actors:
            actor.killed = True
            actor.resume()
            actor.end()
        self.actors.clear()

    def point(self, label: str) -> None:
        """A moment at which others may run, or this one dies, without any call."""
        self.call(label, lambda: None)

    def call(
        self, label: str, effect: Callable[[], Any], failure: Fault | None = None, conflict: Fault | None = None
    ) -> Any:
        """Do ``effect``, unless the seed has something else in store: then what the faults make of the label is raised."""
        actor = self.current
        if actor is None:
            return effect()
        actor.check()
        self._turn(actor, label)
        self._die(actor, self.odds.kill, f"before {label}")
        if failure:
            self._fail(label, actor, failure)
        answer = self._do(label, effect, actor)
        self._die(actor, self.odds.kill_after, f"after {label}")
        if failure and self.chance(self.odds.fail_after):
            self._say(actor, f"{label} was done, and its answer lost")
            raise failure(label)
        if conflict and self.chance(self.odds.conflict_after):
            # The client asks again where an answer is lost, and then meets its own first try.
            self._say(actor, f"{label} was done, and answers that it was not")
            raise conflict(label)
        return answer

    def note(self, text: str, actor: Actor | None = None) -> None:
        """A line of the trace."""
        if len(self.trace) < _KEPT_LINES:
            self.trace.append(
                f"{self.clock.now_ms() / 1000 % 1_000_000:10.1f} {actor.name if actor else '-':14} {text}"
            )

    def count(self, what: str) -> None:
        """One more of these."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def chance(self, odds: float) -> bool:
        """Whether something of these odds happens."""
        return odds > 0 and self.random.random() < odds

    def _turn(self, actor: Actor, label: str) -> None:
        stalls = label.startswith(self.odds.stall_at) and self.chance(self.odds.stall)
        if stalls:  # a machine that is paused, a packet that hangs: what was thought dead wakes up later
            actor.frozen_until_ms = self.clock.now_ms() + self.random.choice(_STALLS_MS)
            self.count("stalled")
            self.note("STALLS", actor)
        if stalls or self.chance(self.odds.switch):
            self.current = None
            actor.pause()
            self.current = actor

    def _do(self, label: str, effect: Callable[[], Any], actor: Actor) -> Any:
        self.count("calls")
        try:
            answer = effect()
        except Exception as error:
            self.note(f"{label} -> {type(error).__name__} {getattr(error, 'code', '')}", actor)
            raise
        self.note(f"{label}", actor)
        return answer

    def _die(self, actor: Actor, odds: float, when: str) -> None:
        if self.chance(odds):
            self.kill(actor, when)
            raise KilledError

    def _fail(self, label: str, actor: Actor, failure: Fault) -> None:
        if self.chance(self.odds.fail) or (self.odds.always and label.startswith(self.odds.always)):
            self._say(actor, f"{label} fails")
            raise failure(label)
        if self.chance(self.odds.bug):
            self._say(actor, f"{label} raises what nobody expects")
            raise RuntimeError(label)

    def _say(self, actor: Actor, text: str) -> None:
        self.count("failed")
        self.note(text.upper(), actor)


def unavailable(label: str) -> CliploopError:
    """What the adapters make of a service that does not answer."""
    return CliploopError(ErrorCode.UNAVAILABLE, "A service did not answer.", log_text=label, retryable=True)


def conflict(_label: str) -> Exception:
    """What the store answers where the row is not the one that was read."""
    return RevisionConflictError()


@dataclass(frozen=True)
class Port:
    """Any adapter, whose every call is a point of the schedule.

    Attributes:
        failure: what a service that does not answer is, here; None for a method that never raises.
        compared: methods that may lose their answer and meet their own first try, which is a ``conflict``.
    """

    baton: Baton
    name: str
    inner: Any
    compared: tuple[str, ...] = ()
    failure: Fault | None = unavailable
    conflict: Fault = conflict

    def __getattr__(self, method: str) -> Any:
        found = getattr(self.inner, method)
        if not callable(found):
            return found

        def call(*words: Any, **named: Any) -> Any:
            return self.baton.call(
                f"{self.name}.{method}",
                lambda: found(*words, **named),
                self.failure,
                self.conflict if method in self.compared else None,
            )

        return call
