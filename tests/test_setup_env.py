"""setup_env.py: plain sentences for what can go wrong, and an environment that is made once and never half-trusted."""

import ast
import importlib.util
import os
import stat
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_env", ROOT / "setup_env.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


setup_env = _load()

# What pip and venv wrote when these things happened (shortened).
NO_NETWORK = """\
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by \
'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new \
connection: [Errno -3] Temporary failure in name resolution')': /simple/mlxtend/
ERROR: Could not find a version that satisfies the requirement mlxtend>=0.23.4 (from versions: none)
ERROR: No matching distribution found for mlxtend>=0.23.4
"""
DISK_FULL = """\
Installing collected packages: numpy, scipy
ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device
"""
NO_VENV = """\
The virtual environment was not created successfully because ensurepip is not
available.  On Debian/Ubuntu systems, you need to install the python3-venv
package using the following command.
"""
NO_BUILD = """\
ERROR: Could not find a version that satisfies the requirement jaxlib==0.10.2 (from versions: 0.4.13, 0.4.38)
ERROR: No matching distribution found for jaxlib==0.10.2
"""
READ_ONLY = "[Errno 30] Read-only file system: '/course/.venv'"
CERTIFICATE = "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed'))"


@pytest.mark.parametrize(
    ("output", "what", "way_out"),
    [
        (NO_NETWORK, "network", "run the same command again"),
        (DISK_FULL, "disk is full", "Make room"),
        (NO_VENV, "`venv` module", "apt install python3.12-venv"),
        (NO_BUILD, "no build of jaxlib==0.10.2", "Colab"),
        (READ_ONLY, "read-only", "folder of your own"),
        ("[Errno 13] Permission denied: '.venv'", "permission denied", "folder of your own"),
        (CERTIFICATE, "certificate", "PIP_CERT"),
        (NO_NETWORK + DISK_FULL, "disk is full", "Make room"),
        ("ERROR: ResolutionImpossible: for help visit", "contradict", "make pins"),
        ("noise\nERROR: something new\nnoise", "something new", ""),
    ],
)
def test_a_failure_becomes_a_sentence_with_a_way_out(output: str, what: str, way_out: str, tmp_path: Path) -> None:
    sentence = setup_env.explain(output, str(tmp_path / ".venv"), setup_env.Python("python3", (3, 12, 1)))
    assert what in sentence and way_out in sentence
    assert "Traceback" not in sentence and "Errno" not in sentence


def test_the_script_parses_on_python_3_6() -> None:
    """An old Python must be able to read the file to say that it is too old."""
    ast.parse((ROOT / "setup_env.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def _fake_python(folder: Path, name: str, version: str, venv: str = "", pip: str = "exit 0") -> Path:
    """A stand-in for an interpreter: answers the probe, makes an "environment" with itself in it, plays pip."""
    path = folder / name
    make = f'for last; do :; done; mkdir -p "$last/bin"; echo > "$last/pyvenv.cfg"; cp "{path}" "$last/bin/python"'
    path.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        f'  *"-m venv"*) echo venv >> "{folder}/calls"; {venv or make};;\n'
        f'  *"-m pip"*) echo pip >> "{folder}/calls"; {pip};;\n'
        f'  *) echo "{path}"; echo "{version}";;\n'
        "esac\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def _calls(folder: Path) -> list[str]:
    log = folder / "calls"
    return log.read_text().split() if log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that an environment follows from, alone with the Pythons that a test puts on PATH."""
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "latest.txt").write_text("numpy==2.4.6\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(setup_env.tempfile, "tempdir", str(tmp_path))  # logs stay in here
    monkeypatch.setattr(setup_env, "__file__", str(tmp_path / "setup_env.py"))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def _make(*more: str) -> int:
    result = setup_env.main(["--venv", ".venv", "--constraints", "latest.txt", "--extras", "lab", *more])
    assert isinstance(result, int)
    return result


@pytest.mark.parametrize("version", ["3.9.18", "3.10.13"])
def test_an_old_python_is_told_what_is_needed(checkout: Path, capsys: pytest.CaptureFixture[str], version: str) -> None:
    old = _fake_python(checkout, "old", version)
    assert _make("--python", str(old)) == 1
    said = capsys.readouterr().err
    assert f"needs Python 3.11, 3.12 or 3.13; {old} here is {version}" in said and "make lab PYTHON=" in said
    assert _calls(checkout) == []


def test_a_missing_python_is_asked_for_by_its_own_name(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    assert setup_env.main(["--find-python", "python3.13"]) == 1
    said = capsys.readouterr().err
    assert "python3.13" in said and "the same command again" in said


def test_a_newer_python_gets_one_sentence_and_goes_on(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _make("--python", str(_fake_python(checkout, "new", "3.15.0"))) == 0
    assert "3.15.0 is newer than this course was tested with" in capsys.readouterr().out


def test_a_supported_python_is_preferred_to_the_default_one(checkout: Path) -> None:
    """python3 is too old (or too new), python3.12 is there as well: nobody has to name it."""
    _fake_python(checkout, "python3", "3.9.1")
    _fake_python(checkout, "python3.12", "3.12.4")
    _fake_python(checkout, "python3.13", "2.7.0")
    assert setup_env.choose("").version == (3, 12, 4)


def test_a_pyenv_shim_that_does_not_run_leads_to_the_version_behind_it(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shim = checkout / "python3.13"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    for version in ("3.13.2", "3.13.10", "3.13-dev"):
        folder = checkout / "pyenv" / "versions" / version / "bin"
        folder.mkdir(parents=True)
        _fake_python(folder, "python3.13", version.replace("-dev", ".99"))
    assert setup_env.main(["--find-python", "3.13"]) == 0
    assert capsys.readouterr().out.strip().endswith(os.path.join("3.13.10", "bin", "python3.13"))


def test_the_second_time_nothing_is_installed(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _fake_python(checkout, "python3", "3.11.9")
    assert _make() == 0
    assert _calls(checkout) == ["venv", "pip"]
    capsys.readouterr()
    assert _make() == 0
    assert "environment is up to date" in capsys.readouterr().out
    assert _calls(checkout) == ["venv", "pip"]


@pytest.mark.parametrize("changed", ["pyproject.toml", "latest.txt"])
def test_changed_requirements_are_installed_into_the_same_environment(checkout: Path, changed: str) -> None:
    _fake_python(checkout, "python3", "3.11.9")
    assert _make() == 0
    (checkout / changed).write_text("# changed\n")
    assert _make() == 0
    assert _calls(checkout) == ["venv", "pip", "pip"]


def test_other_extras_are_installed(checkout: Path) -> None:
    _fake_python(checkout, "python3", "3.11.9")
    assert _make() == 0
    assert _make("--cuda", "yes") == 0
    assert _calls(checkout) == ["venv", "pip", "pip"]


def test_a_bare_environment_gets_the_listed_packages_and_not_the_course(checkout: Path) -> None:
    _fake_python(checkout, "python3", "3.11.9", pip='echo "$@" > asked; exit 0')
    assert _make("--bare") == 0
    assert (checkout / "asked").read_text().split()[-2:] == ["-r", str(checkout / "latest.txt")]
    (checkout / "pyproject.toml").write_text("# changed\n")
    assert _make("--bare") == 0
    assert _calls(checkout) == ["venv", "pip"]
    (checkout / "latest.txt").write_text("# changed\n")
    assert _make("--bare") == 0
    assert _calls(checkout) == ["venv", "pip", "pip"]


def test_another_python_makes_another_environment(checkout: Path) -> None:
    _fake_python(checkout, "python3", "3.11.9")
    _fake_python(checkout, "python3.12", "3.12.1")
    assert _make() == 0
    assert _make("--python", "python3.12") == 0
    assert _calls(checkout) == ["venv", "pip", "venv", "pip"]
    assert _make() == 0, "without a wish the environment keeps its Python"
    assert _calls(checkout) == ["venv", "pip", "venv", "pip"]


def test_an_interrupted_environment_is_made_again(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """pip failed half way: no stamp, so the next run starts from nothing, and nothing of the old one stays."""
    _fake_python(checkout, "python3", "3.11.9", pip=f"printf '%s' \"{DISK_FULL}\"; exit 1")
    assert _make() == 1
    said = capsys.readouterr().err
    assert "disk is full" in said and ".venv/course-setup.log" in said
    assert "No space left on device" in (checkout / ".venv" / "course-setup.log").read_text()
    (checkout / ".venv" / "lib").mkdir()
    _fake_python(checkout, "python3", "3.11.9")
    assert _make() == 0
    assert not (checkout / ".venv" / "lib").exists()


def test_an_update_that_fails_leaves_an_untrusted_environment(checkout: Path) -> None:
    _fake_python(checkout, "python3", "3.11.9")
    assert _make() == 0
    (checkout / "latest.txt").write_text("numpy==9\n")
    broken = _fake_python(checkout, "broken", "3.11.9", pip="exit 1")
    (checkout / ".venv" / "bin" / "python").write_text(broken.read_text())
    assert _make() == 1
    (checkout / "latest.txt").write_text("numpy==2.4.6\n")
    assert _make() == 0
    assert _calls(checkout)[-2:] == ["venv", "pip"]


def test_a_copied_environment_is_not_trusted(checkout: Path) -> None:
    """Its scripts name the folder in which it was made."""
    _fake_python(checkout, "python3", "3.11.9")
    assert _make() == 0
    (checkout / ".venv").rename(checkout / ".venv-copy")
    assert setup_env.main(["--venv", ".venv-copy", "--constraints", "latest.txt", "--extras", "lab"]) == 0
    assert _calls(checkout) == ["venv", "pip", "venv", "pip"]


def test_a_folder_that_is_no_environment_is_never_deleted(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _fake_python(checkout, "python3", "3.11.9")
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "thesis.tex").write_text("years of work")
    assert _make() == 1
    assert "thesis.tex" in capsys.readouterr().err
    assert (checkout / ".venv" / "thesis.tex").exists()


def test_a_python_without_venv_is_told_which_package_to_install(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _fake_python(checkout, "python3", "3.11.2", venv=f"printf '%s' \"{NO_VENV}\"; exit 1")
    assert _make() == 1
    assert "apt install python3.11-venv" in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="jax has CUDA builds for Linux only")
def test_an_nvidia_gpu_brings_the_cuda_build_and_is_named(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    smi = checkout / "nvidia-smi"
    smi.write_text("#!/bin/sh\necho 'Tesla T4'\n")
    smi.chmod(0o755)
    pip = f'echo "$@" > "{checkout}/arguments"'
    _fake_python(checkout, "python3", "3.11.9", pip=pip)
    assert _make("--cuda", "auto") == 0
    assert "NVIDIA GPU found (Tesla T4)" in capsys.readouterr().out
    assert ".[lab,cuda]" in (checkout / "arguments").read_text()
    smi.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    assert setup_env.nvidia_gpu() is None
