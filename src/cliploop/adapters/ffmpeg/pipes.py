"""Raw frames through pipes: one pipe and one reading thread for each image, so that none waits for another."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from cliploop.adapters.ffmpeg import failures
from cliploop.animation.animate import animate
from cliploop.animation.layout import Layout
from cliploop.animation.verify import verify
from cliploop.animation.writer import Frame, Picture
from cliploop.application.ports import EncodedImage, StageSeconds
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.plan import OutputPlan

#: A pipe's usual 64 KiB hold a small part of a frame; more means fewer turns. (Linux allows 1 MiB without privilege.)
_PIPE_SIZE = 1 << 20


class Stopped(Exception):  # noqa: N818
    """Somebody else's failure ended this work; nobody reads this."""


class Ending:
    """How the decoding ended, for those who have to know before they end."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._started_s = time.monotonic()
        self._is_cut = False
        self.decoding_s = 0.0
        self.stopped = threading.Event()

    def tell(self, *, is_cut: bool) -> None:
        """The decoder has ended; ``is_cut`` where the file broke off."""
        self._is_cut = is_cut
        self.decoding_s = time.monotonic() - self._started_s
        self._ended.set()

    def stop(self) -> None:
        """Somebody failed: everybody ends."""
        self.stopped.set()
        self._ended.set()

    def is_cut(self) -> bool:
        """Whether the file broke off; waits for the decoder's end, which is near where frames have run out."""
        self._ended.wait()
        return self._is_cut


class Maker:
    """Makes one image of the frames that arrive on its pipe, on a thread of its own.

    Attributes:
        plan: the image.
        writing_end: the pipe's descriptor for ffmpeg.
        received: frames that have arrived.
    """

    def __init__(self, plan: OutputPlan, path: Path, ending: Ending) -> None:
        self.plan = plan
        self._path, self._ending = path, ending
        self._reading_end, self.writing_end = os.pipe()
        _enlarge(self.writing_end)
        self.received = 0
        self._waited_s = 0.0
        self._result: EncodedImage | BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def is_short(self) -> bool:
        """Whether fewer frames came than were planned; asked after the end."""
        return self.received < self.plan.frames

    def start(self) -> None:
        """Begin reading; ffmpeg holds the writing end by now."""
        os.close(self.writing_end)
        self._thread.start()

    def is_done(self, wait_s: float) -> bool:
        """Whether it has ended, after waiting for that a little."""
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def join(self) -> None:
        """Wait for its end, whether it was started or not; ffmpeg has ended by now."""
        if self._thread.ident is not None:
            self._thread.join()
            return
        os.close(self._reading_end)
        os.close(self.writing_end)

    def result(self, no_frames: Callable[[], CliploopError]) -> EncodedImage | CliploopError:
        """The image or its error; what nobody foresaw is raised."""
        if isinstance(self._result, BaseException) and not isinstance(self._result, CliploopError):
            raise self._result
        if isinstance(self._result, EncodedImage):
            return replace(self._result, seconds=replace(self._result.seconds, decoding=self._ending.decoding_s))
        return self._result or no_frames()

    def _run(self) -> None:
        try:
            self._result = self._made()
        except OSError as error:
            self._result = _no_room(error)
        except BaseException as error:  # noqa: BLE001  # it is raised where the result is asked for
            self._result = error
        finally:
            # A pipe that nobody reads would block ffmpeg, and with it the other images.
            _drain(self._reading_end)
            os.close(self._reading_end)

    def _made(self) -> EncodedImage | None:
        started_s = time.monotonic()
        written = animate(self._frames(), self.plan, self._path, self._check, self._ending.is_cut)
        if written is None:
            return None
        written_s = time.monotonic()
        facts = verify(self._path, self.plan.format, written.settings, written.delays)
        return EncodedImage(
            path=self._path,
            size=facts.size,
            md5=facts.md5,
            width=facts.width,
            height=facts.height,
            frames=facts.frames,
            duration_ms=facts.duration_ms,
            cut_after=self.received if self.is_short and self._ending.is_cut() else None,
            seconds=StageSeconds(
                waiting=self._waited_s,
                encoding=written_s - started_s - self._waited_s,
                verifying=time.monotonic() - written_s,
            ),
        )

    def _frames(self) -> Iterator[Picture]:
        """The frames that arrive, until the pipe ends; half a frame is none. Each is valid until the next but one."""
        layout, width, height = Layout.of(self.plan), self.plan.width, self.plan.height
        pair = [np.empty(layout.size(width, height), np.uint8) for _ in range(2)]
        while self._arrived(pair[self.received % 2]):
            self.received += 1
            yield layout.picture(pair[(self.received - 1) % 2], width, height)

    def _arrived(self, frame: Frame) -> bool:
        asked_s = time.monotonic()
        try:
            return _fill(self._reading_end, frame)
        finally:
            self._waited_s += time.monotonic() - asked_s

    def _check(self) -> None:
        if self._ending.stopped.is_set():
            raise Stopped


def _fill(descriptor: int, frame: Frame) -> bool:
    rest = frame.data.cast("B")
    while rest:
        count = os.readv(descriptor, [rest])
        if not count:
            return False
        rest = rest[count:]
    return True


def _drain(descriptor: int) -> None:
    while os.read(descriptor, _PIPE_SIZE):
        pass


def _enlarge(descriptor: int) -> None:
    # It fails where the user's share of pipe memory is used up, which only costs turns.
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)


def _no_room(error: OSError) -> CliploopError:
    caller_text = "The image could not be written; the work is tried again."
    log_text = failures.scrubbed(f"writing an image: {error}")
    return CliploopError(ErrorCode.UNAVAILABLE, caller_text, log_text=log_text, retryable=True)
