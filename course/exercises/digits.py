"""Digits that no learner has: those of the course, each turned, scaled, shifted and made thicker or thinner a little.

The course's images and labels are in every installation, so a table of them reads them without any network. Each image that
is drawn here is new with every seed, and no table holds it; a network that has learned to read digits reads it as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from course.data import Split, load

# Of an image of 28 by 28; its center, as a row and a column.
PIXELS = 28 * 28
_CENTER = np.full(2, 13.5)


@dataclass(frozen=True)
class Strength:
    """How far an image is varied at most; each amount is drawn evenly between minus this and this.

    Attributes:
        turn: in degrees.
        scale: as a share of the size, along each of both axes.
        shift: in pixels, along each of both axes.
        weight: how much of the way the strokes go to being one pixel thicker, or thinner, all around.
    """

    turn: float
    scale: float
    shift: float
    weight: float


# Enough that an image's nearest neighbor among the course's own, even with the original there, is of its class in 85 of 100
# cases, while networks that read 96 of 100 originals read 90 and more (see cnn_classification/reading.py).
CLEARLY = Strength(turn=12, scale=0.25, shift=0.5, weight=1.0)
# Enough that no pixel stays as it was; a network reads as many as of the originals.
BARELY = Strength(turn=4, scale=0.05, shift=0.4, weight=0.2)


@cache
def held_out() -> Split:
    """The originals of all digits that a verdict is made on: the test part of `mnist_5k`, 1,000 images."""
    return load("mnist_5k").test


def vary(images: NDArray[np.float32], rng: np.random.Generator, strength: Strength) -> NDArray[np.float32]:
    """A new image of each, with other strokes in another place: `(n, 28, 28, 1)` float32 in [0, 1], as `images` are.

    The same generator gives the same images. 1,000 take about 0.05 s.
    """
    from scipy import ndimage

    flat = images[..., 0]
    cross = ndimage.generate_binary_structure(2, 1)[np.newaxis]
    weight = rng.uniform(-strength.weight, strength.weight, len(flat)).astype(np.float32)
    thick = ndimage.grey_dilation(flat, footprint=cross)
    thin = ndimage.grey_erosion(flat, footprint=cross)
    amount = np.abs(weight)[:, None, None]
    strokes = (1 - amount) * flat + amount * np.where(weight[:, None, None] > 0, thick, thin)

    angles = np.deg2rad(rng.uniform(-strength.turn, strength.turn, len(flat)))
    scales = 1 + rng.uniform(-strength.scale, strength.scale, (len(flat), 2))
    shifts = rng.uniform(-strength.shift, strength.shift, (len(flat), 2))
    varied = np.empty_like(flat)
    for image, out, angle, scale, shift in zip(strokes, varied, angles, scales, shifts, strict=True):
        turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
        # Where each new pixel's value comes from: around the center, which is moved.
        ndimage.affine_transform(image, turned, _CENTER - turned @ (_CENTER + shift), output=out, order=1)
    return np.clip(varied, 0, 1)[..., np.newaxis]
