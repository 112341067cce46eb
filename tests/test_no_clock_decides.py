"""No test compares a clock with a constant: how long something takes depends on what else the machine does.

What a test may do instead: count (`hang.calls_of`), compare one clock reading with another, time two things in turns
(`course.race`) and hold their ratio with a wide margin, or wait with a limit that is there only to end a hang (tests/hang.py).
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

pytestmark = pytest.mark.one_set

TESTS = Path(__file__).parent
HELPER = "hang.py"  # whose limits they are

CLOCKS = re.compile(
    r"(time|monotonic|perf_counter|process_time|thread_time)(_ns)?|clock_gettime|getrusage|cpu_times|default_timer|timeit|repeat"
)
# No file without one of these words has a clock or a limit.
WORDS = re.compile(
    r"time|clock|counter|getrusage|sleep|deadline|within_s|_s\b|\.(wait|join|communicate|result|wait_procs)\([\d.]"
)
DATES = {"now", "utcnow", "today"}
MODULES = {"time", "timeit", "resource", "os", "_time"}
# What `course.timing` measures, in seconds.
MEASURED = {"median_s", "low_s", "high_s", "first_s", "compile_s"}
LIMITS = {"timeout", "startup_timeout", "iopub_timeout", "deadline", "within_s"}
WAITS = {"wait", "join", "communicate", "result", "wait_procs", "settimeout"}
PAUSES = {"sleep", "wait_for_timeout"}

# By file and function, with the reason; each must still be needed.
ALLOWED = {
    ("test_checks_start_here.py", "until_enough_time_has_passed"): "a learner's answer, run on the simulated clock",
    ("test_checks_start_here.py", "with_a_pause"): "a learner's answer, run on the simulated clock",
    ("test_checks_probes.py", "ask"): "a pause of no time, which must be the real one's",
    ("test_grading_planted.py", "<text>"): "submissions that stay too long: they are to be ended",
    ("test_authoring_kernels.py", "<text>"): "a cell that never ends: it is to be interrupted",
    ("test_checks_errors.py", "<text>"): "answers that never end: each is to be stopped",
    ("test_checks_notebook.py", "<text>"): "an answer that never ends: it is to be stopped",
    ("browser/test_widgets.py", "<text>"): "pictures that are slow: a turn of a loop until the test goes on",
    ("browser/test_widgets.py", "test_the_player_plays_only_when_it_is_told_to_and_pauses"): (
        "that nothing happens: a busy machine makes it less strict, never wrong"
    ),
    ("test_widgets_panel.py", "kernel"): "a turn of a loop until it is answered",
}


class Scope(ast.NodeVisitor):
    """One top-level function, or the module around them: which names hold a reading of a clock, and what is done with it."""

    def __init__(self, node: ast.AST, returning: set[str]) -> None:
        self.node, self.returning = node, returning
        self.timed: set[str] = set()
        self.faked = any(isinstance(one, ast.arg) and one.arg == "clock" for one in ast.walk(node))
        while True:  # until no name is added: loops carry readings backwards, too
            before = len(self.timed)
            for one in ast.walk(node):
                self._learn(one)
            if len(self.timed) == before:
                break

    def _learn(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value) if self.is_time(value):
                self.timed.update(one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))
            case (
                ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value)
                | ast.AugAssign(target=ast.Name(name), value=value)
                | ast.NamedExpr(target=ast.Name(name), value=value)
                | ast.Call(func=ast.Attribute(value=ast.Name(name), attr="append" | "extend" | "add"), args=[value])
            ) if self.is_time(value):
                self.timed.add(name)

    def is_time(self, node: ast.AST) -> bool:
        """Whether a reading of a clock is in this expression; the ratio of two is none."""
        match node:
            case ast.BinOp(left=left, op=ast.Div(), right=right) if self.is_time(left) and self.is_time(right):
                return False
            case ast.Call(func=function) if _reads_clock(function) or _name(function) in self.returning:
                return True
            case ast.Name(name) if name in self.timed:
                return True
            case ast.Attribute(attr=name) if name in MEASURED and not self.faked:
                return True
        return any(self.is_time(part) for part in ast.iter_child_nodes(node))

    def offences(self) -> Iterator[tuple[int, str]]:
        for node in ast.walk(self.node):
            match node:
                case ast.Compare(left=left, comparators=others):
                    sides = [side for side in (left, *others) if not _is_zero(side)]
                    timed = [self.is_time(side) for side in sides]
                    ways = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
                    if any(timed) and not all(timed) and not all(isinstance(way, ways) for way in node.ops):
                        yield node.lineno, "compares a clock with what is none"
                case ast.BinOp(left=left, op=ast.Add(), right=right) if self.is_time(left) != self.is_time(right):
                    if any(isinstance(one, ast.Call) and _reads_clock(one.func) for one in ast.walk(node)):
                        yield node.lineno, "makes a deadline: use hang.wait_until"
                case ast.keyword(arg=name, value=value) if name in LIMITS and _is_number(value):
                    yield value.lineno, f"{name}= is a number: use hang.HANG_S"
                case ast.Call(func=ast.Attribute(attr=name), args=[value, *_]) if name in WAITS and _is_number(value):
                    yield node.lineno, f"{name}(…) gives up after a number of seconds: use hang.HANG_S"
                case ast.Call(func=function) if _name(function) in PAUSES:
                    yield node.lineno, f"{_name(function)}(…): wait for what is to happen"


def _name(function: ast.AST) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _reads_clock(function: ast.AST) -> bool:
    match function:
        case ast.Attribute(value=ast.Name(module), attr=name):
            return (module in MODULES and bool(CLOCKS.fullmatch(name) or name == "times")) or (
                name in DATES and module in ("datetime", "date")
            )
        case ast.Attribute(value=ast.Attribute(attr="datetime"), attr=name):
            return name in DATES
        case ast.Attribute(attr=name):
            return name in ("getrusage", "cpu_times")
        case ast.Name(name):
            return name != "time" and bool(CLOCKS.fullmatch(name))
    return False


def _is_number(node: ast.AST) -> bool:
    """A number, or what is made of numbers alone."""
    match node:
        case ast.Constant(value):
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ast.BinOp(left=left, right=right):
            return _is_number(left) and _is_number(right)
    return False


def _is_zero(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def offences(source: str) -> list[tuple[str, str]]:
    """(where, what) of each place in a test's source where a clock decides; programs in its strings are read, too."""
    if not WORDS.search(source):
        return []
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    returning: set[str] = set()
    while True:  # functions of the file that give a reading, or what they take from another that does
        found = {
            one.name
            for one in functions
            for back in ast.walk(one)
            if isinstance(back, ast.Return) and back.value is not None and Scope(one, returning).is_time(back.value)
        }
        if found <= returning:
            break
        returning |= found
    told = []
    blocks = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    module = ast.Module([node for node in tree.body if not isinstance(node, blocks)], [])
    for node in (module, *(node for node in tree.body if isinstance(node, blocks))):
        for line, what in Scope(node, returning).offences():
            inner = [one for one in functions if one.lineno <= line <= (one.end_lineno or one.lineno)]
            told.append((max(inner, key=lambda one: one.lineno).name if inner else "<module>", f"line {line} {what}"))
    for text in ast.walk(tree):
        if (
            isinstance(text, ast.Constant)
            and isinstance(text.value, str)
            and re.search(r"\btime\b|timeout|sleep", text.value)
        ):
            try:
                inside = ast.parse(textwrap.dedent(text.value))
            except (SyntaxError, ValueError):
                continue
            told += [("<text>", f"line {text.lineno} {what}") for _, what in Scope(inside, set()).offences()]
    return told


FILES = sorted(path for path in TESTS.rglob("*.py") if path.name not in (HELPER, Path(__file__).name))


def test_no_test_compares_a_clock_with_a_constant() -> None:
    found = [
        (path.relative_to(TESTS).as_posix(), where, what)
        for path in FILES
        for where, what in offences(path.read_text(encoding="utf-8"))
    ]
    assert [one for one in found if one[:2] not in ALLOWED] == []
    assert set(ALLOWED) - {one[:2] for one in found} == set(), "an exception that is not needed any more"


@pytest.mark.parametrize(
    "line",
    [
        "start = time.monotonic()\nassert time.monotonic() - start < 5",
        "start = perf_counter()\nwork()\nassert perf_counter() - start < LIMIT_S",
        "start = time.process_time_ns()\ntook = time.process_time_ns() - start\nassert 3e9 > took",
        "start = time.time()\ntook = [time.time() - start]\nassert max(took) < budget.seconds",
        "until = time.monotonic() + 60\nwhile time.monotonic() < until:\n    pass",
        "assert timeit.timeit(work, number=3) < 2",
        "assert resource.getrusage(0).ru_utime < 2",
        "began = datetime.now()\nassert datetime.now() - began < timedelta(seconds=3)",
        "assert timed(work).median_s < 0.1",
        "times = race(both)\nassert times['slow'].low_s / 3 > 0.2",
        "def took():\n    start = time.time()\n    return time.time() - start\nassert took() < 3",
        "subprocess.run(command, timeout=60)",
        "process.wait(30)",
        "process.communicate(timeout=10 * 3)",
        "@settings(deadline=200)\ndef test(): pass",
        "time.sleep(0.3)",
        "page.wait_for_timeout(300)",
        "run('''import time\nbegan = time.time()\nassert time.time() - began < 3\n''')",
    ],
)
def test_the_gate_finds(line: str) -> None:
    assert offences(line)


@pytest.mark.parametrize(
    "line",
    [
        "before = time.time()\nseen.append(time.time())\nassert before <= seen[0] <= time.time()",
        "first = timed(compiled)\nassert first.first_s > 3 * first.median_s",
        "def test(clock):\n    assert timed(clock.worker(0.1)).median_s < 0.2",
        "assert timed(work).median_s > 0",
        "subprocess.run(command, timeout=HANG_S)",
        "process.communicate(timeout=2 * HANG_S)",
        "assert calls_of(work) < 30_000",
        "times = race(both)\nassert times['slow'].low_s / times['fast'].low_s > 3",
        "assert time.sleep is not before and time.time != before",
    ],
)
def test_the_gate_lets_pass(line: str) -> None:
    assert offences(line) == []


def test_no_example_of_hypothesis_has_a_deadline() -> None:
    assert settings().deadline is None and settings().derandomize
