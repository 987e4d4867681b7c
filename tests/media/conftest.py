from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.range_server import RangeServer, serving
from tests.media.workshop import H264, make


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.media)


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for sources; each is made by the first test that needs it."""
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def moving(clips: Path) -> Path:
    """4 s of moving shapes with sound, 320x180, 25 frames a second, moov at the end."""
    sound = ("-f", "lavfi", "-i", "sine=r=48000:d=4")
    return make(
        clips / "moving.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4", *sound, *H264, "-c:a", "aac"
    )


@pytest.fixture(scope="session")
def numbered(clips: Path) -> Path:
    """10 s, 25 frames a second; the grey of each frame is its number."""
    grey = "color=black:s=64x64:r=25:d=10,format=gray,geq=lum=N,scale=in_range=pc:out_range=pc,format=yuvj420p"
    words = ("-c:v", "libx264", "-qp", "1", "-g", "100", "-bf", "3", "-color_range", "pc")
    return make(clips / "numbered.mp4", "-f", "lavfi", "-i", grey, *words)


@pytest.fixture
def server(clips: Path) -> Iterator[RangeServer]:
    with serving(clips) as running:
        yield running
