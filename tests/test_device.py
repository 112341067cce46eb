"""Promises of `course.device`, on planted devices; the measured figures on the one that is here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import pytest

from course import backend, device
from course.device import CHIPS, device_card, measured_roof, peak_bandwidth, peak_flops, size_for
from course.timing import race, timed


@dataclass
class FakeDevice:
    platform: str
    device_kind: str
    core_count: int = 40
    stats: dict[str, int] = field(default_factory=lambda: {"bytes_limit": 15 * 2**30})

    def memory_stats(self) -> dict[str, int]:
        return self.stats


Pretend = Callable[..., None]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """`pretend("gpu", "Tesla T4", smi="Tesla T4", flops=1e12)`: a planted device and planted measurements."""

    def plant(platform: str, kind: str, smi: str = "", flops: float = 123e9, bandwidth: float = 45.6e9) -> None:
        monkeypatch.setattr(jax, "default_backend", lambda: platform)
        monkeypatch.setattr(jax, "devices", lambda: [FakeDevice(platform, kind)])
        monkeypatch.setattr(device, "_measured_flops", lambda arithmetic: flops)
        monkeypatch.setattr(device, "_measured_bandwidth", lambda: bandwidth)
        monkeypatch.setattr(device, "_output", lambda *command: smi if command[0] == "nvidia-smi" else "")
        monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
        monkeypatch.delenv("JAX_PLATFORMS", raising=False)

    return plant


def test_sizes_follow_the_device(pretend: Pretend) -> None:
    for platform, expected in (("cpu", "small"), ("gpu", "large"), ("tpu", "large")):
        pretend(platform, "x")
        assert size_for(cpu="small", gpu="large") == expected


def test_a_known_chip_gives_its_datasheet(pretend: Pretend) -> None:
    pretend("gpu", "Tesla T4")
    assert peak_flops() == (8.1e12, "datasheet")
    assert peak_flops("tf32") == (8.1e12, "datasheet")  # a T4 has no TF32
    assert peak_flops("half") == (65e12, "datasheet")
    assert peak_bandwidth() == (320e9, "datasheet")


def test_an_unknown_chip_or_a_slice_of_one_is_measured(pretend: Pretend) -> None:
    for kind in ("NVIDIA GeForce GTX 1050", "NVIDIA H200 MIG 1g.18gb"):
        pretend("gpu", kind)
        assert peak_flops() == (123e9, "measured")
        assert peak_bandwidth() == (45.6e9, "measured")
        assert "datasheet" not in repr(device_card())


def test_a_rate_that_the_vendor_does_not_state_is_measured(pretend: Pretend) -> None:
    pretend("tpu", "TPU v5 lite")
    assert peak_flops("float32")[1] == "measured"
    assert peak_flops("half") == (197e12, "datasheet")


def test_the_measured_roof_is_measured_even_where_there_is_a_datasheet(pretend: Pretend) -> None:
    pretend("gpu", "Tesla T4", flops=4e12, bandwidth=250e9)
    assert measured_roof() == (4e12, 250e9)


def test_an_unknown_arithmetic_is_refused() -> None:
    with pytest.raises(ValueError, match='"float32", "tf32" and "half"'):
        peak_flops("float64")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", CHIPS)
def test_every_row_of_the_table_is_plausible_and_has_a_source(kind: str) -> None:
    """No slip of a factor of 1000 or 2: rates are in the range of chips since 2016, half beats float32."""
    chip = CHIPS[kind]
    assert 1e14 > (chip.float32 or 1e13) > 5e12
    assert 3e15 > chip.half > (chip.tf32 or 0) >= 0 and chip.half >= 1.9 * (chip.float32 or 0)
    assert 1e13 > chip.bandwidth >= 3e11
    assert chip.source


def test_the_card_says_plainly_cpu_or_gpu_in_text_and_in_html(pretend: Pretend) -> None:
    pretend("gpu", "Tesla T4")
    card = device_card()
    assert card.kind == "GPU" and card.advice == ""
    for part in (
        "You are running on a GPU: Tesla T4",
        "40 multiprocessors",
        "15.0 GiB",
        "8.10 TFLOP/s (datasheet)",
    ):
        assert part in repr(card) and part in card._repr_html_()
    assert "TF32" not in repr(card)
    pretend("cpu", "cpu")
    assert repr(device_card()).startswith("You are running on a CPU: ")
    assert "123 GFLOP/s (measured)" in repr(device_card())
    assert "45.6 GB/s (measured)" in repr(device_card())


def test_the_card_escapes_html(pretend: Pretend) -> None:
    pretend("gpu", "<b>&")
    assert "&lt;b&gt;&amp;" in device_card()._repr_html_()


def test_a_gpu_that_jax_does_not_use_comes_with_advice(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend("cpu", "cpu", smi="NVIDIA L4")
    assert "NVIDIA L4" in device_card().advice and "jax[cuda12]" in device_card().advice
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    assert "JAX_PLATFORMS=cpu keeps JAX from using it" in device_card().advice
    pretend("cpu", "cpu")
    assert device_card().advice == ""


def test_a_gpu_that_a_variable_hides_comes_with_the_variables_name(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend("cpu", "cpu", smi="NVIDIA L4")
    monkeypatch.setattr(device, "_has_cuda_build", lambda: True)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    advice = device_card().advice
    assert "CUDA_VISIBLE_DEVICES='7' may hide it" in advice and "pip" not in advice
    assert "Unset CUDA_VISIBLE_DEVICES and restart the kernel." in advice
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert "JAX's own warning says why" in device_card().advice


PLATFORMS = ("tpu", "gpu", "rocm", "nonsense", "tpu,cpu")
# Each entry of the course that touches a device, before anything else does; then every way to ask for what isn't there.
NO_DEVICE = """
import json, traceback
import jax
import course, course.checks, course.compiler, course.device, course.pallas, course.timing
from course import backend
def neuron(x, w, b): return jax.numpy.tanh(w @ x + b)
def f(): return jax.numpy.ones(3)
entries = {
    "device_card": course.device.device_card, "size_for": lambda: course.device.size_for(cpu=1, gpu=2),
    "on_gpu": course.device.on_gpu, "peak_flops": course.device.peak_flops, "peak_bandwidth": course.device.peak_bandwidth,
    "measured_roof": course.device.measured_roof, "timed": lambda: course.timing.timed(f),
    "race": lambda: course.timing.race({"f": f}), "check": lambda: course.checks.check(neuron),
    "interpret": course.pallas.interpret, "kernels_are": course.pallas.kernels_are,
    "without_ynnpack": course.compiler.without_ynnpack, "import of a name": lambda: course.size_for,
}
said = {}
def tell(name, entry):
    try:
        said[name] = repr(entry()), 0, ""
    except BaseException as error:
        frames = len(traceback.extract_tb(error.__traceback__))
        said[name] = f"{type(error).__name__}: {error}", frames, str(error.__context__ or "")
for name, entry in entries.items():
    tell(name, entry)
for platform in PLATFORMS:
    jax.config.update("jax_platforms", platform)
    tell(platform, backend.start)
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def without_device(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, int, str]]:
    """What each entry raises where JAX_PLATFORMS asks for a GPU that isn't there: text, depth, and what came before it."""
    env = {**os.environ, "JAX_PLATFORMS": "cuda", "COURSE_PROGRESS": str(tmp_path_factory.mktemp("map") / "map")}
    ran = subprocess.run(
        [sys.executable, "-c", f"{PLATFORMS = }{NO_DEVICE}"], env=env, capture_output=True, text=True, check=True
    )
    said: dict[str, tuple[str, int, str]] = json.loads(ran.stdout.splitlines()[-1])
    return said


def test_where_jax_cannot_start_every_entry_names_the_variable_and_what_to_do(
    without_device: dict[str, tuple[str, int, str]],
) -> None:
    """And shows few frames, and none of JAX's own."""
    entries = {name: said for name, said in without_device.items() if name not in PLATFORMS}
    assert len(entries) == 13
    for name, (text, frames, before) in entries.items():
        assert text.startswith("DeviceError: JAX could not start a device with JAX_PLATFORMS=cuda"), (name, text)
        assert "Unset JAX_PLATFORMS" in text and "restart the kernel" in text, name
        assert frames <= 7 and before == "", name


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platform_that_a_cell_has_asked_for_is_named_too(
    platform: str, without_device: dict[str, tuple[str, int, str]]
) -> None:
    text = without_device[platform][0]
    assert f"jax_platforms={platform}. JAX says: Unable to initialize backend" in text
    assert "Unset jax_platforms" in text and "(set JAX_PLATFORMS=''" not in text


def test_a_device_that_fails_unasked_is_told_with_what_may_hide_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plug-in that is broken, a driver that is too old."""

    def fail() -> str:
        raise RuntimeError("CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected.\n\nMore")

    for name in ("CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS", "JAX_PLATFORM_NAME", "XLA_FLAGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(backend, "_chosen", dict)
    monkeypatch.setattr(jax, "default_backend", fail)
    with pytest.raises(
        backend.DeviceError, match=r"CUDA_ERROR_NO_DEVICE.* More\. Restart the kernel.*JAX_PLATFORMS=cpu"
    ):
        device_card()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "12")
    with pytest.raises(backend.DeviceError, match=r"with CUDA_VISIBLE_DEVICES=12\. .* Unset CUDA_VISIBLE_DEVICES"):
        device_card()


def test_a_device_is_started_early_only_where_another_than_the_cpu_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process that forks kernels must not start one."""
    started: list[int] = []

    def default_backend() -> str:
        started.append(1)
        return "cpu"

    monkeypatch.setattr(jax, "default_backend", default_backend)
    for value, count in (({}, 0), ({"JAX_PLATFORMS": "cpu"}, 0), ({"JAX_PLATFORMS": "cuda,cpu"}, 1)):
        monkeypatch.setattr(backend, "_chosen", lambda value=value: value)
        backend.start_if_chosen()
        assert len(started) == count


def test_colab_without_a_gpu_says_where_the_menu_is(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend("cpu", "cpu")
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    card = device_card()
    assert "Runtime → Change runtime type → T4 GPU" in card.advice
    assert "Google Colab" in repr(card)
    assert "pip" not in card.advice
    pretend("cpu", "cpu", smi="Tesla T4")
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    assert "pip" not in device_card().advice  # never replace the JAX that Colab ships


def test_a_failing_nvidia_smi_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: "/bin/false")
    assert device._output("false") == ""
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert device._output("nvidia-smi") == ""


def test_this_device_is_measured_by_few_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen of each, and what compiles and warms up; the order of magnitude of the figures is that of any computer."""
    calls: Counter[str] = Counter()

    def counted(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            calls[name] += 1
            return work(*args)

        return call

    monkeypatch.setattr(device, "timed", lambda work, *args, **more: timed(counted("product", work), *args, **more))
    monkeypatch.setattr(
        device, "race", lambda works, **more: race({name: counted(name, one) for name, one in works.items()}, **more)
    )
    flops, bandwidth = device._measured_flops.__wrapped__("float32"), device._measured_bandwidth.__wrapped__()
    assert set(calls) == {"product", "read", "triad"} and max(calls.values()) <= 20
    assert 1e8 < flops < 1e16 and 1e8 < bandwidth < 1e14


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="a GPU may have TF32")
def test_a_cpu_has_one_rate_for_float32_whether_or_not_tf32_is_asked_for() -> None:
    assert peak_flops("tf32") == peak_flops("float32")


@pytest.mark.parametrize(
    ("x", "text"), [(8.1e12, "8.10 TB/s"), (320e9, "320 GB/s"), (999.7e9, "1.00 TB/s"), (5e7, "50.0 MB/s")]
)
def test_rates_have_three_digits_and_a_prefix(x: float, text: str) -> None:
    assert device._si(x, "B/s") == text
