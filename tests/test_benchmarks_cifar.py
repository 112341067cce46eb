"""Promises of the race on CIFAR-10, kept on made-up images of its format: files are read or refused, and the network learns."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.cifar import data, net, train

pytestmark = pytest.mark.one_set


def _file(count: int, seed: int) -> bytes:
    """Records whose label is the brightest of ten bands of rows: something that can be learnt."""
    rng, records = np.random.default_rng(seed), []
    for _ in range(count):
        label = int(rng.integers(10))
        image = rng.integers(0, 60, (3, 32, 32), dtype=np.uint8)
        image[:, 3 * label + 1 : 3 * label + 3] += 190
        records.append(bytes([label]) + image.tobytes())
    return b"".join(records)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / data.FOLDER
    place.mkdir()
    for seed, name in enumerate((*data.TRAIN, *data.TEST)):
        (place / name).write_bytes(_file(8, seed))
    return tmp_path


def test_the_files_of_a_folder_and_of_the_archive_give_the_same_images(folder: Path, tmp_path: Path) -> None:
    images, test = data.find(folder)
    assert images.images.shape == (40, 32, 32, 3) and images.images.dtype == np.uint8 and test.labels.shape == (8,)
    red = np.frombuffer(_file(8, 0), np.uint8)[1:1025].reshape(32, 32)
    assert np.array_equal(images.images[0, :, :, 0], red)
    (tmp_path / "packed").mkdir()
    with tarfile.open(tmp_path / "packed" / data.ARCHIVE, "w:gz") as tar:
        for path in sorted((folder / data.FOLDER).iterdir()):
            tar.add(path, f"{data.FOLDER}/{path.name}")
    packed, _ = data.find(tmp_path / "packed")
    assert np.array_equal(packed.images, images.images) and np.array_equal(packed.labels, images.labels)


def test_what_is_not_cifar_10_is_refused_with_the_reason(folder: Path, tmp_path: Path) -> None:
    (folder / data.FOLDER / data.TEST[0]).write_bytes(b"x" * 100)
    with pytest.raises(ValueError, match=r"100 bytes, no multiple of 3,073"):
        data.find(folder)
    (folder / data.FOLDER / data.TEST[0]).write_bytes(b"\x0b" + bytes(3072))
    with pytest.raises(ValueError, match="a label of CIFAR-10 is 11"):
        data.find(folder)
    (folder / data.FOLDER / data.TEST[0]).unlink()
    with pytest.raises(
        FileNotFoundError, match=r"neither cifar-10-batches-bin/ with its six files nor cifar-10-binary"
    ):
        data.find(folder)
    with tarfile.open(tmp_path / data.ARCHIVE, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("readme"), io.BytesIO())
    with pytest.raises(ValueError, match=r"has no data_batch_1\.bin"):
        data.find(tmp_path)


def test_an_image_is_moved_by_four_pixels_at_most_and_a_square_of_it_is_cut_out() -> None:
    rows, columns = jnp.meshgrid(jnp.arange(1, 33), jnp.arange(1, 33), indexing="ij")
    image = jnp.stack([rows, columns, rows + columns], axis=-1)[None].repeat(64, 0).astype(jnp.float32)
    found = np.asarray(train.augmented(image, jax.random.key(0), cut=8))
    assert found.shape == image.shape and len(np.unique(found.reshape(64, -1), axis=0)) == 64
    cut = (found == 0).all(axis=3)
    assert (cut.sum(axis=(1, 2)) == 64).all()
    for one, hole in zip(found, cut, strict=True):
        middle = one[10:22, 10:22][~hole[10:22, 10:22]]
        assert (middle[:, 0] + middle[:, 1] == middle[:, 2]).all()  # a pixel stays whole
    moved = [int(one[16, 16, 0]) - 17 for one, hole in zip(found, cut, strict=True) if not hole[16, 16]]
    assert min(moved) == -4 and max(moved) == 4


def test_the_network_normalizes_by_the_batch_in_training_and_by_the_running_mean_else() -> None:
    params, running = net.new(jax.random.key(0), width=4)
    images = 3 + jax.random.normal(jax.random.key(1), (16, 32, 32, 3))
    logits, after = net.apply(params, running, images, training=True)
    assert logits.shape == (16, 10)
    assert not np.allclose(after["prep"]["mean"], 0) and after["prep"]["var"].shape == (4,)
    alone, same = net.apply(params, running, images[:1], training=False)
    together, _ = net.apply(params, running, images, training=False)
    assert same is not running and jax.tree.all(jax.tree.map(np.array_equal, same, running))
    assert np.allclose(alone[0], together[0], atol=1e-5)


@pytest.mark.thorough
def test_it_learns_and_tells_training_from_compiling(folder: Path) -> None:
    """Five epochs of a narrow network read nearly all of the made-up test images; guessing reads a tenth."""
    (folder / data.FOLDER / data.TRAIN[0]).write_bytes(_file(480, 9))
    (folder / data.FOLDER / data.TEST[0]).write_bytes(_file(80, 10))
    images, test = data.find(folder)
    recipe = train.Recipe(epochs=5, batch=32, width=4, peak_epoch=1, cut=2)
    (run,) = train.race(images, test, recipe, runs=1)
    assert run["accuracy"] >= 0.6 and run["compile_s"] > 0 and run["train_s"] > 0
