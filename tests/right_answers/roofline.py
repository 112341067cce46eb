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
