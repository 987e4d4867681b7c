"""`make load`: uploads and a burst of them on the local stack. Writes docs/benchmarks/load.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.load.report import page
from benchmarks.load.runs import burst, steady
from benchmarks.load.stand import Stand
from benchmarks.machine import machine
from local import engine
from local.deploy import deploy
from local.stack import ROOT, STATE

REPORT = ROOT / "docs" / "benchmarks" / "load.md"
_KEPT = STATE / "load.json"
#: As many functions encode at once as the machine has cores.
_CONCURRENCY = 2


def main() -> int:
    """Run what is asked for; 1 where something was lost or done twice."""
    options = _options()
    about = _about()
    kept: dict[str, Any] = json.loads(_KEPT.read_text()) if _KEPT.exists() else {}
    if options.uploads:
        with tempfile.TemporaryDirectory() as folder, engine.running() as aws:
            stand = Stand(deploy(aws, {"WorkConcurrency": str(_CONCURRENCY)}))
            kept["steady"] = about | asdict(steady(stand, options.uploads, options.rate, Path(folder)))
        _keep(kept)
    if options.burst:
        with engine.running() as aws:
            stand = Stand(deploy(aws, {"WorkConcurrency": str(_CONCURRENCY)}))
            kept["burst"] = about | asdict(burst(stand, options.burst))
        _keep(kept)
    found = [fault for run in kept.values() for fault in run["faults"]]
    print("\n".join(found) or "Nothing was lost, and nothing was done twice.")
    return 1 if found else 0


def _keep(kept: dict[str, Any]) -> None:
    """Each run is kept, so that the other one can be made anew alone."""
    _KEPT.parent.mkdir(parents=True, exist_ok=True)
    _KEPT.write_text(json.dumps(kept))
    if {"steady", "burst"} <= kept.keys():
        REPORT.write_text(page(kept["steady"], kept["burst"]))
        print(f"wrote {REPORT.relative_to(ROOT)}")


def _about() -> dict[str, Any]:
    """What the page says of the place; how busy it was is that of the quarter of an hour before the runs."""
    return {
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "versions": f"Python {platform.python_version()}, ministack {version('ministack')}",
        "concurrency": _CONCURRENCY,
        "busy": round(os.getloadavg()[2], 1),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--uploads", type=int, default=300, metavar="N", help="videos; 0 leaves this run out")
    parser.add_argument("--rate", type=float, default=1.0, metavar="R", help="of them a second")
    parser.add_argument("--burst", type=int, default=10_000, metavar="N", help="objects; 0 leaves this run out")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
