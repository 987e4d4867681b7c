"""An event of S3 becomes a file, and a task (or, for a reason, nothing)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cliploop.application.ports import Catalog, Sources
from cliploop.application.register_file import Registered, RegisterFile, Registration
from cliploop.domain.errors import CliploopError, ErrorCode, Failure
from cliploop.domain.procedure import rule_for
from cliploop.domain.project import Project
from cliploop.domain.upload import UploadedObject, UploadOrder, read_order, reason_to_skip


@dataclass(frozen=True)
class RegisterUpload:
    """Registers uploads of one project; with an empty ``default_procedure`` only those that ask are processed."""

    project: Project
    default_procedure: str
    sources: Sources
    catalog: Catalog
    register: RegisterFile

    def __call__(self, upload: UploadedObject) -> Registered:
        """Register one upload, however often it is delivered.

        Raises:
            CliploopError: retryable ones, and TASK_ID_COLLISION; a wrong order is a FAILED row instead.
        """
        if reason := reason_to_skip(upload, {}):
            return Registered(Registration.SKIPPED, reason=reason)
        try:
            metadata = self.sources.metadata(upload.source)
        except CliploopError as error:
            if error.code is not ErrorCode.SOURCE_NOT_FOUND:
                raise
            return Registered(Registration.SKIPPED, reason="the object version is gone")
        if reason := reason_to_skip(upload, metadata):
            return Registered(Registration.SKIPPED, reason=reason)
        try:
            order = read_order(metadata)
        except CliploopError as error:
            return self._refused(upload, error.failure())
        if order.procedure is None:
            order = replace(order, procedure=self._procedure_name(upload.source.key))
        return self.register(self.project, upload, order)

    def _refused(self, upload: UploadedObject, failure: Failure) -> Registered:
        return self.register(self.project, upload, UploadOrder(), failure)

    def _procedure_name(self, key: str) -> str:
        rule = rule_for(key, self.catalog.prefix_rules(self.project.project_id))
        return self.default_procedure if rule is None else rule.procedure
