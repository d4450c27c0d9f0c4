// SPDX-License-Identifier: Apache-2.0

#include "CKernels.h"
#include "clones.h"

typedef float linnet_step __attribute__((vector_size(64), aligned(4), may_alias));
enum { step_lanes = 16 };

/// One step of Adam for 16 parameters.
LINNET_INLINE void adam(linnet_adam rule, float *parameter, const float *gradient, float *mean, float *square) {
    const linnet_step slope = *(const linnet_step *)gradient;
    const linnet_step new_mean = rule.beta1 * *(linnet_step *)mean + (1 - rule.beta1) * slope;
    const linnet_step new_square = rule.beta2 * *(linnet_step *)square + (1 - rule.beta2) * slope * slope;
    const linnet_step root = __builtin_elementwise_sqrt(new_square);
    *(linnet_step *)mean = new_mean;
    *(linnet_step *)square = new_square;
    *(linnet_step *)parameter =
        rule.keep * *(linnet_step *)parameter - rule.rate * new_mean / (root * rule.correction + rule.epsilon);
}

LINNET_CLONES
void linnet_adam_step(
    linnet_adam rule, float *parameters, const float *gradient, float *means, float *squares, size_t count) {
    size_t i = 0;
    for (; i + step_lanes <= count; i += step_lanes) adam(rule, parameters + i, gradient + i, means + i, squares + i);
    if (i == count) return;
    // The last ones in a vector of their own, so that they are rounded like the others.
    float p[step_lanes] = {0}, g[step_lanes] = {0}, m[step_lanes] = {0}, s[step_lanes] = {0};
    for (size_t j = 0; i + j < count; j++) {
        p[j] = parameters[i + j];
        g[j] = gradient[i + j];
        m[j] = means[i + j];
        s[j] = squares[i + j];
    }
    adam(rule, p, g, m, s);
    for (size_t j = 0; i + j < count; j++) {
        parameters[i + j] = p[j];
        means[i + j] = m[j];
        squares[i + j] = s[j];
    }
}

/// The same quotient of polynomials as `Kernels.tanh`.
LINNET_INLINE float hyperbolic_tangent(float z) {
    const float x = z > 7.905311f ? 7.905311f : z < -7.905311f ? -7.905311f : z, x2 = x * x;
    float p = -2.7607685e-16f;
    p = p * x2 + 2.000188e-13f;
    p = p * x2 + -8.604672e-11f;
    p = p * x2 + 5.1222971e-08f;
    p = p * x2 + 1.4857224e-05f;
    p = p * x2 + 6.372619e-04f;
    p = p * x2 + 4.893525e-03f;
    float q = 1.1982584e-06f;
    q = q * x2 + 1.1853471e-04f;
    q = q * x2 + 2.2684346e-03f;
    q = q * x2 + 4.893525e-03f;
    return x * p / q;
}

LINNET_INLINE float logistic(float z) { return 0.5f + 0.5f * hyperbolic_tangent(0.5f * z); }

LINNET_CLONES
void linnet_lstm_step(float *gates, const float *before, float *squashed, float *next, float *state, size_t units) {
    float *restrict i = gates, *restrict f = gates + units, *restrict g = f + units, *restrict o = g + units;
    const float *restrict from = before;
    float *restrict to = squashed, *restrict h = state;
    for (size_t u = 0; u < units; u++) {
        i[u] = logistic(i[u]);
        f[u] = logistic(f[u]);
        g[u] = hyperbolic_tangent(g[u]);
        o[u] = logistic(o[u]);
        to[u] = f[u] * from[u] + i[u] * g[u];
    }
    if (next) {
        for (size_t u = 0; u < units; u++) next[u] = to[u];
    }
    for (size_t u = 0; u < units; u++) {
        to[u] = hyperbolic_tangent(to[u]);
        h[u] = o[u] * to[u];
    }
}

LINNET_CLONES
void linnet_lstm_back(
    float *gates, const float *before, const float *squashed, const float *slope, float *cell_slope, size_t units) {
    float *restrict i = gates, *restrict f = gates + units, *restrict g = f + units, *restrict o = g + units;
    const float *restrict from = before, *restrict cell = squashed, *restrict dh = slope;
    float *restrict dcell = cell_slope;
    for (size_t u = 0; u < units; u++) {
        const float dc = dcell[u] + dh[u] * o[u] * (1 - cell[u] * cell[u]);
        const float di = dc * g[u], df = dc * from[u], dg = dc * i[u];
        dcell[u] = dc * f[u];
        o[u] = dh[u] * cell[u] * o[u] * (1 - o[u]);
        i[u] = di * i[u] * (1 - i[u]);
        f[u] = df * f[u] * (1 - f[u]);
        g[u] = dg * (1 - g[u] * g[u]);
    }
}
