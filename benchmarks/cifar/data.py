"""CIFAR-10 in its binary version, from a folder: Alex Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009)."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FOLDER, ARCHIVE = "cifar-10-batches-bin", "cifar-10-binary.tar.gz"
TRAIN, TEST = tuple(f"data_batch_{k}.bin" for k in range(1, 6)), ("test_batch.bin",)
# One byte for the label, then the red, the green and the blue plane, each row by row.
SIDE = 32
_RECORD = 1 + 3 * SIDE * SIDE


class Images(NamedTuple):
    """`images` `(n, 32, 32, 3)` uint8, `labels` `(n,)` int32 from 0 to 9."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]


def find(folder: str | os.PathLike[str] | None = None) -> tuple[Images, Images]:
    """The 50,000 training and the 10,000 test images.

    Args:
        folder: holds FOLDER, its six files, or ARCHIVE. COURSE_DATA names it where it isn't given.

    Raises:
        FileNotFoundError: they are not there; the message says what was looked for.
        ValueError: a file is not what it should be.
    """
    home = Path(folder or os.environ.get("COURSE_DATA") or ".").expanduser()
    for place in (home / FOLDER, home, home.parent / FOLDER):
        if all((place / name).is_file() for name in (*TRAIN, *TEST)):
            return _split([(place / name).read_bytes() for name in TRAIN]), _split([(place / TEST[0]).read_bytes()])
    archive = home / ARCHIVE
    if not archive.is_file():
        raise FileNotFoundError(f"CIFAR-10 is not in {home}: neither {FOLDER}/ with its six files nor {ARCHIVE}.")
    with tarfile.open(archive) as tar:
        found = {Path(member.name).name: tar.extractfile(member) for member in tar.getmembers() if member.isfile()}
        missing = [name for name in (*TRAIN, *TEST) if found.get(name) is None]
        if missing:
            raise ValueError(f"{archive} has no {', '.join(missing)}.")
        parts = {name: file.read() for name in (*TRAIN, *TEST) if (file := found[name]) is not None}
    return _split([parts[name] for name in TRAIN]), _split([parts[TEST[0]]])


def _split(files: list[bytes]) -> Images:
    for number, content in enumerate(files, start=1):
        if not content or len(content) % _RECORD:
            raise ValueError(f"file {number} of CIFAR-10 has {len(content):,} bytes, no multiple of {_RECORD:,}")
    records = np.frombuffer(b"".join(files), np.uint8).reshape(-1, _RECORD)
    labels = records[:, 0].astype(np.int32)
    if labels.max() > 9:
        raise ValueError(f"a label of CIFAR-10 is {labels.max()}; they are 0 to 9")
    images = records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return Images(np.ascontiguousarray(images), labels)
