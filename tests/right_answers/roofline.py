"""Right answers of lesson "roofline", each as a cell: `# %% exercise: what is particular about it`."""

# %% imports
import math

import jax.numpy as jnp
import numpy as np

TILE = 16
STEPS = [64, 32, 16, 8, 4, 2, 1]


# %% arithmetic_intensity: in one line
def arithmetic_intensity(m, k, n, itemsize):
    return 2 * m * k * n / (itemsize * (m * k + k * n + m * n))


# %% arithmetic_intensity: two operations for each place of the product
def arithmetic_intensity(m, k, n, itemsize):
    elements = m * n
    flop = elements * (k + k)
    shapes = [(m, k), (k, n), (m, n)]
    return flop / sum(math.prod(shape) * itemsize for shape in shapes)


# %% arithmetic_intensity: shares turned upside down
def arithmetic_intensity(m, k, n, itemsize):
    return 2 / itemsize / (1 / m + 1 / k + 1 / n)


# %% arithmetic_intensity: NumPy's floats
def arithmetic_intensity(m, k, n, itemsize):
    flops = np.float64(2.0) * m * k * n
    return np.divide(flops, itemsize * (m * k + k * n + m * n))


# %% arithmetic_intensity: JAX counts
def arithmetic_intensity(m, k, n, itemsize):
    sizes = jnp.array([m * k, k * n, m * n], dtype=jnp.float32)
    return 2.0 * m * k * n / (sizes.sum() * itemsize)


# %% predicted_time: by the ridge
def predicted_time(flops, bytes_moved, peak_flops, bandwidth):
    if flops / bytes_moved < peak_flops / bandwidth:
        return bytes_moved / bandwidth
    return flops / peak_flops


# %% predicted_time: by an attainable rate
def predicted_time(flops, bytes_moved, peak_flops, bandwidth):
    compute, memory = flops / peak_flops, bytes_moved / bandwidth
    return compute if compute > memory else memory


# %% predicted_time: NumPy
def predicted_time(flops, bytes_moved, peak_flops, bandwidth):
    return np.maximum(np.float64(flops) / peak_flops, np.float64(bytes_moved) / bandwidth)


# %% predicted_time: jnp
def predicted_time(flops, bytes_moved, peak_flops, bandwidth):
    return jnp.maximum(flops / peak_flops, bytes_moved / bandwidth)


# %% predicted_time: the last of a sorted list
def predicted_time(flops, bytes_moved, peak_flops, bandwidth):
    times = [amount / rate for amount, rate in ((flops, peak_flops), (bytes_moved, bandwidth))]
    return sorted(times)[-1]


# %% longest_time: a sum of a list
def longest_time(flops, bytes_moved, peak_flops, bandwidth):
    return sum([flops / peak_flops, bytes_moved / bandwidth])


# %% longest_time: one fraction
def longest_time(flops, bytes_moved, peak_flops, bandwidth):
    return (flops * bandwidth + bytes_moved * peak_flops) / (peak_flops * bandwidth)


# %% longest_time: JAX's own float
def longest_time(flops, bytes_moved, peak_flops, bandwidth):
    return jnp.float32(flops / peak_flops) + jnp.float32(bytes_moved / bandwidth)


# %% longest_time: with names for the two waits
def longest_time(flops, bytes_moved, peak_flops, bandwidth):
    waits = {"arithmetic": np.divide(flops, peak_flops), "memory": np.divide(bytes_moved, bandwidth)}
    return float(math.fsum(waits.values()))


# %% share_of_roof: the predicted time over the measured one
def share_of_roof(flops, bytes_moved, seconds, peak_flops, bandwidth):
    return max(flops / peak_flops, bytes_moved / bandwidth) / seconds


# %% share_of_roof: by the ridge
def share_of_roof(flops, bytes_moved, seconds, peak_flops, bandwidth):
    if flops / bytes_moved > peak_flops / bandwidth:
        return flops / seconds / peak_flops
    return bytes_moved / seconds / bandwidth


# %% share_of_roof: mended where it stood
def share_of_roof(flops, bytes_moved, seconds, peak_flops, bandwidth):
    speed = flops / seconds
    roof = np.minimum(peak_flops, flops / bytes_moved * bandwidth)
    return speed / roof


# %% share_of_roof: the larger of two shares
def share_of_roof(flops, bytes_moved, seconds, peak_flops, bandwidth):
    return float(jnp.maximum(flops / peak_flops / seconds, bytes_moved / bandwidth / seconds))


# %% which_bound: by the two times
def which_bound(point):
    measured = {
        "point 1": (1.00e8, 1.20e9, 4.1e-3),
        "point 2": (1.37e11, 2.01e8, 18e-3),
        "point 3": (2.56e3, 5.68e3, 11e-6),
        "point 4": (6.71e7, 5.37e8, 13e-3),
        "point 5": (2.68e8, 6.74e7, 0.23e-3),
    }
    flop, size, seconds = measured[point]
    arithmetic, memory = flop / 8.1e12, size / 320e9
    if seconds < 2e-5:
        return "C"
    if seconds > 2 * max(arithmetic, memory):
        return "D"
    return "A" if memory > arithmetic else "B"


# %% which_bound: in small letters
def which_bound(point):
    return dict(zip([f"point {k}" for k in range(1, 6)], "abcda", strict=True))[point]


# %% estimated: worked out
def estimated(quantity):
    if quantity == "one answer":
        return 1e3 * 7e9 * 2 / 3.35e12
    if quantity == "batch":
        return 65e12 / 320e9
    if quantity == "small layer":
        return 10 + 1e6 * 4 * (784 * 128 + 32 * (784 + 128)) / 3.35e12
    return (3 + 3 + 2 + 2 + 2) / 4


# %% estimated: rounded by a head
def estimated(quantity):
    return {"one answer": 4, "batch": 200, "small layer": 10, "fused": 3}[quantity]


# %% least_batch: tried one after the other
def least_batch(n_in, n_out, itemsize, peak_flops, bandwidth):
    for batch in range(1, 100_000):
        flop = 2 * batch * n_in * n_out
        size = itemsize * (n_in * n_out + batch * (n_in + n_out))
        if flop / peak_flops >= size / bandwidth:
            return batch
    return 0


# %% least_batch: by the greatest intensity that any batch has
def least_batch(n_in, n_out, itemsize, peak_flops, bandwidth):
    ridge = peak_flops / bandwidth
    limit = 2 * n_in * n_out / (itemsize * (n_in + n_out))
    if ridge >= limit:
        return 0
    return int(np.ceil(ridge * itemsize / 2 / (1 - ridge / limit)))


# %% least_batch: a float that is whole
def least_batch(n_in, n_out, itemsize, peak_flops, bandwidth):
    per_example = 2 * n_in * n_out / peak_flops - itemsize * (n_in + n_out) / bandwidth
    return np.ceil(itemsize * n_in * n_out / bandwidth / per_example) if per_example > 0 else 0.0


# %% least_batch: what a batch and one example need, as two waits
def least_batch(n_in, n_out, itemsize, peak_flops, bandwidth):
    weights = itemsize * n_in * n_out / bandwidth
    example = 2 * n_in * n_out / peak_flops - itemsize * (n_in + n_out) / bandwidth
    return int(np.ceil(weights / example)) if example > 0 else 0
