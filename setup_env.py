"""Make the course's virtual environment: called by the Makefile, uses nothing but the standard library.

Usage:  python3 -I setup_env.py --venv .venv --constraints constraints/latest.txt --extras lab

uv does the work: it finds the Python, makes the environment, and installs the course. A uv on the PATH is used; where
there is none, a small environment of its own (.uv) gets it with pip, once. Done once, the script does nothing the next
time: a stamp in the environment says what it was made from, and an environment whose stamp is missing (an interrupted
install) is made again, not trusted. Extras add up: what `make lab` installed stays when `make test` adds its own.

This file must parse on any Python 3 (3.6 at least), so that an old Python gets a sentence and not a SyntaxError.
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
import time
from typing import Dict, List, NamedTuple, Optional, Tuple

MINORS = ("3.13", "3.12", "3.11")  # the newest one that is found is taken
OLDEST, NEWEST = (3, 11), (3, 13)
SUPPORTED = "3.11, 3.12 or 3.13"
NEEDED_GB = 2.5  # measured: 0.7 GB for `make lab`, 2.0 GB for `make test`, and uv's cache on another disk as much again
NEEDED_GB_CUDA = 10.0
STAMP = "course-stamp.json"
# What uv, `python -m venv` and we put at the top of an environment. Only such a folder is ever deleted.
VENV_ENTRIES = {"bin", "include", "lib", "lib64", "share", "etc", "pyvenv.cfg", "CACHEDIR.TAG", ".gitignore", ".lock"}
VENV_ENTRIES |= {STAMP, "course-setup.log"}  # the log: of earlier versions of this script
OWN_UV = ".uv"
OLDEST_UV = (0, 5)  # has every command and option that is used here

Version = Tuple[int, int, int]


class SetupError(Exception):
    """What went wrong and what to do about it, in sentences for the person at the keyboard."""


class Python(NamedTuple):
    """An interpreter that was run and answered; with an empty path, one that is not here and that uv is to fetch."""

    path: str
    version: Version


def dotted(version: Version) -> str:
    return ".".join(str(part) for part in version)


# --- running other programs ---


def clean_environment() -> Dict[str, str]:
    """Our environment variables without those that would lead another Python, or pip, astray."""
    env = dict(os.environ)
    env["PIP_USER"] = "0"  # a `user = true` in pip's settings makes pip refuse every environment
    for name in ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "__PYVENV_LAUNCHER__"):
        env.pop(name, None)
    return env


def run(
    command: List[str], env: Dict[str, str], seconds: Optional[float] = None, folder: Optional[str] = None
) -> Tuple[int, str, str]:
    """(exit status, stdout, stderr) of `command`; status 1 and the reason where it is absent or hangs."""
    try:
        done = subprocess.run(
            command,
            env=env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            timeout=seconds,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return 1, "", str(error)
    return done.returncode, done.stdout, done.stderr


def lines_of(command: List[str], env: Optional[Dict[str, str]] = None) -> List[str]:
    """What `command` prints, line by line; nothing where it is absent, fails or hangs."""
    code, output, _ = run(command, clean_environment() if env is None else env, 60)
    return output.splitlines() if code == 0 else []


def show(command: List[str], env: Dict[str, str], folder: str) -> Tuple[int, str]:
    """Run `command` in `folder` before the user's eyes; (exit status, what it said).

    uv draws its progress only when it writes to the terminal itself, so its words can't be read the first time. A
    command that failed is run once more for them; where the second try succeeds, all is well.
    """
    sys.stdout.flush()
    if subprocess.call(command, env=env, cwd=folder, stdin=subprocess.DEVNULL) == 0:
        return 0, ""
    code, output, errors = run(command, dict(env, UV_HTTP_RETRIES="0"), folder=folder)
    return code, output + errors


# --- uv ---


def version_of_uv(uv: str) -> Tuple[int, ...]:
    """The version of this uv; () where it doesn't run."""
    said = " ".join(lines_of([uv, "--version"]))
    match = re.search(r"\buv (\d+)\.(\d+)", said)
    return (int(match.group(1)), int(match.group(2))) if match else ()


def find_uv(root: str) -> str:
    """The uv on the PATH, else the one in the folder .uv, which pip puts there the first time.

    Raises SetupError where it can't be had.
    """
    on_path = shutil.which("uv")
    if on_path and version_of_uv(on_path) >= OLDEST_UV:
        return on_path
    folder = os.path.join(root, OWN_UV)
    uv = os.path.join(folder, "bin", "uv")
    if version_of_uv(uv) >= OLDEST_UV:
        return uv
    print("%s: downloading uv, which installs the packages (only this once)" % OWN_UV)
    sys.stdout.flush()
    said = ""
    for name in (sys.executable, "python3", "python3.13", "python3.12", "python3.11"):
        python = probe(name)
        if python is None or python.version < (3, 8, 0):
            said = said or "Python %s is too old for uv" % platform.python_version()
            continue
        remove(folder)
        said = ""
        for command in (
            [python.path, "-I", "-m", "venv", folder],
            [os.path.join(folder, "bin", "python"), "-I", "-m", "pip", "install", "--quiet", "--no-input", "uv"],
        ):
            code, output, errors = run(command, clean_environment())
            if code != 0:
                said = output + errors
                break
        if not said and version_of_uv(uv):
            return uv
    sys.stderr.write(said)
    raise SetupError(explain(said, folder, probe(sys.executable)))


# What pip's settings are called as uv's variables.
OF_PIP = {"index_url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE", "find_links": "UV_FIND_LINKS"}


def environment_of_uv() -> Dict[str, str]:
    """Environment variables for uv; what pip has been told of a mirror, a certificate or a folder of wheels holds for uv, too."""
    env = clean_environment()
    told = {}
    for line in lines_of([sys.executable, "-I", "-m", "pip", "config", "list"]):
        match = re.match(r"(?:global|install|:env:)\.([a-z-]+)='(.*)'$", line)
        if match:
            told[match.group(1).replace("-", "_")] = match.group(2)
    if "UV_INDEX_URL" in env:  # uv's older name for the same
        told.pop("index_url", None)
    for name, ours in OF_PIP.items():
        if name in told:
            env.setdefault(ours, told[name])
    return env


# --- which Python ---


def probe(command: str) -> Optional[Python]:
    """Run `command`; None if it is absent or doesn't run (a pyenv shim without its version, a macOS stub)."""
    code = "import sys; print(sys.executable); print('%d.%d.%d' % sys.version_info[:3])"
    lines = lines_of([command, "-I", "-c", code])
    if len(lines) != 2:
        return None
    major, minor, micro = (int(part) for part in lines[1].split("."))
    return Python(lines[0], (major, minor, micro))


def minor_asked_for(name: str) -> Optional[str]:
    """ "3.13" for "3.13" and "python3.13"; None for a command or a path."""
    match = re.match(r"^(?:python)?(\d+\.\d+)$", name)
    return match.group(1) if match else None


def find(uv: str, minor: str) -> Optional[Python]:
    """The Python `minor` ("3.13") that uv finds on this machine.

    uv gives up at a pyenv shim that doesn't run, so pyenv's versions themselves are put before the PATH.
    """
    root = os.environ.get("PYENV_ROOT") or os.path.join(os.path.expanduser("~"), ".pyenv")
    folders = glob.glob(os.path.join(root, "versions", minor + "*", "bin"))
    folders.sort(key=lambda folder: [int(part) for part in re.findall(r"\d+", folder[len(root) :])], reverse=True)
    env = dict(clean_environment(), PATH=os.pathsep.join([*folders, os.environ.get("PATH", "")]))
    lines = lines_of([uv, "python", "find", "--system", "--no-project", "--no-python-downloads", minor], env)
    python = probe(lines[0]) if lines else None
    return python if python and dotted(python.version).startswith(minor + ".") else None


def how_to_install() -> str:
    return (
        "Install Python %s (from python.org, with your package manager, or with `uv python install %s`) and run "
        "`make lab PYTHON=%s`." % (MINORS[0], MINORS[0], MINORS[0])
    )


def choose(uv: str, requested: str) -> Python:
    """The Python to build with: the one asked for, else the newest supported one; without a path if uv has to fetch it.

    `requested` is a version, a command or a path, or several of them with commas, of which the first that is here counts.
    Raises SetupError where the one asked for is too old, or is neither here nor one that the course supports.
    """
    names = requested.split(",") if requested else list(MINORS)
    for name in names:
        minor = minor_asked_for(name)
        python = find(uv, minor) if minor else probe(name)
        if python and python.version[:2] < OLDEST:
            raise SetupError(
                "This course needs Python %s; %s here is %s. %s"
                % (SUPPORTED, name, dotted(python.version), how_to_install())
            )
        if python:
            return python
    minors = [minor_asked_for(name) for name in names]
    for minor in minors:
        if minor in MINORS:
            major, _, rest = str(minor).partition(".")
            return Python("", (int(major), int(rest), 0))
    raise SetupError(
        "There is no working Python under the name %s; the course works with %s. %s"
        % (" or ".join(names), SUPPORTED, how_to_install())
    )


# --- an NVIDIA GPU ---


def nvidia_gpu() -> Optional[str]:
    """The name of the first NVIDIA GPU, or None. jax's CUDA builds exist for Linux only."""
    if not sys.platform.startswith("linux"):
        return None
    names = [line.strip() for line in lines_of(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"])]
    return next((name for name in names if name), None)


# --- what uv, venv or pip said, as a sentence ---

# (what stands in their words, the sentence); the first that fits counts. uv's own words are on the screen already.
SENTENCES = (
    (
        r"No space left on device|Errno 28|os error 28|Disk quota exceeded",
        "The disk is full. Making the environment needs about {needed:g} GB; {place} has {free:.1f} GB free, and "
        "the folder for temporary files, {temp}, has {free_temp:.1f} GB. Free some space, then run the same "
        "command again. `make clean` removes the unfinished environment, `uv cache clean` empties uv's cache in "
        "~/.cache/uv, and the variable TMPDIR can name another temporary folder.",
    ),
    (
        r"ensurepip is not\s+available|No module named '?(venv|ensurepip)",
        "{python} here has no working `venv` module. Install uv, which needs no such module, or on Debian or "
        "Ubuntu run `sudo apt install python3-venv`. Then run the same command again.",
    ),
    (
        r"(Errno|os error) (13|30)\b|Permission denied|Read-only file system",
        "You have no permission to write here. Move the course to a folder of your own, or change the folder's owner.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|invalid peer certificate|UnknownIssuer",
        "The package index answered, but its certificate could not be verified. Behind a company's proxy, set the "
        "variable SSL_CERT_FILE to the file with the company's certificates, then run the same command again.",
    ),
    (
        r"python-build-standalone",
        "This course needs Python {supported}; none was found here, and uv could not download one. {install}",
    ),
    (
        r"NewConnectionError|name resolution|Name or service not known|Network is unreachable|[Tt]imed? ?out|ProxyError|"
        r"Connection refused|[Cc]onnection reset|Connection aborted|ProtocolError|dns error|error sending request|"
        r"client error \(Connect\)|error decoding response body",
        "The packages could not be downloaded: the network or the package index does not answer. Connect to a "
        "network (behind a proxy, set HTTPS_PROXY) and run the same command again. Only the first installation "
        "needs a network.",
    ),
    (
        r"has no wheels with a matching|only has wheels|only found wheels|No matching distribution found",
        "A package has no build for this machine ({machine}, {python}). jax has builds for 64-bit Linux (glibc) "
        "and for Macs with Apple silicon; on other machines use the notebooks on Colab.",
    ),
    (
        r"No solution found",
        "The pinned versions contradict each other. If you changed pyproject.toml, run `make pins` to resolve "
        "them again; if you did not, please report what uv says above.",
    ),
)


def explain(output: str, venv: str, python: Optional[Python] = None, cuda: bool = False) -> str:
    """The plain sentence for what uv, or venv or pip, wrote in `output` before it failed."""
    for pattern, sentence in SENTENCES:
        if re.search(pattern, output):
            place, temp = os.path.dirname(os.path.abspath(venv)), tempfile.gettempdir()
            return sentence.format(
                needed=NEEDED_GB_CUDA if cuda else NEEDED_GB,
                place=place,
                free=shutil.disk_usage(place).free / 1e9,
                temp=temp,
                free_temp=shutil.disk_usage(temp).free / 1e9,
                python="Python %s" % dotted(python.version) if python else "the Python",
                supported=SUPPORTED,
                install=how_to_install(),
                machine="%s %s" % (platform.system(), platform.machine()),
            )
    lines = [line for line in output.strip().splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return "The installation failed. The last line was: %s" % (errors or lines or ["nothing"])[-1].strip()


# --- the environment ---


class Plan(NamedTuple):
    """What the environment is to be: the folder of pyproject.toml, and the rest from the command line."""

    root: str
    venv: str
    constraints: str
    extras: Tuple[str, ...]
    bare: bool = False  # the packages that `constraints` lists, and not the course
    cuda: Optional[bool] = None  # asked for, refused, or nothing said

    @property
    def python(self) -> str:
        return os.path.join(self.venv, "bin", "python")


def file_hash(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def wanted(plan: Plan, version: Version, had: str = "") -> Dict[str, str]:
    """All that the environment follows from; it is installed again when one of these changes. `had`: the extras it has."""
    return {
        "python": dotted(version),
        # A copied or moved environment still points to the old place.
        "place": os.path.realpath(plan.venv),
        "extras": ",".join(sorted(set(plan.extras).union(filter(None, had.split(","))))),
        "pyproject.toml": "not used" if plan.bare else file_hash(os.path.join(plan.root, "pyproject.toml")),
        "constraints": file_hash(plan.constraints),
    }


def stored(venv: str) -> Dict[str, str]:
    """The environment's stamp; empty where there is none that can be read."""
    try:
        with open(os.path.join(venv, STAMP), encoding="utf-8") as file:
            stamp = json.load(file)
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def remove(venv: str) -> bool:
    """Delete a half-made or outdated environment, if there is one; refuse a folder that is something else."""
    if not os.path.lexists(venv):
        return False
    strangers = [] if not os.path.isdir(venv) else sorted(set(os.listdir(venv)) - VENV_ENTRIES)
    if strangers or os.path.islink(venv) or not os.path.isdir(venv):
        raise SetupError(
            "%s was not made by this course (it is, or contains, something else%s). Move it away, or choose another "
            "folder: `make lab VENV=.venv-course`." % (venv, ": " + strangers[0] if strangers else "")
        )
    shutil.rmtree(venv)
    return True


def as_asked(python: Python, requested: str) -> bool:
    """Whether the environment's Python is, without a search, the one asked for."""
    if not requested:
        return True
    first = minor_asked_for(requested.split(",")[0])
    return first is not None and dotted(python.version).startswith(first + ".")


def make(plan: Plan, uv: str, python: Python, env: Dict[str, str]) -> Python:
    """An empty environment with `python`; returns the Python in it. Raises SetupError."""
    name, minor = os.path.relpath(plan.venv), "%d.%d" % python.version[:2]
    if remove(plan.venv):
        print("%s: the environment here is unfinished or was made for something else; making it again" % name)
    if python.path:
        print("%s: making the environment with Python %s (%s)" % (name, dotted(python.version), python.path))
    else:
        print("%s: no Python %s was found here; uv downloads one" % (name, minor))
    # Learners install packages of their own from a notebook (%pip), so pip is there, too.
    command = [uv, "venv", "--quiet", "--no-project", "--seed", "--python", python.path or minor]
    code, output = show([*command, plan.venv], env, plan.root)
    made = probe(plan.python)
    if code != 0 or made is None:
        raise SetupError(explain(output, plan.venv, python))
    return made


def install(plan: Plan, uv: str, python: Python, want: Dict[str, str], env: Dict[str, str]) -> None:
    """Install what `want` says, and leave the stamp that says so. Raises SetupError."""
    name = os.path.relpath(plan.venv)
    print("%s: installing %s" % (name, "what Colab's image has" if plan.bare else "the course and its packages"))
    command = [uv, "pip", "install", "--python", plan.python]
    package = ".[%s]" % want["extras"] if want["extras"] else "."
    command += ["-r", plan.constraints] if plan.bare else ["-c", plan.constraints, "-e", package]
    code, output = show(command, env, plan.root)
    if code != 0:
        raise SetupError(explain(output, plan.venv, python, "cuda" in plan.extras))
    with open(os.path.join(plan.venv, STAMP), "w", encoding="utf-8") as file:
        json.dump(want, file, indent=1, sort_keys=True)


def ensure(plan: Plan, requested: str) -> None:
    """Make the environment what `plan` says; do nothing where it already is. Raises SetupError with the reason."""
    name, start, uv = os.path.relpath(plan.venv), time.time(), ""
    stamp = stored(plan.venv)
    had = stamp.get("extras", "")
    # Packages are only ever added: to be rid of CUDA's, begin again.
    rid_of_cuda = plan.cuda is False and "cuda" in had.split(",")
    present = probe(plan.python) if stamp and not rid_of_cuda else None
    # An environment keeps the Python that it was made with, unless another one is asked for.
    python = present
    if python is None or not as_asked(python, requested):
        uv = find_uv(plan.root)
        python = choose(uv, requested)
    if python.version[:2] > NEWEST:
        print(
            "Python %s is newer than the versions that this course was tested with (%s); continuing."
            % (dotted(python.version), SUPPORTED)
        )
    want = wanted(plan, python.version, had) if present else {}
    if want and stamp == want:
        print("%s: the environment is up to date (Python %s)" % (name, dotted(python.version)))
        return
    uv = uv or find_uv(plan.root)
    env = environment_of_uv()
    if want and all(stamp.get(key) == want[key] for key in ("python", "place")):
        print("%s: the requirements have changed; bringing the environment up to date" % name)
        # From here on an interruption leaves an unfinished environment.
        os.remove(os.path.join(plan.venv, STAMP))
    else:
        python = make(plan, uv, python, env)
        want = wanted(plan, python.version)
    install(plan, uv, python, want, env)
    print("%s: ready after %.0f s" % (name, time.time() - start))


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(description="Make the course's virtual environment (called by the Makefile).")
    parser.add_argument("--venv", default=".venv")
    parser.add_argument("--constraints", default="constraints/latest.txt")
    parser.add_argument(
        "--extras", default="lab", help="comma-separated extras of pyproject.toml, added to those already installed"
    )
    parser.add_argument(
        "--python", default="", help="a version, a command or a path; default: the newest supported one"
    )
    parser.add_argument("--bare", action="store_true", help="install what the constraints list, without the course")
    parser.add_argument(
        "--cuda", choices=["auto", "yes", "no"], help="whether to install the cuda extra (auto: if there is a GPU)"
    )
    options = parser.parse_args(arguments)
    root = os.path.dirname(os.path.abspath(__file__))
    venv = os.path.abspath(options.venv)
    extras = [extra.strip() for extra in ("" if options.bare else options.extras).split(",") if extra.strip()]
    gpu = nvidia_gpu() if options.cuda == "auto" else None
    if gpu:
        print("NVIDIA GPU found (%s): installing the CUDA build of jax." % gpu)
    cuda = True if gpu or options.cuda == "yes" else False if options.cuda == "no" else None
    extras += ["cuda"] if cuda else []
    plan = Plan(root, venv, os.path.abspath(options.constraints), tuple(extras), options.bare, cuda)
    try:
        ensure(plan, options.python)
    except SetupError as error:
        return say(str(error))
    except OSError as error:
        return say(explain(str(error), venv))
    except KeyboardInterrupt:
        say("Stopped. The next run starts over.")
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
