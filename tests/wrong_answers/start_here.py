"""Wrong answers to the exercises of lesson 00 (see the package's docstring)."""

WRONG = {
    "standardize": (
        ("return forgotten", "return (x", "y = (x"),
        (
            "printed",
            "return (x - x.mean(axis=0)) / jnp.where(std > 0, std, 1)",
            "print((x - x.mean(axis=0)) / std)",
        ),
        ("axis", "x.mean(axis=0)", "x.mean(axis=1)"),
        ("axis", "x.std(axis=0)", "x.std(axis=1, keepdims=True)", "x.mean(axis=0)", "x.mean(axis=1, keepdims=True)"),
        ("sign", "x - x.mean(axis=0)", "x.mean(axis=0) - x"),
        ("if on an array", "/ jnp.where(std > 0, std, 1)", "/ (std if std > 0 else 1)"),
        ("NaN", "jnp.where(std > 0, std, 1)", "std"),
        (
            "dropped update",
            "std = x.std(axis=0)",
            "std = x.std(axis=0)\n    std.at[std == 0].set(1)",
            "jnp.where(std > 0, std, 1)",
            "std",
        ),
        ("in place", "std = x.std(axis=0)", "std = x.std(axis=0)\n    std[std == 0] = 1"),
        ("variance", "x.std(axis=0)", "x.var(axis=0)"),
        ("factor", "x.std(axis=0)", "x.std(axis=0, ddof=1)"),
        (
            "transposed",
            "std, 1)",
            "std, 1).T",
            "return (x - x.mean(axis=0)) /",
            "return ((x - x.mean(axis=0)) /",
            "1).T",
            "1)).T",
        ),
        ("zero", "std = x", "std = 0 * x"),
    ),
    "timed": (
        ("sign", "time.perf_counter() - start", "start - time.perf_counter()"),
        ("not waited", "    jax.block_until_ready(fn(x))\n    return", "    fn(x)\n    return"),
        (
            "no warm-up",
            "    jax.block_until_ready(fn(x))              # compiles, and leaves nothing in the queue\n",
            "",
        ),
        ("return forgotten", "return time.", "time."),
        ("unit", "return time.perf_counter() - start", "return (time.perf_counter() - start) * 1000"),
        ("tuple", "return time.perf_counter() - start", "return start, time.perf_counter()"),
        (
            "argument",
            "start = time.perf_counter()\n    jax.block_until_ready(fn(x))",
            "start = time.perf_counter()\n    jax.block_until_ready(fn())",
        ),
        (
            "function not called",
            "start = time.perf_counter()\n    jax.block_until_ready(fn(x))",
            "start = time.perf_counter()\n    jax.block_until_ready(fn)",
        ),
        ("factor", "return time.perf_counter() - start", "return (time.perf_counter() - start) / 2"),
    ),
}
