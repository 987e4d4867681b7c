"""One seed: a while in which everything goes wrong, then calm, in which everything has to come to its end."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from cliploop.domain.event_settings import EventMode, EventSettings
from cliploop.domain.timetable import INVOCATION_S, SWEEP_EVERY_S
from tests.faults.baton import NoProgressError, Odds
from tests.faults.customers import Customers
from tests.faults.invariants import broken
from tests.faults.queues import Message
from tests.faults.world import RECEIVER, World

_RESERVE_S = 20
#: How many functions of each kind run at once.
_AT_ONCE = {"uploads": 2, "worker": 4, "callback": 2, "sweep": 2}
#: Seeds in which several tasks want one key, and storing takes long.
_CROWDED = 0.15
_CHAOS_STEPS = (200, 900)
#: A sweep a minute, or where nothing is due before, at the next moment at which something is.
_MOST_ROUNDS = 1_500
_MOST_STEPS_A_ROUND = 20_000


@dataclass(frozen=True)
class Outcome:
    """What became of a seed; ``problems`` is empty where every promise was kept."""

    seed: int
    problems: tuple[str, ...]
    trace: tuple[str, ...]
    counts: dict[str, int]
    states: dict[str, int]
    rounds: int


@dataclass
class Simulation:
    """The functions of a stack, started as their queues, streams and schedules would."""

    seed: int
    world: World = field(init=False)
    customers: Customers = field(init=False)
    swept_ms: int = 0
    rounds: int = 0

    def __post_init__(self) -> None:
        dice = Random(self.seed)  # noqa: S311  # a schedule is no secret
        odds = _odds(dice)
        crowded = dice.random() < _CROWDED
        if crowded:
            odds.stall, odds.stall_at = 0.3, "s3"
        self.world = World(dice, odds, _settings(dice))
        self.customers = Customers(self.world, crowded)
        self._troubled(dice)

    def run(self) -> Outcome:
        """Play the seed."""
        problems: list[str] = []
        with _quiet_and_seeded(self.seed):
            try:
                self._chaos()
                self._calm()
                problems = list(broken(self.world, self.customers))
            except Exception as error:  # noqa: BLE001  # an actor's own error, or no end
                problems = [f"{type(error).__name__}: {error}"]
            finally:
                self.world.baton.end()
        baton = self.world.baton
        states: dict[str, int] = {}
        for row in self.world.rows:
            states[row.state] = states.get(row.state, 0) + 1
        return Outcome(self.seed, tuple(problems), tuple(baton.trace), baton.counts, states, self.rounds)

    def _troubled(self, dice: Random) -> None:
        """What goes wrong beside the calls themselves."""
        world = self.world
        loss, copy = dice.choice((0, 0, 0.1, 0.5, 1.0)), dice.choice((0, 0, 0.1, 0.4))
        for queue in (world.uploads, world.work, world.callbacks):
            queue.lose, queue.copy = loss, copy
        world.uploads.lose = 0.0 if loss > 0.5 else loss  # or nothing would ever be registered by it
        drop, repeat = dice.choice((0, 0, 0.1, 0.5, 1.0)), dice.choice((0, 0.1, 0.5))
        for shard in world.shards:
            shard.drop, shard.repeat = drop, repeat
        world.encoder.failing = dice.choice((0, 0, 0.05, 0.3))
        world.partial_bus.partial = dice.choice((0, 0.1, 0.4))
        world.due.stale = dice.choice((0, 0.2))

    def _chaos(self) -> None:
        baton, dice = self.world.baton, self.world.random
        self.customers.plan(dice)
        jumps = dice.choice(((100,), (100, 1_000, 5_000), (1_000, 20_000, 50_000), (500, 30_000, 130_000, 400_000)))
        for _ in range(dice.randint(*_CHAOS_STEPS)):
            self._start_some()
            if dice.random() < 0.02:
                self.customers.call_one(dice)
            if dice.random() < 0.08:
                self.world.clock.advance(dice.choice(jumps))
            if dice.random() < 0.002:
                dice.choice((self.world.uploads, self.world.work)).purge()
            baton.step()
        self.customers.call_rest()

    def _start_some(self) -> None:
        """As Lambda does where there is something to do."""
        dice = self.world.random
        for start in (self._uploads, self._worker, self._stream, self._callback, self._sweep):
            if dice.random() < 0.3:
                start()

    def _running(self, kind: str) -> int:
        return sum(1 for actor in self.world.baton.actors if actor.name.startswith(kind + "."))

    def _start(self, kind: str, work: Callable[[], None], seconds: float) -> None:
        if self._running(kind) < _AT_ONCE.get(kind, 1):
            self.world.baton.start(kind, work, seconds)

    def _uploads(self) -> None:
        if self.world.uploads.visible():
            self._start(
                "uploads",
                lambda: self.world.uploads.consume(10, lambda each: self.world.register(each.body)),
                INVOCATION_S,
            )

    def _worker(self) -> None:
        if self.world.work.visible():
            left = self.world.random.choice((INVOCATION_S, INVOCATION_S, INVOCATION_S, 30, 60, 200))
            deadline = self.world.deadline(left - _RESERVE_S)

            def take(message: Message) -> None:
                project_id, task_id = message.body
                self.world.process(project_id, task_id, deadline)

            self._start("worker", lambda: self.world.work.consume(1, take), left)

    def _stream(self) -> None:
        for shard in self.world.shards:
            if shard.is_waiting:
                self._start(shard.name, lambda shard=shard: shard.consume(10, self.world.publish), 60)  # type: ignore[misc]

    def _callback(self) -> None:
        if self.world.callbacks.visible():
            send = self.world.send
            self._start(
                "callback", lambda: self.world.callbacks.consume(1, lambda each: send(each.body, each.receives)), 30
            )

    def _sweep(self) -> None:
        now = self.world.clock.now_ms()
        if now - self.swept_ms >= SWEEP_EVERY_S * 1000:
            self.swept_ms = now
            self._start("sweep", self._sweep_once, SWEEP_EVERY_S)

    def _sweep_once(self) -> None:
        try:
            self.world.sweep(self.world.deadline(SWEEP_EVERY_S - 10))
        except Exception as error:  # noqa: BLE001  # the function failed; the next minute has another one
            self.world.baton.note(f"the sweep failed: {error}")

    def _calm(self) -> None:
        world = self.world
        world.odds.calm()
        for queue in (world.uploads, world.work, world.callbacks):
            queue.lose = queue.copy = 0.0
        world.encoder.failing = world.partial_bus.partial = world.due.stale = 0.0
        self._drop_everything()
        for _ in range(_MOST_ROUNDS):
            self.rounds += 1
            if self._is_quiet():
                return
            self._round()
        raise NoProgressError(f"after {_MOST_ROUNDS} sweeps there is still {self._open()}")

    def _drop_everything(self) -> None:
        """Often both queues are emptied by hand, and what the stream still holds is never read."""
        world = self.world
        for shard in world.shards:
            shard.drop = shard.repeat = 0.0
        if world.random.random() < 0.5:
            world.uploads.purge()
            world.work.purge()
        if world.random.random() < 0.5:
            for shard in world.shards:
                world.baton.note(f"{shard.name} is DROPPED: {len(shard.records) - shard.read} records")
                shard.read = len(shard.records)

    def _round(self) -> None:
        self.world.callbacks.replay()  # as an operator does who sees them laid aside
        self._sweep()
        for _ in range(_MOST_STEPS_A_ROUND):
            for start in (self._uploads, self._worker, self._stream, self._callback):
                start()
            if not self.world.baton.step():
                break
        else:
            raise NoProgressError(f"a round does not end; there is {self._open()}")
        self.world.clock.at_ms = max(self.world.clock.now_ms() + 1_000, self._next_ms())

    def _next_ms(self) -> int:
        """When there is something to do: a message that becomes visible, or the first sweep behind what is due."""
        world, now = self.world, self.world.clock.now_ms()
        moments = [message.visible_at_ms for queue in self._queues() for message in queue.messages]
        dues = [row.due_at_ms for row in world.rows if row.due_at_ms]
        if dues:
            moments.append(max(min(dues) + 1, self.swept_ms + SWEEP_EVERY_S * 1000))
        return min(moments, default=now)

    def _is_quiet(self) -> bool:
        return not (
            self.world.baton.actors
            or any(queue.messages for queue in self._queues())
            or self.world.callbacks.dead
            or any(shard.is_waiting for shard in self.world.shards)
            or any(row.due_at_ms for row in self.world.rows)
        )

    def _queues(self) -> Iterator[Any]:
        yield from (self.world.uploads, self.world.work, self.world.callbacks)

    def _open(self) -> str:
        rows = [f"{row.task_id} {row.state} attempt {row.attempt} due {row.due_at_ms}" for row in self.world.rows]
        messages = {queue.name: len(queue.messages) for queue in self._queues()}
        return f"{rows} {messages} {[actor.name for actor in self.world.baton.actors]}"


def _odds(dice: Random) -> Odds:
    """Each seed has a trouble of its own: some of everything, or a lot of one thing."""
    little = (0, 0, 0.003, 0.01, 0.03)
    odds = Odds(
        switch=dice.choice((0.05, 0.3, 0.7)),
        stall=dice.choice((0, 0, 0.01, 0.05)),
        kill=dice.choice(little),
        kill_after=dice.choice(little),
        fail=dice.choice((*little, 0.1)),
        fail_after=dice.choice(little),
        conflict_after=dice.choice(little),
        bug=dice.choice((0, 0, 0, 0.003)),
    )
    if dice.random() < 0.15:
        odds.always = dice.choice(("tasks.replace", "tasks.retire", "work", "s3", "events", "callbacks", "due", "web", "files", "sources", "prober"))  # fmt: skip
    return odds


def _settings(dice: Random) -> EventSettings:
    return dice.choice(
        (
            EventSettings(),
            EventSettings(EventMode.PUSH, RECEIVER, tells_uploads=True),
            EventSettings(EventMode.PULL, tells_uploads=True),
        )
    )


@contextmanager
def _quiet_and_seeded(seed: int) -> Iterator[None]:
    """The house's warnings are what is asked for here; its own dice are the seed's."""
    log, state = logging.getLogger("cliploop"), random.getstate()
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    random.seed(seed)
    try:
        yield
    finally:
        log.setLevel(level)
        random.setstate(state)


def simulate(seed: int) -> Outcome:
    """Play one seed."""
    return Simulation(seed).run()
