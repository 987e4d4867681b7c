"""Takes the remedy of each trap out, one at a time, and looks whether its test notices: ``python -m tests.media.without_remedies``.

Works on a copy; a few minutes. docs/traps.md has the table in words.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TIMEOUT_S = 150


@dataclass(frozen=True)
class Remedy:
    """What protects from a trap, what the code is without it, and the test that has to notice."""

    trap: int
    file: str
    present: str
    absent: str
    test: str


FFMPEG, ANIMATION, DOMAIN = "src/cliploop/adapters/ffmpeg", "src/cliploop/animation", "src/cliploop/domain"
MEDIA, UNIT = "tests/media", "tests/unit"

REMEDIES = (
    Remedy(1, f"{DOMAIN}/timing.py", "GIF_MIN_DELAY = 2", "GIF_MIN_DELAY = 1", f"{MEDIA}/test_time.py::test_rates_that_no_gif_plays_become_the_nearest_that_it_does"),
    Remedy(2, f"{ANIMATION}/webp.py", 'struct.pack("<H", settings.loop)', 'struct.pack("<H", 1)', f"{MEDIA}/test_encode.py::test_format_size_frames_loop_and_digest"),
    Remedy(3, f"{ANIMATION}/webp.py", "self._put(_frame_header(_NOTHING, delay, _BLEND), self._pool.submit(invisible))", "pass", f"{MEDIA}/test_encode.py::test_nothing_that_moves_is_still_an_animation"),
    Remedy(4, f"{ANIMATION}/webp_still.py", "_METHOD = 4", "_METHOD = 6", f"{MEDIA}/test_traps.py::test_the_effort_of_webp_stays_below_the_cliff"),
    Remedy(5, f"{ANIMATION}/shown.py", "return moved if np.count_nonzero(mask) > _MENDING * np.count_nonzero(moved) else mask", "return mask", f"{MEDIA}/test_traps.py::test_a_screen_on_which_little_happens_costs_little"),
    Remedy(6, f"{FFMPEG}/filters.py", 'if color.is_rgb:\n        return ""', 'if color:\n        return ""', f"{MEDIA}/test_colour.py::test_bars"),
    Remedy(6, f"{ANIMATION}/webp_still.py", "if asked < _FAITHFUL and _is_off(file, pixels, blocks):", "if False:", f"{MEDIA}/test_colour.py::test_flat_colours_are_true_at_any_quality_and_in_every_frame"),
    Remedy(6, f"{ANIMATION}/palette.py", "    return exact\n", "    return centres\n", f"{UNIT}/animation/test_palette.py::test_flat_colours_are_exact_among_many_that_are_near"),
    Remedy(7, f"{DOMAIN}/color.py", 'return self.transfer != "sdr"', "return False", f"{MEDIA}/test_colour.py::test_high_dynamic_range_is_neither_washed_out_nor_tinted"),
    Remedy(7, f"{DOMAIN}/color.py", 'frozenset({"5", "10.0"})', "frozenset()", f"{MEDIA}/test_colour.py::test_dolby_vision_needs_a_base_that_others_can_show"),
    Remedy(8, f"{DOMAIN}/geometry.py", "if video.rotation % 180 else", "if False else", f"{MEDIA}/test_geometry.py::test_a_turned_film_stands_upright_in_square_pixels"),
    Remedy(9, f"{DOMAIN}/geometry.py", "video.width * video.pixel_aspect", "Fraction(video.width)", f"{MEDIA}/test_geometry.py::test_a_turned_film_stands_upright_in_square_pixels"),
    Remedy(10, f"{FFMPEG}/arguments.py", '"-noaccurate_seek", ', "", f"{MEDIA}/test_encode.py::test_a_picture_that_stands_through_the_start_is_shown"),
    Remedy(10, f"{FFMPEG}/filters.py", ":start_time=0", "", f"{MEDIA}/test_encode.py::test_a_section_begins_with_what_is_on_the_screen_then"),
    Remedy(11, f"{DOMAIN}/section.py", "if start >= duration_ms:", "if False:", f"{MEDIA}/test_time.py::test_a_start_past_the_end_is_the_askers_mistake"),
    Remedy(12, f"{DOMAIN}/section.py", "min(end, duration_ms)", "end", f"{MEDIA}/test_time.py::test_a_section_is_cut_to_the_film_and_may_count_from_its_end"),
    Remedy(13, f"{FFMPEG}/banner.py", '_NOT_MOVING = ("(attached pic)", ', "_NOT_MOVING = (", f"{MEDIA}/test_streams.py::test_sound_and_cover_art_are_no_video"),
    Remedy(14, f"{FFMPEG}/failures.py", "return re.search(_BROKEN_OFF, stderr) is not None", "return False", f"{MEDIA}/test_encode.py::test_a_film_that_was_cut_off_ends_where_it_breaks_off"),
    Remedy(15, f"{FFMPEG}/probe.py", "if media.duration_ms or video is None or", "if True or video is None or", f"{MEDIA}/test_probe.py::test_a_browsers_recording_is_measured"),
    Remedy(15, f"{FFMPEG}/banner.py", "_NTSC.get(rate, rate)", "rate", f"{UNIT}/adapters/ffmpeg/test_banner.py::test_frame_rates_are_exact"),
    Remedy(16, f"{FFMPEG}/arguments.py", '["-format_whitelist", DEMUXERS, ', "[", f"{MEDIA}/test_hostile.py::test_a_file_that_names_another_is_not_followed"),
    Remedy(17, f"{FFMPEG}/arguments.py", '"-frames:v", str(plan.frames), "-t", _seconds(section.duration_ms)', "", f"{MEDIA}/test_hostile.py::test_a_gap_of_hours_in_a_tiny_file_does_not_fill_memory_or_time"),
    Remedy(18, f"{FFMPEG}/arguments.py", ', "-max_pixels", str(self.max_pixels)]', "]", f"{MEDIA}/test_traps.py::test_a_decoder_refuses_larger_frames_than_the_header_told"),
    Remedy(18, f"{DOMAIN}/limits.py", "if source_pixels > self.source_pixels:", "if False:", f"{MEDIA}/test_traps.py::test_limits_name_themselves_and_the_value"),
    Remedy(19, f"{ANIMATION}/animate.py", "settings = Settings(", "frames = [frame.copy() for frame in frames]\n    settings = Settings(", f"{MEDIA}/test_limits.py::test_memory_does_not_grow_with_the_section"),
    Remedy(20, f"{FFMPEG}/arguments.py", '"-initial_request_size", "65536", "-request_size", "524288", ', "", f"{MEDIA}/test_http.py::test_a_section_of_a_long_film_costs_a_few_megabytes"),
    Remedy(21, f"{FFMPEG}/arguments.py", "_ALPHA_DECODERS.get(video.codec) if video.has_alpha else None", "None", f"{MEDIA}/test_streams.py::test_alpha_is_kept_and_leaves_no_trail"),
    Remedy(21, f"{ANIMATION}/gif.py", "self._shown.everything(frame), delay, CLEAR)", "self._shown.everything(frame), delay)", f"{MEDIA}/test_streams.py::test_alpha_is_kept_and_leaves_no_trail"),
    Remedy(22, f"{FFMPEG}/filters.py", "if video.interlaced else", "if False else", f"{MEDIA}/test_encode.py::test_fields_are_joined"),
    Remedy(23, f"{DOMAIN}/geometry.py", "max(MIN_SIDE, 2 * round(side / 2))", "max(1, round(side))", f"{MEDIA}/test_geometry.py::test_odd_sizes_become_even"),
    Remedy(24, f"{ANIMATION}/palette.py", "int(self._turn * _GOLDEN % 1 * step)", "int(np.random.rand() * step)", f"{MEDIA}/test_traps.py::test_the_same_source_gives_the_same_bytes"),
    Remedy(25, f"{DOMAIN}/timing.py", "starts = [_tick(format_, number / rate) for number in range(frames)]", "starts = [number * _tick(format_, 1 / rate) for number in range(frames)]", f"{MEDIA}/test_encode.py::test_delays_are_playable_and_their_sum_exact"),
    Remedy(26, "src/cliploop/adapters/s3_outputs.py", "ContentType=address.format.content_type,", "", "tests/contract/test_outputs.py"),
)  # fmt: skip


def notices(remedy: Remedy) -> bool:
    """Whether the test fails on a copy of the code that lacks the remedy."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("src", "tests", "functions", "infra", "local"):
            shutil.copytree(ROOT / name, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        path = Path(folder, remedy.file)
        path.write_text(path.read_text().replace(remedy.present, remedy.absent))
        return _fails(["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", remedy.test], folder)


def _fails(words: Sequence[str], folder: str) -> bool:
    try:
        environment = {"PYTHONPATH": f"{folder}/src", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    # 1: a test failed. Anything else, such as 4 for a test that is not there, is a mistake in the table.
    return done.returncode == 1


def main() -> int:
    """Try every remedy; the number of those that nobody missed."""
    chosen = [int(number) for number in sys.argv[1:]]
    missed = 0
    for remedy in REMEDIES:
        if chosen and remedy.trap not in chosen:
            continue
        noticed = notices(remedy)
        missed += not noticed
        sys.stdout.write(f"{remedy.trap:3} {'noticed' if noticed else 'NOT NOTICED'}  {remedy.test}\n")
        sys.stdout.flush()
    return missed


if __name__ == "__main__":
    sys.exit(main())
