"""A forked kernel is to a notebook what one is that was started from nothing; and nbval's rules hold wherever a notebook was run."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from hang import HANG_S, wait_until
from jupyter_client.manager import KernelManager
from making import code, notebook, printed, result, save

from course.authoring.execute import execute
from course.authoring.kernels import manager
from course.authoring.validate import differences

pytestmark = pytest.mark.one_set

# What a library looks up when it is imported or shows something, and what a notebook finds around it.
SHOWS = (
    "import logging, os, sys, warnings\nimport jax, jax.numpy as jnp\nimport matplotlib, matplotlib.pyplot as plt\nfrom flax import nnx",
    "print(os.getcwd(), sys.path[0] == '', __name__, sys.argv[0].endswith('.py'), os.environ['GIVEN'])",
    "print(matplotlib.get_backend(), os.environ['MPLBACKEND'], matplotlib.is_interactive())",
    "print('course' in sys.modules, 'matplotlib.pyplot' in sys.modules, type(get_ipython()).__name__)",
    "plt.plot([1, 2]);",
    "fig, axes = plt.subplots()\nfig",
    "print(jax.make_jaxpr(lambda x: jnp.sin(x) + 1)(1.0))",
    "nnx.Linear(1, 2, rngs=nnx.Rngs(0))",
    "logging.getLogger('absl').warning('told')",
    "import absl.logging\nabsl.logging.error('of absl')",
    "warnings.warn('once')",
    "import numpy as np\nstate = np.random.get_state()[1][:8].tolist()\nFirst = int\nFirst",
    "get_ipython().run_line_magic('who', '')",
    "1 / 0",
)


def _shown(folder: Path, *sources: str, forked: bool) -> list[str]:
    raising = {"tags": ["raises-exception"]}
    nb = notebook(*(code(source, id=f"c{number}", metadata=raising) for number, source in enumerate(sources)))
    return [_plain(output) for cell in execute(nb, "n", folder, forked=forked)["cells"] for output in cell["outputs"]]


def _plain(output: Any) -> str:
    """Without what differs from process to process: its number in a warning's file, a time, an address."""
    return re.sub(r"ipykernel_\d+/\d+|\b[WE]\d{4} [\d:.]+ +\d+|0x[0-9a-f]+", "·", str(output))


@pytest.fixture
def kernel() -> Iterator[KernelManager]:
    made = manager(KernelManager, forked=True)
    made.start_kernel()
    yield made
    made.shutdown_kernel(now=True)


def _process(kernel: KernelManager) -> psutil.Process:
    provisioner: Any = kernel.provisioner
    return psutil.Process(provisioner.pid)


def test_a_forked_kernel_shows_what_one_started_from_nothing_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIVEN", "to this kernel")
    own, forked = (_shown(tmp_path, *SHOWS, forked=one) for one in (False, True))
    assert forked == own
    assert any("to this kernel" in one for one in forked) and sum("image/png" in one for one in forked) == 3


def test_two_forked_kernels_draw_other_random_numbers(tmp_path: Path) -> None:
    draw = "import random\nimport numpy as np\nprint(random.random(), np.random.random())"
    first, second = (_shown(tmp_path, draw, forked=True) for _ in range(2))
    one, other = (str(shown).split() for shown in (first, second))
    assert all(a != b for a, b in zip(one[-2:], other[-2:], strict=True))


def test_a_forked_kernel_can_be_interrupted_and_is_ended_with_what_it_started(kernel: KernelManager) -> None:
    client = kernel.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=HANG_S)
    client.execute_interactive("import subprocess\nchild = subprocess.Popen(['sleep', '600'])", timeout=HANG_S)
    # The cell itself says that it runs: a signal that comes earlier finds the kernel's own code, which drops the cell.
    waits = client.execute("import time\nprint('sleeps', flush=True)\ntime.sleep(600)")
    while client.get_iopub_msg(timeout=HANG_S)["content"].get("text", "") != "sleeps\n":
        pass
    kernel.interrupt_kernel()
    reply = client.get_shell_msg(timeout=HANG_S)
    assert reply["parent_header"]["msg_id"] == waits and reply["content"]["ename"] == "KeyboardInterrupt"
    client.stop_channels()
    family = [process := _process(kernel), *process.children()]
    assert len(family) == 2 and kernel.is_alive()
    kernel.shutdown_kernel(now=True)
    _, left = psutil.wait_procs(family, timeout=HANG_S)
    assert left == [] and not kernel.is_alive()


def test_a_forked_kernel_ends_with_the_process_that_forked_it(kernel: KernelManager) -> None:
    from course.authoring import kernels

    forked = _process(kernel)
    parent = forked.parent()
    assert parent is not None
    os.kill(parent.pid, signal.SIGKILL)
    wait_until(lambda: not forked.is_running() or forked.status() == psutil.STATUS_ZOMBIE, "the end of the kernel")
    again = manager(KernelManager, forked=True)
    again.start_kernel()
    try:
        assert again.is_alive() and kernels.warm().pid != parent.pid, "another one takes its place"
    finally:
        again.shutdown_kernel(now=True)


# --- nbval's rules, for a notebook that was run elsewhere


def _differ(tmp_path: Path, request: pytest.FixtureRequest, stored: Any, ran: Any) -> str:
    path = save(tmp_path / "n.ipynb", notebook(stored))
    return "\n".join(differences(path, nbformat.from_dict(notebook(ran)), request.session))


@pytest.mark.parametrize(
    ("was", "now", "equal"),
    [
        ([printed("a 1\n")], [printed("a 1\n")], True),
        ([printed("a 1\n")], [printed("a "), printed("1\n")], True),
        ([printed("a 1\n")], [printed("a 2\n")], False),
        ([printed("a 1\n")], [], False),
        ([], [printed("a warning\n", "stderr")], False),
        ([result(text__plain="3")], [result(text__plain="3")], True),
        ([result(text__plain="3")], [result(text__plain="4")], False),
        ([result(image__png="aaaa")], [result(image__png="bbbb")], True),
    ],
)
def test_outputs_of_a_run_elsewhere_are_compared_as_nbval_does(
    tmp_path: Path, request: pytest.FixtureRequest, was: list[Any], now: list[Any], equal: bool
) -> None:
    said = _differ(tmp_path, request, code("x", id="c", outputs=was, count=1), code("x", id="c", outputs=now, count=1))
    assert (said == "") is equal
    assert equal or "cell c shows something else than what is stored" in said


def test_what_is_tagged_or_was_never_run_is_not_compared(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    ran = code("x", id="c", outputs=[printed("2 s\n")], count=1)
    tagged = code("x", id="c", outputs=[printed("1 s\n")], count=1, metadata={"tags": ["nbval-ignore-output"]})
    assert _differ(tmp_path, request, tagged, ran) == ""
    assert _differ(tmp_path, request, code("x", id="c"), ran) == ""
