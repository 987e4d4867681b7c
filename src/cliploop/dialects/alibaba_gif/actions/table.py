"""The API's table of contents: every operation, in the order in which the reference page shows them."""

from __future__ import annotations

from cliploop.dialects.alibaba_gif.action import Action
from cliploop.dialects.alibaba_gif.actions import starting, tasks, templates

#: Each operation by its name.
ACTIONS: dict[str, Action] = {
    action.name: action for subject in (starting, tasks, templates) for action in subject.ACTIONS
}
