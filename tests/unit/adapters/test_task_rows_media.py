"""What was seen and decided about a video survives its row, to the last field."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from cliploop.adapters.task_rows import item_to_task, task_to_item
from cliploop.domain.color import Color
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.limits import Limits
from cliploop.domain.media import AudioStream, MediaInfo, VideoStream
from cliploop.domain.output import Output, StoredImage
from cliploop.domain.plan import plan_output
from cliploop.domain.procedure import TemplateUse
from cliploop.domain.section import Section
from cliploop.domain.task import Task
from cliploop.domain.template import PREVIEW_WEBP

VIDEO = VideoStream(
    index=1,
    codec="hevc",
    width=720,
    height=576,
    fps=Fraction(3526, 100),
    bitrate=1,
    codec_tag="hvc1",
    pixel_aspect=Fraction(16, 11),
    rotation=270,
    pixel_format="yuva420p10le",
    color_matrix="bt2020nc",
    color_range="pc",
    color_transfer="smpte2084",
    color_primaries="bt2020",
    interlaced=True,
    tick_rate=Fraction(60000, 1001),
    is_default=True,
    has_alpha=True,
    dolby_vision="8.1",
)


def test_a_decision_reads_back() -> None:
    use = TemplateUse(PREVIEW_WEBP, Section(-3000, 0))
    media = MediaInfo("mov", 10_000, 9, 9, (VIDEO, replace(VIDEO, index=2, is_default=False)), (AudioStream("aac"),))
    plan = plan_output(media, use.template, use.section, Limits())
    image = StoredImage("b", "k", 1, "0" * 32, 2, 2, 30, 3000)
    for applied in (plan, plan.cut_to(3), replace(plan, color=Color())):
        task = Task(
            project_id="p",
            task_id=1,
            file_id=2,
            source=ObjectVersion("b", "k", "v"),
            procedure="x",
            outputs=(Output(use),),
            created_ms=1,
        )
        settled = task.claim(2).settle(1, media, [Output(use).succeed(applied, image)])
        assert item_to_task(task_to_item(settled, 1)) == settled
    assert plan.color == Color("bt2020", full_range=True, transfer="pq")
    assert (plan.alpha, plan.rate) == (True, Fraction(12))
