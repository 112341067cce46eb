"""Promises of the probes: they hold nothing of the answers, stand alone in another process, and bring back raw what came."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hang import HANG_S

from course.checks import exercises, find, probes, wire
from course.checks.probes import answer
from course.checks.probes.start_here import clocked
from course.exercises.start_here.simulation import Device

COURSE = Path(probes.__file__).parents[2]
# What goes into the process of a learner, besides rooms that know no exercise.
# Rooms that know no exercise, and that those files use.
SERVING = ("backend", "settings", "terminal", "timing")
INSIDE = (
    *sorted((COURSE / "checks" / "probes").glob("*.py")),
    *(COURSE / "checks" / f"{name}.py" for name in ("outcome", "plain", "wire")),
    *sorted((COURSE / "simt").rglob("*.py")),
)
ALL = exercises()
each_exercise = pytest.mark.parametrize("exercise", ALL.values(), ids=list(ALL))


def _imports(path: Path) -> set[str]:
    """The modules that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", INSIDE, ids=lambda path: path.stem)
def test_what_goes_inside_imports_nothing_that_knows_an_answer(path: Path) -> None:
    allowed = (
        "course.simt",
        *(f"course.{name}" for name in SERVING),
        *(f"course.checks.{name}" for name in ("probes", "outcome", "plain", "program", "stablehlo", "wire")),
    )
    ours = [name for name in _imports(path) if name.split(".")[0] == "course"]
    assert all(name.startswith(allowed) for name in ours), ours
    assert "importlib" not in path.read_text(encoding="utf-8") or path.parent.name == "probes"


@pytest.mark.parametrize("path", INSIDE, ids=lambda path: path.stem)
def test_what_goes_inside_names_no_part_of_a_catalogue(path: Path) -> None:
    """No reference, mistake or hint, by its name or by its words."""
    text = path.read_text(encoding="utf-8")
    defined = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for exercise in ALL.values():
        assert exercise.name not in defined
        assert not [mistake.name for mistake in exercise.mistakes if mistake.hint[:30] in text]


@each_exercise
def test_every_probe_has_an_address_in_the_room_of_probes(exercise: Any) -> None:
    assert exercise.address.startswith("course.checks.probes")
    assert probes.find(exercise.address) is exercise.probe


@pytest.mark.parametrize(
    "address",
    [
        "os:system",
        "course.checks.probes:run",
        "course.checks.probes:import_module",
        "course.checks.probes.the_neuron:_first",
        "course.checks.probes.the_neuron:jax",
        "course.checks.probes.no_such_topic:draw",
        "course.checks.probes.the_neuron.draw",
        "course.checks.judge:judge",
        "course.checks.probes.../x:y",
        "",
    ],
)
def test_no_other_function_is_called_by_its_address(address: str) -> None:
    with pytest.raises(ValueError, match="no probe has the address"):
        answer(address, abs, (1,), 1.0)


STRIPPED = """
import json, sys
from course.checks import wire
from course.checks.probes import answer
slow = [name for name in sys.modules if name.split('.')[0] in ('flax', 'optax', 'matplotlib', 'IPython')]
address, args, source = json.load(sys.stdin)
space = {}
exec(source, space)
outcome = answer(address, space['f'], wire.decode(args), 60.0)
known = sorted(name for name in sys.modules if name.startswith('course.'))
print(json.dumps({'outcome': wire.encode_outcome(outcome), 'slow': slow, 'known': known}))
"""

WRITTEN = {
    "neuron": "import jax.numpy as jnp\ndef f(x, w, b): return jnp.tanh(w @ x + b)",
    "he_init": "import jax\ndef f(key, n, m): return jax.random.normal(key, (m, n)) * (2 / n) ** 0.5, jax.numpy.zeros(m)",
    "train_step": (
        "from flax import nnx\nimport optax\ndef f(model, optimizer, x, y):\n    model.train()\n    def loss_of(m):\n        z = m(x)\n"
        "        return optax.softmax_cross_entropy_with_integer_labels(z, y).mean(), z\n"
        "    (loss, z), grads = nnx.value_and_grad(loss_of, has_aux=True)(model)\n"
        "    optimizer.update(model, grads)\n    return loss, (z.argmax(axis=1) == y).mean()"
    ),
}


@pytest.fixture(scope="module")
def stripped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package that holds what goes inside, and no more."""
    root = tmp_path_factory.mktemp("inside")
    for path in (*INSIDE, *(COURSE / f"{name}.py" for name in SERVING)):
        target = root / path.relative_to(COURSE.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for package in (root / "course", root / "course" / "checks"):
        (package / "__init__.py").touch()
    return root


@pytest.mark.parametrize("name", WRITTEN)
def test_a_stripped_copy_answers_in_another_process(stripped: Path, name: str) -> None:
    from course.checks.judge import marking

    exercise, marks = find(name), marking(find(name), 3)
    question = json.dumps([exercise.address, wire.encode(marks.cases[1].args), WRITTEN[name]])
    done = subprocess.run(
        [sys.executable, "-c", STRIPPED], input=question, capture_output=True, text=True, cwd=stripped, timeout=HANG_S
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["slow"] == []
    assert not [module for module in said["known"] if "lesson" in module and "probes" not in module]
    verdict = marks.verdict([wire.decode_outcome(said["outcome"])] * len(marks.cases))
    assert verdict.cases_passed == 1, verdict.message


# --- The simulated clock ------------------------------------------------------------------------------------------------


def honest(fn: Any, x: Any) -> float:
    jax.block_until_ready(fn(x))
    start = time.perf_counter()
    jax.block_until_ready(fn(x))
    return time.perf_counter() - start


WORLDS: dict[str, Device] = {}


def _reachable(thing: Any, depth: int = 6) -> list[Any]:
    """All that can be had from an object by introspection: closures, attributes, items."""
    found, new = [thing], [thing]
    for _ in range(depth):
        inner: list[Any] = []
        for one in new:
            cells = getattr(one, "__closure__", None) or ()
            inner += [cell.cell_contents for cell in cells]
            inner += list(getattr(one, "__dict__", {}).values()) if not isinstance(one, type) else []
            inner += [getattr(one, "__self__", None)]
        new = [one for one in inner if one is not None and not any(one is seen for seen in found)]
        found += new
    return found


def test_a_timed_function_and_its_results_know_no_time() -> None:
    """Whoever looks into them finds what asks the world, and the numbers of tickets."""
    # A name of this file's, not of a closure: it stands for what lives in another process.
    WORLDS["other process"] = Device(1.1, 0.0005, 0.257, True)
    seen: list[Any] = []

    def ask(*question: Any) -> Any:
        return json.loads(json.dumps(WORLDS["other process"].ask(*question)))

    def look(fn: Any, x: Any) -> float:
        seen.extend([*_reachable(fn), *_reachable(fn(x)[1])])
        return honest(fn, x)

    assert clocked(look, ask) == pytest.approx(0.257, rel=5e-3)
    assert ask in seen
    assert [one for one in seen if isinstance(one, int)]
    assert not [one for one in seen if isinstance(one, (float, Device))]


def test_all_that_a_timing_needs_goes_through_json_in_few_questions() -> None:
    device, questions = Device(0.3, 0.001, 0.02, False), []

    def ask(*question: Any) -> Any:
        questions.append(json.loads(json.dumps(question)))
        return json.loads(json.dumps(device.ask(*questions[-1])))

    assert clocked(honest, ask) == pytest.approx(0.02, rel=0.1)
    assert [question[0] for question in questions] == ["call", "wait", "clock", "call", "wait", "clock"]


def test_the_one_who_asks_sees_the_real_clocks() -> None:
    """The question may travel by a library that looks at the time itself."""
    device, seen = Device(0.3, 0.001, 0.02, False), []

    def ask(*question: Any) -> Any:
        seen.append(time.time())
        time.sleep(0)
        return device.ask(*question)

    before = time.time()
    clocked(honest, ask)
    assert before <= min(seen) <= max(seen) <= time.time()
    assert len(seen) == 6


@pytest.mark.parametrize(
    "question",
    [
        (),
        ("compute_s",),
        ("__class__",),
        ("wait", 0),
        ("wait", -1),
        ("wait", "0"),
        ("wait", None),
        ("call", "x"),
        ("call", 3, 3),
        ("call", "x" * 20_000, 3),
        ("call", "x", -3),
        ("call", "x", 10**30),
        ("sleep", -1.0),
        ("sleep", float("nan")),
        ("sleep", float("inf")),
        ("sleep", "1"),
        ("clock", 1),
        (["clock"],),
        ({"op": "clock"},),
    ],
    ids=lambda question: repr(question)[:30],
)
def test_a_question_that_makes_no_sense_is_refused_and_changes_nothing(question: tuple[Any, ...]) -> None:
    device = Device(0.3, 0.001, 0.02, False)
    before = dict(vars(device))
    with pytest.raises((ValueError, TypeError)):
        device.ask(*question)
    assert vars(device) == before


def test_whoever_calls_without_end_is_stopped_before_the_memory_is_full() -> None:
    device = Device(0.3, 0.001, 0.02, False)
    with pytest.raises(ValueError, match="too often"):
        for i in range(10_000):
            device.ask("call", str(i), 3)


# --- Raw answers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [lambda: None, lambda: (1, 2), lambda: [[1, 2], [3]], lambda: "W1"])
def test_a_probe_brings_back_what_came_whatever_its_form(wrong: Callable[[], Any]) -> None:
    outcome = answer(find("xor_network").address, wrong, (np.zeros((4, 2), np.float32),), 5.0)
    assert outcome.failure is None
    assert outcome.value == wrong()


def test_a_pool_that_stops_at_an_odd_size_comes_with_what_it_makes_of_the_even_part() -> None:
    def pool(x: Any) -> Any:
        return x.reshape(x.shape[0], x.shape[1] // 2, 2, x.shape[2] // 2, 2, x.shape[3]).max(axis=(2, 4))

    x = np.arange(30, dtype=np.float32).reshape(1, 5, 6, 1)
    outcome = answer(find("max_pool").address, pool, (x,), 5.0)
    assert outcome.failure is not None and outcome.failure.kind == "TypeError"
    assert outcome.failure.source.startswith("return x.reshape(")
    np.testing.assert_array_equal(outcome.value, pool(jnp.asarray(x[:, :4])))


def test_a_raised_besides_without_a_cause_is_a_failure_like_any_other() -> None:
    from course.checks.outcome import Besides

    def sly() -> Any:
        raise Besides(3)

    outcome = answer("course.checks.probes:call", sly, (), 5.0)
    assert outcome.failure is not None and outcome.failure.kind == "Besides"
