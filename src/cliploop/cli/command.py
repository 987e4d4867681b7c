"""The command ``cliploop``, from its words to its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cliploop.cli.arguments import Order, read_words
from cliploop.cli.ending import Interrupted, interruptible
from cliploop.cli.targets import check_source, check_targets
from cliploop.cli.wording import line, sentence, shown
from cliploop.domain.errors import CliploopError, InvalidRequestError

#: Exit codes: the command has to be changed; the work could not be done. 128 and a signal's number after that.
_USAGE, _FAILED = 2, 1


def main(words: Sequence[str] | None = None) -> int:
    """Do what the words after ``cliploop`` say, and return the exit code."""
    order: Order | None = None
    try:
        order = read_words(sys.argv[1:] if words is None else words)
        with interruptible():
            return _encode(order)
    except Interrupted as interruption:
        _tell("cliploop: stopped; what was not finished was not written.")
        return 128 + interruption.number
    except CliploopError as error:
        source = order.source if order else ""
        _tell(f"cliploop: {sentence(error, source)}")
        if order and order.verbose:
            _tell(error.log_text)
        return _USAGE if isinstance(error, InvalidRequestError) else _FAILED


def _encode(order: Order) -> int:
    check_source(order.source)
    check_targets(order)
    # NumPy's products are small here, and its other threads would only spin on the processors that decode.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # NumPy, Pillow and what runs ffmpeg are loaded when there is something to do; a wrong word is told without them.
    from cliploop.cli.encode import Failed, encode  # noqa: PLC0415

    done = encode(order, sys.stderr)
    for result in done.results:
        if isinstance(result, Failed):
            which = f"{shown(result.wanted.name)}: " if len(order.outputs) > 1 else ""
            _tell(f"cliploop: {which}{sentence(result.error, order.source)}")
            if order.verbose:
                _tell(result.error.log_text)
        else:
            _tell(line(result.wanted.name, result.image))
    if order.json:
        from cliploop.cli.report import written  # noqa: PLC0415

        print(written(order, done))  # noqa: T201
    return _FAILED if any(isinstance(result, Failed) for result in done.results) else 0


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
