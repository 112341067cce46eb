"""Promises of the benchmarks: all contenders do the same work, they are measured in turns, and the page is what was measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import report
from benchmarks.measure import Failed
from benchmarks.training import __main__ as command
from benchmarks.training import goal, page, rounds, task
from benchmarks.training.contenders import BASE, ENTRIES, Entry
from benchmarks.training.remote import Remote
from benchmarks.training.rounds import Plan

pytestmark = pytest.mark.one_set

RESULTS = Path(command.__file__).parents[1] / "results"
JAX_ALONE = ("course", "flax")  # the others' libraries are heavy: they are compared at each start of `make bench`


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

    from benchmarks.training.contenders.course_jax import cnn, mlp

    forward = {"cnn": cnn, "mlp": mlp}[network]
    weights = jax.tree.map(jax.numpy.asarray, task.start_weights(network))
    images = task.noise(32, 1).train_images
    counted = jax.jit(forward).lower(weights, images).compile().cost_analysis()
    forward_alone = (task.operations(network) + {"cnn": 2 * 784 * 9 * 32, "mlp": 2 * 784 * task.HIDDEN}[network]) / 3
    assert counted is not None and counted["flops"] / 32 == pytest.approx(forward_alone, rel=0.12)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("network", task.NETWORKS)
def test_the_course_and_the_library_train_the_same_weights(network: str, half: bool) -> None:
    from benchmarks.training.contenders import course_jax, stock_flax

    images = task.noise(64, 32)
    found = []
    for module in (course_jax, stock_flax):
        contender = module.Contender(network, task.start_weights(network), half=half)
        contender.load(images.train_images, images.train_labels)
        losses = contender.train(task.order_of(64, 16, 0))
        assert losses.shape == (4,)
        found.append((losses, contender.logits(images.test_images)))
    within = 0.15 if half else 1e-3
    assert np.allclose(found[0][0], found[1][0], rtol=within)
    assert np.allclose(found[0][1], found[1][1], atol=within * np.abs(found[0][1]).max())


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
    starts = {name: [same] for name in ("course", "flax", BASE)}
    rounds._agree("cnn", starts, half=False)
    starts["flax"] = [{**same, "epoch_loss": 0.4}]
    with pytest.raises(Failed, match=r"Flax NNX.*epoch loss is 0\.4, the others' 0\.3"):
        rounds._agree("cnn", starts, half=False)


def test_what_a_broken_contender_said_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"(?s)the course, JAX: its process ended with 1:.*no such file"):
        Remote("course", "mlp", tmp_path / "no such file", tmp_path, 16, gpu=False)


def test_who_does_not_reach_the_goal_is_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goal, "EPOCH_BATCH", 16)
    images = task.noise(64, 32)
    nothing_to_learn = goal.race(JAX_ALONE, folder, Plan(), images, say=lambda what: None)
    assert nothing_to_learn == {}
    named = task.Images("something", images.train_images, images.train_labels, images.test_images, images.test_labels)
    found = goal.race(["course"], folder, Plan(starts=0, goal_epochs=1, cores=()), named, say=lambda what: None)
    (run,) = found["course"]
    assert run["epochs"] == 1 and run["accuracy"] < goal.GOAL and run["from_start_s"] is None
    assert "| the course, JAX | not in 1 epochs |  |  |" in page.section({**_result(), "goal": found})


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
        (("--only", "caffe"), "The contenders are course"),
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
        "goal": {"course": [run], BASE: [{**run, "from_start_s": None}]},
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
        assert text.count(f"| {entry.title} |") >= (7 if name in ("course", BASE) else 6)
    assert "NVIDIA H200" in text and "cores 0, 1;" in text and "keras is not installed here" in text
    # 1 of BASE's 3,000, in both rounds; and of its share of the peak: 1,050 images/s of a step's operations.
    assert "| the course, JAX | 1,050 | **0.33×** (0.33 to 0.33) |" in text
    assert f"| {1_050 * task.operations('cnn') / 1e9:,.1f} | {1_050 * task.operations('cnn') / 100e9:.1%} |" in text
    assert "| the course, JAX | 4 | 7.0 | 9.0 |" in text and "| PyTorch, eager | not in 4 epochs |  |  |" in text
    assert "| 94.10% | 94.10% | 20.0 | 30.0 | 1 |" in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith("| training |")}
    assert widths == {2 * 2 + 2}


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
