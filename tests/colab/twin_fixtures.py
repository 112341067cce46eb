"""What the tests in Colab's twin ask for: the course as a wheel, and a runtime of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from twin import TWIN, MakeRuntime, Runtime
from wheels import make_wheel

from course.compile_cache import SETTING as COMPILED

NO_PROXY_THERE = "http://127.0.0.1:9"  # the port "discard": refused at once
# Importing Matplotlib's fonts makes their list, once in a home.
_ASK = """\
import importlib.metadata, json, sysconfig
import matplotlib.font_manager
packages = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
print(json.dumps([sysconfig.get_path("purelib"), packages]))"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout's package as a wheel."""
    return make_wheel(tmp_path_factory.mktemp("wheel"))


@dataclass(frozen=True)
class Twin:
    """The twin as all runtimes find it: the folder of its packages, what they are, and a home that has been used before."""

    folder: Path
    packages: dict[str, str]
    home: Path


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    """Colab's twin. Skips where there is none."""
    if not TWIN.is_file():
        pytest.skip(f"Colab's twin is not here ({TWIN}): `make colab` makes it and runs this test")
    home = tmp_path_factory.mktemp("used")
    env = {"HOME": str(home), "PATH": os.defpath, "LANG": "C.UTF-8"}
    asked = subprocess.run([str(TWIN), "-I", "-c", _ASK], env=env, check=True, capture_output=True, text=True)
    folder, packages = json.loads(asked.stdout)
    return Twin(Path(folder), packages, home)


@pytest.fixture
def make_runtime(tmp_path: Path, twin: Twin) -> MakeRuntime:
    """Makes the test's runtime; `source` is where its set-up cell finds the course ("": where it is published)."""

    def make(source: str | Path, **more: str) -> Runtime:
        place, home, folder = tmp_path / "python", tmp_path / "home", tmp_path / "content"
        subprocess.run([str(TWIN), "-m", "venv", "--without-pip", str(place)], check=True)
        (own,) = place.glob("lib/python3*/site-packages")
        # As a folder of packages in full, with the .pth files in it.
        (own / "twin.pth").write_text(f"import site; site.addsitedir({str(twin.folder)!r})\n")
        shutil.copytree(twin.home, home)
        folder.mkdir()
        env = {
            "PATH": os.pathsep.join([str(place / "bin"), os.defpath, "/usr/local/bin"]),
            "HOME": str(home),
            "TMPDIR": str(tmp_path),
            "LANG": "C.UTF-8",
            "COLAB_RELEASE_TAG": "twin",
            COMPILED: os.environ[COMPILED],
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NO_PROXY_THERE),
            **({"COURSE_SOURCE": str(source)} if source else {}),
            **more,
        }
        return Runtime(place / "bin" / "python", folder, env, twin.packages)

    return make
