"""The files that are read and written: whether they can be, and how an image gets to its place."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cliploop.cli.arguments import Order
from cliploop.cli.wording import is_remote, shown
from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError


def check_source(source: str) -> None:
    """Raise what is wrong with a local source; an address is tried by reading it."""
    if is_remote(source):
        return
    path = Path(source)
    if not path.exists():
        raise CliploopError(ErrorCode.SOURCE_NOT_FOUND, f"There is no file {shown(source)}; check its name.")
    if not path.is_file():
        raise CliploopError(ErrorCode.SOURCE_UNSUPPORTED, f"{shown(source)} is no file; name a video file.")
    if not os.access(path, os.R_OK):
        raise CliploopError(
            ErrorCode.SOURCE_FORBIDDEN, f"{shown(source)} must not be read by you; change its permissions."
        )


def check_targets(order: Order) -> None:
    """Raise what is wrong with the outputs, before any work is done.

    Raises:
        InvalidRequestError: the command has to be changed.
    """
    taken: set[Path] = set()
    for wanted in order.outputs:
        path, name = wanted.path, shown(wanted.name)
        if path in taken:
            raise _wrong(f"{name} is named twice; give each output a name of its own.")
        taken.add(path)
        if not path.parent.is_dir():
            raise _wrong(f"The folder of {name} does not exist; make it, or choose another one.")
        if path.is_dir():
            raise _wrong(f"{name} is a folder; name a file.")
        if path.exists() and not is_remote(order.source) and path.samefile(order.source):
            raise _wrong(f"{name} is the input as well; give the output another name.")
        if path.exists() and not order.overwrite:
            raise _wrong(f"{name} exists; choose another name, or replace it with --overwrite.")
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise _wrong(
                f"You may not write into the folder of {name}; change its permissions, or choose another one."
            )


@contextmanager
def scratch_beside(target: Path) -> Iterator[Path]:
    """A hidden folder beside ``target``, from where a finished file gets to its place in one step."""
    try:
        folder = tempfile.TemporaryDirectory(prefix=".cliploop-", dir=target.parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise _not_written(error) from error
    with folder as name:
        yield Path(name)


def put(image: Path, target: Path) -> None:
    """Move a finished image to its place, in one step: there is never a part of it.

    Raises:
        CliploopError: UNAVAILABLE where that fails.
    """
    try:
        try:
            image.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # Another file system: the step is made from beside the target.
            with scratch_beside(target) as folder:
                Path(shutil.copyfile(image, folder / image.name)).replace(target)
    except OSError as error:
        raise _not_written(error) from error


def _wrong(sentence: str) -> InvalidRequestError:
    return InvalidRequestError("OUTPUT", sentence)


def _not_written(error: OSError) -> CliploopError:
    return CliploopError(
        ErrorCode.UNAVAILABLE,
        f"The image could not be written ({error.strerror}); make room for it, or choose another folder.",
        log_text=f"writing an image: {error}",
        retryable=True,
    )
