"""Fields that the actions which start tasks have in common."""

from __future__ import annotations

from cliploop.dialects.fields import Anything, Choice, Field, Integer, Support, Text
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.upload import MAX_SESSION_CONTEXT, PRIORITIES

#: The vendor's bound.
_MAX_SESSION_ID = 50

FILE_ID = Field("FileId", Text(64), "The file to process.", default="")
MEDIA_STORAGE_PATH = Field(
    "MediaStoragePath",
    Anything(),
    "The file to process, by its place.",
    support=Support.REFUSED,
    note="files are known by FileId only",
)
AI_TASKS = tuple(
    Field(
        name,
        Anything(),
        meaning,
        support=Support.REFUSED,
        note="only animated images are made of a video",
        code=f"InvalidParameterValue.{name}Definition",
    )
    for name, meaning in {
        "AiContentReviewTask": "Moderation.",
        "AiAnalysisTask": "Analysis of the content.",
        "AiRecognitionTask": "Recognition of the content.",
    }.items()
)


TASKS_PRIORITY = Field(
    "TasksPriority",
    Integer(PRIORITIES.start, PRIORITIES.stop - 1),
    "Handed back.",
    default=0,
    support=Support.DIFFERS,
    note="tasks do not wait for each other",
)
TASKS_NOTIFY_MODE = Field(
    "TasksNotifyMode",
    Choice((*NotifyMode, "")),
    "When to tell of the task: at its end, at each change, or never. Empty: at its end.",
    default=NotifyMode.FINISH.value,
)
SESSION_CONTEXT = Field(
    "SessionContext",
    Text(MAX_SESSION_CONTEXT),
    "Handed back with the task.",
    default="",
    code="InvalidParameterValue.SessionContextTooLong",
)


def session_id(days: str) -> Field:
    """What tells a task apart; ``days`` is how long it serves once."""
    return Field(
        "SessionId",
        Text(_MAX_SESSION_ID),
        f"The same one is refused for {days}.",
        default="",
        code="InvalidParameterValue.SessionIdTooLong",
    )
