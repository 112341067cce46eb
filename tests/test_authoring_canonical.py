"""The canonical form: one form, reached in one step, that hides nothing a reader needs."""

from __future__ import annotations

import base64
import copy
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import code, markdown, notebook, printed, result

from course.authoring.canonical import canonical, keep_pictures, problems, strip_png, widget_problems
from course.authoring.lessons import EXERCISES, LESSONS
from course.authoring.notebook import AuthoringError, dumps, is_compared, parse

pytestmark = pytest.mark.one_set

WIDGET = "application/vnd.jupyter.widget-view+json"


def png(color: int, note: str = "", level: int = 6) -> str:
    """A base64 PNG of 4×4 pixels; `note` goes where matplotlib writes its version."""
    from PIL import Image, PngImagePlugin

    info = PngImagePlugin.PngInfo()
    if note:
        info.add_text("Software", note)
    file = io.BytesIO()
    Image.new("RGB", (4, 4), (color, 0, 0)).save(file, "png", pnginfo=info, compress_level=level)
    return base64.b64encode(file.getvalue()).decode("ascii")


def stored(nb: Any, kind: str = LESSONS) -> str:
    return dumps(canonical(nb, kind))


def reasons(nb: Any, kind: str = LESSONS) -> str:
    """What the gate says of this notebook once it is in the canonical form."""
    text = stored(nb, kind)
    return "\n".join(str(problem) for problem in problems(parse(text, "it"), kind, text))


texts = st.text(alphabet=st.sampled_from(list("ab #é\t\n\r  \"'\\")), max_size=20)
streams = st.builds(printed, texts, st.sampled_from(["stdout", "stderr"]))
displays = st.builds(lambda text: result(text__plain=text, **{WIDGET: {"model_id": "1"}}), texts)
ids = st.sampled_from(["a", "b", "not valid", "", None, 3])
cells = st.one_of(
    st.builds(lambda source, name: markdown(source, id=name), texts, ids),
    st.builds(
        lambda source, outputs, count, name: code(source, outputs=outputs, count=count, id=name),
        texts,
        st.lists(st.one_of(streams, displays), max_size=4),
        st.one_of(st.none(), st.integers(1, 9)),
        ids,
    ),
)


@given(st.lists(cells, max_size=6), st.sampled_from([LESSONS, EXERCISES]))
@settings(deadline=None, max_examples=150, derandomize=True)
def test_formatting_twice_changes_nothing_more_and_ids_are_valid(found: list[Any], kind: str) -> None:
    """Whatever an editor left, one step reaches the form, and every cell has a valid id of its own."""
    once = stored(notebook(*found), kind)
    again = parse(once, "it")
    assert stored(again, kind) == once
    names = [cell["id"] for cell in again["cells"]]
    assert len(set(names)) == len(names) and all(name.replace("-", "").isalnum() for name in names)


def test_canonical_leaves_its_argument_alone() -> None:
    nb = notebook(code("x  ", outputs=[printed("a"), printed("b")], count=1))
    before = copy.deepcopy(nb)
    canonical(nb, LESSONS)
    assert nb == before


def test_canonical_form_is_what_nbformat_accepts_and_would_write() -> None:
    """Saving from JupyterLab goes through nbformat: it must agree with us on the form."""
    import nbformat

    outputs = [
        printed("1\n2\n"),
        result(text__plain="x\ny", image__png=png(1), **{"application/json": ["a", "b"]}),
    ]
    text = stored(notebook(markdown("# é\n\nα"), code("print(1)\nx", outputs=outputs, count=1)))
    read = nbformat.reads(text, as_version=4)
    nbformat.validate(read)
    assert nbformat.writes(read) + "\n" == text


def test_volatile_metadata_goes_and_meaningful_metadata_stays() -> None:
    cell = code("x", metadata={"collapsed": True, "scrolled": 1, "execution": {"iopub": "1"}, "tags": ["b", "a", "b"]})
    cell["metadata"] |= {
        "jupyter": {"outputs_hidden": True, "source_hidden": True},
        "nbgrader": {"grade_id": "f"},
    }
    metadata = {"widgets": {}, "language_info": {"name": "python", "version": "3.12.1"}, "accelerator": "GPU"}
    metadata |= {
        "colab": {"gpuType": "T4", "provenance": [1]},
        "kernelspec": {"name": "mine", "display_name": "My env"},
    }
    formed = canonical(notebook(cell, metadata=metadata), LESSONS)
    assert formed["cells"][0]["metadata"] == {
        "tags": ["a", "b"],
        "jupyter": {"source_hidden": True},
        "nbgrader": {"grade_id": "f"},
    }
    assert formed["metadata"] == {
        "accelerator": "GPU",
        "colab": {"gpuType": "T4"},
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_a_valid_unique_id_is_kept_and_a_missing_or_repeated_one_is_derived_from_the_cell() -> None:
    cells = [markdown("a", id="keep"), markdown("b", id="keep"), markdown("c"), markdown("c")]
    names = [cell["id"] for cell in canonical(notebook(*cells), LESSONS)["cells"]]
    assert names[0] == "keep" and len(set(names)) == 4
    assert names[3] == f"{names[2]}-2"
    moved = [cell["id"] for cell in canonical(notebook(markdown("new"), *cells), LESSONS)["cells"]]
    assert moved[1:] == names  # a cell put before them changes no id


def test_streams_of_one_name_are_merged_and_overwritten_progress_goes() -> None:
    outputs = [printed("a\n"), printed("10 %\r20 %\rdone\n"), printed("oh", "stderr"), printed("b")]
    formed = canonical(notebook(code("x", outputs=outputs, count=1)), LESSONS)["cells"][0]["outputs"]
    assert [(one["name"], one["text"]) for one in formed] == [
        ("stdout", "a\ndone\n"),
        ("stderr", "oh"),
        ("stdout", "b"),
    ]


def test_a_bare_widget_is_dropped_and_a_widget_with_a_still_keeps_the_still() -> None:
    bare = result(text__plain="IntSlider(value=0)", **{WIDGET: {}})
    still = result(text__plain="a slider", text__html="<i>a slider</i>", **{WIDGET: {}})
    formed = canonical(notebook(code("x", outputs=[bare, still], count=1)), LESSONS)["cells"][0]["outputs"]
    assert [sorted(one["data"]) for one in formed] == [["text/html", "text/plain"]]


def test_a_figure_keeps_its_alternative_text_and_loses_the_copy_in_html() -> None:
    figure = result(text__plain="<Figure>", text__html="<img src='…' alt='falls'>", image__png=png(1))
    figure["metadata"] = {"image/png": {"alt": "falls"}}
    (output,) = canonical(notebook(code("x", outputs=[figure])), LESSONS)["cells"][0]["outputs"]
    assert output["data"].keys() == {"text/plain", "image/png"}
    assert output["metadata"] == {"image/png": {"alt": "falls"}}
    (card,) = canonical(notebook(code("x", outputs=[result(text__html="<b>1</b>")])), LESSONS)["cells"][0]["outputs"]
    assert card["data"] == {"text/html": "<b>1</b>"}


def test_a_compared_cell_with_a_bare_widget_is_named_and_others_are_not() -> None:
    bare = result(text__plain="IntSlider(value=0)", **{WIDGET: {}})
    still = result(text__plain="x", text__html="x", **{WIDGET: {}})
    tagged = code("c", outputs=[bare], metadata={"tags": ["nbval-ignore-output"]})
    nb = notebook(code("a", outputs=[bare], id="bare"), code("b", outputs=[still]), tagged)
    (problem,) = widget_problems(nb)
    assert "id bare" in problem.place and "nbval-ignore-output" in problem.reason


def test_png_loses_its_notes_and_keeps_its_pixels() -> None:
    from PIL import Image

    noted = png(7, "Matplotlib version 9.9")
    stripped = strip_png(noted)
    assert b"Matplotlib" in base64.b64decode(noted) and b"Matplotlib" not in base64.b64decode(stripped)
    assert stripped == strip_png(png(7))
    with Image.open(io.BytesIO(base64.b64decode(stripped))) as image:
        assert image.getpixel((3, 3)) == (7, 0, 0)
    assert strip_png("no picture") == "no picture"


def test_a_picture_with_the_same_pixels_keeps_its_stored_bytes_and_another_does_not() -> None:
    def cell(picture: str) -> Any:
        return canonical(notebook(code("x", outputs=[result(image__png=picture)], count=1, id="p")), LESSONS)

    old, packed_anew, other = cell(png(1, level=0)), cell(png(1, level=9)), cell(png(2))
    assert old != packed_anew
    keep_pictures(packed_anew, old)
    assert packed_anew == old
    before = copy.deepcopy(other)
    keep_pictures(other, old)
    assert other == before


def test_source_loses_blanks_that_nobody_sees_and_keeps_a_markdown_line_break() -> None:
    formed = canonical(notebook(code("\nx = 1   \n\n"), markdown("one  \ntwo  \n")), LESSONS)["cells"]
    assert [cell["source"] for cell in formed] == ["x = 1", "one  \ntwo"]


def test_an_exercise_has_neither_outputs_nor_counts() -> None:
    formed = canonical(notebook(code("x", outputs=[printed("1")], count=4)), EXERCISES)["cells"][0]
    assert formed["outputs"] == [] and formed["execution_count"] is None


def test_a_good_notebook_has_no_problems() -> None:
    assert reasons(notebook(markdown("# A"), code("1", outputs=[printed("1\n")], count=1), code("2", count=2))) == ""


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (code("x"), "was not run"),
        (code("x", count=3), "ran as number 3, not 1"),
        (code("", count=1), "is empty"),
        (code("x", count=1, outputs=[printed("Warning: old", "stderr")]), "writes to stderr: Warning: old"),
        (code("x", count=1, outputs=[printed("<f at 0x7f12ab34cd>")]), "memory address"),
        (
            code("x", count=1, outputs=[result(text__html="saved in /home/ann/x.npy")]),
            "a path of this machine: saved in",
        ),
        (code("x", count=1, outputs=[printed("C:\\Users\\ann")]), "a path of this machine"),
        (code("x", count=1, outputs=[printed("/tmp/ipykernel_1/2.py")]), "a path of this machine"),
    ],
)
def test_the_gate_names_the_cell_and_the_reason(cell: Any, said: str) -> None:
    text = reasons(notebook(markdown("# A"), {**cell, "id": "here"}))
    assert said in text and "cell 2 of 2 (In [1], id here)" in text


@pytest.mark.parametrize(
    "text",
    [
        "see https://example.org/home/ann",
        "<div></var></div>",
        "km/home/x",
        "3 /usr",
        "and/or",
        "at 0x1F of 8 bits",
    ],
)
def test_text_that_only_looks_like_a_path_or_an_address_passes(text: str) -> None:
    assert reasons(notebook(code("x", count=1, outputs=[result(text__html=text)]))) == ""


def test_an_error_needs_its_tag_and_its_frames_lose_the_path_of_the_installation() -> None:
    frame = "\x1b[0;32m/home/ann/.venv/lib/python3.12/site-packages/jax/array.py:3\x1b[0m, in f"
    cell = "\x1b[0;32m/tmp/ipykernel_12/34.py\x1b[0m in <module>"
    error = {"output_type": "error", "ename": "TypeError", "evalue": "no", "traceback": [frame, cell]}
    assert "If it is meant, tag the cell" in reasons(notebook(code("x", count=1, outputs=[error])))
    for tag in ("raises-exception", "nbval-raises-exception"):
        nb = notebook(code("x", count=1, outputs=[error], metadata={"tags": [tag]}))
        assert reasons(nb) == ""
        assert canonical(nb, LESSONS)["cells"][0]["outputs"][0]["traceback"] == [
            "\x1b[0;32m…/site-packages/jax/array.py:3\x1b[0m, in f",
            "\x1b[0;32mthis cell\x1b[0m in <module>",
        ]
    error["traceback"] = ["\x1b[0;32m/home/ann/mine.py\x1b[0m"]
    assert "path of this machine: /home" in reasons(notebook(code("x", count=1, outputs=[error])))


def test_an_exercise_with_outputs_and_a_file_too_large_are_named() -> None:
    text = dumps(canonical(notebook(code("x", count=1, outputs=[printed("1")])), LESSONS))
    (problem,) = problems(parse(text, "it"), EXERCISES, text)
    assert "without outputs" in problem.reason
    large = result(text__plain="x" * 1_500_000)
    assert "1.5 MB; at most 1.5" in reasons(notebook(code("x", count=1, outputs=[large])))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.rstrip("\n"),
        lambda text: json.dumps(json.loads(text), indent=2),
        lambda text: text.replace('"tags"', '"collapsed": true,\n    "tags"'),
        lambda text: text.replace('"name": "python3"', '"name": "other"'),
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_any_other_form_of_the_same_notebook_is_a_problem(spoil: Any) -> None:
    """Each way that an editor has to write the same notebook differently is seen."""
    good = stored(notebook(code("x", count=1, metadata={"tags": ["a"]})))
    bad = spoil(good)
    assert bad != good
    assert any("canonical form" in str(one) for one in problems(parse(bad, "it"), LESSONS, bad))


def test_a_merge_conflict_or_another_format_is_said_plainly() -> None:
    with pytest.raises(AuthoringError, match="merge conflict"):
        parse('{\n<<<<<<< HEAD\n"cells": []', "a.ipynb")
    with pytest.raises(AuthoringError, match=r"a\.ipynb is no notebook of format 4"):
        parse('{"nbformat": 3, "worksheets": []}', "a.ipynb")


def test_comparing_is_switched_off_by_tag_and_by_comment_as_in_nbval() -> None:
    assert is_compared(code("x")) and is_compared(code("x = '# NBVAL_SKIP'"))
    assert not is_compared(code("x", metadata={"tags": ["nbval-skip"]}))
    assert not is_compared(code("  # NBVAL_IGNORE_OUTPUT\nx"))
