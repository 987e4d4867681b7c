"""Who calls: by a signature, or by a token that the operator has given out."""

from __future__ import annotations

from collections.abc import Sequence

from cliploop.application.ports_callers import Callers
from cliploop.dialects.http import HttpRequest
from cliploop.dialects.huawei_mpc.errors import TENANT_NOT_VERIFIED
from cliploop.dialects.huawei_mpc.signature import Signature, refused, verify
from cliploop.dialects.refusal import Refusal
from cliploop.domain.project import Project


def find_caller(
    request: HttpRequest, project_id: str, callers: Callers, now_s: int, signing_hosts: Sequence[str]
) -> tuple[str, Signature | None]:
    """The project of a request's caller, and the signature; None where a token stands for the caller.

    The vendor's client sends a token beside its signature and never instead of it. Then the signature counts.

    Args:
        request: as it came.
        project_id: the one that the address names.
        callers: who may call.
        now_s: UNIX seconds.
        signing_hosts: hosts that clients may have signed instead of the one they called.

    Raises:
        Refusal: nobody that is known.
        CliploopError: UNAVAILABLE (retryable).
    """
    if request.headers.get("x-security-token"):
        raise refused("temporary access keys (X-Security-Token) are not known here; sign with a permanent one")
    if not request.headers.get("authorization", "").strip():
        return _of_token(request, callers), None
    signature = verify(request, callers.key, now_s, signing_hosts)
    if request.headers.get("x-project-id", "").strip() != project_id:
        raise refused("X-Project-Id is not there, or is not the project of the address")
    return signature.key.project_id, signature


def _of_token(request: HttpRequest, callers: Callers) -> str:
    token = request.headers.get("x-auth-token", "").strip()
    if not token:
        raise refused("the request has neither a signature (Authorization) nor a token (X-Auth-Token)")
    project_id = callers.project_of_token(token)
    if project_id is None:
        raise refused("decrypt token fail; only tokens that the operator of this stack has given out are known")
    return project_id


def must_be_of(project: Project, asked: str, caller: str) -> None:
    """Refuse who asks for, or comes from, another project than the one that is served."""
    if {asked, caller} != {project.project_id}:
        raise Refusal(
            TENANT_NOT_VERIFIED,
            "Failed to verify the tenant ID: the address, or who calls, is of a project that this stack does not"
            " serve; the stack's output ProjectId names the one.",
        )
