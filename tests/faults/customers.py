"""People who upload, start, cancel and redrive, and call again where they got no answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from cliploop.application.redrive_task import Redriven
from cliploop.application.start_task import StartOrder
from cliploop.domain.destination import Destination
from cliploop.domain.errors import CliploopError
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.procedure import NotifyMode, TemplateReference
from cliploop.domain.task import TaskState
from cliploop.domain.upload import UploadedObject
from tests.faults.world import PROJECT, SOURCE_URL, STARTER, UPLOADS, World

_TRIES = 4
_CALL_S = 29


@dataclass
class Customers:
    """``accepted`` are the tasks whose calls were answered with their id; ``crowded`` ones all want the same key."""

    world: World
    crowded: bool = False
    accepted: set[int] = field(default_factory=set)
    canceled: set[int] = field(default_factory=set)
    redriven: set[int] = field(default_factory=set)
    waiting: list[Callable[[], None]] = field(default_factory=list)

    def plan(self, dice: Random) -> None:
        """What they are going to do, in an order that is drawn later."""
        for number in range(dice.randint(1, 4)):
            self.waiting.append(self._upload(dice, number))
        for number in range(4 if self.crowded else dice.randint(0, 4)):
            self.waiting.append(self._order(dice, number))
        self.waiting += [self._cancel] * dice.choice((0, 0, 1, 2))
        self.waiting += [self._redrive] * dice.choice((0, 0, 1, 2))
        dice.shuffle(self.waiting)
        self.waiting.pop()()

    def call_one(self, dice: Random) -> None:
        """The next thing that somebody does."""
        if self.waiting:
            self.waiting.pop()()

    def call_rest(self) -> None:
        """What is left over is done at once."""
        while self.waiting:
            self.waiting.pop()()

    def _upload(self, dice: Random, number: int) -> Callable[[], None]:
        metadata = {
            "procedure": dice.choice(("preview", "preview", "preview", "none", "unheard-of")),
            "tasks-notify-mode": dice.choice(("Finish", "Finish", "Change", "None", "Change", "nonsense")),
        }
        source = ObjectVersion(UPLOADS, f"clip{number}.mp4", "v1")

        def upload() -> None:
            self.world.sources.put(source, "unused", 9, metadata)
            self.world.versions.put(source, 9)
            self.world.uploads.send(UploadedObject(source, 9))

        return upload

    def _order(self, dice: Random, number: int) -> Callable[[], None]:
        wanted = (TemplateReference(20000), TemplateReference(20001))[: 1 if self.crowded else dice.randint(1, 2)]
        of_object = dice.random() < 0.5
        chosen = self.crowded or (len(wanted) == 1 and dice.random() < 0.5)
        order = StartOrder(
            references=wanted if of_object or dice.random() < 0.8 else (),
            session_id=dice.choice(("", f"session {number}", "session of two")),
            notify_mode=dice.choice((NotifyMode.FINISH, NotifyMode.CHANGE)),
            callback_url=dice.choice(("", STARTER)),
            token=f"call {number}",
        )
        if chosen and order.references:
            order = StartOrder(**{**vars(order), "destination": Destination("", "chosen", "image")})
        source = ObjectVersion(UPLOADS, "called.mp4", "v1")

        def call() -> None:
            if of_object:
                self.world.sources.put(source, "unused", 9)
                self.world.versions.put(source, 9)
                self._ask(lambda: self.world.start.of_object(PROJECT, UPLOADS, source.key, order).task_id)
            else:
                self._ask(lambda: self.world.start.of_address(PROJECT, SOURCE_URL, order).task_id)

        return call

    def _ask(self, call: Callable[[], int], kept: set[int] | None = None) -> None:
        def work() -> None:
            for _ in range(_TRIES):
                try:
                    (self.accepted if kept is None else kept).add(call())
                except CliploopError as error:
                    if not error.retryable:
                        return
                except RuntimeError:
                    continue  # a bug of ours, for which the vendors' clients call again
                else:
                    return

        self.world.baton.start("customer", work, _CALL_S)

    def _cancel(self) -> None:
        open_ids = sorted(row.task_id for row in self.world.rows if not row.state.is_final)
        if open_ids:
            number = self.world.random.choice(open_ids)
            self._ask(lambda: self.world.cancel(PROJECT.project_id, number).task_id, self.canceled)

    def _redrive(self) -> None:
        failed = sorted(row.task_id for row in self.world.rows if row.state is TaskState.FAILED)
        if failed:
            number = self.world.random.choice(failed)
            self._ask(lambda: number * (self.world.redrive(number) is Redriven.REDRIVEN), self.redriven)
