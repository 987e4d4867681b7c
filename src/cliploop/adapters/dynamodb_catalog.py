from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.adapters.catalog_rows import (
    PREFIX,
    PROCEDURE,
    TEMPLATE,
    catalog_key,
    item_to_procedure,
    item_to_template,
)
from cliploop.adapters.dynamodb_reads import read_items
from cliploop.domain.procedure import PrefixRule, Procedure
from cliploop.domain.template import Template

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

#: How long a warm function may act on prefix rules that were changed meanwhile.
_RULES_TTL_S = 60.0
#: Bytes of a sort key (the service's limit).
_LONGEST_KEY = 1_024


@dataclass(frozen=True)
class DynamoDBCatalog:
    """``Catalog`` in DynamoDB (docs/adr/0002; docs/howto/choose-a-procedure.md shows the items)."""

    client: DynamoDBClient
    table: str
    _rules: dict[str, tuple[float, tuple[PrefixRule, ...]]] = field(default_factory=dict)

    def procedure(self, project_id: str, name: str) -> Procedure | None:
        """See ``Catalog``."""
        key = catalog_key(project_id, PROCEDURE, name)
        if len(key["sk"]["S"].encode("utf-8", "surrogatepass")) > _LONGEST_KEY:
            return None
        with unavailable_when_failing("reading a procedure"):
            item = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
        return item_to_procedure(item) if item else None

    def templates(self, project_id: str, definitions: Sequence[int]) -> Mapping[int, Template]:
        """See ``Catalog``."""
        keys = [catalog_key(project_id, TEMPLATE, number) for number in dict.fromkeys(definitions)]
        with unavailable_when_failing("reading templates"):
            items = read_items(self.client, self.table, keys, consistent=True)
            templates = [item_to_template(item).template for item in items]
        return {template.definition: template for template in templates}

    def prefix_rules(self, project_id: str) -> tuple[PrefixRule, ...]:
        """See ``Catalog``. Remembered for a minute, since every upload asks."""
        known = self._rules.get(project_id)
        if known is None or time.monotonic() - known[0] > _RULES_TTL_S:
            known = (time.monotonic(), self._read_rules(project_id))
            self._rules[project_id] = known
        return known[1]

    def _read_rules(self, project_id: str) -> tuple[PrefixRule, ...]:
        with unavailable_when_failing("reading prefix rules"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :project AND begins_with(sk, :kind)",
                ExpressionAttributeValues={":project": {"S": project_id}, ":kind": {"S": PREFIX}},
            )
            return tuple(
                PrefixRule(item["sk"]["S"].removeprefix(PREFIX), item["procedure"]["S"])
                for page in pages
                for item in page["Items"]
            )
