"""The engine on the command line, for local files and web addresses. It knows no AWS."""

from __future__ import annotations

from cliploop.cli.command import main

__all__ = ["main"]
