"""Wrong answers to the exercises of lesson 06 (see the package's docstring)."""

WRONG = {
    "arithmetic_intensity": (
        ("upside down", "flops / bytes_moved", "bytes_moved / flops"),
        ("factor", "2 * m", "m"),
        ("integer division", "flops / bytes_moved", "flops // bytes_moved"),
        ("integer", "flops / bytes_moved", "int(flops / bytes_moved)"),
        ("left out", " + m * n)", ")"),
        ("left out", "itemsize * (", "("),
        ("order", "k * n + m * n", "n * n + m * m"),
        ("sum, not product", "2 * m * k * n", "2 * (m + k + n)"),
        ("tuple", "flops / bytes_moved", "flops, bytes_moved"),
        ("return forgotten", "return flops", "intensity = flops"),
        ("twice", "m * n)", "2 * m * n)"),
        ("precedence", "itemsize * (m * k + k * n + m * n)", "itemsize * m * k + k * n + m * n"),
        ("off by one", "2 * m * k * n", "m * n * (2 * k - 1)"),
        ("printed", "return flops / bytes_moved", "print(flops / bytes_moved)"),
    ),
    "predicted_time": (
        ("min", "max(", "min("),
        ("sum", "max(flops / peak_flops, bytes_moved / bandwidth)", "flops / peak_flops + bytes_moved / bandwidth"),
        ("upside down", "flops / peak_flops, bytes_moved / bandwidth", "peak_flops / flops, bandwidth / bytes_moved"),
        ("product", "flops / peak_flops, bytes_moved / bandwidth", "flops * peak_flops, bytes_moved * bandwidth"),
        ("exchanged", "flops / peak_flops, bytes_moved / bandwidth", "flops / bandwidth, bytes_moved / peak_flops"),
        (
            "integer division",
            "flops / peak_flops, bytes_moved / bandwidth",
            "flops // peak_flops, bytes_moved // bandwidth",
        ),
        ("left out", "max(flops / peak_flops, bytes_moved / bandwidth)", "flops / peak_flops"),
        (
            "unit",
            "return max(flops / peak_flops, bytes_moved / bandwidth)",
            "return 1e3 * max(flops / peak_flops, bytes_moved / bandwidth)",
        ),
        (
            "mean",
            "max(flops / peak_flops, bytes_moved / bandwidth)",
            "(flops / peak_flops + bytes_moved / bandwidth) / 2",
        ),
        ("factor", "bytes_moved / bandwidth", "8 * bytes_moved / bandwidth"),
        ("return forgotten", "return max", "max"),
        ("tuple", "max(flops / peak_flops, bytes_moved / bandwidth)", "(flops / peak_flops, bytes_moved / bandwidth)"),
    ),
}
