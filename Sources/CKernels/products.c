// SPDX-License-Identifier: Apache-2.0
//
// Products of matrices for processors with 512-bit vectors, of the sizes that small networks have: y [M,N] = A [M,K] B
// [K,N]. A tile of eight rows and 48 columns of y stays in registers while the columns of A and the rows of B pass by.
// (Goto and van de Geijn 2008, without their outer blocks, which such sizes do not need.)

#include "CKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

// Other than the rest of this module: nobody expects a product of matrices to have the same bits on every processor.
#pragma clang fp contract(fast)

#define LINNET_WIDE __attribute__((target("avx512f,avx512vl")))
#define LINNET_WIDE_INLINE static inline __attribute__((always_inline, target("avx512f,avx512vl")))

enum { lanes = 16, panel_vectors = 3, panel_columns = lanes * panel_vectors, panel_depth = 256, tile_rows = 8 };

int linnet_has_wide_vectors(void) { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"); }

/// What a tile is made from: columns of A and rows of B, `depth` of each.
typedef struct {
    const float *a;
    size_t row_step, depth_step;
    const float *b;
    size_t b_step, depth;
    float *y;
    size_t stride;
    /// The columns of the last vector that exist.
    __mmask16 mask;
    int adding;
} linnet_product;

/// Writes or adds `rows` rows and `vectors` vectors of y. Both are constants where this is inlined.
LINNET_WIDE_INLINE void multiply_tile(const linnet_product *p, size_t first, const int rows, const int vectors) {
    const float *a = p->a + first * p->row_step, *b = p->b;
    const __mmask16 mask = p->mask;
    __m512 sums[tile_rows][panel_vectors];
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_setzero_ps();
    }
    for (size_t k = 0; k < p->depth; k++, a += p->depth_step, b += p->b_step) {
        __m512 row[panel_vectors];
        for (int v = 0; v + 1 < vectors; v++) row[v] = _mm512_loadu_ps(b + lanes * v);
        row[vectors - 1] = _mm512_maskz_loadu_ps(mask, b + lanes * (vectors - 1));
        for (int r = 0; r < rows; r++) {
            const __m512 factor = _mm512_set1_ps(a[r * p->row_step]);
            for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_fmadd_ps(factor, row[v], sums[r][v]);
        }
    }
    for (int r = 0; r < rows; r++) {
        float *y = p->y + (first + r) * p->stride;
        for (int v = 0; v < vectors; v++, y += lanes) {
            const __mmask16 some = v + 1 < vectors ? 0xffff : mask;
            const __m512 before = p->adding ? _mm512_maskz_loadu_ps(some, y) : _mm512_setzero_ps();
            _mm512_mask_storeu_ps(y, some, _mm512_add_ps(before, sums[r][v]));
        }
    }
}

/// All rows of y under a panel of B.
LINNET_WIDE_INLINE void multiply_panel(const linnet_product *p, size_t rows, const int vectors) {
    size_t row = 0;
    for (; row + tile_rows <= rows; row += tile_rows) multiply_tile(p, row, tile_rows, vectors);
    for (; row + 2 <= rows; row += 2) multiply_tile(p, row, 2, vectors);
    if (row < rows) multiply_tile(p, row, 1, vectors);
}

/// Writes the transpose of up to 8 x 8 numbers; what does not exist in `from` is zero in `to`.
LINNET_WIDE_INLINE void transpose_eight(
    const float *from, size_t step, size_t rows, size_t columns, float *to, size_t to_step) {
    const __mmask8 mask = (__mmask8)((1u << columns) - 1);
    __m256 row[8], half[8];
    for (size_t i = 0; i < 8; i++) row[i] = _mm256_maskz_loadu_ps(i < rows ? mask : 0, from + (i < rows ? i * step : 0));
    for (int i = 0; i < 8; i += 2) {
        half[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
        half[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        row[i] = _mm256_shuffle_ps(half[i], half[i + 2], 0x44);
        row[i + 1] = _mm256_shuffle_ps(half[i], half[i + 2], 0xee);
        row[i + 2] = _mm256_shuffle_ps(half[i + 1], half[i + 3], 0x44);
        row[i + 3] = _mm256_shuffle_ps(half[i + 1], half[i + 3], 0xee);
    }
    for (size_t i = 0; i < 4; i++) {
        if (i < columns) _mm256_storeu_ps(to + i * to_step, _mm256_permute2f128_ps(row[i], row[i + 4], 0x20));
        if (i + 4 < columns) _mm256_storeu_ps(to + (i + 4) * to_step, _mm256_permute2f128_ps(row[i], row[i + 4], 0x31));
    }
}

/// Writes the transpose of `rows` rows of B, each of `depth` numbers side by side, as rows of `width`.
LINNET_WIDE static void pack(const float *b, size_t step, size_t rows, size_t depth, size_t width, float *panel) {
    for (size_t r = 0; r < rows; r += 8) {
        const size_t some = rows - r < 8 ? rows - r : 8;
        size_t k = 0;
        if (some == 8) {
            for (; k + 8 <= depth; k += 8) transpose_eight(b + r * step + k, step, 8, 8, panel + k * width + r, width);
        }
        for (; k < depth; k += 8) {
            const size_t deep = depth - k < 8 ? depth - k : 8;
            transpose_eight(b + r * step + k, step, some, deep, panel + k * width + r, width);
        }
    }
}

LINNET_WIDE void linnet_multiply(
    const float *a, size_t row_step, size_t depth_step, const float *b, size_t b_step, int b_transposed, size_t rows,
    size_t depth, size_t columns, float *y, size_t stride, int adding) {
    _Alignas(64) float panel[panel_depth * panel_columns];
    for (size_t k = 0; k < depth; k += panel_depth) {
        const size_t deep = depth - k < panel_depth ? depth - k : panel_depth;
        for (size_t first = 0; first < columns; first += panel_columns) {
            const size_t some = columns - first < panel_columns ? columns - first : panel_columns;
            const size_t vectors = (some + lanes - 1) / lanes, last = some - (vectors - 1) * lanes;
            linnet_product product = {
                .a = a + k * depth_step, .row_step = row_step, .depth_step = depth_step, .b = b + k * b_step + first,
                .b_step = b_step, .depth = deep, .y = y + first, .stride = stride,
                .mask = (__mmask16)((1u << last) - 1), .adding = adding || k > 0};
            if (b_transposed) {
                pack(b + first * b_step + k, b_step, some, deep, vectors * lanes, panel);
                product.b = panel;
                product.b_step = vectors * lanes;
            }
            switch (vectors) {
            case 1: multiply_panel(&product, rows, 1); break;
            case 2: multiply_panel(&product, rows, 2); break;
            default: multiply_panel(&product, rows, 3);
            }
        }
    }
}

/// Adds up the lanes of four vectors in part: element i of each quarter is of vector i.
LINNET_WIDE_INLINE __m512 add_quarters(const __m512 *sums) {
    const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(sums[0], sums[1]), _mm512_unpackhi_ps(sums[0], sums[1]));
    const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(sums[2], sums[3]), _mm512_unpackhi_ps(sums[2], sums[3]));
    const __m512d first = _mm512_castps_pd(ab), second = _mm512_castps_pd(cd);
    return _mm512_add_ps(
        _mm512_castpd_ps(_mm512_unpacklo_pd(first, second)), _mm512_castpd_ps(_mm512_unpackhi_pd(first, second)));
}

/// The sums of the lanes of each of 16 vectors; of `fours` times four, which is a constant where this is inlined.
LINNET_WIDE_INLINE __m512 add_lanes(const __m512 *sums, const int fours) {
    __m512 part[4], half[2];
    for (int i = 0; i < 4; i++) part[i] = i < fours ? add_quarters(sums + 4 * i) : _mm512_setzero_ps();
    for (int i = 0; i < 2; i++) {
        half[i] = _mm512_add_ps(
            _mm512_shuffle_f32x4(part[2 * i], part[2 * i + 1], 0x44),
            _mm512_shuffle_f32x4(part[2 * i], part[2 * i + 1], 0xee));
    }
    return _mm512_add_ps(
        _mm512_shuffle_f32x4(half[0], half[1], 0x88), _mm512_shuffle_f32x4(half[0], half[1], 0xdd));
}

/// Writes `some` outputs, the last ones of `fours` times four; their sums do not wait for one another.
LINNET_WIDE_INLINE void multiply_some(
    const float *x, const float *w, size_t inputs, size_t some, const int fours, const float *start, float least,
    float *y) {
    const size_t whole = inputs / lanes * lanes;
    const float *row[lanes];
    for (int i = 0; i < 4 * fours; i++) {
        // Of the last four some may be made twice.
        row[i] = w + (i < 4 * fours - 3 || i < (int)some ? (size_t)i : some - 1) * inputs;
    }
    __m512 sums[lanes];
    for (int i = 0; i < 4 * fours; i++) sums[i] = _mm512_setzero_ps();
    if (whole < inputs) {
        const __mmask16 mask = (__mmask16)((1u << (inputs - whole)) - 1);
        const __m512 rest = _mm512_maskz_loadu_ps(mask, x + whole);
        for (int i = 0; i < 4 * fours; i++) sums[i] = _mm512_mul_ps(rest, _mm512_maskz_loadu_ps(mask, row[i] + whole));
    }
    for (size_t k = 0; k < whole; k += lanes) {
        const __m512 values = _mm512_loadu_ps(x + k);
        for (int i = 0; i < 4 * fours; i++) sums[i] = _mm512_fmadd_ps(values, _mm512_loadu_ps(row[i] + k), sums[i]);
    }
    const __mmask16 exist = (__mmask16)((1u << some) - 1);
    const __m512 from = start ? _mm512_maskz_loadu_ps(exist, start) : _mm512_setzero_ps();
    // In this order NaN stays NaN.
    const __m512 total = _mm512_max_ps(_mm512_set1_ps(least), _mm512_add_ps(from, add_lanes(sums, fours)));
    if (some == lanes) {
        // A store without a mask is handed on to the next layer's load before it has reached the cache.
        _mm512_storeu_ps(y, total);
    } else {
        _mm512_mask_storeu_ps(y, exist, total);
    }
}

LINNET_WIDE void linnet_multiply_row(
    const float *x, const float *w, size_t inputs, size_t outputs, const float *start, float least, float *y) {
    for (; outputs >= lanes; outputs -= lanes, w += lanes * inputs, y += lanes) {
        multiply_some(x, w, inputs, lanes, 4, start, least, y);
        if (start) start += lanes;
    }
    switch ((outputs + 3) / 4) {
    case 0: break;
    case 1: multiply_some(x, w, inputs, outputs, 1, start, least, y); break;
    case 2: multiply_some(x, w, inputs, outputs, 2, start, least, y); break;
    case 3: multiply_some(x, w, inputs, outputs, 3, start, least, y); break;
    default: multiply_some(x, w, inputs, outputs, 4, start, least, y);
    }
}

#else

int linnet_has_wide_vectors(void) { return 0; }

void linnet_multiply(
    const float *a, size_t row_step, size_t depth_step, const float *b, size_t b_step, int b_transposed, size_t rows,
    size_t depth, size_t columns, float *y, size_t stride, int adding) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            float sum = adding ? y[r * stride + c] : 0;
            for (size_t k = 0; k < depth; k++) {
                sum += a[r * row_step + k * depth_step] * (b_transposed ? b[c * b_step + k] : b[k * b_step + c]);
            }
            y[r * stride + c] = sum;
        }
    }
}

void linnet_multiply_row(
    const float *x, const float *w, size_t inputs, size_t outputs, const float *start, float least, float *y) {
    for (size_t o = 0; o < outputs; o++) {
        float sum = start ? start[o] : 0;
        for (size_t i = 0; i < inputs; i++) sum += x[i] * w[o * inputs + i];
        y[o] = sum < least ? least : sum;
    }
}

#endif
