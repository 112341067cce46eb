"""What the contenders are trained on: MNIST, or noise where it can't be had."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.training.task import Images, noise

# Of a short run, that only asks whether everything works.
_FEW = (2_048, 500)


def find_images(few: bool = False) -> Images:
    """All 60,000 training images of MNIST and its 10,000 for testing, from where `course.load` finds them; else noise.

    Args:
        few: only the first of them.
    """
    try:
        from course import load

        data = load("mnist")
        # In the order of `train` and `validation`, which together are the 60,000.
        found = Images(
            "MNIST",
            np.concatenate([data.train.images, data.validation.images]),
            np.concatenate([data.train.labels, data.validation.labels]),
            data.test.images,
            data.test.labels,
        )
    except (ImportError, RuntimeError) as error:
        print(f"MNIST can't be had here: {error} The images are noise, and no accuracy is told.", file=sys.stderr)
        found = noise()
    if not few:
        return found
    train, test = _FEW
    return Images(
        found.name,
        found.train_images[:train],
        found.train_labels[:train],
        found.test_images[:test],
        found.test_labels[:test],
    )
