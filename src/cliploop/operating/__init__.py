"""What the operator of a stack does from a terminal, with AWS credentials: bring tasks and callbacks back."""

from __future__ import annotations

from cliploop.operating.command import main

__all__ = ["main"]
