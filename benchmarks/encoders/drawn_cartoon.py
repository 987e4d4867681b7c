"""A flat animation: shapes with outlines before gradient skies, motion that eases, a cut every four seconds."""

from __future__ import annotations

import math
from collections.abc import Iterator

from PIL import Image, ImageDraw

FPS, SECONDS = 24, 24
SIZE = (1280, 720)
_SCALE = 2  # drawn so much larger, for smooth edges
_WIDE, _HIGH = SIZE[0] * _SCALE, SIZE[1] * _SCALE
_CUT_S = 4
_INK = (40, 26, 48)
_SKIES = (((80, 170, 240), (255, 236, 200)), ((24, 22, 70), (190, 96, 150)), ((250, 150, 90), (255, 226, 140)))
_HILLS = (((120, 190, 90), (84, 156, 80)), ((52, 60, 110), (38, 42, 84)), ((214, 120, 70), (170, 84, 64)))

Colour = tuple[int, int, int]
Point = tuple[float, float]


def frames() -> Iterator[Image.Image]:
    """Three scenes in turn."""
    skies = [_sky(*sky) for sky in _SKIES]
    for number in range(FPS * SECONDS):
        second = number / FPS
        scene = int(second // _CUT_S)
        look = scene % len(skies)
        image = skies[look].copy()
        draw = ImageDraw.Draw(image)
        within = second % _CUT_S
        _light(draw, look, within)
        _hills(draw, look, within)
        for index in range(3):
            _cloud(draw, 300 + index * 900 + within * (60 + 25 * index), 220 + 130 * index, 1 - 0.2 * index)
        _tree(draw, 500 - within * 90, within)
        _tree(draw, 2150 - within * 90, within + 0.7)
        _creature(draw, within, scene)
        yield image.reduce(_SCALE)


def _sky(top: Colour, bottom: Colour) -> Image.Image:
    blend = Image.linear_gradient("L").resize((_WIDE, _HIGH), Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", blend.size, bottom), Image.new("RGB", blend.size, top), blend)


def _light(draw: ImageDraw.ImageDraw, look: int, second: float) -> None:
    x, y = 1900 + 40 * second, 300 - 30 * second
    colour = ((255, 244, 150), (236, 236, 250), (255, 250, 210))[look]
    draw.ellipse((x - 130, y - 130, x + 130, y + 130), fill=colour, outline=_INK, width=8)


def _hills(draw: ImageDraw.ImageDraw, look: int, second: float) -> None:
    """Two rows that pass at two speeds."""
    for row, (colour, speed, height) in enumerate(zip(_HILLS[look], (40, 110), (900, 1120), strict=True)):
        line = [
            (x, height + 70 * math.sin((x + speed * second) / (330 - 90 * row)) + 30 * math.sin(x / 140 + row))
            for x in range(0, _WIDE + 40, 20)
        ]
        draw.polygon([*line, (_WIDE, _HIGH), (0, _HIGH)], fill=colour)
        draw.line(line, fill=_INK, width=8, joint="curve")


def _cloud(draw: ImageDraw.ImageDraw, x: float, y: float, size: float) -> None:
    puffs = ((0, 0, 90), (90, -45, 105), (200, -10, 95), (110, 25, 100))
    for grow, colour in ((8, _INK), (0, (255, 255, 255))):
        for dx, dy, radius in puffs:
            reach = radius * size + grow
            centre = x + dx * size, y + dy * size
            draw.ellipse((centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach), fill=colour)


def _tree(draw: ImageDraw.ImageDraw, x: float, second: float) -> None:
    sway = 14 * math.sin(second * 2.2)
    draw.polygon(
        ((x - 26, 1180), (x + 26, 1180), (x + 16 + sway / 2, 900), (x - 16 + sway / 2, 900)),
        fill=(120, 80, 56),
        outline=_INK,
        width=8,
    )
    for dx, dy, radius in ((-70, 880, 110), (70, 870, 115), (0, 780, 120)):
        middle = x + dx + sway
        draw.ellipse(
            (middle - radius, dy - radius, middle + radius, dy + radius), fill=(60, 160, 96), outline=_INK, width=8
        )


def _creature(draw: ImageDraw.ImageDraw, second: float, scene: int) -> None:
    """Hops from left to right: fast off the ground, slow at the top, flat when it lands."""
    hop, part = divmod(second / 0.8, 1)
    ease = part * part * (3 - 2 * part)
    x = 500 + (hop + ease) * 300
    high = 4 * part * (1 - part)
    squash = 1 - 0.25 * max(0.0, 1 - 6 * part) - 0.15 * max(0.0, 6 * part - 5)
    y = 1130 - 260 * high
    wide, tall = 150 / squash, 190 * squash
    colour = ((244, 92, 84), (250, 196, 60), (92, 120, 220))[scene % 3]
    draw.ellipse((x - 120 + 40 * high, 1150, x + 120 - 40 * high, 1190), fill=(30, 30, 46))
    draw.ellipse((x - wide, y - 2 * tall, x + wide, y), fill=colour, outline=_INK, width=10)
    draw.ellipse((x - wide * 0.6, y - tall * 0.95, x + wide * 0.6, y - tall * 0.1), fill=(255, 232, 206))
    blink = 4 if second % 2 > 1.88 else 34  # noqa: PLR2004
    for side in (-1, 1):
        eye = x + side * wide * 0.36 + 12, y - tall * 1.35
        draw.ellipse(
            (eye[0] - 34, eye[1] - blink, eye[0] + 34, eye[1] + blink), fill=(255, 255, 255), outline=_INK, width=8
        )
        if blink > 4:  # noqa: PLR2004
            draw.ellipse((eye[0] - 2, eye[1] - 14, eye[0] + 24, eye[1] + 14), fill=_INK)
        ear: list[Point] = [
            (x + side * wide * 0.3, y - 1.9 * tall),
            (x + side * wide * 0.8, y - 2.7 * tall - 40 * high),
            (x + side * wide * 0.75, y - 1.6 * tall),
        ]
        draw.polygon(ear, fill=colour, outline=_INK, width=8)
    draw.arc((x - 50, y - tall * 1.05, x + 70, y - tall * 0.75), 10, 170, fill=_INK, width=10)
