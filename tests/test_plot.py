"""Pictures: each draws what it was given, with labeled axes, and returns what it drew on."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course import plot


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def _png(figure: Any) -> np.ndarray:
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())


def test_images_come_in_rows_with_their_titles_and_no_ticks() -> None:
    axes = plot.images(np.zeros((7, 5, 5, 1)), titles=list("abcdefg"), columns=4)
    assert axes.shape == (2, 4)
    assert [ax.get_title() for ax in axes.flat] == [*"abcdefg", ""]
    assert all(len(ax.get_xticks()) == 0 for ax in axes.flat)


def test_images_takes_flat_pictures_and_refuses_what_is_none() -> None:
    assert plot.images(np.zeros((2, 784))).size == 2
    with pytest.raises(ValueError, match="an image is"):
        plot.images(np.zeros((2, 3, 4, 5)))


def test_wrong_answers_are_marked_by_color() -> None:
    right, wrong = plot.images(np.zeros((2, 4, 4)), titles=["1", "2"], marks=[True, False]).flat
    assert (right.title.get_color(), wrong.title.get_color()) == (plot.BLUE, plot.RED)


def test_templates_share_one_scale_that_is_white_at_zero() -> None:
    axes = plot.templates(np.array([[1.0, -2.0, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0]]))
    limits = {axes.flat[i].images[0].get_clim() for i in range(2)}
    assert limits == {(-2.0, 2.0)}


def test_curves_tells_its_lines_apart_by_dash_as_well_as_by_color() -> None:
    ax = plot.curves(None, {"a": [1, 2], "b": [2, 3]}, xlabel="step", ylabel="loss (nats)", log="y")
    a, b = ax.get_lines()
    assert a.get_linestyle() != b.get_linestyle()
    assert a.get_color() != b.get_color()
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("step", "loss (nats)", "log")
    assert np.asarray(a.get_xdata()).tolist() == [1, 2]


def test_bars_carry_their_values() -> None:
    ax = plot.bars({"slow": 30.0, "fast": 2.5}, ylabel="time (ms)", unit=" ms")
    assert {text.get_text() for text in ax.texts} == {"30 ms", "2.5 ms"}


def test_diagram_writes_the_sum_and_the_answer() -> None:
    ax = plot.diagram([1.0, 2.0], [0.5, -1.0], 0.25, np.tanh, f_name="tanh")
    texts = {text.get_text() for text in ax.texts}
    assert "-1.25" in texts
    assert "y = -0.848" in texts


def test_boundary_draws_the_line_only_where_the_answer_changes_sign() -> None:
    crossing = plot.boundary(lambda P: P[:, 0])
    constant = plot.boundary(lambda P: np.ones(len(P)))
    assert len(crossing.collections) == len(constant.collections) + 2  # the line, and the stripes on one side of it


def test_roofline_puts_each_operation_where_it_was_measured() -> None:
    ax = plot.roofline({"copy": (0.5, 4e9), "matmul": (64.0, 90e9)}, peak_flops=100e9, peak_bandwidth=10e9)
    points = {str(line.get_label()): tuple(np.ravel(line.get_xydata())) for line in ax.get_lines()}
    assert points["copy"] == (0.5, 4.0)
    assert points["matmul"] == (64.0, 90.0)
    assert any("ridge: 10 FLOP/byte" in text.get_text() for text in ax.texts)


def test_a_plot_can_be_drawn_on_axes_that_are_given() -> None:
    left, right = plot.row(2)
    assert plot.curves([0, 1], {"a": [0, 1]}, xlabel="x", ylabel="y", ax=left) is left
    assert plot.knobs(np.tanh, 2.0, -1.0, f_name="tanh", ax=right) is right


def test_sliders_redraw_when_they_are_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("IPython.display.display", lambda bundle, metadata, raw: None)
    drawn: list[float] = []

    def draw(w: float) -> None:
        drawn.append(w)
        plot.knobs(np.tanh, w, 0.0, f_name="tanh")

    sliders = plot.sliders(draw, w=(1.0, -3.0, 3.0))
    sliders._ipython_display_()
    front = sliders.panel.front
    before = bytes(front.picture)
    front.asked = {"n": 1, "value": {"w": 2.5}}
    assert drawn == [1.0, 2.5], "the still, which is the first picture, too, and the one after the move"
    assert bytes(front.picture) != before
    assert bytes(front.picture).startswith(b"\x89PNG")
    assert "w = 2.5" in front.drawn["alt"], "the picture in words follows it"
    assert sliders.value == {"w": 2.5}
    assert not plt.get_fignums(), "a redraw leaves no figure open"


def test_sliders_show_a_picture_where_there_is_no_front_end(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, metadata, raw: shown.append(bundle))
    plot.sliders(lambda b: plot.knobs(np.tanh, 1.0, b), b=(0.0, -1.0, 1.0))._ipython_display_()
    assert base64.b64decode(shown[0]["image/png"]).startswith(b"\x89PNG")
    assert shown[0]["text/plain"] == "Sliders: b"


def test_sliders_say_what_the_function_returns_and_hand_over_what_was_meant() -> None:
    def draw(rate: float, f: object, fine: bool) -> str:
        plot.curves([0, 1], {"y": [0, rate]}, xlabel="x", ylabel="y")
        return f"{rate:g} {f!r} {fine}"

    sliders = plot.sliders(draw, rate=(0.1, 0.01, 10, "log"), f=[1, None, "x"], fine=False)
    sliders.panel.change(f="None", fine=True)
    assert sliders.panel.answer.words == "0.1 None True"
    assert sliders.value == {"rate": 0.1, "f": None, "fine": True}
    assert sliders.panel.controls["rate"].described()["positions"] == 100


def test_a_drawing_that_fails_leaves_no_figure_open_and_no_other_figure_closed() -> None:
    def draw(w: float) -> None:
        plot.curves([0, 1], {"y": [0, 1]}, xlabel="x", ylabel="y")
        if w > 1:
            raise OverflowError("too steep")

    mine = plt.figure()
    sliders = plot.sliders(draw, w=(1.0, 0.0, 3.0))
    sliders.panel.draw()
    sliders.panel.change(w=2.0)
    assert sliders.panel.error.startswith("OverflowError: too steep\nin draw, line ")
    assert plt.get_fignums() == [mine.number]


def test_the_first_figure_of_a_session_may_be_that_of_sliders() -> None:
    """It makes the notebook's backend start, which turns pyplot interactive: turned off again, no later figure would be shown."""

    def draw(w: float) -> None:
        matplotlib.interactive(True)
        plot.curves([0, w], {"y": [0, 1]}, xlabel="x", ylabel="y")

    plt.ioff()
    try:
        sliders = plot.sliders(draw, w=(1.0, 0.0, 3.0))
        sliders.panel.draw()
        assert plt.isinteractive()
        sliders.panel.change(w=2.0)
        assert plt.isinteractive()
    finally:
        plt.ioff()


def test_a_function_that_draws_nothing_is_told_so() -> None:
    with pytest.raises(RuntimeError, match="drew no figure"):
        plot.sliders(lambda w: None, w=(1.0, 0.0, 3.0)).panel.draw()


@pytest.mark.parametrize("reach", [(1.0, 0.0), (1.0, 0.0, 3.0, "lin"), (5.0, 0.0, 3.0)])
def test_a_slider_that_can_not_be_is_refused(reach: Any) -> None:
    with pytest.raises(ValueError, match="w: "):
        plot.sliders(lambda w: None, w=reach)


def test_the_colors_can_be_told_apart_in_gray() -> None:
    grays = sorted(np.dot(matplotlib.colors.to_rgb(color), [0.299, 0.587, 0.114]) for color in plot.COLORS[:3])
    assert min(np.diff(grays)) > 0.05
