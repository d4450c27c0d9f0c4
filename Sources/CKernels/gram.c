// SPDX-License-Identifier: Apache-2.0

#include <float.h>

#include "CKernels.h"
#include "clones.h"

enum { panel_rows = LINNET_PANEL_ROWS, tile_rows = 4, lanes = 8, vectors = panel_rows / lanes };

LINNET_INLINE double difference(float value, float origin) {
    const float step = value - origin;
    return step > FLT_MAX ? FLT_MAX : step < -FLT_MAX ? -FLT_MAX : step;
}

LINNET_CLONES
void linnet_pack_panels(const float *block, size_t rows, size_t depth, const float *base, double *panels) {
    for (size_t first = 0; first < rows; first += panel_rows, panels += panel_rows * depth) {
        const size_t count = rows - first < panel_rows ? rows - first : panel_rows;
        const float *values = block + first * depth;
        for (size_t k = 0; k < depth; k++) {
            double *target = panels + k * panel_rows;
            for (size_t r = 0; r < count; r++) target[r] = difference(values[r * depth + k], base[k]);
            for (size_t r = count; r < panel_rows; r++) target[r] = 0;
        }
    }
}

/// Adds the products of four rows of a panel and all rows of another.
LINNET_INLINE void add_tile(const double *a, const double *b, size_t depth, double *gram, size_t stride) {
// The product of two floats has no more digits than a double holds: it is exact, rounded together with the sum or not.
#pragma clang fp contract(fast)
    linnet_doubles sums[tile_rows][vectors];
    for (int r = 0; r < tile_rows; r++) {
        for (int v = 0; v < vectors; v++) sums[r][v] = (linnet_doubles){0};
    }
    for (size_t k = 0; k < depth; k++, a += panel_rows, b += panel_rows) {
        linnet_doubles row[vectors];
        for (int v = 0; v < vectors; v++) row[v] = LINNET_LOAD(b + lanes * v);
        for (int r = 0; r < tile_rows; r++) {
            for (int v = 0; v < vectors; v++) sums[r][v] += a[r] * row[v];
        }
    }
    for (int r = 0; r < tile_rows; r++) {
        for (int v = 0; v < vectors; v++) {
            double *target = gram + (size_t)r * stride + lanes * v;
            LINNET_STORE(target, LINNET_LOAD(target) + sums[r][v]);
        }
    }
}

LINNET_CLONES
void linnet_add_gram(const double *panels, size_t panel_count, size_t depth, double *gram) {
    const size_t stride = panel_count * panel_rows, length = panel_rows * depth;
    for (size_t p = 0; p < panel_count; p++) {
        for (size_t q = p; q < panel_count; q++) {
            for (size_t r = 0; r < panel_rows; r += tile_rows) {
                add_tile(
                    panels + p * length + r, panels + q * length, depth,
                    gram + (p * panel_rows + r) * stride + q * panel_rows, stride);
            }
        }
    }
}
