"""Promises of the benchmarks: all contenders do the same work, they are measured in turns, and the page is what was measured."""

from __future__ import annotations

import ast
import builtins
import json
import symtable
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from making import code, notebook

from benchmarks import report, wait
from benchmarks.measure import Failed
from benchmarks.training import __main__ as command
from benchmarks.training import cells, goal, operations, page, rounds, task
from benchmarks.training.contenders import BASE, ENTRIES, FAST, LESSONS, Entry
from benchmarks.training.remote import Remote
from benchmarks.training.rounds import Plan

pytestmark = pytest.mark.one_set

RESULTS = Path(command.__file__).parents[1] / "results"
JAX_ALONE = (FAST, "flax")  # the others' libraries are heavy: they are compared at each start of `make bench`


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    task.noise(64, 32).save(folder)
    return folder


# --- The work -----------------------------------------------------------------------------------------------------------


def test_images_come_back_as_they_were_saved(folder: Path) -> None:
    images, again = task.noise(64, 32), task.Images.open(folder)
    assert again.name == images.name and not again.real
    assert all(np.array_equal(getattr(images, part), getattr(again, part)) for part in task.PARTS)


def test_an_epoch_has_each_image_once_and_no_two_epochs_are_alike() -> None:
    order = task.order_of(100, 32, 0)
    assert order.shape == (3, 32) and len(np.unique(order)) == 96
    assert np.array_equal(order, task.order_of(100, 32, 0)) and not np.array_equal(order, task.order_of(100, 32, 1))


def test_there_is_no_third_network() -> None:
    with pytest.raises(ValueError, match="cnn, mlp"):
        task.start_weights("rnn")


@pytest.mark.parametrize("network", task.NETWORKS)
def test_the_operations_are_those_that_the_compiler_counts(network: str) -> None:
    """XLA counts the pools, ReLU and the loss as well, and a convolution's border as if it had no zeros: a few percent."""
    import jax
    from flax import nnx

    from benchmarks.training.contenders.taught import model_with

    graph, params = nnx.split(model_with(network, task.start_weights(network)))
    images = task.noise(32, 1).train_images
    counted = jax.jit(lambda params, x: nnx.merge(graph, params)(x)).lower(params, images).compile().cost_analysis()
    forward_alone = (task.operations(network) + {"cnn": 2 * 784 * 9 * 32, "mlp": 2 * 784 * task.HIDDEN}[network]) / 3
    assert counted is not None and counted["flops"] / 32 == pytest.approx(forward_alone, rel=0.12)


@pytest.mark.parametrize("network", task.NETWORKS)
def test_the_lessons_and_the_library_train_the_same_weights(network: str) -> None:
    images = task.noise(64, 32)
    found = {}
    for name in (*LESSONS, "flax"):
        module = import_module(f"benchmarks.training.contenders.{ENTRIES[name].module}")
        contender = module.Contender(network, task.start_weights(network))
        contender.load(images.train_images, images.train_labels)
        losses = contender.train(task.order_of(64, 16, 0))
        assert losses.shape == (4,)
        found[name] = losses, contender.logits(images.test_images)
    for name in LESSONS:
        assert np.allclose(found[name][0], found["flax"][0], rtol=1e-3)
        assert np.allclose(found[name][1], found["flax"][1], atol=1e-3 * np.abs(found["flax"][1]).max())


def test_the_operations_of_a_step_add_up_to_those_of_the_network() -> None:
    """But for those of the pool and of Adam, which the network's count leaves out."""
    made = operations.parts(2)
    counted = sum(flop for name, (_, flop, _) in made.items() if name.startswith(("conv", "dense")))
    assert counted == 2 * task.operations("cnn")
    assert all(moved > 0 for _, _, moved in made.values())


# --- What is taken from a notebook --------------------------------------------------------------------------------------

CELLS = (
    "import math\nfrom functools import cache, partial\nSIZE = 2\nprint('seen')",
    "values = [1 / 0]",
    "def area(r):\n    size = SIZE\n    return helper(r) * size",
    "SIZE = 3",
    "def helper(values):\n    return math.pi * values",
    "@cache\ndef area_of(r):\n    return area(r)\narea_of.cache_clear()\nnoisy = area_of(values)",
    "kind = 'first'\nif SIZE == 0:\n    kind = 'second'",
    "def area_twice(r):\n    return [area(r) for _ in range(2)]\ntotal = 1\ntotal += 1",
)


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    path = tmp_path / "lesson.ipynb"
    path.write_text(json.dumps(notebook(*map(code, CELLS))), encoding="utf-8")
    return path


def test_a_name_is_taken_with_what_it_needs_and_nothing_else(lesson: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A parameter's name is no need; a function may look up what comes later; of two values the one before counts."""
    taken = cells.defined(lesson, "area_twice")
    assert taken.keys() == {"area_twice"} and taken["area_twice"](1) == pytest.approx([2 * np.pi] * 2)
    assert capsys.readouterr().out == ""


def test_what_is_given_takes_the_place_of_the_lessons_own(lesson: Path) -> None:
    assert cells.defined(lesson, "area", given={"helper": lambda r: r, "SIZE": 10})["area"](7) == 70


def test_a_statement_that_changes_a_name_needs_what_was_there_before(lesson: Path) -> None:
    assert cells.defined(lesson, "kind", "total", "SIZE") == {"kind": "first", "total": 2, "SIZE": 3}


def test_what_a_function_is_told_afterwards_belongs_to_it(lesson: Path) -> None:
    names = [ast.unparse(one.node) for one in cells._statements(lesson)]
    places = cells.needed(list(cells._statements(lesson)), ["area_of"], {}, "lesson")
    assert "area_of.cache_clear()" in [names[place] for place in places]


def test_a_name_that_a_notebook_does_not_define_is_named(lesson: Path) -> None:
    with pytest.raises(cells.NotDefined, match=r"lesson\.ipynb defines no 'volume'"):
        cells.defined(lesson, "volume")


# --- In turns -----------------------------------------------------------------------------------------------------------


def test_each_round_begins_with_another() -> None:
    assert list(rounds.turns("ABC", 4)) == list("ABCBCACABABC")


@pytest.mark.thorough
def test_a_short_run_measures_all_and_tells_as_many_steps_as_it_said(folder: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(rounds, "BASE", "flax")
    monkeypatch.setattr(rounds, "BATCHES", (16,))
    monkeypatch.setattr(rounds, "ANSWERS", {1: 2})
    monkeypatch.setattr(rounds, "EPOCH_BATCH", 16)
    told: list[str] = []
    plan = Plan(starts=1, rounds=2, seconds=0.01)
    found = rounds.measure("mlp", JAX_ALONE, folder, plan, told.append)
    assert len(told) == rounds.steps_to_come(JAX_ALONE, plan)
    assert set(found["first_time"]) == set(found["starts"]) == set(JAX_ALONE)
    for name in JAX_ALONE:
        (start,) = found["starts"][name]
        assert 0 < start["first_step_s"] < start["epoch_s"]
        assert start["peak_mb"] > 50 and 0 <= start["accuracy"] <= 1
        assert len(found["images_per_s"][16][name]) == len(found["answer_s"][1][name]) == 2
    assert rounds.ratios(found["images_per_s"][16], "flax") == [1, 1]


def test_who_does_other_work_ends_the_run() -> None:
    same = {"first_loss": 2.3, "epoch_loss": 0.3}
    starts = {name: [same] for name in (FAST, "flax", BASE)}
    rounds._agree("cnn", starts, half=False)
    starts["flax"] = [{**same, "epoch_loss": 0.4}]
    with pytest.raises(Failed, match=r"Flax NNX.*epoch loss is 0\.4, the others' 0\.3"):
        rounds._agree("cnn", starts, half=False)


def test_what_a_broken_contender_said_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"(?s)lesson 08's end: its process ended with 1:.*no such file"):
        Remote(FAST, "mlp", tmp_path / "no such file", tmp_path, 16, gpu=False)


def test_who_does_not_reach_the_goal_is_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goal, "EPOCH_BATCH", 16)
    images = task.noise(64, 32)
    nothing_to_learn = goal.race(JAX_ALONE, folder, Plan(), images, say=lambda what: None)
    assert nothing_to_learn == {}
    named = task.Images("something", images.train_images, images.train_labels, images.test_images, images.test_labels)
    found = goal.race([FAST], folder, Plan(starts=0, goal_epochs=1, cores=()), named, say=lambda what: None)
    (run,) = found[FAST]
    assert run["epochs"] == 1 and run["accuracy"] < goal.GOAL and run["from_start_s"] is None
    assert "| lesson 08's end | not in 1 epochs |  |  |" in page.section({**_result(), "goal": found})


# --- The command --------------------------------------------------------------------------------------------------------


def test_who_is_not_installed_is_left_out_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        command, "ENTRIES", {BASE: Entry("base", "m", ()), "x": Entry("Other", "m", ("no_such_package",))}
    )
    assert command._who_takes_part(None, gpu=False) == ([BASE], {"Other": "no_such_package is not installed here"})


def _run(*words: str) -> tuple[int, str]:
    import typer
    from typer.testing import CliRunner

    app = typer.Typer()
    app.command()(command.main)
    result = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--cores", "999"), "The cores here are"),
        (("--cores", "a"), "not a list of numbers"),
        (("--only", "caffe"), "The contenders are taught"),
        (("--rounds", "0"), "'--rounds'"),
    ],
)
def test_a_wrong_word_is_answered_with_what_is_right(words: tuple[str, ...], says: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(command, "_roof", lambda *_: {"platform": "cpu"})
    status, said = _run(*words)
    assert status == 2 and says in said


# --- The page -----------------------------------------------------------------------------------------------------------


def _result() -> dict[str, Any]:
    names = list(ENTRIES)
    start = {
        "first_step_s": 1.5,
        "epoch_s": 12.0,
        "accuracy": 0.981,
        "peak_mb": 600.0,
        "first_loss": 2.0,
        "epoch_loss": 0.2,
    }
    rates = {name: [1_000.0 * k, 1_100.0 * k] for k, name in enumerate(names, start=1)}
    found = {
        "first_time": dict.fromkeys(names, start),
        "starts": {name: [start] for name in names},
        "images_per_s": {"32": rates, "512": rates},
        "answer_s": {"1": {name: [0.001] for name in names}, "1000": {name: [0.02] for name in names}},
    }
    run = {"epochs": 4, "accuracy": 0.991, "from_start_s": 9.0, "from_first_step_s": 7.0}
    return {
        "networks": {"cnn": found, "mlp, bfloat16": found},
        "goal": {FAST: [run], BASE: [{**run, "from_start_s": None}]},
        "cifar": {"runs": [{"train_s": 20.0, "compile_s": 30.0, "accuracy": 0.941}], "recipe": {"epochs": 24}},
        "data": "MNIST",
        "device": "NVIDIA H200",
        "roof": {"tf32": 100e9, "half": 200e9, "float32": 90e9, "bandwidth": 20e9},
        "left_out": {"Keras on JAX, fit": "keras is not installed here"},
        "plan": {"starts": 1, "rounds": 2, "cores": [0, 1]},
        "machine": {"processor": "P", "cores": "2 cores"},
        "versions": {"jax": "0.1"},
        "measured_at": "2026-01-01",
    }


def test_the_page_has_every_contender_and_every_figure() -> None:
    text = page.section(_result())
    for name, entry in ENTRIES.items():
        assert text.count(f"| {entry.title} |") >= (7 if name in (FAST, BASE) else 6)
    assert "NVIDIA H200" in text and "cores 0, 1;" in text and "keras is not installed here" in text
    # 2,000 to BASE's 4,000, in both rounds; and of its share of the peak: 2,100 images/s of a step's operations.
    assert "| lesson 08's end | 2,100 | **0.50×** (0.50 to 0.50) |" in text
    assert f"| {2_100 * task.operations('cnn') / 1e9:,.1f} | {2_100 * task.operations('cnn') / 100e9:.1%} |" in text
    assert "| lesson 08's end | 4 | 7.0 | 9.0 |" in text and "| PyTorch, eager | not in 4 epochs |  |  |" in text
    assert "| 94.10% | 94.10% | 20.0 | 30.0 | 1 |" in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith("| training |")}
    assert widths == {2 * 2 + 2}


def test_the_page_says_which_goals_are_reached_against_the_fastest_peer() -> None:
    result = _result()
    result["networks"]["cnn"]["images_per_s"] = {
        "32": {FAST: [9, 11], "taught": [5, 5], BASE: [8, 10], "flax": [1, 99]}
    }
    text = page.section(result)
    # The fastest is who is fastest in the middle round, not who was once.
    assert "| lesson 08's end: training, batch 32 | 1.0× | **0.20×** (0.11 to 9.00)" not in text
    assert (
        "| lesson 08's end: training, batch 32 | 1.0× | **4.56×** (0.11 to 9.00) | Flax NNX, as usually taught | yes |"
        in text
    )
    result["networks"]["cnn"]["images_per_s"]["32"]["flax"] = [1, 1]
    text = page.section(result)
    assert "| lesson 08's end: training, batch 32 | 1.0× | **1.11×** (1.10 to 1.12) | PyTorch, eager | yes |" in text
    assert (
        "| lesson 05 as written: training, batch 32 | 0.6× | **0.56×** (0.50 to 0.62) | PyTorch, eager | no |" in text
    )
    assert "| lesson 08's end: 1 image at a time | 1.0× | **1.00×** |" in text
    # A run has numbers for keys, its stored figures have words.
    found = result["networks"]["cnn"]
    found["answer_s"] = {int(size): by_name for size, by_name in found["answer_s"].items()}
    assert page.section(result) == text


def test_the_page_shows_each_operation_beside_the_devices_peaks() -> None:
    parts = {
        "conv": {"flop": 1e9, "bytes": 1e6, "seconds": 0.02},
        "Adam": {"flop": 1e6, "bytes": 40e6, "seconds": 0.004},
    }
    text = page.section(_result() | {"operations": {"batch": 64, "parts": parts}})
    assert "| conv | 1.00 | 1.0 | 10.00 | arithmetic | 20.00 | 50% |" in text
    assert "| Adam | 0.00 | 40.0 | 2.00 | memory | 4.00 | 50% |" in text


# --- The learner's wait -------------------------------------------------------------------------------------------------


def test_the_wait_is_for_the_lessons_own_cells_each_of_which_needs_only_those_before() -> None:
    given = wait.parts()
    texts = ["".join(cell["source"]) for cell in json.loads(wait.NOTEBOOK.read_text(encoding="utf-8"))["cells"]]
    assert given["the set-up cell"] in texts and given["the imports"] in texts
    bound = set(dir(builtins))
    for text in given.values():
        table = symtable.symtable(text, "part", "exec")
        bound |= {one.get_name() for one in table.get_symbols() if one.is_assigned() or one.is_imported()}
        assert cells._looked_up(table) <= bound
    whole = "\n".join(given.values())
    assert whole.count("load(DATASET)") == 1 and "plot.Live" not in whole


def test_the_table_of_the_wait_has_each_part_and_the_whole() -> None:
    rounds = {
        way: [
            {part: {"seconds": k * s, "processor_s": s / 2} for part, s in (("start", 1.0), ("step", 2.0))} for k in ks
        ]
        for way, ks in {"kernel": (1, 2, 9), "warm kernel": (1, 1, 1)}.items()
    }
    assert report.wait({"rounds": rounds})[2:] == [
        "| start | 2.00 (0.50) | 1.00 (0.50) |",
        "| step | 4.00 (1.00) | 2.00 (1.00) |",
        "| in all | 6.00 (1.50) | 3.00 (1.50) |",
    ]


@pytest.mark.thorough
def test_a_kernel_runs_the_whole_wait(tmp_path: Path) -> None:
    found = wait.once(forked=True, variables={"COURSE_COMPILE_CACHE": str(tmp_path)})
    assert list(found) == [wait.START, *wait.parts()]
    assert all(part["seconds"] > 0 and part["processor_s"] >= 0 for part in found.values())


def test_the_stored_page_is_written_from_the_stored_figures(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    for path in RESULTS.glob("*.json"):
        (tmp_path / "results" / path.name).write_bytes(path.read_bytes())
    report.write(tmp_path / "results")
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == (RESULTS.parent / "README.md").read_text(
        encoding="utf-8"
    )


def test_stored_figures_say_which_machine_they_come_from() -> None:
    for path in RESULTS.glob("*.json"):
        stored = json.loads(path.read_text(encoding="utf-8"))
        assert stored["machine"]["processor"] and stored["versions"]["Python"] and stored["measured_at"]
        assert sys.prefix not in path.read_text(encoding="utf-8")
