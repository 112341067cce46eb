"""What nbval compares of a claim: its sentence, and not the figures of the machine that it ran on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from making import code, notebook

pytestmark = [pytest.mark.one_set, pytest.mark.thorough]

ROOT = Path(__file__).parents[1]
CLAIM = 'from course import claim\nclaim(True, "{}", measured="3.74×", runs=5)'


def stored(folder: Path, sentence: str, shows: str) -> subprocess.CompletedProcess[str]:
    """A run of nbval over a notebook whose claim says `sentence`, where `shows` is stored as its output."""
    shown = [{"output_type": "stream", "name": "stdout", "text": shows}]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nb = notebook(code(CLAIM.format(sentence), outputs=shown, count=1, id="claim"), metadata=kernel)
    (folder / "lesson.ipynb").write_text(json.dumps(nb), encoding="utf-8")
    words = ["-p", "course.authoring.validate", "--nbval", "--nbval-current-env", "-q", str(folder / "lesson.ipynb")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", str(folder), "-c", "/dev/null", *words],
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_other_figures_are_the_same_claim_and_another_sentence_is_not(tmp_path: Path) -> None:
    same = stored(tmp_path, "the law: it holds", "✓ the law: it holds:\u00a02.10× measured, 7 runs\n")
    assert same.returncode == 0, same.stdout
    other = stored(tmp_path, "the law: it holds", "✓ the law: it fails:\u00a03.74× measured, 5 runs\n")
    assert other.returncode == 1 and "it fails" in other.stdout
