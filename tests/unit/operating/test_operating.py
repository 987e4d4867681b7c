"""The operator's commands, over HTTP against an account that answers as AWS does."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from cliploop.__main__ import main
from cliploop.operating import stack as stacks
from tests.unit.operating.account import Account, serving

ROOT = Path(__file__).parents[3]
DELIVERY = "5d0c1f4be8c04f9a9d3f3c8a1f0e7b62"
VOD = "1300000000-Procedure-400246dd7c21b4a78a4c0b1fd3a6e25ft0"


def brought_back(event: dict[str, Any]) -> dict[str, Any]:
    """The task 7 is not there."""
    if "redrive" in event:
        ids = event["redrive"]["task_ids"]
        return {"redriven": [{"task_id": i, "outcome": "not found" if i == "7" else "redriven"} for i in ids]}
    ids = event["replay"]["delivery_ids"]
    return {"replayed": [{"delivery_id": i, "outcome": "replayed"} for i in ids]}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Account]:
    """An account with the stack ``cliploop``, and an operator who may do all in it."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "operator")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    with serving() as running:
        running.stacks["cliploop"] = {"Other": "x", "SweepFunctionName": "cliploop-Sweep-1"}
        running.answer = brought_back
        yield running


def run(account: Account, *words: str) -> int:
    return main([*words, "--endpoint-url", account.endpoint])


def test_tasks_are_named_to_the_sweep_function_of_the_stack(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(account, "redrive", "12", VOD, "12") == 0
    assert account.events == [("cliploop-Sweep-1", {"redrive": {"task_ids": ["12", VOD]}})]
    assert capsys.readouterr().out.splitlines() == ["12: redriven", f"{VOD}: redriven"]


def test_callbacks_are_named_by_their_delivery_id(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.stacks["films"] = {"SweepFunctionName": "films-Sweep-1"}
    assert run(account, "replay", DELIVERY, "--stack", "films") == 0
    assert account.events == [("films-Sweep-1", {"replay": {"delivery_ids": [DELIVERY]}})]
    assert capsys.readouterr().out == f"{DELIVERY}: replayed\n"


def test_one_that_is_not_done_is_told_by_the_exit_code(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(account, "redrive", "12", "7", "--json") == 1
    assert json.loads(capsys.readouterr().out) == {
        "redriven": [{"task_id": "12", "outcome": "redriven"}, {"task_id": "7", "outcome": "not found"}]
    }


def test_one_that_the_function_says_nothing_of_is_not_taken_for_done(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.answer = lambda _: {"redriven": []}
    assert run(account, "redrive", "12") == 1
    assert capsys.readouterr().out == "12: no answer\n"


@pytest.mark.parametrize("from_stdin", [True, False])
def test_many_come_from_a_file_and_go_in_parts(
    account: Account,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    from_stdin: bool,  # noqa: FBT001
) -> None:
    ids = [str(number) for number in range(10**9, 10**9 + 120)]
    text = "# last night's\n" + "\n".join(f"{each}  # a remark" for each in ids[1:]) + "\n\n"
    (tmp_path / "ids.txt").write_text(text)
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert run(account, "redrive", ids[0], "--from-file", "-" if from_stdin else str(tmp_path / "ids.txt")) == 0
    parts = [event["redrive"]["task_ids"] for _, event in account.events]
    assert [each for part in parts for each in part] == ids
    assert max(map(len, parts)) <= 50
    assert len(capsys.readouterr().out.splitlines()) == 120


def test_what_was_done_before_a_failure_is_told(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [str(number) for number in range(10**9, 10**9 + 60)]

    def answer(event: dict[str, Any]) -> dict[str, Any]:
        return {"error": "no more"} if len(account.events) > 1 else brought_back(event)

    account.answer = answer
    assert run(account, "redrive", *ids, "--json") == 1
    told = capsys.readouterr()
    assert [each["task_id"] for each in json.loads(told.out)["redriven"]] == ids[:50]
    assert told.err == "cliploop: The stack did not take the order: no more\n"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("redrive", "Name at least one id"),
        ("redrive film.mp4", "'film.mp4' is no id"),
        ("redrive -5", "-5"),
        (f"redrive {DELIVERY}", "is no id; give 4612"),
        ("replay 12", "'12' is no id; give 32 hex"),
        ("redrive 12 --from-file gone.txt", "'gone.txt' cannot be read: No such file"),
        ("redrive 12 --endpoint-url localhost:4566", "has to begin with http"),
        ("redrive 12 --stak films", "--stak"),
        ("redrive 12 --stack films", "There is no stack films in eu-north-1"),
        ("redrive 12 --profile nobody", "no such AWS profile"),
    ],
)
def test_a_command_that_has_to_be_changed_says_what(
    account: Account, words: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = words.split()
    asked = main(given) if "--endpoint-url" in given else run(account, *given)
    told = capsys.readouterr().err
    assert asked == (1 if "profile" in words else 2)
    assert hint in told
    assert told.startswith("cliploop: ")
    assert account.events == []


@pytest.mark.parametrize(
    ("refusals", "hint"),
    [
        ({"cloudformation": "AccessDenied"}, "may not do this; it takes cloudformation:DescribeStacks."),
        ({"lambda": "AccessDeniedException"}, "may not do this; it takes lambda:InvokeFunction."),
        ({"cloudformation": "ExpiredToken"}, "does not take these credentials (ExpiredToken). Set AWS_PROFILE"),
        ({"lambda": "ResourceNotFoundException"}, "sweep function is gone"),
        ({"lambda": "KMSAccessDeniedException"}, "AWS refused with KMSAccessDeniedException"),
    ],
)
def test_what_aws_refuses_is_said_in_a_sentence(
    account: Account, refusals: dict[str, str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    account.refuses = refusals
    assert run(account, "redrive", "12", "--verbose") == 1
    told = capsys.readouterr().err.splitlines()
    assert hint in told[0]
    assert "An error occurred" in told[1]


def test_ctrl_c_keeps_what_is_known(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [str(number) for number in range(10**9, 10**9 + 60)]

    def answer(event: dict[str, Any]) -> dict[str, Any]:
        if len(account.events) > 1:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)
        return brought_back(event)

    account.answer = answer
    assert run(account, "redrive", *ids, "--json") == 130
    told = capsys.readouterr()
    assert len(json.loads(told.out)["redriven"]) == 50
    assert told.err == "cliploop: stopped; ids without an outcome may have been done all the same.\n"


def test_an_older_stack_is_told_apart(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.stacks["cliploop"] = {"Other": "x"}
    assert run(account, "redrive", "12") == 1
    assert "has no output SweepFunctionName: it was deployed by an older release" in capsys.readouterr().err


def test_a_function_that_fails_is_named(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.function_error = True
    account.answer = lambda _: {"errorMessage": "KeyError: 'x'", "errorType": "KeyError"}
    assert run(account, "redrive", "12", "--verbose") == 1
    assert capsys.readouterr().err.splitlines() == [
        "cliploop: The function cliploop-Sweep-1 failed; its log group says why.",
        "KeyError: 'x'",
    ]


def test_an_answer_of_another_kind_is_no_outcome(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.answer = lambda _: ["redriven"]
    assert run(account, "redrive", "12") == 1
    assert "did not take the order" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("missing", "hint"),
    [
        ("AWS_SECRET_ACCESS_KEY", "Half of the AWS credentials are missing. Set AWS_PROFILE"),
        ("AWS_ACCESS_KEY_ID", "There are no AWS credentials. Set AWS_PROFILE"),
        ("AWS_DEFAULT_REGION", "Name the region that the stack is in, by --region or AWS_REGION."),
    ],
)
def test_what_the_operator_has_not_set_is_named(
    account: Account, missing: str, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(missing)
    assert run(account, "redrive", "12") == 1
    assert hint in capsys.readouterr().err


def test_nobody_at_the_other_end_is_said(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stacks, "_LOOK", Config(retries={"total_max_attempts": 1}))
    assert main(["redrive", "12", "--endpoint-url", "http://127.0.0.1:9"]) == 1
    assert "AWS does not answer; check the network, --region and --endpoint-url." in capsys.readouterr().err


def test_a_region_that_is_said_wins(account: Account) -> None:
    assert run(account, "redrive", "12", "--region", "us-west-2") == 0


def test_each_command_has_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("redrive", "replay"):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        said = capsys.readouterr().out
        assert "exit codes:" in said
        assert f"cliploop {command} --from-file" in said


def test_the_top_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert [each for each in ("encode", "redrive", "replay") if f"\n  {each} " in said] == [
        "encode",
        "redrive",
        "replay",
    ]


@pytest.mark.parametrize("words", [["redrive", "--help"], ["redrive", "film.mp4"]])
def test_a_wrong_word_is_told_without_aws(words: list[str]) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})\n"
        f"from cliploop.__main__ import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
        f"assert not {{'boto3', 'numpy', 'PIL'}} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, env={})


def test_without_boto3_the_command_says_how_to_get_it(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cliploop.operating.command.find_spec", lambda _: None)
    assert run(account, "redrive", "12") == 1
    assert "pip install boto3" in capsys.readouterr().err
