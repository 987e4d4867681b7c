from __future__ import annotations

from dataclasses import dataclass

from cliploop.application.cancel_task import CancelTask
from cliploop.application.describe_files import DescribeFiles
from cliploop.application.follow_tasks import FollowTasks
from cliploop.application.manage_event_settings import ManageEventSettings
from cliploop.application.manage_procedures import ManageProcedures
from cliploop.application.manage_templates import ManageTemplates
from cliploop.application.manage_uploads import ManageUploads
from cliploop.application.query_tasks import QueryTasks
from cliploop.application.read_events import ReadEvents
from cliploop.application.start_task import StartTask
from cliploop.domain.addresses import Addresses


@dataclass(frozen=True)
class UseCases:
    """What the actions of the vendors' APIs call, and how they name what is stored."""

    templates: ManageTemplates
    procedures: ManageProcedures
    start: StartTask
    cancel: CancelTask
    tasks: FollowTasks
    query: QueryTasks
    files: DescribeFiles
    uploads: ManageUploads
    events: ReadEvents
    event_settings: ManageEventSettings
    addresses: Addresses
