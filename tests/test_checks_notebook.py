"""Promises of `check` and `predict` inside a real kernel, as a learner meets them."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from hang import HANG_S
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

CELLS = {
    "names": "from course import check, predict, my_numbers\nimport time\nimport jax, jax.numpy as jnp",
    "error": "def standardize(x):\n    y = x - x.mean(axis=0)\n    return y / x.nothing\ncheck(standardize)",
    "right": (
        "def standardize(x):\n    spread = x.std(axis=0)\n"
        "    return (x - x.mean(axis=0)) / jnp.where(spread > 0, spread, 1)\nverdict = check(standardize)"
    ),
    "endless": "def standardize(x):\n    while True:\n        try:\n            time.sleep(0.01)\n        except:\n            pass",
    "stop": (
        "from dataclasses import replace\nfrom course import checks\n"
        "checks.find = lambda name: replace(checks.exercises('start_here')[name], limit_s=0.5)\n"
        "check(standardize)"
    ),
    "timed": (
        "from time import perf_counter\ndef timed(fn, x):\n    jax.block_until_ready(fn(x))\n    start = perf_counter()\n"
        "    jax.block_until_ready(fn(x))\n    return perf_counter() - start\n"
        "check(timed)"
    ),
    "clock": "import time\nassert perf_counter is time.perf_counter and time.localtime().tm_year > 2000",
    "widget": "guess = predict('How many?', unit='×')\nguess",
    "reveal": 'guess.answer(10)\nguess.reveal(12, source="measured")',
    "numbers": "my_numbers()",
}


@pytest.fixture(scope="module")
def outputs() -> dict[str, list[Any]]:
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS.values()])
    NotebookClient(notebook, timeout=int(HANG_S), startup_timeout=int(HANG_S), kernel_name="python3").execute()
    nbformat.validate(notebook)
    return {name: cell.outputs for name, cell in zip(CELLS, notebook.cells, strict=True)}


def test_the_verdict_is_shown_once_as_html_and_text(outputs: dict[str, list[Any]]) -> None:
    """Also where the cell ends in the call, so that the notebook would show what it returns."""
    for cell in ("right", "error", "timed"):
        (only,) = outputs[cell]
        assert only.output_type == "display_data"
        assert set(only.data) == {"text/plain", "text/html"}


def test_the_verdict_is_the_learners_own_line_in_their_cell(outputs: dict[str, list[Any]]) -> None:
    text = outputs["error"][0].data["text/plain"]
    assert "in your code, line 3:\nreturn y / x.nothing\nAttributeError" in text
    assert "site-packages" not in text
    assert "Traceback" not in text


def test_a_right_answer_passes_in_the_kernel(outputs: dict[str, list[Any]]) -> None:
    assert "✓ standardize: right, on all 5 inputs" in outputs["right"][0].data["text/plain"]


def test_an_endless_loop_is_stopped_in_the_kernel(outputs: dict[str, list[Any]]) -> None:
    assert "it had not finished after 0.5 seconds" in outputs["stop"][0].data["text/plain"]


def test_simulated_time_works_in_the_kernel_and_the_real_clock_comes_back(outputs: dict[str, list[Any]]) -> None:
    assert "✓ timed: right" in outputs["timed"][0].data["text/plain"]
    assert outputs["clock"] == []


def test_a_question_shows_a_widget_with_a_still_beside_it(outputs: dict[str, list[Any]]) -> None:
    """One output: a front end without widgets, or a printed page, shows the still."""
    (only,) = outputs["widget"]
    assert only.data["text/plain"] == "Your guess: How many?"
    assert "How many?" in only.data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in only.data


def test_the_measurement_stands_beside_the_guess(outputs: dict[str, list[Any]]) -> None:
    assert outputs["reveal"][0].data["text/plain"] == "your guess: 10 ×  ·  measured here: 12 ×  (close: 17 % too low)"
    assert "How many?" in outputs["numbers"][0].data["text/html"]
