"""Whoever can't see a figure hears it: in JupyterLab, however the figure got there."""

from __future__ import annotations

from collections.abc import Callable

from browser.lab_page import LabNotebook

FIGURES = (
    "import matplotlib.pyplot as plt\nfrom course import plot\n"
    "plot.curves(None, {'loss': [3, 2, 1]}, xlabel='step', ylabel='loss (nats)', title='training');",
    "fig, ax = plt.subplots()\nax.plot([1, 5])\nax.set_title('raw')\nplt.show()",
    "plt.close(fig)\nfig",
)


def test_each_figure_in_jupyterlab_has_its_words_and_can_be_seen(
    show: Callable[..., LabNotebook], axe: Callable[..., list[str]]
) -> None:
    notebook = show("figures", *FIGURES)
    pictures = notebook.page.locator(".jp-OutputArea-output img")
    assert pictures.count() == len(FIGURES)
    alts = [pictures.nth(i).get_attribute("alt") for i in range(len(FIGURES))]
    raw = "raw. A line rises from 1 at 0 to 5 at 1."
    assert alts == ["training. loss falls from 3 at 1 to 1 at 3. x axis: step; y axis: loss (nats).", raw, raw]
    assert [picture for picture in notebook.pictures() if not (picture["loaded"] and picture["seen"])] == []
    assert axe(notebook.page, ".jp-OutputArea-output") == []


TRAINING = """\
from course import plot
from course.plot import training
training._EVERY_S, training._TIMES = 0, 0
with plot.Live(4) as live:
    for step in range(4):
        live.step(1 / (step + 1))
    live.epoch(0.5)"""


def test_a_picture_that_is_drawn_anew_while_a_cell_trains_is_there_once_and_as_it_is_at_the_end(
    show: Callable[..., LabNotebook],
) -> None:
    notebook = show("training", TRAINING)
    (picture,) = notebook.pictures()
    assert picture["loaded"] and picture["seen"] and picture["width"] > 50
    assert "step 4 of 4" in notebook.page.locator(".jp-OutputArea-output").first.inner_text()
