"""What the command loads: no AWS ever, and what encodes only when there is something to encode."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cliploop import __version__

ROOT = Path(__file__).parents[3]

_RUN = """
import json, sys
sys.path.insert(0, {house!r})
from cliploop.__main__ import main
try:
    main({words!r})
except SystemExit:
    pass
print("\\n" + json.dumps(sorted(sys.modules)))
"""
AWS = {"boto3", "botocore", "aws_lambda_powertools"}
HEAVY = {"numpy", "PIL", "imageio_ffmpeg", "ssl"}


def modules_of(words: list[str]) -> set[str]:
    script = _RUN.format(house=str(ROOT / "src"), words=words)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env={})
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("words", [["--version"], ["encode", "--help"], ["encode", "gone.mp4", "out.gif"]])
def test_what_encodes_nothing_loads_nothing_that_encodes(words: list[str]) -> None:
    modules = modules_of(words)
    assert not {module.partition(".")[0] for module in modules} & (AWS | HEAVY)
    assert not {module for module in modules if module.startswith(("cliploop.adapters", "cliploop.bootstrap"))}


def test_the_engine_itself_loads_no_aws(tmp_path: Path) -> None:
    source = tmp_path / "no-video.mp4"
    source.write_bytes(b"no video")
    modules = modules_of(["encode", str(source), str(tmp_path / "out.gif"), "--json"])
    assert "cliploop.adapters.ffmpeg.encode" in modules
    assert not {module.partition(".")[0] for module in modules} & AWS
    assert not {module for module in modules if module.startswith(("cliploop.bootstrap", "cliploop.settings"))}


def test_the_package_names_the_command_and_its_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert project["scripts"] == {"cliploop": "cliploop.__main__:main"}
