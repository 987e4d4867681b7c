"""A screen recording, light: a letter being typed, a spreadsheet being filled, dialogs that pop up with a shadow."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from PIL import Image, ImageDraw, ImageFilter

from benchmarks.encoders.fonts import font

FPS, SECONDS = 30, 24
SIZE = (1280, 720)
_INK, _PAPER, _LINES, _BLUE = (32, 33, 36), (255, 255, 255), (218, 220, 224), (26, 115, 232)
_LETTER = (40, 70, 610, 690)
_SHEET = (650, 70, 1250, 690)
_ROW, _COLUMNS = 26, 6
_WORDS = (
    "the picture that moves is read more often than the text beside it so what it shows has to be clear at once and "
    "small enough to arrive before the reader has gone on every loop tells one thing and ends where it began"
)

Box = tuple[int, int, int, int]


def frames() -> Iterator[Image.Image]:
    """Typing on the left, cells on the right; a dialog in the second half of every eight seconds."""
    words, figures = _words(), _figures()
    desk, shadow = _desk(), _dialog_with_shadow()
    for number in range(FPS * SECONDS):
        second = number / FPS
        image = desk.copy()
        draw = ImageDraw.Draw(image)
        _letter(draw, words, second)
        _sheet(draw, figures, second)
        _dialog(image, shadow, second)
        _pointer(draw, second)
        yield image


def _desk() -> Image.Image:
    image = Image.new("RGB", SIZE, (241, 243, 244))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, SIZE[0], 44), fill=_PAPER)
    draw.line((0, 44, SIZE[0], 44), fill=_LINES)
    for index, name in enumerate(("File", "Edit", "View", "Insert", "Format", "Tools", "Help")):
        draw.text((24 + index * 76, 14), name, fill=_INK, font=font(15))
    for index, colour in enumerate(((234, 67, 53), (251, 188, 4), (52, 168, 83), _BLUE)):
        draw.ellipse((1090 + index * 40, 10, 1114 + index * 40, 34), fill=colour)
    for box in (_LETTER, _SHEET):
        draw.rectangle(box, fill=_PAPER, outline=_LINES)
    return image


def _words() -> list[str]:
    chance = random.Random(11)  # noqa: S311
    return chance.choices(_WORDS.split(), k=400)


def _letter(draw: ImageDraw.ImageDraw, words: list[str], second: float) -> None:
    """So many words as have been typed; the page moves up a line when it is full."""
    left, top, right, bottom = _LETTER
    draw.text((left + 30, top + 24), "Notes on the loop", fill=_BLUE, font=font(26))
    rows: list[str] = [""]
    for word in words[: 60 + int(second * 5.5)]:
        if draw.textlength(f"{rows[-1]} {word}", font=font(17)) > right - left - 60:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    room = (bottom - top - 90) // _ROW
    shown = rows[-room:]
    for index, row in enumerate(shown):
        draw.text((left + 30, top + 70 + index * _ROW), row, fill=_INK, font=font(17))
    if int(second * 1.9) % 2:
        x = left + 32 + draw.textlength(shown[-1], font=font(17))
        y = top + 70 + (len(shown) - 1) * _ROW
        draw.line((x, y, x, y + 19), fill=_INK, width=2)


def _figures() -> list[str]:
    chance = random.Random(5)  # noqa: S311
    return [f"{chance.uniform(0, 900):.2f}" for _ in range(400)]


def _sheet(draw: ImageDraw.ImageDraw, figures: list[str], second: float) -> None:
    left, top, right, bottom = _SHEET
    column = (right - left) // _COLUMNS
    draw.rectangle((left, top, right, top + _ROW), fill=(232, 240, 254))
    filled = 24 + int(second * 3)
    for row in range((bottom - top) // _ROW - 1):
        y = top + (row + 1) * _ROW
        draw.line((left, y, right, y), fill=_LINES)
        for cell in range(_COLUMNS):
            index = row * _COLUMNS + cell
            x = left + cell * column
            if index == filled:
                draw.rectangle((x, y, x + column, y + _ROW), outline=_BLUE, width=2)
            if index < filled:
                _cell(draw, (x, y, x + column, y + _ROW), figures[index])
    for cell in range(_COLUMNS):
        x = left + cell * column
        draw.line((x, top, x, bottom), fill=_LINES)
        draw.text((x + column / 2, top + 6), "ABCDEF"[cell], fill=_INK, font=font(14), anchor="ma")


def _cell(draw: ImageDraw.ImageDraw, box: Box, figure: str) -> None:
    """A figure, on a tint by its size as conditional formats make it."""
    part = float(figure) / 900
    draw.rectangle(
        (box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1), fill=(255, round(255 - 80 * part), 255 - round(130 * part))
    )
    draw.text((box[2] - 8, box[1] + 6), figure, fill=_INK, font=font(14), anchor="ra")


def _dialog_with_shadow() -> Image.Image:
    """A window of its own with half-transparent edges."""
    image = Image.new("RGBA", (480, 260))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((30, 36, 450, 236), 12, fill=(0, 0, 0, 110))
    image = image.filter(ImageFilter.GaussianBlur(10))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((30, 24, 450, 224), 12, fill=(*_PAPER, 255))
    draw.text((56, 48), "Save the changes?", fill=_INK, font=font(22))
    draw.text((56, 92), "The sheet was changed by two people at", fill=(95, 99, 104), font=font(16))
    draw.text((56, 116), "the same time. Which one shall stay?", fill=(95, 99, 104), font=font(16))
    for x, name, colour in ((210, "Theirs", _PAPER), (330, "Mine", _BLUE)):
        draw.rounded_rectangle((x, 166, x + 100, 204), 8, fill=colour, outline=_BLUE)
        draw.text((x + 50, 176), name, fill=_BLUE if colour == _PAPER else _PAPER, font=font(17), anchor="ma")
    return image


def _dialog(image: Image.Image, dialog: Image.Image, second: float) -> None:
    """Fades in within a fifth of a second, over a desk that darkens, and goes at once."""
    within = second % 8 - 4.5
    if not 0 <= within < 2.4:  # noqa: PLR2004
        return
    shown = min(1.0, within / 0.2)
    dark = Image.new("RGB", SIZE, (0, 0, 0))
    image.paste(Image.blend(image, dark, 0.3 * shown))
    image.paste(
        dialog, (400, 220 + round(20 * (1 - shown))), dialog.getchannel("A").point(lambda value: value * shown)
    )


def _pointer(draw: ImageDraw.ImageDraw, second: float) -> None:
    x, y = 820 + 150 * math.cos(second * 1.1), 400 + 130 * math.sin(second * 0.7)
    within = second % 8
    if 4.8 <= within < 7:  # noqa: PLR2004
        x, y = 780.0, 405.0
    shape = ((0, 0), (0, 20), (5, 15), (9, 23), (12, 22), (8, 14), (15, 14))
    draw.polygon([(round(x) + dx, round(y) + dy) for dx, dy in shape], fill=(0, 0, 0), outline=(255, 255, 255))
