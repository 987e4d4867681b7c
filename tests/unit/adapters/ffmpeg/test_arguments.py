"""The words that ffmpeg is told, written out: a change here is a change of what runs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from cliploop.adapters.ffmpeg.arguments import Input, decode_words, probe_words
from cliploop.adapters.ffmpeg.filters import filter_graph
from cliploop.adapters.ffmpeg.meter import Meter
from cliploop.domain.color import Color
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.plan import OutputPlan
from cliploop.domain.section import AppliedSection
from cliploop.domain.template import ImageFormat

VIDEO = VideoStream(index=1, codec="h264", width=1920, height=1080, fps=Fraction(30), pixel_format="yuv420p")
GIF = OutputPlan(
    format=ImageFormat.GIF,
    stream_index=1,
    section=AppliedSection(61_250, 64_000),
    width=480,
    height=270,
    rate=Fraction(12),
    frames=33,
    quality=75,
    loop=0,
    max_bytes=1 << 20,
    color=Color("bt709", assumed=True),
)
MEDIA = MediaInfo("mov,mp4,m4a,3gp,3g2,mj2", duration_ms=90_000, size=1 << 20, bitrate=0, video=(VIDEO,))
WEBP = replace(GIF, format=ImageFormat.WEBP)

SIZED = "scale=480:270:flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp:in_color_matrix=bt709:in_range=tv"
PLANES = f"{SIZED}:out_color_matrix=bt709:out_range=tv,setsar=1,format=yuv420p"
REMOTE = """
-format_whitelist mov,matroska,webm,avi,flv,mpegts,mpeg,ogg,asf,gif -max_pixels 37748736
-protocol_whitelist https,tls,tcp,http -initial_request_size 65536 -request_size 524288
-multiple_requests 1 -seekable 1 -reconnect 1 -reconnect_on_network_error 1 -reconnect_on_http_error 429,5xx
-reconnect_delay_max 2 -reconnect_max_retries 3 -rw_timeout 10000000
-ca_file /certificates -i https://store/key?signature
"""


def test_probe() -> None:
    source = Input("https://store/key?signature", "/certificates")
    quiet = ["ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-v"]
    assert probe_words("ffmpeg", source) == [*quiet, "info", *REMOTE.split()]
    assert probe_words("ffmpeg", replace(source, meter=Meter())) == [*quiet, "verbose", *REMOTE.split()]


def test_a_local_file_is_reached_by_the_file_protocol_only() -> None:
    words = Input("/folder/-i http:x").words()
    assert words[-4:] == ["-protocol_whitelist", "file", "-i", "file:/folder/-i http:x"]


def test_plain_http_needs_no_certificates() -> None:
    assert "-ca_file" not in Input("http://store/key", "/certificates").words()


def test_one_decode_of_one_section_for_two_images() -> None:
    source = Input("https://store/key?signature", "/certificates")
    words = decode_words("ffmpeg", source, MEDIA, GIF.section, {7: GIF, 9: WEBP})
    expected = f"""
    ffmpeg -hide_banner -nostdin -nostats -v warning -noaccurate_seek -ss 61.250 -reinit_filter 0 {REMOTE}
    -filter_complex
    [0:1]split=2[in0][in1];[in0]setpts=PTS+0.039667/TB,fps=12/1:start_time=0,{PLANES},split=1[out0];[in1]setpts=PTS+0.039667/TB,fps=12/1:start_time=0,{SIZED},setsar=1,format=rgb24,split=1[out1]
    -map [out0] -frames:v 33 -t 2.750 -fps_mode passthrough -c:v rawvideo -f rawvideo pipe:7
    -map [out1] -frames:v 33 -t 2.750 -fps_mode passthrough -c:v rawvideo -f rawvideo pipe:9
    """
    assert words == expected.split()


def test_without_an_index_of_key_frames_decoding_starts_earlier() -> None:
    words = decode_words("ffmpeg", Input("/film.ts"), replace(MEDIA, container="mpegts"), GIF.section, {7: GIF})
    assert words[words.index("-ss") + 1] == "49.250"
    assert "setpts=PTS-11.960333/TB" in words[words.index("-filter_complex") + 1]


def test_images_of_another_size_or_rate_branch_off_the_same_decode() -> None:
    graph = filter_graph(VIDEO, [GIF, replace(GIF, width=960, height=540), replace(GIF, rate=Fraction(10)), GIF])
    assert graph.startswith("[0:1]split=3[in0][in1][in2];")
    assert graph.count("scale=") == 3
    assert "split=2[out0][out3]" in graph


def test_a_gif_is_made_from_planes_in_the_colours_of_the_source() -> None:
    assert PLANES in filter_graph(VIDEO, [GIF])
    rgb = filter_graph(VIDEO, [replace(GIF, color=Color("rgb", full_range=True), full_chroma=True)])
    assert ":out_color_matrix=bt601:out_range=pc,setsar=1,format=yuv444p" in rgb
    hdr = filter_graph(VIDEO, [replace(GIF, color=Color("bt2020", transfer="pq"))])
    assert hdr.endswith(
        "in_color_matrix=bt709:in_range=tv:out_color_matrix=bt709:out_range=tv,setsar=1,format=yuv420p,split=1[out0]"
    )


def test_the_plans_reading_of_colours_leaves_nothing_to_guess() -> None:
    assert ":in_color_matrix=bt601:in_range=tv" in filter_graph(VIDEO, [replace(GIF, color=Color("bt601"))])
    assert ":in_color_matrix=bt709:in_range=pc" in filter_graph(
        VIDEO, [replace(GIF, color=Color("bt709", full_range=True))]
    )
    assert "in_color_matrix" not in filter_graph(VIDEO, [replace(GIF, color=Color("rgb", full_range=True))])


def test_fields_are_joined_before_frames_are_chosen() -> None:
    graph = filter_graph(replace(VIDEO, interlaced=True), [GIF])
    assert graph.startswith("[0:1]bwdif=mode=send_frame:deint=interlaced,split=1")


def test_high_dynamic_range_is_brought_down_after_frames_are_chosen() -> None:
    graph = filter_graph(VIDEO, [replace(GIF, color=Color("bt2020", transfer="hlg"))])
    assert graph.index("fps=") < graph.index(",scale=") < graph.index("tonemap=mobius")


@pytest.mark.parametrize("trait", [{"interlaced": True}, {"rotation": 90}, {"has_alpha": True}])
def test_a_graph_is_kept_through_changes_of_size_only_where_every_filter_can(trait: dict[str, Any]) -> None:
    media = replace(MEDIA, video=(replace(VIDEO, **trait),))
    assert "-reinit_filter" in decode_words("ffmpeg", Input("/film"), MEDIA, GIF.section, {7: GIF})
    assert "-reinit_filter" not in decode_words("ffmpeg", Input("/film"), media, GIF.section, {7: GIF})


def test_alpha_is_decoded_and_kept() -> None:
    video, plan = replace(VIDEO, codec="vp9", has_alpha=True), replace(GIF, alpha=True)
    media = replace(MEDIA, video=(video,))
    words = decode_words("ffmpeg", Input("/film.webm"), media, plan.section, {7: plan})
    assert words[words.index("-c:1") + 1] == "libvpx-vp9"
    assert words.index("-c:1") < words.index("-i")
    assert "format=yuva444p" in words[words.index("-filter_complex") + 1]
    still = replace(plan, format=ImageFormat.WEBP)
    assert "format=rgba" in filter_graph(video, [still])
