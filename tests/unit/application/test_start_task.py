from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.application.start_task import SESSION_WINDOW_MS, StartOrder, StartTask
from cliploop.domain.destination import Destination
from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError
from cliploop.domain.identity import ObjectVersion, file_id_of, task_id_of_request, task_id_of_session
from cliploop.domain.output import OutputState
from cliploop.domain.procedure import NotifyMode, Procedure, TemplateReference, TemplateUse
from cliploop.domain.project import Project
from cliploop.domain.quota import NO_QUOTA, Quota
from cliploop.domain.section import Section
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import PRESET_GIF, CatalogTemplate, ImageFormat, Template
from cliploop.domain.timetable import WAITING_OVERDUE_MS
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import (
    InMemoryCatalog,
    InMemoryFiles,
    InMemoryTasks,
    InMemoryUploadedVersions,
    InMemoryWorkQueue,
    SettableClock,
)

PROJECT = Project("0" * 32, 1)
OWNER = PROJECT.project_id
FILE = SourceFile(
    project_id=OWNER, file_id=7, source=ObjectVersion("uploads", "k.mp4", "v"), size=9, created_ms=1, name="Mein Film"
)
OBJECT = ObjectVersion("uploads", "a/ü b.mp4", "v9")
OBJECT_FILE = SourceFile(
    project_id=OWNER,
    file_id=file_id_of(OWNER, OBJECT),
    source=OBJECT,
    size=9,
    created_ms=SettableClock().now_ms(),
)
MINE = TemplateUse(Template(0, ImageFormat.WEBP, width=64), Section(0, 1_000))
GIF = TemplateReference(PRESET_GIF.definition, Section(2_000, 5_000))
MISSING = TemplateReference(404)
ADDRESS = "https://films.example/a/My%20film.mp4?key=secret"
DAY_MS = 24 * 60 * 60_000


@dataclass
class Desk:
    """Where tasks are started, with everything in memory and one file."""

    catalog: InMemoryCatalog = field(default_factory=InMemoryCatalog)
    files: InMemoryFiles = field(default_factory=InMemoryFiles)
    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    work: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    versions: InMemoryUploadedVersions = field(default_factory=InMemoryUploadedVersions)
    clock: SettableClock = field(default_factory=SettableClock)

    def __post_init__(self) -> None:
        self.files.add(FILE)
        self.versions.put(OBJECT, 9)
        self.start = StartTask(
            catalog=self.catalog,
            files=self.files,
            tasks=self.tasks,
            work=self.work,
            clock=self.clock,
            upload_bucket="uploads",
            output_bucket="outputs",
            versions=self.versions,
            allowed=AllowedTargets.read("10.0.0.1:8080"),
        )

    def of_file(self, order: StartOrder) -> Task:
        return self.start.of_file(PROJECT, FILE.file_id, order)

    def of_object(self, order: StartOrder, key: str = "a/ü b.mp4", bucket: str = "uploads") -> Task:
        return self.start.of_object(PROJECT, bucket, key, order)

    def of_address(self, order: StartOrder, address: str = ADDRESS) -> Task:
        return self.start.of_address(PROJECT, address, order)

    def session(self, session_id: str, window_ms: int = SESSION_WINDOW_MS) -> Task:
        return self.of_file(StartOrder(references=(GIF,), session_id=session_id, session_window_ms=window_ms))

    def expire(self, older_than_ms: int) -> None:
        """Forget the rows that are so old, as the store does."""
        kept = {key: row for key, row in self.tasks.rows.items() if row.created_ms > older_than_ms}
        self.tasks.rows.clear()
        self.tasks.rows.update(kept)


def test_a_task_of_a_file_is_a_waiting_row_and_a_message() -> None:
    desk = Desk()
    order = StartOrder(
        references=(GIF,),
        session_context="ctx",
        priority=-10,
        notify_mode=NotifyMode.CHANGE,
        source_context="src",
        token="t",
    )
    task = desk.of_file(order)
    assert task == Task(
        project_id=OWNER,
        task_id=task_id_of_request(OWNER, "t"),
        file_id=FILE.file_id,
        source=FILE.source,
        procedure="",
        outputs=task.outputs,
        created_ms=desk.clock.now_ms(),
        session_context="ctx",
        priority=-10,
        notify_mode=NotifyMode.CHANGE,
        name="Mein Film",
        source_context="src",
        due_at_ms=desk.clock.now_ms() + WAITING_OVERDUE_MS,
    )
    assert [output.use for output in task.outputs] == [TemplateUse(PRESET_GIF, Section(2_000, 5_000))]
    assert desk.tasks.rows == {(OWNER, task.task_id): task}
    assert desk.work.messages == [(OWNER, task.task_id)]
    assert desk.files.tasks_of(OWNER, FILE.file_id, 10) == [task.task_id]


def test_the_caller_may_call_the_source_something_else() -> None:
    assert Desk().of_file(StartOrder(references=(GIF,), name="Urlaub")).name == "Urlaub"


def test_a_procedure_says_what_to_make() -> None:
    desk = Desk()
    mine = Template(100, ImageFormat.WEBP, width=64)
    desk.catalog.kept_templates[OWNER, 100] = CatalogTemplate(mine, created_ms=1)
    desk.catalog.procedures[OWNER, "mine"] = Procedure("mine", (TemplateReference(100), GIF), created_ms=1)
    task = desk.of_file(StartOrder(procedure="mine"))
    assert task.procedure == "mine"
    assert [output.use.template for output in task.outputs] == [mine, PRESET_GIF]


def test_a_procedure_that_comes_with_cliploop_is_known() -> None:
    assert len(Desk().of_file(StartOrder(procedure="preview")).outputs) == 2


@pytest.mark.parametrize(
    ("file_id", "order", "code"),
    [
        (8, StartOrder(references=(GIF,)), ErrorCode.FILE_NOT_FOUND),
        (7, StartOrder(procedure="no such"), ErrorCode.PROCEDURE_NOT_FOUND),
        (7, StartOrder(), ErrorCode.REQUEST_INVALID),
    ],
)
def test_what_cannot_be_started_leaves_nothing(file_id: int, order: StartOrder, code: ErrorCode) -> None:
    desk = Desk()
    with pytest.raises(CliploopError) as raised:
        desk.start.of_file(PROJECT, file_id, order)
    assert raised.value.code is code
    assert (desk.tasks.rows, desk.work.messages, desk.files.links) == ({}, [], {})


def test_a_file_of_another_project_is_unknown() -> None:
    with pytest.raises(CliploopError) as raised:
        Desk().start.of_file(Project("1" * 32, 2), FILE.file_id, StartOrder(references=(GIF,)))
    assert raised.value.code is ErrorCode.FILE_NOT_FOUND


def test_an_output_without_a_template_has_failed_and_the_other_is_made() -> None:
    desk = Desk()
    task = desk.of_file(StartOrder(references=(MISSING, GIF)))
    assert task.state is TaskState.WAITING
    assert [output.state for output in task.outputs] == [OutputState.FAILED, OutputState.WAITING]
    assert len(desk.work.messages) == 1


def test_a_task_without_any_template_is_born_failed_and_nobody_works_on_it() -> None:
    desk = Desk()
    task = desk.of_file(StartOrder(references=(MISSING,)))
    assert task.state is TaskState.FAILED
    assert task.failure is not None
    assert task.failure.code is ErrorCode.TEMPLATE_NOT_FOUND
    assert desk.tasks.rows[OWNER, task.task_id] == task
    assert desk.work.messages == []


def test_a_repeated_call_gets_the_first_ones_task_and_has_it_worked_on_if_nobody_has() -> None:
    desk = Desk()
    order = StartOrder(references=(GIF,), token="t")
    first = desk.of_file(order)
    desk.work.messages.clear()  # as if the first call had died here
    desk.clock.advance(1)
    assert desk.of_file(order) == first
    assert desk.work.messages == [(OWNER, first.task_id)]
    assert desk.files.tasks_of(OWNER, FILE.file_id, 10) == [first.task_id]


def test_a_repeated_call_starts_no_work_once_somebody_works() -> None:
    desk = Desk()
    order = StartOrder(references=(GIF,), token="t")
    first = desk.of_file(order)
    claimed = first.claim(desk.clock.now_ms())
    desk.tasks.replace(first, claimed)
    desk.work.messages.clear()
    assert desk.of_file(order) == claimed
    assert desk.work.messages == []


def test_calls_that_differ_are_tasks_of_their_own() -> None:
    desk = Desk()
    first, second = (desk.of_file(StartOrder(references=(GIF,), token=token)) for token in ("a", "b"))
    assert first.task_id != second.task_id
    assert len(desk.work.messages) == 2


def test_a_session_id_serves_once_in_its_window() -> None:
    desk = Desk()
    first = desk.session("s")
    assert (first.task_id, first.session_id) == (task_id_of_session(OWNER, "s", 0), "s")
    desk.work.messages.clear()
    desk.clock.advance(SESSION_WINDOW_MS - 1)
    with pytest.raises(CliploopError) as raised:
        desk.session("s")
    assert raised.value.code is ErrorCode.SESSION_REPEATED
    assert desk.work.messages == [(OWNER, first.task_id)]  # its first call may have died before the message
    desk.clock.advance(1)
    assert desk.session("s").task_id == task_id_of_session(OWNER, "s", 1)
    assert len(desk.tasks.rows) == 2


def test_another_session_or_project_is_another_task() -> None:
    desk = Desk()
    desk.session("s")
    desk.session("t")
    elsewhere = replace(FILE, project_id="1" * 32)
    desk.files.add(elsewhere)
    desk.start.of_file(Project("1" * 32, 2), FILE.file_id, StartOrder(references=(GIF,), session_id="s"))
    assert len(desk.tasks.rows) == 3


def test_a_longer_window_looks_further_back() -> None:
    desk = Desk()
    desk.session("s")
    desk.clock.advance(SESSION_WINDOW_MS)
    with pytest.raises(CliploopError):
        desk.session("s", window_ms=7 * DAY_MS)
    desk.session("s")


@given(
    st.lists(st.tuples(st.integers(0, 10 * DAY_MS), st.sampled_from([3, 7])), max_size=60),
    st.integers(8, 40),
)
def test_a_session_is_refused_exactly_when_its_window_holds_a_task(
    calls: list[tuple[int, int]], retention_days: int
) -> None:
    """However often it was used, and whichever of its rows have expired meanwhile."""
    desk = Desk()
    last_ms = None
    for pause_ms, window_days in calls:
        desk.clock.advance(pause_ms)
        now_ms = desk.clock.now_ms()
        desk.expire(now_ms - retention_days * DAY_MS)
        if last_ms is not None and now_ms - last_ms < window_days * DAY_MS:
            with pytest.raises(CliploopError) as raised:
                desk.session("s", window_days * DAY_MS)
            assert raised.value.code is ErrorCode.SESSION_REPEATED
        else:
            desk.session("s", window_days * DAY_MS)
            last_ms = now_ms


class _OvertakenTasks(InMemoryTasks):
    """A table in which another call of the same session is quicker by a moment."""

    def add(self, task: Task, quota: Quota = NO_QUOTA) -> Task:
        super().add(replace(task, created_ms=task.created_ms - 1), quota)
        return super().add(task, quota)


def test_of_two_calls_of_one_session_at_once_one_is_refused() -> None:
    desk = Desk(tasks=_OvertakenTasks())
    with pytest.raises(CliploopError) as raised:
        desk.session("s")
    assert raised.value.code is ErrorCode.SESSION_REPEATED
    assert len(desk.tasks.rows) == 1


def test_a_source_to_be_fetched_is_an_initial_row_and_a_message() -> None:
    desk = Desk()
    task = desk.of_address(StartOrder(references=(GIF,), source_context="src", token="t"))
    assert (task.state, task.file_id, task.origin, task.source_context) == (TaskState.INIT, 0, ADDRESS, "src")
    assert task.source == ObjectVersion("uploads", f"cliploop-fetched/{OWNER}/{task.task_id}/My film.mp4", "")
    assert task.due_at_ms == task.created_ms + WAITING_OVERDUE_MS
    assert desk.tasks.rows == {(OWNER, task.task_id): task}
    assert desk.work.messages == [(OWNER, task.task_id)]
    assert desk.files.links == {}  # there is no file yet


def test_fetching_may_be_all() -> None:
    task = Desk().of_address(StartOrder(name="Urlaub"))
    assert (task.outputs, task.name, task.state) == ((), "Urlaub", TaskState.INIT)


def test_a_repeated_call_is_known_after_its_source_was_fetched() -> None:
    desk = Desk()
    order = StartOrder(references=(GIF,), token="t")
    first = desk.of_address(order)
    claimed = first.claim(desk.clock.now_ms())
    fetched = claimed.fetched(1, ObjectVersion("uploads", "k", "v2"), 9, desk.clock.now_ms())
    desk.tasks.rows[OWNER, first.task_id] = fetched
    assert desk.of_address(order) == fetched


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ftp://example.com/a.mp4",
        "file:///etc/passwd",
        "https://user:pass@example.com/a.mp4",
        "http://127.0.0.1/a.mp4",
        "http://0x7f.1/a.mp4",
        "http://[::1]/a.mp4",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1:81/a.mp4",
        "https://example.com/a b.mp4",
        "https://" + "a" * 3_000,
    ],
)
def test_what_is_no_public_address_starts_nothing(address: str) -> None:
    desk = Desk()
    with pytest.raises(CliploopError) as raised:
        desk.of_address(StartOrder(token="t"), address)
    assert raised.value.code is ErrorCode.ADDRESS_REFUSED
    assert (desk.tasks.rows, desk.work.messages) == ({}, [])


def test_a_host_that_the_operator_allows_may_be_private() -> None:
    address = "http://10.0.0.1:8080/a.mp4"
    assert Desk().of_address(StartOrder(callback_url=address), address).state is TaskState.INIT


def test_sessions_are_one_whether_a_file_or_an_address_is_started() -> None:
    desk = Desk()
    desk.session("s")
    with pytest.raises(CliploopError) as raised:
        desk.of_address(StartOrder(session_id="s"))
    assert raised.value.code is ErrorCode.SESSION_REPEATED


def test_a_collision_of_ids_is_loud() -> None:
    desk = Desk()
    order = StartOrder(references=(GIF,), token="t")
    first = desk.of_file(order)
    taken = replace(first, source=ObjectVersion("uploads", "another", "v"))
    desk.tasks.rows[OWNER, first.task_id] = taken
    with pytest.raises(CliploopError) as raised:
        desk.of_file(order)
    assert raised.value.code is ErrorCode.TASK_ID_COLLISION


def test_fetching_another_address_under_the_same_id_is_a_collision() -> None:
    desk = Desk()
    order = StartOrder(references=(GIF,), token="t", exact_id=True)
    desk.of_address(order)
    with pytest.raises(CliploopError) as raised:
        desk.of_address(order, "https://films.example/another.mp4")
    assert raised.value.code is ErrorCode.TASK_ID_COLLISION
    assert len(desk.work.messages) == 1


def test_an_object_becomes_a_file_and_its_task() -> None:
    desk = Desk()
    task = desk.of_object(StartOrder(uses=(MINE,), token="t"))
    assert desk.files.rows[OWNER, OBJECT_FILE.file_id] == OBJECT_FILE
    assert (task.source, task.file_id, task.state) == (OBJECT, OBJECT_FILE.file_id, TaskState.WAITING)
    assert task.task_id == task_id_of_request(OWNER, "t")
    assert desk.tasks.rows == {(OWNER, task.task_id): task}
    assert desk.work.messages == [(OWNER, task.task_id)]
    assert desk.files.tasks_of(OWNER, task.file_id, 10) == [task.task_id]


def test_an_object_that_is_known_stays_the_file_that_it_is() -> None:
    desk = Desk()
    known = replace(OBJECT_FILE, name="Mein Film", created_ms=1, procedure_task_id=3)
    desk.files.add(known)
    assert desk.of_object(StartOrder(uses=(MINE,))).name == "Mein Film"
    assert desk.files.rows[OWNER, known.file_id] == known


def test_the_newest_version_of_an_object_is_meant() -> None:
    desk = Desk()
    first = desk.of_object(StartOrder(uses=(MINE,), token="a"))
    newest = replace(OBJECT, version_id="v10")
    desk.versions.put(newest, 9)
    second = desk.of_object(StartOrder(uses=(MINE,), token="b"))
    assert (first.source, second.source) == (OBJECT, newest)
    assert first.file_id != second.file_id


def test_a_repeated_call_of_an_object_is_one_task() -> None:
    desk = Desk()
    order = StartOrder(uses=(MINE,), token="t")
    first = desk.of_object(order)
    desk.clock.advance(1)
    assert desk.of_object(order) == first
    assert len(desk.files.changes) == 2  # the desk's own, and this one


@pytest.mark.parametrize(
    ("key", "bucket", "code"),
    [
        ("b.mp4", "uploads", ErrorCode.SOURCE_NOT_FOUND),
        ("empty.mp4", "uploads", ErrorCode.SOURCE_NOT_FOUND),
        ("", "uploads", ErrorCode.SOURCE_NOT_FOUND),
        ("x" * 1_025, "uploads", ErrorCode.SOURCE_NOT_FOUND),
        ("\ud800", "uploads", ErrorCode.SOURCE_NOT_FOUND),
        (OBJECT.key, "outputs", ErrorCode.BUCKET_UNKNOWN),
        (OBJECT.key, "", ErrorCode.BUCKET_UNKNOWN),
    ],
)
def test_what_is_not_in_the_upload_bucket_starts_nothing(key: str, bucket: str, code: ErrorCode) -> None:
    desk = Desk()
    desk.versions.put(ObjectVersion("uploads", "empty.mp4", "v"), 0)
    with pytest.raises(CliploopError) as raised:
        desk.of_object(StartOrder(uses=(MINE,)), key, bucket)
    assert raised.value.code is code
    assert not raised.value.retryable
    assert (code is ErrorCode.BUCKET_UNKNOWN) == ("the bucket uploads only" in raised.value.caller_text)
    assert (desk.tasks.rows, desk.work.messages) == ({}, [])
    assert list(desk.files.rows) == [(OWNER, FILE.file_id)]


def test_what_cannot_be_started_of_an_object_does_not_make_it_known() -> None:
    desk = Desk()
    with pytest.raises(CliploopError) as raised:
        desk.of_object(StartOrder())
    assert raised.value.code is ErrorCode.REQUEST_INVALID
    assert list(desk.files.rows) == [(OWNER, FILE.file_id)]


#: The three ways to start a task.
WAYS: list[Callable[[Desk, StartOrder], Task]] = [Desk.of_file, Desk.of_object, Desk.of_address]


@pytest.mark.parametrize("start", WAYS)
def test_templates_may_be_written_out(start: Callable[[Desk, StartOrder], Task]) -> None:
    task = start(Desk(), StartOrder(references=(GIF,), uses=(MINE, MINE)))
    assert [output.use for output in task.outputs] == [TemplateUse(PRESET_GIF, GIF.section), MINE, MINE]


@pytest.mark.parametrize("start", WAYS)
def test_a_task_keeps_what_its_caller_says_of_it(start: Callable[[Desk, StartOrder], Task]) -> None:
    order = StartOrder(uses=(MINE,), application="app-1", callback_url="https://told.example/?key=1", token="t")
    task = start(Desk(), replace(order, exact_id=True))
    assert (task.application, task.callback_url) == ("app-1", "https://told.example/?key=1")
    assert task.task_id == task_id_of_request(OWNER, "t", exact=True)


@pytest.mark.parametrize("start", WAYS)
@pytest.mark.parametrize(
    ("destination", "key"),
    [
        (Destination("outputs", "gifs", "mine.webp"), "gifs/mine.webp"),
        (Destination("", "gifs/"), f"gifs/{task_id_of_request(OWNER, 't')}.webp"),
    ],
)
def test_an_image_goes_where_its_caller_wants_it(
    start: Callable[[Desk, StartOrder], Task], destination: Destination, key: str
) -> None:
    (output,) = start(Desk(), StartOrder(uses=(MINE,), destination=destination, token="t")).outputs
    assert output.destination == key


@pytest.mark.parametrize("start", WAYS)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"destination": Destination("uploads", "gifs")}, ErrorCode.BUCKET_UNKNOWN),
        ({"destination": Destination("outputs", OWNER)}, ErrorCode.REQUEST_INVALID),
        ({"destination": Destination("outputs", "gifs"), "uses": (MINE, MINE)}, ErrorCode.REQUEST_INVALID),
        ({"destination": Destination("outputs", "gifs"), "uses": ()}, ErrorCode.REQUEST_INVALID),
        ({"callback_url": "https://127.0.0.1/told"}, ErrorCode.ADDRESS_REFUSED),
        ({"callback_url": "told"}, ErrorCode.ADDRESS_REFUSED),
    ],
)
def test_what_cannot_be_as_the_caller_wants_it_starts_nothing(
    start: Callable[[Desk, StartOrder], Task], changes: dict[str, object], code: ErrorCode
) -> None:
    desk = Desk()
    with pytest.raises(CliploopError) as raised:
        start(desk, replace(StartOrder(uses=(MINE,)), **changes))  # type: ignore[arg-type]
    assert raised.value.code is code
    assert isinstance(raised.value, InvalidRequestError) is (code is ErrorCode.REQUEST_INVALID)
    assert (desk.tasks.rows, desk.work.messages, desk.files.links) == ({}, [], {})
    assert list(desk.files.rows) == [(OWNER, FILE.file_id)]


def test_the_right_bucket_for_images_is_named() -> None:
    with pytest.raises(CliploopError, match="the bucket outputs only, not 'another'"):
        Desk().of_file(StartOrder(uses=(MINE,), destination=Destination("another", "")))


def test_the_id_of_a_session_is_not_an_exact_one() -> None:
    with pytest.raises(ValueError, match="63 bits"):
        StartOrder(session_id="s", exact_id=True)
