from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from cliploop.application.catalog_kind import CatalogKind
from cliploop.application.manage_templates import MAX_TEMPLATES, ManageTemplates
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.template import BUILT_IN_TEMPLATES, CatalogTemplate, ImageFormat, Template
from cliploop.testing import InMemoryCatalog, InMemoryCatalogEditor, SettableClock

PROJECT = "p" * 32
LOOK = Template(0, ImageFormat.WEBP, width=320, name="mine")
PRESETS = sorted(BUILT_IN_TEMPLATES)


@dataclass
class World:
    catalog: InMemoryCatalog
    clock: SettableClock
    manage: ManageTemplates

    def stored(self, number: int) -> CatalogTemplate:
        return self.catalog.kept_templates[PROJECT, number]

    def found(self, **where: object) -> tuple[int, list[int]]:
        everything: dict[str, object] = {"definitions": (), "kind": None, "offset": 0, "limit": 100}
        total, page = self.manage.find(PROJECT, **everything | where)  # type: ignore[arg-type]
        return total, [kept.template.definition for kept in page]


@pytest.fixture
def world() -> World:
    catalog, clock = InMemoryCatalog(), SettableClock()
    return World(catalog, clock, ManageTemplates(InMemoryCatalogEditor(catalog), clock))


def test_a_created_template_is_kept_under_its_number(world: World) -> None:
    number = world.manage.create(PROJECT, LOOK, "for people", "token")
    assert 100_000 <= number < 1_000_000_000
    at_ms = world.clock.now_ms()
    assert world.stored(number) == CatalogTemplate(replace(LOOK, definition=number), "for people", at_ms, at_ms)
    assert world.stored(number).template.name == "mine"


def test_a_repeat_of_a_call_creates_nothing(world: World) -> None:
    number = world.manage.create(PROJECT, LOOK, "", "token")
    world.clock.advance(5)
    assert world.manage.create(PROJECT, LOOK, "", "token") == number
    assert len(world.catalog.kept_templates) == 1


def test_a_repeat_after_a_change_creates_nothing_and_changes_nothing(world: World) -> None:
    number = world.manage.create(PROJECT, LOOK, "", "token")
    world.manage.modify(PROJECT, number, lambda kept: replace(kept, comment="changed"))
    assert world.manage.create(PROJECT, LOOK, "", "token") == number
    assert world.stored(number).comment == "changed"


def test_a_repeat_is_told_its_number_even_where_no_more_fits(world: World) -> None:
    numbers = [world.manage.create(PROJECT, LOOK, "", str(token)) for token in range(MAX_TEMPLATES)]
    assert len(set(numbers)) == MAX_TEMPLATES
    assert world.manage.create(PROJECT, LOOK, "", "0") == numbers[0]
    with pytest.raises(CliploopError) as raised:
        world.manage.create(PROJECT, LOOK, "", "one more")
    assert raised.value.code is ErrorCode.TOO_MANY_TEMPLATES


@pytest.mark.parametrize(
    ("number", "following"),
    [(100_000, 100_001), (999_999_999, 100_000)],
    ids=["the next", "the first after the last"],
)
@pytest.mark.parametrize(
    "there",
    [
        pytest.param(CatalogTemplate(LOOK, "another", 1, 1), id="of another call"),
        pytest.param(CatalogTemplate(replace(LOOK, name="another"), "", 1, 1), id="named otherwise"),
        pytest.param(CatalogTemplate(LOOK), id="written by hand"),
    ],
)
def test_a_number_that_is_taken_gives_way(
    world: World, monkeypatch: pytest.MonkeyPatch, number: int, following: int, there: CatalogTemplate
) -> None:
    monkeypatch.setattr("cliploop.application.manage_templates._number_for", lambda project_id, token: number)
    kept = replace(there, template=replace(there.template, definition=number))
    world.catalog.kept_templates[PROJECT, number] = kept
    assert world.manage.create(PROJECT, LOOK, "", "token") == following
    assert world.stored(number) == kept


def test_projects_have_numbers_of_their_own(world: World) -> None:
    numbers = {world.manage.create(project, LOOK, "", "token") for project in ("p", "q")}
    assert len(numbers) == 2


def test_a_change_keeps_the_rest_and_takes_its_time(world: World) -> None:
    number = world.manage.create(PROJECT, LOOK, "comment", "token")
    before = world.stored(number)
    world.clock.advance(5_000)
    world.manage.modify(PROJECT, number, lambda kept: replace(kept, template=replace(kept.template, quality=9)))
    after = replace(before, template=replace(before.template, quality=9), updated_ms=before.created_ms + 5_000)
    assert world.stored(number) == after


def test_two_changes_of_one_moment_are_two(world: World) -> None:
    number = world.manage.create(PROJECT, LOOK, "", "token")
    at_ms = world.clock.now_ms()
    world.clock.advance(-60_000)
    for turn in (1, 2):
        world.manage.modify(PROJECT, number, lambda kept: replace(kept, comment=kept.comment + "+"))
        assert world.stored(number).updated_ms == at_ms + turn
    assert world.stored(number).comment == "++"


def test_a_change_that_another_one_precedes_is_made_of_that(world: World) -> None:
    number = world.manage.create(PROJECT, LOOK, "", "token")
    seen = []

    def change(kept: CatalogTemplate) -> CatalogTemplate:
        seen.append(kept.comment)
        if len(seen) == 1:
            world.manage.modify(PROJECT, number, lambda first: replace(first, comment="first"))
        return replace(kept, comment=f"{kept.comment} second")

    world.manage.modify(PROJECT, number, change)
    assert seen == ["", "first"]
    assert world.stored(number).comment == "first second"


def test_a_change_that_is_refused_is_not_made(world: World) -> None:
    number = world.manage.create(PROJECT, LOOK, "", "token")
    before = world.stored(number)

    def refuse(kept: CatalogTemplate) -> CatalogTemplate:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.manage.modify(PROJECT, number, refuse)
    assert world.stored(number) == before


@pytest.mark.parametrize(
    ("number", "code"),
    [*((number, ErrorCode.TEMPLATE_PRESET) for number in PRESETS), (404, ErrorCode.TEMPLATE_NOT_FOUND)],
)
def test_presets_and_what_does_not_exist_are_neither_changed_nor_deleted(
    world: World, number: int, code: ErrorCode
) -> None:
    attempts: list[Callable[[], None]] = [
        lambda: world.manage.modify(PROJECT, number, lambda kept: kept),
        lambda: world.manage.delete(PROJECT, number),
    ]
    for attempt in attempts:
        with pytest.raises(CliploopError) as raised:
            attempt()
        assert raised.value.code is code
        assert str(number) in raised.value.caller_text


def test_a_deleted_template_is_gone(world: World) -> None:
    number = world.manage.create(PROJECT, LOOK, "", "token")
    world.manage.delete(PROJECT, number)
    assert world.found(kind=CatalogKind.CUSTOM) == (0, [])


@pytest.fixture
def three(world: World) -> list[int]:
    """Three templates of the project's own, one of them with a smaller number than any preset."""
    numbers = [world.manage.create(PROJECT, LOOK, "", token) for token in ("a", "b")]
    world.catalog.kept_templates[PROJECT, 7] = CatalogTemplate(replace(LOOK, definition=7))
    world.manage.create("q" * 32, LOOK, "", "of another project")
    return [7, *sorted(numbers)]


def test_presets_come_first_then_numbers_count(world: World, three: list[int]) -> None:
    assert world.found() == (7, [*PRESETS, *three])
    assert world.found(kind=CatalogKind.PRESET) == (4, PRESETS)
    assert world.found(kind=CatalogKind.CUSTOM) == (3, three)


def test_a_page_knows_the_total(world: World, three: list[int]) -> None:
    assert world.found(offset=3, limit=2) == (7, [PRESETS[3], 7])
    assert world.found(offset=7, limit=2) == (7, [])
    assert world.found(offset=10**30, limit=1) == (7, [])


def test_only_the_numbers_that_were_asked_for(world: World, three: list[int]) -> None:
    assert world.found(definitions=(three[1], 20001, 404, 20001)) == (2, [20001, three[1]])
    assert world.found(definitions=(20001,), kind=CatalogKind.CUSTOM) == (0, [])


def test_one_stored_under_a_presets_number_is_not_shown(world: World) -> None:
    """As it isn't used either: presets come first when a task is registered."""
    world.catalog.kept_templates[PROJECT, 20000] = CatalogTemplate(replace(LOOK, definition=20000))
    total, page = world.manage.find(PROJECT, definitions=(20000,), kind=None, offset=0, limit=10)
    assert (total, page) == (1, (CatalogTemplate(BUILT_IN_TEMPLATES[20000]),))
