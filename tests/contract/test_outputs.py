"""What every place that finished images go to must do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from cliploop.adapters.s3_outputs import S3Outputs
from cliploop.application.ports import EncodedImage
from cliploop.application.ports_outputs import OutputAddress, Outputs
from cliploop.bootstrap.parts import client_config
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.task import LeaseLostError
from cliploop.domain.template import ImageFormat
from cliploop.testing import InMemoryOutputs
from cliploop.testing.in_memory_outputs import KeptImage

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

ADDRESS = OutputAddress("p" * 32, 1, 1, 20000, ImageFormat.GIF, attempt=1, created_ms=100)
CHOSEN = replace(ADDRESS, destination="my own/ü.gif")
LATER = replace(CHOSEN, task_id=2, created_ms=101)


@dataclass(frozen=True)
class Store:
    """A store, and ways to see what it holds and to put something there that is not ours."""

    outputs: Outputs
    read: Callable[[str], bytes]
    put: Callable[[str, bytes], object]


@pytest.fixture(params=["in memory", "moto"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "in memory":
        kept = InMemoryOutputs()
        return Store(
            kept,
            lambda key: kept.images[key].content,
            lambda key, content: kept.images.update({key: KeptImage(content, by=None)}),
        )
    client: S3Client = request.getfixturevalue("s3")
    return Store(
        S3Outputs(client, "outputs"),
        lambda key: client.get_object(Bucket="outputs", Key=key)["Body"].read(),
        lambda key, content: client.put_object(Bucket="outputs", Key=key, Body=content),
    )


def image(folder: Path, content: bytes) -> EncodedImage:
    path = folder / md5(content, usedforsecurity=False).hexdigest()
    path.write_bytes(content)
    return EncodedImage(path, len(content), path.name, 2, 2, 1, 1_000)


def test_an_image_is_stored_where_it_was_said_to_be(store: Store, tmp_path: Path) -> None:
    made = image(tmp_path, b"one")
    where = store.outputs.locate(ADDRESS, made)
    store.outputs.publish(ADDRESS, made)
    assert (where.bucket, where.size, where.md5) == ("outputs", 3, made.md5)
    assert where.key.endswith("1.f20000.gif")
    assert store.read(where.key) == b"one"


def test_the_same_bytes_twice_are_stored_once(store: Store, tmp_path: Path) -> None:
    made = image(tmp_path, b"one")
    store.outputs.publish(ADDRESS, made)
    store.outputs.publish(replace(ADDRESS, attempt=2), made)
    store.outputs.publish(ADDRESS, made)
    assert store.read(store.outputs.locate(ADDRESS, made).key) == b"one"


def test_a_later_attempt_replaces_an_earlier_one(store: Store, tmp_path: Path) -> None:
    store.outputs.publish(ADDRESS, image(tmp_path, b"one"))
    better = image(tmp_path, b"two")
    store.outputs.publish(replace(ADDRESS, attempt=2), better)
    assert store.read(store.outputs.locate(ADDRESS, better).key) == b"two"


def test_a_late_worker_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    kept = image(tmp_path, b"two")
    store.outputs.publish(replace(ADDRESS, attempt=2), kept)
    with pytest.raises(LeaseLostError):
        store.outputs.publish(ADDRESS, image(tmp_path, b"one"))
    assert store.read(store.outputs.locate(ADDRESS, kept).key) == b"two"


def test_two_uses_of_one_template_do_not_meet(store: Store, tmp_path: Path) -> None:
    made = image(tmp_path, b"one")
    assert store.outputs.locate(ADDRESS, made).key != store.outputs.locate(replace(ADDRESS, ordinal=2), made).key


@pytest.mark.parametrize("address", [ADDRESS, CHOSEN])
def test_what_somebody_else_put_there_is_left_alone(store: Store, tmp_path: Path, address: OutputAddress) -> None:
    made = image(tmp_path, b"one")
    key = store.outputs.locate(address, made).key
    store.put(key, b"theirs")
    with pytest.raises(CliploopError) as raised:
        store.outputs.publish(address, made)
    assert raised.value.code is ErrorCode.OUTPUT_NAME_TAKEN
    assert store.read(key) == b"theirs"


def test_an_image_lies_where_its_caller_chose(store: Store, tmp_path: Path) -> None:
    made = image(tmp_path, b"one")
    assert store.outputs.locate(CHOSEN, made).key == "my own/ü.gif"
    store.outputs.publish(CHOSEN, made)
    assert store.read("my own/ü.gif") == b"one"


def test_a_later_attempt_replaces_an_earlier_one_under_a_chosen_name(store: Store, tmp_path: Path) -> None:
    store.outputs.publish(CHOSEN, image(tmp_path, b"one"))
    store.outputs.publish(replace(CHOSEN, attempt=2), image(tmp_path, b"two"))
    with pytest.raises(LeaseLostError):
        store.outputs.publish(CHOSEN, image(tmp_path, b"three"))
    assert store.read(CHOSEN.destination) == b"two"


@pytest.mark.parametrize("later", [LATER, replace(CHOSEN, task_id=2)])
def test_a_task_that_was_created_later_has_the_name(store: Store, tmp_path: Path, later: OutputAddress) -> None:
    store.outputs.publish(replace(CHOSEN, attempt=3), image(tmp_path, b"one"))
    store.outputs.publish(later, image(tmp_path, b"two"))
    assert store.read(CHOSEN.destination) == b"two"


@pytest.mark.parametrize("later", [LATER, replace(CHOSEN, task_id=2)])
def test_a_task_that_was_created_earlier_finds_the_name_taken(
    store: Store, tmp_path: Path, later: OutputAddress
) -> None:
    store.outputs.publish(later, image(tmp_path, b"two"))
    with pytest.raises(CliploopError, match="task 2 has stored") as raised:
        store.outputs.publish(replace(CHOSEN, attempt=9), image(tmp_path, b"one"))
    assert raised.value.code is ErrorCode.OUTPUT_NAME_TAKEN
    assert store.read(CHOSEN.destination) == b"two"


def test_an_earlier_task_that_made_the_same_bytes_has_what_it_wants(store: Store, tmp_path: Path) -> None:
    store.outputs.publish(LATER, image(tmp_path, b"one"))
    store.outputs.publish(CHOSEN, image(tmp_path, b"one"))
    assert store.read(CHOSEN.destination) == b"one"


def test_a_later_task_has_the_name_although_its_bytes_were_there(store: Store, tmp_path: Path) -> None:
    store.outputs.publish(CHOSEN, image(tmp_path, b"one"))
    store.outputs.publish(replace(LATER, task_id=3, created_ms=103), image(tmp_path, b"one"))
    with pytest.raises(CliploopError):
        store.outputs.publish(LATER, image(tmp_path, b"two"))
    assert store.read(CHOSEN.destination) == b"one"


@pytest.mark.parametrize(
    ("address", "caching"), [(ADDRESS, "public, max-age=31536000, immutable"), (CHOSEN, "no-cache")]
)
def test_s3_is_told_what_it_is_and_whose(s3: S3Client, tmp_path: Path, address: OutputAddress, caching: str) -> None:
    made = image(tmp_path, b"one")
    outputs = S3Outputs(s3, "outputs")
    outputs.publish(address, made)
    head = s3.head_object(Bucket="outputs", Key=outputs.locate(address, made).key)
    assert head["ContentType"] == "image/gif"
    assert head["Metadata"] == {
        "cliploop-attempt": "1",
        "cliploop-md5": made.md5,
        "cliploop-task": "1",
        "cliploop-task-created": "100",
    }
    assert head["CacheControl"] == caching


def of_previous_release(s3: S3Client, key: str, attempt: int) -> None:
    s3.put_object(Bucket="outputs", Key=key, Body=b"old", Metadata={"cliploop-attempt": str(attempt)})


def test_an_image_of_the_previous_release_is_one_of_the_same_task(s3: S3Client, tmp_path: Path) -> None:
    outputs, made = S3Outputs(s3, "outputs"), image(tmp_path, b"one")
    key = outputs.locate(ADDRESS, made).key
    of_previous_release(s3, key, attempt=2)
    with pytest.raises(LeaseLostError):
        outputs.publish(ADDRESS, made)
    outputs.publish(replace(ADDRESS, attempt=3), made)
    assert s3.get_object(Bucket="outputs", Key=key)["Body"].read() == b"one"


@pytest.mark.parametrize("said", [{}, {"cliploop-task": "1"}, {"cliploop-task": "1", "cliploop-task-created": "1.5"}])
def test_what_does_not_say_whose_it_is_under_a_chosen_name_is_nobody_s(
    s3: S3Client, tmp_path: Path, said: dict[str, str]
) -> None:
    s3.put_object(Bucket="outputs", Key=CHOSEN.destination, Body=b"?", Metadata={"cliploop-attempt": "1"} | said)
    with pytest.raises(CliploopError) as raised:
        S3Outputs(s3, "outputs").publish(replace(CHOSEN, attempt=9), image(tmp_path, b"one"))
    assert raised.value.code is ErrorCode.OUTPUT_NAME_TAKEN


class Meddler:
    """Does something to the key between each look at it and the put, ``times`` times."""

    def __init__(self, s3: S3Client, meddle: Callable[[str], object], times: int = 1) -> None:
        self.look, self.meddle, self.left = s3.head_object, meddle, times
        s3.head_object = self.head_object  # type: ignore[assignment,method-assign]

    def head_object(self, **where: str) -> object:
        seen = self.look(**where)  # type: ignore[arg-type]
        if self.left:
            self.left -= 1
            self.meddle(where["Key"])
        return seen


def test_an_image_stored_in_between_by_a_successor_stays(s3: S3Client, tmp_path: Path) -> None:
    outputs = S3Outputs(s3, "outputs")
    outputs.publish(ADDRESS, image(tmp_path, b"one"))
    Meddler(s3, lambda key: of_previous_release(s3, key, attempt=3))
    late = image(tmp_path, b"two")
    with pytest.raises(LeaseLostError):
        outputs.publish(replace(ADDRESS, attempt=2), late)
    assert s3.get_object(Bucket="outputs", Key=outputs.locate(ADDRESS, late).key)["Body"].read() == b"old"


@pytest.mark.parametrize(("between", "wins"), [(LATER, True), (replace(LATER, created_ms=103), False)])
def test_who_has_a_name_is_looked_at_again_where_another_task_stored_in_between(
    s3: S3Client,
    tmp_path: Path,
    between: OutputAddress,
    wins: bool,  # noqa: FBT001  # a table's column
) -> None:
    outputs, mine = S3Outputs(s3, "outputs"), replace(LATER, task_id=3, created_ms=102)
    outputs.publish(CHOSEN, image(tmp_path, b"one"))
    Meddler(s3, lambda _: S3Outputs(s3, "outputs").publish(between, image(tmp_path, b"two")))
    if wins:
        outputs.publish(mine, image(tmp_path, b"three"))
    else:
        with pytest.raises(CliploopError) as raised:
            outputs.publish(mine, image(tmp_path, b"three"))
        assert raised.value.code is ErrorCode.OUTPUT_NAME_TAKEN
    assert s3.get_object(Bucket="outputs", Key=CHOSEN.destination)["Body"].read() == (b"three" if wins else b"two")


def test_an_image_that_is_removed_in_between_is_stored_anew(s3: S3Client, tmp_path: Path) -> None:
    outputs = S3Outputs(s3, "outputs")
    outputs.publish(CHOSEN, image(tmp_path, b"one"))
    Meddler(s3, lambda key: s3.delete_object(Bucket="outputs", Key=key))
    outputs.publish(LATER, image(tmp_path, b"two"))
    assert s3.get_object(Bucket="outputs", Key=CHOSEN.destination)["Body"].read() == b"two"


def test_an_image_that_is_removed_before_it_is_looked_at_is_stored_anew(s3: S3Client, tmp_path: Path) -> None:
    outputs = S3Outputs(s3, "outputs")
    outputs.publish(CHOSEN, image(tmp_path, b"one"))
    put = s3.put_object

    def once(**request: object) -> object:
        s3.put_object = put  # type: ignore[method-assign]
        try:
            return put(**request)  # type: ignore[arg-type]
        finally:
            s3.delete_object(Bucket="outputs", Key=CHOSEN.destination)

    s3.put_object = once  # type: ignore[assignment,method-assign]
    outputs.publish(LATER, image(tmp_path, b"two"))
    assert s3.get_object(Bucket="outputs", Key=CHOSEN.destination)["Body"].read() == b"two"


def test_a_name_that_is_never_left_in_peace_is_tried_again_later(s3: S3Client, tmp_path: Path) -> None:
    outputs = S3Outputs(s3, "outputs")
    outputs.publish(CHOSEN, image(tmp_path, b"0"))
    Meddler(s3, lambda key: _touch(s3, key), times=99)
    with pytest.raises(CliploopError) as raised:
        outputs.publish(LATER, image(tmp_path, b"two"))
    assert raised.value.code is ErrorCode.UNAVAILABLE
    assert raised.value.retryable


def _touch(s3: S3Client, key: str) -> None:
    """Store something else as the same task's same attempt."""
    there = s3.get_object(Bucket="outputs", Key=key)
    s3.put_object(Bucket="outputs", Key=key, Body=there["Body"].read() + b"+", Metadata=there["Metadata"])


# -- taking back -------------------------------------------------------------------------------------


def is_there(store: Store, key: str) -> bool:
    try:
        store.read(key)
    except (KeyError, ClientError):
        return False
    return True


@pytest.mark.parametrize("address", [ADDRESS, CHOSEN])
def test_what_a_task_has_stored_can_be_taken_back(store: Store, tmp_path: Path, address: OutputAddress) -> None:
    store.outputs.withdraw(address)  # nothing is there
    store.outputs.publish(address, image(tmp_path, b"one"))
    store.outputs.withdraw(replace(address, attempt=3))
    assert not is_there(store, address.key)
    store.outputs.withdraw(address)


def test_what_a_later_attempt_has_stored_stays(store: Store, tmp_path: Path) -> None:
    store.outputs.publish(replace(ADDRESS, attempt=2), image(tmp_path, b"two"))
    store.outputs.withdraw(ADDRESS)
    assert store.read(ADDRESS.key) == b"two"


def test_another_tasks_image_stays_and_so_does_what_is_not_ours(store: Store, tmp_path: Path) -> None:
    store.outputs.publish(LATER, image(tmp_path, b"two"))
    store.outputs.withdraw(CHOSEN)
    assert store.read(CHOSEN.key) == b"two"
    store.put(ADDRESS.key, b"somebody's")
    store.outputs.withdraw(replace(ADDRESS, destination="", task_id=1))
    foreign = replace(CHOSEN, destination="foreign.gif")
    store.put("foreign.gif", b"somebody's")
    store.outputs.withdraw(foreign)
    assert store.read("foreign.gif") == b"somebody's"


def test_the_image_that_was_replaced_comes_back(s3: S3Client, tmp_path: Path) -> None:
    outputs = S3Outputs(s3, "outputs")
    outputs.publish(CHOSEN, image(tmp_path, b"one"))
    outputs.publish(LATER, image(tmp_path, b"two"))
    outputs.publish(replace(LATER, attempt=2), image(tmp_path, b"three"))
    outputs.withdraw(replace(LATER, attempt=2))
    assert s3.get_object(Bucket="outputs", Key=CHOSEN.key)["Body"].read() == b"one"


def test_an_image_that_is_covered_by_another_tasks_does_not_come_back(s3: S3Client, tmp_path: Path) -> None:
    """Both fail; the earlier one first, when its image lies under the later one's."""
    outputs = S3Outputs(s3, "outputs")
    outputs.publish(CHOSEN, image(tmp_path, b"one"))
    outputs.publish(LATER, image(tmp_path, b"two"))
    outputs.withdraw(CHOSEN)
    assert s3.get_object(Bucket="outputs", Key=CHOSEN.key)["Body"].read() == b"two"
    outputs.withdraw(LATER)
    assert "Versions" not in s3.list_object_versions(Bucket="outputs")


def test_a_store_that_may_not_be_written_ends_the_task_and_one_that_is_down_does_not(
    s3: S3Client, tmp_path: Path
) -> None:
    for status, code, retryable in ((403, ErrorCode.INTERNAL, False), (503, ErrorCode.UNAVAILABLE, True)):

        def refuse(status: int = status, **_: object) -> None:
            answer = {"Error": {"Code": "AccessDenied" if status == 403 else "SlowDown"}}
            raise ClientError(answer, "PutObject")  # type: ignore[arg-type]

        s3.put_object = refuse  # type: ignore[assignment,method-assign]
        with pytest.raises(CliploopError) as raised:
            S3Outputs(s3, "outputs").publish(ADDRESS, image(tmp_path, b"one"))
        assert (raised.value.code, raised.value.retryable) == (code, retryable)


# -- while it goes out -------------------------------------------------------------------------------


@contextmanager
def slow_server() -> Iterator[tuple[str, list[int]]]:
    """An S3 that takes what it is sent, and how many bytes each request had."""
    sizes: list[int] = []

    class Taking(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            sizes.append(len(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", sizes
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_long_upload_keeps_its_lease(tmp_path: Path) -> None:
    content, beats = bytes(4 << 20), []
    with slow_server() as (endpoint, sizes), closing(_s3_at(endpoint)) as client:
        S3Outputs(client, "outputs").publish(ADDRESS, image(tmp_path, content), lambda: beats.append(1))
    assert sizes == [len(content)]
    assert len(beats) > 20


def test_an_upload_that_is_overtaken_stops_where_it_is(tmp_path: Path) -> None:
    content, beats = bytes(4 << 20), []

    def beat() -> None:
        beats.append(1)
        if len(beats) > 10:
            raise LeaseLostError

    with slow_server() as (endpoint, sizes), closing(_s3_at(endpoint)) as client, pytest.raises(LeaseLostError):
        S3Outputs(client, "outputs").publish(ADDRESS, image(tmp_path, content), beat)
    assert sum(sizes) < len(content)


def _s3_at(endpoint: str) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="eu-north-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=client_config(),
    )
