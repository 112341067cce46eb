"""Run a notebook from top to bottom in a fresh kernel of this very Python."""

from __future__ import annotations

import copy
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course.authoring.notebook import AuthoringError, Notebook, code_cells, may_raise, place

INSTALL = "pip install 'threads-to-networks[instructor]'"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")

Progress = Callable[[int, int], None]


def execute(
    nb: Notebook,
    name: str,
    folder: Path,
    *,
    timeout: int = 600,
    progress: Progress | None = None,
    forked: bool = False,
) -> Notebook:
    """A copy of `nb` with the outputs of a run in `folder`; `name` is how errors call it.

    `progress(done, cells)` is called before each code cell and at the end; `timeout` is in seconds, for each
    cell. A cell tagged raises-exception may fail. `forked` is for a run whose outputs are not stored: its kernel is forked from a
    process that has imported the libraries, and reads what earlier runs have compiled. Raises AuthoringError, with the cell and
    its error, where another cell fails.
    """
    try:
        import nbformat
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        from course.authoring.kernels import manager
    except ModuleNotFoundError as missing:
        raise AuthoringError(
            f"Running notebooks needs the package {missing.name}, which is not installed: {INSTALL}"
        ) from None

    plain = copy.deepcopy(nb)
    for _, cell in code_cells(plain):
        cell["outputs"], cell["execution_count"] = [], None
        if may_raise(cell):  # nbclient knows only one of the two names of this tag
            cell["metadata"] = {**cell["metadata"], "tags": ["raises-exception"]}
    node = nbformat.from_dict(plain)  # type: ignore[no-untyped-call]
    total = sum(1 for _ in code_cells(nb))
    at = done = 0

    def before(cell: Any, cell_index: int) -> None:
        nonlocal at, done
        if cell["cell_type"] == "code":
            at = cell_index
            done += 1
            if progress:
                progress(done - 1, total)

    client = NotebookClient(
        node,
        km=manager(AsyncKernelManager, forked=forked),
        timeout=timeout,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # a kernel warns of its own TCP port
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=before,
    )
    try:
        # Each run begins with an empty map of progress, and leaves the author's own alone. A backend that the shell names
        # would be the kernel's, too, and no picture would be stored.
        with tempfile.TemporaryDirectory() as fresh:
            env = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
            env["COURSE_PROGRESS"] = os.path.join(fresh, "progress.json")
            if not forked:
                # And with nothing compiled: what is stored is what somebody sees who runs the notebook for the first time.
                env["COURSE_COMPILE_CACHE"] = os.path.join(fresh, "compiled")
            client.execute(env=env, cleanup_kc=True)  # nbclient leaves a kernel manager that it was given running
    except CellExecutionError as error:
        said = f"{error.ename}: {error.evalue}"
        raise AuthoringError(_failed(nb, name, at, said, str(error.traceback))) from None
    except CellTimeoutError:
        raise AuthoringError(_failed(nb, name, at, f"it did not end within {timeout} s")) from None
    except DeadKernelError:
        raise AuthoringError(_failed(nb, name, at, "the kernel died (out of memory, perhaps)")) from None
    if progress:
        progress(total, total)
    result = copy.deepcopy(nb)
    for index, ours in code_cells(result):
        ran = node.cells[index]
        ours["outputs"] = [dict(output) for output in ran.outputs]
        ours["execution_count"] = ran.execution_count
    return result


def _failed(nb: Notebook, name: str, index: int, said: str, traceback: str = "") -> str:
    """What an author reads when a cell fails: the file, the cell, its source, the error and its origin."""
    source = nb["cells"][index]["source"].splitlines()
    lines = [f"{name}, {place(nb, index)} failed: {said}", ""]
    lines += [f"    {number:3} | {line}" for number, line in enumerate(source, start=1)]
    if trace := _ANSI.sub("", traceback).strip():
        lines += ["", *trace.splitlines()[-25:]]
    lines += ["", "The file was left as it was."]
    return "\n".join(lines)
