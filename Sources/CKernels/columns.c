// SPDX-License-Identifier: Apache-2.0

#include "CKernels.h"
#include "clones.h"

LINNET_CLONES
void linnet_sort_columns(const linnet_comparator *comparators, size_t count, float *block, size_t width) {
    for (size_t k = 0; k < count; k++) {
        float *restrict low = block + (size_t)comparators[k].low * width;
        float *restrict high = block + (size_t)comparators[k].high * width;
        for (size_t i = 0; i < width; i++) {
            // Two comparisons of one form each: a vector minimum and a vector maximum.
            float a = low[i], b = high[i];
            low[i] = b < a ? b : a;
            high[i] = a < b ? b : a;
        }
    }
}

enum { group_rows = LINNET_GROUP_ROWS, groups_at_once = LINNET_GROUPS_AT_ONCE, subsets = 1 << group_rows };
_Static_assert(groups_at_once == sizeof(uint64_t), "the masks of one row fill one number");

/// Writes the sum of every subset of some rows, by the subset's bits; rows enter in their order.
LINNET_INLINE void fill_subsets(linnet_doubles *sums, const float *first, size_t rows, size_t width, size_t columns) {
    sums[0] = (linnet_doubles){0};
    for (size_t bit = 0; bit < rows; bit++) {
        const float *row = first + bit * width;
        linnet_doubles values = {0};
        if (columns == 8) {
            values = LINNET_WIDEN(row);
        } else {
            for (size_t i = 0; i < columns; i++) values[i] = row[i];
        }
        const size_t half = (size_t)1 << bit;
        for (size_t subset = 0; subset < half; subset++) sums[subset | half] = sums[subset] + values;
    }
}

LINNET_CLONES
void linnet_mix_rows(float *block, size_t rows, size_t width, const uint8_t *masks, size_t size, double *sums) {
    // As many tables as fit the first cache, so that the rows' sums are read and written seldom; aligned, since no entry
    // may lie across two of its lines.
    _Alignas(64) linnet_doubles tables[groups_at_once][subsets];
    for (size_t start = 0; start < width; start += 8) {
        const size_t columns = width - start < 8 ? width - start : 8;
        const uint8_t *mask = masks;
        for (size_t i = 0; i < 8 * rows; i++) sums[i] = 0;
        for (size_t first = 0; first < rows; first += group_rows * groups_at_once) {
            for (size_t t = 0; t < groups_at_once; t++) {
                const size_t from = first + t * group_rows, left = rows > from ? rows - from : 0;
                fill_subsets(
                    tables[t], block + from * width + start, left < group_rows ? left : group_rows, width, columns);
            }
            for (size_t row = 0; row < rows; row++, mask += groups_at_once) {
                // All masks in one load: what holds this up is how many loads there are.
                uint64_t picked;
                __builtin_memcpy(&picked, mask, sizeof picked);
                linnet_doubles sum = LINNET_LOAD(sums + 8 * row);
                for (size_t t = 0; t < groups_at_once; t++, picked >>= 8) sum += tables[t][picked & (subsets - 1)];
                LINNET_STORE(sums + 8 * row, sum);
            }
        }
        for (size_t row = 0; row < rows; row++) {
            const linnet_doubles mean = LINNET_LOAD(sums + 8 * row) / (double)size;
            float *target = block + row * width + start;
            if (columns == 8) {
                LINNET_STORE_NARROW(target, mean);
            } else {
                for (size_t i = 0; i < columns; i++) target[i] = (float)mean[i];
            }
        }
    }
}
