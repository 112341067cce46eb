"""What the tests in Colab's twin ask for: the course as a wheel, and a runtime of their own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from twin import TWIN, MakeRuntime, Runtime
from wheels import make_wheel

NO_PROXY_THERE = "http://127.0.0.1:9"  # the port "discard": refused at once


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout's package as a wheel."""
    return make_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def twins_packages() -> Path:
    """The folder of the twin's packages. Skips where there is no twin."""
    if not TWIN.is_file():
        pytest.skip(f"Colab's twin is not here ({TWIN}): `make colab` makes it and runs this test")
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.run([str(TWIN), "-I", "-c", ask], check=True, capture_output=True, text=True).stdout.strip())


@pytest.fixture
def make_runtime(tmp_path: Path, twins_packages: Path) -> MakeRuntime:
    """Makes the test's runtime; `source` is where its set-up cell finds the course ("": where it is published)."""

    def make(source: str | Path, **more: str) -> Runtime:
        place, home, folder = tmp_path / "python", tmp_path / "home", tmp_path / "content"
        subprocess.run([str(TWIN), "-m", "venv", "--without-pip", str(place)], check=True)
        (own,) = place.glob("lib/python3*/site-packages")
        # As a folder of packages in full, with the .pth files in it.
        (own / "twin.pth").write_text(f"import site; site.addsitedir({str(twins_packages)!r})\n")
        for new in (home, folder):
            new.mkdir()
        env = {
            "PATH": os.pathsep.join([str(place / "bin"), os.defpath, "/usr/local/bin"]),
            "HOME": str(home),
            "TMPDIR": str(tmp_path),
            "LANG": "C.UTF-8",
            "COLAB_RELEASE_TAG": "twin",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NO_PROXY_THERE),
            **({"COURSE_SOURCE": str(source)} if source else {}),
            **more,
        }
        return Runtime(place / "bin" / "python", folder, env)

    return make
