"""What the solution has compiled is sealed: it opens for a process that has the same program, and for no other."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from jax._src import compilation_cache

COMPILES = """
import sys
from course.grading.sandbox.inside.sealing import seal
assert seal()
import jax, jax.monitoring, jax.numpy as jnp
hits = []
jax.monitoring.register_event_listener(lambda name, **_: hits.append(name) if name.endswith("cache_hits") else None)
for name, value in (("dir", sys.argv[1]), ("min", 0)):
    jax.config.update({"dir": "jax_compilation_cache_dir", "min": "jax_persistent_cache_min_compile_time_secs"}[name], value)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
def secret_answer(x):
    return jnp.tanh(x * float(sys.argv[2])) @ x
jax.jit(secret_answer).lower(jax.ShapeDtypeStruct((3, 3), "float32")).compile()
print(len(hits))
"""


def test_what_the_solution_compiled_opens_for_the_same_program_and_for_no_other(tmp_path: Path) -> None:
    def hits(number: str) -> int:
        env = {**os.environ, "JAX_PLATFORMS": "cpu", "COURSE_COMPILE_CACHE": "off"}
        command = (sys.executable, "-c", COMPILES, str(tmp_path), number)
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
        return int(done.stdout)

    assert hits("3.5") == 0
    files = sorted(path for path in tmp_path.iterdir() if path.is_file())
    assert files and not any("secret" in path.name or "jit" in path.name for path in files)
    for path in files:
        content = path.read_bytes()
        # Sealed bytes can't be packed, and say nothing: no name of a function, no beginning of a known format.
        assert len(zlib.compress(content)) > 0.98 * len(content)
        assert content[:4] != b"\x28\xb5\x2f\xfd" and b"secret_answer" not in content
        with pytest.raises(Exception, match=r"."):
            compilation_cache.decompress_executable(content)
    assert hits("3.5") == 1, "the same program finds it"
    assert hits("4.5") == 0, "another one doesn't"
