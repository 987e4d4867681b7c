"""A function as Lambda runs it: AWS's runtime interface emulator and client around it, its layer at /opt.

The emulator (RIE) comes with the SAM CLI, the client is `awslambdaric`. A mount namespace gives the function an /opt
of its own; a process namespace ends everything in it together with its first process.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from local.engine import function_python
from local.package import this_machine

START_TIMEOUT_S = 30
INVOCATION_TIMEOUT_S = 120

_NAMESPACES = ("--map-root-user", "--mount", "--pid", "--fork", "--kill-child")
_LAYER_AT_OPT = 'mount --bind "$1" /opt && shift && exec "$@"'
# What lies in /var/runtime on Lambda, besides boto3.
_CLIENT = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
# Read by every interpreter at its start: notes which programs it starts.
_WATCH = """
import sys

def note(event, words):
    if event == "subprocess.Popen":
        with open({programs!r}, "a") as programs:
            programs.write(str(words[0]) + "\\n")

sys.addaudithook(note)
"""


class InvocationError(Exception):
    """The function failed. RIE answers 200 all the same; the body says it."""


@dataclass(frozen=True)
class Runtime:
    """A function that waits for events."""

    address: str
    folder: Path

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """The function's answer."""
        request = urllib.request.Request(  # noqa: S310
            f"{self.address}/2015-03-31/functions/function/invocations", json.dumps(event).encode()
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=INVOCATION_TIMEOUT_S) as reply:
            text = reply.read().decode()
        try:
            answer = json.loads(text)
        except ValueError:  # "Task timed out after …"
            raise InvocationError(f"{text}\n{self.said()}") from None
        if isinstance(answer, dict) and "errorType" in answer:
            raise InvocationError(f"{text}\n{self.said()}")
        return answer

    def said(self) -> str:
        """The log of the runtime and of the function."""
        return (self.folder / "log").read_text(errors="replace")

    def programs(self) -> list[str]:
        """The path of every program that the function started until now."""
        return (self.folder / "programs").read_text().splitlines()


def why_impossible(layer: Path) -> str:
    """What this machine says when a layer is to be at /opt; nothing if it can be."""
    if not shutil.which("unshare"):
        return "there is no unshare (util-linux)"
    # The interpreter may itself live in /opt.
    trial = subprocess.run(
        _at_opt(layer, [str(function_python()), "-c", ""]), capture_output=True, text=True, check=False
    )
    return trial.stderr.strip() or f"exit status {trial.returncode}" if trial.returncode else ""


@contextmanager
def running(
    package: Path, layer: Path, configuration: Mapping[str, Any], env: Mapping[str, str], folder: Path
) -> Iterator[Runtime]:
    """A package with its layer, configured as Lambda's `GetFunctionConfiguration` says; `env` is added to that.

    `folder` is its place for everything: temporary files, the log, what it started.
    """
    (folder / "tmp").mkdir()
    (folder / "programs").touch()
    with _free_port() as port, _free_port() as other:
        addresses = [f"127.0.0.1:{port}", f"127.0.0.1:{other}"]
    emulator = [
        str(_emulator()),
        *("--runtime-interface-emulator-address", addresses[0], "--runtime-api-address", addresses[1]),
        *(str(function_python()), "-m", "awslambdaric", configuration["Handler"]),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            _at_opt(layer, emulator),
            cwd=package,
            env={**_environment(package, configuration, folder), **env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_listening(process, port, folder)
        yield Runtime(f"http://{addresses[0]}", folder)
    finally:
        process.kill()
        process.wait()


def _at_opt(layer: Path, words: list[str]) -> list[str]:
    return ["unshare", *_NAMESPACES, "sh", "-c", _LAYER_AT_OPT, "sh", str(layer), *words]


def _environment(package: Path, configuration: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "TMPDIR": str(folder / "tmp"),
        "PYTHONPATH": str(_client(folder)),
        "LAMBDA_TASK_ROOT": str(package),
        "AWS_LAMBDA_FUNCTION_NAME": configuration["FunctionName"],
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(configuration["Timeout"]),
        **configuration["Environment"]["Variables"],
    }


def _client(folder: Path) -> Path:
    """A folder with the runtime interface client, and nothing else that is installed here."""
    runtime = folder / "runtime"
    runtime.mkdir()
    for name in _CLIENT:
        found = find_spec(name)
        assert found is not None, f"{name} is not installed"
        source = Path(str(found.origin))
        source = source.parent if source.name == "__init__.py" else source
        (runtime / source.name).symlink_to(source)
    (runtime / "sitecustomize.py").write_text(_WATCH.format(programs=str(folder / "programs")))
    return runtime


def _emulator() -> Path:
    found = find_spec("samcli")
    assert found is not None, "aws-sam-cli is not installed"
    return Path(str(found.origin)).parent / "local" / "rapid" / f"aws-lambda-rie-{this_machine().architecture}"


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"the emulator does not listen:\n{(folder / 'log').read_text(errors='replace')}")


@contextmanager
def _free_port() -> Iterator[int]:
    """A port that nobody has; it is kept until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held.getsockname()[1]
