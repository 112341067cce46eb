"""Make the course's virtual environment: called by the Makefile, uses nothing but the standard library.

Usage:  python3 -I setup_env.py --venv .venv --constraints constraints/latest.txt --extras lab,test,browser
        python3 -I setup_env.py --find-python 3.13

The first form finds a Python that the course supports, makes the environment with it and installs the
course. Done once, it does nothing the next time: a stamp in the environment says what it was made from, and
an environment whose stamp is missing (an interrupted install) is made again, not trusted. The second form
prints the path of a Python.

This file must parse on any Python 3 (3.6 at least), so that an old Python gets a sentence and not a
SyntaxError.
"""

import argparse
import glob
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from typing import Dict, List, NamedTuple, Optional, Tuple

OLDEST = (3, 11)
NEWEST = (3, 13)
SUPPORTED = "3.11, 3.12 or 3.13"
NEEDED_GB = 3.0  # measured: 1.2 GB installed, and pip unpacks and caches on the way
NEEDED_GB_CUDA = 10.0
STAMP = "course-stamp.json"
LOG = "course-setup.log"
# What `python -m venv` and we put at the top of an environment. Only such a folder is ever deleted.
VENV_ENTRIES = {"bin", "include", "lib", "lib64", "share", "etc", "pyvenv.cfg", ".gitignore", STAMP, LOG}

Version = Tuple[int, int, int]


class SetupError(Exception):
    """What went wrong and what to do about it, in sentences for the person at the keyboard."""


class Python(NamedTuple):
    """An interpreter that was run and answered."""

    path: str
    version: Version


def dotted(version: Version) -> str:
    return ".".join(str(part) for part in version)


def lines_of(command: List[str]) -> List[str]:
    """What `command` prints, line by line; nothing where it is absent, fails or hangs."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []


# --- which Python ---


def probe(command: str) -> Optional[Python]:
    """Run `command`; None if it is absent or doesn't run (a pyenv shim without its version, a macOS stub)."""
    code = "import sys; print(sys.executable); print('%d.%d.%d' % sys.version_info[:3])"
    lines = lines_of([command, "-I", "-c", code])
    if len(lines) != 2:
        return None
    major, minor, micro = (int(part) for part in lines[1].split("."))
    return Python(lines[0], (major, minor, micro))


def beyond_the_path(minor: str) -> List[str]:
    """Where a Python `minor` ("3.13") may be although `python3.13` doesn't run: pyenv's versions, uv's."""
    root = os.environ.get("PYENV_ROOT") or os.path.join(os.path.expanduser("~"), ".pyenv")
    found = []
    for folder in glob.glob(os.path.join(root, "versions", minor + "*")):
        if re.match(re.escape(minor) + r"(\.\d+)?$", os.path.basename(folder)):
            found.append(os.path.join(folder, "bin", "python" + minor))
    found.sort(key=lambda path: [int(part) for part in re.findall(r"\d+", path)], reverse=True)
    if shutil.which("uv"):
        try:
            done = subprocess.run(
                ["uv", "python", "find", "--no-project", minor],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                universal_newlines=True,
                timeout=60,
            )
            if done.returncode == 0:
                found.append(done.stdout.strip())
        except (OSError, subprocess.SubprocessError):
            pass
    return found


def find_named(name: str) -> Optional[Python]:
    """The Python called `name`: a version ("3.13"), a command ("python3.13") or a path."""
    match = re.match(r"^(?:python)?(\d+\.\d+)$", name)
    if not match:
        return probe(name)
    minor = match.group(1)
    for command in ["python" + minor] + beyond_the_path(minor):
        python = probe(command)
        if python and "%d.%d" % python.version[:2] == minor:
            return python
    return None


def how_to_install(name: str = "") -> str:
    """What to do where no Python fits; `name`, the one asked for, stays in the advice if it is supported."""
    asked = re.match(r"^(?:python)?3\.(\d+)$", name)
    keep = asked is not None and OLDEST[1] <= int(asked.group(1)) <= NEWEST[1]
    minor = "3." + asked.group(1) if asked and keep else "3.12"
    then = "the same command again" if keep else "`make lab PYTHON=python%s`" % minor
    if sys.platform == "darwin":
        return "Install Python %s (from python.org, or `brew install python@%s`) and run %s." % (minor, minor, then)
    return (
        "Install Python %s (on Debian or Ubuntu `sudo apt install python%s python%s-venv`; else your "
        "system's package manager, pyenv or `uv python install %s`) and run %s." % (minor, minor, minor, minor, then)
    )


def choose(requested: str) -> Python:
    """The Python to build with: the one asked for, else the first supported one that runs.

    Raises SetupError where there is none, or where the one asked for is too old.
    """
    if requested:
        python = find_named(requested)
        if python is None:
            raise SetupError(
                "No Python that runs was found under the name %s; the course works with %s. %s"
                % (requested, SUPPORTED, how_to_install(requested))
            )
        found = [(requested, python)]
    else:
        found = []
        for name in ["python3", "python3.13", "python3.12", "python3.11", "python"]:
            python = find_named(name)
            if python and OLDEST <= python.version[:2] <= NEWEST:
                return python
            if python:
                found.append((name, python))
    for _, python in found:
        if python.version[:2] >= OLDEST:
            return python
    here = ", ".join("%s here is %s" % (name, dotted(python.version)) for name, python in found)
    raise SetupError("This course needs Python %s; %s. %s" % (SUPPORTED, here or "none was found", how_to_install()))


# --- an NVIDIA GPU ---


def nvidia_gpu() -> Optional[str]:
    """The name of the first NVIDIA GPU, or None. jax's CUDA builds exist for Linux only."""
    if not sys.platform.startswith("linux"):
        return None
    names = [
        line.strip() for line in lines_of(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]) if line.strip()
    ]
    return names[0] if names else None


# --- what pip or venv said, as a sentence ---

PERMISSION = "You may not write here (%s). Put the course into a folder of your own, or mend the folder's owner."


def free_bytes(folder: str) -> float:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return float("nan")


def disk_full(venv: str, cuda: bool = False) -> str:
    place = os.path.dirname(os.path.abspath(venv))
    return (
        "The disk is full. The environment needs about %.0f GB while it is made; %s has %.1f GB free, and "
        "the folder for temporary files, %s, has %.1f GB. Make room (`make clean` removes what was begun, "
        "`python3 -m pip cache purge` empties pip's cache; the variable TMPDIR names another temporary "
        "folder), then run the same command again."
        % (
            NEEDED_GB_CUDA if cuda else NEEDED_GB,
            place,
            free_bytes(place) / 1e9,
            tempfile.gettempdir(),
            free_bytes(tempfile.gettempdir()) / 1e9,
        )
    )


def explain(output: str, venv: str, python: Optional[Python] = None, cuda: bool = False) -> str:
    """The plain sentence for what venv or pip wrote in `output` before it failed."""
    name = os.path.basename(venv)
    if re.search(r"No space left on device|Errno 28|Disk quota exceeded", output):
        return disk_full(venv, cuda)
    if re.search(r"ensurepip is not\s+available|No module named '?(venv|ensurepip)", output):
        minor = "%d.%d" % python.version[:2] if python else "3"
        return (
            "This Python has no working `venv` module, which makes environments. On Debian or Ubuntu "
            "install it with `sudo apt install python%s-venv`, or choose another Python: `make lab "
            "PYTHON=python3.12`." % minor
        )
    if re.search(r"Errno 30|Read-only file system", output):
        return PERMISSION % "the disk is read-only"
    if re.search(r"Errno 13|Permission denied", output):
        return PERMISSION % "permission denied"
    if re.search(r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError", output):
        return (
            "The package index answered, but its certificate could not be verified. Behind a company's "
            "proxy, point pip at the company's certificates (the variable PIP_CERT names the file), then "
            "run the same command again."
        )
    if re.search(
        r"NewConnectionError|NameResolutionError|name resolution|Name or service not known|"
        r"nodename nor servname|Network is unreachable|No route to host|ConnectTimeout|"
        r"ReadTimeout|Read timed out|ProxyError|Connection refused|Connection reset|"
        r"ConnectionError|Connection aborted|ProtocolError|IncompleteRead",
        output,
    ):
        return (
            "The packages could not be downloaded: the network, or the package index, does not answer. "
            "Connect (behind a proxy, set HTTPS_PROXY) and run the same command again; the first "
            "installation needs the network, later runs do not."
        )
    missing = re.search(r"No matching distribution found for (\S+)", output)
    if missing:
        version = dotted(python.version) if python else "?"
        return (
            "pip found no build of %s for this machine (%s %s, Python %s). jax has builds for 64-bit Linux "
            "(glibc) and for Macs with Apple silicon; elsewhere use the notebooks on Colab."
            % (missing.group(1), platform.system(), platform.machine(), version)
        )
    if "ResolutionImpossible" in output or "conflicting dependencies" in output:
        return (
            "The pinned versions contradict each other. If you changed pyproject.toml, `make pins` makes "
            "them again; if you did not, please report it with the log."
        )
    if "ensurepip" in output:  # venv hides why ensurepip failed
        if free_bytes(os.path.dirname(os.path.abspath(venv))) < 100e6:
            return disk_full(venv, cuda)
        return "This Python could not put pip into %s. Choose another: `make lab PYTHON=python3.12`." % name
    errors = [line for line in output.splitlines() if line.startswith(("ERROR", "error"))]
    last = errors[-1] if errors else (output.strip().splitlines() or ["it said nothing"])[-1]
    return "The installation failed. The last word was: %s" % last.strip()


# --- running a step, showing that it lives ---


class Progress:
    """One line that says what goes on: rewritten in a terminal, printed now and then elsewhere."""

    def __init__(self, every: float = 20.0) -> None:
        self.terminal = sys.stdout.isatty()
        self.every = 0.5 if self.terminal else every
        self.what = "starting"
        self.packages = 0
        self.start = time.time()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._show)
        self._thread.daemon = True

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self.terminal:
            sys.stdout.write("\r\033[K")
            sys.stdout.flush()

    def line(self) -> str:
        return "  %3d s · %s" % (time.time() - self.start, self.what)

    def _show(self) -> None:
        while not self._stop.wait(self.every):
            if self.terminal:
                width = shutil.get_terminal_size().columns - 1
                sys.stdout.write("\r\033[K" + self.line()[:width])
            else:
                sys.stdout.write(self.line() + "\n")
            sys.stdout.flush()

    def read(self, line: str) -> None:
        """Turn one line of pip's output into what is shown."""
        words = line.split()
        if line.startswith(("Collecting ", "Obtaining ", "Processing ")):
            self.packages += 1
            self.what = "package %d: looking up %s" % (self.packages, os.path.basename(words[1]))
        elif words[:1] == ["Downloading"] or words[:2] == ["Using", "cached"]:
            size = re.search(r"\(([\d.]+ .?B)\)", line)
            name = os.path.basename(words[1 if words[0] == "Downloading" else 2]).split("-")[0]
            self.what = "package %d: fetching %s%s" % (self.packages, name, " (%s)" % size.group(1) if size else "")
        elif line.startswith("Installing collected packages"):
            self.what = "unpacking %d packages" % (line.count(",") + 1)
        elif "Retrying (" in line:
            self.what = "the network does not answer; trying again"


def run(command: List[str], root: str) -> Tuple[int, str]:
    """Run a command in `root`; its exit status and everything it wrote. Shows progress."""
    env = dict(os.environ)
    env["PIP_USER"] = "0"  # a `user = true` in somebody's pip.conf makes pip refuse every environment
    for name in ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "__PYVENV_LAUNCHER__"):
        env.pop(name, None)
    lines = []
    try:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
    except OSError as error:
        return 1, str(error)
    assert process.stdout is not None
    with Progress() as progress:
        try:
            for line in process.stdout:
                lines.append(line)
                progress.read(line)
        except BaseException:
            process.kill()
            raise
    return process.wait(), "".join(lines)


def keep_log(text: str, venv: str) -> str:
    """Store a log in the environment, else in the temporary folder; returns where it is, in words."""
    for folder in (venv, tempfile.gettempdir()):
        path = os.path.join(folder, LOG)
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return "pip's whole log is in %s." % os.path.relpath(path) if folder == venv else "The log is in %s." % path
        except OSError:
            continue
    return "The log could not be stored; its end:\n" + "\n".join(text.splitlines()[-15:])


# --- the environment ---


class Plan(NamedTuple):
    """What the environment is to be: the folder of pyproject.toml, and the rest from the command line."""

    root: str
    venv: str
    constraints: str
    extras: Tuple[str, ...]
    bare: bool = False  # the packages that `constraints` lists, and not the course

    @property
    def python(self) -> str:
        return os.path.join(self.venv, "bin", "python")


def file_hash(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def wanted(plan: Plan, version: Version) -> Dict[str, str]:
    """All that the environment follows from; it is installed again when one of these changes."""
    return {
        "python": dotted(version),
        # A copied or moved environment still points to the old place.
        "place": os.path.realpath(plan.venv),
        "extras": ",".join(plan.extras),
        "pyproject.toml": "not used" if plan.bare else file_hash(os.path.join(plan.root, "pyproject.toml")),
        "constraints": file_hash(plan.constraints),
    }


def stored(venv: str) -> Optional[Dict[str, str]]:
    """The environment's stamp; None where there is none that can be read."""
    try:
        with open(os.path.join(venv, STAMP), encoding="utf-8") as file:
            stamp = json.load(file)
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def remove(venv: str) -> bool:
    """Delete a half-made or outdated environment, if there is one; refuse a folder that is something else."""
    if not os.path.lexists(venv):
        return False
    strangers = [] if not os.path.isdir(venv) else sorted(set(os.listdir(venv)) - VENV_ENTRIES)
    if strangers or os.path.islink(venv) or not os.path.isdir(venv):
        raise SetupError(
            "%s is not an environment that this course made (it is, or holds, something else%s). Move it "
            "away, or choose another place: `make lab VENV=.venv-course`."
            % (venv, ": " + strangers[0] if strangers else "")
        )
    shutil.rmtree(venv)
    return True


def fail(output: str, plan: Plan, python: Python) -> SetupError:
    sentence = explain(output, plan.venv, python, "cuda" in plan.extras)
    return SetupError(sentence + "\n" + keep_log(output, plan.venv))


def ensure(plan: Plan, requested: str) -> None:
    """Make the environment what `plan` says; do nothing where it already is."""
    stamp = stored(plan.venv)
    present = probe(plan.python) if stamp else None
    # An environment keeps the Python that it was made with, unless another one is asked for.
    python = present if present and not requested else choose(requested)
    want = wanted(plan, python.version)
    name = os.path.relpath(plan.venv)
    if stamp is not None and present and stamp == want:
        print("%s: environment is up to date (Python %s)" % (name, dotted(python.version)))
        return

    usable = stamp is not None and present and all(stamp.get(key) == want[key] for key in ("python", "place"))
    if python.version[:2] > NEWEST:
        print(
            "Python %s is newer than this course was tested with (%s); going on." % (dotted(python.version), SUPPORTED)
        )
    if usable:
        print("%s: what it is made from has changed; bringing it up to date" % name)
        # From here on an interruption leaves an unfinished environment.
        os.remove(os.path.join(plan.venv, STAMP))
    else:
        if remove(plan.venv):
            reason = "unfinished" if stamp is None else "for another Python or another place"
            print("%s: the environment here was %s; making it again" % (name, reason))
        print("%s: making the environment with Python %s (%s)" % (name, dotted(python.version), python.path))
        code, output = run([python.path, "-I", "-m", "venv", plan.venv], plan.root)
        if code != 0:
            raise fail(output, plan, python)
    what = "packages like those of a Colab runtime" if plan.bare else "the course and its packages"
    print("%s: installing %s; the first time takes a few minutes" % (name, what))
    sys.stdout.flush()
    start = time.time()
    package = ".[%s]" % ",".join(plan.extras) if plan.extras else "."
    command = [plan.python, "-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar", "off"]
    command += ["-r", plan.constraints] if plan.bare else ["-c", plan.constraints, "-e", package]
    code, output = run(command, plan.root)
    if code != 0:
        raise fail(output, plan, python)
    keep_log(output, plan.venv)
    with open(os.path.join(plan.venv, STAMP), "w", encoding="utf-8") as file:
        json.dump(want, file, indent=1, sort_keys=True)
    print("%s: ready after %.0f s" % (name, time.time() - start))


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(description="Make the course's virtual environment (called by the Makefile).")
    parser.add_argument(
        "--find-python", metavar="NAME", help="print the path of this Python (3.13, python3.13) and end"
    )
    parser.add_argument("--venv", default=".venv")
    parser.add_argument("--constraints", default="constraints/latest.txt")
    parser.add_argument(
        "--extras", default="lab,test,browser,site,instructor,cluster", help="comma-separated extras of pyproject.toml"
    )
    parser.add_argument("--python", default="", help="a version, a command or a path; default: the first supported one")
    parser.add_argument("--bare", action="store_true", help="what the constraints list, and not the course")
    parser.add_argument(
        "--cuda", choices=["auto", "yes", "no"], default="no", help="add the cuda extra (auto: with a GPU)"
    )
    options = parser.parse_args(arguments)
    root = os.path.dirname(os.path.abspath(__file__))
    venv = os.path.abspath(options.venv)
    try:
        if options.find_python is not None:
            print(choose(options.find_python).path)
            return 0
        extras = [extra.strip() for extra in ("" if options.bare else options.extras).split(",") if extra.strip()]
        gpu = nvidia_gpu() if options.cuda == "auto" else None
        if gpu:
            print("NVIDIA GPU found (%s): with the CUDA build of jax." % gpu)
        if gpu or options.cuda == "yes":
            extras.append("cuda")
        ensure(Plan(root, venv, os.path.abspath(options.constraints), tuple(extras), options.bare), options.python)
    except SetupError as error:
        return say(str(error))
    except OSError as error:
        return say(explain(str(error), venv))
    except KeyboardInterrupt:
        say("Stopped. What was begun is made again the next time.")
        return 130
    return 0


def say(sentence: str) -> int:
    sys.stdout.flush()
    sys.stderr.write("\n" + sentence + "\n\n")
    return 1


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal set to plain ASCII can't print the middle dot
    sys.exit(main())
