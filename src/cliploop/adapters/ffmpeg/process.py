"""One run of ffmpeg inside limits: a session of its own, bounded memory, time, files and words, and a sure end."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from cliploop.domain.deadline import Deadline

#: Address space, which is far more than ffmpeg touches: it maps 172 MB of itself and stacks for its threads.
_ADDRESS_SPACE = 8 * 1024**3
_OPEN_FILES = 256
#: What is kept of its words: the beginning (a banner) and the end (the error).
_HEAD, _TAIL = 256 * 1024, 16 * 1024
#: How often a wait looks up to check the deadline.
_GLANCE_S = 0.1


class Run:
    """A running ffmpeg. Leaving the context kills it, whatever happened.

    It inherits no descriptor but those in ``pass_fds``, no environment and no terminal, and works in ``folder``.
    """

    def __init__(
        self, words: Sequence[str], *, folder: Path, deadline: Deadline, pass_fds: Sequence[int] = ()
    ) -> None:
        self._deadline = deadline
        self._process = subprocess.Popen(
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={"LC_ALL": "C", "HOME": str(folder), "TMPDIR": str(folder)},
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
        _limit(self._process.pid, deadline)
        self._stderr = _Words(self._process.stderr)
        self._stdout = _Words(self._process.stdout)

    @property
    def exit_code(self) -> int | None:
        """ffmpeg's, None while it runs, negative when it was killed."""
        return self._process.poll()

    def wait(self, each_glance: Callable[[], None] = lambda: None) -> int:
        """Wait for its end, and return its exit code.

        Raises:
            CliploopError: DEADLINE_EXCEEDED; it is killed then.
        """
        while True:
            try:
                return self._process.wait(_GLANCE_S)
            except subprocess.TimeoutExpired:
                self._deadline.check()
                each_glance()

    def stderr(self) -> str:
        """Its complaints, after its end."""
        return self._stderr.text()

    def stdout(self) -> str:
        """Its answers, after its end."""
        return self._stdout.text()

    def kill(self) -> None:
        """End it and whatever it started, now."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._stderr.text()
        self._stdout.text()


class _Words:
    """Reads a pipe to its end on a thread, so that the writer never blocks, and keeps a bounded part."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._pipe = pipe
        self._head, self._tail = bytearray(), bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def text(self) -> str:
        self._thread.join()
        cut = b"\n[...]\n" if self._tail else b""
        return bytes(self._head + cut + self._tail).decode("utf-8", "replace")

    def _read(self) -> None:
        if self._pipe is None:
            return
        with self._pipe as pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                room = _HEAD - len(self._head)
                self._head += chunk[:room]
                self._tail = (self._tail + chunk[room:])[-_TAIL:]


def _limit(pid: int, deadline: Deadline) -> None:
    # From outside: a function that runs between fork and exec may deadlock in a process that has threads.
    processors = os.cpu_count() or 1
    limits = {
        resource.RLIMIT_AS: _ADDRESS_SPACE,
        resource.RLIMIT_CPU: int(deadline.remaining_s() * processors) + 5,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,  # it writes to pipes only
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    try:
        for kind, value in limits.items():
            resource.prlimit(pid, kind, (value, value))
    except ProcessLookupError:
        pass  # it has ended already
