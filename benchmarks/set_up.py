"""How long a learner waits for the first lesson, by each way of installing that the README names; and that each way works.

    make ways        # or: python -m benchmarks.set_up [make pip uv conda]

Each way begins with a fresh clone of what is committed, an empty home and empty caches, runs the README's own lines, and
ends when JupyterLab has answered with lesson 00 (HTTP 200). They run one after another in one go; the last line is the
ratio of `make lab` to plain pip. The conda way is run without conda: its pip part from environment.yml, as conda would
hand it to pip, with the Python that is here and with what plain pip has downloaded before it. Whether conda itself finds
its Python is not run.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from course.curriculum import lesson_of

ROOT = Path(__file__).resolve().parent.parent
HANG_S = 1_800
TOKEN = "lesson"
FIRST_PAGE = f"lab/tree/notebooks/{lesson_of('start_here')}.ipynb"
# A line that only a shell of the way's own writes: the installation is done, JupyterLab comes next.
INSTALLED = "== installed"


class NotServed(Exception):
    """A way of installing that did not lead to the first lesson; holds the end of what it said."""


@dataclass(frozen=True)
class Wait:
    """One way's times in seconds from its first command, and the size of what it installed."""

    way: str
    installed_s: float
    served_s: float
    packages: int


def readme_lines(heading: str) -> list[str]:
    """The README's lines for one way: those below the comment that begins with `# heading`."""
    block = re.search(r"## Other ways to install.*?```bash\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    assert block is not None, "README.md has no section 'Other ways to install' with its commands"
    ways = dict(re.findall(r"^# (\w+).*\n((?:(?!#).+\n)+)", block[1].replace("plain pip", "pip"), re.M))
    return str(ways[heading]).splitlines()


def conda_requirements() -> str:
    """What conda would write into a file for pip: the list below `pip:` in environment.yml."""
    import yaml

    settings = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    (lines,) = [entry["pip"] for entry in settings["dependencies"] if isinstance(entry, dict)]
    return "".join(f"{line}\n" for line in lines)


def script(way: str, clone: Path, port: int) -> str:
    """The shell script of one way; it does not end by itself, since JupyterLab serves."""
    root = "--allow-root " if os.getuid() == 0 else ""
    options = f"{root}--no-browser --port {port} --ServerApp.port_retries=0 --IdentityProvider.token={TOKEN}"
    if way == "make":
        return f'make lab LAB_ARGS="{options}"'
    if way == "conda":
        (clone / "condaenv.requirements.txt").write_text(conda_requirements(), encoding="utf-8")
        lines = ["python3 -m venv .venv-conda && source .venv-conda/bin/activate"]
        lines += ["pip install -q -r condaenv.requirements.txt && jupyter lab"]
    else:
        lines = readme_lines(way)
    text = "\n".join(lines).replace("pip install -c", "pip install -q -c")
    assert text.count("jupyter lab") == 1, f"the way {way!r} does not end with `jupyter lab`"
    return "set -e\n" + text.replace("jupyter lab", f"echo '{INSTALLED}' && jupyter lab {options}")


def environment(home: Path, tools: list[str]) -> dict[str, str]:
    """The environment of someone who has installed nothing: an empty home, `tools` before the PATH, and a folder for pip's downloads."""
    left_out = ("VIRTUAL_ENV", "CONDA_", "JUPYTER", "XDG_", "UV_", "MAKE", "MFLAGS", "VENV", "PYTHON")
    env = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {
        **env,
        "HOME": str(home),
        "PIP_CACHE_DIR": str(home.parent / "pip"),
        "UV_CACHE_DIR": str(home / "uv"),
        "PATH": os.pathsep.join([*tools, env["PATH"]]),
        "PYENV_ROOT": os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")),
    }


@contextmanager
def running(text: str, folder: Path, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The script as a process of its own group, which is ended with all that it started."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["bash", "-c", text],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, how)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def served(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{FIRST_PAGE}?token={TOKEN}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def wait_for(way: str, scratch: Path, tools: list[str]) -> Wait:
    """Go one way, from the clone to the served lesson. Raises NotServed where it does not get there."""
    home, clone, port = scratch / f"home-{way}", scratch / way, free_port()
    home.mkdir()
    log = scratch / f"{way}.log"
    began = time.perf_counter()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    installed = 0.0
    with running(script(way, clone, port), clone, environment(home, tools), log) as process:
        while not served(port):
            passed = time.perf_counter() - began
            said = log.read_text("utf-8", errors="replace")
            if not installed and (INSTALLED in said or "ready after" in said):
                installed = passed
            if process.poll() is not None or passed > HANG_S:
                raise NotServed(f"{way}: lesson 00 was not served. The end of its log:\n{said[-3000:]}")
            time.sleep(0.1)
        total = time.perf_counter() - began
    (site,) = clone.glob(".venv*/lib/python*/site-packages")
    return Wait(way, installed or total, total, len(list(site.glob("*.dist-info"))))


def main(ways: list[str]) -> int:
    waits: dict[str, Wait] = {}
    with tempfile.TemporaryDirectory(prefix="ways-") as folder:
        scratch = Path(folder)
        # `python3` is the Python of this environment; a uv, where none is on the PATH, is the one that `make lab` got.
        python = scratch / "tools"
        python.mkdir()
        base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        for name in ("python3", base.name):
            (python / name).symlink_to(base)
        for way in ways:
            tools = [str(python)]
            if way == "uv" and not shutil.which("uv"):
                tools.append(str(next(iter([*scratch.glob("*/.uv/bin"), ROOT / ".uv" / "bin"]))))
            print(f"{way} …", flush=True)
            try:
                wait = waits[way] = wait_for(way, scratch, tools)
            except NotServed as error:
                print(error)
                return 1
            print(f"{way}: installed after {wait.installed_s:.0f} s, lesson 00 served after {wait.served_s:.0f} s, {wait.packages} packages", flush=True)  # fmt: skip
            shutil.rmtree(scratch / f"home-{way}", ignore_errors=True)
    if {"make", "pip"} <= set(waits):
        ratio = waits["pip"].served_s / waits["make"].served_s
        print(f"From clone to lesson 00: `make lab` {waits['make'].served_s:.0f} s, pip {waits['pip'].served_s:.0f} s: {ratio:.1f} times as fast.")  # fmt: skip
    return 0


if __name__ == "__main__":
    asked = sys.argv[1:] or ["make", "pip", "uv", "conda"]
    if unknown := set(asked) - {"make", "pip", "uv", "conda"}:
        sys.exit(f"Unknown way: {', '.join(sorted(unknown))}. The ways are make, pip, uv and conda.")
    sys.exit(main(asked))
