"""Who handed a file in, and for which lesson, as far as names tell.

Sources of the platforms' names:

- Canvas: `lib/content_zipper.rb` of instructure/canvas-lms. `name_[LATE_]user_file_original`: the name in lower case without
  spaces, the user's number, the *file's* number (it grows with time), and how the learner called the file. With anonymous
  grading `[LATE_]anon_letters_file_original`; texts and links are `name_[LATE_]user_text.html` and `…_link.html`.
- Moodle: `mod/assign/classes/downloader.php` of moodle/moodle. `Full Name_participant_assignsubmission_file` is a folder
  (with a `_` at the end in older versions), or, followed by `_original`, a file; `_` in names becomes a space; groups may
  have no number.
- Gradescope: `assignment_123_export/` with a folder `submission_456` for each, and `submission_metadata.yml`:
  {submission_456: {":submitters": [{":name": …, ":sid": …, ":email": …}], ":created_at": …}}. It is not documented; this is
  how published scripts read it (for example the gist m13253/f3e418a556df9506f7494e0f9cd8e80f, "Organize submission archive
  downloaded from Gradescope").
- nbgrader: `{step}/{student}/{assignment}/{notebook}.ipynb` (user guide, "The philosophy and the approach").
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

LONGEST = 80  # characters of a learner's key
LONGEST_BYTES = 240  # a file system's names have 255 bytes, and ".html" is still to come

CANVAS = re.compile(
    r"(?:(?!LATE_|anon_)(?P<name>\w+?)_)?(?:(?P<late>LATE|late)_)?(?:(?P<user>[1-9]\d*)|anon_(?P<anon>[0-9A-Za-z]+))_"
    r"(?:(?P<file>[1-9]\d*)_(?P<rest>.*[^\W\d_].*\..+)|(?P<entry>text|link)\.html)",
    re.S,
)
MOODLE = re.compile(
    r"(?P<name>[^_]+)_(?:(?P<id>\d+)_)?assignsubmission_(?P<kind>[a-z]+)(?:_(?P<rest>.*))?", re.S | re.I
)
GRADESCOPE = re.compile(r"submission_(\d+)")
GRADESCOPE_EXPORT = re.compile(r"assignment_\d+_export", re.I)
# "x (1)" of a browser, "x-1" of Canvas, "x-Copy1" of JupyterLab.
COPY = re.compile(r"\s*(?:\((?P<a>\d{1,3})\)|-(?P<b>\d{1,3})|[-_ ]copy[-_ ]?(?P<c>\d{0,3}))$", re.I)
# Windows can't have files of these names, with any ending (Microsoft, "Naming Files, Paths, and Namespaces").
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.I)


@dataclass(frozen=True)
class Person:
    """A learner as one platform knows them.

    Attributes:
        name: what the key is made from.
        platform: "canvas", "moodle", "gradescope", or "" for a plain name.
        number: what tells people of one platform apart; "" for a plain name.
        identity: see `Submission.identity`, as pairs.
    """

    name: str
    platform: str = ""
    number: str = ""
    identity: tuple[tuple[str, str], ...] = ()

    @property
    def who(self) -> tuple[str, str]:
        """The same for all that this person handed in."""
        return (self.platform, self.number) if self.number else ("", self.name)


@dataclass(frozen=True)
class Named:
    """What a name says.

    Attributes:
        person: who handed it in.
        rest: how the learner called it; "" for a folder.
        notes: "late", and what was handed in that is no file.
        order: the platform's number of the upload.
        typed: is it what was typed into the platform's form, and no file?
    """

    person: Person
    rest: str = ""
    notes: tuple[str, ...] = ()
    order: int = 0
    typed: bool = False


def canvas(name: str) -> Named | None:
    """Reads a name in Canvas' download of all submissions; None if it is another kind of name."""
    found = CANVAS.fullmatch(name)
    if found is None or not (found["anon"] or found["name"]):
        return None
    user, file = found["user"] or "", found["file"] or ""
    if 1990 <= int(user[:9] or 0) <= 2100 and int(file[:9] or 0) <= 31:  # ada_2026_10_… is a date
        return None
    notes: tuple[str, ...] = ("late",) if found["late"] else ()
    if found["entry"]:
        notes += (f"handed in a {found['entry']} on Canvas, which was not read",)
    person = Person(
        name=found["name"] or f"anon_{found['anon']}",
        platform="canvas",
        number=user or f"anon_{found['anon']}",
        identity=tuple((key, value) for key, value in (("canvas_user", user), ("canvas_file", file)) if value),
    )
    return Named(person, found["rest"] or "", notes, int(file[:18] or 0), typed=bool(found["entry"]))


def moodle(name: str) -> Named | None:
    """Reads the name of a folder or file in Moodle's download of all submissions; None if it is another kind of name."""
    found = MOODLE.fullmatch(name)
    if found is None:
        return None
    full, number = found["name"].strip(), found["id"] or ""
    identity = (("name", full), ("moodle_participant", number)) if number else (("name", full),)
    typed = found["kind"].lower() == "onlinetext"
    notes = ("handed in an online text on Moodle, which was not read",) if typed else ()
    return Named(Person(full, "moodle", number or full, identity), found["rest"] or "", notes, typed=typed)


def gradescope(folder: str, metadata: Mapping[str, Any]) -> list[Person]:
    """Who handed in a folder of Gradescope's export: all of a group; the submission's number where metadata are missing."""
    number = GRADESCOPE.fullmatch(folder)
    if number is None:
        return []
    told = metadata.get(folder)
    listed = told.get(":submitters") if isinstance(told, dict) else None
    people = []
    for submitter in listed if isinstance(listed, list) else []:
        if not isinstance(submitter, dict):
            continue
        said = {key: str(submitter.get(f":{key}") or "").strip() for key in ("name", "email", "sid")}
        if key := said["email"] or said["sid"] or said["name"]:
            identity = (*((k, v) for k, v in said.items() if v), ("gradescope_submission", number[1]))
            people.append(Person(said["name"] or key, "gradescope", key, identity))
    return people or [Person(folder, "gradescope", number[1], (("gradescope_submission", number[1]),))]


def gradescope_metadata(text: str) -> dict[str, Any]:
    """The submitters in a `submission_metadata.yml`; empty if it can't be read, or if PyYAML is not there.

    The file also has every score and output of each earlier attempt, megabytes of them, which are left out before it is
    parsed. PyYAML's fast loader is not used: brackets nested 100,000 deep end its process.
    """
    try:
        import yaml
    except ImportError:
        return {}
    kept, inside = [], False
    for line in text.splitlines():
        if re.match(r"[^\s#-]", line):
            kept.append(line)
            inside = False
        elif re.match(r"  :\w+:", line):
            inside = line.startswith("  :submitters:")
        if inside:
            kept.append(line)
    try:
        told = yaml.safe_load("\n".join(kept))
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return {str(key): value for key, value in told.items()} if isinstance(told, dict) else {}


def stem_of(name: str) -> str:
    """A file's name without what makes it a notebook or an archive; "x.ipynb.txt" is what some browsers save."""
    return re.sub(r"(?:\.ipynb)?(?:\.(?:txt|json))?$|\.[0-9A-Za-z]{1,5}$", "", name, flags=re.I) or name


def copy_number(name: str) -> int:
    """Which copy a name says it is: 0 for "x.ipynb", 1 for "x (1).ipynb", "x-1.ipynb" and "x-Copy1.ipynb"."""
    found = COPY.search(stem_of(name))
    return int(found["a"] or found["b"] or found["c"] or 1) if found else 0


def flat(name: str, lessons: Sequence[str]) -> tuple[str, str]:
    """(learner, lesson) of a name like `ada_02_the_neuron.ipynb`; "" for what it doesn't say."""
    stem = stem_of(name)
    lesson, start, end = _find(stem, lessons)
    if not lesson:
        return re.sub(r"\s*\(\d{1,3}\)$", "", stem), ""
    before, after = stem[:start].strip(" _-."), COPY.sub("", stem[end:]).strip(" _-.")
    if before:
        return before, lesson
    of_lesson = set(_words(lesson)) | {"exercise", "exercises", "solution", "lesson"}
    return ("" if of_lesson.issuperset(_words(after)) else after), lesson


def lesson_in(names: Iterable[str], lessons: Sequence[str]) -> str:
    """The lesson that the first of these names tells that tells one; "" where none does."""
    return next((lesson for name in names if (lesson := _find(name, lessons)[0])), "")


def is_lesson(name: str, lessons: Sequence[str]) -> bool:
    """Is this a lesson's whole name, such as "02_the_neuron" or "02 The Neuron (1)"?"""
    stem = COPY.sub("", stem_of(name))
    return any(_pattern(lesson, True).fullmatch(stem.strip(" _-.")) for lesson in lessons)


def _find(text: str, lessons: Sequence[str]) -> tuple[str, int, int]:
    """(lesson, where its name starts, where it ends) in a text; by its number only where no other number fits."""
    for whole in (True, False):
        hits = {lesson: hit for lesson in lessons if (hit := _pattern(lesson, whole).search(text))}
        if len(hits) == 1 or (whole and hits):
            lesson = max(hits, key=len)
            return lesson, *hits[lesson].span()
    return "", 0, 0


@cache
def _pattern(lesson: str, whole: bool) -> re.Pattern[str]:
    number = re.match(r"\d+", lesson)
    if whole:
        # By its topic: a file that was handed out when the lesson had another number is still of this lesson.
        words = _words(lesson)
        core = r"[\W_]*".join([r"\d\d" if number else re.escape(words[0]), *map(re.escape, words[1:])])
    elif number:
        core = rf"(?:lesson[\W_]*0*{int(number[0])}|{number[0]})"
    else:
        core = r"(?!)"
    return re.compile(rf"(?<![^\W_]){core}(?![^\W_])", re.I)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def safe_key(name: str) -> str:
    """A learner's name as a file's name: letters of all scripts, digits and `-_.@`; the rest becomes `_`.

    Never empty, never starting or ending with a dot, at most `LONGEST` characters and `LONGEST_BYTES` bytes.
    """
    kept = unicodedata.normalize("NFC", name)
    kept = "".join(c if c in "-_.@" or unicodedata.category(c)[0] in "LM" or c.isdecimal() else "_" for c in kept)
    kept = _shorten(kept.lstrip("."), LONGEST)
    if RESERVED.match(kept):
        kept = _shorten(f"_{kept}", LONGEST)
    return kept or "learner"


def distinct_keys(people: Iterable[tuple[Person, str]]) -> dict[tuple[Person, str], str]:
    """A key for each (person, what else tells them apart), distinct also where upper and lower case are the same.

    People whose keys would be the same all get an ending: their platform's number, or a part of a hash. So a key does not
    depend on the order, nor on who else has another name.
    """
    wanted = {entry: safe_key(entry[0].name) for entry in people}
    taken: dict[str, list[tuple[Person, str]]] = {}
    for entry, key in wanted.items():
        taken.setdefault(_fold(key), []).append(entry)
    keys = {same[0]: wanted[same[0]] for same in taken.values() if len(same) == 1}
    used = {_fold(key) for key in keys.values()}
    for entry in sorted((e for same in taken.values() if len(same) > 1 for e in same), key=repr):
        person, source = entry
        digest = hashlib.sha256(repr((person.who, source)).encode("utf-8", "surrogatepass")).hexdigest()
        endings = [digest[:length] for length in (6, 12, 24)]
        if person.number and not source and len(person.number) <= 20:
            endings.insert(0, safe_key(person.number))
        for ending in endings:
            key = f"{_shorten(wanted[entry], LONGEST - len(ending) - 1, len(ending.encode()) + 1)}-{ending}"
            if _fold(key) not in used:
                break
        used.add(_fold(key))
        keys[entry] = key
    return keys


def _shorten(text: str, characters: int, other_bytes: int = 0) -> str:
    cut = text[:characters].encode("utf-8", "ignore")[: LONGEST_BYTES - other_bytes]
    return cut.decode("utf-8", "ignore").rstrip(".")


def _fold(key: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", key).casefold())
