"""What every catalog must do."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cliploop.adapters.dynamodb_catalog import DynamoDBCatalog
from cliploop.application.ports import Catalog
from cliploop.domain.procedure import PrefixRule, Procedure, TemplateReference
from cliploop.domain.section import Section
from cliploop.domain.template import CatalogTemplate, GifTuning, ImageFormat, Template
from cliploop.testing import InMemoryCatalog

PROJECT = "p" * 32
MINE = Template(100, ImageFormat.WEBP, 320, 0, Fraction(15, 2), 60, 3, may_upscale=True, name="mine")
BARE = Template(7, ImageFormat.GIF)
TUNED = Template(8, ImageFormat.GIF, 320, 240, by_sides=True, gif=GifTuning(colors=64, hold=0))
KEPT = (CatalogTemplate(MINE), CatalogTemplate(BARE), CatalogTemplate(TUNED, "by hand", 1, 2))
BY_HAND = Procedure("flöw", (TemplateReference(20000, Section(1_000, -2_000)), TemplateReference(100)))
CREATED = Procedure("made", (TemplateReference(404),), "of nothing", 1_000, 2_000)
RULES = (PrefixRule("in/", "flöw"), PrefixRule("raw/", ""))

#: As docs/howto/choose-a-procedure.md has people write them.
ITEMS: list[dict[str, object]] = [
    {
        "sk": {"S": "procedure#flöw"},
        "uses": {
            "L": [
                {"M": {"definition": {"N": "20000"}, "start_ms": {"N": "1000"}, "end_ms": {"N": "-2000"}}},
                {"M": {"definition": {"N": "100"}}},
            ]
        },
    },
    {
        "sk": {"S": "procedure#made"},
        "uses": {"L": [{"M": {"definition": {"N": "404"}}}]},
        "comment": {"S": "of nothing"},
        "created_ms": {"N": "1000"},
        "updated_ms": {"N": "2000"},
    },
    {
        "sk": {"S": "template#100"},
        "format": {"S": "webp"},
        "width": {"N": "320"},
        "fps": {"S": "15/2"},
        "quality": {"N": "60"},
        "loop": {"N": "3"},
        "may_upscale": {"BOOL": True},
        "name": {"S": "mine"},
    },
    {"sk": {"S": "template#7"}, "format": {"S": "gif"}, "fps": {"N": "12"}},
    {
        "sk": {"S": "template#8"},
        "format": {"S": "gif"},
        "width": {"N": "320"},
        "height": {"N": "240"},
        "by_sides": {"BOOL": True},
        "gif": {"M": {"colors": {"N": "64"}, "hold": {"N": "0"}}},
    },
    {"sk": {"S": "prefix#in/"}, "procedure": {"S": "flöw"}},
    {"sk": {"S": "prefix#raw/"}, "procedure": {"S": ""}},
]


@pytest.fixture(params=["in memory", "moto"])
def catalog(request: pytest.FixtureRequest) -> Catalog:
    if request.param == "in memory":
        return InMemoryCatalog(
            {(PROJECT, each.name): each for each in (BY_HAND, CREATED)},
            {PROJECT: RULES},
            {(PROJECT, each.template.definition): each for each in KEPT},
        )
    client = request.getfixturevalue("dynamodb")
    for item in ITEMS:
        client.put_item(TableName="catalog", Item={"pk": {"S": PROJECT}, **item})
    return DynamoDBCatalog(client, "catalog")


@pytest.mark.parametrize("procedure", [BY_HAND, CREATED], ids=lambda procedure: procedure.name)
def test_a_stored_procedure_is_found_whether_its_templates_exist_or_not(
    catalog: Catalog, procedure: Procedure
) -> None:
    assert catalog.procedure(PROJECT, procedure.name) == procedure


def test_there_is_no_other_procedure(catalog: Catalog) -> None:
    assert catalog.procedure(PROJECT, "flow") is None
    assert catalog.procedure("q" * 32, "flöw") is None


def test_a_name_that_no_procedure_can_have_is_nobodys(catalog: Catalog) -> None:
    assert catalog.procedure(PROJECT, "ö" * 512) is None
    assert catalog.procedure(PROJECT, "") is None


def test_stored_templates_are_found_by_their_numbers(catalog: Catalog) -> None:
    found = catalog.templates(PROJECT, [8, 100, 7, 9, 8])
    assert found == {8: TUNED, 100: MINE, 7: BARE}
    assert found[100].name == "mine"
    assert catalog.templates(PROJECT, []) == {}
    assert catalog.templates("q" * 32, [100]) == {}


def test_more_templates_than_one_batch_holds(catalog: Catalog) -> None:
    assert set(catalog.templates(PROJECT, range(1, 201))) == {7, 8, 100}


def test_prefix_rules_are_the_projects_own(catalog: Catalog) -> None:
    assert catalog.prefix_rules(PROJECT) == RULES
    assert catalog.prefix_rules("q" * 32) == ()
