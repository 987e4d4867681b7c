from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.encoders.check import report
from benchmarks.encoders.measure import Cost
from benchmarks.encoders.quality import Quality
from benchmarks.encoders.results import Result, least_cpu, middle
from benchmarks.encoders.targets import BUNNY, EVERYWHERE, Finding, broken, bytes_at, compare, same_likeness


def result(encoder: str, *, cpu: float = 1.0, size: int = 1000, ssim: float = 0.97, flicker: float = 0.4) -> Result:
    like = Quality((ssim, ssim, ssim, ssim), (37, 40, 40), (0.4, 0.5, 0.6), flicker, 3, ssim - 0.01)
    cost = Cost(cpu, cpu, cpu, 100, 50)
    return Result(
        encoder, encoder, "gif", 0, "bunny", "film", 640, 360, 10, 5.0, 50, size, cost, like, 1, "2026-11-21"
    )


OURS = result("cliploop", cpu=1, size=900, ssim=0.9785)
PEERS = [OURS, result("gifski", cpu=7, size=1000, ssim=0.978), result("ffmpeg one graph", cpu=5, ssim=0.96)]


def test_ours_as_promised_keeps_every_promise() -> None:
    findings = compare(BUNNY, OURS, PEERS)
    assert [finding.is_kept for finding in findings] == [True] * 4
    assert findings[0].figure == pytest.approx(1 / 7)


@pytest.mark.parametrize(
    ("worse", "name"),
    [
        (replace(OURS, cost=replace(OURS.cost, cpu_s=1.3)), "CPU"),
        (replace(OURS, bytes=930), "bytes"),
        (replace(OURS, like=replace(OURS.like, ssim=(0.9765, 1, 1, 1))), "SSIM"),
    ],
)
def test_each_figure_that_gets_worse_breaks_its_promise(worse: Result, name: str) -> None:
    failed = broken(compare(BUNNY, worse, PEERS))
    assert failed
    assert all(name in finding.promise for finding in failed)


def test_without_a_peer_nothing_is_told_and_nothing_breaks() -> None:
    findings = compare(EVERYWHERE, OURS, [OURS])
    assert {finding.is_kept for finding in findings} == {None}
    assert broken(findings) == []
    assert "nothing to compare with" in findings[0].sentence()


def test_peers_of_the_other_format_are_no_peers() -> None:
    assert compare(BUNNY, OURS, [replace(PEERS[1], format="webp")])[0].figure is None


def test_the_check_fails_loudly_and_names_the_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        report([Finding("bytes / gifski's", "bunny", 1.2, 0.92), Finding("SSIM", "bunny", 0.1, 0, at_least=True)])
    assert "1 of 2 promises are broken" in str(ended.value.code)
    assert "bytes / gifski's, bunny: 1.2000 (must be <= 0.92)" in str(ended.value.code)
    assert "kept    SSIM, bunny" in capsys.readouterr().out


def test_the_check_ends_well_when_nothing_regressed(capsys: pytest.CaptureFixture[str]) -> None:
    report(compare(BUNNY, OURS, PEERS))
    assert capsys.readouterr().out.endswith("nothing has regressed\n")


def test_bytes_for_a_likeness_lie_between_two_qualities() -> None:
    curve = [result("cliploop", size=2000, ssim=0.99), result("cliploop", size=500, ssim=0.96)]
    assert bytes_at(0.98, curve) == pytest.approx(1000)
    assert bytes_at(0.995, curve) is None
    assert same_likeness(curve, result("gifski", size=950, ssim=0.98)).figure == pytest.approx(1000 / 950)
    assert same_likeness(curve, result("gifski", ssim=0.999)).is_kept is None


def test_medians_are_taken_field_by_field_and_the_calmest_run_whole() -> None:
    costs = [Cost(1, 9, 1, 10, 1), Cost(2, 8, 2, 30, 2), Cost(3, 7, 3, 20, 3)]
    assert middle(costs) == Cost(2, 8, 2, 20, 2)
    assert least_cpu(costs) == costs[2]
