"""What every catalog must do."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cliploop.adapters.dynamodb_catalog import DynamoDBCatalog
from cliploop.application.ports import Catalog
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.procedure import PrefixRule, Procedure, TemplateUse
from cliploop.domain.section import Section
from cliploop.domain.template import PRESET_GIF, ImageFormat, Template
from cliploop.testing import InMemoryCatalog

PROJECT = "p" * 32
MINE = Template(100, ImageFormat.WEBP, 320, 0, Fraction(15, 2), 60, 3, may_upscale=True, name="mine")
PROCEDURE = Procedure("flöw", (TemplateUse(PRESET_GIF, Section(1_000, -2_000)), TemplateUse(MINE)))
RULES = (PrefixRule("in/", "flöw"), PrefixRule("raw/", ""))

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
        "sk": {"S": "template#100"},
        "format": {"S": "webp"},
        "width": {"N": "320"},
        "fps": {"S": "15/2"},
        "quality": {"N": "60"},
        "loop": {"N": "3"},
        "may_upscale": {"BOOL": True},
        "name": {"S": "mine"},
    },
    {"sk": {"S": "procedure#broken"}, "uses": {"L": [{"M": {"definition": {"N": "404"}}}]}},
    {"sk": {"S": "prefix#in/"}, "procedure": {"S": "flöw"}},
    {"sk": {"S": "prefix#raw/"}, "procedure": {"S": ""}},
]


@pytest.fixture(params=["in memory", "moto"])
def catalog(request: pytest.FixtureRequest) -> Catalog:
    if request.param == "in memory":
        return InMemoryCatalog({(PROJECT, "flöw"): PROCEDURE}, {PROJECT: RULES})
    client = request.getfixturevalue("dynamodb")
    for item in ITEMS:
        client.put_item(TableName="catalog", Item={"pk": {"S": PROJECT}, **item})
    return DynamoDBCatalog(client, "catalog")


def test_a_stored_procedure_is_found(catalog: Catalog) -> None:
    assert catalog.procedure(PROJECT, "flöw") == PROCEDURE


def test_there_is_no_other_procedure(catalog: Catalog) -> None:
    assert catalog.procedure(PROJECT, "flow") is None
    assert catalog.procedure("q" * 32, "flöw") is None


def test_prefix_rules_are_the_projects_own(catalog: Catalog) -> None:
    assert catalog.prefix_rules(PROJECT) == RULES
    assert catalog.prefix_rules("q" * 32) == ()


@pytest.mark.parametrize("catalog", ["moto"], indirect=True)
def test_a_procedure_whose_template_is_gone_says_so(catalog: Catalog) -> None:
    with pytest.raises(CliploopError) as raised:
        catalog.procedure(PROJECT, "broken")
    assert raised.value.code is ErrorCode.TEMPLATE_NOT_FOUND
    assert "404" in raised.value.caller_text
