"""Spans of time: each is drawn where it was, and each can be read."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_rgba

from course import plot


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def test_each_span_is_a_bar_from_its_start_to_its_end() -> None:
    ax = plot.timeline({"Python": [(0, 20, "asks")], "device": [(20, 100, "computes")]}, xlabel="time (s)")
    bars = sorted((bar.get_x(), bar.get_width()) for bar in ax.patches)  # type: ignore[attr-defined]
    assert bars == [(0, 20), (20, 80)]
    assert ax.get_xlabel() == "time (s)"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Python", "device"]


def test_a_moment_is_still_seen_and_named_beside_its_bar() -> None:
    ax = plot.timeline({"Python": [(0, 1e-6, "asks"), (1e-6, 100, "free")]}, idle=["free"])
    moment, rest = ax.patches
    assert moment.get_width() > 0.1  # type: ignore[attr-defined]
    assert {text.get_text() for text in ax.texts} == {"asks", "free"}
    assert to_rgba(rest.get_facecolor())[3] == 0, "nothing is done there, so it is hollow"


def test_the_names_of_neighboring_moments_do_not_meet() -> None:
    ax = plot.timeline({"op by op": [(0, 90, "compute")], "jit": [(0, 3, "prepare"), (3, 5, "compute")]})
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    _, prepare, compute = (text.get_window_extent() for text in ax.texts)
    assert not prepare.overlaps(compute)


def test_a_timeline_without_spans_is_empty() -> None:
    assert len(plot.timeline({"Python": []}).patches) == 0
