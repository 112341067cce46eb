"""Zip files from people whom one does not know: read them without being led astray or flooded.

What is kept is written under numbers (`00017.ipynb`), never under the archive's own names: no name can lead out of the
folder. Names are data, which :class:`Member` carries. Sizes are counted while reading, whatever the headers say.
"""

from __future__ import annotations

import io
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from course.grading.intake.inspection import CLEARED, ITSELF, LARGEST, why_unread
from course.grading.intake.name_encodings import decoded
from course.grading.intake.reasons import NOTHING, Reason
from course.grading.storage import writing

TOTAL = 2 * 10**9  # bytes that one archive may hold, of what is kept
ENTRIES = 20_000
RATIO, RATIO_FROM = 200, 10**6  # unpacked to packed; only counts for members larger than this (bytes)
NAME, DEPTH = 120, 32  # characters of a name, folders in a path
# The table of contents is read whole: 20,000 honest entries take 3 MB.
TABLE = 16 * 10**6
CHUNK = 2**16
# What is so where the zip file can't be unpacked.
NOT_BEGUN = "Nothing has been graded yet, and the old files are unchanged."
# What the instructor is to ask for, and what the learner is to do.
_AGAIN = ("ask for it again", "hand it in again")
_UNPACKED = "hand in the .ipynb file, not packed"
OTHER_ARCHIVES = (".7z", ".bz2", ".gz", ".rar", ".tar", ".tbz", ".tbz2", ".tgz", ".txz", ".xz", ".zst")
# What `zipfile` raises for files that were damaged, or made to damage.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, struct.error, RuntimeError, OverflowError, OSError)


@dataclass(frozen=True)
class Member:
    """One file in an archive, or a folder in which nothing is.

    Attributes:
        parts: its path, such as ("ada", "02_the_neuron.ipynb"); unique among the members; () for the archive as a whole.
        path: where it was unpacked; None if it was not (see `problem`), or not wanted.
        problem: why it was not unpacked, as the rest of a sentence: "is encrypted".
        modified: when it was changed, in seconds since 1970 (zip files tell no time zone); 0.0 if unknown.
        place: its place in the archive's table of contents, from 0.
        raw: the bytes of its path in the archive, where they are not those of `parts` in UTF-8; else b"".
        folder: is it an empty folder?
    """

    parts: tuple[str, ...]
    path: Path | None = None
    problem: Reason = NOTHING
    modified: float = 0.0
    place: int = 0
    raw: bytes = b""
    folder: bool = False


class _Careful(io.FileIO):
    """A file that is never read in pieces larger than `TABLE`, whatever size a header claims."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > TABLE:
            raise zipfile.BadZipFile("the table of contents is too large")
        return super().read(TABLE if size is None or size < 0 else size) or b""


def is_other_archive(name: str) -> bool:
    """Is this the name of an archive that is not unpacked here (tar, 7z, rar, …)?"""
    return name.lower().endswith(OTHER_ARCHIVES)


def unpack(archive: Path, into: Path, wanted: Callable[[str], bool], *, total: int = TOTAL) -> list[Member]:
    """Unpack the files of a zip file whose name is `wanted` into the folder `into`, which is made.

    Notebooks may have `LARGEST` bytes, and the whole archive `total`. Links, devices, encrypted or damaged members, paths
    that lead elsewhere and members that unpack to far more than they hold are reported, and the others unpacked all the same.

    Returns:
        Every file and every empty folder of the archive in its order, with those that were not unpacked; those with a `problem` are
        the problems.
        An archive that can't be read at all is one member without parts.

    Raises:
        GradingError: `into` can't be written to.
    """
    with writing(into, NOT_BEGUN):
        into.mkdir(parents=True)
    try:
        with _Careful(archive) as file, zipfile.ZipFile(file) as opened:
            return _members(opened, into, wanted, total)
    except PermissionError as error:
        return [Member((), problem=why_unread(error))]
    except NotImplementedError:
        return [Member((), problem=Reason("is a kind of zip file that can't be read", "unpack it yourself", _UNPACKED))]
    except DAMAGED:
        return [Member((), problem=Reason("is not a zip file, or it is damaged", *_AGAIN))]


def _members(opened: zipfile.ZipFile, into: Path, wanted: Callable[[str], bool], left: int) -> list[Member]:
    infos = opened.infolist()
    if len(infos) > ENTRIES:
        what = f"holds {len(infos):,} files, and at most {ENTRIES:,} are read"
        return [Member((), problem=Reason(what, "unpack it yourself", _UNPACKED))]
    members: list[Member] = []
    seen: set[tuple[str, ...]] = set()
    names = stored_names(infos)
    parents = {name[:end] for name in names for end, letter in enumerate(name[:-1], start=1) if letter == "/"}
    for number, (info, name) in enumerate(zip(infos, names, strict=True)):
        parts = tuple(_cut(part) for part in name.split("/") if part not in ("", "."))
        folder = name.endswith("/")
        if folder and not info.file_size:
            if name in parents:
                continue  # what lies in it tells of it
            parents.add(name)
        problem = _refuse(info, name, parts)
        parts = _apart(tuple("_" if part == ".." else part for part in parts) or ("_",), seen)
        target = None
        if not problem and not folder and wanted(parts[-1]):
            # Never an ending of the archive's own: no file system takes all characters.
            target = into / f"{number:05}{_ending(parts[-1])}"
            limit = LARGEST if parts[-1].lower().endswith(".ipynb") else left
            used, problem = _write(opened, info, target, min(limit, left), left)
            left -= used
        raw = _raw(info)
        own = raw if raw != "/".join(parts).encode("utf-8", "surrogatepass") else b""
        empty = folder and not problem
        members.append(Member(parts, None if problem else target, problem, _time(info), number, own, empty))
    return members


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, limit: int, left: int) -> tuple[int, Reason]:
    """Unpack one member. Returns how many bytes were read of it, and what is wrong (then nothing is left of it)."""
    size, problem = 0, NOTHING
    # What goes wrong with the archive is caught below, so that it is the disk that the sentence speaks of.
    with writing(target.parent, NOT_BEGUN), target.open("xb") as out:
        try:
            source: BinaryIO | None = opened.open(info)  # type: ignore[assignment]
        except (NotImplementedError, *DAMAGED):
            source = None
        while not problem:
            try:
                chunk = source.read(CHUNK) if source is not None else None
            except DAMAGED:
                chunk = None
            if chunk is None:
                problem = Reason("is damaged inside its zip file", *_AGAIN)
                break
            if not chunk:
                break
            size += len(chunk)
            if size > RATIO_FROM and size > RATIO * max(info.compress_size, 1):
                problem = Reason(f"unpacks to more than {RATIO} times its size, so it was not unpacked", *_AGAIN)
            elif size > left:
                what = "was not unpacked, because the zip file holds too much data"
                problem = Reason(what, "unpack it yourself and name the folder", _UNPACKED)
            elif size > limit:
                problem = Reason(f"has more than {limit / 1e6:.0f} MB", *CLEARED)
            else:
                out.write(chunk)
        if source is not None:
            source.close()
    if problem:
        target.unlink()
    return size, problem


def _refuse(info: zipfile.ZipInfo, name: str, parts: tuple[str, ...]) -> Reason:
    """Why a member is not unpacked, from what its header says."""
    kind, folder = stat.S_IFMT(info.external_attr >> 16), name.endswith("/")
    if stat.S_ISLNK(kind):
        return Reason("is a link, and links are not followed", *ITSELF)
    if folder and info.file_size:
        return Reason("is named like a folder but holds data, so it was not unpacked", *_AGAIN)
    if kind not in (0, stat.S_IFDIR if folder else stat.S_IFREG):
        return Reason("is not an ordinary file", *ITSELF)
    drive = len(name) > 1 and name[1] == ":" and name[0].isalpha()
    if not parts or name.startswith("/") or drive or ".." in parts:
        return Reason("has a path that leads outside its zip file, so it was not unpacked", *_AGAIN)
    if len(parts) > DEPTH:
        return Reason(f"lies deeper than {DEPTH} folders, so it was not unpacked", *_AGAIN)
    if info.flag_bits & 0x41:
        return Reason("is encrypted", "ask for it without a password", "hand it in without a password")
    # Others (bzip2, lzma) are as good as never met in hand-ins, and lzma may ask for gigabytes of memory.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return Reason(
            "is compressed by an unusual method", "ask for an ordinary zip file, or unpack it yourself", _UNPACKED
        )
    return NOTHING


def stored_names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The paths of an archive's members, with `/` between folders; what is in no encoding's name is kept, a NUL too."""
    names = [info.orig_filename for info in infos]
    unmarked = [index for index, info in enumerate(infos) if _is_unmarked(info)]
    for index, name in zip(unmarked, decoded([_raw(infos[index]) for index in unmarked]), strict=True):
        names[index] = name
    # Old Windows programs part folders by backslashes.
    return [name.replace("\\", "/") for name in names]


def _is_unmarked(info: zipfile.ZipInfo) -> bool:
    """Does the archive not say in which encoding this name is? What is not cp437 came from its field for Unicode."""
    if info.flag_bits & 0x800 or info.orig_filename.isascii():
        return False
    try:
        info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return False
    return True


def _raw(info: zipfile.ZipInfo) -> bytes:
    """The bytes of a member's path, as they stand in the archive: `zipfile` reads as cp437 what is not marked as UTF-8."""
    return info.orig_filename.encode("cp437" if _is_unmarked(info) else "utf-8", "surrogatepass")


def _ending(name: str) -> str:
    return next((ending for ending in (".ipynb", ".zip") if name.lower().endswith(ending)), ".file")


def _cut(part: str) -> str:
    """A name of at most `NAME` characters that keeps its ending."""
    if len(part) <= NAME:
        return part
    stem, dot, ending = part.rpartition(".")
    if not dot or len(ending) > 10:
        return part[:NAME]
    return stem[: NAME - len(ending) - 1] + dot + ending


def _apart(parts: tuple[str, ...], seen: set[tuple[str, ...]]) -> tuple[str, ...]:
    """The path, with a number in its name if the archive has had one like it: "x (2).ipynb"."""
    stem, dot, ending = parts[-1].rpartition(".")
    unique, number = parts, 1
    while unique in seen:
        number += 1
        unique = (*parts[:-1], f"{stem} ({number}){dot}{ending}" if stem else f"{parts[-1]} ({number})")
    seen.add(unique)
    return unique


def _time(info: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0
