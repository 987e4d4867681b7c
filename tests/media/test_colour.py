"""Colours come out as a player shows the source, whatever the source says or leaves unsaid about them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cliploop.domain.color import Color
from cliploop.domain.errors import CliploopError, ErrorCode
from tests.media.boxes import with_dolby_vision
from tests.media.workshop import GIF, WEBP, Made, make, run

#: The bars of a test card, at 75 % and at 100 %: white, the six primaries and secondaries, grey or black.
BARS = {
    75: [
        (191, 191, 191),
        (191, 191, 0),
        (0, 191, 191),
        (0, 191, 0),
        (191, 0, 191),
        (191, 0, 0),
        (0, 0, 191),
        (64,) * 3,
    ],
    100: [
        (255, 255, 255),
        (255, 255, 0),
        (0, 255, 255),
        (0, 255, 0),
        (255, 0, 255),
        (255, 0, 0),
        (0, 0, 255),
        (0,) * 3,
    ],
}
SD, HD = "720x480", "1280x720"
UNTAGGED = "setparams=colorspace=unknown:color_primaries=unknown:color_trc=unknown"
X264 = ("-c:v", "libx264", "-qp", "1", "-preset", "ultrafast")
QTRLE, PNG = ("-c:v", "qtrle"), ("-c:v", "png")


def bars(size: str, share: int) -> str:
    width, height = (int(side) for side in size.split("x"))
    parts = [
        f"color=0x{red:02x}{green:02x}{blue:02x}:s={width // 8}x{height}:r=25:d=0.4,format=gbrp[c{number}]"
        for number, (red, green, blue) in enumerate(BARS[share])
    ]
    names = "".join(f"[c{number}]" for number in range(8))
    return ";".join(parts) + f";{names}hstack=8"


def coded(matrix: str, range_: str, pixel_format: str, tag: str | None) -> str:
    """From RGB as a test card's maker would do it: by zimg, which rounds (swscale cuts off)."""
    exact = {"bt601": "170m", "bt709": "709", "bt2020": "2020_ncl"}[matrix]
    tagged = f"setparams=colorspace={tag}" if tag else UNTAGGED
    return f"zscale=matrix={exact}:range={'full' if range_ == 'pc' else 'limited'},format={pixel_format},{tagged}"


CASES = {
    "601-525": (SD, coded("bt601", "tv", "yuv420p", "smpte170m"), X264, Color("bt601")),
    "601-625": ("720x576", coded("bt601", "tv", "yuv420p", "bt470bg"), X264, Color("bt601")),
    "601-untagged": (SD, coded("bt601", "tv", "yuv420p", None), X264, Color("bt601", assumed=True)),
    "601-full": (SD, coded("bt601", "pc", "yuv420p", "smpte170m"), (*X264, "-color_range", "pc"), Color("bt601", full_range=True)),
    "601-yuvj": (SD, coded("bt601", "pc", "yuvj420p", None), ("-c:v", "mjpeg", "-q:v", "1"), Color("bt601", full_range=True)),
    "601-hd": (HD, coded("bt601", "tv", "yuv420p", "smpte170m"), X264, Color("bt601")),
    "709": (HD, coded("bt709", "tv", "yuv420p", "bt709"), X264, Color("bt709")),
    "709-small": (SD, coded("bt709", "tv", "yuv420p", "bt709"), X264, Color("bt709")),
    "709-untagged": (HD, coded("bt709", "tv", "yuv420p", None), X264, Color("bt709", assumed=True)),
    "709-untagged-wide": ("1280x536", coded("bt709", "tv", "yuv420p", None), X264, Color("bt709", assumed=True)),
    "709-full": (HD, coded("bt709", "pc", "yuv420p", "bt709"), (*X264, "-color_range", "pc"), Color("bt709", full_range=True)),
    "709-422": (HD, coded("bt709", "tv", "yuv422p", "bt709"), X264, Color("bt709")),
    "709-444": (HD, coded("bt709", "tv", "yuv444p", "bt709"), X264, Color("bt709")),
    "709-10bit": (HD, coded("bt709", "tv", "yuv420p10le", "bt709"), X264, Color("bt709")),
    "2020-sdr": (HD, coded("bt2020", "tv", "yuv420p10le", "bt2020nc"), X264, Color("bt2020")),
    "rgb-h264": (SD, "format=gbrp", ("-c:v", "libx264rgb", "-qp", "0", "-preset", "ultrafast"), Color("rgb", full_range=True)),
    "rgb-qtrle": (SD, "format=rgb24", QTRLE, Color("rgb", full_range=True)),
    "rgb-png": (SD, "format=rgb24", PNG, Color("rgb", full_range=True)),
}  # fmt: skip


def errors(picture: NDArray[np.uint8], share: int) -> NDArray[np.int64]:
    """How far each bar's flat inside is off, at its 99 % worst pixel (one in a hundred is the codec's blur)."""
    height, width = picture.shape[:2]
    step = width / 8
    inside = [
        picture[height // 4 : -height // 4, int(step * bar + 16) : int(step * (bar + 1) - 16)] for bar in range(8)
    ]
    off = [np.abs(area.astype(int) - truth).max(axis=2) for area, truth in zip(inside, BARS[share], strict=True)]
    return np.array([np.percentile(area, 99) for area in off])


@pytest.mark.parametrize("share", [75, 100])
@pytest.mark.parametrize("name", CASES)
def test_bars(clips: Path, tmp_path: Path, name: str, share: int) -> None:
    size, graph, words, color = CASES[name]
    path = make(clips / f"bars-{name}-{share}.mov", "-f", "lavfi", "-i", f"{bars(size, share)},{graph}", *words)
    made = run(path, tmp_path, [replace(GIF, width=480), replace(WEBP, width=480)])
    assert [plan.color for plan in made.plans] == [color, color]
    for number in (0, 1):
        assert errors(made.pixels(number, 2), share).max() <= 3


def test_flat_colours_are_true_at_any_quality_and_in_every_frame(clips: Path, tmp_path: Path) -> None:
    # A white square moves over the bars, so that later frames are drawn in part.
    square = (
        f"{bars(HD, 75)}[bars];color=white:s=64x64:r=25:d=0.4[s];[bars][s]overlay=x=n*16:y=16:format=gbrp,format=gbrp"
    )
    graph = f"{square},{coded('bt709', 'tv', 'yuv420p', 'bt709')}"
    path = make(clips / "square.mp4", "-f", "lavfi", "-i", graph, *X264)
    made = run(path, tmp_path, [replace(WEBP, width=480, quality=quality) for quality in (30, 75, 100)])
    for number in range(3):
        for frame in range(made.image(number).frames):
            assert errors(made.pixels(number, frame), 75).max() <= 3


HDR = {"pq": "smpte2084", "hlg": "arib-std-b67"}


def in_hdr(clips: Path, kind: str, size: str = HD, pixels: str = "yuv420p10le") -> Path:
    transfer = HDR[kind]
    light = "format=gbrpf32le,zscale=transfer=linear:transferin=bt709:npl=203:primariesin=bt709:primaries=2020"
    code = f"zscale=transfer={transfer}:matrix=2020_ncl:range=limited:npl=203,format={pixels}"
    colors = f"log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    words = ("-c:v", "libx265", "-x265-params", colors, "-preset", "ultrafast", "-crf", "8")
    path = clips / f"{kind}-{size}.mp4"
    return make(path, "-f", "lavfi", "-i", f"{bars(size, 75)},{light},{code}", *words)


def assert_a_picture_for_sdr(made: Made) -> None:
    for number in range(len(made.plans)):
        pixels = made.pixels(number, 2).astype(int)
        step = pixels.shape[1] / 8
        inside = pixels[pixels.shape[0] // 2, [int(step * (bar + 0.5)) for bar in range(8)]]
        # 203 nits are white, and 75 % of it is below the knee, where nothing is changed. What is off are dark codes:
        # BT.2020 has no negative ones, and ten bits of PQ are coarse there.
        assert np.abs(inside - np.array(BARS[75])).max() <= 12
        assert max(np.ptp(inside[0]), np.ptp(inside[7])) <= 2


@pytest.mark.parametrize("kind", ["pq", "hlg"])
def test_high_dynamic_range_is_neither_washed_out_nor_tinted(clips: Path, tmp_path: Path, kind: str) -> None:
    made = run(in_hdr(clips, kind), tmp_path, [GIF, WEBP])
    assert made.plans[0].color == Color("bt2020", transfer=kind)
    assert_a_picture_for_sdr(made)


def test_high_dynamic_range_without_a_matrix_or_of_odd_size(clips: Path, tmp_path: Path) -> None:
    odd = in_hdr(clips, "pq", "648x361", "yuv444p10le")
    # A transport stream has no colour tags of its own.
    silent = ("-c", "copy", "-bsf:v", "hevc_metadata=matrix_coefficients=2", "-f", "mpegts")
    made = run(
        make(clips / "odd.ts", "-i", str(odd), *silent), tmp_path, [replace(GIF, width=0), replace(WEBP, width=0)]
    )
    assert made.plans[0].color == Color("bt2020", transfer="pq", assumed=True)
    assert_a_picture_for_sdr(made)


@pytest.mark.parametrize(("profile", "compatibility", "is_refused"), [(5, 0, True), (8, 1, False), (8, 4, False)])
def test_dolby_vision_needs_a_base_that_others_can_show(
    clips: Path, tmp_path: Path, profile: int, compatibility: int, *, is_refused: bool
) -> None:
    path = tmp_path / "dolby.mp4"
    path.write_bytes(with_dolby_vision(in_hdr(clips, "pq").read_bytes(), profile, compatibility))
    if not is_refused:
        assert_a_picture_for_sdr(run(path, tmp_path))
        return
    with pytest.raises(CliploopError, match="Dolby Vision profile 5") as caught:
        run(path, tmp_path)
    assert (caught.value.code, caught.value.retryable) == (ErrorCode.SOURCE_COLOR_UNSUPPORTED, False)


@pytest.mark.parametrize("pixels", ["yuv444p", "gbrp", "yuv420p"])
def test_a_colour_for_every_pixel_stays_one(clips: Path, tmp_path: Path, pixels: str) -> None:
    """Columns of red and blue, one pixel wide: a screen recorder keeps them apart where its stream can."""
    columns = "color=red:s=160x90:r=12:d=0.5,format=gbrp,geq=r='255*mod(X,2)':g=0:b='255*(1-mod(X,2))'"
    to_yuv = "" if pixels == "gbrp" else f",{coded('bt601', 'tv', pixels, 'smpte170m')}"
    path = make(clips / f"columns-{pixels}.mkv", "-f", "lavfi", "-i", columns + to_yuv, "-c:v", "ffv1")
    made = run(path, tmp_path, [GIF])
    picture = made.pixels(0, 2).astype(int)
    apart = (picture[:, 1::2] - picture[:, ::2]).mean(axis=(0, 1))
    if pixels == "yuv420p":
        assert abs(apart[0]) < 100
    else:
        assert made.plans[0].full_chroma
        assert apart[0] > 240
        assert apart[2] < -240
