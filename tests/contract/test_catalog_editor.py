"""What everything that edits a catalog must do. Templates and procedures are kept alike, so each test has both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import pytest

from cliploop.adapters.dynamodb_catalog import DynamoDBCatalog
from cliploop.adapters.dynamodb_catalog_editor import DynamoDBCatalogEditor
from cliploop.application.ports import Catalog
from cliploop.application.ports_catalog import CatalogEditor
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.procedure import Procedure, TemplateReference
from cliploop.domain.section import Section
from cliploop.domain.template import CatalogTemplate, GifTuning, ImageFormat, Template
from cliploop.testing import InMemoryCatalog, InMemoryCatalogEditor

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PROJECT = "p" * 32

World = tuple[Catalog, CatalogEditor]


@dataclass(frozen=True)
class Kind:
    """One of the two kinds of things that are kept, and how an editor calls what it does with it."""

    name: str
    too_many: ErrorCode
    make: Callable[[int], Any]

    def list(self, editor: CatalogEditor, project_id: str = PROJECT) -> list[Any]:
        return sorted(getattr(editor, f"list_{self.name}s")(project_id), key=lambda kept: kept.comment)

    def add(self, editor: CatalogEditor, kept: Any, at_most: int = 3, project_id: str = PROJECT) -> bool:
        return bool(getattr(editor, f"add_{self.name}")(project_id, kept, at_most=at_most))

    def replace(self, editor: CatalogEditor, before: Any, after: Any) -> bool:
        return bool(getattr(editor, f"replace_{self.name}")(PROJECT, before, after))

    def remove(self, editor: CatalogEditor, number: int) -> bool:
        made = self.make(number)
        key = made.name if isinstance(made, Procedure) else made.template.definition
        return bool(getattr(editor, f"remove_{self.name}")(PROJECT, key))


def template(number: int) -> CatalogTemplate:
    look = Template(number, ImageFormat.WEBP, 320, 0, Fraction(15, 2), 60, 3, may_upscale=True, name="ä")
    return CatalogTemplate(look, f"the {number}.", 1_000, 2_000)


def procedure(number: int) -> Procedure:
    references = (TemplateReference(20000, Section(1_000, -2_000)), TemplateReference(2**63))
    return Procedure(f"ä {number}", references, f"the {number}.", 1_000, 2_000)


@pytest.fixture(params=["in memory", "moto"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "in memory":
        catalog = InMemoryCatalog()
        return catalog, InMemoryCatalogEditor(catalog)
    client = request.getfixturevalue("dynamodb")
    return DynamoDBCatalog(client, "catalog"), DynamoDBCatalogEditor(client, "catalog")


@pytest.fixture
def editor(world: World) -> CatalogEditor:
    return world[1]


@pytest.fixture(params=["template", "procedure"])
def kind(request: pytest.FixtureRequest) -> Kind:
    if request.param == "template":
        return Kind("template", ErrorCode.TOO_MANY_TEMPLATES, template)
    return Kind("procedure", ErrorCode.TOO_MANY_PROCEDURES, procedure)


def test_what_is_added_is_listed_and_found(world: World, kind: Kind) -> None:
    catalog, editor = world
    assert kind.list(editor) == []
    assert kind.add(editor, kind.make(1))
    assert kind.add(editor, kind.make(2))
    assert kind.list(editor) == [kind.make(1), kind.make(2)]
    assert kind.list(editor, "q" * 32) == []
    if kind.name == "procedure":
        assert catalog.procedure(PROJECT, "ä 1") == procedure(1)
    else:
        assert catalog.templates(PROJECT, [1]) == {1: template(1).template}


@pytest.mark.parametrize(
    "gif", [None, GifTuning(), GifTuning(2, 0, 0), GifTuning(colors=255), GifTuning(hold=800), GifTuning(dither=1)]
)
def test_a_gifs_tuning_is_kept(editor: CatalogEditor, gif: GifTuning | None) -> None:
    tuned = CatalogTemplate(Template(1, ImageFormat.GIF, by_sides=True, gif=gif), created_ms=1, updated_ms=1)
    editor.add_template(PROJECT, tuned, at_most=1)
    assert editor.list_templates(PROJECT) == (tuned,)


def test_what_is_there_stays_even_where_no_more_fits(editor: CatalogEditor, kind: Kind) -> None:
    assert kind.add(editor, kind.make(1), at_most=1)
    assert not kind.add(editor, replace(kind.make(1), comment="another"), at_most=1)
    assert kind.list(editor) == [kind.make(1)]


def test_so_many_can_be_added_and_one_more_for_each_that_goes(editor: CatalogEditor, kind: Kind) -> None:
    for number in (1, 2, 3):
        assert kind.add(editor, kind.make(number))
    with pytest.raises(CliploopError) as raised:
        kind.add(editor, kind.make(4))
    assert raised.value.code is kind.too_many
    assert "3" in raised.value.caller_text
    assert kind.add(editor, kind.make(4), project_id="q" * 32)
    assert kind.remove(editor, 2)
    assert kind.add(editor, kind.make(4))
    assert kind.list(editor) == [kind.make(number) for number in (1, 3, 4)]


def test_neither_kind_counts_for_the_other(editor: CatalogEditor) -> None:
    assert editor.add_template(PROJECT, template(1), at_most=1)
    assert editor.add_procedure(PROJECT, procedure(1), at_most=1)


def test_what_is_not_there_cannot_be_removed_nor_make_room(editor: CatalogEditor, kind: Kind) -> None:
    kind.add(editor, kind.make(1), at_most=1)
    assert kind.remove(editor, 1)
    assert not kind.remove(editor, 1)
    assert kind.add(editor, kind.make(2), at_most=1)
    with pytest.raises(CliploopError):
        kind.add(editor, kind.make(3), at_most=1)


def test_a_change_is_made_once(editor: CatalogEditor, kind: Kind) -> None:
    before = kind.make(1)
    kind.add(editor, before)
    after = replace(before, comment="after", updated_ms=3_000)
    assert kind.replace(editor, before, after)
    assert kind.list(editor) == [after]
    assert not kind.replace(editor, before, replace(before, comment="too late", updated_ms=4_000))
    assert kind.list(editor) == [after]


def test_what_is_gone_is_not_changed(editor: CatalogEditor, kind: Kind) -> None:
    assert not kind.replace(editor, kind.make(1), replace(kind.make(1), updated_ms=3_000))
    assert kind.list(editor) == []


@pytest.fixture
def by_hand(world: World) -> CatalogEditor:
    """One of each that people wrote into the table themselves."""
    catalog, editor = world
    if isinstance(catalog, InMemoryCatalog):
        catalog.kept_templates[PROJECT, 9] = CatalogTemplate(Template(9, ImageFormat.GIF))
        catalog.procedures[PROJECT, "ä 9"] = Procedure("ä 9", (TemplateReference(9),))
        return editor
    assert isinstance(catalog, DynamoDBCatalog)
    uses: Any = {"L": [{"M": {"definition": {"N": "9"}}}]}
    for sort_key, fields in (("template#9", {"format": {"S": "gif"}}), ("procedure#ä 9", {"uses": uses})):
        item: Any = {"pk": {"S": PROJECT}, "sk": {"S": sort_key}, **fields}
        catalog.client.put_item(TableName="catalog", Item=item)
    return editor


def test_what_was_written_by_hand_can_be_changed_once(by_hand: CatalogEditor, kind: Kind) -> None:
    (before,) = kind.list(by_hand)
    assert (before.comment, before.created_ms, before.updated_ms) == ("", 0, 0)
    after = replace(before, comment="after", updated_ms=3_000)
    assert kind.replace(by_hand, before, after)
    assert not kind.replace(by_hand, before, after)
    assert kind.list(by_hand) == [after]


@pytest.mark.parametrize("changed", [False, True])
def test_what_was_written_by_hand_is_not_counted(by_hand: CatalogEditor, kind: Kind, *, changed: bool) -> None:
    (before,) = kind.list(by_hand)
    if changed:
        kind.replace(by_hand, before, replace(before, updated_ms=3_000))
    assert kind.add(by_hand, kind.make(1), at_most=1)
    assert kind.remove(by_hand, 9)
    with pytest.raises(CliploopError):
        kind.add(by_hand, kind.make(2), at_most=1)


@pytest.fixture
def crowded(world: World) -> CatalogEditor:
    """An editor that many can use at once, as DynamoDB itself allows and moto does not."""
    catalog, editor = world
    if isinstance(catalog, DynamoDBCatalog):
        one_at_a_time(catalog.client)
    return editor


def one_at_a_time(client: DynamoDBClient) -> None:
    lock = Lock()

    def locked(method: Callable[..., Any], **request: Any) -> Any:
        with lock:
            return method(**request)

    for name in ("transact_write_items", "batch_get_item", "get_item"):
        setattr(client, name, partial(locked, getattr(client, name)))


def test_the_bound_holds_for_many_at_once(crowded: CatalogEditor, kind: Kind) -> None:
    def churn(number: int) -> None:
        for turn in range(3):
            try:
                added = kind.add(crowded, kind.make(number * 10 + turn), at_most=4)
            except CliploopError as error:
                assert error.code is kind.too_many
            else:
                assert added
                if turn == 0:
                    assert kind.remove(crowded, number * 10)

    with ThreadPoolExecutor(8) as many:
        list(many.map(churn, range(1, 9)))
    left = len(kind.list(crowded))
    assert left <= 4
    for number in range(100, 104 - left):
        assert kind.add(crowded, kind.make(number), at_most=4)
    with pytest.raises(CliploopError):
        kind.add(crowded, kind.make(200), at_most=4)


def test_one_name_is_given_once_to_many_at_once(crowded: CatalogEditor, kind: Kind) -> None:
    with ThreadPoolExecutor(8) as many:
        added = list(many.map(lambda _: kind.add(crowded, kind.make(1), at_most=1), range(8)))
    assert sum(added) == 1


def test_an_item_that_goes_while_it_is_in_the_way_is_added_after_all(dynamodb: DynamoDBClient) -> None:
    editor = DynamoDBCatalogEditor(dynamodb, "catalog")
    editor.add_template(PROJECT, template(1), at_most=1)
    read = dynamodb.batch_get_item

    def after_it_went(**request: Any) -> Any:
        dynamodb.batch_get_item = read  # type: ignore[method-assign]
        editor.remove_template(PROJECT, 1)
        return read(**request)

    dynamodb.batch_get_item = after_it_went  # type: ignore[method-assign]
    assert editor.add_template(PROJECT, template(1), at_most=1)


def test_an_item_that_somebody_else_removes_first_makes_room_once(dynamodb: DynamoDBClient) -> None:
    editor = DynamoDBCatalogEditor(dynamodb, "catalog")
    editor.add_template(PROJECT, template(1), at_most=1)
    write = dynamodb.transact_write_items

    def after_somebody_else(**request: Any) -> Any:
        dynamodb.transact_write_items = write  # type: ignore[method-assign]
        assert editor.remove_template(PROJECT, 1)
        return write(**request)

    dynamodb.transact_write_items = after_somebody_else  # type: ignore[method-assign]
    assert not editor.remove_template(PROJECT, 1)
    assert editor.add_template(PROJECT, template(2), at_most=1)
    with pytest.raises(CliploopError):
        editor.add_template(PROJECT, template(3), at_most=1)


def test_a_table_that_does_not_answer_is_tried_again_later(dynamodb: DynamoDBClient) -> None:
    editor = DynamoDBCatalogEditor(dynamodb, "gone")
    attempts: list[Callable[[], object]] = [
        lambda: editor.list_templates(PROJECT),
        lambda: editor.add_template(PROJECT, template(1), at_most=1),
        lambda: editor.replace_template(PROJECT, template(1), template(1)),
        lambda: editor.remove_template(PROJECT, 1),
    ]
    for attempt in attempts:
        with pytest.raises(CliploopError) as raised:
            attempt()
        assert (raised.value.code, raised.value.retryable) == (ErrorCode.UNAVAILABLE, True)
