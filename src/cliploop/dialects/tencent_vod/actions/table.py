"""The API's table of contents: every action, in the order in which the reference page shows them."""

from __future__ import annotations

from cliploop.dialects.tencent_vod.actions import events, files, procedures, starting, tasks, templates, uploads

#: Each action by its name.
ACTIONS = {
    action.name: action
    for subject in (templates, procedures, starting, uploads, tasks, files, events)
    for action in subject.ACTIONS
}
