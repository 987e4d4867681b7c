"""How the functions' clients call, and how often the encoder looks up: what the code of bootstrap says."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from cliploop import bootstrap
from cliploop.adapters.ffmpeg.encode import FfmpegEncoder
from cliploop.bootstrap.parts import CONNECT_S, READ_S, TRIES
from cliploop.domain.timetable import LOOK_MS

MODULES = sorted((Path(__file__).parents[3] / "src" / "cliploop" / "bootstrap").glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_client_waits_as_long_as_botocore_would_let_it(path: Path) -> None:
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "boto3.client"
    ]
    patient = [ast.unparse(call) for call in calls if not any(keyword.arg == "config" for keyword in call.keywords)]
    assert patient == []


def test_the_clients_of_a_function_have_these_times(account: None) -> None:
    parts: Any = bootstrap.sweep().sweep
    for adapter in (parts.tasks, parts.outputs, parts.work):
        config = adapter.client.meta.config
        assert (config.connect_timeout, config.read_timeout) == (CONNECT_S, READ_S)
        assert config.retries["total_max_attempts"] == TRIES


def test_the_encoder_looks_up_twice_in_each_look_at_the_row(account: None) -> None:
    """So a look is never missed by a hair, and canceled work stops within two seconds."""
    encoder = bootstrap.on_upload().process.encoder
    assert isinstance(encoder, FfmpegEncoder)
    assert encoder.pulse_s * 2_000 == LOOK_MS
