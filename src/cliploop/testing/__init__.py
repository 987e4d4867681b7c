"""An in-memory adapter for every port, held to the same contract as those on AWS: for our tests and our users'."""

from __future__ import annotations

from cliploop.testing.in_memory import (
    InMemoryCatalog,
    InMemoryEncoder,
    InMemoryNotifications,
    InMemoryOutputs,
    InMemoryProber,
    InMemorySources,
    InMemoryTasks,
    InMemoryWorkQueue,
    SettableClock,
)

__all__ = [
    "InMemoryCatalog",
    "InMemoryEncoder",
    "InMemoryNotifications",
    "InMemoryOutputs",
    "InMemoryProber",
    "InMemorySources",
    "InMemoryTasks",
    "InMemoryWorkQueue",
    "SettableClock",
]
