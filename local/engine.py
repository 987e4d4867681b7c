from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local import served_bytes
from local.stack import ACCESS_KEY_ID, REGION, ROOT, SECRET_ACCESS_KEY, STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

_LAUNCHER = "local.engine_launcher"
_START_TIMEOUT_S = 30
_STOP_TIMEOUT_S = 5
# What the Lambda runtime brings to every Python function, besides the standard library.
_IN_THE_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")


class EngineError(Exception):
    """The embedded AWS engine does not run; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine: its AWS endpoint, and the API's own address (which answers once a stack is deployed)."""

    endpoint: str
    front_door: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> Path:
        """What the engine and the functions wrote."""
        return self.folder / "engine.log"

    def served_bytes(self) -> dict[str, int]:
        """Bytes that S3 sent until now, per `bucket/key`."""
        counts: dict[str, int] = _get_json(self.endpoint + served_bytes.PATH)["objects"]
        return counts


@contextmanager
def running() -> Iterator[Engine]:
    """An engine of one's own, for as long as the block lasts."""
    engine = start()
    try:
        yield engine
    finally:
        stop(engine)


def start() -> Engine:
    """Start the engine on free ports of 127.0.0.1 with a folder of its own, and wait until it answers."""
    stop_stale_runs()
    folder = STATE / f"run-{os.getpid()}-{time.time_ns()}"
    (folder / "tmp").mkdir(parents=True)
    port, front_port = free_ports(2)
    with (folder / "engine.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", _LAUNCHER],
            cwd=ROOT,
            env=_environment(folder, port, front_port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (folder / "engine.json").write_text(json.dumps({"pid": process.pid, "owner": os.getpid()}))
    engine = Engine(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{front_port}", folder, process)
    try:
        _wait_until_ready(engine)
    except BaseException:
        stop(engine, keep_log=True)
        raise
    return engine


def stop(engine: Engine, *, keep_log: bool = False) -> None:
    """End the engine and its functions, and delete its folder."""
    _end_group(engine.process.pid, engine.process)
    if keep_log:
        shutil.copy(engine.log, STATE / "engine.log")
    shutil.rmtree(engine.folder, ignore_errors=True)


def stop_stale_runs() -> None:
    """End engines whose owners are gone, for example after a `kill -9`, and delete their folders."""
    for folder in STATE.glob("run-*"):
        try:
            run = json.loads((folder / "engine.json").read_text())
        except (OSError, ValueError):
            run = {"pid": 0, "owner": int(folder.name.split("-")[1])}
        if _is_alive(run["owner"]):
            continue
        if run["pid"] and _is_ours(run["pid"]):
            _end_group(run["pid"])
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path, port: int, front_port: int) -> dict[str, str]:
    """Nothing of the caller's environment but where programs are: no proxy, no AWS profile, no PYTHONPATH."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "GATEWAY_PORT": str(port),
        "FRONT_DOOR_PORT": str(front_port),
        "FUNCTION_PYTHON": str(function_python()),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AUTH": "true",  # roles, policies and signatures are enforced
        "LAMBDA_STRICT": "0",
        "PERSIST_STATE": "0",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",  # it would look for containers to clean up
        "SAM_CLI_TELEMETRY": "0",
    }


def function_python() -> Path:
    """The functions' interpreter: this one, with boto3 and nothing else that is installed here.

    So a library that is missing in a function's package is missing here as it would be on Lambda.
    """
    home = STATE / f"function-python{sys.version_info[0]}.{sys.version_info[1]}"
    python = home / "bin" / "python"
    site = home / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    if not python.exists() or not (site / "six.py").exists():
        venv.create(home, clear=True, symlinks=True)
        for name in _IN_THE_RUNTIME:
            source = Path(str(import_module(name).__file__))
            source = source.parent if source.name == "__init__.py" else source
            (site / source.name).symlink_to(source)
    return python


def _wait_until_ready(engine: Engine) -> None:
    end = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < end:
        if engine.process.poll() is not None:
            raise EngineError(f"The AWS engine ended at once. Its last words:\n{_tail(engine.log)}")
        with suppress(OSError, ValueError):  # or somebody else took the port meanwhile, and answers
            if _get_json(engine.endpoint + served_bytes.PATH).get("engine") == engine.process.pid:
                return
        time.sleep(0.05)
    raise EngineError(f"The AWS engine did not answer within {_START_TIMEOUT_S} s:\n{_tail(engine.log)}")


def _end_group(pid: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """SIGTERM, then SIGKILL, for the engine and every function process."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, kind)
        if _is_over(pid, process):
            break
    with suppress(ProcessLookupError, PermissionError):  # functions that outlived the engine
        os.killpg(pid, signal.SIGKILL)


def _is_over(pid: int, process: subprocess.Popen[bytes] | None) -> bool:
    end = time.monotonic() + _STOP_TIMEOUT_S
    while time.monotonic() < end:
        if (process.poll() is not None) if process else not _is_alive(pid):
            return True
        time.sleep(0.02)
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_ours(pid: int) -> bool:
    """A process id may have been given to somebody else meanwhile."""
    try:
        return _LAUNCHER.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def free_ports(count: int) -> list[int]:
    """Ports that nobody has now, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _get_json(url: str) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as reply:
        return json.loads(reply.read())


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
