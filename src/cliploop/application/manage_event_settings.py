"""A project says how it wants to hear of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cliploop.application.ports_events import EventSettingsStore
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.event_settings import EventSettings
from cliploop.domain.web_address import AllowedTargets, literal_is_refused, read_web_address


@dataclass(frozen=True)
class ManageEventSettings:
    """Reads and changes event settings; ``allowed`` are hosts that may be called although they are not public."""

    store: EventSettingsStore
    allowed: AllowedTargets

    def get(self, project_id: str) -> EventSettings:
        """The project's settings.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        return self.store.get(project_id)

    def modify(self, project_id: str, changes: Mapping[str, Any]) -> EventSettings:
        """Change the fields of ``EventSettings`` that ``changes`` names; of two changes at once the later one stays.

        Raises:
            CliploopError: ADDRESS_REFUSED where the new address can't be called, or UNAVAILABLE (retryable).
        """
        if url := changes.get("notification_url"):
            self._must_be_callable(url)
        settings = replace(self.store.get(project_id), **changes)
        self.store.put(project_id, settings)
        return settings

    def _must_be_callable(self, url: str) -> None:
        if literal_is_refused(read_web_address(url), self.allowed):
            raise CliploopError(
                ErrorCode.ADDRESS_REFUSED,
                "The address is not a public one; callbacks are made to public addresses, or to those that the "
                "stack's operator has allowed.",
            )
