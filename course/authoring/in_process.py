"""Run a notebook's cells in this very process: for what looks into it while it runs, and where no kernel can be started."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

from course.authoring.notebook import code_cells, read


def run_cells(path: Path) -> Iterator[str]:
    """Run the code cells from top to bottom, in the notebook's folder; figures are drawn and not shown.

    The process keeps what the cells leave behind, so run one notebook a process.

    Yields:
        After each cell, what it stopped with, such as "cell 3: ZeroDivisionError: division by zero", or "".
    """
    import matplotlib
    from IPython.core.interactiveshell import InteractiveShell

    matplotlib.use("Agg")
    nb = read(path)
    os.chdir(path.resolve().parent)
    shell = InteractiveShell.instance()
    for index, cell in code_cells(nb):
        with contextlib.redirect_stdout(io.StringIO()):
            ran = shell.run_cell(cell["source"])
        error = ran.error_before_exec or ran.error_in_exec
        yield "" if error is None else f"cell {index + 1}: {type(error).__name__}: {error}"
