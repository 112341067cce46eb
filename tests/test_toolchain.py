"""Promises of `course.toolchain`: kernels carry over by renaming, and what the compiler made of them is read right."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np
import pytest
import simt_kernels as kernels

from course import simt, toolchain
from course.exercises.gpu_parallelism.kernels import edited, matmul_tiled
from course.toolchain import machine_code, process, tools

MISSING = toolchain.missing()
needed = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


# Renaming


def scaled(t, x, out):
    # A comment with t.threadIdx stays.
    i = t.grid(1)
    if i < out.size:
        out[i] = 0.5 * helped(t, x, i) + math.pi


def helped(t, x, i):
    return x[i] if t.threadIdx.x >= 0 else -1.5


def test_the_renamed_text_is_what_one_would_write_for_numba() -> None:
    assert str(toolchain.renamed(scaled)) == "\n".join(
        [
            "from numba import cuda, float32",
            "",
            "@cuda.jit",
            "def scaled(x, out):",
            "    # A comment with t.threadIdx stays.",
            "    i = cuda.grid(1)",
            "    if i < out.size:",
            "        out[i] = float32(0.5) * helped(x, i) + float32(math.pi)",
            "",
            "@cuda.jit(device=True)",
            "def helped(x, i):",
            "    return x[i] if cuda.threadIdx.x >= 0 else -float32(1.5)",
            "",
        ]
    )


def test_each_line_keeps_its_number_and_types_lose_their_quotes() -> None:
    code, made = simt.Kernel.of(kernels.histogram), toolchain.renamed(kernels.histogram)
    assert len(made.text.splitlines()) == len(code.source.splitlines())
    ast.parse(made.text)
    assert "cuda.shared.array(10, int32)" in made.text and "int32" in made.types


def over_lines(
    t,
    x,
    out,
):
    out[t.threadIdx.x] = x[t.threadIdx.x]


def test_parameters_over_several_lines_keep_their_lines() -> None:
    made = toolchain.renamed(over_lines)
    assert [arg.arg for arg in ast.parse(made.text).body[0].args.args] == ["x", "out"]  # type: ignore[attr-defined]
    assert len(made.text.splitlines()) == len(simt.Kernel.of(over_lines).source.splitlines())


# The simulator, on the textbook's kernels

SQUARE = np.arange(60, dtype=np.float32).reshape(6, 10)
LAUNCHES: dict[str, tuple[Any, Any, Any, tuple[Any, ...]]] = {
    "add": (kernels.add, 3, 32, (np.arange(70.0, dtype="f"), np.ones(70, "f"), simt.empty(70))),
    "transpose": (kernels.transpose_tiled, (1, 1), (32, 8), (SQUARE, simt.empty((10, 6)))),
    "a device function": (scaled, 2, 32, (np.arange(40.0, dtype="f"), simt.empty(40))),
    "atomics": (kernels.histogram, 2, 64, (np.arange(100, dtype=np.int32) % 10, np.zeros(10, np.int32))),
    "numbers": (kernels.sum_sequential, 1, 64, (np.arange(60.0, dtype="f"), np.zeros(1, "f"))),
}


@needed
def test_numbas_simulator_gives_what_ours_gives() -> None:
    from course.toolchain.simulating import simulate_all

    theirs = simulate_all(LAUNCHES.values())
    for (name, (kernel, grid, block, args)), arrays in zip(LAUNCHES.items(), theirs, strict=True):
        assert not isinstance(arrays, toolchain.ToolchainError), f"{name}: {arrays}"
        out, report = simt.launch(kernel, grid, block, *args)
        stored = [site.array for site in report.sites if site.space == "global" and site.kind != "load"]
        np.testing.assert_array_equal(arrays[stored[0]], out, err_msg=name)


@needed
def test_what_a_launch_is_given_is_never_changed() -> None:
    x, out = np.ones(32, "f"), np.zeros(32, "f")
    toolchain.simulate(kernels.add, 1, 32, x, x, out)
    assert not out.any()


# The compiler


@pytest.fixture(scope="module")
def product() -> toolchain.Look:
    return toolchain.look(matmul_tiled, (16, 16), *[simt.empty((32, 32))] * 3)


@needed
def test_a_kernel_compiles_for_each_chip_and_its_registers_give_its_occupancy(product: toolchain.Look) -> None:
    assert [made.architecture for made in product.made] == ["sm_75", "sm_80", "sm_90"]
    for made in product.made:
        assert made.shared_bytes == 2 * 16 * 16 * 4 and made.spilled_bytes == 0
        assert 16 < made.registers < 64
        assert made.occupancy == simt.occupancy((16, 16), made.registers, made.shared_bytes, made.chip)
    text, html = repr(product), product._repr_html_()
    for said in ("registers a thread", "2,048", "Tesla T4", "in inner loops", "matmul_tiled"):
        assert said in text and said in html


@needed
def test_the_inner_loop_of_a_product_is_unrolled_and_keeps_its_two_barriers(product: toolchain.Look) -> None:
    made = product.made[0]
    inside = machine_code.count(made.code.inside())
    assert inside["barriers"] == 2 and inside["global loads"] == 2 and inside["shared stores"] == 2
    assert inside["float32"] == 16 and inside["float64"] == 0
    # A row of the one tile in loads of four numbers, a column of the other number by number.
    words = [each.words for each in made.code.inside() if each.kind == "shared loads"]
    assert sum(words) == 32 and len(words) < 32


@needed
def test_a_plain_zero_would_make_numba_add_in_64_bits(product: toolchain.Look) -> None:
    plain = toolchain.renamed(matmul_tiled)
    job = vars(plain) | {"text": plain.text.replace("float32(0.0)", "0.0"), "capability": (7, 5)}
    [ptx] = process.ask([job | {"signature": [("float32", 2)] * 3}], simulator=False)
    assert ".f64" in ptx and ".f64" not in product.made[0].ptx


@needed
def test_a_kernel_that_numba_does_not_know_is_refused_in_a_sentence() -> None:
    odd = edited(kernels.add, ("x[i] + y[i]", "sum(v for v in (x[i], y[i]))"))
    look = toolchain.look(odd, 32, *[simt.empty(32)] * 3)
    assert not look.made and repr(look).startswith("numba refuses the kernel: ")


def test_the_listing_of_the_disassembler_is_read_with_its_lines_and_loops() -> None:
    code = machine_code.read(LISTING)
    kinds = [(each.line, each.kind, each.words) for each in code.instructions if each.kind]
    assert kinds == [
        (2, "global loads", 1),
        (3, "shared loads", 4),
        (4, "float32", 1),
        (5, "barriers", 1),
        (7, "global stores", 1),
    ]
    assert [(loop.first, loop.last) for loop in code.loops] == [(0x20, 0x50)]
    assert machine_code.count(code.inside()) == {"shared loads": 1, "float32": 1, "barriers": 1}


LISTING = """
	//## File "/x/kernel.py", line 2
        /*0000*/                   LDG.E.SYS R6, [R6] ;
        /*0010*/              @!P0 BRA `(.L_x_0) ;
.L_x_3:
	//## File "/x/kernel.py", line 3
        /*0020*/                   LDS.U.128 R8, [R23] ;
	//## File "/x/kernel.py", line 4
        /*0030*/              @!P1 FFMA R4, R4, R8, R9 ;
	//## File "/x/kernel.py", line 5
        /*0040*/                   BAR.SYNC 0x0 ;
        /*0050*/               @P1 BRA `(.L_x_3) ;
.L_x_0:
	//## File "/x/kernel.py", line 7
        /*0060*/                   STG.E.SYS [R4], R27 ;
        /*0070*/                   EXIT ;
.L_x_4:
        /*0080*/                   BRA `(.L_x_4);
"""


# Without the tools


def test_what_is_missing_is_said_in_one_sentence_and_nothing_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "program", lambda name: None)
    said = str(toolchain.missing())
    assert "nvidia-cuda-nvcc-cu12" in said and "nvidia-cuda-nvdisasm" in said and said.count(". ") == 0
    look = toolchain.look(kernels.add, 32, *[simt.empty(32)] * 3)
    assert repr(look) == said and said in look._repr_html_().replace("&#x27;", "'")
    with pytest.raises(toolchain.ToolchainError, match="not installed"):
        toolchain.compiled(kernels.add, 32, *[simt.empty(32)] * 3)
