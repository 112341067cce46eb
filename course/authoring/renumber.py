"""Links and words follow the table of lessons: what `course renumber` rewrites, and what `course renumber --check` finds.

The table, `course/curriculum.py`, says which number each topic has. Three kinds of places in the clone's texts say it again:

- a name, ``NN_topic``, in links, paths and tables, and as the name of a notebook's file; a title, ``NN · The topic``. Both hold the
  topic, so the table says the number.
- a link's text: ``[lesson NN](NN_topic.ipynb)``, ``[NN](…)``. The link's target says the topic.
- a word: ``lesson NN``, ``lessons NN and NN``. It holds no topic, so it follows from the number that it had: whose number that was, the
  names tell that have not followed yet.
"""

from __future__ import annotations

import copy
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from course.authoring.lessons import KINDS, TABLE, shown, stored, table, to_come
from course.authoring.notebook import AuthoringError, dumps, is_text, place, read, write
from course.curriculum import number_of, topic_of

# Where the course's own texts are. Folders that it makes, such as `build` or a class's grades, are nobody's text.
_FOLDERS = (*KINDS, "course", "docs", "tests", "benchmarks", ".ci", ".github")
_KINDS_OF_TEXT = (".py", ".md", ".ipynb", ".json", ".yml", ".toml", ".cff", ".html", ".j2", ".js")
_WITHOUT_SUFFIX = ("Makefile", "run")
# Here a name of a notebook is a link that has to lead somewhere; tests may make up notebooks of their own.
_LINKED = (".md", ".ipynb")

_LINK = re.compile(r"\[(?P<text>[^\[\]\n]*)\]\((?P<target>[^()\s]*)\)")
_NOTEBOOK = re.compile(r"(?<![\w.])\d\d_[a-z]\w*(?=\.(?:ipynb|html)\b)")
# A line may end between the word and its number: in a comment, the next one begins with its sign.
_LIST = r"(?:(?:,? (?:and|or|to) |, |–)\d\d(?!\w))*"
_WORD = re.compile(rf"\b[Ll]essons?(?:\s|#:?\s)+\**\d\d(?!\w){_LIST}")
_ONE_DIGIT = re.compile(r"\b[Ll]essons? \d(?![\w.])")
# The heading of a notebook, which may say the topic in other words.
_HEADING = re.compile(r"\A# \d\d(?= · )")
# A link's text that says the number of one lesson.
_ONE = re.compile(r"(\b[Ll]esson )\d\d(?!\w)")
_ALONE = re.compile(r"\W*\d\d\W*")
_NUMBER = re.compile(r"(?<!\w)\d\d(?!\w)")


@dataclass(frozen=True)
class Numbers:
    """What the table says, and what the texts said before it was changed.

    Attributes:
        names: the lesson's name by its topic.
        moved: {number before: number now}, of the lessons whose number has changed.
        later: the numbers of lessons to come. Words for them move as the last lesson has moved, as they are in no name.
        new: topics of lessons that have taken another's number: what their own files say was written with the numbers of now.
    """

    names: dict[str, str]
    moved: dict[str, str] = field(default_factory=dict)
    later: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()

    @cached_property
    def known(self) -> frozenset[str]:
        """Every number that a word may say once all has followed."""
        return self.later | {number_of(name) for name in self.names.values()}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """A lesson's name with any number; the longest topic first, as one may begin like another."""
        topics = "|".join(sorted(map(re.escape, self.names), key=len, reverse=True))
        return re.compile(rf"(?<!\d)\d\d_(?:{topics})(?![A-Za-z0-9])") if topics else re.compile(r"(?!)")

    @cached_property
    def titles(self) -> re.Pattern[str]:
        """A number and the title after it that is a topic in words, and no more; "## NN · …" is the heading of a section."""
        words = "|".join(topic.replace("_", " ") for topic in sorted(self.names, key=len, reverse=True))
        return re.compile(rf"(?<![\w.])(?<!## )\d\d · (?P<title>{words or '(?!)'})(?! ?\w)", re.I)

    def titled(self, text: str) -> str:
        """The text with the table's number before each title."""
        return self.titles.sub(lambda found: f"{number_of(self.names[_topic_in(found['title'])])}{found[0][2:]}", text)

    def named(self, text: str) -> str:
        """The text with the table's names."""
        return self.pattern.sub(lambda found: self.now(found[0]), text)

    def now(self, name: str) -> str:
        """The name that the lesson of this one has now."""
        return self.names[topic_of(name)]

    def word(self, number: str) -> str:
        """The number that a word is to say in the place of this one, of before."""
        if number in self.moved or not self.moved:
            return self.moved.get(number, number)
        back = {now: before for before, now in self.moved.items()}
        now = max(number_of(name) for topic, name in self.names.items() if topic not in self.new)
        before = back.get(now, now)
        return f"{int(number) + int(now) - int(before):02}" if number > before else number


def wrong(root: Path) -> list[str]:
    """What does not agree with the table: notebooks' names, links, words; a sentence each, with its place.

    Raises AuthoringError where the table can't be read, or names contradict each other.
    """
    numbers = _numbers(root)
    found = [f"{shown(path, root)} is {new.stem} in {TABLE}." for path, new in _renamings(root, numbers)]
    for path in stored(root):
        if topic_of(path.stem) not in numbers.names:
            found.append(f"{shown(path, root)} is not in the table of lessons, {TABLE}.")
    have = {topic_of(path.stem) for path in stored(root)}
    found += [f"{name}, in {TABLE}, has no notebook." for topic, name in numbers.names.items() if topic not in have]
    for path in _files(root):
        for where, text in _texts(path):
            at = f"{shown(path, root)}, {where}" if where else shown(path, root)
            found += [f"{at}: {said}" for said in _disagreements(text, numbers, path, root)]
    return found


def renumber(root: Path) -> list[str]:
    """Rename the notebooks and rewrite links and words, as the table says. Returns what was done, a line each.

    Nothing is run; a second call finds nothing to do. (After a call that was stopped in the middle, take its changes back first: words
    that have followed would follow again.) Raises AuthoringError, before anything is written, where the table can't be
    read, names contradict each other, or a notebook is in the way.
    """
    numbers = _numbers(root)
    renamings = _renamings(root, numbers)
    for old, new in renamings:
        if new.exists():
            raise AuthoringError(f"{shown(old, root)} is to become {new.name}, which is there already.")
    done = []
    for path in _files(root):
        if write(path, _rewritten(path, numbers, root)):
            done.append(f"{shown(path, root)}: links and words follow")
    for old, new in renamings:
        _move(old, new, root)
        done.append(f"{shown(old, root)} → {shown(new, root)}")
    return done


def _numbers(root: Path) -> Numbers:
    """The table, and the numbers that lessons had: those by which most names still call them.

    A single old name among many that are the table's, such as a pasted link, moves no word.
    """
    later = frozenset(map(number_of, to_come(root)))
    numbers = Numbers({topic_of(name): name for name in table(root)}, later=later)
    said = Counter(name for path in _files(root) for name in numbers.pattern.findall(path.read_text(encoding="utf-8")))
    said += Counter(old.stem for old, _ in _renamings(root, numbers))
    before: dict[str, set[str]] = {}
    for name, count in said.items():
        if name != numbers.now(name) and count > said[numbers.now(name)]:
            before.setdefault(topic_of(name), set()).add(number_of(name))
    moved: dict[str, str] = {}
    for topic, olds in before.items():
        if len(olds) > 1:
            raise AuthoringError(
                f"{numbers.names[topic]} is called by the numbers {' and '.join(sorted(olds))} elsewhere. Which of them words such as "
                "'lesson NN' mean can't be told. Bring its links back to one of them, and run it again."
            )
        (old,) = olds
        if old in moved:
            raise AuthoringError(f"Two lessons had the number {old}: words such as 'lesson {old}' can't follow both.")
        moved[old] = number_of(numbers.names[topic])
    new = {topic for topic, name in numbers.names.items() if topic not in before and number_of(name) in moved}
    return Numbers(numbers.names, moved, later, frozenset(new))


def _renamings(root: Path, numbers: Numbers) -> list[tuple[Path, Path]]:
    """(the notebook's file, the file that it is to be) of every notebook whose number is not the table's."""
    paths = [path for path in stored(root) if topic_of(path.stem) in numbers.names]
    pairs = [(path, path.with_name(f"{numbers.now(path.stem)}.ipynb")) for path in paths]
    return [(old, new) for old, new in pairs if old != new]


def _move(old: Path, new: Path, root: Path) -> None:
    """Rename a file, in git's index, too, where it is there."""
    try:
        moved = subprocess.run(["git", "mv", str(old), str(new)], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:  # no git
        pass
    else:
        if moved.returncode == 0:
            return
    old.rename(new)


def _files(root: Path) -> list[Path]:
    """The clone's own texts, in order."""
    inside = [path for folder in _FOLDERS for path in sorted((root / folder).rglob("*"))]
    return [path for path in [*sorted(root.glob("*")), *inside] if path.is_file() and _is_text(path)]


def _is_text(path: Path) -> bool:
    return path.suffix in _KINDS_OF_TEXT or path.name in _WITHOUT_SUFFIX


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """(where in the file, text) of each piece: a cell and its outputs, a line with its next."""
    if path.suffix != ".ipynb":
        yield "", path.read_text(encoding="utf-8")
        return
    nb = read(path)
    for index, cell in enumerate(nb["cells"]):
        pieces: list[str] = []
        _each_text(cell, lambda text, pieces=pieces: pieces.append(text) or text)  # type: ignore[misc]
        yield place(nb, index), "\n".join(pieces)


def _rewritten(path: Path, numbers: Numbers, root: Path) -> str:
    """The text that the file is to have; the one that it has where nothing in it changes."""
    text = path.read_text(encoding="utf-8")
    words = _follows(path, numbers, root)
    if path.suffix != ".ipynb":
        return _follow(text, numbers, words=words)
    before = read(path)
    after = copy.deepcopy(before)
    own = numbers.names.get(topic_of(path.stem))
    for cell in after["cells"]:
        _each_text(cell, lambda piece: _follow(piece, numbers, words=words))
        if own:
            cell["source"] = _HEADING.sub(f"# {number_of(own)}", cell["source"])
    return text if after == before else dumps(after)


def _each_text(part: Any, change: Callable[[str], str]) -> None:
    """Put `change(text)` in the place of each text of a cell: its source, what it printed and showed. Pictures and ids stay."""
    items = part.items() if isinstance(part, dict) else enumerate(part)
    for key, value in list(items):
        if isinstance(value, str):
            if key not in ("id", "cell_type", "output_type") and (not _is_mime(key) or is_text(key)):
                part[key] = change(value)
        elif isinstance(value, (dict, list)):
            _each_text(value, change)


def _is_mime(key: object) -> bool:
    return isinstance(key, str) and "/" in key


def _follows(path: Path, numbers: Numbers, root: Path) -> bool:
    """Do the words in this file have the numbers of before? Those of a new lesson's own files have the new ones."""
    inside = path.relative_to(root).with_suffix("").parts
    return not any(topic in part for topic in numbers.new for part in inside)


def _follow(text: str, numbers: Numbers, *, words: bool) -> str:
    """The text with its names, its links' texts and, if `words`, its words as the table has them."""
    pieces, at = [], 0
    # A link's text follows its target, so no word in it may follow again.
    for link in _LINK.finditer(text):
        pieces += [_loose(text[at : link.start()], numbers, words), _link(link, numbers, words)]
        at = link.end()
    return "".join([*pieces, _loose(text[at:], numbers, words)])


def _loose(text: str, numbers: Numbers, words: bool) -> str:
    if words:
        text = _WORD.sub(lambda found: _moved(found[0], numbers), text)
    return numbers.titled(numbers.named(text))


def _moved(words: str, numbers: Numbers) -> str:
    return _NUMBER.sub(lambda found: numbers.word(found[0]), words)


def _link(link: re.Match[str], numbers: Numbers, words: bool) -> str:
    text, name = link["text"], numbers.pattern.search(link["target"])
    # What says several lessons, or leads elsewhere, is a word like all others.
    if name and (_ONE.search(text) or _ALONE.fullmatch(text)):
        number = number_of(numbers.now(name[0]))
        text = _NUMBER.sub(number, text) if _ALONE.fullmatch(text) else _ONE.sub(rf"\g<1>{number}", text)
        text = numbers.titled(numbers.named(text))
    else:
        text = _loose(text, numbers, words)
    return f"[{text}]({numbers.named(link['target'])})"


def _topic_in(title: str) -> str:
    return title.casefold().replace(" ", "_")


def _disagreements(text: str, numbers: Numbers, path: Path, root: Path) -> Iterator[str]:
    """What in a text is not as the table says."""
    for name in dict.fromkeys(numbers.pattern.findall(text)):
        if name != numbers.now(name):
            yield f"{name} is {numbers.now(name)} in {TABLE}."
    for link in _LINK.finditer(text):
        name = numbers.pattern.search(link["target"])
        if name and name[0] == numbers.now(name[0]) and _link(link, numbers, words=False) != link[0]:
            yield f"the link's text '{link['text']}' does not say the number of {name[0]}."
    for title in numbers.titles.finditer(_LINK.sub(" ", text)):
        if numbers.titled(title[0]) != title[0]:
            yield f"'{title[0]}' is '{numbers.titled(title[0])}' in {TABLE}."
    own, heading = numbers.names.get(topic_of(path.stem)), _HEADING.search(text)
    if path.suffix == ".ipynb" and own and heading and heading[0] != f"# {number_of(own)}":
        yield f"the heading '{heading[0]} · …' has another number than {own}."
    if path.suffix in _LINKED:
        for other in dict.fromkeys(_NOTEBOOK.findall(text)):
            if topic_of(other) not in numbers.names:
                yield f"{other} is no lesson of {TABLE}."
    loose = _LINK.sub(" ", text)
    words = [*_WORD.findall(loose), *_ONE_DIGIT.findall(loose)]
    for word in dict.fromkeys(" ".join(found.split()) for found in words):
        said = _NUMBER.findall(word)
        if not said:
            yield f"'{word}': a lesson's number has two digits, so that links and words can follow."
            continue
        now = _moved(word, numbers) if _follows(path, numbers, root) else word
        if now != word:
            yield f"'{word}' is '{now}' in {TABLE}."
        elif lost := [number for number in said if number not in numbers.known]:
            yield f"'{word}': there is no lesson {lost[0]} in {TABLE}."
