"""`make bench-check`: the promises that a minute can tell, on 5 s of film, by CPU time and not by the clock.

Ours and the peers take turns in one run, and each one's least disturbed turn counts, so that a busy machine does not
decide. Ends with 1 and names the ratios when one is broken.
"""

from __future__ import annotations

import sys

from benchmarks.encoders.job import Job
from benchmarks.encoders.peers import (
    DIFF_BAYER,
    EACH_FRAME,
    FFMPEG_WEBP,
    GIFSKI_GIF,
    ONE_GRAPH,
    OURS_GIF,
    OURS_WEBP,
    Encoder,
)
from benchmarks.encoders.results import Result, headline_job, in_turn, least_cpu, runnable
from benchmarks.encoders.targets import BUNNY, EVERYWHERE, WEBP, Finding, broken, compare

_ROUNDS = 3
_MARKS = {True: "kept   ", False: "BROKEN ", None: "skipped"}


def main() -> None:
    """Measure, print a table, and end with 1 when a promise is broken."""
    job = headline_job()
    gif = _measured(job, (OURS_GIF, ONE_GRAPH), _ROUNDS)
    if not gif or gif[0].encoder != OURS_GIF.name:
        sys.exit("bench-check: there is nothing to check")
    gif += _measured(job, (GIFSKI_GIF, DIFF_BAYER, EACH_FRAME), 1)
    webp = _measured(job, (OURS_WEBP, FFMPEG_WEBP), 1)
    report([*compare((*BUNNY, *EVERYWHERE), gif[0], gif), *compare(WEBP, webp[0], webp)])


def report(findings: list[Finding]) -> None:
    """Print every finding, and end with 1 where one is broken."""
    for finding in findings:
        print(f"{_MARKS[finding.is_kept]} {finding.sentence()}", flush=True)
    if failed := broken(findings):
        sentences = "\n  ".join(finding.sentence() for finding in failed)
        sys.exit(f"bench-check: {len(failed)} of {len(findings)} promises are broken:\n  {sentences}")
    print("bench-check: nothing has regressed")


def _measured(job: Job, encoders: tuple[Encoder, ...], rounds: int) -> list[Result]:
    tries = [(encoder, encoder.qualities[0]) for encoder in runnable(encoders)]
    return in_turn(job, tries, rounds, least_cpu)


if __name__ == "__main__":
    main()
