"""``python -m tests.faults``: random schedules in memory, each call to AWS failing on moto, and workers killed on a stack."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from multiprocessing import get_context

from tests.faults import calls, on_the_stack
from tests.faults.simulate import Outcome, simulate

#: Lines of a failing seed's trace that are printed, its last ones.
_TRACE = 120


def main(words: list[str]) -> int:
    """How many of the runs broke a promise, as far as an exit status tells."""
    asked = _arguments().parse_args(words)
    if asked.seed is not None:
        outcome = simulate(asked.seed)
        _print(outcome, whole=True)
        return min(1, len(outcome.problems))
    parts = asked.only.split(",") if asked.only else ["memory", "moto", "stack"]
    broken = 0
    if "memory" in parts:
        broken += _in_memory(range(asked.first, asked.first + asked.seeds), until_broken=asked.until_broken)
    if "moto" in parts:
        broken += calls.main(asked.every)
    if "stack" in parts:
        broken += on_the_stack.main(asked.kills)
    return min(1, broken)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000, help="how many schedules in memory")
    parser.add_argument("--first", type=int, default=0, help="the first seed of them")
    parser.add_argument("--seed", type=int, help="play this one alone, and print its trace")
    parser.add_argument(
        "--until-broken", action="store_true", help="end with the first schedule that breaks a promise"
    )
    parser.add_argument("--every", type=int, default=5, help="on moto: try every Nth failing call")
    parser.add_argument("--kills", type=int, default=10, help="on the local stack: workers to kill")
    parser.add_argument("--only", default="", help="of memory,moto,stack")
    return parser


def _in_memory(seeds: Iterable[int], *, until_broken: bool) -> int:
    began, failed = time.monotonic(), 0
    counts: Counter[str] = Counter()
    states: Counter[str] = Counter()
    played = 0
    for outcome in _played(list(seeds)):
        played += 1
        counts.update(outcome.counts)
        states.update(outcome.states)
        if outcome.problems:
            failed += 1
            _print(outcome, whole=False)
            if until_broken:
                return failed
    _say(f"{played} schedules in memory, {failed} broke a promise, {time.monotonic() - began:.0f} s")
    _say(f"  tasks: {dict(sorted(states.items()))}")
    _say(f"  what went wrong in them: {dict(sorted(counts.items()))}")
    return failed


def _played(seeds: list[int]) -> Iterator[Outcome]:
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        yield from pool.imap(simulate, seeds, chunksize=20)


def _print(outcome: Outcome, *, whole: bool) -> None:
    for line in outcome.trace if whole else outcome.trace[-_TRACE:]:
        _say(line)
    for problem in outcome.problems or ("every promise was kept",):
        _say(f"seed {outcome.seed}: {problem}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
