"""The player: each step shows the line, the lanes and the memory of its instruction, with the keyboard or as a still."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course import plot, simt
from course.plot.player import Player
from course.plot.steps import _window, describe, standing
from course.simt.report import Report

X = np.arange(64, dtype=np.float32)


def turn(t: Any, x: Any, out: Any) -> None:
    tile = t.shared.array(64, "float32")
    i = t.threadIdx.x
    if i % 2 == 0:
        tile[i] = x[i]  # a remark
    else:
        tile[i] = 2 * x[i]
    t.syncthreads()
    out[i] = tile[63 - i]


@pytest.fixture(scope="module")
def report() -> Report:
    return simt.launch(turn, 1, 64, X, simt.empty(64), trace=True)[1]


@pytest.fixture
def player(report: Report) -> Player:
    return plot.player(report, x=X, out=X, tile=(64,))


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def _shown(player: Player, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    bundles: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, metadata, raw: bundles.append(bundle))
    player._ipython_display_()
    return bundles[0]


def test_a_step_is_described_in_words(report: Report) -> None:
    words = [describe(event) for event in report.trace if event.warp == 0 and event.kind != "compute"]
    assert words == [
        "branch: 16 of 32 lanes take it, so the warp splits",
        "load from x (global memory), 16 lanes: 4 sectors",
        "store into tile (shared memory), 16 lanes: 1 pass",
        "load from x (global memory), 16 lanes: 4 sectors",
        "store into tile (shared memory), 16 lanes: 1 pass",
        "barrier: the warp waits until all warps of its block are here",
        "load from tile (shared memory), 32 lanes: 1 pass",
        "store into out (global memory), 32 lanes: 4 sectors",
    ]


def test_at_the_barrier_one_warp_waits_while_the_other_has_not_begun(report: Report) -> None:
    barrier = next(event for event in report.trace if event.kind == "barrier")
    assert standing(report.trace, barrier) == {1: [1], barrier.line: [0]}
    assert standing(report.trace, report.trace[-1]) == {report.trace[-1].line: [0, 1]}


def test_the_strip_has_a_still_for_each_kind_of_step(player: Player) -> None:
    figure = player.strip()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert sum(title.startswith("block 0 · warp 0") for title in titles) == 6
    assert any(title.endswith("\ntile[i] = x[i]") for title in titles), "the remark is left out"
    assert any(title.startswith("x in memory") for title in titles)


def test_where_there_is_no_front_end_a_picture_stands_for_the_player(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = _shown(player, monkeypatch)
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"] == f"Player: {len(player.events)} instructions"


def test_a_step_redraws_the_picture_and_says_what_happens(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    _shown(player, monkeypatch)
    front = player.panel.front
    before = bytes(front.picture)
    front.asked = {"n": 1, "value": {"step": 2}}
    assert bytes(front.picture) != before
    assert describe(player.events[1]) in front.drawn["words"]
    assert front.drawn["words"].startswith(f"2 of {len(player.events)} · block 0, warp 0 · line ")
    front.asked = {"n": 2, "value": {"step": 0}}
    assert front.drawn["value"]["step"] == 1, "nothing lies before the first step"
    assert not plt.get_fignums(), "a redraw leaves no figure open"


def test_one_warp_can_be_followed_alone(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    _shown(player, monkeypatch)
    own = sum(event.warp == 1 for event in player.events)
    player.panel.change(step=4)
    player.panel.change(follow="block 0, warp 1")
    drawn = player.panel.front.drawn
    assert (drawn["value"]["step"], drawn["high"]["step"]) == (1, own)
    assert drawn["words"].startswith(f"1 of {own} · block 0, warp 1")
    player.panel.change(follow="all warps")
    assert player.panel.front.drawn["high"]["step"] == len(player.events)


def test_buttons_step_and_play_and_nothing_plays_by_itself(player: Player) -> None:
    described = {name: control.described() for name, control in player.panel.controls.items()}
    assert [(described[name]["moves"], described[name]["by"]) for name in ("back", "next", "play")] == [
        ("step", -1),
        ("step", 1),
        ("step", 1),
    ]
    assert described["play"]["kind"] == "play"
    assert player.panel.value["step"] == 1


def test_a_long_array_is_cut_where_a_sector_begins() -> None:
    shape, first, indices = _window((100, 65), [65 * 50, -1], 4)
    assert first * 65 * 4 % 32 == 0
    assert indices.tolist() == [65 * (50 - first), -1]
    assert first + shape[0] > 50


def test_a_launch_without_a_trace_is_refused_with_advice() -> None:
    _, report = simt.launch(turn, 1, 64, X, simt.empty(64))
    with pytest.raises(ValueError, match="trace=True"):
        plot.player(report)
