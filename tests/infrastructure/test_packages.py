"""The packages that go to Lambda, built as `sam build` builds them, for both processors."""

from __future__ import annotations

import compileall
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from local.package import Target, artifacts, build_all, this_machine
from local.stack import ROOT

pytestmark = pytest.mark.infra

LIMIT = 240 * 1024 * 1024  # Lambda's is 250 MiB for a function and its layers; the rest is for tomorrow
RUNTIME = "python3.13"
ELF_MACHINE = {"x86_64": 62, "arm64": 183}  # e_machine


@cache
def built(architecture: str) -> dict[str, Path]:
    """The packages' folders by their names in the template; from the cache of builds where nothing has changed."""
    folders = build_all(Target(RUNTIME, architecture))
    return {artifact.resource: folder for artifact, folder in folders.items()}


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def machines(folder: Path) -> set[int]:
    """What the programs and libraries in a folder are made for."""
    heads = (file.read_bytes()[:20] for file in folder.rglob("*") if file.is_file())
    return {int.from_bytes(head[18:20], "little") for head in heads if head[:4] == b"\x7fELF"}


def compiled_size(folder: Path, scratch: Path) -> int:
    """The size with .pyc files, even where no interpreter of the target's version could make them."""
    if any(folder.rglob("*.pyc")):
        return size(folder)
    copy = scratch / folder.name
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.so", "*.so.*"))
    assert compileall.compile_dir(copy, quiet=2)
    return size(folder) + sum(file.stat().st_size for file in copy.rglob("*.pyc"))


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_each_function_with_its_layer_fits_into_lambda(architecture: str, tmp_path: Path) -> None:
    packages = built(architecture)
    layer = size(packages["FfmpegLayer"])
    sizes = {
        name: compiled_size(folder, tmp_path) + (layer if name == "OnUploadFunction" else 0)
        for name, folder in packages.items()
        if name != "FfmpegLayer"
    }
    assert len(sizes) == 6
    assert max(sizes.values()) <= LIMIT, sizes


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_binaries_are_for_the_processor_that_was_asked_for(architecture: str) -> None:
    packages = built(architecture)
    assert machines(packages["FfmpegLayer"]) == {ELF_MACHINE[architecture]}
    assert machines(packages["OnUploadFunction"]) == {ELF_MACHINE[architecture]}


def test_the_layer_holds_an_executable_and_its_licences() -> None:
    layer = built("x86_64")["FfmpegLayer"]
    files = {str(file.relative_to(layer)) for file in layer.rglob("*") if file.is_file()}
    assert files == {"bin/ffmpeg", "licenses/GPL-3.0.txt", "licenses/imageio-ffmpeg.txt"}
    assert (layer / "bin" / "ffmpeg").stat().st_mode & 0o111 == 0o111


def test_a_function_carries_only_the_libraries_that_it_needs() -> None:
    packages = built("x86_64")
    for name in ("OnTaskChangeFunction", "QueryTasksFunction", "SweepFunction"):
        top = {each.name for each in packages[name].iterdir() if each.is_dir() and "dist-info" not in each.name}
        assert top - {"__pycache__"} == {"aws_lambda_powertools", "cliploop", "jmespath"}
    upload = {each.name for each in packages["OnUploadFunction"].iterdir()}
    assert {"PIL", "numpy", "aws_lambda_powertools", "cliploop", "app.py"} <= upload
    assert "boto3" not in upload
    assert not (packages["OnUploadFunction"] / "cliploop" / "testing").exists()


@pytest.mark.parametrize("package", ["OnUploadFunction", "OnTaskChangeFunction", "QueryTasksFunction"])
def test_a_door_opens_with_nothing_but_its_package_and_boto3(package: str) -> None:
    from local.engine import function_python  # noqa: PLC0415

    here = {artifact.resource: folder for artifact, folder in build_all(this_machine()).items()}
    run = subprocess.run(
        [str(function_python()), "-c", "import app; print(app.handler.__name__)"],
        cwd=here[package],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_pyc_files_are_made_for_the_interpreter_at_hand() -> None:
    here = {artifact.resource: folder for artifact, folder in build_all(this_machine()).items()}
    tag = f"cpython-{sys.version_info[0]}{sys.version_info[1]}"
    compiled = list((here["QueryTasksFunction"] / "cliploop").rglob("*.pyc"))
    assert compiled
    assert all(tag in file.name for file in compiled)


def test_functions_take_the_versions_that_the_tests_use() -> None:
    lock = set((ROOT / "requirements.lock").read_text().splitlines())
    for artifact in artifacts():
        pins = [
            line
            for line in (artifact.folder / "requirements.txt").read_text().splitlines()
            if "==" in line and not line.startswith("#")
        ]
        assert pins
        assert set(pins) <= lock
