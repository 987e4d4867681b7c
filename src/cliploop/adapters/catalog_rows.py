"""Templates and procedures as items of the catalog table and back. The keys are those of docs/adr/0002.

People write such items by hand as well (docs/howto/choose-a-procedure.md): what is by default may be absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from cliploop.domain.procedure import Procedure, TemplateReference
from cliploop.domain.section import Section
from cliploop.domain.template import CatalogTemplate, GifTuning, ImageFormat, Template

Item = dict[str, Any]

TEMPLATE = "template#"
PROCEDURE = "procedure#"
PREFIX = "prefix#"
#: How many items of a kind were added through the API.
COUNT = "count#"

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def catalog_key(project_id: str, kind: str, name: str | int = "") -> Item:
    """The table key of an item, as DynamoDB's API takes it; ``kind`` is one of this module's."""
    return {"pk": {"S": project_id}, "sk": {"S": f"{kind}{name}"}}


def template_to_item(project_id: str, kept: CatalogTemplate) -> Item:
    """The item of a template."""
    template = kept.template
    row = {
        field.name: content
        for field in fields(Template)
        if field.name not in {"definition", "format", "fps", "gif"} and (content := getattr(template, field.name))
    }
    row |= {"format": template.format.value, "fps": str(template.fps)}
    if template.gif:
        row["gif"] = {name: value for name, value in vars(template.gif).items() if value is not None}
    return catalog_key(project_id, TEMPLATE, template.definition) | _serialized(row | _record_of(kept))


def item_to_template(item: Mapping[str, Any]) -> CatalogTemplate:
    """The template of an item."""
    row = _deserialized(item)
    template = Template(
        int(row["sk"].removeprefix(TEMPLATE)),
        ImageFormat(row["format"]),
        width=int(row.get("width", 0)),
        height=int(row.get("height", 0)),
        fps=Fraction(row.get("fps", 12)),
        quality=int(row.get("quality", 75)),
        loop=int(row.get("loop", 0)),
        may_upscale=bool(row.get("may_upscale", False)),
        by_sides=bool(row.get("by_sides", False)),
        gif=GifTuning(**{name: int(value) for name, value in row["gif"].items()}) if "gif" in row else None,
        name=row.get("name", ""),
    )
    return CatalogTemplate(template, **_record_in(row))


def procedure_to_item(project_id: str, procedure: Procedure) -> Item:
    """The item of a procedure."""
    uses = [{"definition": each.definition, **vars(each.section)} for each in procedure.references]
    row = {"uses": uses} | _record_of(procedure)
    return catalog_key(project_id, PROCEDURE, procedure.name) | _serialized(row)


def item_to_procedure(item: Mapping[str, Any]) -> Procedure:
    """The procedure of an item."""
    row = _deserialized(item)
    return Procedure(
        row["sk"].removeprefix(PROCEDURE),
        tuple(
            TemplateReference(int(use["definition"]), Section(int(use.get("start_ms", 0)), int(use.get("end_ms", 0))))
            for use in row["uses"]
        ),
        **_record_in(row),
    )


def _record_of(kept: CatalogTemplate | Procedure) -> Item:
    """What a kept thing has besides itself; one that people wrote into the table has no creation time."""
    row = {"comment": kept.comment, "created_ms": kept.created_ms, "updated_ms": kept.updated_ms}
    return {name: value for name, value in row.items() if value}


def _record_in(row: Item) -> Item:
    return {
        "comment": row.get("comment", ""),
        "created_ms": int(row.get("created_ms", 0)),
        "updated_ms": int(row.get("updated_ms", 0)),
    }


def _serialized(row: Item) -> Item:
    return {name: _serializer.serialize(value) for name, value in row.items()}


def _deserialized(item: Mapping[str, Any]) -> Item:
    return {name: _deserializer.deserialize(value) for name, value in item.items()}
