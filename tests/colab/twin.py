"""Colab's twin, and for each notebook a runtime of its own made from it, as Colab gives every notebook a fresh machine.

The twin is an environment with the packages of Colab's image that the notebooks use, without the course and without
what runs and tests notebooks (`make colab` makes it from constraints/colab.txt). A runtime is a child of it: an
environment that sees the twin's packages and installs into itself, so that the twin stays as it is. Its home, caches
and temporary files are its own, and it has no network: pip gets no index, everything else a proxy that nobody serves.
All runtimes share what has been compiled, and begin with Matplotlib's list of fonts, which a runtime of Colab's has, too.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.authoring.lessons import course_root
from course.authoring.notebook import Notebook

ROOT = course_root(Path(__file__).parent)
TWIN = Path(os.environ.get("COURSE_COLAB_PYTHON") or ROOT / ".venv-colab" / "bin" / "python")


@dataclass(frozen=True)
class Runtime:
    """`python` is the runtime's interpreter, `folder` where its notebook lies, alone; `env` is all that it knows.

    `packages` are those that it begins with: {name: version}.
    """

    python: Path
    folder: Path
    env: dict[str, str]
    packages: dict[str, str]

    def pip(self, *words: str) -> list[str]:
        """The lines that this pip command prints, whatever its exit status."""
        command = [str(self.python), "-m", "pip", "--disable-pip-version-check", *words]
        ran = subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=120, check=False
        )
        return ran.stdout.splitlines()

    def run(self, nb: Notebook, *, failing: bool = False, cell_seconds: int = 900) -> Any:
        """A copy of `nb`, run from the top in a new kernel; with `failing`, past cells that raise."""
        import nbformat
        from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient

        argv = [str(self.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]

        class OfTheTwin(KernelSpecManager):
            def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
                return KernelSpec(argv=argv, display_name="Colab's twin", language="python")

        node = nbformat.from_dict(nb)  # type: ignore[no-untyped-call]
        for cell in node.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        client = NotebookClient(
            node,
            km=AsyncKernelManager(kernel_name="twin", kernel_spec_manager=OfTheTwin()),
            timeout=cell_seconds,
            allow_errors=failing,
            store_widget_state=False,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(self.folder)}},
        )
        client.execute(cleanup_kc=True, env=self.env)
        return node


MakeRuntime = Callable[..., Runtime]
