// SPDX-License-Identifier: Apache-2.0
//
// The loops that vector instructions speed up most, each compiled for three generations of processors; which one runs is
// chosen when the program starts. Swift can compile a function for one only.
//
// All but products of matrices give the same bits on every processor: elements are worked on one by one, sums have lanes of
// a fixed number, and no product is rounded together with a sum. None allocates; callers own the shapes.

#ifndef LINNET_C_KERNELS_H
#define LINNET_C_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Two rows; afterwards the lesser values are in `low`.
typedef struct {
    int32_t low;
    int32_t high;
} linnet_comparator;

/// Applies comparators one after the other to every column of `block`, [rows, width].
void linnet_sort_columns(const linnet_comparator *comparators, size_t count, float *block, size_t width);

/// Columns that are searched side by side, see `linnet_median_columns`.
#define LINNET_SELECTED_COLUMNS 16

/// Writes the median of each column of `block`, [rows, width], at least two rows: of an even number the mean of the middle
/// two, rounded once. `keys` has room for `16 (rows + 1)` numbers.
void linnet_median_columns(const float *block, size_t rows, size_t width, int32_t *keys, float *medians);

/// Writes the mean of each column of `block`, [rows, width], without its `dropped` smallest and largest values, at least one
/// and fewer than half: those between the smallest and the largest value kept are added up in the order of the rows, then
/// come these two, each times the number of its copies that are kept. `keys` has room for `16 (rows + 1)` numbers.
void linnet_trim_columns(
    const float *block, size_t rows, size_t width, size_t dropped, int32_t *keys, float *means);

/// Adds `weights[r] * rows[r]` to `sums`, row after row; each has `columns` elements.
void linnet_add_weighted(
    double *sums, const float *const *rows, const double *weights, size_t row_count, size_t columns);

/// The same, and writes each row's squared distance from `base` into `squares`.
void linnet_add_measured(
    double *sums, const float *const *rows, const double *weights, size_t row_count, size_t columns,
    const float *base, double *squares);

/// The squared distance of two vectors; NaN or infinite exactly where an element is.
double linnet_squared_distance(const float *a, const float *b, size_t count);

/// The rows of a panel, see `linnet_pack_panels`.
#define LINNET_PANEL_ROWS 24

/// Writes the differences of rows from `base` in panels of 24 rows, column after column, the last panel filled up with
/// zeros: block [rows, depth], base [depth], panels [ceil(rows / 24), depth, 24].
///
/// Differences are rounded to float, and cut off at the largest one.
void linnet_pack_panels(const float *block, size_t rows, size_t depth, const float *base, double *panels);

/// Adds the inner product of every two rows to `gram`, [24 panels, 24 panels], where the column's panel is not before the
/// row's; columns are added up in their order.
void linnet_add_gram(const double *panels, size_t panel_count, size_t depth, double *gram);

/// Rows of a group, and groups that are added up together, see `linnet_mix_rows`.
#define LINNET_GROUP_ROWS 6
#define LINNET_GROUPS_AT_ONCE 8

/// Replaces each row of `block`, [rows, width], by the mean of `size` rows.
///
/// Rows go in groups of six: the sums of all 64 subsets of a group are made once, each by a single addition, and every
/// row picks one by the bits of who belongs to it: masks [ceil(rows / 48), rows, 8], bit `i` of mask `g` for row
/// `48 b + 6 g + i`. `sums` has room for `8 rows` numbers.
void linnet_mix_rows(float *block, size_t rows, size_t width, const uint8_t *masks, size_t size, double *sums);

/// Whether the processor has 512-bit vectors, for which `linnet_multiply` is written.
int linnet_has_wide_vectors(void);

/// Writes the product of A [rows, depth] and B [depth, columns] into y [rows, columns], or adds it.
///
/// Element (r, k) of A is `a[r * row_step + k * depth_step]`. Rows of B are `b_step` apart; with `b_transposed`, columns
/// are. Rows of y are `stride` apart. Where there can be no 512-bit vectors it is a plain loop.
void linnet_multiply(
    const float *a, size_t row_step, size_t depth_step, const float *b, size_t b_step, int b_transposed, size_t rows,
    size_t depth, size_t columns, float *y, size_t stride, int adding);

/// Writes the products of a row x [inputs] with the rows of W [outputs, inputs] into y [outputs], each added to its element
/// of `start`, unless that is null, and none below `least`. `start` may be y.
void linnet_multiply_row(
    const float *x, const float *w, size_t inputs, size_t outputs, const float *start, float least, float *y);

/// The numbers of one step of Adam: the rates at which the means forget, the learning rate and the correction of the root
/// after so many steps, epsilon, and the share of a parameter that weight decay leaves.
typedef struct {
    float beta1, beta2, rate, correction, epsilon, keep;
} linnet_adam;

/// Moves `count` parameters along a gradient, and the means of gradients and of their squares with it.
void linnet_adam_step(
    linnet_adam rule, float *parameters, const float *gradient, float *means, float *squares, size_t count);

/// One step of an LSTM for one row: turns the sums of the gates i, f, g and o, [4 units], into the gates, and writes the
/// cell after it to `next`, unless that is null, the cell through tanh to `squashed`, and the state.
void linnet_lstm_step(float *gates, const float *before, float *squashed, float *next, float *state, size_t units);

/// Passes the slope by the state back through the step: turns the gates into the slopes by their sums, and the slope by
/// the cell after the step into that by the cell before it.
void linnet_lstm_back(
    float *gates, const float *before, const float *squashed, const float *slope, float *cell_slope, size_t units);

#endif
