"""One video through the whole of cliploop: `python -m local.demo [VIDEO]`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local import engine
from local.api import list_tasks
from local.deploy import DeployError, deploy
from local.engine import EngineError
from local.listener import listen
from local.package import BuildError, build_all, this_machine
from local.sample import sample_video
from local.stack import ROOT, STATE

if TYPE_CHECKING:
    from local.engine import Engine
    from local.listener import Listener
    from local.stack import Stack

_FINAL = ("SUCCEED", "FAILED", "CANCELED")
_TASK_TIMEOUT_S = 900  # the encoding function's own
_REGISTRATION_TIMEOUT_S = 60
_NOTIFICATION_TIMEOUT_S = 30


class DemoError(Exception):
    """The demo did not end as it should; the message says where."""


@dataclass(slots=True)
class Clock:
    """Lines with the time since the start."""

    began: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        """Print one step."""
        print(f"{time.monotonic() - self.began:6.1f} s  {line}", flush=True)


def main() -> int:
    """Run the demo; 0 if the video became animated images and its owner was told."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the engine is stopped on the way out
    try:
        _run(options.video, options.out, Clock())
    except (BuildError, DeployError, EngineError, DemoError) as problem:
        print(f"\nThe demo failed. {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("video", nargs="?", type=Path, help="a video of yours; without it a sample is drawn")
    parser.add_argument("--out", type=Path, default=ROOT / "out", help="where the images go")
    options = parser.parse_args()
    if options.video and not options.video.is_file():
        parser.error(f"there is no file {options.video}")
    return options


def _run(video: Path | None, out: Path, clock: Clock) -> None:
    video = video or sample_video()
    clock.say(f"video     {_shown(video)} ({video.stat().st_size:,} bytes)")
    build_all(this_machine())
    clock.say("built     the functions and the ffmpeg layer")
    with engine.running() as aws:
        try:
            stack = deploy(aws)
            clock.say(f"deployed  infra/template.yaml on the AWS engine at {aws.endpoint}")
            _follow(video, out, stack, aws, clock)
        except DemoError as problem:
            raise DemoError(f"{problem}\nWhat the functions said: {_shown(_keep_log(aws))}") from problem
    clock.say("stopped   the engine")


def _follow(video: Path, out: Path, stack: Stack, aws: Engine, clock: Clock) -> None:
    owner = listen(stack)
    stack.client("s3").upload_file(str(video), stack.upload_bucket, video.name)
    clock.say(f"uploaded  s3://{stack.upload_bucket}/{video.name}")
    task = _wait_for_end(stack, clock)
    if task["status"] != "SUCCEED":
        raise DemoError(f"The task is {task['status']}:\n{_pretty(task)}")
    notification = _wait_for_notification(owner)
    clock.say("notified  (an event on the stack's bus)")
    files = _download(stack, out)
    _show("The notification", notification)
    _show(f"The API's answer to GET /v1/{stack.project_id}/animated-graphics", list_tasks(stack)[1])
    served = aws.served_bytes().get(f"{stack.upload_bucket}/{video.name}", 0)
    print(f"\nS3 served {served:,} of the video's {video.stat().st_size:,} bytes.\n")
    for file in files:
        print(f"{_shown(file)}  ({file.stat().st_size:,} bytes)")
    print()


def _wait_for_end(stack: Stack, clock: Clock) -> dict[str, Any]:
    """Look at the task through the API until it is final, saying what changes."""
    seen = ""
    end = time.monotonic() + _REGISTRATION_TIMEOUT_S
    while time.monotonic() < end:
        status, answer = list_tasks(stack)
        if status != 200:  # noqa: PLR2004
            raise DemoError(f"The API answered {status}: {answer}")
        task = next(iter(answer.get("tasks") or []), None)
        if task and not seen:
            clock.say(f"registered task {task['task_id']}")
            end = time.monotonic() + _TASK_TIMEOUT_S
        if task and task["status"] != seen:
            seen = task["status"]
            clock.say(f"task      {seen}")
        if task and seen in _FINAL:
            return dict(task)
        time.sleep(0.1)
    raise DemoError(f"The task is still {seen}." if seen else "The upload was not registered as a task.")


def _wait_for_notification(owner: Listener) -> dict[str, Any]:
    """The event of the end; earlier ones (WAITING, PROCESSING) may come before it."""
    end = time.monotonic() + _NOTIFICATION_TIMEOUT_S
    while time.monotonic() < end:
        for event in owner.events():
            if '"FINISH"' in json.dumps(event["detail"]):
                return event
        time.sleep(0.1)
    raise DemoError(f"No notification came within {_NOTIFICATION_TIMEOUT_S} s after the task's end.")


def _download(stack: Stack, out: Path) -> list[Path]:
    """Every output of the fresh stack, into one folder."""
    s3 = stack.client("s3")
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for item in s3.list_objects_v2(Bucket=stack.output_bucket).get("Contents", []):
        path = out / Path(item["Key"]).name
        s3.download_file(stack.output_bucket, item["Key"], str(path))
        files.append(path)
    if not files:
        raise DemoError("The task succeeded, but the output bucket is empty.")
    return sorted(files)


def _keep_log(aws: Engine) -> Path:
    kept = STATE / "engine.log"
    kept.write_bytes(aws.log.read_bytes())
    return kept


def _show(title: str, document: Any) -> None:
    print(f"\n{title}:\n{_pretty(document)}")


def _pretty(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def _shown(path: Path) -> str:
    """Relative where that is shorter."""
    full = path.resolve()
    return str(full.relative_to(Path.cwd())) if full.is_relative_to(Path.cwd()) else str(full)


if __name__ == "__main__":
    sys.exit(main())
