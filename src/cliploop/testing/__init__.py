"""An in-memory adapter for every port, held to the same contract as those on AWS: for our tests and our users'."""

from __future__ import annotations

from cliploop.testing.in_memory import (
    InMemoryEncoder,
    InMemoryNotifications,
    InMemoryProber,
    InMemorySources,
    InMemoryTasks,
    InMemoryWorkQueue,
    SettableClock,
)
from cliploop.testing.in_memory_callers import InMemoryCallers, InMemorySignedCalls
from cliploop.testing.in_memory_catalog import InMemoryCatalog, InMemoryCatalogEditor
from cliploop.testing.in_memory_due import InMemoryDueTasks
from cliploop.testing.in_memory_events import (
    InMemoryCallbackKeys,
    InMemoryCallbackQueue,
    InMemoryEventQueue,
    InMemoryEventSettingsStore,
    InMemoryLaidAsideCallbacks,
)
from cliploop.testing.in_memory_files import InMemoryFiles
from cliploop.testing.in_memory_history import InMemoryTaskHistory
from cliploop.testing.in_memory_outputs import InMemoryOutputs
from cliploop.testing.in_memory_uploads import InMemoryUploadedVersions, InMemoryUploadGrants, InMemoryUploadSessions
from cliploop.testing.in_memory_web import InMemoryFetchedSources, InMemoryWeb, InMemoryWebSource

__all__ = [
    "InMemoryCallbackKeys",
    "InMemoryCallbackQueue",
    "InMemoryCallers",
    "InMemoryCatalog",
    "InMemoryCatalogEditor",
    "InMemoryDueTasks",
    "InMemoryEncoder",
    "InMemoryEventQueue",
    "InMemoryEventSettingsStore",
    "InMemoryFetchedSources",
    "InMemoryFiles",
    "InMemoryLaidAsideCallbacks",
    "InMemoryNotifications",
    "InMemoryOutputs",
    "InMemoryProber",
    "InMemorySignedCalls",
    "InMemorySources",
    "InMemoryTaskHistory",
    "InMemoryTasks",
    "InMemoryUploadGrants",
    "InMemoryUploadSessions",
    "InMemoryUploadedVersions",
    "InMemoryWeb",
    "InMemoryWebSource",
    "InMemoryWorkQueue",
    "SettableClock",
]
