"""The page that `make load` writes: `docs/benchmarks/load.md`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_ROWS = 12
_SHOWN_FAULTS = 10


def page(steady: Mapping[str, Any], burst: Mapping[str, Any]) -> str:
    """The whole of it, of both runs as they are kept."""
    return "\n".join([_intro(steady, burst), _steady(steady), _burst(burst), _limits()])


def _intro(steady: Mapping[str, Any], burst: Mapping[str, Any]) -> str:
    days = sorted({steady["when"], burst["when"]})
    busy = max(steady["busy"], burst["busy"])
    return f"""# Many uploads at once

`make load`, {" and ".join(days)}, {steady["machine"]} (a load of {busy:g} before the runs). {steady["versions"]}.

Written by that command; do not edit. What is told here is **that nothing is lost and nothing runs twice**; how fast
that is says more about the machine and the local engine than about AWS ([below](#what-the-figures-mean)).
"""


def _steady(run: Mapping[str, Any]) -> str:
    return f"""## {run["uploads"]} videos, {run["rate"]:g} a second

Three seconds at 320x180, sections of 0.5 to 3 s at random moments; one upload in 25 is no video, and its task fails.
Each video becomes a GIF and a WebP; {run["concurrency"]} functions encode at once.

{_verdict(run["faults"])}

| | |
|---|---|
| tasks that ended | {run["uploads"]:,} |
| images, each put once | {run["images"]:,} |
| ends told to a subscriber of the bus (by delivery id) | {run["uploads"]:,} in {run["deliveries"]:,} deliveries |
| tasks that took more than one attempt | {run["second_attempts"]:,} |
| from the first upload to the last end told | {run["took_s"]:,.0f} s |

| seconds from the upload until | median | 90 % | 99 % | longest |
|---|---|---|---|---|
{_spread("its row is there", run["registered"])}
{_spread("the task has ended", run["ended"])}
{_spread("its end lies in the subscriber's queue", run["told"])}
| **seconds from the first attempt's start to the end** | | | | |
{_spread("one task", run["worked"])}

{_depths(run["depths"])}
"""


def _burst(run: Mapping[str, Any]) -> str:
    rate = run["uploads"] / run["took_s"]
    return f"""## A burst of {run["uploads"]:,} uploads

As fast as four threads can put them, one byte each, while the work queue feeds nobody (its mapping is switched off):
all are registered, none is worked on. What is measured is the way from S3's event over EventBridge and the uploads
queue to row, file, link and work message.

{_verdict(run["faults"])}

| | |
|---|---|
| put in | {run["put_s"]:,.0f} s |
| all registered, from the first upload on, after | {run["took_s"]:,.0f} s ({rate:,.0f} a second) |
| messages in the work queue then | {run["messages"]:,} |

| seconds from the upload until | median | 90 % | 99 % | longest |
|---|---|---|---|---|
{_spread("its row is there", run["registered"])}

{_depths(run["depths"])}
"""


def _limits() -> str:
    return """## What the figures mean

The [local stack](../adr/0008-the-local-stack-is-the-real-template.md) is the real template on an engine that is one
Python process: every call of S3, DynamoDB, SQS and EventBridge of every function goes through it, one after the
other, on the processors that the functions encode with. So

* the rates are a lower bound: on AWS each service takes calls side by side, the uploads queue feeds up to ten
  functions with ten messages each, and a function of 3,538 MB has two processors of its own;
* the engine loses no message and kills no function, so that this is the ordinary day. What holds when things die is
  tried elsewhere, with faults at every step;
* latencies include waiting for a free processor, and the work queue fills because two functions encode, as it would
  behind `WorkConcurrency`.
"""


def _verdict(faults: Sequence[str]) -> str:
    if not faults:
        return "**Nothing was lost, and nothing was done twice.**"
    listed = "\n".join(f"* {fault}" for fault in faults[:_SHOWN_FAULTS])
    return f"**{len(faults)} things went wrong:**\n\n{listed}"


def _spread(name: str, run: Mapping[str, float]) -> str:
    return f"| {name} | {run['median']:.2f} | {run['p90']:.2f} | {run['p99']:.2f} | {run['longest']:.2f} |"


def _depths(depths: Sequence[Mapping[str, float]]) -> str:
    """Some moments of the run, the last one among them."""
    step = max(1, -(-len(depths) // _ROWS))
    shown = [*depths[::step], *depths[-1:]] if depths else []
    rows = "\n".join(f"| {each['at_s']:,.0f} | {each['uploads']:,} | {each['work']:,} |" for each in shown)
    return f"| seconds | messages in the uploads queue | in the work queue |\n|---|---|---|\n{rows}"
