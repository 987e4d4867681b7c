from __future__ import annotations

from enum import StrEnum


class CatalogKind(StrEnum):
    """Whose a template or procedure is: cliploop's own, or the project's. Tencent's words."""

    PRESET = "Preset"
    CUSTOM = "Custom"

    @classmethod
    def of(cls, *, is_preset: bool) -> CatalogKind:
        """The kind of something that is a preset, or is not."""
        return cls.PRESET if is_preset else cls.CUSTOM
