"""Submissions that mean harm, or have an accident: none gains a point that it has not earned, none loses one that it has."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from submissions import POSSIBLE, QUESTIONS, answers, cell, handed_in, job, points, question

from course.curriculum import lesson_of
from course.grading.model import GRADED, MISSING, NOT_WRITTEN, PARTLY, RIGHT, STOPPED, Limits, Result, Settings
from course.grading.sandbox import bubblewrap, graded_kernel
from course.grading.workers.worker import Worker

# Long enough for an honest cell on a busy machine: only what hangs on purpose waits for its end.
LIMITS = Limits(cell_s=120, notebook_s=600, memory_mb=4000, processes=8, files=256, disk_mb=40, output_kb=100)
HANGS = replace(LIMITS, cell_s=10)
# So many processes as are allowed fit into the memory of LIMITS; who eats memory has enough sooner.
EATS = replace(LIMITS, memory_mb=900)
WRONG = "def neuron(x, w, b):\n    return w @ x"
# What a planted submission answers rightly, besides its attack: questions before it and after it. The others are left as released.
ANSWERED = ("neuron", "layer", "relu", "xor_network", "count_parameters")
# Where independent attacks are planted, each in an answer of its own: what a right answer's shape is there.
PLACES = {"neuron": "()", "layer": "np.shape(given[2])", "relu": "np.shape(given[0])"}

# A class is graded with the newest versions, whatever the learners have; `test_grading_lessons.py` grades under the oldest, too.
pytestmark = [
    pytest.mark.one_set,
    pytest.mark.skipif(bool(bubblewrap.available()), reason=f"bubblewrap: {bubblewrap.available()}"),
]


Grade = Callable[..., Result]


@pytest.fixture(scope="module")
def grade() -> Iterator[Grade]:
    """`grade(notebook, limits)`: its result, from one grader for all; what was graded before is not graded again."""
    worker = Worker(Settings(seed=11, limits=LIMITS))
    known: dict[tuple[str, Limits], Result] = {}

    def result(nb: dict[str, Any], limits: Limits = LIMITS) -> Result:
        key = json.dumps(nb), limits
        if key not in known:
            known[key] = worker.grade(job(nb, replace(worker.settings, limits=limits)))
        return known[key]

    yield result
    worker.close()


def planted(written: Mapping[str, str] | None = None, first: Sequence[str] = ()) -> dict[str, Any]:
    """A submission with right answers to the questions of ANSWERED, but for those `written`."""
    left = dict.fromkeys((name for name in QUESTIONS if name not in ANSWERED), "")
    return handed_in({**left, **(written or {})}, first)


def all_but(*names: str) -> dict[str, float]:
    """Full points for the questions of ANSWERED, but none for those named."""
    return {name: POSSIBLE[name] if name in ANSWERED and name not in names else 0.0 for name in QUESTIONS}


def in_places(attacks: Mapping[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """{attack: (the question that it is planted in, a submission)}: as many in one submission as there are PLACES.

    In an attack's code NAME stands for the question, and SHAPE for the shape of its answer.
    """
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for together in batched(attacks.items(), len(PLACES)):
        where = dict(zip(PLACES, together, strict=False))
        written = {q: code.replace("NAME", q).replace("SHAPE", PLACES[q]) for q, (_, code) in where.items()}
        nb = planted(written)
        found |= {way: (q, nb) for q, (way, _) in where.items()}
    return found


def batched(items: Iterable[tuple[str, str]], size: int) -> Iterator[list[tuple[str, str]]]:
    """The items in lists of `size`; `itertools.batched` is there from Python 3.12 on."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def test_an_honest_right_submission_gets_every_point(grade: Grade) -> None:
    result = grade(handed_in())
    assert (result.status, result.sandbox, result.kernel) == (GRADED, "bubblewrap", "warm")
    assert points(result) == POSSIBLE and all(one.state == RIGHT for one in result.questions)
    assert not result.limits and not result.notes


def test_a_kernel_has_no_debugger_and_does_not_copy_what_it_shares(grade: Grade) -> None:
    """What each kernel would import for itself, or copy, a class pays for with every submission."""
    look = (
        "import gc, sys\nfound = [name for name in sys.modules if name.startswith(('debugpy', 'pydevd'))]\n"
        "raise ValueError(f'debuggers: {found}, frozen: {gc.get_freeze_count() > 100_000}')"
    )
    told = question(grade(planted({"layer": look})), "layer")
    assert "debuggers: [], frozen: True" in " ".join(told.text)


def test_the_untouched_exercise_gets_none_and_is_told_so_for_each_question(grade: Grade) -> None:
    result = grade(handed_in(dict.fromkeys(QUESTIONS, "")))
    assert points(result) == dict.fromkeys(QUESTIONS, 0.0)
    assert {one.state for one in result.questions} == {NOT_WRITTEN}
    assert all("not written yet" in one.headline for one in result.questions)


def test_wrong_and_partly_right_answers_get_the_points_of_their_passing_inputs(grade: Grade) -> None:
    partly = "def softmax(Z):\n    e = jnp.exp(Z)\n    return e / e.sum(axis=-1, keepdims=True)"
    result = grade(handed_in({"neuron": WRONG, "softmax": partly, "relu": "def relu(x):\n    return jnp.abs(x)"}))
    softmax, relu = question(result, "softmax"), question(result, "relu")
    assert softmax.state == PARTLY and softmax.mistake == "overflow"
    assert softmax.points == pytest.approx(softmax.possible * softmax.cases_passed / softmax.cases)
    assert 0 < softmax.points < softmax.possible
    assert relu.mistake == "abs" and relu.points == 0
    others = {name: got for name, got in points(result).items() if name not in ("neuron", "softmax", "relu")}
    assert others == {name: POSSIBLE[name] for name in others}


FATAL = {
    "hangs in a function": "import time\ndef layer(x, W, b):\n    while True: time.sleep(0.1)",
    "hangs and swallows interrupts": "import time\nwhile True:\n    try:\n        while True: time.sleep(0.1)\n    except BaseException: pass",
    "ends its process in a function": "import os\ndef layer(x, W, b):\n    os._exit(0)",
    "ends its process at once": "import os\nos._exit(0)",
    "calls sys.exit in a function": "import sys\ndef layer(x, W, b):\n    sys.exit(0)",
    "calls exit": "exit()",
    "kills its kernel": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "kills whatever it can": "import os, signal\nos.kill(-1, signal.SIGKILL)",
    "forks without end": "import os\nwhile True: os.fork()",
    "eats memory": "hoard = []\nwhile True: hoard.append(bytearray(50_000_000))",
    "fills the disk": "import os\nfor i in range(100):\n    open(f'{i}.bin', 'wb').write(bytes(10_000_000))",
    "fills the shared memory and every other folder": (
        "import os\nfor top in ('/dev/shm', '/tmp', '/run/kernel', '/', '/dev', '/run', os.getcwd()):\n"
        "    try:\n        open(top + '/fill.bin', 'wb').write(bytes(80_000_000))\n    except OSError: pass\nraise ValueError"
    ),
    "opens every file that it can": "kept = [open('/dev/null') for _ in range(10_000)]",
    "asks for input": "name = input('Who is there? ')",
    "segfaults": "import ctypes\nctypes.string_at(0)",
    "recurses without end": "def layer(x, W, b):\n    return layer(x, W, b)",
}


def fatal(grade: Grade, way: str) -> Result:
    """The result of a submission whose answer to `layer` is so."""
    limits = {"hangs": HANGS, "eats": EATS}.get(way.split()[0], LIMITS)
    return grade(planted({"layer": FATAL[way]}), limits)


@pytest.mark.thorough
@pytest.mark.parametrize("way", FATAL)
def test_a_question_that_destroys_its_kernel_costs_itself_alone(grade: Grade, way: str) -> None:
    result = fatal(grade, way)
    assert result.status == GRADED, result.problem
    assert points(result) == all_but("layer")
    told = question(result, "layer")
    assert told.state != RIGHT and (told.text or told.limits)
    if way == "hangs in a function":
        assert told.state == STOPPED and not result.limits
        assert told.limits[0].startswith("The example cell below `layer` called it: this took longer than 10 seconds")
        assert "the limit for one input of `layer`" in told.limits[1]


def test_deleted_and_renamed_functions_are_missing_and_the_learner_is_told_why(grade: Grade) -> None:
    nb = planted({"neuron": "def Neuron(x, w, b):\n    return jnp.tanh(w @ x + b)"})
    nb["cells"] = [one for one in nb["cells"] if one["metadata"].get("nbgrader", {}).get("grade_id") != "xor_network"]
    result = grade(nb)
    assert points(result) == all_but("neuron", "xor_network")
    neuron, xor_network = question(result, "neuron"), question(result, "xor_network")
    assert neuron.state == xor_network.state == MISSING
    assert neuron.text[-1] == "Your cell defines `Neuron`: rename it to `neuron`."
    assert xor_network.text == ("Your notebook has no cell for `xor_network`. Copy it from a fresh exercise notebook.",)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("way", "word"),
    [
        ("forks without end", "processes"),
        ("eats memory", "memory"),
        ("fills the disk", "No space left"),
        ("opens every file that it can", "Too many open files"),
        ("kills its kernel", "died"),
    ],
)
def test_the_feedback_names_the_limit_that_was_hit(grade: Grade, way: str, word: str) -> None:
    told = question(fatal(grade, way), "layer")
    assert word in " ".join((*told.limits, *told.text))


FORKS = {
    "forks in its cell": "\nimport os\nos.fork()",
    "forks in its function": "\nusual = layer\ndef layer(x, W, b):\n    import os\n    os.fork()\n    return usual(x, W, b)",
}


@pytest.mark.thorough
@pytest.mark.parametrize("way", FORKS)
def test_a_process_that_is_forked_off_the_kernel_never_answers_in_its_place(grade: Grade, way: str) -> None:
    result = grade(planted({"layer": answers()["layer"] + FORKS[way]}))
    assert points(result) == all_but() and not question(result, "layer").limits


@pytest.mark.thorough
def test_a_wait_for_another_process_is_not_called_a_loop(grade: Grade) -> None:
    waits = "import subprocess\ndef layer(x, W, b):\n    subprocess.run(['sleep', '100'])"
    told = question(grade(planted({"layer": waits}), HANGS), "layer")
    said = " ".join((*told.limits, *told.text))
    assert told.state == STOPPED and "It had started another process" in said and "loop" not in said


SENDS = {
    "more than 8 MB": "def layer(x, W, b):\n    return jnp.zeros(2_000_001)",
    "more than 30 MB": (
        "import course.checks.agent as agent\nclass Answer:\n    def __init__(self, data): pass\n"
        "    def _repr_mimebundle_(self, include=None, exclude=None): return {agent.MIME: 'x' * 40_000_000}\n"
        "agent.Answer = Answer\ndef layer(x, W, b):\n    return jnp.tanh(W @ x + b)"
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("way", SENDS)
def test_an_answer_that_floods_the_wire_is_told_so_and_ends_at_once(grade: Grade, way: str) -> None:
    result = grade(planted({"layer": SENDS[way]}))
    told = question(result, "layer")
    said = " ".join((*told.limits, *told.text))
    assert told.points == 0 and (way in said if "8" in way else f"It sent {way} at once" in said)
    # It is not waited for until a limit of time.
    assert not any("seconds" in limit for limit in told.limits)


def test_a_submission_that_has_sent_all_that_it_may_is_asked_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = object.__new__(graded_kernel.GradedKernel)
    kernel._until, kernel._place, kernel._sent_before, kernel._channels = float("inf"), None, 0, None
    kernel._revivals, kernel._limits = graded_kernel._REVIVALS, LIMITS
    assert "again and again" in kernel.ask("1", 1).limits[0]
    kernel._sent_before = graded_kernel._MOST_SENT
    reply = kernel.ask("1", 1)
    assert reply.status == graded_kernel.SPENT and "had sent more than 200 MB of answers" in reply.limits[0]


HARMLESS = {
    "5,000 flushed prints": "for i in range(5_000): print(i, flush=True)",
    "50 MB of output": "print('x' * 50_000_000)",
    "threads that print on": (
        "import threading, time\ndef chatter():\n    while True:\n        print('still here', flush=True)\n        time.sleep(0.001)\n"
        "for _ in range(3): threading.Thread(target=chatter, daemon=True).start()"
    ),
    "warnings on stderr": "import sys, warnings\nwarnings.warn('careful')\nprint('oh', file=sys.stderr)",
    "an error in a cell of its own": "1 / 0",
    "a cell that is no Python": "this is not Python",
    "closed streams": "import sys\nsys.stdout = sys.stderr = None",
    "magics and shell commands": "%%time\n!ls\n%pip install nothing",
    "64-bit floats and a quiet NumPy": "import numpy as np\nnp.set_printoptions(precision=1)\nnp.seterr(all='raise')",
    "a changed folder": "import os\nos.chdir('/')",
    "a shadowed name": "probe = answer = check = sys = json = None",
}


# What one of these does to streams, to the folder or to names must not keep another from doing its own.
TOGETHER = (
    (
        "5,000 flushed prints",
        "50 MB of output",
        "warnings on stderr",
        "an error in a cell of its own",
        "closed streams",
    ),
    (
        "threads that print on",
        "a cell that is no Python",
        "magics and shell commands",
        "64-bit floats and a quiet NumPy",
    ),
    ("a changed folder", "a shadowed name"),
)


@pytest.mark.thorough
@pytest.mark.parametrize("ways", TOGETHER, ids=", ".join)
def test_what_a_learner_may_do_costs_nothing(grade: Grade, ways: Sequence[str]) -> None:
    assert points(grade(handed_in(first=[HARMLESS[way] for way in ways]))) == POSSIBLE


def test_each_harmless_way_is_in_some_submission() -> None:
    assert sorted(way for ways in TOGETHER for way in ways) == sorted(HARMLESS)


# Above a right answer, in its cell. Nothing of what they ask for is in the sandbox.
SHOWN = (
    "%matplotlib widget\n%config InlineBackend.figure_format = 'retina'",
    "%matplotlib ipympl\n%config Nothing.known = 1\n%load_ext autoreload\n%autoreload 2",
    "%matplotlib qt\n%gui qt\n%load_ext tensorboard\n%reload_ext nb_black\n%tensorboard --logdir logs",
    "%pylab widget\n%xmode Nonsense\n%precision nonsense\n%env NOT_SET_ANYWHERE\n%pdb on",
    "%pip install nothing\n%conda install nothing\n!pip install nothing\n%memit 1 + 1",
    "import matplotlib\nimport matplotlib.pyplot as plt\nmatplotlib.use('module://ipympl.backend_nbagg')\n"
    "plt.switch_backend('TkAgg')\nplt.style.use('seaborn')",
    "get_ipython().run_line_magic('matplotlib', 'widget')\nif True:\n    %matplotlib notebook",
    "%%time\n%matplotlib nbagg",
    "%%timeit -n 3 -r 1\n%matplotlib",
    "%%capture out\n%load_ext memory_profiler",
    "%%memit",
    "%%time\n%%timeit",
)


def test_magics_that_only_choose_how_things_are_shown_cost_nothing(grade: Grade) -> None:
    right = answers()
    for lines in (SHOWN[: len(right)], SHOWN[len(right) :]):
        above = dict(zip(right, lines, strict=False))
        result = grade(handed_in({name: f"{line}\n{right[name]}" for name, line in above.items()}))
        assert points(result) == POSSIBLE, [one.text for one in result.questions]


def test_magics_that_do_something_else_keep_their_effect_and_their_error(grade: Grade) -> None:
    """And a magic that only shows earns nothing."""
    right = answers()
    names = list(right)
    lines = ("%run missing.py", "%nonsense", "%%cython", "%load_ext cython\n%cython_nothing", "import ipympl")
    written = {name: f"{line}\n{right[name]}" for name, line in zip(names, lines, strict=False)}
    written[names[5]] = "%pylab inline\n%matplotlib widget"
    kept = names[6]
    written[kept] = (
        "%env COURSE_SEEN=yes\n%pylab qt\n%time seen = np.zeros(1)\nimport os\n"
        f"assert os.environ['COURSE_SEEN'] == 'yes' and seen.size\n{right[kept]}"
    )
    got = points(grade(handed_in(written)))
    assert {name: got[name] for name in names[:6]} == dict.fromkeys(names[:6], 0.0)
    assert got[kept] == POSSIBLE[kept]


FORGERIES = {
    "showtraceback": "get_ipython().showtraceback = lambda *a, **k: None",
    "do_execute": (
        "kernel = get_ipython().kernel\n"
        "async def fake(*a, **k):\n    return {'status': 'ok', 'execution_count': 1, 'payload': [], 'user_expressions': {}}\n"
        "def later():\n    kernel.do_execute = fake"
    ),
    "check": "import course\nimport course.checks\ncourse.check = course.checks.check = lambda *a: print('right')\ncheck = course.check",
    "the comparison": (
        "import numpy as np, math, operator\nnp.isclose = np.allclose = np.array_equal = np.all = lambda *a, **k: True\n"
        "np.testing.assert_allclose = math.isclose = lambda *a, **k: True\n"
        # Numbers alone: JAX itself would never end if everything equaled everything.
        "operator.eq = lambda a, b: isinstance(a, (float, np.ndarray, jax.Array)) or a == b"
    ),
    "builtins": "import builtins\nbuiltins.all = builtins.any = builtins.isinstance = lambda *a: True\nbuiltins.abs = lambda x: 0",
    "a transformer of the syntax tree": (
        "import ast\nclass Nothing(ast.NodeTransformer):\n    def visit_Assert(self, node): return ast.Pass()\n"
        "    def visit_Raise(self, node): return ast.Pass()\nget_ipython().ast_transformers.append(Nothing())"
    ),
    "a transformer of the input": "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'] if 'check(' in ''.join(lines) else lines)",
    "the agent's outcome": (
        "import sys\nagent = sys.modules['course.checks.agent']\n"
        "agent.answer = lambda *a: type('Outcome', (), {'value': True, 'failure': None, 'printed': ''})()"
    ),
    "the agent's reply": (
        "import sys, json\nagent = sys.modules['course.checks.agent']\n"
        "agent.probe = lambda *a: agent.Answer({'outcome': {'value': True}, 'passed': True, 'points': 99})"
    ),
    "a reply of nonsense": (
        "import sys\nagent = sys.modules['course.checks.agent']\n"
        "agent.probe = lambda *a: agent.Answer([[[[[]]]]] * 1000)"
    ),
    "the user expressions": "get_ipython().user_expressions = lambda e: {k: {'status': 'ok', 'data': {'application/x-course-answer+json': 'true'}, 'metadata': {}} for k in e}",
}


@pytest.mark.thorough
@pytest.mark.parametrize("way", FORGERIES)
def test_a_patched_process_gains_nothing(grade: Grade, way: str) -> None:
    wrong = {"neuron": WRONG, "relu": ""}
    honest = points(grade(planted(wrong)))
    forged = points(grade(planted(wrong, first=[FORGERIES[way]])))
    assert honest["relu"] == 0 and honest["neuron"] < POSSIBLE["neuron"]
    assert all(forged[name] <= honest[name] for name in QUESTIONS)


LIARS = {
    "an object that equals everything": (
        "class Yes:\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"
        "    def __bool__(self): return True\n    def __getattr__(self, name): return Yes()\n    def __call__(self, *a, **k): return Yes()\n"
        "    shape = (); dtype = 'float32'; ndim = 0; size = 1\n"
        "def NAME(*given):\n    return Yes()"
    ),
    "an array with a lying __array__": (
        "import numpy as np\nclass Lie(np.ndarray):\n    def __array__(self, *a, **k): return np.ones(SHAPE)\n    def __eq__(self, o): return np.True_\n"
        "def NAME(*given):\n    return np.zeros(SHAPE).view(Lie)"
    ),
    "an array of objects": "import numpy as np\ndef NAME(*given):\n    return np.array(type('Q', (), {'__eq__': lambda s, o: True, '__float__': lambda s: 1.0})(), dtype=object)",
    "a pickle that runs code": (
        "class Bomb:\n    def __reduce__(self):\n        return (open, ('/tmp/home/ran', 'w'))\n    def __getstate__(self): return {}\n"
        "def NAME(*given):\n    return Bomb()"
    ),
    "a number that is none": "def NAME(*given):\n    return float('nan')",
    "a string of the verdict": "def NAME(*given):\n    return 'right, on all inputs'",
    "an exception that says so": "def NAME(*given):\n    raise Exception('NAME: right, on all inputs')",
    "an endless object": "def NAME(*given):\n    a = []\n    a.append(a)\n    return a",
    "a gigabyte": "import numpy as np\ndef NAME(*given):\n    return np.broadcast_to(np.float32(1), (50_000, 50_000))",
}


@pytest.mark.thorough
@pytest.mark.parametrize("way", LIARS)
def test_an_answer_that_lies_gains_nothing(grade: Grade, way: str) -> None:
    question_of, nb = in_places(LIARS)[way]
    told = question(grade(nb), question_of)
    assert told.points == 0 and told.state not in (RIGHT, NOT_WRITTEN)
    # Those that lie beside it gain nothing either, and the honest answers are not touched.
    assert points(grade(nb)) == all_but(*PLACES)


SEEKERS = {
    "the references of the package": "from course.checks import exercises\nNAME = exercises('the_neuron')['NAME'].reference",
    "the references by their module": "from course.exercises.the_neuron.neurons import NEURON, LAYER\nNAME = LAYER.reference",
    "the judge": "from course.checks.judge import marking",
    "the grader": "import course.grading",
    "another process": (
        "import os\nothers = []\nfor p in os.listdir('/proc'):\n    if p.isdigit() and int(p) != os.getpid():\n"
        "        try: others.append(open(f'/proc/{p}/environ').read() + open(f'/proc/{p}/cmdline').read())\n        except OSError: pass\n"
        "assert any('course.grading.workers.desk' in o or 'pytest' in o or 'solutions' in o for o in others), 'nothing was found'"
    ),
    "the network": "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=2)",
    "the loopback of the machine": "import socket\ns = socket.socket()\ns.settimeout(1)\nassert any(s.connect_ex(('127.0.0.1', p)) == 0 for p in range(1, 2000)), 'refused'",
    "rights that it has not": "import os\nos.setuid(0)",
    "a sandbox of its own": "import ctypes, os\nif ctypes.CDLL(None, use_errno=True).unshare(0x10000000): raise OSError(ctypes.get_errno(), 'unshare')",
}


NOTHING = r"ImportError|ModuleNotFoundError|nothing was found|unreachable|refused|OSError|PermissionError"


@pytest.mark.thorough
@pytest.mark.parametrize("way", SEEKERS)
def test_there_is_nothing_to_find(grade: Grade, way: str) -> None:
    question_of, nb = in_places(SEEKERS)[way]
    assert points(grade(nb)) == all_but(*PLACES)
    # It stopped where it looked, and not for another reason.
    assert re.search(NOTHING, " ".join(question(grade(nb), question_of).text))


def test_no_file_in_the_sandbox_holds_an_answer(grade: Grade) -> None:
    """A search of everything that a submission can see."""
    search = (
        "import os\nfound = []\nfor top, _, names in os.walk('/'):\n    if top.startswith(('/proc', '/sys')): continue\n"
        f"    found += [os.path.join(top, name) for name in names if name.startswith(('{lesson_of('the_neuron')}', 'results.jsonl'))]\n"
        "    if '/course/' in top: found += [top for name in names if name in ('judge.py', 'neurons.py', 'marking.py')]\n"
        "assert found, 'nothing was found'\ndef neuron(x, w, b):\n    raise ValueError(str(found))"
    )
    result = grade(planted({"neuron": search}), replace(LIMITS, cell_s=250))
    assert points(result) == all_but("neuron")
    assert "nothing was found" in " ".join(question(result, "neuron").text)


def test_edited_and_deleted_check_cells_change_nothing(grade: Grade) -> None:
    nb = planted({"neuron": WRONG})
    for one in list(nb["cells"]):
        name = one["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name == "check-neuron":
            one["source"], one["metadata"]["nbgrader"]["points"] = "print('right, on all inputs')", 100
        if name == "check-layer":
            nb["cells"].remove(one)
    assert points(grade(nb))["layer"] == POSSIBLE["layer"]
    result = grade(nb)
    assert points(result)["neuron"] < POSSIBLE["neuron"] and question(result, "neuron").possible == POSSIBLE["neuron"]


def test_doubled_names_of_cells_neither_earn_nor_cost(grade: Grade) -> None:
    nb = planted()
    for one in nb["cells"]:
        if one["metadata"].get("nbgrader", {}).get("grade_id") == "layer":
            one["metadata"]["nbgrader"]["grade_id"] = "neuron"
    assert points(grade(nb)) == all_but()


def test_stored_outputs_tags_and_metadata_have_no_effect(grade: Grade) -> None:
    nb = planted({"neuron": WRONG})
    for one in nb["cells"]:
        if one["cell_type"] == "code":
            one["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "✓ right, on all inputs"}]
            one["execution_count"] = 1
            one["metadata"]["tags"] = ["nbval-skip", "nbval-raises-exception", "raises-exception"]
            one["metadata"]["course_grading"] = {"role": "check", "question": "neuron"}
    nb["metadata"] = {"kernelspec": {"name": "bash", "language": "python"}, "course": {"points": 99}}
    got = points(grade(nb))
    assert got.pop("neuron") < POSSIBLE["neuron"]
    assert got == {name: all_but()[name] for name in got}


def test_a_comment_that_steers_nbval_skips_nothing(grade: Grade) -> None:
    marked = {name: f"# NBVAL_SKIP\n{source}" for name, source in answers().items()}
    assert points(grade(handed_in(marked))) == POSSIBLE


def test_no_submission_touches_another(grade: Grade) -> None:
    """What one leaves behind, in files, memory or processes, the next does not meet."""
    spoil = (
        "import builtins, os, sys, numpy, jax\nopen('/tmp/left', 'w').write('x')\nos.makedirs('/tmp/home/course', exist_ok=True)\n"
        "open('/tmp/home/course/__init__.py', 'w').write('raise SystemExit')\njax.numpy.tanh = numpy.tanh = None\nbuiltins.len = None\n"
        "if os.fork() == 0:\n    import time\n    time.sleep(60)\n    os._exit(0)"
    )
    grade(planted(first=[spoil]))
    look = "import os\nassert not os.path.exists('/tmp/left')\nassert len(os.listdir('/proc')) > 0\ndef neuron(x, w, b):\n    return jnp.tanh(w @ x + b)"
    assert points(grade(planted({"neuron": look}))) == all_but()


def test_what_the_outside_holds_can_not_be_written(grade: Grade, tmp_path: Path) -> None:
    """Not one file of the Python that runs here, nor of this folder, is changed or added by a submission that tries."""
    site = os.path.dirname(pytest.__file__)
    tries = [site, os.path.dirname(json.__file__), str(tmp_path), "/usr", "/etc", "/home", "/var/tmp"]
    code = f"import os\nfor top in {tries!r}:\n    try: open(os.path.join(top, 'planted_by_a_submission'), 'w').write('x')\n    except OSError: pass"
    assert points(grade(planted(first=[code]))) == all_but()
    assert not any(os.path.exists(os.path.join(top, "planted_by_a_submission")) for top in tries)


@pytest.mark.thorough
def test_questions_after_the_notebooks_time_is_used_up_say_so(grade: Grade) -> None:
    nb = planted()
    nb["cells"].insert(-1, cell("import time\ntime.sleep(100)", "slow"))
    codes = [i for i, one in enumerate(nb["cells"]) if one["metadata"].get("nbgrader", {}).get("grade_id") == "layer"]
    nb["cells"].insert(codes[0], cell("import time\ntime.sleep(100)", "slower"))
    result = grade(nb, replace(LIMITS, notebook_s=20))
    assert question(result, "neuron").state == RIGHT
    late = question(result, "xor_network")
    assert late.points == 0 and "used up" in " ".join((*late.limits, *late.text))
