"""From words to an order; what is wrong with a word is said in a sentence."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cliploop import __version__
from cliploop.cli.arguments import Order, read_words
from cliploop.cli.command import main
from cliploop.domain.errors import ErrorCode, InvalidRequestError
from cliploop.domain.section import Section
from cliploop.domain.template import ImageFormat, Template


def order(words: str) -> Order:
    return read_words(["encode", *words.split()])


def test_what_is_not_said_is_the_templates_default() -> None:
    asked = order("in.mp4 out.gif")
    assert (asked.source, asked.section) == ("in.mp4", Section())
    assert [wanted.template for wanted in asked.outputs] == [Template(0, ImageFormat.GIF)]
    assert (asked.json, asked.overwrite, asked.verbose) == (False, False, False)


def test_everything_that_can_be_said() -> None:
    asked = order(
        "in.mp4 a.gif b.WebP --start 1.5 --end 1:02:03.25 --width 320 --height 180 --fps 30000/1001 --quality 60"
        " --loop 3 --upscale --json --overwrite --verbose"
    )
    assert asked.section == Section(1500, 3_723_250)
    assert [(wanted.name, wanted.template.format) for wanted in asked.outputs] == [
        ("a.gif", ImageFormat.GIF),
        ("b.WebP", ImageFormat.WEBP),
    ]
    for wanted in asked.outputs:
        template = wanted.template
        assert (template.width, template.height, template.fps) == (320, 180, Fraction(30000, 1001))
        assert (template.quality, template.loop, template.may_upscale) == (60, 3, True)
    assert (asked.json, asked.overwrite, asked.verbose) == (True, True, True)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("2", 2000), (".5", 500), ("0.0004", 0), ("1:30", 90_000), ("90:00", 5_400_000), ("1.2345", 1234)],
)
def test_times(text: str, milliseconds: int) -> None:
    assert order(f"in.mp4 out.gif --start {text}").section.start_ms == milliseconds


def test_names_and_options_come_in_any_order() -> None:
    asked = order("--fps 5 in.mp4 --width 64 a.gif --json b.webp")
    assert (asked.source, [wanted.name for wanted in asked.outputs]) == ("in.mp4", ["a.gif", "b.webp"])


def test_after_two_dashes_there_are_only_names() -> None:
    asked = order("--width 64 -- -in.mp4 --json.gif")
    assert (asked.source, asked.outputs[0].name, asked.json) == ("-in.mp4", "--json.gif", False)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("", "Name an input and at least one output"),
        ("in.mp4", "Name an input and at least one output"),
        ("in.mp4 out.png", ".gif or .webp"),
        ("in.mp4 out", ".gif or .webp"),
        ("in.mp4 .gif", ".gif or .webp"),
        ("s3://bucket/in.mp4 out.gif", "http(s) addresses"),
        ("file:///in.mp4 out.gif", "http(s) addresses"),
        ("in.mp4 out.gif --start -1", "--start: give seconds from 0 up"),
        ("in.mp4 out.gif --start 1e3", "--start: give seconds from 0 up"),
        ("in.mp4 out.gif --start nan", "--start: give seconds from 0 up"),
        ("in.mp4 out.gif --start ٣", "--start: give seconds from 0 up"),
        ("in.mp4 out.gif --end 0", "--end has to lie after --start"),
        ("in.mp4 out.gif --start 2 --end 2", "--end has to lie after --start"),
        ("in.mp4 out.gif --width 0", "--width: give a whole number from 2 to 4096"),
        ("in.mp4 out.gif --width -1", "--width: give a whole number from 2 to 4096"),
        ("in.mp4 out.gif --height 4097", "--height: give a whole number from 2 to 4096"),
        ("in.mp4 out.gif --height 12.5", "--height: give a whole number from 2 to 4096"),
        ("in.mp4 out.gif --fps 0", "--fps: give frames a second from 0.1 to 240"),
        ("in.mp4 out.gif --fps 1/0", "--fps: give frames a second from 0.1 to 240"),
        ("in.mp4 out.gif --fps -5", "--fps: give frames a second from 0.1 to 240"),
        ("in.mp4 out.gif --fps inf", "--fps: give frames a second from 0.1 to 240"),
        ("in.mp4 out.gif --quality 0", "--quality: give a whole number from 1 to 100"),
        ("in.mp4 out.gif --quality 101", "--quality: give a whole number from 1 to 100"),
        ("in.mp4 out.gif --loop -1", "--loop: give a whole number from 0 to 65535"),
        ("in.mp4 out.gif --loop 65536", "--loop: give a whole number from 0 to 65535"),
        ("in.mp4 out.gif --width", "--width: expected one argument"),
        ("in.mp4 out.gif --colour", "unrecognized arguments: --colour"),
        ("in.mp4 out.gif --over", "unrecognized arguments: --over"),
    ],
)
def test_a_wrong_word_is_told_in_a_sentence(words: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        order(words)
    error = caught.value
    assert hint in error.caller_text
    assert (error.code, error.retryable) == (ErrorCode.REQUEST_INVALID, False)
    assert error.log_text
    assert main(["encode", *words.split()]) == 2
    assert capsys.readouterr().err.splitlines() == [f"cliploop: {error.caller_text}"]


def test_another_command_is_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode"]) == 2
    assert "choose from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "printed"),
    [(["--version"], f"cliploop {__version__}\n"), ([], "examples:"), (["--help"], "examples:")],
)
def test_help_and_version(words: list[str], printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert printed in capsys.readouterr().out


def test_the_help_of_a_command_has_examples_and_every_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["encode", "--help"])
    text = capsys.readouterr().out
    for words in ("cliploop encode https://", "default 12", "default 75", "exit codes:", "--upscale"):
        assert words in text
    default = Template(0, ImageFormat.GIF)
    assert (default.fps, default.quality) == (Fraction(12), 75)
