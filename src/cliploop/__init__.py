"""Upload a video, get a looping GIF or WebP of the section you asked for."""

from __future__ import annotations

__version__ = "0.1.0"
