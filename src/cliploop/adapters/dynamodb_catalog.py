from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.procedure import PrefixRule, Procedure, TemplateUse
from cliploop.domain.section import Section
from cliploop.domain.template import BUILT_IN_TEMPLATES, ImageFormat, Template

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

#: How long a warm function may act on prefix rules that were changed meanwhile.
_RULES_TTL_S = 60.0

_deserializer = TypeDeserializer()


@dataclass(frozen=True)
class DynamoDBCatalog:
    """``Catalog`` in DynamoDB (docs/adr/0002; docs/howto/choose-a-procedure.md shows the items)."""

    client: DynamoDBClient
    table: str
    _rules: dict[str, tuple[float, tuple[PrefixRule, ...]]] = field(default_factory=dict)

    def procedure(self, project_id: str, name: str) -> Procedure | None:
        """See ``Catalog``."""
        row = self._row(project_id, f"procedure#{name}")
        if row is None:
            return None
        return Procedure(name, tuple(self._use(project_id, use) for use in row["uses"]))

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
                ExpressionAttributeValues={":project": {"S": project_id}, ":kind": {"S": "prefix#"}},
            )
            return tuple(
                PrefixRule(item["sk"]["S"].removeprefix("prefix#"), item["procedure"]["S"])
                for page in pages
                for item in page["Items"]
            )

    def _use(self, project_id: str, use: Mapping[str, Any]) -> TemplateUse:
        template = self._template(project_id, int(use["definition"]))
        return TemplateUse(template, Section(int(use.get("start_ms", 0)), int(use.get("end_ms", 0))))

    def _template(self, project_id: str, definition: int) -> Template:
        if definition in BUILT_IN_TEMPLATES:
            return BUILT_IN_TEMPLATES[definition]
        row = self._row(project_id, f"template#{definition}")
        if row is None:
            raise CliploopError(
                ErrorCode.TEMPLATE_NOT_FOUND,
                f"The procedure uses template {definition}, which does not exist; create it or change the procedure.",
            )
        return Template(
            definition,
            ImageFormat(row["format"]),
            width=int(row.get("width", 0)),
            height=int(row.get("height", 0)),
            fps=Fraction(row.get("fps", 12)),
            quality=int(row.get("quality", 75)),
            loop=int(row.get("loop", 0)),
            may_upscale=bool(row.get("may_upscale", False)),
            name=row.get("name", ""),
        )

    def _row(self, project_id: str, sort_key: str) -> dict[str, Any] | None:
        with unavailable_when_failing(f"reading {sort_key} from the catalog"):
            item = self.client.get_item(
                TableName=self.table, Key={"pk": {"S": project_id}, "sk": {"S": sort_key}}
            ).get("Item")
        return {name: _deserializer.deserialize(value) for name, value in item.items()} if item else None
