"""Who may know whom, and what a door costs to open."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_LOADED = """
import json, os, sys
sys.path[:0] = [{house!r}, {door!r}]
before = set(os.environ)
import app
from cliploop import bootstrap
assert set(os.environ) == before
getattr(bootstrap, {name!r})
print(json.dumps(sorted(sys.modules)))
"""


def modules_of(door: str) -> set[str]:
    """Every module that is loaded once a door has been imported, in an interpreter of its own."""
    script = _LOADED.format(house=str(ROOT / "src"), door=str(ROOT / "functions" / door), name=door)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env={})
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "door", ["on_upload", "on_task_change", "send_callback", "query_tasks", "manage_tasks", "sweep"]
)
def test_importing_a_door_loads_no_client_and_no_image_library(door: str) -> None:
    roots = {module.partition(".")[0] for module in modules_of(door)}
    assert not roots & {"boto3", "numpy", "PIL", "imageio_ffmpeg", "aws_xray_sdk"}


_OPENED = """
import json, sys
sys.path[:0] = [{house!r}, {door!r}]
import app
from cliploop import bootstrap
bootstrap.{name}()
print(json.dumps(sorted(sys.modules)))
"""

_ENVIRONMENT = {
    "AWS_REGION": "eu-north-1",
    "AWS_DEFAULT_REGION": "eu-north-1",
    "CLIPLOOP_PROJECT_ID": "0" * 32,
    "CLIPLOOP_APP_ID": "1",
    "CLIPLOOP_TASKS_TABLE": "t",
    "CLIPLOOP_RETENTION_DAYS": "30",
    "CLIPLOOP_MAX_FRAMES": "6000",
    "CLIPLOOP_MAX_PIXELS": "8000000000",
    "CLIPLOOP_MAX_OUTPUT_BYTES": "536870912",
    "CLIPLOOP_MAX_SOURCE_PIXELS": "37748736",
    "CLIPLOOP_MAX_OPEN_TASKS": "0",
    "CLIPLOOP_MAX_OPEN_SECONDS": "0",
    "CLIPLOOP_MAX_OPEN_PIXELS": "0",
    "CLIPLOOP_EVENT_BUS": "b",
    "CLIPLOOP_CATALOG_TABLE": "c",
    "CLIPLOOP_CALLBACKS_QUEUE_URL": "https://sqs.eu-north-1.amazonaws.com/1/callbacks",
    "CLIPLOOP_CALLBACKS_QUEUE_ARN": "arn:aws:sqs:eu-north-1:1:callbacks",
    "CLIPLOOP_CALLBACKS_DEAD_LETTERS_URL": "https://sqs.eu-north-1.amazonaws.com/1/callbacks-dead-letters",
    "CLIPLOOP_CALLBACK_KEYS_SECRET_ARN": "arn:aws:secretsmanager:eu-north-1:1:secret:callback-keys",
    "CLIPLOOP_WORK_QUEUE_URL": "https://sqs.eu-north-1.amazonaws.com/1/work",
    "CLIPLOOP_UPLOAD_BUCKET": "uploads",
    "CLIPLOOP_UPLOAD_GRANT_ROLE_ARN": "arn:aws:iam::1:role/grant",
    "CLIPLOOP_ACCESS_KEYS_SECRET_ARN": "arn:aws:secretsmanager:eu-north-1:1:secret:keys",
    "CLIPLOOP_ALLOWED_PRIVATE_TARGETS": "",
    "CLIPLOOP_MAX_UPLOAD_BYTES": "1",
    "CLIPLOOP_SIGNING_HOSTS": "",
    "CLIPLOOP_APPLICATION_IDS": "",
    "CLIPLOOP_OUTPUT_BUCKET": "outputs",
    "CLIPLOOP_PUBLIC_BASE_URL": "",
}


@pytest.mark.parametrize("door", ["query_tasks", "on_task_change", "send_callback", "manage_tasks", "sweep"])
def test_a_door_that_encodes_nothing_never_loads_what_encodes(door: str) -> None:
    script = _OPENED.format(house=str(ROOT / "src"), door=str(ROOT / "functions" / door), name=door)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=_ENVIRONMENT
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert not {module.partition(".")[0] for module in loaded} & {"numpy", "PIL", "imageio_ffmpeg", "aws_xray_sdk"}
    assert not {module for module in loaded if module.startswith("cliploop.adapters.ffmpeg")}
    if door not in {"manage_tasks", "sweep"}:  # which look at uploads, and remove outputs
        assert not {module for module in loaded if module.startswith("cliploop.adapters.s3")}


def test_the_import_contract_holds() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
