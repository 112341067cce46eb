"""The one form in which a notebook is stored, so that a diff shows what changed and nothing else.

`canonical` brings a notebook into it without running anything, `problems` says what it can't mend.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from course.authoring.lessons import EXERCISES
from course.authoring.notebook import (
    Cell,
    Notebook,
    Problem,
    code_cells,
    dumps,
    is_compared,
    is_text,
    may_raise,
    other_endings,
    other_system,
    place,
    tags,
)

TIDY = "Run `course format --no-run`."
LARGEST = 1_500_000  # bytes; a page that opens quickly, in Colab too
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET = "application/vnd.jupyter.widget-view+json"

# What may stay in the metadata. Everything else is left by editors and changes from one save to the next.
NOTEBOOK_KEYS = ("accelerator", "course")
CELL_KEYS = ("cellView", "course", "nbgrader", "slideshow")

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_OVERWRITTEN = re.compile(r"^.*\r(?=[^\n])", re.M)
_INSTALLED = re.compile(r"(?<!…)~?(?:/[\w.+@-]+)*/((?:site-packages|lib/python3\.\d+)/)")
_KERNEL_FILE = re.compile(r"(?:/[\w.+@-]+)*/ipykernel_\d+/\d+\.py")  # how older kernels call a cell
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
_MACHINE = re.compile(
    r"(?<![\w/<.:])/(?:home|Users|root|tmp|private|work|workspaces?|mnt|opt|usr|var|content|kaggle)/[\w.]"
    r"|\b[A-Z]:\\(?:\\)?\w"
)
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_NOTES = {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}


def canonical(nb: Notebook, kind: str) -> Notebook:
    """A copy of `nb` in the canonical form of its kind. Applied twice it changes nothing more."""
    metadata = nb.get("metadata", {})
    kept: dict[str, Any] = {key: metadata[key] for key in NOTEBOOK_KEYS if key in metadata}
    if gpu := metadata.get("colab", {}).get("gpuType"):
        kept["colab"] = {"gpuType": gpu}
    kept |= {"kernelspec": dict(KERNEL), "language_info": {"name": "python"}}
    cells = [_cell(cell, kind) for cell in nb["cells"]]
    _give_ids(cells)
    result = {"cells": cells, "metadata": kept, "nbformat": 4, "nbformat_minor": 5}
    return json.loads(json.dumps(result))  # a copy that shares nothing with `nb`


def problems(nb: Notebook, kind: str, text: str) -> list[Problem]:
    """Why this notebook, stored as `text`, does not pass the gate; empty if it does."""
    found = list(_not_canonical(nb, kind, text))
    count = 0
    for index, cell in code_cells(nb):
        where = place(nb, index)
        count += 1
        if not cell["source"].strip():
            found.append(Problem(where, "the cell is empty; delete it."))
        if kind == EXERCISES:
            if cell.get("outputs") or cell.get("execution_count") is not None:
                found.append(Problem(where, "an exercise is stored without outputs. Run `course release`."))
            continue
        if cell.get("execution_count") != count:
            ran = cell.get("execution_count")
            says = "was not run" if ran is None else f"ran as number {ran}, not {count}"
            found.append(Problem(where, f"the cell {says}. Run `course format`."))
        found += (Problem(where, reason) for reason in _output_problems(cell))
    if (size := len(text.encode("utf-8"))) > LARGEST:
        limit = f"at most {LARGEST / 1e6:.1f} are allowed. Make its pictures smaller"
        found.append(Problem("", f"the file has {size / 1e6:.1f} MB; {limit}."))
    return found


def widget_problems(nb: Notebook) -> list[Problem]:
    """Compared cells that show a bare widget: it is not stored, so nbval would miss it on every run."""
    reason = "the cell shows a widget, which is not stored. Tag the cell nbval-ignore-output."
    return [
        Problem(place(nb, index), reason)
        for index, cell in code_cells(nb)
        if is_compared(cell) and any(_is_bare_widget(output.get("data", {})) for output in cell["outputs"])
    ]


def keep_pictures(new: Notebook, old: Notebook) -> None:
    """Where a picture in `new` has the pixels of the one in its place in `old`, take over the old bytes."""
    before = {cell["id"]: cell for _, cell in code_cells(old)}
    for _, cell in code_cells(new):
        old_outputs = before.get(cell["id"], {}).get("outputs", [])
        for fresh, stored in zip(cell["outputs"], old_outputs, strict=False):
            ours = fresh.get("data", {}).get("image/png")
            theirs = stored.get("data", {}).get("image/png")
            if ours and theirs and ours != theirs and _same_pixels(ours, theirs):
                fresh["data"]["image/png"] = theirs


def strip_png(encoded: str) -> str:
    """A base64 PNG without the chunks that hold notes: matplotlib writes its version there. No pixel changes.

    Text that is no PNG comes back unchanged.
    """
    try:
        data = base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        return encoded
    if not data.startswith(_PNG):
        return encoded
    kept, at = [_PNG], len(_PNG)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")  # length, type, content, checksum
        if data[at + 4 : at + 8] not in _PNG_NOTES:
            kept.append(data[at:end])
        at = end
    return base64.b64encode(b"".join(kept)).decode("ascii")


def _cell(cell: Cell, kind: str) -> Cell:
    """One cell with the keys that its type has, and no others."""
    code = cell["cell_type"] == "code"
    lines = cell["source"].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    # In Markdown two blanks at a line's end break the line, so only the cell's end is trimmed there.
    source = "\n".join(line.rstrip() if code else line for line in lines).strip("\n").rstrip()
    result: Cell = {"cell_type": cell["cell_type"], "metadata": _metadata(cell), "source": source}
    if "id" in cell:
        result["id"] = cell["id"]
    if cell.get("attachments"):
        result["attachments"] = cell["attachments"]
    if code:
        ran = kind != EXERCISES
        result["execution_count"] = cell.get("execution_count") if ran else None
        result["outputs"] = _outputs(cell.get("outputs", []), result["execution_count"]) if ran else []
    return result


def _metadata(cell: Cell) -> dict[str, Any]:
    metadata = cell.get("metadata", {})
    kept = {key: metadata[key] for key in CELL_KEYS if key in metadata}
    if found := sorted(set(tags(cell))):
        kept["tags"] = found
    if metadata.get("jupyter", {}).get("source_hidden"):
        kept["jupyter"] = {"source_hidden": True}
    return kept


def _give_ids(cells: list[Cell]) -> None:
    """Keep every id that is valid and the first of its kind; derive the others from what the cell says."""
    used: set[str] = set()
    missing = []
    for cell in cells:
        if isinstance(cell.get("id"), str) and _ID.fullmatch(cell["id"]) and cell["id"] not in used:
            used.add(cell["id"])
        else:
            missing.append(cell)
    for cell in missing:
        digest = hashlib.sha256(f"{cell['cell_type']}\n{cell['source']}".encode()).hexdigest()[:8]
        name, copy = digest, 1
        while name in used:
            copy += 1
            name = f"{digest}-{copy}"
        cell["id"] = name
        used.add(name)


def _outputs(outputs: list[dict[str, Any]], count: int | None) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            if result and result[-1]["output_type"] == "stream" and result[-1]["name"] == output["name"]:
                result[-1]["text"] += output["text"]
            else:
                result.append({"output_type": kind, "name": output["name"], "text": output["text"]})
        elif kind == "error":
            lines = [_frame(line) for line in output.get("traceback", [])]
            result.append({**{key: output[key] for key in ("ename", "evalue", "output_type")}, "traceback": lines})
        else:
            # A picture's HTML is the same picture once more, for front ends; its words are in the PNG's metadata.
            left_out = {WIDGET, "text/html"} if "image/png" in output["data"] else {WIDGET}
            data = {mime: _datum(mime, value) for mime, value in output["data"].items() if mime not in left_out}
            if not data or _is_bare_widget(output["data"]):
                continue  # a widget lives in the page; only its raw repr would be left
            sizes = output.get("metadata", {})
            metadata = {mime: sizes[mime] for mime in data if sizes.get(mime)}
            shown = {"output_type": kind, "data": data, "metadata": metadata}
            if kind == "execute_result":
                shown["execution_count"] = count
            result.append(shown)
    for output in result:
        if output["output_type"] == "stream":
            output["text"] = _OVERWRITTEN.sub("", output["text"])  # what a progress bar wrote over
    return result


def _frame(line: str) -> str:
    """A line of a traceback without what differs between machines: where Python and the cell's file are."""
    return _KERNEL_FILE.sub("this cell", _INSTALLED.sub(r"…/\1", line))


def _plain(text: str) -> str:
    return _COLOR.sub("", text)


def _is_bare_widget(data: dict[str, Any]) -> bool:
    return WIDGET in data and not data.keys() - {WIDGET, "text/plain"}


def _datum(mime: str, value: Any) -> Any:
    return strip_png(value) if mime == "image/png" and isinstance(value, str) else value


def _not_canonical(nb: Notebook, kind: str, text: str) -> Iterator[Problem]:
    """Where the stored text is not what `course format` would write."""
    own_message = {"outputs", "execution_count"} if kind == EXERCISES else set()
    wanted = canonical(nb, kind)
    if dumps(wanted) == text:
        return
    found = False
    if why := other_system(text):
        found = True
        yield Problem("", f"the file is not in the canonical form: {why}. {TIDY}")
    for index, (is_cell, should) in enumerate(zip(nb["cells"], wanted["cells"], strict=True)):
        keys = {key for key in is_cell.keys() | should.keys() if is_cell.get(key) != should.get(key)}
        found = found or bool(keys)
        if keys := keys - own_message:
            endings = other_endings(is_cell["source"])
            which = ", ".join(sorted(keys)) + (f": lines end in {endings}, not in LF" if endings else "")
            yield Problem(place(nb, index), f"not in the canonical form ({which}). {TIDY}")
    if nb.get("metadata") != wanted["metadata"]:
        found = True
        yield Problem("", f"the notebook's metadata is not in the canonical form. {TIDY}")
    if not found:
        yield Problem("", f"the file is not in the canonical form (order, spaces). {TIDY}")


def _output_problems(cell: Cell) -> Iterator[str]:
    for output in cell.get("outputs", []):
        if output["output_type"] == "error" and not may_raise(cell):
            error = f"{output['ename']}: {output['evalue']}"
            yield f"the cell stores an error, {error}. If it is meant, tag the cell raises-exception."
        if output["output_type"] == "stream" and output["name"] == "stderr":
            yield f"the cell writes to stderr: {_excerpt(output['text'])}"
    for text in map(_plain, _texts(cell)):
        if address := _ADDRESS.search(text):
            yield f"the output shows a memory address, another on each run: {_excerpt(text, address.start())}"
        if path := _MACHINE.search(text):
            yield f"the output shows a path of this machine: {_excerpt(text, path.start())}"


def _texts(cell: Cell) -> Iterator[str]:
    """Every text that the cell's outputs show."""
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream":
            yield output["text"]
        elif output["output_type"] == "error":
            yield output["evalue"]
            yield "\n".join(output["traceback"])
        else:
            for mime, value in output["data"].items():
                if is_text(mime) and isinstance(value, str):
                    yield value


def _excerpt(text: str, at: int = 0) -> str:
    """The line of `text` around position `at`, cut to what a message can hold."""
    start = text.rfind("\n", 0, at) + 1
    line = text[start:].split("\n", 1)[0]
    cut = max(0, at - start - 60)
    return line[cut : cut + 160].strip()


def _same_pixels(one: str, other: str) -> bool:
    import io

    from PIL import Image

    def pixels(encoded: str) -> tuple[tuple[int, int], bytes]:
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
            return image.size, image.convert("RGBA").tobytes()

    try:
        return pixels(one) == pixels(other)
    except (OSError, ValueError):
        return False
