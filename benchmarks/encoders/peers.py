"""The encoders that are measured, and what each is told. All but ours get the same accurate RGB."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.encoders.footage import ROOT
from benchmarks.encoders.job import Job

GIFSKI = "gifski@1.7.1"  # its binaries are inside the npm package: nothing else is downloaded
_GIFSKI_FOLDER = ROOT / ".local" / "bench" / "gifski"
_OURS = ROOT / ".venv" / "bin" / "cliploop"

Command = Callable[[Job, int, Path], Sequence[str]]


@dataclass(frozen=True)
class Encoder:
    """One way to make an animated image.

    Attributes:
        name: for tables; ours begin with ``cliploop``.
        format: ``gif`` or ``webp``.
        qualities: what it is tried at, the usual one first; those without a scale have one, 0.
        command: the words that make a file.
        counted: what its CPU seconds include.
        lacking: why it cannot run here, or nothing.
    """

    name: str
    format: str
    qualities: tuple[int, ...]
    command: Command
    counted: str = "everything"
    lacking: Callable[[], str] = lambda: ""

    @property
    def is_ours(self) -> bool:
        """Whether it is this repository's."""
        return self.name.startswith("cliploop")

    def label(self, quality: int) -> str:
        """The name with its quality."""
        return f"{self.name} Q{quality}" if quality else self.name


def _ours(job: Job, quality: int, path: Path) -> list[str]:
    return ours(job, quality, [path])


def ours(job: Job, quality: int, paths: Sequence[Path], source: str = "") -> list[str]:
    """The package's own command, for one output or several."""
    size = ["--width", str(job.width), "--height", str(job.height), "--fps", str(job.fps), "--quality", str(quality)]
    section = ["--start", f"{job.start:g}", "--end", f"{job.end:g}", "--overwrite"]
    return [str(_OURS), "encode", source or str(job.source), *map(str, paths), *size, *section, "--json"]


def _ffmpeg_gif(recipe: str) -> Command:
    def words(job: Job, _: int, path: Path) -> list[str]:
        return [*job.opened(), "-filter_complex", f"[0:v]{job.rgb()},split[a][b];{recipe}", *job.ended(), str(path)]

    return words


def _ffmpeg_webp(job: Job, quality: int, path: Path) -> list[str]:
    # RGB, because WebP's YUV is always BT.601: most films' planes as they are would have wrong colours.
    words = ["-vf", job.rgb("bgra"), "-c:v", "libwebp_anim", "-quality", str(quality), "-compression_level", "4"]
    return [*job.opened(), *words, "-loop", "0", *job.ended(), str(path)]


def _pillow(job: Job, quality: int, path: Path) -> list[str]:
    shape = [str(job.width), str(job.height), str(job.fps), str(quality), str(path)]
    decode = [*job.opened(), "-vf", job.rgb(), *job.ended(), "-f", "rawvideo", "-"]
    return [sys.executable, "-m", "benchmarks.encoders.with_pillow", *shape, *decode]


def _gifski(job: Job, quality: int, path: Path) -> list[str]:
    words = ["--quiet", "--fps", str(job.fps), "--quality", str(quality), "--output", str(path)]
    # Without a size of its own it makes images of more than 800x600 smaller.
    words += ["--width", str(job.width), "--height", str(job.height)]
    return [str(_gifski_binary()), *words, *map(str, job.pictures())]


@cache
def _gifski_binary() -> Path:
    _GIFSKI_FOLDER.mkdir(parents=True, exist_ok=True)
    binary = _GIFSKI_FOLDER / "node_modules" / "gifski" / "bin" / "debian" / "gifski"
    if not binary.exists():
        words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]
        subprocess.run([*words, str(_GIFSKI_FOLDER), GIFSKI], check=True, capture_output=True)
        binary.chmod(0o755)
    return binary


@cache
def _no_gifski() -> str:
    if sys.platform != "linux":
        return f"{GIFSKI} is run from its Linux binary"
    if not shutil.which("npm"):
        return f"{GIFSKI} comes from npm, which is not on PATH"
    try:
        done = subprocess.run([_gifski_binary(), "--version"], check=False, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"{GIFSKI} could not be installed: {error}"
    return "" if done.returncode == 0 else f"{GIFSKI} does not run here: {done.stderr.strip()[-200:]}"


def _not_ours() -> str:
    return "" if _OURS.exists() else f"{_OURS.relative_to(ROOT)} is missing; make setup makes it"


_DIFF = "[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=bayer:bayer_scale=3:diff_mode=rectangle"
_SINGLE = "[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1"

OURS_GIF = Encoder("cliploop", "gif", (75, 30, 50, 65, 85, 95), _ours, lacking=_not_ours)
GIFSKI_GIF = Encoder(
    "gifski", "gif", (90, 40, 60, 70, 80, 100), _gifski, "gifski alone, from PNG files", lacking=_no_gifski
)
ONE_GRAPH = Encoder("ffmpeg one graph", "gif", (0,), _ffmpeg_gif("[a]palettegen[p];[b][p]paletteuse"))
DIFF_BAYER = Encoder("ffmpeg diff + bayer", "gif", (0,), _ffmpeg_gif(_DIFF))
EACH_FRAME = Encoder("ffmpeg a palette a frame", "gif", (0,), _ffmpeg_gif(_SINGLE))
PILLOW_GIF = Encoder("Pillow", "gif", (0,), _pillow)
OURS_WEBP = Encoder("cliploop", "webp", (75, 30, 50, 90), _ours, lacking=_not_ours)
FFMPEG_WEBP = Encoder("ffmpeg libwebp_anim", "webp", (75, 30, 50, 90), _ffmpeg_webp)
PILLOW_WEBP = Encoder("Pillow", "webp", (75,), _pillow)

ENCODERS = (
    OURS_GIF, GIFSKI_GIF, ONE_GRAPH, DIFF_BAYER, EACH_FRAME, PILLOW_GIF, OURS_WEBP, FFMPEG_WEBP, PILLOW_WEBP
)  # fmt: skip
RECIPES = (ONE_GRAPH, DIFF_BAYER, EACH_FRAME)
