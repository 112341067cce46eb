"""Panels and the pad in a real page: names and roles, mouse and keyboard, both themes, a phone's width, a slow kernel."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from browser.lab_page import LabNotebook
from browser.lab_server import THEMES

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SLIDERS = """import time
import numpy as np
from course import pad, plot, predict

drawn = []

def draw(w, rate, f, fine):
    drawn.append(w)
    time.sleep(0.2)
    if w == -3:
        raise ValueError("w must not be -3")
    plot.knobs(np.tanh, w, 0.0, f_name=f)
    return f"w is {w:g}, {f}, {fine}"

plot.sliders(draw, w=(1.0, -3.0, 3.0), rate=(0.1, 0.01, 10.0, "log"), f=["tanh", "ReLU"], fine=False)"""

NUMBER = "number = predict('How much faster?', unit='×')\nnumber"
CHOICE = "choice = predict('Which one is faster?', choices=['the loop', 'the batch'])\nchoice"
ASKED = "print('asked', number.guess, choice.guess)"

# A network of a kind: what is narrow is a 1, everything else a 0.
PAD = """def read(image):
    p = np.full(10, 0.01)
    p[1 if np.count_nonzero(image.max(axis=0) > 0.5) < 7 else 0] = 0.91
    return p

sheet = pad(read)
sheet"""


def _says(panel: Locator, words: str) -> None:
    """Wait until the panel's line of words is this."""
    panel.locator(".ttn-words").filter(has_text=words).wait_for(state="attached", timeout=20_000)


def _run(notebook: LabNotebook, source: str) -> str:
    """Run the cell that has this in it, and return what it printed."""
    notebook.edit(source)
    notebook.run_cell()
    return notebook.outputs(source).last.inner_text().strip()


def test_every_control_has_a_role_and_a_name_and_moves_the_picture(show: Callable[..., LabNotebook]) -> None:
    notebook = show("controls", SLIDERS)
    panel = notebook.outputs("plot.sliders(").get_by_role("group").first
    image = panel.get_by_role("img")
    slider = panel.get_by_role("slider", name="w", exact=True)
    before = image.get_attribute("src")
    slider.focus()
    slider.press("ArrowRight")
    _says(panel, "w is 1.1, tanh, False")
    assert slider.get_attribute("aria-valuetext") == "1.1"
    assert image.get_attribute("src") != before
    assert "w = 1.1" in (image.get_attribute("alt") or "")
    panel.get_by_role("radio", name="tanh").focus()
    panel.get_by_role("radio", name="tanh").press("ArrowRight")
    _says(panel, "ReLU, False")
    panel.get_by_role("checkbox", name="fine").press("Space")
    _says(panel, "ReLU, True")
    rate = panel.get_by_role("slider", name="rate")
    rate.press("End")
    assert rate.get_attribute("aria-valuetext") == "10"
    rate.press("Home")
    assert rate.get_attribute("aria-valuetext") == "0.01"


def test_keys_for_a_control_do_not_reach_jupyterlab(show: Callable[..., LabNotebook], page: Page) -> None:
    """There "d d" deletes the cell, "m" makes it text, and the arrows go to another cell."""
    notebook = show("shortcuts", SLIDERS, NUMBER)
    slider = notebook.outputs("plot.sliders(").get_by_role("slider", name="w", exact=True)
    slider.focus()
    for key in ("d", "d", "m", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    assert slider.evaluate("node => node === document.activeElement")
    assert [cell.source for cell in notebook.code_cells()] == [SLIDERS, NUMBER]


def test_while_somebody_drags_only_the_newest_value_is_drawn(show: Callable[..., LabNotebook], page: Page) -> None:
    notebook = show("drag", SLIDERS, "print(len(drawn), drawn[-1])")
    panel = notebook.outputs("plot.sliders(").get_by_role("group").first
    slider = panel.get_by_role("slider", name="w", exact=True)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.67 * box["width"], middle)
    page.mouse.down()
    for step in range(41):
        page.mouse.move(box["x"] + (0.67 - 0.01 * step) * box["width"], middle)
        page.wait_for_timeout(10)
    page.mouse.up()
    final = slider.get_attribute("aria-valuetext") or ""
    _says(panel, f"w is {final.replace('−', '-')},")
    count, last = _run(notebook, "print(len(drawn)").split()
    assert int(count) <= 12, "some forty values in half a second, and a picture takes a fifth of one"
    assert float(last) == float(final.replace("−", "-"))


def test_an_error_is_shown_in_the_panel_and_goes_away(show: Callable[..., LabNotebook]) -> None:
    notebook = show("error", SLIDERS)
    panel = notebook.outputs("plot.sliders(").get_by_role("group").first
    slider = panel.get_by_role("slider", name="w", exact=True)
    slider.press("Home")
    panel.get_by_role("alert").filter(has_text="ValueError: w must not be -3").wait_for()
    slider.press("End")
    _says(panel, "w is 3,")
    assert not panel.get_by_role("alert").is_visible()


def test_a_picture_waits_for_a_running_cell(show: Callable[..., LabNotebook], page: Page) -> None:
    """Drawn beside it, in JupyterLab's other thread, its figure would be mixed up with that of the cell."""
    busy = "time.sleep(pause)\nfigure = plot.curves([0, 1], {'y': [0, 1]}, xlabel='x', ylabel='y')\nprint('drawn', len(drawn))"
    notebook = show("busy", SLIDERS, NUMBER, "pause = 0", busy, "pause = 6")
    notebook.edit("pause = 6")
    notebook.run_cell()
    notebook.edit("figure = ")
    page.keyboard.press("Shift+Enter")
    page.wait_for_timeout(500)
    notebook.outputs("plot.sliders(").get_by_role("slider", name="w", exact=True).press("ArrowRight")
    field = notebook.outputs("number = ").get_by_role("textbox")
    field.fill("30")
    field.press("Enter")
    notebook.outputs("plot.sliders(").get_by_text("Waiting for the kernel").wait_for()
    notebook.wait_for_kernel()
    notebook.outputs("figure = ").locator("img").wait_for()
    assert notebook.outputs("figure = ").first.inner_text().strip() == "drawn 1"
    assert notebook.outputs("figure = ").locator("img").count() == 1
    _says(notebook.outputs("plot.sliders(").get_by_role("group").first, "w is 1.1")
    _says(notebook.outputs("number = ").get_by_role("group").first, "kept: 30 ×")
    assert notebook.outputs("plot.sliders(").get_by_text("Waiting for the kernel").count() == 0


def test_a_guess_is_typed_or_chosen_with_the_keyboard_and_kept(show: Callable[..., LabNotebook]) -> None:
    notebook = show("guess", SLIDERS, NUMBER, CHOICE, ASKED)
    field = notebook.outputs("number = ").get_by_role("textbox", name="Your guess first. How much faster?")
    field.fill("a lot")
    field.press("Enter")
    _says(notebook.outputs("number = ").get_by_role("group").first, "That is not a number.")
    field.fill("30")
    field.press("Enter")
    _says(notebook.outputs("number = ").get_by_role("group").first, "kept: 30 ×")
    notebook.outputs("choice = ").get_by_role("radio", name="the loop").press("Space")
    notebook.outputs("choice = ").get_by_role("radio", name="the loop").press("ArrowRight")
    _says(notebook.outputs("choice = ").get_by_role("group").nth(0), "kept: the batch")
    assert _run(notebook, "print('asked'") == "asked 30.0 the batch"
    _run(notebook, "number = ")
    assert notebook.outputs("number = ").get_by_role("textbox").input_value() == "30", "kept when the cell is run again"


def test_the_player_plays_only_when_it_is_told_to_and_pauses(show: Callable[..., LabNotebook], page: Page) -> None:
    kernel = (
        "import numpy as np\nfrom course import plot, simt\ndef twice(t, x, out):\n    i = t.threadIdx.x\n    out[i] = 2 * x[i]\n"
        "x = np.arange(64, dtype=np.float32)\n"
        "report = simt.launch(twice, 1, 64, x, simt.empty(64), trace=True)[1]\nplot.player(report, x=x, out=x)"
    )
    panel = show("player", kernel).outputs("plot.player(").get_by_role("group").first
    page.wait_for_timeout(1500)
    step = panel.get_by_role("slider", name="step")
    assert step.get_attribute("aria-valuetext") == "1"
    panel.get_by_role("button", name="play").press("Enter")
    _says(panel, "3 of ")
    panel.get_by_role("button", name="pause").press("Enter")
    page.wait_for_timeout(300)
    stopped = step.get_attribute("aria-valuetext")
    page.wait_for_timeout(1800)
    assert step.get_attribute("aria-valuetext") == stopped
    assert panel.get_by_role("button", name="play").is_visible()


def _percent(pad: Locator, digit: str) -> str:
    return pad.get_by_role("row", name=re.compile(rf"^{digit} ")).locator(".ttn-percent").inner_text()


def test_the_pad_reads_what_the_mouse_draws(show: Callable[..., LabNotebook], page: Page) -> None:
    notebook = show("pad", SLIDERS, PAD, "print(len(sheet.strokes), sheet.words)")
    pad = notebook.outputs("sheet = ").get_by_role("group", name="draw a digit")
    _says(pad, "reads 0, 91 %")
    sheet = pad.get_by_role("application", name="drawing pad")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 140, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 240, steps=20)
    page.mouse.up()
    _says(pad, "reads 1, 91 %")
    assert _percent(pad, "1") == "91\xa0%"
    assert "ink in rows 5 to 24" in (pad.get_by_role("img").get_attribute("aria-label") or "")
    assert _run(notebook, "print(len(sheet.strokes)") == "1 reads 1, 91 %", (
        "the example went away with the first stroke"
    )
    pad.get_by_role("button", name="undo").click()
    _says(pad, "nothing drawn yet")


def test_the_pad_is_drawn_on_with_the_keyboard(show: Callable[..., LabNotebook], page: Page) -> None:
    notebook = show("keys", SLIDERS, PAD, "print(len(sheet.strokes), len(sheet.strokes[0]))")
    pad = notebook.outputs("sheet = ").get_by_role("group", name="draw a digit")
    sheet = pad.get_by_role("application", name="drawing pad")
    sheet.focus()
    page.keyboard.press("ArrowLeft")
    pad.get_by_text("row 7, column 14", exact=True).wait_for(state="attached")
    page.keyboard.press("Enter")
    for _ in range(14):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    pad.get_by_text("row 21, column 14, pen up").wait_for(state="attached")
    _says(pad, "reads 1, 91 %")
    assert sheet.evaluate("node => node === document.activeElement"), "the arrows belong to the pad"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    assert _run(notebook, "print(len(sheet.strokes)") == "2 15"
    sheet.press("Backspace")
    pad.get_by_role("button", name="clear").press("Enter")
    _says(pad, "nothing drawn yet")


def test_widgets_pass_axe_and_fit_a_phone_in_both_themes(
    show: Callable[..., LabNotebook],
    page: Page,
    axe: Callable[..., list[str]],
    shoot: Callable[..., object],
) -> None:
    notebook = show("widgets", SLIDERS, NUMBER, CHOICE, PAD)
    notebook.outputs("plot.sliders(").get_by_role("slider", name="w", exact=True).press("Home")
    notebook.outputs("choice = ").get_by_role("radio", name="the loop").press("Space")
    notebook.outputs("plot.sliders(").get_by_role("alert").filter(has_text="ValueError").wait_for()
    page.set_viewport_size({"width": 1280, "height": 2000})
    found = {}
    for theme in THEMES:
        notebook.theme(theme)
        shoot(page, f"widgets {theme}")
        found[theme] = axe(page, ".ttn")
    assert found == {theme: [] for theme in THEMES}
    page.set_viewport_size({"width": 900, "height": 2000})
    # What a phone leaves to an output, without what JupyterLab needs around it.
    page.add_style_tag(content=".jp-OutputArea-output { max-width: 340px !important; }")
    for theme in THEMES:
        notebook.theme(theme)
        wide = page.evaluate(
            "() => [...document.querySelectorAll('.ttn')].map(e => [e.className, e.scrollWidth - e.clientWidth, e.offsetWidth])"
        )
        assert [name for name, over, width in wide if over > 1 or width > 340] == []
        shoot(page, f"widgets on a phone {theme}")
