"""Three vendors' clients, unmodified, on one stack: a task that one starts is seen by all, each in its own words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cliploop.domain.identity import parse_vod_task_id, render_vod_task_id
from local.stack import Stack
from tests.e2e import mpc_customer
from tests.e2e.customer import APP_ID, Customer
from tests.e2e.gif_customer import GifCustomer
from tests.e2e.mpc_customer import MpcCustomer
from tests.e2e.private_server import serving
from tests.e2e.vod_customer import VodCustomer

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def vod(stack: Stack) -> VodCustomer:
    return VodCustomer(stack)


@pytest.fixture(scope="module")
def mpc(stack: Stack) -> Iterator[MpcCustomer]:
    with mpc_customer.calling(stack) as caller:
        yield caller


@pytest.fixture(scope="module")
def gif(stack: Stack) -> GifCustomer:
    return GifCustomer(stack)


@pytest.fixture(scope="module")
def started(
    stack: Stack, customer: Customer, video: Path, vod: VodCustomer, mpc: MpcCustomer, gif: GifCustomer
) -> Iterator[dict[str, int]]:
    """The number of a task that each vendor's client has started, and of one that an upload has."""
    uploaded = customer.upload(video, "together.mp4", {"section": "0%2C0.5"})
    with serving(stack.private_target, video.read_bytes()) as server:
        film = server.url("/film.mp4")
        by_vod = vod.call(
            "ProcessMedia",
            Url=film,
            MediaProcessTask={"AnimatedGraphicTaskSet": [{"Definition": 20000, "EndTimeOffset": 0.5}]},
        )
        parsed = parse_vod_task_id(APP_ID, by_vod.TaskId)
        assert parsed is not None
        by_mpc = mpc.create(mpc.source("together.mp4"), mpc.target("together", "by-mpc.gif"), "mine")
        by_gif = gif.create_by_new(
            ApplicationId="together", VideoName="together", VideoUrl=f"{film}#t=0,0.5", TemplateId=20000
        )
        yield {
            "upload": int(customer.task(uploaded)["task_id"]),
            "Tencent": parsed[1],
            "Huawei": int(by_mpc),
            "Alibaba": by_gif,
        }


MAKERS = pytest.mark.parametrize("maker", ["upload", "Tencent", "Huawei", "Alibaba"])


@MAKERS
def test_each_client_sees_it_end_and_where_its_image_is(
    maker: str, started: dict[str, int], vod: VodCustomer, mpc: MpcCustomer, gif: GifCustomer, customer: Customer
) -> None:
    number = started[maker]

    in_mpc = mpc.ended(str(number))
    assert (in_mpc.status, in_mpc.output_param.format) == ("SUCCEED", "gif")

    in_vod = vod.ended(render_vod_task_id(APP_ID, number))
    (image,) = [
        each.AnimatedGraphicTask
        for each in in_vod.ProcedureTask.MediaProcessResultSet
        if each.AnimatedGraphicTask.Output.Container == "gif"
    ]
    assert (in_vod.Status, image.Status) == ("FINISH", "SUCCESS")

    in_gif = gif.result(number)
    assert in_gif["Status"] == 2

    assert image.Output.Url == in_gif["ProcessResultUrl"]
    assert image.Output.Url.endswith(f"/{in_mpc.output.object}{in_mpc.output.file_name}")
    content, content_type = customer.image(image.Output.Url)
    assert (content[:6], content_type) == (b"GIF89a", "image/gif")
    assert len(content) == image.Output.Size


@MAKERS
def test_each_clients_list_has_it(
    maker: str, started: dict[str, int], vod: VodCustomer, mpc: MpcCustomer, gif: GifCustomer
) -> None:
    number = started[maker]
    mpc.ended(str(number))
    assert str(number) in {task.task_id for task in mpc.tasks(status="SUCCEED", size=100).tasks}
    assert number in {task["TaskId"] for task in gif.list_tasks(PageNumber="1", PageSize="100", Status="2")["Tasks"]}
    finished = vod.call("DescribeTasks", Status="FINISH", Limit=100).TaskSet
    assert render_vod_task_id(APP_ID, number) in {task.TaskId for task in finished}


def test_each_client_cancels_or_is_too_late_alike(
    started: dict[str, int], vod: VodCustomer, mpc: MpcCustomer, gif: GifCustomer
) -> None:
    number = started["Alibaba"]
    gif.result(number)
    assert mpc_customer.refusal(lambda: mpc.cancel(str(number))) == (403, "MPC.10212")
    vod_id = render_vod_task_id(APP_ID, number)
    assert vod.refusal("ManageTask", TaskId=vod_id, OperationType="Abort").startswith("FailedOperation")
