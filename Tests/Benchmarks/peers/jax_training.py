# SPDX-License-Identifier: Apache-2.0
"""The same training in JAX, a whole epoch compiled into one scan: prints one JSON object like the others."""

import argparse
import functools
import json
import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np

import workload


def dense(widths: list[int], weights: workload.Weights):
    parameters = [(weights.take(o, i), weights.take(o)) for i, o in zip(widths, widths[1:])]

    def forward(parameters, x):
        for number, (weight, bias) in enumerate(parameters):
            x = x @ weight.T + bias
            if number < len(parameters) - 1:
                x = jax.nn.relu(x)
        return x

    return parameters, forward


def convolutional(weights: workload.Weights):
    shapes = [(32, 7, 8), (16, 7, 32), (16, 7, 32), (32, 7, 8)]
    biases = [32, 16, 32, 8]
    parameters = [(weights.take(*shape), weights.take(bias)) for shape, bias in zip(shapes, biases)]
    layout = ("NWC", "WIO", "NWC")

    def forward(parameters, x):
        y = x.reshape(-1, 60, 8)
        for number, (weight, bias) in enumerate(parameters):
            if number < 2:
                kernel, options = weight.transpose(1, 2, 0), {"window_strides": (2,), "padding": [(3, 3)]}
            else:
                # A transposed convolution: zeros between the places, and the kernel the other way round.
                kernel = weight.transpose(1, 0, 2)[::-1]
                options = {"window_strides": (1,), "padding": [(3, 4)], "lhs_dilation": (2,)}
            y = jax.lax.conv_general_dilated(y, kernel, dimension_numbers=layout, **options) + bias
            if number < 3:
                y = jax.nn.relu(y)
        return y.reshape(len(x), -1)

    return parameters, forward


def lstm(weights: workload.Weights):
    layer = lambda inputs: (weights.take(400, inputs), weights.take(400, 100), weights.take(400))
    parameters = [layer(8), layer(100), (weights.take(8, 100), weights.take(8))]

    def run(recurrent, sums):
        """sums: what comes from the input, [steps, batch, gates]; returns the states, [steps, batch, units]."""

        def step(carry, z):
            h, c = carry
            i, f, g, o = jnp.split(z + h @ recurrent.T, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((sums.shape[1], 100))
        return jax.lax.scan(step, (zeros, zeros), sums, unroll=10)[1]

    def forward(parameters, x):
        (w1, u1, b1), (w2, u2, b2), (w3, b3) = parameters
        state = run(u1, x.reshape(-1, 10, 8).transpose(1, 0, 2) @ w1.T + b1)[-1]
        # The decoder's input is the same at every step, so it is projected once.
        states = run(u2, jnp.broadcast_to(state @ w2.T + b2, (10, len(x), 400)))
        return (states @ w3.T + b3).transpose(1, 0, 2).reshape(len(x), -1)

    return parameters, forward


def network(kind, weights: workload.Weights):
    if kind == "convolutional":
        return convolutional(weights)
    return lstm(weights) if kind == "lstm" else dense(kind, weights)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--network", choices=workload.NETWORKS, default="A1")
    parser.add_argument("--directory", required=True, help="where Linnet wrote its first weights and the batches")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    rows, _, batch_size, kind = workload.NETWORKS[options.network]
    parameters, forward = network(kind, workload.Weights(f"{options.directory}/weights.f32"))
    parameters = jax.tree.map(jnp.asarray, parameters)
    x = jnp.asarray(workload.inputs(options.network))
    loss_of = lambda parameters, batch: jnp.mean((forward(parameters, batch) - batch) ** 2)

    def step(carry, what):
        parameters, means, squares = carry
        indices, rate, correction = what
        loss, gradient = jax.value_and_grad(loss_of)(parameters, x[indices])
        means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, gradient)
        squares = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, squares, gradient)
        move = lambda p, m, v: p - rate * m / (jnp.sqrt(v) * correction + 1e-8)
        return (jax.tree.map(move, parameters, means, squares), means, squares), loss

    whole = rows // batch_size * batch_size
    steps = -(-rows // batch_size)

    @functools.partial(jax.jit, donate_argnums=0)
    def epoch(carry, order, rates, corrections):
        full = whole // batch_size
        batches = order[:whole].reshape(-1, batch_size), rates[:full], corrections[:full]
        carry, losses = jax.lax.scan(step, carry, batches)
        total = losses.sum() * batch_size
        if whole < rows:
            carry, loss = step(carry, (order[whole:], rates[full], corrections[full]))
            total += loss * (rows - whole)
        return carry, total / rows

    zeros = jax.tree.map(jnp.zeros_like, parameters)
    carry = (parameters, zeros, jax.tree.map(jnp.copy, zeros))
    seconds, loss = [], 0.0
    for number, indices in enumerate(workload.order(options.directory, rows)):  # the first one compiles
        # In double, and ahead: in float the bias corrections of the first steps are a little off.
        counts = np.arange(number * steps + 1, (number + 1) * steps + 1, dtype=np.float64)
        rates, corrections = 1e-3 / (1 - 0.9**counts), 1 / np.sqrt(1 - 0.999**counts)
        order, rates, corrections = (jnp.asarray(each) for each in (indices, rates.astype("f4"), corrections.astype("f4")))
        start = time.perf_counter()
        carry, loss = epoch(carry, order, rates, corrections)
        jax.block_until_ready((carry, loss))
        if number > 0:
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"samplesPerSecond": rows / statistics.median(seconds), "loss": float(loss)}))


if __name__ == "__main__":
    main()
