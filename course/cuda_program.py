"""What a compiler for NVIDIA GPUs is given of a function or of a kernel, found without a GPU."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Collection
from importlib import import_module
from typing import Any

import jax
from jax import jit  # as it was, where what a lesson compiles is recorded

CUDA = "cuda"
# A GPU for which the newest JAX lowers where there is none.
CHIP = "NVIDIA H100 80GB HBM3"
CORES = 132
# Programs that hold one of these are for the GPU alone, and no version of XLA promises to read those of another.
_CALLS = ("__gpu$xla.gpu.triton", "mosaic_gpu", "mosaic_gpu_v2")


def triton_program(function: Any, *arrays: Any) -> str:
    """The program that Pallas gives to the compiler Triton for a kernel, found without a GPU.

    What is computed twice or never used is taken out, and so are the types of the values.

    Args:
        function: one that calls a kernel, compiled or interpreted.
        arrays: what it is called with.

    Raises:
        ValueError: no kernel is called.
    """
    call = _kernel_of(jax.make_jaxpr(function)(*arrays).jaxpr)
    if call is None:
        raise ValueError("the function calls no Pallas kernel")
    chosen = {"interpret": False, **compiled_by("triton", call.params)}
    shapes = [jax.ShapeDtypeStruct(one.aval.shape, one.aval.dtype) for one in call.invars]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a backend that is on its way out
        made = exported(jit(lambda *given: call.primitive.bind(*given, **{**call.params, **chosen})), *shapes)
    return _told(_unescaped(re.search(r'\bir = "((?:[^"\\]|\\.)*)"', made.mlir_module())[1]))  # type: ignore[index]


def exported(jitted: Any, *args: Any, **kwargs: Any) -> Any:
    """The function's program for CUDA, as `jax.export` gives it, with or without a GPU."""
    from jax import export

    checks = [export.DisabledSafetyCheck.custom_call(name) for name in _CALLS]
    with _gpu(), jax.disable_jit(False):
        return export.export(jitted, platforms=[CUDA], disabled_checks=checks)(*args, **kwargs)


def compiled_by(compiler: str, parameters: Collection[str]) -> dict[str, Any]:
    """What chooses one of Pallas' compilers for NVIDIA GPUs, among the arguments of `pl.pallas_call`.

    Args:
        compiler: "triton" or "mosaic_gpu".
        parameters: the names of those that `pl.pallas_call` has in this version of JAX.
    """
    if "backend" in parameters:
        return {"backend": compiler}
    return {"compiler_params": import_module(f"jax.experimental.pallas.{compiler}").CompilerParams()}


def _gpu() -> contextlib.AbstractContextManager[Any]:
    """Stands for a GPU, where this version of JAX wants to know which one."""
    sharding = jax.sharding
    if not hasattr(sharding, "AbstractDevice"):
        return contextlib.nullcontext()
    try:
        device = sharding.AbstractDevice(device_kind=CHIP, num_cores=CORES, platform=CUDA)
    except TypeError:  # an older JAX, which asks for no device
        return contextlib.nullcontext()
    mesh = sharding.AbstractMesh((1,), ("device",), abstract_device=device)
    context: contextlib.AbstractContextManager[Any] = sharding.use_abstract_mesh(mesh)
    return context


def _kernel_of(jaxpr: Any) -> Any:
    """The first call of a kernel, also inside of a `jit`; None where there is none."""
    for operation in jaxpr.eqns:
        if operation.primitive.name == "pallas_call":
            return operation
        inner = getattr(operation.params.get("jaxpr"), "jaxpr", None)
        found = _kernel_of(inner) if inner is not None else None
        if found is not None:
            return found
    return None


def _unescaped(text: str) -> bytes:
    """The bytes of a string of MLIR, in which a backslash is before two hexadecimal digits or the character itself."""

    def one(found: re.Match[bytes]) -> bytes:
        code = found[1]
        return bytes([int(code, 16)]) if len(code) == 2 else code

    return re.sub(rb'\\([0-9A-Fa-f]{2}|[\\"])', one, text.encode("latin-1"))


def _told(bytecode: bytes) -> str:
    from jaxlib.mlir import ir, passmanager
    from jaxlib.triton import dialect

    with ir.Context() as context:
        dialect.register_dialect(context)
        module = ir.Module.parse(bytecode)
        passmanager.PassManager.parse("builtin.module(canonicalize,cse)").run(module.operation)
        lines = str(module).splitlines()[2:]
    inside = [line[4:] for line in lines if line.startswith("    ") and "tt.return" not in line]
    # A type ends a line, or comes before what a loop begins with.
    plain = [re.sub(r" : [^:{]*?( \{)?$", r"\1", line) for line in inside]
    return "\n".join(re.sub(r" -> \([^)]*\) +\{$", " {", line) for line in plain)
