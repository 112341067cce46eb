"""What programs leave beside what was handed in: it is no submission, and each such file has a reason that says so."""

from __future__ import annotations

from course.grading.intake.archives import is_other_archive
from course.grading.intake.nodes import Node, is_notebook
from course.grading.intake.reasons import NOTHING, Reason

# Endings of what may be meant as an answer, though it is no notebook.
DOCUMENTS = (".pdf", ".html", ".htm", ".docx", ".odt", ".py")
# By name, in lower case.
_LEFT_BY = {
    "macOS": {"__macosx", ".ds_store", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", "icon\r"},
    "Windows": {"thumbs.db", "desktop.ini", "$recycle.bin", "system volume information"},
    "JupyterLab": {".ipynb_checkpoints", ".virtual_documents", ".jupyter", ".ipython"},
    "Python": {"__pycache__", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_aml_checkpoints"},
    "git": {".git", ".gitignore", ".gitattributes", ".gitkeep", ".github"},
    "an editor": {".idea", ".vscode", ".vs"},
    "the system": {".cache", ".config", ".local", ".trash", ".nv", ".directory"},
}
_LITTER = {name: program for program, names in _LEFT_BY.items() for name in names}
# By how the name begins.
_BEGINS = {"._": "macOS", "~$": "Microsoft Office", ".~": "JupyterLab", ".nfs": "the system", ".trash-": "the system"}
_HIDDEN = Reason("is a hidden file, not a notebook")


def litter(name: str) -> Reason:
    """Why a file or folder of this name was left behind by a program, rather than handed in, as the rest of a sentence."""
    folded = name.casefold()
    program = _LITTER.get(folded) or next((by for start, by in _BEGINS.items() if folded.startswith(start)), "")
    return Reason(f"was left there by {program}; the learner did not hand it in") if program else NOTHING


def sift(node: Node) -> None:
    """Move from `children` to `left`, in this folder and in all below it, what was left there by programs.

    A name with a dot at its beginning hides a file from its owner, too: what is in it is a submission where it may be meant as one.
    """
    for child in node.children or []:
        if not child.archive:
            sift(child)
    gone = [child for child in node.children or [] if litter(child.name) or _only_hidden(child)]
    for child in gone:
        for one in child.everything():
            one.problem = one.problem or _HIDDEN
    # The list itself, which the planter may still hold.
    if node.children is not None and gone:
        node.children[:] = [child for child in node.children if child not in gone]
        node.left += gone


def _only_hidden(node: Node) -> bool:
    return node.name.startswith(".") and not any(_may_be_meant(file) for file, _ in node.files())


def _may_be_meant(file: Node) -> bool:
    name = file.name.lower()
    return bool(file.problem) or is_notebook(name) or is_other_archive(name) or name.endswith((".zip", *DOCUMENTS))
