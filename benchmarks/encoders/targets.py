"""What is promised, as ratios to peers in the same run, and whether it is kept. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.encoders.results import Result

GIFSKI, ONE_GRAPH, WEBP_PEER = "gifski", "ffmpeg one graph", "ffmpeg libwebp_anim"
RECIPES = (ONE_GRAPH, "ffmpeg diff + bayer", "ffmpeg a palette a frame")
_PLANES = "YUV"

#: A figure of two results, ours and the peer's.
Figure = Callable[[Result, Result], float]


@dataclass(frozen=True)
class Finding:
    """One promise on one clip.

    Attributes:
        bound: what the figure may be at most, or at least where ``at_least``.
        figure: None when there was nothing to compare with.
    """

    promise: str
    clip: str
    figure: float | None
    bound: float
    at_least: bool = False

    @property
    def is_kept(self) -> bool | None:
        """None where it could not be told."""
        if self.figure is None:
            return None
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    def sentence(self) -> str:
        """For people."""
        sign = ">=" if self.at_least else "<="
        figure = "nothing to compare with" if self.figure is None else f"{self.figure:.4f}"
        return f"{self.promise}, {self.clip}: {figure} (must be {sign} {self.bound:g})"


@dataclass(frozen=True)
class Promise:
    """Ours against one peer."""

    text: str
    peer: str
    figure: Figure
    bound: float
    at_least: bool = False


def cpu(ours: Result, peer: Result) -> float:
    """CPU seconds, as a part of the peer's."""
    return ours.cost.cpu_s / peer.cost.cpu_s


def wall(ours: Result, peer: Result) -> float:
    """Seconds, as a part of the peer's."""
    return ours.cost.wall_s / peer.cost.wall_s


def size(ours: Result, peer: Result) -> float:
    """Bytes, as a part of the peer's."""
    return ours.bytes / peer.bytes


def ssim(ours: Result, peer: Result) -> float:
    """By how much ours is more like the source."""
    return ours.like.ssim[0] - peer.like.ssim[0]


def flicker(ours: Result, peer: Result) -> float:
    """Of luma where the source stands still, as a part of the peer's."""
    return ours.like.flicker / peer.like.flicker if peer.like.flicker else math.inf


def blocks(plane: int) -> Figure:
    """Error of 8x8 blocks in one plane, as a part of the peer's."""
    return lambda ours, peer: ours.like.blocks[plane] / peer.like.blocks[plane]


BUNNY = (
    Promise("GIF: CPU / gifski's", GIFSKI, cpu, 1 / 5),
    Promise("GIF: CPU / ffmpeg's in one graph", ONE_GRAPH, cpu, 1 / 4),
    Promise("GIF: bytes / gifski's", GIFSKI, size, 0.92),
    Promise("GIF: SSIM - gifski's", GIFSKI, ssim, -0.001, at_least=True),
)
FILMS = (
    Promise("GIF of a film: CPU / gifski's", GIFSKI, cpu, 1 / 4),
    Promise("GIF of a film: bytes / gifski's", GIFSKI, size, 1.0),
    Promise("GIF of a film: SSIM - gifski's", GIFSKI, ssim, -0.002, at_least=True),
)
EVERYWHERE = (
    *(Promise(f"GIF: error of 8x8 blocks in {_PLANES[i]} / gifski's", GIFSKI, blocks(i), 1.2) for i in range(3)),
    Promise("GIF: flicker of still luma / gifski's", GIFSKI, flicker, 1.0),
    *(Promise(f"GIF: SSIM - {name}'s", name, ssim, 0.0, at_least=True) for name in RECIPES),
)
WEBP = (
    Promise("WebP: bytes / libwebp_anim's", WEBP_PEER, size, 1.02),
    Promise("WebP: SSIM - libwebp_anim's", WEBP_PEER, ssim, -0.002, at_least=True),
)
#: Every part begins with a key frame, which costs most where little moves.
WEBP_OF_SCREENS = (Promise("WebP of a screen: bytes / libwebp_anim's", WEBP_PEER, size, 1.05), WEBP[1])
WEBP_SECONDS = (Promise("WebP: seconds / libwebp_anim's", WEBP_PEER, wall, 0.6),)


def compare(promises: Iterable[Promise], ours: Result, peers: Sequence[Result]) -> list[Finding]:
    """Hold one of our results against those of the peers on the same job."""
    found = {peer.encoder: peer for peer in peers if peer.format == ours.format}
    return [
        Finding(
            promise.text,
            ours.clip,
            promise.figure(ours, found[promise.peer]) if promise.peer in found else None,
            promise.bound,
            promise.at_least,
        )
        for promise in promises
    ]


def bytes_at(ssim_all: float, curve: Sequence[Result]) -> float | None:
    """What an encoder would need for a likeness, between two of its qualities; None beyond them.

    The logarithm of the bytes is taken to be straight in the logarithm of the unlikeness.
    """
    points = sorted(
        (math.log(1 - each.like.ssim[0]), math.log(each.bytes)) for each in curve if each.like.ssim[0] < 1
    )
    wanted = math.log(1 - ssim_all) if ssim_all < 1 else -math.inf
    for (left, more), (right, less) in pairwise(points):
        if left <= wanted <= right:
            part = (wanted - left) / (right - left) if right > left else 0.0
            return math.exp(more + part * (less - more))
    return None


def same_likeness(curve: Sequence[Result], peer: Result, bound: float = 1.05) -> Finding:
    """Bytes at gifski's SSIM, as a part of gifski's."""
    needed = bytes_at(peer.like.ssim[0], curve)
    return Finding(
        "GIF of a screen: bytes at gifski's SSIM / gifski's",
        peer.clip,
        needed / peer.bytes if needed else None,
        bound,
    )


def broken(findings: Iterable[Finding]) -> list[Finding]:
    """Those that are not kept."""
    return [finding for finding in findings if finding.is_kept is False]
