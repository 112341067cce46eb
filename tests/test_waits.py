"""How long a learner waits is told at the end of a run, whichever process measured it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hang import HANG_S

pytestmark = pytest.mark.one_set

TEST = """
def test_something(waits):
    waits("the site", 12.34)
"""


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_wait_is_told_at_the_end(tmp_path: Path, processes: str) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_it.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-n", processes, "-p", "no:cacheprovider", "test_it.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=HANG_S)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("  12.3 s  the site\n") == 1
