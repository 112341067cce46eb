"""A drawn digit, what the network sees of it, and what it reads: the still of the pad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course.plot.alt import say
from course.plot.style import BLUE, GRAY, bare
from course.widgets.digits import SIDE, ink


def drawing(strokes: Sequence[Any], image: Any, probabilities: Any, classes: Sequence[str]) -> Figure:
    """The sheet, the picture that was made of it, and a bar for each class.

    Args:
        strokes: as they were drawn, on a sheet of 28 × 28.
        image: (28, 28), what the network sees.
        probabilities: (classes,), or None where nothing was read.
        classes: their names.

    Returns:
        The figure.
    """
    figure, (sheet, seen, bars) = plt.subplots(1, 3, figsize=(8.2, 2.9), width_ratios=(1, 1, 1.25))
    sheet.imshow(ink(strokes), cmap="gray", vmin=0, vmax=1, extent=(0, SIDE, SIDE, 0))
    sheet.set_title("drawn")
    seen.imshow(image, cmap="gray", vmin=0, vmax=1)
    seen.set_title("what the network sees")
    bare(sheet)
    bare(seen)
    p = np.zeros(len(classes)) if probabilities is None else np.asarray(probabilities, float)
    best = int(p.argmax())
    drawn = bars.barh(list(classes), 100 * p, color=[BLUE if k == best else GRAY for k in range(len(p))])
    bars.bar_label(drawn, labels=[f"{100 * part:.0f}" if part >= 0.005 else "" for part in p], padding=2, fontsize=9)
    bars.invert_yaxis()
    bars.set(xlabel="probability (%)", xlim=(0, 112), title="what it reads")
    bars.set_xticks([0, 50, 100])
    bars.grid(axis="y", visible=False)
    nth = [f"{classes[k]} with {100 * p[k]:.0f} %" for k in np.argsort(-p)[:3] if p[k] >= 0.005]
    say(
        figure,
        f"A drawn digit, the same as the network sees it, and what it reads: {', then '.join(nth) or 'nothing'}.",
    )
    return figure
