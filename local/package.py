"""The packages that `sam build` would make, made by the same makefiles, for the interpreter and processor at hand."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from local.stack import ROOT

TEMPLATE = ROOT / "infra" / "template.yaml"
BUILD = ROOT / ".build"

# `CodeUri: ../functions/on_upload` and the name of the resource it stands in.
_SOURCE = re.compile(r"^ {6}(?:CodeUri|ContentUri): (\.\./\S+)$", re.MULTILINE)
_RESOURCE = re.compile(r"^ {2}(\w+):$", re.MULTILINE)


class BuildError(Exception):
    """A package could not be made; the message carries what the build said."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the packages are made for."""

    runtime: str  # "python3.13"
    architecture: str  # "arm64" or "x86_64", Lambda's words


@dataclass(frozen=True, slots=True)
class Artifact:
    """A resource of the template whose code is built: `uri` is how the template names its folder."""

    resource: str
    uri: str

    @property
    def folder(self) -> Path:
        """The source."""
        return (TEMPLATE.parent / self.uri).resolve()

    @property
    def is_layer(self) -> bool:
        """Layers hold no code of ours, and a binary that does not compress in reasonable time."""
        return self.folder.parent.name == "layers"


def this_machine() -> Target:
    """The target that runs here: the engine executes functions on this very interpreter."""
    machine = platform.machine().lower()
    architecture = "arm64" if machine in ("arm64", "aarch64") else "x86_64"
    return Target(f"python{sys.version_info[0]}.{sys.version_info[1]}", architecture)


def artifacts() -> list[Artifact]:
    """What the template wants built."""
    text = TEMPLATE.read_text()
    owner = {found.start(): found[1] for found in _RESOURCE.finditer(text)}
    return [
        Artifact(owner[max(start for start in owner if start < found.start())], found[1])
        for found in _SOURCE.finditer(text)
    ]


def build_all(target: Target) -> dict[Artifact, Path]:
    """Build what has changed since the last time, all at once; the folder of each."""
    wanted = artifacts()
    with ThreadPoolExecutor(len(wanted)) as pool:
        return dict(zip(wanted, pool.map(lambda artifact: build(artifact, target), wanted), strict=True))


def build(artifact: Artifact, target: Target) -> Path:
    """The folder of a package, from an earlier build of the same inputs if there is one."""
    family = BUILD / f"{target.runtime}-{target.architecture}"
    folder = family / f"{artifact.resource}-{_digest_of_inputs(artifact, target)}"
    if not folder.exists():
        scratch = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(scratch, ignore_errors=True)
        _make(artifact, target, scratch)
        _forget_older(family, artifact)
        with suppress(OSError):  # another process built the same meanwhile
            scratch.rename(folder)
        shutil.rmtree(scratch, ignore_errors=True)
    os.utime(folder)
    return folder


def zip_folder(folder: Path, *, compress: bool) -> Path:
    """The package as Lambda takes it, with file modes and without times (the same content is the same file)."""
    path = folder.with_name(folder.name + ".zip")
    if path.exists():
        return path
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(scratch, "w", method, compresslevel=1) as archive:
        for file in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), (2020, 1, 1, 0, 0, 0))
            entry.external_attr = file.stat().st_mode << 16
            entry.compress_type = method
            archive.writestr(entry, file.read_bytes())
    scratch.rename(path)
    return path


def _make(artifact: Artifact, target: Target, folder: Path) -> None:
    done = subprocess.run(
        [
            _make_program(),
            "--no-print-directory",
            "--directory",
            str(artifact.folder),
            "--makefile",
            str(artifact.folder / "Makefile"),
            f"build-{artifact.resource}",
            f"ARTIFACTS_DIR={folder}",
            f"ARCH={target.architecture}",
            f"RUNTIME={target.runtime}",
            f"PYTHON={sys.executable}",
        ],
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise BuildError(f"{artifact.resource} was not built:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def _make_program() -> str:
    make = shutil.which("make")
    if make is None:
        raise BuildError("There is no 'make' on PATH. Install it (Debian: apt install make).")
    return make


def _digest_of_inputs(artifact: Artifact, target: Target) -> str:
    files = [*artifact.folder.rglob("*"), artifact.folder.parent / "package.mk"]
    if not artifact.is_layer:
        files += (ROOT / "src").rglob("*")
    digest = hashlib.sha256(repr(target).encode())
    for file in sorted(each for each in files if each.is_file() and each.suffix != ".pyc"):
        digest.update(f"{file.relative_to(ROOT)}\0{file.stat().st_mode}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _forget_older(family: Path, artifact: Artifact) -> None:
    """Delete builds that nobody has used for an hour: another run may be using the one before this."""
    for older in family.glob(f"{artifact.resource}-*"):
        if older.stat().st_mtime > time.time() - 3600:
            continue
        if older.is_dir():
            shutil.rmtree(older, ignore_errors=True)
        else:
            older.unlink(missing_ok=True)
