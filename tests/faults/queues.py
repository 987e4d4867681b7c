"""Queues and streams as AWS has them on its worst day: copies, no order, losses, and everything at least once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cliploop.adapters.sqs_retry import retry_delay_s
from tests.faults.baton import Baton


@dataclass(eq=False)
class Message:
    """A message; ``receives`` is what SQS counts."""

    body: Any
    visible_at_ms: int
    receives: int = 0


@dataclass
class Queue:
    """A standard queue. ``lossy`` ones lose what is sent, and are emptied by hand."""

    name: str
    baton: Baton
    hidden_s: int
    most_receives: int
    lossy: bool = True
    lose: float = 0.0
    copy: float = 0.0
    messages: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)

    def send(self, body: Any) -> None:
        """Take a message: none, one, or many of it."""
        if self.lossy and self.baton.chance(self.lose):
            self.baton.note(f"{self.name} LOSES {body}")
            self.baton.count("messages lost")
            return
        copies = 1
        if self.baton.chance(self.copy):
            copies = self.baton.random.choice((2, 2, 3, 5, 50))
            self.baton.count("messages copied")
        now = self.baton.clock.now_ms()
        for _ in range(copies):
            self.messages.append(Message(body, now + self.baton.random.choice((0, 0, 200, 3_000)) * (copies > 1)))

    def visible(self) -> list[Message]:
        """What could be received now."""
        now = self.baton.clock.now_ms()
        return [each for each in self.messages if each.visible_at_ms <= now]

    def receive(self, most: int) -> list[Message]:
        """Some messages, in no order; hidden from others, as a rule."""
        waiting = self.visible()
        self.baton.random.shuffle(waiting)
        taken = []
        for each in waiting[:most]:
            each.receives += 1
            if each.receives > self.most_receives:
                self.messages.remove(each)
                self.dead.append(each)
                self.baton.count("messages given up")
                continue
            if not self.baton.chance(self.copy):  # else somebody else gets it as well
                each.visible_at_ms = self.baton.clock.now_ms() + self.hidden_s * 1000
            taken.append(each)
        return taken

    def delete(self, message: Message) -> None:
        """Forget what was done."""
        for kept in (self.messages, self.dead):
            if message in kept:
                kept.remove(message)

    def put_back(self, message: Message) -> None:
        """Have it again after its backoff."""
        message.visible_at_ms = self.baton.clock.now_ms() + retry_delay_s(message.receives) * 1000

    def purge(self) -> None:
        """Empty it by hand."""
        self.baton.note(f"{self.name} is PURGED of {len(self.messages)}")
        self.messages.clear()

    def replay(self) -> None:
        """Bring back what was given up."""
        for message in self.dead:
            message.receives = 0
            self.messages.append(message)
        self.dead.clear()

    def consume(self, most: int, take: Callable[[Message], object]) -> None:
        """What the function does with a batch: what fails comes back; a death brings all of it back, much later."""
        batch = self.receive(most)
        done = [message for message in batch if self._is_done(message, take)]
        for message in batch:
            self.delete(message) if message in done else self.put_back(message)

    def _is_done(self, message: Message, take: Callable[[Message], object]) -> bool:
        try:
            take(message)
        except Exception as error:  # noqa: BLE001  # as the door does
            self.baton.note(f"{self.name}: {message.body} comes back: {type(error).__name__} {error}")
            return False
        return True


@dataclass
class Stream:
    """One shard of the tasks table's stream: in order, until it is given up."""

    name: str
    baton: Baton
    most_tries: int = 9
    drop: float = 0.0
    repeat: float = 0.0
    records: list[Any] = field(default_factory=list)
    read: int = 0
    tries: int = 0
    busy: bool = False

    def put(self, record: Any) -> None:
        """A change was stored."""
        if self.baton.chance(self.drop):
            self.baton.note(f"{self.name} DROPS a record")
            self.baton.count("records dropped")
        else:
            self.records.append(record)

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to read, and nobody does."""
        return self.read < len(self.records) and not self.busy

    def consume(self, most: int, publish: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        """One batch: goes on behind what was told, retries from the first that was not."""
        self.busy = True
        try:
            if self.read and self.baton.chance(self.repeat):
                self.read -= self.baton.random.randint(1, min(self.read, 5))
                self.baton.count("records repeated")
            batch = self.records[self.read : self.read + most]
            self._advance(batch, self._failed(batch, publish))
        finally:
            self.busy = False

    def _failed(self, batch: Sequence[Any], publish: Callable[[Sequence[Any]], Sequence[Any]]) -> Sequence[Any]:
        try:
            return publish(batch)
        except Exception as error:  # noqa: BLE001  # the function failed as a whole
            self.baton.note(f"{self.name}: the function failed: {type(error).__name__} {error}")
            return batch

    def _advance(self, batch: Sequence[Any], failed: Sequence[Any]) -> None:
        told = next((number for number, each in enumerate(batch) if each in failed), len(batch))
        self.read += told
        self.tries = 0 if told else self.tries + 1
        if self.tries >= self.most_tries:
            self.baton.note(f"{self.name} GIVES a record UP")
            self.baton.count("records given up")
            self.read += 1
            self.tries = 0
