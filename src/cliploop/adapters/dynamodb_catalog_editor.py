from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cliploop.adapters.aws_errors import code_of, unavailable_when_failing
from cliploop.adapters.catalog_rows import (
    COUNT,
    PROCEDURE,
    TEMPLATE,
    catalog_key,
    item_to_procedure,
    item_to_template,
    procedure_to_item,
    template_to_item,
)
from cliploop.adapters.dynamodb_reads import read_items
from cliploop.adapters.dynamodb_transactions import write_together
from cliploop.application.ports_catalog import too_many_procedures, too_many_templates
from cliploop.domain.errors import CliploopError
from cliploop.domain.procedure import Procedure
from cliploop.domain.template import CatalogTemplate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@dataclass(frozen=True)
class DynamoDBCatalogEditor:
    """``CatalogEditor`` in DynamoDB: one item each, and one of each kind that counts what was added here."""

    client: DynamoDBClient
    table: str

    def list_templates(self, project_id: str) -> tuple[CatalogTemplate, ...]:
        """See ``CatalogEditor``."""
        return tuple(map(item_to_template, self._list(project_id, TEMPLATE)))

    def add_template(self, project_id: str, template: CatalogTemplate, *, at_most: int) -> bool:
        """See ``CatalogEditor``."""
        item = template_to_item(project_id, template)
        return self._add(project_id, TEMPLATE, item, at_most, too_many_templates(at_most))

    def replace_template(self, project_id: str, before: CatalogTemplate, after: CatalogTemplate) -> bool:
        """See ``CatalogEditor``."""
        return self._replace(template_to_item(project_id, after), before.updated_ms)

    def remove_template(self, project_id: str, definition: int) -> bool:
        """See ``CatalogEditor``."""
        return self._remove(project_id, TEMPLATE, definition)

    def list_procedures(self, project_id: str) -> tuple[Procedure, ...]:
        """See ``CatalogEditor``."""
        return tuple(map(item_to_procedure, self._list(project_id, PROCEDURE)))

    def add_procedure(self, project_id: str, procedure: Procedure, *, at_most: int) -> bool:
        """See ``CatalogEditor``."""
        item = procedure_to_item(project_id, procedure)
        return self._add(project_id, PROCEDURE, item, at_most, too_many_procedures(at_most))

    def replace_procedure(self, project_id: str, before: Procedure, after: Procedure) -> bool:
        """See ``CatalogEditor``."""
        return self._replace(procedure_to_item(project_id, after), before.updated_ms)

    def remove_procedure(self, project_id: str, name: str) -> bool:
        """See ``CatalogEditor``."""
        return self._remove(project_id, PROCEDURE, name)

    def _list(self, project_id: str, kind: str) -> list[Mapping[str, Any]]:
        with unavailable_when_failing("listing the catalog"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :project AND begins_with(sk, :kind)",
                ExpressionAttributeValues={":project": {"S": project_id}, ":kind": {"S": kind}},
                ConsistentRead=True,
            )
            return [item for page in pages for item in page["Items"]]

    def _add(self, project_id: str, kind: str, item: dict[str, Any], at_most: int, too_many: CliploopError) -> bool:
        """Put an item where there is none, and count it; False where there is one."""
        put = {"TableName": self.table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
        count = self._count(project_id, kind, 1)
        count["ConditionExpression"] = "attribute_not_exists(kept) OR kept < :most"
        count["ExpressionAttributeValues"][":most"] = {"N": str(at_most)}
        keys = [{"pk": item["pk"], "sk": item["sk"]}, count["Key"]]
        with unavailable_when_failing("adding to the catalog"):
            while not write_together(self.client, [{"Put": put}, {"Update": count}]):
                found = {each["sk"]["S"]: each for each in read_items(self.client, self.table, keys, consistent=True)}
                if item["sk"]["S"] in found:
                    return False
                if int(found[count["Key"]["sk"]["S"]]["kept"]["N"]) >= at_most:
                    raise too_many
        return True

    def _replace(self, item: dict[str, Any], before_ms: int) -> bool:
        # What people wrote into the table has no time of its own.
        unchanged = (
            "updated_ms = :before" if before_ms else "attribute_exists(pk) AND attribute_not_exists(updated_ms)"
        )
        values: Any = {"ExpressionAttributeValues": {":before": {"N": str(before_ms)}}} if before_ms else {}
        with unavailable_when_failing("changing the catalog"):
            try:
                self.client.put_item(TableName=self.table, Item=item, ConditionExpression=unchanged, **values)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def _remove(self, project_id: str, kind: str, name: str | int) -> bool:
        key = catalog_key(project_id, kind, name)
        with unavailable_when_failing("deleting from the catalog"):
            found = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
            if found is None:
                return False
            counted = "created_ms" in found
            was_counted = "attribute_exists(created_ms)" if counted else "attribute_not_exists(created_ms)"
            delete = {
                "TableName": self.table,
                "Key": key,
                "ConditionExpression": f"attribute_exists(pk) AND {was_counted}",
            }
            counts = [{"Update": self._count(project_id, kind, -1)}] if counted else []
            # Where the condition does not hold, somebody else has removed it meanwhile.
            return write_together(self.client, [{"Delete": delete}, *counts])

    def _count(self, project_id: str, kind: str, change: int) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Key": catalog_key(project_id, COUNT, kind.rstrip("#")),
            "UpdateExpression": "ADD kept :change",
            "ExpressionAttributeValues": {":change": {"N": str(change)}},
        }
