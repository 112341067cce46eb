"""The curves that grow while a network trains."""

from __future__ import annotations

import pytest

from course.plot import training


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.mark.parametrize(("redraw_s", "most"), [(0.01, 1000), (1.0, 50), (5.0, 10)])
def test_redrawing_takes_a_twentieth_of_the_time_however_slow_the_machine_is(
    redraw_s: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _Clock()
    drawn = []

    def draw(live: training.Live) -> None:
        drawn.append(clock.now)
        clock.now += redraw_s

    monkeypatch.setattr(training, "time", clock)
    monkeypatch.setattr(training.Live, "_draw", draw)
    with training.Live(10_000) as live:
        live._bar = object()  # outside of a notebook there is none
        for _ in range(10_000):
            clock.now += 0.1
            live.step(1.0)
    assert most / 3 < len(drawn) <= most + 2
    assert drawn[-1] == pytest.approx(clock.now - redraw_s), "the last picture has all steps"
