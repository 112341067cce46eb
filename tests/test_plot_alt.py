"""Figures in words: what a picture shows is said with the numbers that were drawn, in IPython with every figure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from making import code, notebook
from matplotlib.axes import Axes

from course import plot
from course.authoring.execute import execute
from course.plot.alt import LONGEST, describe, display_bundle, say
from course.plot.alt_words import listed, number, plain, repeated, runs, shortened, trend

LANES = np.arange(32)


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def words(drawn: Any) -> str:
    """What is said of the figure on which something was drawn."""
    ax = drawn if isinstance(drawn, Axes) else np.ravel(drawn)[0]
    figure = ax.get_figure(root=True)
    assert figure is not None
    return describe(figure)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (-0.61749, "−0.617"),
        (0.000123456, "0.000123"),
        (1e-9, "1 × 10^-9"),
        (999.9, "1,000"),
        (1234567, "1,230,000"),
        (2.5e13, "2.5 × 10^13"),
        (np.float32(37.0), "37"),
        (np.nan, "not a number"),
        (-np.inf, "minus infinity"),
    ],
)
def test_a_number_has_three_digits_and_a_minus_that_is_read(value: float, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("ys", "said"),
    [
        ([3, 2, 1], "falls from 3 at 1 to 1 at 3"),
        ([1, 2, 2], "rises from 1 at 1 to 2 at 3"),
        ([2, 2, 2], "stays at 2 from 1 to 3"),
        ([3, 1, 2], "falls from 3 at 1 to 1 at 2, its lowest, then rises to 2 at 3"),
        ([1, 5, 2], "rises from 1 at 1 to 5 at 2, its highest, then falls to 2 at 3"),
        ([0, 9, -9, 0], "goes up and down from 0 at 1 to 0 at 4; lowest −9 at 3, highest 9 at 2"),
        ([10, 0.9, 1], "falls from 10 at 1 to 1 at 3; its lowest is 0.9 at 2"),
        ([np.nan, 4, 5], "rises from 4 at 2 to 5 at 3"),
        ([np.nan, np.nan], "has no values"),
    ],
)
def test_a_line_is_told_by_its_trend_its_ends_and_its_extremes(ys: list[float], said: str) -> None:
    assert trend(np.arange(1, len(ys) + 1), ys) == said


def test_on_a_logarithmic_axis_a_dip_is_one_of_factors() -> None:
    assert "its lowest, then rises" in trend([1, 2, 3], [1.0, 1e-6, 1e-3], logarithmic=True)


def test_noise_on_a_falling_line_is_no_dip() -> None:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 300)
    assert trend(np.arange(300), np.linspace(2, 0.5, 300) + noise).startswith("falls from ")
    assert trend(np.arange(300), noise).startswith("goes up and down from ")
    assert trend(np.arange(300), np.sin(np.arange(300) / 9)).startswith("goes up and down from ")
    assert trend(np.arange(300), np.exp(-np.arange(300) / 5) + 0.1 * noise).startswith("falls from ")


def test_texts_lose_their_formulas_and_long_ones_end_at_a_word() -> None:
    assert plain("$x_{1}$ and\n$\\mathrm{w}$") == "x1 and w"
    assert (runs([0, 1, 2, 5]), runs(range(0, 32, 2))) == ("0 to 2, 5", "0, 2, 4 … 30")
    assert listed("abc") == "a, b and c"
    assert repeated("aab") == ["a (2 times)", "b"]
    assert listed("abcd", most=2) == "a, b and 2 more"
    assert shortened("One sentence. Another one.", 22) == "One sentence. …"
    assert shortened("short", 22) == "short"


def test_curves_are_told_with_title_axes_values_and_marks() -> None:
    ax = plot.curves(
        [1, 2, 3],
        {"training": [4, 2, 1], "test": [4, 3, 5]},
        xlabel="epoch",
        ylabel="loss (nats)",
        title="fit",
        log="y",
    )
    ax.axvline(2, label="here")
    ax.annotate("stop", (2, 3))
    assert words(ax) == (
        "fit. training falls from 4 at 1 to 1 at 3; test falls from 4 at 1 to 3 at 2, its lowest, then rises to 5 at 3. "
        "A vertical line at 2: here; “stop” at (2, 3). x axis: epoch; y axis: loss (nats), logarithmic."
    )


def test_bars_are_told_by_name_and_many_by_the_highest() -> None:
    assert "2 bars. CPU: 1.5; GPU: 300. y axis: ms" in words(plot.bars({"CPU": 1.5, "GPU": 300}, ylabel="ms"))
    many = words(plot.bars({f"n{k}": k for k in range(20)}, ylabel="ms"))
    assert "20 bars. The highest are n19: 19; n18: 18; n17: 17; the lowest is n0: 0" in many
    assert "“" not in many, "what stands on a bar is said once"
    _, ax = plt.subplots()
    ax.bar_label(ax.barh(["CPU", "GPU"], [1.5, 300]))
    ax.set_xlabel("time (ms)")
    assert words(ax) == "2 bars. CPU: 1.5; GPU: 300. x axis: time (ms)."


def _network() -> Any:
    return plot.graph({"x": [], "p": ["x"]}, {"x": 2, "p": 6}, {"p": 1}, {("x", "p"): 3}, title="forward")


def _loss() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y = np.linspace(-2, 2, 5), np.linspace(0, 4, 5)
    return x, y, (x**2)[None] + (y[:, None] - 1) ** 2


TOLD: dict[str, tuple[Any, list[str]]] = {
    "chips": (lambda: plot.chips({"CPU": (64, 8), "GPU": (2560, 4)}), ["CPU: 64 units, 8 MB", "GPU: 2,560 units"]),
    "window": (
        lambda: plot.window(np.eye(4), np.ones((2, 2)), at=(1, 1)),
        ["row 1, column 1", "1 0; 0 1", "added up, this is 2"],
    ),
    "window with channels": (
        lambda: plot.window(np.eye(3)[..., None] * [1, 2], np.ones((2, 2, 2)) * [1, -1], at=(0, 0)),
        ["answers: 2 + (−4) = −2"],
    ),
    "patches": (lambda: plot.patches(2), ["image: 5 × 5 pixels", "after layer 1: 3 × 3 answers", "after layer 2: one answer"]),
    "confusion cases": (
        lambda: plot.confusion_cases()[3],
        ["matrix 4", "Besides: 7 as", "Never said: 7"],
    ),
    "gallery": (
        lambda: plot.gallery([np.eye(3), -np.eye(3)], ["one", "two"], signed=True),
        ["2 pictures of 3 × 3", "red is positive", "one from 0 to 1 and two from −1 to 0"],
    ),
    "heat": (lambda: plot.heat(np.ones((9, 9)), np.arange(81).reshape(9, 9) == 40),
             ["row 4, column 4 of 9 × 9"]),
    "graph": (_network, ["forward", "2 boxes, 1 of them given", "x: value 2", "p from x (slope ×3): value 6, backward 1"]),
    "images": (
        lambda: plot.images(np.zeros((5, 784)), titles=list("abcde"), marks=[True] * 2 + [False] * 3),
        ["5 gray pictures of 28 × 28", "a, b, c, d and e", "2 are marked as right, 3 as wrong"],
    ),
    "images without captions": (lambda: plot.images(np.eye(4)[None]), ["rows 0 to 3, columns 0 to 3"]),
    "templates": (lambda: plot.templates([[1, -2, 0, 0]], ["seven"]), ["one a neuron", "seven: −2 to 1"]),
    "landscape": (
        lambda: plot.landscape(*_loss(), {"Adam": [(-2, 4), (0, 1)], "far": [(0, 1), (9, 9)]}, lowest=(0, 1)),
        ["lowest 0 at (0, 1)", "Highest is 13 at (−2, 4)", "Adam: 1 step from (−2, 4), height 13, to (0, 1), height 0",
         "to (9, 9), outside the map"],
    ),
    "landscape with a star": (lambda: plot.landscape(*_loss(), lowest=(1, 1)), ["lowest 0 at (0, 1)", "A star marks (1, 1)"]),
    "diagram": (
        lambda: plot.diagram([1, -2], [0.5, 0.25], 0.5, lambda z: 3 * z, f_name="triple"),
        ["x1 = 1 with weight 0.5", "x2 = −2 with weight 0.25", "bias 0.5", "add up to 0.5", "answer 1.5"],
    ),
    "boundary": (
        lambda: plot.normal_arrow(
            [1, 0], 0, ax=plot.boundary(lambda P: P[:, 0], [[1, 0], [2, 0], [-1, 0]], [1, 1, 0], names=("no", "yes"))
        ),
        ["Over x1 and x2", "from −3 to 3", "0 of the 1 points of no and 2 of the 2 points of yes", "along (1, 0)"],
    ),
    "knobs": (lambda: plot.knobs(np.tanh, 2, -2, f_name="tanh"), ["w = 2, b = -2 rises from −1 at −5", "x axis: input x"]),
    "roofline": (
        lambda: plot.roofline({"sum": (0.5, 1e9)}, peak_flops=1e12, peak_bandwidth=1e10, ceilings={"half": 2e12}),
        ["1,000 at the ridge, 100 FLOP/byte", "The ceiling half: 2,000", "sum: 1 at 0.5 FLOP/byte, 20 % of its roof"],
    ),
    "roofline beside another": (
        lambda: plot.roofline({"sum": (0.5, 1e9)}, peak_flops=1e11, peak_bandwidth=1e10, others={"a chip": (8e12, 4e11)}),
        ["100 at the ridge, 10 FLOP/byte", "The roof of a chip rises to 8,000 at its ridge, 20 FLOP/byte", "20 % of its roof"],
    ),
    "confusion": (
        lambda: plot.confusion([[8, 2], [1, 9]], ["cat", "dog"]),
        ["17 of 20 are right (85 %)", "worst is cat, 80 %", "cat taken for dog, 2 times; dog taken for cat, 1 times"],
    ),
    "reliability": (
        lambda: plot.reliability([0.8, 0.8, 0.8, 0.8], [1, 1, 0, 0]),
        ["sure by 80 % and right in 50 %", "too sure by 30 points", "sure 80 %, right 50 % (4)"],
    ),
    "product": (
        lambda: plot.product(("X", ("n", 4), ("in", 3)), ("W", ("in", 3), ("out", 2)), ("Y", ("n", 4), ("out", 2))),
        ["X (n 4, in 3) times W (in 3, out 2) is Y (n 4, out 2)", "of length 3, vanish"],
    ),
    "thread_grid": (lambda: plot.thread_grid(3, 8, 20), ["3 blocks of 8 threads", "20 elements, so the last 4"]),
    "lanes": (lambda: plot.lanes([("a  load", 2**32 - 1), ("b", 0b1101)]), ["a load: all", "b: 0, 2 to 3"]),
    "address_map": (
        lambda: plot.address_map((96,), {"even": 2 * LANES}),
        ["even", "lane 31 element 62, 2 elements apart", "8 sectors: 256 bytes moved, 128 used"],
    ),
    "banks": (lambda: plot.banks(32 * LANES), ["32 lanes ask 1 bank (0)", "hands out 32 words", "takes 32 passes"]),
    "timeline": (
        lambda: plot.timeline({"bus": [(k, k + 1, f"tour {k}") for k in range(6)]}, xlabel="time (h)"),
        ["By time (h)", "bus: tour 0 from 0 to 1; tour 1 from 1 to 2; …; tour 5 from 5 to 6"],
    ),
    "trace": (
        lambda: plot.trace({"pool": [(0, 2), (3, 4)], "conv": [(2, 3)]}),
        ["over 4 ms", "pool: 3 ms, 75 %; conv: 1 ms, 25 %"],
    ),
    "learning_curves": (
        lambda: plot.learning_curves([4.0, 2.0, 1.0], [(1, 0.5), (3, 0.75)]),
        ["Panel 1 of 2: training", "each step falls from 4 at 0 to 1 at 2", "rises from 50 at 1 to 75 at 3"],
    ),
    "loss_pairs": (
        lambda: plot.loss_pairs({"run 1": ([2.0, 1.5, 1.0], [2.1, 1.5, 1.8]), "run 2": ([3.0, 4.0, 3.5], [3.1, 3.5, 4.0])}),
["run 1: training 2 to 1; validation 2.1 to 1.8, lowest 1.5 (epoch 2)", "run 2: training 3 to 3.5, highest 4"],
    ),
    "tree": (lambda: plot.tree({"layer": {"W": np.zeros((2, 3)), "b": np.zeros(3)}}), ["2 leaves", "layer has [W (2, 3), b (3,)]"]),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_each_picture_says_its_own_facts_and_no_more_than_can_be_listened_to(name: str) -> None:
    draw, facts = TOLD[name]
    said = words(draw())
    assert [fact for fact in facts if fact not in said] == [], said
    assert 30 <= len(said) <= LONGEST


@pytest.mark.parametrize("module", sorted(Path(plot.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_who_draws_with_shapes_that_can_not_be_read_back_says_what_they_are(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    assert (
        "say(" in source
        or not re.search(r"\.(add_patch|imshow|pcolormesh|contourf)\(", source)
        or module.stem == "style"
    )


def test_moments_of_a_kernel_are_told_by_what_each_warp_does() -> None:
    from course import simt

    def double(t: Any, x: Any, out: Any) -> None:
        i = t.threadIdx.x
        out[i] = 2 * x[i]

    x = np.arange(32, dtype=np.float32)
    _, report = simt.launch(double, 1, 32, x, simt.empty(32), trace=True)
    said = describe(plot.player(report, x=x, out=x).strip())
    assert "block 0, warp 0, line 3: load from x (global memory), 32 lanes: 4 sectors" in said
    maps = words(plot.warp_map(report.trace, {"x, as read": ("x", "load")}, (1, 32)))
    assert "x, as read" in maps
    assert "row 0, columns 0 to 31" in maps
    assert "4 sectors" in maps


def test_an_author_says_more_or_instead_and_of_a_whole_figure() -> None:
    left, right = plot.row(2)
    left.plot([1, 2])
    say(left, "One.")
    say(left, "Two.")
    say(right, "")
    assert describe(left.figure) == "One. Two. A figure of 2 panels, of which there is no more to say."
    say(left, "What is shown is a long way up", instead=True)
    assert words(left) == "What is shown is a long way up."
    say(left.figure, "Both panels together show the way up.")
    left.figure.suptitle("The way")
    assert words(left) == "The way. Both panels together show the way up."


def test_panels_share_the_length_and_each_is_heard() -> None:
    axes = plot.row(5)
    for k, ax in enumerate(axes):
        plot.curves(None, {f"a rather long name of line {i}": [i, i + 2, i] for i in range(9)}, xlabel="x", ylabel="y",
                    title=f"panel {k}", ax=ax)  # fmt: skip
    said = words(axes)
    assert all(f"Panel {k + 1} of 5: panel {k}" in said for k in range(5))
    assert len(said) <= LONGEST


def test_a_long_panel_has_the_room_that_a_short_one_leaves() -> None:
    left, right = plot.row(2)
    say(left, "word " * 90)
    say(right, "Short.")
    said = words(left)
    assert said.count("word") == 90
    assert said.endswith("Panel 2 of 2: Short.")


def _polar() -> Any:
    ax = plt.figure().add_subplot(projection="polar")
    ax.plot([0, 1], [1, 2])
    return ax


def _bare(draw: Any) -> Any:
    _, ax = plt.subplots()
    draw(ax)
    return ax


EXOTIC = {
    "polar": _polar,
    "pie": lambda: _bare(lambda ax: ax.pie([1, 2, 3], labels=["a", "b", "c"])),
    "histogram": lambda: _bare(lambda ax: ax.hist(np.arange(100) ** 0.5, bins=12)),
    "dates": lambda: _bare(lambda ax: ax.plot(np.array(["2020-01-01", "2021-01-01"], "datetime64[D]"), [1, 2])),
    "names": lambda: _bare(lambda ax: ax.plot(["a", "b"], [1, 2])),
    "errors": lambda: _bare(lambda ax: ax.errorbar([0, 1], [1, 2], yerr=0.1)),
    "filled": lambda: _bare(lambda ax: ax.fill_between([0, 1], [1, 2])),
    "masked": lambda: _bare(lambda ax: ax.imshow(np.ma.masked_all((3, 3)))),
    "color picture": lambda: _bare(lambda ax: ax.imshow(np.zeros((3, 4, 3)))),
    "quiver": lambda: _bare(lambda ax: ax.quiver([0], [0], [1], [1])),
    "box plot": lambda: _bare(lambda ax: ax.boxplot([[1, 2, 3], [2, 3, 9]])),
    "no scatter": lambda: _bare(lambda ax: ax.scatter([], [])),
    "straight line": lambda: _bare(lambda ax: ax.axline((0, 1), slope=2)),
    "unreadable": lambda: _bare(lambda ax: ax.annotate("here it is", (np.datetime64("2020-01-01"), None))),
    "empty": lambda: _bare(lambda ax: None),
}


@pytest.mark.parametrize("kind", EXOTIC)
def test_a_figure_that_nobody_prepared_is_told_all_the_same(kind: str) -> None:
    assert 30 <= len(words(EXOTIC[kind]())) <= LONGEST


def test_names_and_dates_on_an_axis_are_said_as_they_are_written() -> None:
    assert "from 1 at a to 2 at b" in words(EXOTIC["names"]())
    assert "2020" in words(EXOTIC["dates"]())


def test_what_is_written_on_a_plot_is_said() -> None:
    ax = plot.curves(None, {"loss": [1, 9]}, xlabel="step", ylabel="loss")
    ax.text(1, 9, " diverged at step 1")
    assert "“diverged at step 1”" in words(ax)


def test_a_bundle_shows_the_picture_with_its_words_in_both_forms() -> None:
    data, metadata = display_bundle(b"\x89PNG", 'w < 1 & "b"', "Sliders")
    assert base64.b64decode(data["image/png"]) == b"\x89PNG"
    assert metadata == {"image/png": {"alt": 'w < 1 & "b"'}}
    (alt,) = re.findall(r'alt="([^"]*)"', data["text/html"])
    assert unescape(alt) == 'w < 1 & "b"'
    assert data["image/png"] in data["text/html"]


CELLS = {
    "left to the inline backend": "import matplotlib.pyplot as plt\nfrom course import plot\n"
    "plot.curves(None, {'loss': [3, 2, 1]}, xlabel='step', ylabel='nats', title='first');",
    "shown by hand": "fig, ax = plt.subplots(); ax.plot([1, 5]); ax.set_title('raw'); plt.show()",
    "the last expression": "fig, ax = plt.subplots(); ax.plot([1, 5]); plt.close(fig); fig",
    "displayed": "display(fig)",
    "after a change of the format": "%config InlineBackend.figure_format = 'retina'\nfig, ax = plt.subplots(); ax.plot([1, 5]);",
    "told by nobody": "from unittest import mock\nimport course.plot.alt_hook\n"
    "fig, ax = plt.subplots(); ax.plot([1, 5]); plt.close(fig)\n"
    "with mock.patch('course.plot.alt_hook.describe', side_effect=ValueError):\n    display(fig)",
}


def test_ipython_sends_the_words_with_every_figure_however_it_is_shown() -> None:
    ran = execute(
        notebook(*(code(source, id=f"c{i}") for i, source in enumerate(CELLS.values()))), "figures", Path.cwd()
    )
    shown = {way: cell["outputs"] for way, cell in zip(CELLS, ran["cells"], strict=True)}
    for way, outputs in shown.items():
        (output,) = outputs
        assert output["data"]["image/png"], way
        alt = output["metadata"].get("image/png", {}).get("alt", "")
        if way == "told by nobody":
            assert not alt
            continue
        assert "rises from 1 at 0 to 5 at 1" in alt or "loss falls from 3 at 1 to 1 at 3" in alt, way
        assert f'alt="{alt}"' in output["data"]["text/html"], way
        assert output["data"]["image/png"].strip() in output["data"]["text/html"], way
    assert shown["after a change of the format"][0]["metadata"]["image/png"]["width"] > 0
