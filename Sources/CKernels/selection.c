// SPDX-License-Identifier: Apache-2.0
//
// Values of wanted ranks in many columns at once. A pass over a column counts the values up to a pivot and finds the
// two values next to it; some ten passes are enough, where a sorting network takes n log² n steps. Sixteen columns go
// side by side, each with a pivot of its own.

#include "CKernels.h"
#include "clones.h"

// How vectors are handed to functions differs between processors; here all of them are inlined.
#pragma clang diagnostic ignored "-Wpsabi"

enum { lanes = LINNET_SELECTED_COLUMNS, evenly_spread_passes = 32 };

typedef int32_t linnet_keys __attribute__((vector_size(4 * lanes), aligned(4), may_alias));
typedef float linnet_values __attribute__((vector_size(4 * lanes), aligned(4), may_alias));

LINNET_INLINE linnet_keys chosen(linnet_keys mask, linnet_keys yes, linnet_keys no) {
    return (mask & yes) | (~mask & no);
}

LINNET_INLINE int is_any(linnet_keys mask) {
    int32_t any = 0;
    for (int i = 0; i < lanes; i++) any |= mask[i];
    return any != 0;
}

/// Turns the bits of floats into integers of the same order, -0 before +0, and back.
LINNET_INLINE linnet_keys reordered(linnet_keys bits) { return bits ^ ((bits >> 31) & INT32_MAX); }

/// Through pointers, as vectors can not be handed to a function from one that is compiled for other processors.
LINNET_INLINE void as_values(const linnet_keys *keys, linnet_values *values) {
    const linnet_keys bits = reordered(*keys);
    *values = (linnet_values)bits;
}

/// Columns of keys, and between which keys all of them lie.
typedef struct {
    const linnet_keys *rows;
    size_t count;
    linnet_keys least, most;
} linnet_columns;

/// Writes some columns of a block as keys; columns that do not exist are zeros.
LINNET_INLINE linnet_columns as_keys(const float *block, size_t rows, size_t width, size_t columns, linnet_keys *keys) {
    linnet_columns all = {keys, rows, INT32_MAX - (linnet_keys){0}, INT32_MIN - (linnet_keys){0}};
    for (size_t r = 0; r < rows; r++, block += width) {
        linnet_keys key = {0};
        if (columns == lanes) {
            key = *(const linnet_keys *)block;
        } else {
            __builtin_memcpy(&key, block, columns * sizeof *block);
        }
        key = reordered(key);
        keys[r] = key;
        all.least = __builtin_elementwise_min(all.least, key);
        all.most = __builtin_elementwise_max(all.most, key);
    }
    // A last one of no effect, so that rows come in pairs.
    keys[rows] = INT32_MAX - (linnet_keys){0};
    return all;
}

/// How many keys are at most the pivot, the largest of them, and the smallest of the others.
typedef struct {
    linnet_keys count, below, above;
} linnet_split;

LINNET_INLINE linnet_split split(const linnet_columns *all, linnet_keys pivot) {
    const linnet_keys least = INT32_MIN - (linnet_keys){0}, most = INT32_MAX - (linnet_keys){0};
    // Every other row by itself: none waits for the one before.
    linnet_split part[2] = {{{0}, least, most}, {{0}, least, most}};
    for (size_t r = 0; r < all->count; r += 2) {
        for (size_t i = 0; i < 2; i++) {
            const linnet_keys key = all->rows[r + i], is_below = key <= pivot;
            part[i].count -= is_below;
            part[i].below = __builtin_elementwise_max(part[i].below, chosen(is_below, key, least));
            part[i].above = __builtin_elementwise_min(part[i].above, chosen(is_below, most, key));
        }
    }
    return (linnet_split){
        part[0].count + part[1].count, __builtin_elementwise_max(part[0].below, part[1].below),
        __builtin_elementwise_min(part[0].above, part[1].above)};
}

/// Finds the keys of rank `rank`, from 1 on, and of the rank after it, which exists.
LINNET_INLINE void find(const linnet_columns *all, int32_t rank, linnet_keys *low, linnet_keys *high) {
    // The rank lies between the keys `least` and `most`; `before` keys are less, `upto` are at most the latter.
    linnet_keys least = all->least, most = all->most, before = {0}, upto = (int32_t)all->count - (linnet_keys){0};
    linnet_keys open = least != most, is_slow = {0};
    *low = least;
    *high = most;
    for (int pass = 0; is_any(open); pass++) {
        const linnet_keys left = upto - before;
        const linnet_values share = (__builtin_convertvector(rank - before, linnet_values) - 0.5f)
            / __builtin_convertvector(left - 1, linnet_values);
        linnet_values from, to;
        as_values(&least, &from);
        as_values(&most, &to);
        // The pivot is where the rank would be if values were spread evenly; where that did not halve what was left, if
        // their exponents were. At last it halves the range of keys, which ends within 32 such passes for any values.
        const linnet_values even = from + (to - from) * share;
        linnet_keys by_key = (least & most) + ((least ^ most) >> 1);
        if (pass < evenly_spread_passes) {
            const linnet_values first = __builtin_convertvector(least, linnet_values);
            by_key = __builtin_convertvector(
                first + (__builtin_convertvector(most, linnet_values) - first) * share, linnet_keys);
        }
        linnet_keys pivot = chosen(is_slow, by_key, reordered((linnet_keys)even));
        pivot = __builtin_elementwise_max(least, __builtin_elementwise_min(pivot, most - 1));
        const linnet_split found = split(all, pivot);
        const linnet_keys is_met = open & (found.count == rank);
        *low = chosen(is_met, found.below, *low);
        *high = chosen(is_met, found.above, *high);
        const linnet_keys is_over = open & (found.count > rank), is_under = open & (found.count < rank);
        most = chosen(is_over, found.below, most);
        upto = chosen(is_over, found.count, upto);
        least = chosen(is_under, found.above, least);
        before = chosen(is_under, found.count, before);
        is_slow = ~is_slow & (2 * (upto - before) > left);
        // All that is left is one key, several times.
        const linnet_keys is_tied = open & ~is_met & (least == most);
        *low = chosen(is_tied, least, *low);
        *high = chosen(is_tied, least, *high);
        open &= ~is_met & ~is_tied;
    }
}

LINNET_CLONES
void linnet_median_columns(const float *block, size_t rows, size_t width, int32_t *keys, float *medians) {
    for (size_t start = 0; start < width; start += lanes) {
        const size_t columns = width - start < lanes ? width - start : lanes;
        const linnet_columns all = as_keys(block + start, rows, width, columns, (linnet_keys *)keys);
        linnet_keys low, high;
        find(&all, (int32_t)(rows + 1) / 2, &low, &high);
        linnet_values below, above;
        as_values(&low, &below);
        as_values(rows % 2 ? &low : &high, &above);
        for (size_t i = 0; i < columns; i++) medians[start + i] = (float)(((double)below[i] + (double)above[i]) / 2);
    }
}

LINNET_CLONES
void linnet_trim_columns(
    const float *block, size_t rows, size_t width, size_t dropped, int32_t *keys, float *means) {
    const int32_t kept = (int32_t)(rows - 2 * dropped);
    for (size_t start = 0; start < width; start += lanes) {
        const size_t columns = width - start < lanes ? width - start : lanes;
        const linnet_columns all = as_keys(block + start, rows, width, columns, (linnet_keys *)keys);
        linnet_keys first, last, beyond;
        find(&all, (int32_t)dropped, &beyond, &first);
        find(&all, (int32_t)(rows - dropped), &last, &beyond);
        linnet_doubles left = {0}, right = {0};
        linnet_keys inside = {0}, upto = {0};
        for (size_t r = 0; r < rows; r++) {
            const linnet_keys key = all.rows[r], is_inside = (key > first) & (key < last);
            inside -= is_inside;
            upto -= key <= first;
            // Zero, which changes no sum, where the value is not inside.
            const linnet_keys some = key & is_inside;
            linnet_values values;
            as_values(&some, &values);
            left += __builtin_convertvector(
                __builtin_shufflevector(values, values, 0, 1, 2, 3, 4, 5, 6, 7), linnet_doubles);
            right += __builtin_convertvector(
                __builtin_shufflevector(values, values, 8, 9, 10, 11, 12, 13, 14, 15), linnet_doubles);
        }
        // Of what is equal to the first or the last value, only so many are kept.
        const linnet_keys firsts = __builtin_elementwise_min(upto - (int32_t)dropped, kept - (linnet_keys){0});
        linnet_values smallest, largest;
        as_values(&first, &smallest);
        as_values(&last, &largest);
        for (size_t i = 0; i < columns; i++) {
            const double sum = i < 8 ? left[i] : right[i - 8];
            const double ends = (double)smallest[i] * firsts[i] + (double)largest[i] * (kept - inside[i] - firsts[i]);
            means[start + i] = (float)((sum + ends) / kept);
        }
    }
}
