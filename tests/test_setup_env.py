"""setup_env.py: uv does the work, what can go wrong gets a plain sentence, and an environment is made once and never half-trusted."""

import ast
import importlib.util
import os
import stat
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.one_set

ROOT = Path(__file__).resolve().parent.parent


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_env", ROOT / "setup_env.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


setup_env = _load()

# What uv, and for uv's own environment venv and pip, wrote when these things happened (shortened).
NO_NETWORK = """\
error: Request failed after 3 retries in 12.0s
  cause: Failed to fetch: https://index.example/simple/mlxtend/
  cause: error sending request for url (https://index.example/simple/mlxtend/)
  cause: client error (Connect)
  cause: dns error
"""
DISK_FULL = """\
error: Failed to download `numpy==2.5.5`
  cause: I/O operation failed during extraction
  cause: failed to write to file `numpy/_core/_multiarray_umath.so`: No space left on device (os error 28)
"""
NO_VENV = """\
The virtual environment was not created successfully because ensurepip is not
available.  On Debian/Ubuntu systems, you need to install the python3-venv
package using the following command.
"""
NO_BUILD = """\
error: No solution found when resolving dependencies
  cause: Because jaxlib==0.12.0 has no wheels with a matching platform tag (e.g., `macosx_13_0_x86_64`) and you require it
"""
CONFLICT = """\
error: No solution found when resolving dependencies
  cause: Because jax==0.10.2 depends on jaxlib>=0.10.1,<=0.10.2 and you require jaxlib==0.9.0, this can't be satisfied.
"""
NO_PYTHON = """\
error: Request failed after 3 retries in 9.5s
  cause: Failed to download `https://host.example/python-build-standalone/releases/download/cpython-3.13.tar.gz`
  cause: dns error
"""
READ_ONLY = "error: failed to create directory `/course/.venv`: Read-only file system (os error 30)"
DENIED = "error: Failed to create virtual environment\n  cause: failed to create directory `w`: Permission denied (os error 13)"
CERTIFICATE = "error: Failed to fetch: `https://index.example/`\n  cause: invalid peer certificate: UnknownIssuer"


@pytest.mark.parametrize(
    ("output", "what", "way_out"),
    [
        (NO_NETWORK, "network", "run the same command again"),
        (DISK_FULL, "disk is full", "Free some space"),
        (NO_VENV, "`venv` module", "apt install python3-venv"),
        (NO_BUILD, "no build", "Colab"),
        (CONFLICT, "contradict", "make pins"),
        (NO_PYTHON, "needs Python 3.11, 3.12 or 3.13", "Install Python 3.13"),
        (READ_ONLY, "no permission to write", "folder of your own"),
        (DENIED, "no permission to write", "folder of your own"),
        (CERTIFICATE, "certificate", "SSL_CERT_FILE"),
        (NO_NETWORK + DISK_FULL, "disk is full", "Free some space"),
        ("noise\nerror: something new\nnoise", "something new", ""),
        ("", "nothing", ""),
    ],
)
def test_a_failure_becomes_a_sentence_with_a_way_out(output: str, what: str, way_out: str, tmp_path: Path) -> None:
    sentence = setup_env.explain(output, str(tmp_path / ".venv"), setup_env.Python("python3", (3, 12, 1)))
    assert what in sentence and way_out in sentence
    assert "Traceback" not in sentence and "rrno" not in sentence and "os error" not in sentence


def test_the_script_parses_on_python_3_6() -> None:
    """An old Python must be able to read the file to say that it is too old."""
    ast.parse((ROOT / "setup_env.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class Machine:
    """A folder with the files that an environment follows from, and stand-ins for the programs on its PATH.

    `pythons`: what the stand-in for uv finds, by minor version. Each stand-in writes down how it was called.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pyproject.toml").write_text("[project]\n")
        (folder / "latest.txt").write_text("numpy==2.4.6\n")

    def python(self, name: str, version: str, fails: str = "") -> Path:
        """An interpreter: answers the probe; makes an environment of its own and, as pip, puts uv into it."""
        path = self.folder / "bin" / name
        make = f'mkdir -p "$4/bin"; echo > "$4/pyvenv.cfg"; cp "{path}" "$4/bin/python"'
        return _script(
            path,
            'case "$*" in\n'
            f'  *"-m venv"*) echo "venv" >> "{self.folder}/calls"; {fails or make};;\n'
            f'  *"pip config list"*) cat "{self.folder}/pip.conf" 2>/dev/null;;\n'
            f'  *"pip install"*) echo "pip" >> "{self.folder}/calls"; cp "{self.folder}/spare-uv" "$(dirname "$0")/uv";;\n'
            f'  *) echo "{path}"; echo "{version}";;\n'
            "esac\n",
        )

    def uv(self, name: str = "bin/uv", version: str = "0.13.9", install: str = "exit 0") -> Path:
        """uv: finds the interpreters in the file `found`, makes an environment with one of them in it, plays `install`."""
        path = self.folder / name
        make = 'for last; do :; done; mkdir -p "$last/bin"; echo > "$last/pyvenv.cfg"; cp "$python" "$last/bin/python"'
        return _script(
            path,
            f'cd "{self.folder}"\n'
            'for word; do test "$before" = --python && python="$word"; before="$word"; done\n'
            'case "$*" in\n'
            f'  --version) echo "uv {version}";;\n'
            '  "python find"*) sed -n "s|^$before=||p" found | grep .;;\n'
            '  venv*) echo "uv venv" >> calls; echo "$@" >> venvs; test -x "$python" || python=bin/fetched\n'
            f"      {make};;\n"
            f'  "pip install"*) echo "uv pip" >> calls; echo "$@" > asked; env > environment; {install};;\n'
            "esac\n",
        )

    def has(self, *versions: str) -> None:
        """uv finds these interpreters."""
        paths = {version: self.python(f"python-{version}", version) for version in versions}
        lines = [f"{version.rpartition('.')[0]}={path}\n" for version, path in paths.items()]
        (self.folder / "found").write_text("".join(lines))

    def calls(self) -> list[str]:
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def asked(self) -> list[str]:
        """The words of the last `uv pip install`."""
        return (self.folder / "asked").read_text().split()

    def environment(self) -> dict[str, str]:
        """The variables that the last `uv pip install` saw."""
        lines = (self.folder / "environment").read_text().splitlines()
        return {name: value for name, _, value in (line.partition("=") for line in lines)}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine with uv, and Python 3.11 and 3.13 for it to find."""
    one = Machine(tmp_path)
    one.uv()
    one.has("3.11.9", "3.13.2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(setup_env, "__file__", str(tmp_path / "setup_env.py"))
    monkeypatch.setattr(setup_env.sys, "executable", str(one.python("python3", "3.9.1")))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_FIND_LINKS", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    return one


def _make(*more: str, extras: str = "lab") -> int:
    result = setup_env.main(["--venv", ".venv", "--constraints", "latest.txt", "--extras", extras, *more])
    assert isinstance(result, int)
    return result


MADE = ["uv venv", "uv pip"]


# --- which Python ---


def test_the_newest_supported_python_is_taken(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert _make() == 0
    assert "with Python 3.13.2" in capsys.readouterr().out
    machine.has("3.11.9", "3.12.4", "3.14.0")
    assert _make("--venv", ".venv-2") == 0
    assert "with Python 3.12.4" in capsys.readouterr().out


def test_where_none_is_found_uv_fetches_one(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.has("3.9.1", "3.14.0")
    machine.python("fetched", "3.13.7")
    assert _make() == 0
    assert "no Python 3.13 was found here; uv downloads one" in capsys.readouterr().out
    assert "--python 3.13 " in (machine.folder / "venvs").read_text()
    assert _make("--venv", ".venv-2", "--python", "python3.12") == 0
    assert "--python 3.12 " in (machine.folder / "venvs").read_text(), "the one that was asked for"


@pytest.mark.parametrize("version", ["3.9.18", "3.10.13"])
def test_an_old_python_is_told_what_is_needed(
    machine: Machine, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    old = machine.python("old", version)
    assert _make("--python", str(old)) == 1
    said = capsys.readouterr().err
    assert f"needs Python 3.11, 3.12 or 3.13; {old} here is {version}" in said and "make lab PYTHON=3.13" in said
    assert machine.calls() == []


@pytest.mark.parametrize("name", ["3.9", "python3.15", "no-such-python"])
def test_a_python_that_is_neither_here_nor_supported_is_not_fetched(
    machine: Machine, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert _make("--python", name) == 1
    said = capsys.readouterr().err
    assert f"name {name}" in said and "Install Python 3.13" in said and "make lab PYTHON=3.13" in said
    assert machine.calls() == []


def test_of_several_pythons_the_first_that_is_here_is_taken(machine: Machine) -> None:
    assert _make("--python", "3.12,3.11,3.13") == 0
    assert setup_env.stored(".venv")["python"] == "3.11.9"


def test_a_newer_python_gets_one_sentence_and_goes_on(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert _make("--python", str(machine.python("new", "3.15.0"))) == 0
    assert "3.15.0 is newer than the versions that this course was tested with" in capsys.readouterr().out


def test_a_pyenv_shim_that_does_not_run_leads_to_the_version_behind_it(machine: Machine) -> None:
    """uv gives up at such a shim, so it is shown pyenv's versions first, the newest before the others."""
    for version in ("3.13.2", "3.13.10", "3.1.4"):
        (machine.folder / "pyenv" / "versions" / version / "bin").mkdir(parents=True)
    uv = _script(machine.folder / "bin" / "uv", f'echo "$PATH" > "{machine.folder}/path"; exit 1\n')
    assert setup_env.find(str(uv), "3.13") is None
    folders = (machine.folder / "path").read_text().split(os.pathsep)
    assert [Path(folder).parent.name for folder in folders[:3]] == ["3.13.10", "3.13.2", machine.folder.name]


# --- where uv comes from ---


@pytest.mark.parametrize("on_path", [None, "0.2.1"])
def test_without_a_uv_that_will_do_pip_gets_one_once(
    machine: Machine, capsys: pytest.CaptureFixture[str], on_path: str | None
) -> None:
    (machine.folder / "bin" / "uv").rename(machine.folder / "spare-uv")
    if on_path:
        machine.uv(version=on_path, install="exit 9")
    assert _make() == 0
    assert machine.calls() == ["venv", "pip", *MADE]
    assert ".uv: downloading uv" in capsys.readouterr().out
    assert _make("--venv", ".venv-2") == 0
    assert machine.calls() == ["venv", "pip", *MADE, *MADE]


def test_a_python_without_venv_is_told_how_to_go_on(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    (machine.folder / "bin" / "uv").unlink()
    broken = machine.python("python3", "3.11.2", fails=f"printf '%s' \"{NO_VENV}\"; exit 1")
    for minor in ("3.11", "3.12", "3.13"):
        _script(machine.folder / "bin" / f"python{minor}", "exit 127\n")
    assert broken.exists() and _make() == 1
    assert "apt install python3-venv" in capsys.readouterr().err


# A made-up address, by a name that is kept for examples (RFC 2606).
MIRROR = "https://mirror.example"


def _pip_says(machine: Machine, **settings: str) -> None:
    """Have `pip config list` say these, as pip spells them."""
    lines = [f"global.{name.replace('_', '-')}='{value}'\n" for name, value in settings.items()]
    (machine.folder / "pip.conf").write_text("".join(lines))


def test_what_pip_was_told_of_mirrors_certificates_and_wheels_holds_for_uv(machine: Machine) -> None:
    _pip_says(machine, index_url=MIRROR, cert="/etc/company.pem", find_links="/srv/wheels", timeout="60")
    assert _make() == 0
    seen = machine.environment()
    assert (seen["UV_DEFAULT_INDEX"], seen["SSL_CERT_FILE"]) == (MIRROR, "/etc/company.pem")
    assert seen["UV_FIND_LINKS"] == "/srv/wheels"


def test_what_pip_was_told_by_a_variable_holds_for_uv(machine: Machine) -> None:
    (machine.folder / "pip.conf").write_text(":env:.cert='/etc/company.pem'\n")
    assert _make() == 0
    assert machine.environment()["SSL_CERT_FILE"] == "/etc/company.pem"


@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_what_uv_was_told_itself_is_left_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    _pip_says(machine, index_url=MIRROR)
    monkeypatch.setenv(variable, "https://own.example")
    assert _make() == 0
    seen = machine.environment()
    assert seen[variable] == "https://own.example" and MIRROR not in seen.values()


# --- made once, and never half-trusted ---


def test_the_second_time_nothing_is_installed(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert _make() == 0
    assert machine.calls() == MADE
    capsys.readouterr()
    found = str(machine.folder / "bin" / "python-3.13.2")
    machine.uv()
    for more in ([], ["--python", "3.13"], ["--python", "python3.13"], ["--python", found]):
        assert _make(*more) == 0
        assert "environment is up to date" in capsys.readouterr().out
    assert machine.calls() == MADE


def test_what_tests_need_is_added_to_what_a_learner_has(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert _make(extras="lab") == 0
    assert machine.asked()[-1].endswith("[lab]")
    assert _make(extras="lab,test,site") == 0
    assert machine.asked()[-1].endswith("[lab,site,test]")
    assert machine.calls() == [*MADE, "uv pip"], "into the same environment"
    capsys.readouterr()
    assert _make(extras="lab") == 0
    assert "up to date" in capsys.readouterr().out
    (machine.folder / "latest.txt").write_text("# changed\n")
    assert _make(extras="lab") == 0
    assert machine.asked()[-1].endswith("[lab,site,test]"), "what is there is kept, and kept in step"


@pytest.mark.parametrize("changed", ["pyproject.toml", "latest.txt"])
def test_changed_requirements_are_installed_into_the_same_environment(machine: Machine, changed: str) -> None:
    assert _make() == 0
    (machine.folder / changed).write_text("# changed\n")
    assert _make() == 0
    assert machine.calls() == [*MADE, "uv pip"]


def test_a_bare_environment_gets_the_listed_packages_and_not_the_course(machine: Machine) -> None:
    assert _make("--bare") == 0
    assert machine.asked()[-2:] == ["-r", str(machine.folder / "latest.txt")]
    (machine.folder / "pyproject.toml").write_text("# changed\n")
    assert _make("--bare") == 0
    assert machine.calls() == MADE
    (machine.folder / "latest.txt").write_text("# changed\n")
    assert _make("--bare") == 0
    assert machine.calls() == [*MADE, "uv pip"]


def test_another_python_makes_another_environment(machine: Machine) -> None:
    assert _make() == 0
    assert _make("--python", "3.11") == 0
    assert machine.calls() == [*MADE, *MADE]
    assert _make() == 0, "without a wish the environment keeps its Python"
    assert machine.calls() == [*MADE, *MADE]


def test_an_interrupted_environment_is_made_again(machine: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    """uv failed half way: no stamp, so the next run starts from nothing, and nothing of the old one stays."""
    machine.uv(install=f"printf '%s' '{DISK_FULL.replace(chr(96), '')}' >&2; exit 1")
    assert _make() == 1
    assert "disk is full" in capfd.readouterr().err
    (machine.folder / ".venv" / "lib").mkdir()
    machine.uv()
    assert _make() == 0
    assert not (machine.folder / ".venv" / "lib").exists()


def test_a_second_try_that_succeeds_is_as_good(machine: Machine) -> None:
    """A failed command is run once more, for its words; a network that is back by then has spared a sentence."""
    machine.uv(install="test -e tried || { touch tried; exit 1; }")
    assert _make() == 0
    assert machine.calls() == [*MADE, "uv pip"]


def test_an_update_that_fails_leaves_an_untrusted_environment(machine: Machine) -> None:
    assert _make() == 0
    (machine.folder / "latest.txt").write_text("numpy==9\n")
    machine.uv(install="exit 1")
    assert _make() == 1
    (machine.folder / "latest.txt").write_text("numpy==2.4.6\n")
    machine.uv()
    assert _make() == 0
    assert machine.calls()[-2:] == MADE


def test_a_copied_environment_is_not_trusted(machine: Machine) -> None:
    """Its scripts name the folder in which it was made."""
    assert _make() == 0
    (machine.folder / ".venv").rename(machine.folder / ".venv-copy")
    assert _make("--venv", ".venv-copy") == 0
    assert machine.calls() == [*MADE, *MADE]


def test_a_folder_that_is_no_environment_is_never_deleted(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    (machine.folder / ".venv").mkdir()
    (machine.folder / ".venv" / "thesis.tex").write_text("years of work")
    assert _make() == 1
    assert "thesis.tex" in capsys.readouterr().err
    assert (machine.folder / ".venv" / "thesis.tex").exists()


# --- an NVIDIA GPU ---


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="jax has CUDA builds for Linux only")
def test_an_nvidia_gpu_brings_the_cuda_build_and_is_named(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    smi = _script(machine.folder / "bin" / "nvidia-smi", "echo 'Tesla T4'\n")
    assert _make("--cuda", "auto") == 0
    assert "NVIDIA GPU found (Tesla T4)" in capsys.readouterr().out
    assert machine.asked()[-1].endswith("[cuda,lab]")
    assert _make("--cuda", "auto") == 0
    assert machine.calls() == MADE
    _script(smi, "echo 'NVIDIA-SMI has failed'\nexit 9\n")
    assert setup_env.nvidia_gpu() is None


def test_who_refuses_cuda_is_rid_of_it(machine: Machine) -> None:
    """Packages are only ever added to an environment, so it is made again."""
    assert _make("--cuda", "yes") == 0
    assert _make("--cuda", "no") == 0
    assert machine.calls() == [*MADE, *MADE]
    assert machine.asked()[-1].endswith("[lab]")
