"""Notebooks under nbval: run in forked kernels, and compared with what is stored. All that touches nbval's inside is in this file.

As a plugin of pytest (the checkout's conftest.py names it) it gives `pytest --nbval --nbval-current-env` its kernels.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbFile, coalesce_streams

from course.authoring.kernels import manager
from course.claims import BEFORE_FIGURES

# A claim's sentence is compared; its figures are this machine's, and differ from run to run.
_FIGURES = rf"(?m)^(✓ [^\n]*?){BEFORE_FIGURES}[^\n]*"


class NotebookFile(IPyNbFile):  # type: ignore[misc]
    """nbval's notebook file: its kernel is forked from a process that has imported the libraries, and figures of claims may differ."""

    def setup(self) -> None:
        self.kernel = _Kernel(str(self.path.parent), self.config.option.nbval_kernel_startup_timeout)
        self.setup_sanitize_files()

    def setup_sanitize_files(self) -> None:
        """Beside the patterns of `--nbval-sanitize-with`, leave out the figures of claims."""
        super().setup_sanitize_files()
        self.sanitize_patterns[_FIGURES] = r"\1"


class _Kernel(RunningKernel):  # type: ignore[misc]
    """nbval's kernel, but for its start."""

    def __init__(self, cwd: str, startup_timeout: float) -> None:
        self.km = manager(KernelManager, forked=True)
        self.km.start_kernel(cwd=cwd)
        self.kc = self.km.client()
        self.kc.start_channels()
        self.kc.wait_for_ready(timeout=startup_timeout)
        self._ensure_iopub_up()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, list[Any], list[Any]]:
    """What nbval collects to run in a kernel of this Python is run in a forked one."""
    found = yield
    if not parent.config.option.nbval_current_env:
        return found
    return [NotebookFile.from_parent(parent, path=file_path) if type(one) is IPyNbFile else one for one in found]


def differences(stored: Path, ran: Any, session: pytest.Session) -> Iterator[str]:
    """How a run differs from what is stored, by nbval's rules, one text for each cell that does.

    Args:
        stored: the notebook's file.
        ran: the notebook after a run elsewhere, as nbformat has it. It may have further cells.
        session: of the pytest that compares.
    """
    outputs = {cell.id: cell.outputs for cell in ran.cells if cell.cell_type == "code"}
    notebook = NotebookFile.from_parent(session, path=stored)
    notebook.setup_sanitize_files()
    for item in notebook.collect():
        cell = item.cell
        if item.options["skip"] or not item.options["check"] or cell.execution_count is None:
            continue
        if not item.compare_outputs(coalesce_streams(outputs[cell.id]), coalesce_streams(cell.outputs)):
            yield "\n".join((f"cell {cell.id} shows something else than what is stored:", *item.comparison_traceback))
