"""Running and storing a notebook: whole and in the canonical form, or not at all."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hang import HANG_S
from making import code, markdown, notebook, save

from course.authoring.execute import execute
from course.authoring.format import check_file, format_file
from course.authoring.notebook import AuthoringError, read, write

pytestmark = pytest.mark.one_set

PICTURE = "import matplotlib.pyplot as plt\nplt.figure(figsize=(2, 2))\nplt.plot([1, 2])\nplt.show()"


def test_a_run_stores_counts_and_outputs_and_the_result_passes_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run for several promises: what is stored passes the gate, and a second run changes nothing."""
    monkeypatch.setenv("MPLBACKEND", "Agg")  # as some shells set it: a picture is stored all the same
    cells = [
        markdown("# A"),
        code("import sys, pathlib\nprint(pathlib.Path.cwd().name)"),
        code("'slash' + sys.executable[:1]\nsys.version_info[:2]"),
        code(PICTURE),
        code("1 / 0", metadata={"tags": ["nbval-raises-exception"]}),
        code("print('and on')"),
    ]
    path = save(tmp_path / "notebooks" / "a.ipynb", notebook(*cells))
    seen: list[tuple[int, int]] = []
    changed, left = format_file(path, "a", progress=lambda done, total: seen.append((done, total)))
    assert (changed, left, check_file(path)) == (True, [], [])
    assert seen == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    outputs = [cell.get("outputs") for cell in read(path)["cells"]]
    assert outputs[1][0]["text"] == "notebooks\n"  # it runs in its own folder
    assert outputs[2][0]["data"]["text/plain"] == str(tuple(sys.version_info[:2]))  # in this very Python
    assert "image/png" in outputs[3][0]["data"]
    assert outputs[4][0]["ename"] == "ZeroDivisionError"
    assert outputs[5][0]["text"] == "and on\n"
    stamp = path.stat().st_mtime_ns
    assert format_file(path, "a") == (False, [])
    assert path.stat().st_mtime_ns == stamp


def test_an_exercise_is_tidied_and_never_run(tmp_path: Path) -> None:
    path = save(tmp_path / "exercises" / "a.ipynb", notebook(code("1 / 0", count=3)))
    assert format_file(path, "a") == (True, [])
    assert check_file(path) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "x = 3\nx / 0",
            ["ZeroDivisionError: division by zero", "  2 | x / 0", "cell 2 of 2 (In [1], id bad)"],
        ),
        ("import sys\nprint('old', file=sys.stderr)", ["writes to stderr: old"]),
        ("object()", ["memory address"]),
        (f"import time\ntime.sleep({HANG_S})", ["did not end within 2 s"]),
        ("import os\nos._exit(1)", ["the kernel died"]),
    ],
)
def test_a_run_that_goes_wrong_names_the_cell_and_leaves_the_file(tmp_path: Path, source: str, said: list[str]) -> None:
    path = save(tmp_path / "notebooks" / "a.ipynb", notebook(markdown("# A"), code(source, id="bad")))
    before = path.read_bytes()
    with pytest.raises(AuthoringError) as caught:
        format_file(path, "notebooks/a.ipynb", timeout=2 if "sleep" in source else int(HANG_S))
    message = str(caught.value)
    assert all(part in message for part in [*said, "notebooks/a.ipynb", "id bad", "file was left as it was"]), message
    assert path.read_bytes() == before


def test_without_a_run_what_is_there_is_tidied_and_the_rest_is_said(tmp_path: Path) -> None:
    path = save(tmp_path / "notebooks" / "a.ipynb", notebook(code("1 / 0  ")))
    changed, left = format_file(path, "a", run=False)
    assert changed and "was not run" in str(left[0]) and len(left) == 1
    assert format_file(path, "a", run=False)[0] is False


def test_without_the_author_packages_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nbclient", None)
    with pytest.raises(AuthoringError, match=r"pip install 'threads-to-networks\[instructor\]'"):
        execute(notebook(code("1")), "a", Path())


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text("old")
    assert write(path, "old") is False

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("course.authoring.notebook.os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_reading_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    with pytest.raises(AuthoringError, match="does not exist"):
        read(tmp_path / "none.ipynb")
    (tmp_path / "latin.ipynb").write_bytes(json.dumps("é", ensure_ascii=False).encode("latin-1"))
    with pytest.raises(AuthoringError, match="UTF-8"):
        read(tmp_path / "latin.ipynb")
