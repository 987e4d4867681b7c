from __future__ import annotations

import numpy as np

from cliploop.animation.palette import Quantizer


def test_flat_colours_are_exact_among_many_that_are_near() -> None:
    # Sixteen bars, each 20 pixels wide, with 8 of ringing between them: some 11,000 colours for 255 places.
    chance = np.random.default_rng(0)
    colors = chance.integers(0, 256, (16, 3))
    bars = [np.full((90, 20, 3), color) for color in colors]
    ringing = [np.clip(color + chance.integers(-60, 61, (90, 8, 3)), 0, 255) for color in colors]
    picture = np.concatenate([part for pair in zip(bars, ringing, strict=True) for part in pair], axis=1)
    made = Quantizer(255).quantize(picture.astype(np.uint8), np.ones(picture.shape[:2], np.bool_))
    shown = made.table[made.indices]
    for number, color in enumerate(colors):
        assert (shown[:, 28 * number : 28 * number + 20] == color).all()
