"""What a benchmark ran on, for its table's head."""

from __future__ import annotations

import os
from pathlib import Path


def machine() -> str:
    """The processor and how many cores of it there are."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return f"{models[0] if models else 'unknown processor'}, {os.cpu_count()} cores"
