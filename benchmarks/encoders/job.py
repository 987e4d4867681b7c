"""What every encoder is asked for, in the same frames and the same colours."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from benchmarks.encoders.footage import ROOT, Clip
from cliploop.adapters.ffmpeg.locate import ffmpeg

FRAMES = ROOT / ".local" / "bench" / "frames"
#: As exact as swscale can: its defaults cap what any encoder can reach at 38-41 dB.
ACCURATE = "lanczos+accurate_rnd+full_chroma_int+full_chroma_inp"
#: Every encoder gets the frame that is on the screen at each moment, as ours takes it (ffmpeg's own `fps` would take
#: the next one where that is nearer, and no two encoders could be compared frame by frame).
_JITTER = Fraction(2, 1000)


@dataclass(frozen=True)
class Job:
    """A section of a clip at a size and a rate."""

    clip: Clip
    width: int
    fps: int = 10
    start: float = 0.0
    end: float = 5.0

    @property
    def height(self) -> int:
        """Even, in the clip's shape."""
        return self.clip.height_at(self.width)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end - self.start

    @property
    def frames(self) -> int:
        """How many there are."""
        return round(self.seconds * self.fps)

    @property
    def name(self) -> str:
        """For files and for people."""
        return f"{self.clip.name}-{self.width}-{self.fps}fps-{self.start:g}-{self.end:g}s"

    @cached_property
    def source(self) -> Path:
        """The file that is long enough."""
        return self.clip.at_least(self.end)

    def opened(self) -> list[str]:
        """The words of ffmpeg for the source, up to ``-i``."""
        return [ffmpeg(), "-v", "error", "-y", "-noaccurate_seek", "-ss", f"{self.start:g}", "-i", str(self.source)]

    def ended(self) -> list[str]:
        """The words of ffmpeg for how much is written."""
        return ["-frames:v", str(self.frames), "-an"]

    def _moments(self) -> str:
        shift = float(Fraction(1, 2 * self.fps) - _JITTER)
        # The end is in the graph and not an option of the output: palettegen would read the file to its end.
        return f"setpts=PTS{shift:+.6f}/TB,fps={self.fps}:start_time=0,trim=end_frame={self.frames}"

    def rgb(self, pixels: str = "rgb24") -> str:
        """A filter chain: accurate RGB in the job's moments and size."""
        scale = f"scale={self.width}:{self.height}:flags={ACCURATE}:in_color_matrix={self.clip.matrix}:in_range=tv"
        return f"{self._moments()},{scale},setsar=1,format={pixels}"

    def yuv(self) -> str:
        """A filter chain: the same frames as the source has them, only scaled."""
        return f"{self._moments()},scale={self.width}:{self.height}:flags={ACCURATE},setsar=1,format=yuv420p"

    def reference(self) -> Path:
        """The frames as raw yuv420p, made once."""
        path = FRAMES / f"{self.name}.yuv"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            words = [*self.opened(), "-vf", self.yuv(), *self.ended(), "-f", "rawvideo"]
            half = path.with_suffix(".half")
            subprocess.run([*words, str(half)], check=True)
            half.rename(path)
        return path

    def pictures(self) -> list[Path]:
        """The frames as PNG files, made once, for encoders that read nothing else."""
        folder = FRAMES / f"{self.name}-png"
        if not folder.exists():
            half = folder.with_name(f"half-{folder.name}")
            half.mkdir(parents=True, exist_ok=True)
            words = [*self.opened(), "-vf", self.rgb(), *self.ended(), "-compression_level", "1"]
            subprocess.run([*words, str(half / "%05d.png")], check=True)
            half.rename(folder)
        return sorted(folder.glob("*.png"))
