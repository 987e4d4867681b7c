from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from cliploop.application.catalog_kind import CatalogKind
from cliploop.application.manage_procedures import MAX_PROCEDURES, ManageProcedures
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, Procedure, TemplateReference
from cliploop.domain.section import Section
from cliploop.domain.template import CatalogTemplate, ImageFormat, Template
from cliploop.testing import InMemoryCatalog, InMemoryCatalogEditor, SettableClock

PROJECT = "p" * 32
USES = (TemplateReference(20000, Section(1_000, -2_000)), TemplateReference(7))
OTHER_USES = (TemplateReference(20001),)
PRESETS = sorted(BUILT_IN_PROCEDURES)


@dataclass
class World:
    catalog: InMemoryCatalog
    editor: InMemoryCatalogEditor
    clock: SettableClock
    manage: ManageProcedures

    def found(self, **where: object) -> tuple[int, list[str]]:
        everything: dict[str, object] = {"names": (), "kind": None, "offset": 0, "limit": 100}
        total, page = self.manage.find(PROJECT, **everything | where)  # type: ignore[arg-type]
        return total, [procedure.name for procedure in page]


@pytest.fixture
def world() -> World:
    catalog, clock = InMemoryCatalog(), SettableClock()
    catalog.kept_templates[PROJECT, 7] = CatalogTemplate(Template(7, ImageFormat.GIF))
    editor = InMemoryCatalogEditor(catalog)
    return World(catalog, editor, clock, ManageProcedures(catalog, editor, clock))


def refusal(world: World, method: str, *arguments: object) -> ErrorCode:
    before = dict(world.catalog.procedures)
    with pytest.raises(CliploopError) as raised:
        getattr(world.manage, method)(PROJECT, *arguments)
    assert world.catalog.procedures == before
    return raised.value.code


def test_a_created_procedure_is_found_from_then_on(world: World) -> None:
    world.manage.create(PROJECT, "mine", USES, "for people")
    at_ms = world.clock.now_ms()
    assert world.catalog.procedure(PROJECT, "mine") == Procedure("mine", USES, "for people", at_ms, at_ms)


@pytest.mark.parametrize("name", ["mine", *PRESETS])
def test_a_name_is_given_once(world: World, name: str) -> None:
    if name == "mine":
        world.manage.create(PROJECT, "mine", USES)
    assert refusal(world, "create", name, OTHER_USES) is ErrorCode.PROCEDURE_EXISTS


def test_a_project_has_so_many_procedures(world: World) -> None:
    for number in range(MAX_PROCEDURES):
        world.manage.create(PROJECT, str(number), USES)
    assert refusal(world, "create", "one more", USES) is ErrorCode.TOO_MANY_PROCEDURES
    world.manage.delete(PROJECT, "7")
    world.manage.create(PROJECT, "one more", USES)


@pytest.mark.parametrize("method", ["create", "reset"])
def test_the_templates_of_a_procedure_must_exist(world: World, method: str) -> None:
    if method == "reset":
        world.manage.create(PROJECT, "mine", USES)
    missing = (TemplateReference(404), *USES, TemplateReference(405))
    with pytest.raises(CliploopError) as raised:
        getattr(world.manage, method)(PROJECT, "mine", missing)
    assert raised.value.code is ErrorCode.TEMPLATE_NOT_FOUND
    assert "404, 405" in raised.value.caller_text


def test_resetting_replaces_all_but_the_name_and_the_creation(world: World) -> None:
    world.manage.create(PROJECT, "mine", USES, "comment")
    created_ms = world.clock.now_ms()
    world.clock.advance(5_000)
    world.manage.reset(PROJECT, "mine", OTHER_USES)
    after = Procedure("mine", OTHER_USES, "", created_ms, created_ms + 5_000)
    assert world.catalog.procedure(PROJECT, "mine") == after


def test_resetting_twice_in_one_moment_is_two_changes(world: World) -> None:
    world.manage.create(PROJECT, "mine", USES)
    created_ms = world.clock.now_ms()
    for turn in (1, 2):
        world.manage.reset(PROJECT, "mine", USES)
        stored = world.catalog.procedure(PROJECT, "mine")
        assert stored
        assert stored.updated_ms == created_ms + turn


def test_resetting_what_another_has_reset_meanwhile_is_done_after_it(world: World) -> None:
    world.manage.create(PROJECT, "mine", USES)
    replace_procedure, calls = world.editor.replace_procedure, []

    def after_another(project_id: str, before: Procedure, after: Procedure) -> bool:
        calls.append(before)
        if len(calls) == 1:
            assert replace_procedure(project_id, before, replace(before, updated_ms=before.updated_ms + 1))
        return replace_procedure(project_id, before, after)

    world.editor.replace_procedure = after_another  # type: ignore[method-assign]
    world.manage.reset(PROJECT, "mine", OTHER_USES)
    stored = world.catalog.procedure(PROJECT, "mine")
    assert stored
    assert (stored.references, stored.updated_ms) == (OTHER_USES, stored.created_ms + 2)
    assert len(calls) == 2


def test_only_what_exists_and_is_the_projects_own_is_reset(world: World) -> None:
    assert refusal(world, "reset", "mine", USES) is ErrorCode.PROCEDURE_NOT_FOUND
    assert refusal(world, "reset", "preview", USES) is ErrorCode.PROCEDURE_PRESET


def test_deleting_is_having_deleted(world: World) -> None:
    world.manage.create(PROJECT, "mine", USES)
    for _ in range(2):
        world.manage.delete(PROJECT, "mine")
        assert world.catalog.procedure(PROJECT, "mine") is None
    assert refusal(world, "delete", "preview") is ErrorCode.PROCEDURE_PRESET


def test_one_written_by_hand_under_a_presets_name_stands_in_its_place(world: World) -> None:
    world.catalog.procedures[PROJECT, "preview"] = Procedure("preview", USES)
    assert world.found(kind=CatalogKind.CUSTOM) == (1, ["preview"])
    assert world.found(names=("preview",)) == (1, ["preview"])
    world.manage.reset(PROJECT, "preview", OTHER_USES)
    world.manage.delete(PROJECT, "preview")
    assert world.found(kind=CatalogKind.CUSTOM) == (0, [])
    assert world.found(names=("preview",)) == (1, ["preview"])
    assert refusal(world, "delete", "preview") is ErrorCode.PROCEDURE_PRESET


@pytest.fixture
def three(world: World) -> None:
    """b, then a and c in one moment, and one of another project."""
    world.manage.create(PROJECT, "b", USES)
    world.clock.advance(1)
    for name in ("c", "a"):
        world.manage.create(PROJECT, name, USES)
    world.manage.create("q" * 32, "d", OTHER_USES)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("where", "names"),
    [
        ({}, [*PRESETS, "b", "a", "c"]),
        ({"newest_first": True}, ["a", "c", "b", *PRESETS]),
        ({"kind": CatalogKind.PRESET}, PRESETS),
        ({"kind": CatalogKind.CUSTOM}, ["b", "a", "c"]),
        ({"names": ("c", "preview", "x", "b", "c")}, ["preview", "b", "c"]),
        ({"names": ("preview",), "kind": CatalogKind.CUSTOM}, []),
    ],
)
def test_what_is_found_in_which_order(world: World, where: dict[str, object], names: list[str]) -> None:
    assert world.found(**where) == (len(names), names)


@pytest.mark.usefixtures("three")
def test_a_page_knows_the_total(world: World) -> None:
    assert world.found(offset=2, limit=2) == (6, [PRESETS[2], "b"])
    assert world.found(offset=6, limit=2) == (6, [])
