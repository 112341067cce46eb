"""Compiled code that only a process can read that has the same program.

Submissions read what the solution has compiled (see sandbox/compiled.py). An executable of the solution is an answer, too: it could be
loaded and called. So each entry of JAX's cache is sealed with its own key, a hash over the program and all that its compilation depends
on: the file's name is a hash of the key, and its content is encrypted by it. A submission that has written the same program computes the
same key, and loads the entry; for all others the folder holds noise.
"""

from __future__ import annotations

import hashlib
from typing import Any


def seal() -> bool:
    """From now on this process's compilation cache reads and writes sealed entries. False where this JAX has another kind of cache.

    Then it must have none: its entries would be open.
    """
    try:
        from jax._src.lru_cache import LRUCache

        get, put = LRUCache.get, LRUCache.put
    except (ImportError, AttributeError):
        return False

    def sealed_get(cache: Any, key: str) -> bytes | None:
        content = get(cache, _name(key))
        return None if content is None else _mixed(key, content)

    def sealed_put(cache: Any, key: str, value: bytes) -> None:
        put(cache, _name(key), _mixed(key, value))

    vars_of: Any = LRUCache
    vars_of.get, vars_of.put = sealed_get, sealed_put
    return True


def _name(key: str) -> str:
    return hashlib.sha256(f"name of {key}".encode()).hexdigest()


def _mixed(key: str, content: bytes) -> bytes:
    """`content` XOR a stream that follows from the key; done twice, it is what it was. Each key seals one content."""
    stream = hashlib.shake_256(f"content of {key}".encode()).digest(len(content))
    size = len(content)
    return (int.from_bytes(content, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")
