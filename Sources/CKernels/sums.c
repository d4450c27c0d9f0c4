// SPDX-License-Identifier: Apache-2.0

#include "CKernels.h"
#include "clones.h"

/// Lane by lane, in their order.
LINNET_INLINE double total(const linnet_doubles *lanes) {
    double sum = (*lanes)[0];
    for (int i = 1; i < 8; i++) sum += (*lanes)[i];
    return sum;
}

/// `count` is a constant where this is inlined: the loops over rows vanish.
LINNET_INLINE void add_rows(
    double *restrict sums, const float *const *rows, const double *weights, size_t count, size_t columns) {
    size_t i = 0;
    for (; i + 8 <= columns; i += 8) {
        linnet_doubles sum = LINNET_LOAD(sums + i);
        for (size_t r = 0; r < count; r++) sum += weights[r] * LINNET_WIDEN(rows[r] + i);
        LINNET_STORE(sums + i, sum);
    }
    for (; i < columns; i++) {
        for (size_t r = 0; r < count; r++) sums[i] += weights[r] * (double)rows[r][i];
    }
}

LINNET_CLONES
void linnet_add_weighted(
    double *sums, const float *const *rows, const double *weights, size_t row_count, size_t columns) {
    size_t r = 0;
    for (; r + 8 <= row_count; r += 8) add_rows(sums, rows + r, weights + r, 8, columns);
    for (; r < row_count; r++) add_rows(sums, rows + r, weights + r, 1, columns);
}

LINNET_INLINE void add_measured(
    double *restrict sums, const float *const *rows, const double *weights, size_t count, size_t columns,
    const float *base, double *squares) {
    linnet_doubles lanes[8];
    for (size_t r = 0; r < count; r++) lanes[r] = (linnet_doubles){0};
    size_t i = 0;
    for (; i + 8 <= columns; i += 8) {
        linnet_doubles sum = LINNET_LOAD(sums + i), origin = LINNET_WIDEN(base + i);
        for (size_t r = 0; r < count; r++) {
            linnet_doubles values = LINNET_WIDEN(rows[r] + i), difference = values - origin;
            lanes[r] += difference * difference;
            sum += weights[r] * values;
        }
        LINNET_STORE(sums + i, sum);
    }
    for (size_t r = 0; r < count; r++) squares[r] = total(&lanes[r]);
    for (; i < columns; i++) {
        for (size_t r = 0; r < count; r++) {
            double value = rows[r][i], difference = value - (double)base[i];
            squares[r] += difference * difference;
            sums[i] += weights[r] * value;
        }
    }
}

LINNET_CLONES
void linnet_add_measured(
    double *sums, const float *const *rows, const double *weights, size_t row_count, size_t columns,
    const float *base, double *squares) {
    size_t r = 0;
    for (; r + 8 <= row_count; r += 8) add_measured(sums, rows + r, weights + r, 8, columns, base, squares + r);
    for (; r < row_count; r++) add_measured(sums, rows + r, weights + r, 1, columns, base, squares + r);
}

LINNET_CLONES
double linnet_squared_distance(const float *a, const float *b, size_t count) {
    linnet_doubles even = {0}, odd = {0};
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        linnet_doubles first = LINNET_WIDEN(a + i) - LINNET_WIDEN(b + i);
        linnet_doubles second = LINNET_WIDEN(a + i + 8) - LINNET_WIDEN(b + i + 8);
        even += first * first;
        odd += second * second;
    }
    even += odd;
    double sum = total(&even);
    for (; i < count; i++) {
        double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum;
}
