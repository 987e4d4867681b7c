"""The engine's process: ministack, plus what it lacks of Lambda. Started by `local.engine`, never imported by it.

Lambda unpacks layers under /opt with their file modes, has /opt/bin on PATH, and gives a function its package, its
layers and boto3. ministack drops the modes, knows no /opt, and runs functions on its own interpreter with all that is
installed there, where a library forgotten in a package would go unnoticed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as engine
from ministack.core import lambda_runtime

from local.front_door import with_front_door
from local.served_bytes import with_served_bytes

# Put before the engine's worker script, which runs in the function's process.
_LAYERS_ON_PATH = """
import os
_layers = [d for d in os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep) if d]
os.environ["PATH"] = os.pathsep.join([os.path.join(d, "bin") for d in _layers] + [os.environ.get("PATH", "")])
"""


def main() -> None:
    """Serve until SIGTERM, or until the process that started this one is gone."""
    port, front_port = int(os.environ["GATEWAY_PORT"]), int(os.environ["FRONT_DOOR_PORT"])
    _raise_file_limit()
    _keep_modes_when_unpacking()
    _run_functions_with(os.environ["FUNCTION_PYTHON"])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    config = Config()
    config.bind = [f"127.0.0.1:{port}", f"127.0.0.1:{front_port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    app: Any = with_served_bytes(with_front_door(engine.app, front_port))
    asyncio.run(serve(app, config))


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _keep_modes_when_unpacking() -> None:
    plain = zipfile.ZipFile.extractall

    def extract_with_modes(archive: zipfile.ZipFile, path: Any = None, *rest: Any) -> None:
        plain(archive, path, *rest)
        for member in archive.infolist():
            if mode := member.external_attr >> 16 & 0o777:
                Path(path or ".", member.filename).chmod(mode)

    zipfile.ZipFile.extractall = extract_with_modes  # type: ignore[method-assign]


def _run_functions_with(python: str) -> None:
    plain = lambda_runtime._detect_runtime_binary  # noqa: SLF001

    def detect(runtime: str) -> tuple[str, str]:
        _, script = plain(runtime)
        return python, _LAYERS_ON_PATH + script

    lambda_runtime._detect_runtime_binary = detect  # noqa: SLF001


def _end_with_parent() -> None:
    """A demo that was killed outright cannot stop its engine; the engine notices."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(os.getpgrp(), signal.SIGTERM)


if __name__ == "__main__":
    main()
