"""Colours come out as a player shows the source, whatever the source says or leaves unsaid about them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.media.workshop import GIF, WEBP, make, run

#: Six bars, 75 % and less: saturated, and inside what every matrix can carry.
BARS = [(191, 0, 0), (0, 191, 0), (0, 0, 191), (191, 191, 0), (191, 191, 191), (64, 64, 64)]
#: A 255-colour palette of so few colours is exact; what is left is 8-bit YUV's rounding and, for WebP, VP8's loss.
TOLERANCE = {"gif": 3, "webp": 5}


def bars(size: str) -> str:
    width, height = (int(side) for side in size.split("x"))
    parts = [
        f"color=0x{red:02x}{green:02x}{blue:02x}:s={width // 6}x{height}:r=25:d=0.4,format=gbrp[c{number}]"
        for number, (red, green, blue) in enumerate(BARS)
    ]
    names = "".join(f"[c{number}]" for number in range(6))
    return ";".join(parts) + f";{names}hstack=6"


@pytest.mark.parametrize(
    ("name", "size", "coding", "tags"),
    [
        ("601", "720x480", "out_color_matrix=bt601:out_range=tv,format=yuv420p", "smpte170m"),
        ("601-untagged", "720x480", "out_color_matrix=bt601:out_range=tv,format=yuv420p", None),
        ("709", "1296x720", "out_color_matrix=bt709:out_range=tv,format=yuv420p", "bt709"),
        ("709-small", "720x480", "out_color_matrix=bt709:out_range=tv,format=yuv420p", "bt709"),
        ("709-untagged", "1296x720", "out_color_matrix=bt709:out_range=tv,format=yuv420p", None),
        ("601-full", "720x480", "out_color_matrix=bt601:out_range=pc,format=yuvj420p", "smpte170m"),
        ("2020", "1296x720", "out_color_matrix=bt2020:out_range=tv,format=yuv420p10le", "bt2020nc"),
        ("444", "720x480", "out_color_matrix=bt601:out_range=tv,format=yuv444p", "smpte170m"),
    ],
)
def test_bars(clips: Path, tmp_path: Path, name: str, size: str, coding: str, tags: str | None) -> None:
    # With no tags wanted, the filter's own are taken off again.
    tagged = f"setparams=colorspace={tags}" if tags else "setparams=colorspace=unknown:color_primaries=unknown"
    graph = f"{bars(size)},scale={coding},{tagged}"
    path = make(clips / f"bars-{name}.mp4", "-f", "lavfi", "-i", graph, "-c:v", "libx264", "-qp", "1")
    made = run(path, tmp_path, [replace(GIF, width=0), replace(WEBP, width=0, quality=90)])
    video = made.media.main_video
    assert video is not None
    assert video.color_matrix == (tags or "")
    for number, template in enumerate(("gif", "webp")):
        pixels = made.pixels(number, 2).astype(int)
        step = pixels.shape[1] // 6
        found = [pixels[100:300, step * bar + 20 : step * (bar + 1) - 20].mean(axis=(0, 1)) for bar in range(6)]
        assert np.abs(np.array(found) - np.array(BARS)).max() <= TOLERANCE[template]


def test_high_dynamic_range_is_neither_washed_out_nor_tinted(clips: Path, tmp_path: Path) -> None:
    graph = f"{bars('1296x720')},zscale=transfer=linear:transferin=bt709:npl=203:primariesin=bt709:primaries=2020"
    coded = f"{graph},zscale=transfer=arib-std-b67:matrix=2020_ncl:range=limited:npl=203,format=yuv420p10le"
    words = ("-c:v", "libx265", "-x265-params", "log-level=none", "-preset", "ultrafast", "-crf", "8")
    path = make(clips / "hlg.mp4", "-f", "lavfi", "-i", coded, *words)
    made = run(path, tmp_path, [GIF, WEBP])
    video = made.media.main_video
    assert video is not None
    assert video.color_transfer == "arib-std-b67"
    for number in (0, 1):
        pixels = made.pixels(number, 2).astype(int)
        step = pixels.shape[1] // 6
        red, green, blue, _, white, grey = (pixels[45, step * bar + step // 2] for bar in range(6))
        assert np.ptp(white) <= 6
        assert np.ptp(grey) <= 6
        assert white[0] - grey[0] > 80
        assert red.argmax() == 0
        assert green.argmax() == 1
        assert blue.argmax() == 2
        assert min(np.ptp(color) for color in (red, green, blue)) > 120
