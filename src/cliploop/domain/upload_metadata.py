"""An order as an upload's metadata: what ``read_order`` reads."""

from __future__ import annotations

from urllib.parse import quote

from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.upload import (
    NAME_KEY,
    NO_PROCEDURE,
    NOTIFY_MODE_KEY,
    PRIORITY_KEY,
    PROCEDURE_KEY,
    SESSION_CONTEXT_KEY,
    SOURCE_CONTEXT_KEY,
    UploadOrder,
)

#: Bytes of an object's user metadata, names and values together (S3 user guide, "Working with object metadata").
MAX_METADATA = 2_048


def write_order(order: UploadOrder) -> dict[str, str]:
    """The metadata that means ``order``, which has no section; a procedure, or that there is none, is always said.

    Raises:
        InvalidRequestError: it is more than S3 keeps.
    """
    values = {
        PROCEDURE_KEY: order.procedure or NO_PROCEDURE,
        SESSION_CONTEXT_KEY: order.session_context,
        SOURCE_CONTEXT_KEY: order.source_context,
        PRIORITY_KEY: str(order.priority or ""),
        NOTIFY_MODE_KEY: order.notify_mode,
        NAME_KEY: order.name,
    }
    metadata = {name: quote(value, safe="") for name, value in values.items() if value}
    size = sum(len(name) + len(value) for name, value in metadata.items())
    if size > MAX_METADATA:
        raise InvalidRequestError(
            "signature",
            f"The contexts and the name need {size} bytes once they are percent-encoded; S3 keeps {MAX_METADATA} "
            "with an object. Shorten them, or have a server apply for the upload with ApplyUpload.",
        )
    return metadata
