"""Reads the words of a command. What is wrong with one is an InvalidRequestError in a sentence."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cliploop.cli.parser import Parser
from cliploop.domain.errors import InvalidRequestError

_STACK = "cliploop"


@dataclass(frozen=True)
class Errand:
    """What a command asks the stack for, once for each id.

    Attributes:
        name: the command, which is the key of the event, too.
        of_ids: the key of the event under which the ids lie.
        each: the key of one id in the answer.
        answered: the key of the answer's list.
        good: the outcome of an id for which it was done; there are others.
        shape: what an id looks like.
        example: one.
    """

    name: str
    of_ids: str
    each: str
    answered: str
    good: str
    shape: re.Pattern[str]
    example: str


REDRIVE = Errand(
    name="redrive",
    of_ids="task_ids",
    each="task_id",
    answered="redriven",
    good="redriven",
    shape=re.compile(r"[0-9]{1,19}|[0-9]{1,20}-(?:Procedure|PullUpload)-[0-9a-f]{32}t0"),
    example="4612345678901234567 or 1300000000-Procedure-400246dd7c21b4a7…t0",
)
REPLAY = Errand(
    name="replay",
    of_ids="delivery_ids",
    each="delivery_id",
    answered="replayed",
    good="replayed",
    shape=re.compile(r"[0-9a-f]{32}"),
    example="32 hexadecimal digits, as in X-Cliploop-Delivery",
)

_EXAMPLES = {
    REDRIVE: """\
examples:
  cliploop redrive 4612345678901234567
  cliploop redrive --stack films --region eu-north-1 1300000000-Procedure-400246dd7c21b4a78a4c0b1fd3a6e25ft0
  cliploop redrive --from-file failed.txt --json > outcome.json
""",
    REPLAY: """\
examples:
  cliploop replay 5d0c1f4be8c04f9a9d3f3c8a1f0e7b62
  cliploop replay --from-file - < lost.txt
""",
}
_CODES = """
exit codes: 0 done for every id; 1 not done for some, or the stack cannot be asked; 2 the command has to be changed;
130 stopped by Ctrl-C
"""
_ABOUT = {
    REDRIVE: "Bring failed tasks back: each waits anew, with all of its tries, and its end is told anew.",
    REPLAY: "Send callbacks again that were given up, from the stack's dead-letter queue.",
}


@dataclass(frozen=True)
class Order:
    """What a command is asked for.

    Attributes:
        ids: in their order, each once.
        stack: the CloudFormation stack's name.
        region, profile, endpoint_url: where it is and who asks; empty = what boto3 finds.
        json: whether the outcomes are printed as one object.
        verbose: whether an error comes with its details.
    """

    errand: Errand
    ids: tuple[str, ...]
    stack: str = _STACK
    region: str = ""
    profile: str = ""
    endpoint_url: str = ""
    json: bool = False
    verbose: bool = False


def read_words(words: Sequence[str]) -> Order:
    """The order that the words after ``cliploop`` give. Help is printed, and ends the program.

    Raises:
        InvalidRequestError: saying what to change.
    """
    errand = REDRIVE if words[0] == REDRIVE.name else REPLAY
    options = _parser(errand).parse_intermixed_args(list(words[1:]))
    listed = _listed(options.from_file) if options.from_file else []
    ids = tuple(dict.fromkeys([*options.ids, *listed]))
    if not ids:
        raise InvalidRequestError("ID", f"Name at least one id: {errand.example}.")
    if wrong := next((each for each in ids if not errand.shape.fullmatch(each)), None):
        raise InvalidRequestError("ID", f"{wrong[:80]!a} is no id; give {errand.example}.")
    if options.endpoint_url and urlsplit(options.endpoint_url).scheme not in {"http", "https"}:
        raise InvalidRequestError("--endpoint-url", "--endpoint-url has to begin with http:// or https://.")
    return Order(
        errand,
        ids,
        stack=options.stack,
        region=options.region,
        profile=options.profile,
        endpoint_url=options.endpoint_url,
        json=options.json,
        verbose=options.verbose,
    )


def _parser(errand: Errand) -> Parser:
    parser = Parser(
        prog=f"cliploop {errand.name}",
        usage=f"cliploop {errand.name} ID [ID ...] [options]",
        description=_ABOUT[errand],
        epilog=_EXAMPLES[errand] + _CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("ids", nargs="*", metavar="ID", help=errand.example)
    parser.add_argument("--from-file", default="", metavar="PATH", help="ids, one a line or more; - is stdin")
    parser.add_argument("--stack", default=_STACK, metavar="NAME", help=f"of CloudFormation; default {_STACK}")
    parser.add_argument("--region", default="", metavar="R", help="default as for the AWS CLI")
    parser.add_argument("--profile", default="", metavar="P", help="likewise")
    parser.add_argument("--endpoint-url", default="", metavar="URL", help="in place of AWS: that of a local stack")
    parser.add_argument("--json", action="store_true", help="print the outcomes as one object")
    parser.add_argument("--verbose", action="store_true", help="print an error's details too")
    return parser


def _listed(name: str) -> list[str]:
    """The words of a file, without what stands behind a #."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidRequestError("--from-file", f"{name!a} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidRequestError("--from-file", f"{name!a} is no text.") from error
    return [word for line in text.splitlines() for word in line.partition("#")[0].split()]
