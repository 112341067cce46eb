"""Where the course is published: `[tool.course]` in pyproject.toml, the one setting that every address follows from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from course.authoring.lessons import settings
from course.authoring.notebook import AuthoringError, write

COLAB = "https://colab.research.google.com"
_DEFAULTS = {"repository": "", "tag": "", "branch": "main"}
_GITHUB = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")
_REF = re.compile(r"[\w][\w.+/-]*")
_TABLE = re.compile(r"^\[tool\.course\][^\n]*\n(?:(?!\[)[^\n]*(?:\n|$))*", re.M)


@dataclass(frozen=True)
class Published:
    """The repository's address, and what readers get from it: the release `tag` ("" before the first), else `branch`."""

    repository: str
    tag: str
    branch: str

    @property
    def ref(self) -> str:
        """What a link names: a tag's content never changes, a branch's does."""
        return self.tag or self.branch

    @property
    def package(self) -> str:
        """What pip installs the course from (https://pip.pypa.io/en/stable/topics/vcs-support/).

        Without a tag it names no branch: then it's the repository's default one.
        """
        return f"git+{self.repository}@{self.tag}" if self.tag else f"git+{self.repository}"

    def page(self, path: str) -> str:
        """GitHub's page of the file `path` ("notebooks/02_the_neuron.ipynb"), with its button for the download."""
        return f"{self._github()}/blob/{self.ref}/{path}"

    def colab(self, path: str) -> str:
        """The address that opens the notebook `path` in Colab.

        Its form: https://colab.research.google.com/github/googlecolab/colabtools/blob/main/notebooks/colab-github-demo.ipynb
        """
        owner_and_name = self._github().removeprefix("https://github.com/")
        return f"{COLAB}/github/{owner_and_name}/blob/{self.ref}/{path}"

    def _github(self) -> str:
        address = self.repository.removesuffix("/").removesuffix(".git")
        if not _GITHUB.fullmatch(address):
            raise AuthoringError(
                f"Colab opens notebooks from GitHub, and the `repository` in pyproject.toml is {self.repository}. "
                "It has to look like https://github.com/OWNER/NAME."
            )
        return address


def published(root: Path) -> Published:
    """What `root`'s pyproject.toml says. Raises AuthoringError where it names no repository, or an odd tag or branch."""
    table = settings(root).get("tool", {}).get("course", {})
    repository, tag, branch = (table.get(key, default) for key, default in _DEFAULTS.items())
    if not isinstance(repository, str) or not repository:
        raise AuthoringError("pyproject.toml has no `repository` in its table [tool.course].")
    for key, ref in (("tag", tag), ("branch", branch)):
        if not isinstance(ref, str) or (ref and not _REF.fullmatch(ref)):
            raise AuthoringError(f"The `{key}` in pyproject.toml's table [tool.course], {ref!r}, is no name for one.")
    return Published(repository, tag, branch or "main")


def set_tag(root: Path, tag: str) -> bool:
    """Store the release `tag` in pyproject.toml, or remove it (""). True if the file changed.

    Raises AuthoringError where the tag is not "v" and the package's version: then what is installed would not be
    what the address says.
    """
    before = published(root)
    if tag == before.tag:
        return False
    version = settings(root)["project"].get("version", "")
    if tag and tag != f"v{version}":
        raise AuthoringError(
            f"The package's version in pyproject.toml is {version}, so the tag is v{version}, not {tag}. "
            "Set the version first, there and in course/__init__.py and CITATION.cff."
        )
    file = root / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    found = _TABLE.search(text)
    if found is None:
        raise AuthoringError("pyproject.toml has no line [tool.course] of its own.")
    table = re.sub(r"^tag\s*=[^\n]*\n?", "", found[0], flags=re.M)
    if tag:
        table = re.sub(r"^(repository\s*=[^\n]*)\n?", rf'\1\ntag = "{tag}"\n', table, count=1, flags=re.M)
    changed = write(file, text[: found.start()] + table + text[found.end() :])
    if published(root).tag != tag:  # such as a table that is written in one line elsewhere
        write(file, text)
        raise AuthoringError(f'Write the line `tag = "{tag}"` into pyproject.toml\'s table [tool.course] by hand.')
    return changed
