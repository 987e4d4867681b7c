"""A screen recording, dark: an editor on a gradient wallpaper, scrolling code, a pointer, completions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

from PIL import Image, ImageDraw

from benchmarks.encoders.fonts import font

FPS, SECONDS = 30, 24
SIZE = (1280, 720)
_WINDOW = (110, 60, 1190, 670)
_TITLE, _LINE, _CELL = 34, 22, 9
_LINES = 260
_GROUND, _GUTTER, _TEXT = (30, 32, 40), (40, 43, 54), (214, 218, 228)
_COLOURS = {
    "keyword": (255, 121, 198),
    "name": (139, 233, 253),
    "text": (241, 250, 140),
    "number": (189, 147, 249),
    "note": (110, 124, 158),
    "plain": _TEXT,
}
_KEYWORDS = ("def", "return", "if", "for", "while", "import", "from", "class", "with", "yield", "raise")
_NAMES = ("frame", "palette", "window", "encode", "delay", "chunk", "pixel", "table", "count", "source", "stream")
_TYPED = "    frames = [scale(frame, width) for frame in source]  # every moment once"

Token = tuple[str, str]


def frames() -> Iterator[Image.Image]:
    """Scroll, stop, type, complete, scroll on."""
    code, wallpaper, arrow = _strip(), _wallpaper(), _arrow()
    for number in range(FPS * SECONDS):
        second = number / FPS
        image = wallpaper.copy()
        top = _scroll(second)
        left, upper, right, lower = _WINDOW
        body = (0, top, right - left, top + lower - upper - _TITLE)
        image.paste(code.crop(body), (left, upper + _TITLE))
        draw = ImageDraw.Draw(image)
        _chrome(draw, second)
        _typing(draw, second)
        image.paste(arrow, _pointer(second), arrow)
        yield image


def _ease(part: float) -> float:
    part = min(1.0, max(0.0, part))
    return part * part * (3 - 2 * part)


def _scroll(second: float) -> int:
    """Three turns of the wheel in every eight seconds, then quiet; pixels from the top."""
    turn, within = divmod(second, 8)
    steps = sum(_ease((within - start) / 0.9) for start in (0.3, 1.4, 2.6))
    return round((turn * 3 + steps) * 18 * _LINE)


def _pointer(second: float) -> tuple[int, int]:
    stops = ((0.0, 620, 400), (3.0, 900, 300), (3.8, 470, 420), (6.5, 470, 420), (7.2, 1120, 560), (8.0, 620, 400))
    within = second % 8
    for (start, x, y), (end, to_x, to_y) in pairwise(stops):
        if start <= within < end:
            part = _ease((within - start) / (end - start))
            return round(x + (to_x - x) * part), round(y + (to_y - y) * part)
    return stops[0][1], stops[0][2]


def _wallpaper() -> Image.Image:
    """Two gradients across each other, with the noise that designers add against banding left out."""
    width, height = SIZE
    across = Image.linear_gradient("L").rotate(90).resize(SIZE)
    down = Image.linear_gradient("L").resize(SIZE)
    image = Image.composite(Image.new("RGB", SIZE, (196, 82, 120)), Image.new("RGB", SIZE, (32, 56, 140)), across)
    image = Image.composite(Image.new("RGB", SIZE, (18, 160, 170)), image, down.point(lambda value: value // 2))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height - 26, width, height), fill=(16, 18, 24))
    for index in range(7):
        draw.rounded_rectangle(
            (500 + index * 40, height - 22, 526 + index * 40, height - 4), 5, fill=(60 + 25 * index, 130, 200)
        )
    return image


def _arrow() -> Image.Image:
    shape = ((2, 2), (2, 30), (9, 23), (14, 34), (19, 32), (14, 21), (24, 21))
    image = Image.new("RGBA", (112, 160))
    draw = ImageDraw.Draw(image)
    outline = [(x * 4, y * 4) for x, y in shape]
    draw.polygon(outline, fill=(250, 250, 250, 255), outline=(10, 10, 10, 255), width=8)
    return image.resize((28, 40), Image.Resampling.BOX)


def _chrome(draw: ImageDraw.ImageDraw, second: float) -> None:
    left, upper, right, lower = _WINDOW
    draw.rectangle((left, upper, right, upper + _TITLE), fill=(52, 55, 68))
    for index, colour in enumerate(((255, 95, 86), (255, 189, 46), (39, 201, 63))):
        draw.ellipse((left + 14 + index * 24, upper + 10, left + 28 + index * 24, upper + 24), fill=colour)
    chosen = int(second // 8)
    for index, name in enumerate(("encode.py", "palette.py", "window.py")):
        x = left + 110 + index * 140
        if index == chosen:
            draw.rectangle((x, upper + 4, x + 130, upper + _TITLE), fill=_GROUND)
        draw.text((x + 16, upper + 8), name, fill=_TEXT, font=font(15))
    draw.rectangle((left, lower - 24, right, lower), fill=(98, 114, 164))
    draw.text((left + 12, lower - 21), f"Ln {1 + _scroll(second) // _LINE}, Col 5   UTF-8", fill=_TEXT, font=font(14))


def _typing(draw: ImageDraw.ImageDraw, second: float) -> None:
    """Between the scrolls a line is typed in the middle, with a list that follows it."""
    within = second % 8
    if not 4.0 <= within < 7.6:  # noqa: PLR2004
        return
    left, y = _WINDOW[0] + 60, 380
    typed = _TYPED[: int((within - 4.0) * 26)]
    draw.rectangle((left, y, _WINDOW[2], y + _LINE), fill=(48, 51, 64))
    _write(draw, left, y, [("plain", typed)])
    end = left + len(typed) * _CELL
    if int(second * 2) % 2:
        draw.line((end + 1, y + 2, end + 1, y + _LINE - 2), fill=_TEXT, width=2)
    if within < 6.2:  # noqa: PLR2004
        draw.rectangle((end, y + _LINE, end + 210, y + _LINE * 6 + 8), fill=(44, 48, 60), outline=(98, 114, 164))
        for row in range(5):
            name = _NAMES[(len(typed) // 3 + row) % len(_NAMES)]
            if row == len(typed) // 5 % 5:
                draw.rectangle(
                    (end + 2, y + _LINE * (row + 1) + 3, end + 208, y + _LINE * (row + 2) + 3), fill=(68, 92, 150)
                )
            _write(draw, end + 12, y + _LINE * (row + 1) + 4, [("name", name)])


def _strip() -> Image.Image:
    """All of the code, one under the other: each frame is a part of it."""
    chance = random.Random(7)  # noqa: S311
    width = _WINDOW[2] - _WINDOW[0]
    image = Image.new("RGB", (width, _LINES * _LINE), _GROUND)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 48, image.height), fill=_GUTTER)
    for number in range(_LINES):
        _write(draw, 10, number * _LINE, [("note", f"{number + 1:3}")])
        _write(draw, 60, number * _LINE, _line(chance))
    return image


def _line(chance: random.Random) -> list[Token]:
    if chance.random() < 0.16:  # noqa: PLR2004
        return []
    tokens: list[Token] = [("plain", "    " * chance.choice((0, 1, 1, 2, 2, 3)))]
    if chance.random() < 0.12:  # noqa: PLR2004
        return [*tokens, ("note", "# " + " ".join(chance.choices(_NAMES, k=chance.randint(3, 8))))]
    tokens.append(("keyword", chance.choice(_KEYWORDS) + " "))
    for _ in range(chance.randint(1, 4)):
        tokens += [("name", chance.choice(_NAMES)), ("plain", chance.choice((".", "(", " = ", ", ", " + ")))]
        if chance.random() < 0.3:  # noqa: PLR2004
            tokens.append(("text", f'"{chance.choice(_NAMES)} of {chance.choice(_NAMES)}"'))
        if chance.random() < 0.3:  # noqa: PLR2004
            tokens.append(("number", str(chance.randint(0, 4096))))
    return [*tokens, ("plain", chance.choice((")", ":", "")))]


def _write(draw: ImageDraw.ImageDraw, x: int, y: int, tokens: list[Token]) -> None:
    """Letter by letter, in columns of one width."""
    for colour, text in tokens:
        for letter in text:
            draw.text((x + _CELL / 2, y + 2), letter, fill=_COLOURS[colour], font=font(16), anchor="ma")
            x += _CELL
