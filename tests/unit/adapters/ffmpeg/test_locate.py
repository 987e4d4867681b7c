from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cliploop.adapters.ffmpeg import locate
from cliploop.domain.errors import CliploopError, ErrorCode


@pytest.fixture(autouse=True)
def _afresh() -> Iterator[None]:
    locate.ffmpeg.cache_clear()
    locate.certificates.cache_clear()
    yield
    locate.ffmpeg.cache_clear()
    locate.certificates.cache_clear()


def test_the_named_binary_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    binary = tmp_path / "my-ffmpeg"
    binary.touch(0o755)
    monkeypatch.setenv("CLIPLOOP_FFMPEG", str(binary))
    assert locate.ffmpeg() == str(binary)


def test_a_named_binary_that_is_none_is_an_error_and_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLIPLOOP_FFMPEG", str(tmp_path / "absent"))
    with pytest.raises(CliploopError) as caught:
        locate.ffmpeg()
    assert caught.value.code == ErrorCode.INTERNAL
    assert "absent" in caught.value.log_text
    assert "absent" not in caught.value.caller_text


def test_without_a_layer_or_path_the_packaged_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLIPLOOP_FFMPEG", raising=False)
    monkeypatch.setattr(locate, "_LAYER", Path("/nowhere/ffmpeg"))
    monkeypatch.setenv("PATH", "/nowhere")
    assert "imageio_ffmpeg" in locate.ffmpeg()


def test_the_operators_certificates_come_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.touch()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    assert locate.certificates() == str(bundle)
