"""The local stack: the real template on an embedded AWS engine, for the demo, the end-to-end tests and `make serve`."""

from __future__ import annotations
