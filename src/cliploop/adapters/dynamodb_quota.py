"""What is taken of a project's quota: one item, changed in the transactions that change the demands on its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cliploop.domain.quota import NO_DEMAND, NO_QUOTA, Demand, Quota

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

_SORT_KEY = "quota"
_ATTRIBUTES = {"tasks": "open_tasks", "milliseconds": "open_milliseconds", "pixels": "open_pixels"}


def quota_key(project_id: str) -> dict[str, Any]:
    """The table key of the item."""
    return {"pk": {"S": f"{project_id}#quota"}, "sk": {"S": _SORT_KEY}}


def quota_updates(
    table: str, project_id: str, taken: Demand, quota: Quota = NO_QUOTA
) -> list[TransactWriteItemTypeDef]:
    """Take ``taken`` (or give it back, where it is negative), on the condition that ``quota`` has room for it.

    Nothing to take is nothing to write. A demand that would not fit beside nothing at all must not come here: a
    project without an item has taken nothing.
    """
    if taken == NO_DEMAND:
        return []
    added = ", ".join(f"{attribute} :{name}" for name, attribute in _ATTRIBUTES.items())
    values = {f":{name}": {"N": str(getattr(taken, name))} for name in _ATTRIBUTES}
    update: UpdateTypeDef = {
        "TableName": table,
        "Key": quota_key(project_id),
        "UpdateExpression": f"ADD {added}",
        "ExpressionAttributeValues": values,
    }
    if room := quota.room_for(taken):
        fits = " AND ".join(f"{_ATTRIBUTES[name]} <= :most_{name}" for name in room)
        update["ConditionExpression"] = f"attribute_not_exists(pk) OR ({fits})"
        values |= {f":most_{name}": {"N": str(most)} for name, most in room.items()}
    return [{"Update": update}]
