"""The local stack: the real template on an embedded AWS engine, for the demo, the tests and `make serve`."""

from __future__ import annotations
