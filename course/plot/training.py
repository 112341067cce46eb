"""Watching a training run: a progress bar with the time left, and curves that grow."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from course.plot.alt import say
from course.plot.alt_words import number
from course.plot.curves import curves
from course.plot.style import ORANGE, row

_EVERY_S = 1.0
# A redraw takes some 50 ms, and on a busy machine a second: it waits 20 times as long as the last one took. So redrawing takes at
# most 5 % of the time, and few pictures wait in memory for Python's garbage collector.
_TIMES = 20


class Live:
    """Curves and a progress bar, redrawn about once a second, or as often as takes 5 % of the time, while a loop runs; the last picture stays.

    Use it as a context: ``with plot.Live(steps) as live: … live.step(loss) … live.epoch(accuracy)``.

    Args:
        steps: how many steps there will be in all.
        loss_name, score_name: what the two curves show.
        show: whether to display anything; with False it only keeps the numbers.
    """

    def __init__(
        self, steps: int, *, loss_name: str = "loss", score_name: str = "accuracy on validation", show: bool = True
    ) -> None:
        self.steps, self.loss_name, self.score_name, self.show = steps, loss_name, score_name, show
        self.losses: list[Any] = []
        self.scores: list[tuple[int, float]] = []
        self._bar: Any = None
        self._figure: Any = None
        self._started = self._drawn = time.perf_counter()
        self._pause_s = _EVERY_S

    def __enter__(self) -> Live:
        self._started = self._drawn = time.perf_counter()
        if self.show:
            from IPython.display import HTML, display

            self._bar = display(HTML(self._progress()), display_id=True)  # type: ignore[no-untyped-call,unused-ignore]
        return self

    def __exit__(self, *error: object) -> None:
        self._redraw()

    def step(self, loss: Any) -> None:
        """One step is done. ``loss`` may be an array that is still being computed: it is read only when it is drawn."""
        self.losses.append(loss)
        if self.show and time.perf_counter() - self._drawn > self._pause_s:
            self._redraw()

    def epoch(self, score: float) -> None:
        """One round through the data is done, with this score from 0 to 1."""
        self.scores.append((len(self.losses), float(score)))

    def _progress(self) -> str:
        done = len(self.losses)
        spent = time.perf_counter() - self._started
        left = f"about {spent / done * (self.steps - done):.0f} s left" if done else "compiling"
        if done >= self.steps:
            left = f"{spent:.0f} s in all"
        best = f" · best {self.score_name}: {100 * max(s for _, s in self.scores):.1f} %" if self.scores else ""
        bar = f"<progress value='{done}' max='{self.steps}' style='width: 22em; vertical-align: middle'></progress>"
        return f"<div>{bar} step {done:,} of {self.steps:,} · {left}{best}</div>"

    def _redraw(self) -> None:
        # Reading the losses waits for the device, so that a queue of steps can't run far ahead of the picture.
        self.losses = [float(loss) for loss in self.losses]
        begun = time.perf_counter()
        if self.show and self._bar is not None:
            self._draw()
        self._drawn = time.perf_counter()
        self._pause_s = max(_EVERY_S, _TIMES * (self._drawn - begun))

    def _draw(self) -> None:
        from IPython.display import HTML, display

        self._bar.update(HTML(self._progress()))  # type: ignore[no-untyped-call,unused-ignore]
        if not self.losses:
            return
        axes = learning_curves(self.losses, self.scores, loss_name=self.loss_name, score_name=self.score_name)
        figure = axes[0].get_figure(root=True)
        if self._figure is None:
            self._figure = display(figure, display_id=True)  # type: ignore[no-untyped-call,unused-ignore]
        else:
            self._figure.update(figure)
        plt.close(figure)  # else the inline backend would show it a second time


def learning_curves(
    losses: list[float], scores: list[tuple[int, float]], *, loss_name: str = "loss", score_name: str = "accuracy"
) -> list[Axes]:
    """The loss of each step (with its running mean), and the score after each epoch.

    Args:
        losses: (steps,).
        scores: pairs of a step and a score from 0 to 1.
        loss_name, score_name: for the axes.
    """
    left, right = row(2, width=3.9, height=2.9)
    left.plot(losses, linewidth=0.6, alpha=0.45, label="each step")
    mean, means = losses[0], []
    for loss in losses:
        mean = 0.97 * mean + 0.03 * loss
        means.append(mean)
    left.plot(means, color=ORANGE, label="running mean")
    left.set(xlabel="step", ylabel=loss_name, yscale="log", title="training")
    left.legend()
    if scores:
        right.plot([s for s, _ in scores], [100 * v for _, v in scores], marker="o", markersize=4)
    right.set(xlabel="step", ylabel=f"{score_name} (%)", title="after each epoch", xlim=left.get_xlim())
    return [left, right]


def loss_pairs(runs: Mapping[str, tuple[Any, Any]], *, columns: int = 3) -> list[Axes]:
    """The training and the validation loss of several runs, a panel each, all on the same axis.

    Args:
        runs: by the run's name, its losses on training and on validation, each (epochs,).
        columns: panels in a row.
    """
    lines = -(-len(runs) // columns)
    figure, axes = plt.subplots(lines, columns, figsize=(3.3 * columns, 2.7 * lines), squeeze=False, sharey=True)
    flat = list(axes.flat)
    for ax, (name, (training, validation)) in zip(flat, runs.items(), strict=False):
        pair = {"training": training, "validation": validation}
        curves(None, pair, xlabel="epoch", ylabel="loss (nats)", title=name, ax=ax)
    for ax in flat[len(runs) :]:
        ax.remove()
    said = [
        f"{name}: training {_from_to(training)}; validation {_from_to(validation)}"
        for name, (training, validation) in runs.items()
    ]
    say(figure, f"Losses by epoch. {'. '.join(said)}.", instead=True)
    return flat[: len(runs)]


def _from_to(losses: Any) -> str:
    """ "1.45 to 1.09, lowest 0.9 (epoch 3)": where a curve begins and ends, and where it was clearly below or above both."""
    values = np.asarray(losses, float)
    first, last = values[0], values[-1]
    said = f"{number(first)} to {number(last)}"
    for word, at, beyond in (
        ("lowest", values.argmin(), values.min() < 0.97 * min(first, last)),
        ("highest", values.argmax(), values.max() > 1.03 * max(first, last)),
    ):
        said += f", {word} {number(values[at])} (epoch {at + 1})" if beyond else ""
    return said
