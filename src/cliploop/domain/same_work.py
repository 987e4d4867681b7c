"""Whether two tasks with one id are one task."""

from __future__ import annotations

from cliploop.domain.task import Task
from cliploop.domain.web_address import without_query


def is_same_work(one: Task, other: Task) -> bool:
    """Whether both stand for the same thing asked for, and not just for the same id.

    That is the caller's session where there is one, the address of a source that is fetched or was (without its
    query, which a row that has been fetched for no longer has), and otherwise the object version.
    """
    if one.session_id or other.session_id:
        return (one.project_id, one.session_id) == (other.project_id, other.session_id)
    if one.origin or other.origin:
        mine, theirs = without_query(one.origin), without_query(other.origin)
        return (one.project_id, mine) == (other.project_id, theirs)
    return (one.project_id, one.source) == (other.project_id, other.source)
