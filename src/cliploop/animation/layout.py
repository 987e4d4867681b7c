"""How pictures lie in the bytes that a decoder hands over, and which way each image wants them."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from cliploop.animation.planes import OPAQUE, Planes
from cliploop.animation.writer import Frame, Picture
from cliploop.domain.plan import OutputPlan
from cliploop.domain.template import ImageFormat


class Layout(StrEnum):
    """The order of bytes in a raw picture, by the name that ffmpeg has for it."""

    YUV420 = "yuv420p"
    YUV444 = "yuv444p"
    YUVA444 = "yuva444p"
    RGB = "rgb24"
    RGBA = "rgba"

    @classmethod
    def of(cls, plan: OutputPlan) -> Layout:
        """What a planned image is made from.

        A GIF from planes: half the bytes of RGB, luma apart from chroma, and chroma no larger than it was coded.
        WebP from RGB, which is what libwebp takes from Pillow.
        """
        if plan.format is ImageFormat.WEBP:
            return cls.RGBA if plan.alpha else cls.RGB
        if plan.alpha:
            return cls.YUVA444
        return cls.YUV444 if plan.full_chroma else cls.YUV420

    @property
    def is_planar(self) -> bool:
        """Whether luma and chroma lie apart."""
        return self not in {Layout.RGB, Layout.RGBA}

    def size(self, width: int, height: int) -> int:
        """How many bytes a picture has."""
        if self is Layout.YUV420:
            return width * height + 2 * (width // 2) * (height // 2)
        return width * height * (4 if self in {Layout.YUVA444, Layout.RGBA} else 3)

    def picture(self, data: Frame, width: int, height: int) -> Picture:
        """One picture's bytes as what a writer takes, without a copy."""
        if not self.is_planar:
            return data.reshape(height, width, -1)
        pixels = width * height
        size, shape = pixels, (height, width)
        if self is Layout.YUV420:
            size, shape = pixels // 4, (height // 2, width // 2)
        y, u, v = data[:pixels], data[pixels : pixels + size], data[pixels + size : pixels + 2 * size]
        opaque = np.asarray(data[3 * pixels :].reshape(shape) >= OPAQUE) if self is Layout.YUVA444 else None
        return Planes(y.reshape(height, width), u.reshape(shape), v.reshape(shape), opaque)
