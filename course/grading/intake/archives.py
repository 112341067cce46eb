"""Zip files from people whom one does not know: read them without being led astray or flooded.

What is kept is written under numbers (`00017.ipynb`), never under the archive's own names: no name can lead out of the
folder. Names are data, which :class:`Member` carries. Sizes are counted while reading, whatever the headers say.
"""

from __future__ import annotations

import io
import stat
import struct
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from course.grading.intake.inspection import CLEARED, ITSELF, LARGEST
from course.grading.intake.reasons import NOTHING, Reason

TOTAL = 2 * 10**9  # bytes that one archive may hold, of what is kept
ENTRIES = 20_000
RATIO, RATIO_FROM = 200, 10**6  # unpacked to packed; only counts for members larger than this (bytes)
NAME, DEPTH = 120, 32  # characters of a name, folders in a path
# The table of contents is read whole: 20,000 honest entries take 3 MB.
TABLE = 16 * 10**6
CHUNK = 2**16
# What the instructor is to ask for, and what the learner is to do.
_AGAIN = ("ask for it again", "hand it in again")
_UNPACKED = "hand in the .ipynb file, not packed"
OTHER_ARCHIVES = (".7z", ".bz2", ".gz", ".rar", ".tar", ".tbz", ".tbz2", ".tgz", ".txz", ".xz", ".zst")
# What `zipfile` raises for files that were damaged, or made to damage.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, struct.error, RuntimeError, OverflowError, OSError)


@dataclass(frozen=True)
class Member:
    """One file in an archive.

    Attributes:
        parts: its path, such as ("ada", "02_the_neuron.ipynb"); unique among the members; () for the archive as a whole.
        path: where it was unpacked; None if it was not (see `problem`), or not wanted.
        problem: why it was not unpacked, as the rest of a sentence: "is encrypted".
        modified: when it was changed, in seconds since 1970 (zip files tell no time zone); 0.0 if unknown.
    """

    parts: tuple[str, ...]
    path: Path | None = None
    problem: Reason = NOTHING
    modified: float = 0.0


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
        Every file of the archive in its order, with those that were not unpacked; those with a `problem` are the problems.
        An archive that can't be read at all is one member without parts.

    Raises:
        OSError: `into` can't be written to.
    """
    into.mkdir(parents=True)
    try:
        with _Careful(archive) as file, zipfile.ZipFile(file) as opened:
            return _members(opened, into, wanted, total)
    except NotImplementedError:
        return [
            Member((), problem=Reason("is a zip file of a kind that can't be read", "unpack it yourself", _UNPACKED))
        ]
    except DAMAGED:
        return [Member((), problem=Reason("is not a zip file, or a damaged one", *_AGAIN))]


def _members(opened: zipfile.ZipFile, into: Path, wanted: Callable[[str], bool], left: int) -> list[Member]:
    infos = opened.infolist()
    if len(infos) > ENTRIES:
        what = f"holds {len(infos):,} files, and {ENTRIES:,} are read"
        return [Member((), problem=Reason(what, "unpack it yourself", _UNPACKED))]
    members: list[Member] = []
    seen: set[tuple[str, ...]] = set()
    for number, info in enumerate(infos):
        name = stored_name(info)
        if name.endswith("/"):
            continue
        parts = tuple(_cut(part) for part in name.split("/") if part not in ("", "."))
        problem = _refuse(info, name, parts)
        parts = _apart(tuple("_" if part == ".." else part for part in parts) or ("_",), seen)
        target = None
        if not problem and wanted(parts[-1]):
            target = into / f"{number:05}{Path(parts[-1]).suffix.lower()}"
            limit = LARGEST if parts[-1].lower().endswith(".ipynb") else left
            used, problem = _write(opened, info, target, min(limit, left), left)
            left -= used
        members.append(Member(parts, None if problem else target, problem, _time(info)))
    return members


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, limit: int, left: int) -> tuple[int, Reason]:
    """Unpack one member. Returns how many bytes were read of it, and what is wrong (then nothing is left of it)."""
    size, problem = 0, NOTHING
    with target.open("xb") as out:
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
                what = "was not unpacked, because the zip file holds too much"
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
    kind = stat.S_IFMT(info.external_attr >> 16)
    if stat.S_ISLNK(kind):
        return Reason("is a link, and links are not followed", *ITSELF)
    if kind not in (0, stat.S_IFREG):
        return Reason("is no ordinary file", *ITSELF)
    drive = len(name) > 1 and name[1] == ":" and name[0].isalpha()
    if not parts or name.startswith("/") or drive or ".." in parts:
        return Reason("has a path that leads out of its zip file, so it was not unpacked", *_AGAIN)
    if len(parts) > DEPTH:
        return Reason(f"lies deeper than {DEPTH} folders, so it was not unpacked", *_AGAIN)
    if info.flag_bits & 0x41:
        return Reason("is encrypted", "ask for it without a password", "hand it in without a password")
    # Others (bzip2, lzma) are as good as never met in hand-ins, and lzma may ask for gigabytes of memory.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return Reason("is packed in a rare way", "ask for an ordinary zip file, or unpack it yourself", _UNPACKED)
    return NOTHING


def stored_name(info: zipfile.ZipInfo) -> str:
    """A member's path, with `/` between folders.

    Without the flag for UTF-8 the format means cp437 (APPNOTE.TXT, appendix D), but macOS writes UTF-8 all the same and many
    Windows programs write Windows-1252: taken is what decodes as UTF-8, else what gives the most Latin letters.
    """
    name = info.orig_filename
    if not info.flag_bits & 0x800 and not name.isascii():
        try:
            raw = name.encode("cp437")
        except UnicodeEncodeError:  # it came from the archive's Unicode field, so it is right
            raw = b""
        readings = []
        for encoding in ("utf-8", "cp437", "cp1252"):
            try:
                readings.append(raw.decode(encoding) if raw else name)
            except UnicodeDecodeError:
                continue
            if encoding == "utf-8":
                break
        name = max(readings, key=_latin)
    return name.split("\0")[0].replace("\\", "/")


def _latin(text: str) -> int:
    return sum(unicodedata.name(letter, "").startswith("LATIN") for letter in text)


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
