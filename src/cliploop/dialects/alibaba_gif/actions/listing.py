"""What operations that look at things have in common."""

from __future__ import annotations

from cliploop.dialects.fields import Field, Integer
from cliploop.dialects.operation import Call
from cliploop.domain.query import PageRequest

#: The vendor's number for animated images, as a task's ``ServiceType`` and a template's ``Type``.
GIF = 3

#: Pages are numbered within what a Java client's int holds.
_MAX_PAGE = 2**31 - 1
PAGE_FIELDS = (
    Field("PageNumber", Integer(1, _MAX_PAGE), "Which page, from 1 on.", default=1),
    Field("PageSize", Integer(1, 100), "How many to a page.", default=10),
)

#: Two codes that the vendor documents for operations on tasks only.
NO_LIMITS = {
    "InvalidParameterLengthLimit": "a value that is too long is `InvalidParameter`, as for the other operations",
    "Forbidden": "who may not is `Unauthorized`, as for the other operations",
}
NOTHING_NAMED = {"ResourceNotFound": "what is not there is not in the list"}


def page_of(call: Call) -> PageRequest:
    """The page that is asked for."""
    return PageRequest(call["PageNumber"] - 1, call["PageSize"])
