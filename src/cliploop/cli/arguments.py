"""Reads the words of a command. What is wrong with one is an InvalidRequestError in a sentence."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from cliploop import __version__
from cliploop.cli.parser import Parser
from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.limits import Limits
from cliploop.domain.section import Section
from cliploop.domain.template import GifTuning, ImageFormat, Template

_DEFAULT = Template(0, ImageFormat.GIF)
_FORMATS = {f".{format_}": format_ for format_ in ImageFormat}
#: Seconds, minutes and seconds, or hours, minutes and seconds.
_TIME = re.compile(r"(?:(?:(?P<h>[0-9]{1,4}):)?(?P<m>[0-9]{1,4}):)?(?P<s>[0-9]{1,9}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})")
_RATE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?(?:/[0-9]{1,6})?")
_SLOWEST, _FASTEST = Fraction(1, 10), 240
#: Both formats count repetitions in 16 bits.
_MOST_LOOPS = 65_535

#: The commands' names. All but the first are the operator's, and another room's (``cliploop.operating``).
_COMMANDS = ("encode", "redrive", "replay")
_ABOUT = """\
Turn videos into looping GIFs and WebPs.

commands:
  encode    make images of a section of a video, on this machine
  redrive   bring failed tasks of a stack back (for its operator)
  replay    send callbacks again that a stack gave up (for its operator)
"""
_EXAMPLES = """\
examples:
  cliploop encode holiday.mov holiday.gif --start 2 --end 5.5 --width 480
  cliploop encode holiday.mov small.gif small.webp --width 320 --fps 10
  cliploop encode https://example.com/film.mp4 scene.webp --start 1:02:30 --end 1:02:34 --json
  cliploop encode --width 320 -- -odd-name.mp4 -odd-name.gif

exit codes: 0 all outputs were made; 1 the work failed; 2 the command has to be changed; 130 stopped by Ctrl-C
"""


@dataclass(frozen=True)
class Wanted:
    """One output that is asked for.

    Attributes:
        name: as it was written.
    """

    name: str
    template: Template

    @property
    def path(self) -> Path:
        """Where the image goes; behind a link, where that leads."""
        return Path(self.name).resolve()


@dataclass(frozen=True)
class Order:
    """What ``cliploop encode`` is asked for.

    Attributes:
        source: a path or an http(s) address, as it was written.
        json: whether a report goes to stdout.
        overwrite: whether outputs that exist are replaced.
        verbose: whether an error comes with its details.
    """

    source: str
    outputs: tuple[Wanted, ...]
    section: Section
    json: bool = False
    overwrite: bool = False
    verbose: bool = False


def read_words(words: Sequence[str]) -> Order:
    """The order that the words after ``cliploop`` give. Help and version are printed, and end the program.

    Raises:
        InvalidRequestError: saying what to change.
    """
    command = _top().parse_args(words[:1] or ["--help"]).command
    if command != _COMMANDS[0]:
        raise InvalidRequestError(
            "COMMAND", f"{command} is not for this machine's own files; run: cliploop {command}"
        )
    # After "--" there are only names, whatever they begin with.
    rest = list(words[1:])
    cut = rest.index("--") if "--" in rest else len(rest)
    options = _encode().parse_intermixed_args(rest[:cut])
    source, *names = [*options.names, *rest[cut + 1 :]] or [""]
    if not source or not names:
        raise InvalidRequestError(
            "OUTPUT", "Name an input and at least one output, as in: cliploop encode a.mp4 a.gif"
        )
    if "://" in source and not source.lower().startswith(("http://", "https://")):
        raise InvalidRequestError("INPUT", "Only files on this machine and http(s) addresses can be read.")
    return Order(
        source=source,
        outputs=tuple(Wanted(name, _template(name, options)) for name in names),
        section=_section(options.start, options.end),
        json=options.json,
        overwrite=options.overwrite,
        verbose=options.verbose,
    )


def _top() -> Parser:
    parser = Parser(
        prog="cliploop",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"cliploop {__version__}")
    parser.add_argument("command", choices=_COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS)
    return parser


def _encode() -> Parser:
    parser = Parser(
        prog="cliploop encode",
        usage="cliploop encode INPUT OUTPUT [OUTPUT ...] [options]",
        description="Make images of a section of a video, all of them from one decode.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("names", nargs="*", metavar="INPUT OUTPUT", help="a video; images to make, .gif or .webp")
    side = _whole(2, Limits.side)
    of_section = parser.add_argument_group("section")
    of_section.add_argument("--start", type=_milliseconds, default=0, metavar="S", help="2.5 or 1:02:03.5; default 0")
    of_section.add_argument("--end", type=_milliseconds, metavar="S", help="likewise; default the video's end")
    look = parser.add_argument_group("look")
    look.add_argument("--width", type=side, default=0, metavar="W", help="pixels; default in proportion, or as it is")
    look.add_argument("--height", type=side, default=0, metavar="H", help="likewise")
    look.add_argument("--fps", type=_rate, default=_DEFAULT.fps, metavar="F", help="frames a second; default 12")
    quality = _DEFAULT.quality
    look.add_argument("--quality", type=_whole(1, 100), default=quality, metavar="Q", help="1 to 100; default 75")
    _add_of_gif(parser)
    look.add_argument("--upscale", action="store_true", help="allow images larger than the video")
    look.add_argument(
        "--loop", type=_whole(0, _MOST_LOOPS), default=0, metavar="N", help="times to play; default 0: on"
    )
    _add_of_the_run(parser)
    return parser


def _add_of_gif(parser: argparse.ArgumentParser) -> None:
    gif = parser.add_argument_group("GIF only, each in place of what the quality says")
    gif.add_argument("--colors", type=_whole(2, 255), metavar="N", help="at most so many a frame, 2 to 255")
    gif.add_argument(
        "--hold",
        type=_whole(0, 800),
        metavar="PERCENT",
        help="how readily a pixel is left as it stands: 0 only where nothing changed, 100 as at quality 75, to 800",
    )
    gif.add_argument(
        "--dither",
        type=_whole(0, 255),
        metavar="CODES",
        help="mix two colours where one is off by so many codes of 255; 0 never; default 3",
    )


def _add_of_the_run(parser: argparse.ArgumentParser) -> None:
    of_run = parser.add_argument_group("run")
    of_run.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    of_run.add_argument("--json", action="store_true", help="print a report to stdout")
    of_run.add_argument("--verbose", action="store_true", help="print an error's details too")


def _template(name: str, options: argparse.Namespace) -> Template:
    suffix = Path(name).suffix
    if suffix.lower() not in _FORMATS:
        raise InvalidRequestError(
            "OUTPUT", f"The output {name!a} has to end in .gif or .webp; that chooses the format."
        )
    tuning = GifTuning(options.colors, options.hold, options.dither)
    return Template(
        definition=_DEFAULT.definition,
        format=_FORMATS[suffix.lower()],
        width=options.width,
        height=options.height,
        fps=options.fps,
        quality=options.quality,
        loop=options.loop,
        may_upscale=options.upscale,
        gif=tuning if tuning != GifTuning() else None,
    )


def _section(start_ms: int, end_ms: int | None) -> Section:
    if end_ms is None:
        return Section(start_ms)
    if end_ms <= start_ms:
        raise InvalidRequestError("--end", "--end has to lie after --start; leave it out for the video's end.")
    return Section(start_ms, end_ms)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"give a whole number from {low} to {high}, not {text!a}")
        return int(text)

    return read


def _milliseconds(text: str) -> int:
    found = _TIME.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"give seconds from 0 up, as 2.5 or 1:02:03.5, not {text!a}")
    minutes = int(found["h"] or 0) * 60 + int(found["m"] or 0)
    return round((minutes * 60 + Fraction(found["s"])) * 1000)


def _rate(text: str) -> Fraction:
    number, _, divisor = text.partition("/")
    if _RATE.fullmatch(text) and int(divisor or 1):
        rate = Fraction(number) / int(divisor or 1)
        if _SLOWEST <= rate <= _FASTEST:
            return rate
    raise argparse.ArgumentTypeError(f"give frames a second from 0.1 to 240, as 12 or 30000/1001, not {text!a}")
