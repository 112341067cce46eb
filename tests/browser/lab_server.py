"""A JupyterLab of the tests' own: served on loopback, with a copy of the notebooks, and without anything of the user's.

It is started as `make lab` starts it (`python -m jupyterlab`), so that what is measured is what a learner waits for.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import psutil
from hang import HANG_S, wait_until

from course.authoring.lessons import KINDS
from course.curriculum import lesson_of

Theme = Literal["JupyterLab Light", "JupyterLab Dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)

ENDS_WITHIN_S = HANG_S / 20  # then it is killed
FIRST_PAGE = f"lab/tree/notebooks/{lesson_of('start_here')}.ipynb"  # of `make lab`

# Settings of JupyterLab, by plugin. Lab draws only the cells in view, and "defer" draws the others when the browser has
# time: a test that looks at every figure needs them all, so "none". The others keep Lab from asking a server for news.
SETTINGS: dict[str, dict[str, object]] = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}
# Its command-line options: no browser of the user's, no offer to install extensions, and `window.jupyterapp`, by which
# the tests read the notebook that the page holds (what Lab's own browser tests use, too).
OPTIONS = (
    "--no-browser",
    "--expose-app-in-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",  # any free one; the server writes down which
    "--LabApp.extension_manager=readonly",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


class Lab:
    """A running JupyterLab.

    Attributes:
        url: its address, ending in a slash.
        token: what its API and its first page ask for.
        folder: the copy of the checkout's notebooks that it serves.
        started_s: seconds from starting the process to its page being served.
    """

    def __init__(self, checkout: Path, home: Path) -> None:
        self.checkout, self.home = checkout, home
        self.folder = home / "course"
        for kind in KINDS:
            shutil.copytree(checkout / kind, self.folder / kind, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        self.token = secrets.token_hex(16)
        self._settings = home / "settings"
        for plugin, settings in SETTINGS.items():
            self.set(plugin, settings)
        self._log = home / "lab.log"
        # Matplotlib's list of fonts, made once in a learner's life: seconds that no lesson is to be blamed for.
        subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], env=self._environment(), check=True)
        began = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for pytest, which then stops it
            )
        try:
            self.url = self._served()
        except BaseException:
            self.stop()
            raise
        self.started_s = time.perf_counter() - began

    def _command(self) -> list[str]:
        root = ["--allow-root"] if os.name == "posix" and os.getuid() == 0 else []
        own = [f"--ServerApp.root_dir={self.folder}", f"--IdentityProvider.token={self.token}"]
        # Linux: ask the kernel to end it even if pytest is killed, and so can't.
        last_will = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        return [*last_will, sys.executable, "-m", "jupyterlab", *OPTIONS, *own, *root]

    def _environment(self) -> dict[str, str]:
        """The environment without what leads to the user's own files; XDG's and Jupyter's folders follow HOME."""
        users = ("JUPYTER", "XDG_", "IPYTHON", "NBGRADER_", "COURSE_PROGRESS")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(users)}
        return {
            **kept,
            "HOME": str(self.home),
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self._settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.home / "workspaces"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "IPYTHONDIR": str(self.home / "ipython"),
            "MPLCONFIGDIR": str(self.home / "matplotlib"),
            "COURSE_CACHE": str(self.home / "cache"),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # as in the Makefile
        }

    def _served(self) -> str:
        """The address, once its first page is there.

        Raises:
            RuntimeError: the server ended; with the end of its log.
            TimeoutError: it took too long.
        """
        note = self.home / "runtime" / f"jpserver-{self._process.pid}.json"
        found: list[str] = []

        def served_or_ended() -> bool:
            try:
                url = str(json.loads(note.read_text())["url"])
                with urllib.request.urlopen(f"{url}{FIRST_PAGE}?token={self.token}", timeout=HANG_S):
                    found.append(url)
            except (OSError, ValueError, urllib.error.URLError):
                return self._process.poll() is not None
            return True

        wait_until(served_or_ended, "JupyterLab to be served")
        if not found:
            raise RuntimeError(f"JupyterLab ended:\n{self.log()[-3000:]}")
        return found[0]

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def address(self, path: str, workspace: str = "default") -> str:
        """The page that shows a notebook, in a workspace of its own, so that no page meets the tabs of another."""
        return f"{self.url}lab/workspaces/{workspace}/tree/{path}?token={self.token}"

    def set(self, plugin: str, settings: dict[str, object]) -> None:
        """Change a plugin's settings, for pages that are opened from now on."""
        file = self._settings / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))

    def theme(self, theme: Theme) -> None:
        """The theme of pages that are opened from now on."""
        self.set("@jupyterlab/apputils-extension/themes", {"theme": theme})

    def fresh(self, path: str) -> None:
        """Put the checkout's own notebook back where a test may have changed the copy."""
        shutil.copyfile(self.checkout / path, self.folder / path)

    def write(self, name: str, code: Sequence[str]) -> str:
        """Make a small notebook of these code cells; returns its path."""
        import nbformat.v4 as v4

        kernel = {"name": "python3", "display_name": "Python 3"}  # without it JupyterLab asks which one
        notebook = v4.new_notebook(
            cells=[v4.new_code_cell(source) for source in code],
            metadata={"kernelspec": {**kernel, "language": "python"}},
        )
        path = f"notebooks/{name}.ipynb"
        (self.folder / path).write_text(json.dumps(notebook))
        return path

    def _api(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(
            f"{self.url}api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=HANG_S) as answer:
            return json.loads(answer.read() or b"null")

    def kernel_state(self, path: str) -> str:
        """What the kernel of a notebook does: "starting", "idle", "busy", …; "" while it has none."""
        states = [s["kernel"]["execution_state"] for s in self._api("sessions") if s["path"] == path]
        return str(states[0]) if states else ""

    def stop_kernels(self) -> None:
        """End every session with its kernel: a lesson's kernel holds up to a gigabyte."""
        for session in self._api("sessions"):
            self._api(f"sessions/{session['id']}", "DELETE")

    def _family(self) -> Iterator[psutil.Process]:
        try:
            parent = psutil.Process(self._process.pid)
            yield from [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return

    def stop(self) -> None:
        """End the server and its kernels: asked first, then killed."""
        family = [*self._family()]  # kernels have sessions of their own: they are found now or never
        self._process.terminate()
        _, alive = psutil.wait_procs(family, timeout=ENDS_WITHIN_S)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=ENDS_WITHIN_S)
        self._process.wait()
