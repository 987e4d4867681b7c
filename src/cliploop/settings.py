"""What each function is told by its environment. A field is the variable ``CLIPLOOP_`` + its name in upper case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Self

from cliploop.domain.limits import Limits
from cliploop.domain.quota import Quota

_PREFIX = "CLIPLOOP_"


class SettingsError(Exception):
    """A variable is missing or unreadable: the function was deployed by something other than our template."""


class _FromEnvironment:
    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read every field.

        Raises:
            SettingsError: naming every variable that is wrong, not just the first.
        """
        values: dict[str, object] = {}
        wrong: list[str] = []
        for field in fields(cls):  # type: ignore[arg-type]  # every subclass is a dataclass
            name = _PREFIX + field.name.upper()
            if name not in env:
                wrong += [f"{name} is missing"] if field.default is MISSING else []
            elif field.type == "int":
                text = env[name].strip()
                values[field.name] = int(text) if text.isdecimal() else 0
                wrong += [] if text.isdecimal() else [f"{name} is {text!r}, not a whole number"]
            else:
                values[field.name] = env[name]
        if wrong:
            raise SettingsError("; ".join(wrong))
        return cls(**values)


@dataclass(frozen=True)
class _QuotaSettings(_FromEnvironment):
    """Of whoever registers tasks, or brings them back."""

    max_open_tasks: int
    max_open_seconds: int
    max_open_pixels: int

    @property
    def quota(self) -> Quota:
        """How much the project may have open."""
        return Quota(self.max_open_tasks, self.max_open_seconds, self.max_open_pixels)


@dataclass(frozen=True)
class OnUploadSettings(_QuotaSettings):
    """For ``functions/on_upload``."""

    project_id: str
    app_id: int
    tasks_table: str
    catalog_table: str
    uploads_queue_url: str
    uploads_queue_arn: str
    work_queue_url: str
    work_queue_arn: str
    upload_bucket: str
    output_bucket: str
    allowed_private_targets: str
    max_fetch_bytes: int
    default_procedure: str
    retention_days: int
    max_frames: int
    max_pixels: int
    max_output_bytes: int
    max_source_pixels: int

    @property
    def limits(self) -> Limits:
        """What the stack is willing to make."""
        return Limits(
            frames=self.max_frames,
            pixels=self.max_pixels,
            bytes=self.max_output_bytes,
            source_pixels=self.max_source_pixels,
        )

    @property
    def queue_urls(self) -> dict[str, str]:
        """The queues' addresses by the ARNs that their messages carry."""
        return {
            self.uploads_queue_arn: self.uploads_queue_url,
            self.work_queue_arn: self.work_queue_url,
        }


@dataclass(frozen=True)
class OnTaskChangeSettings(_FromEnvironment):
    """For ``functions/on_task_change``."""

    project_id: str
    app_id: int
    tasks_table: str
    catalog_table: str
    event_bus: str
    callbacks_queue_url: str
    public_base_url: str
    retention_days: int


@dataclass(frozen=True)
class SweepSettings(_QuotaSettings):
    """For ``functions/sweep``."""

    project_id: str
    app_id: int
    tasks_table: str
    catalog_table: str
    work_queue_url: str
    output_bucket: str
    event_bus: str
    callbacks_queue_url: str
    callbacks_dead_letters_url: str
    public_base_url: str
    retention_days: int


@dataclass(frozen=True)
class QueryTasksSettings(_FromEnvironment):
    """For ``functions/query_tasks``."""

    project_id: str
    app_id: int
    tasks_table: str
    access_keys_secret_arn: str
    signing_hosts: str
    retention_days: int


@dataclass(frozen=True)
class SendCallbackSettings(_FromEnvironment):
    """For ``functions/send_callback``."""

    catalog_table: str
    callbacks_queue_url: str
    callbacks_queue_arn: str
    callbacks_dead_letters_url: str
    callback_keys_secret_arn: str
    allowed_private_targets: str


@dataclass(frozen=True)
class ManageTasksSettings(_QuotaSettings):
    """For ``functions/manage_tasks``."""

    project_id: str
    app_id: int
    tasks_table: str
    catalog_table: str
    work_queue_url: str
    upload_bucket: str
    upload_grant_role_arn: str
    access_keys_secret_arn: str
    allowed_private_targets: str
    application_ids: str
    max_upload_bytes: int
    output_bucket: str
    signing_hosts: str
    public_base_url: str
    retention_days: int
