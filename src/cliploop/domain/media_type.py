"""Types of media files, by the extensions that they are known under."""

from __future__ import annotations

#: What files of the containers that the decoder reads are called.
MEDIA_TYPES = frozenset(
    (
        *("mp4", "m4v", "mov", "qt", "3gp", "3g2", "f4v"),
        *("mkv", "webm"),
        *("avi", "divx"),
        *("flv", "wmv", "asf"),
        *("ts", "m2t", "m2ts", "mts"),
        *("mpg", "mpeg", "mpe", "vob", "dat"),
        *("ogv", "ogg", "ogm"),
        "gif",
    )
)
#: Lists of files, with no frames of their own (HLS, DASH).
PLAYLIST_TYPES = frozenset({"m3u8", "mpd"})


def read_media_type(text: str) -> str | None:
    """The type in lower case, or None where it is not one that images are made of."""
    lowered = text.lower()
    return lowered if lowered in MEDIA_TYPES else None
