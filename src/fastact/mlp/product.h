/*
 * Products of small matrices: out = bias + a b, one multiply-add after the other for each element, in the order of the
 * inner index, so that an element's bits do not depend on the sizes or, where there is an fma, on the instruction set.
 *
 * A tile of ROWS x VECTORS vectors of the result stays in registers while the inner index runs: each step loads the
 * vectors of one row of b and one number of a for each row. a may have any strides. Rows of b are read where they are, or
 * from a copy with whole vectors where b is transposed or its columns do not fill one.
 *
 * Included once for float (with FASTACT_PRODUCT_REAL float) and once for double.
 */
#ifndef FASTACT_PRODUCT_COMMON
#define FASTACT_PRODUCT_COMMON

#include <stddef.h>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#if defined(__AVX512F__)
#define FASTACT_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define FASTACT_VECTOR_BYTES 32
#else
#define FASTACT_VECTOR_BYTES 16
#endif

/* Rows and vectors of a tile: with the row of b and a number of a they fill 32 registers, or 16. */
#define FASTACT_TILE_ROWS 4
#if defined(__AVX512F__) || defined(__ARM_NEON)
#define FASTACT_TILE_VECTORS 4
#else
#define FASTACT_TILE_VECTORS 2
#endif

/* Like any number in memory: at any address, and nothing about what else is there. */
typedef float fastact_vector_f32 __attribute__((vector_size(FASTACT_VECTOR_BYTES), aligned(4), may_alias));
typedef double fastact_vector_f64 __attribute__((vector_size(FASTACT_VECTOR_BYTES), aligned(8), may_alias));

#define FASTACT_TILE static inline __attribute__((always_inline, unused))

FASTACT_TILE fastact_vector_f32 fastact_vector_fma_f32(
    fastact_vector_f32 a, fastact_vector_f32 b, fastact_vector_f32 c) {
#if defined(__AVX512F__)
    return (fastact_vector_f32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__) && defined(__FMA__)
    return (fastact_vector_f32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__ARM_NEON)
    return (fastact_vector_f32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}

FASTACT_TILE fastact_vector_f64 fastact_vector_fma_f64(
    fastact_vector_f64 a, fastact_vector_f64 b, fastact_vector_f64 c) {
#if defined(__AVX512F__)
    return (fastact_vector_f64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__AVX2__) && defined(__FMA__)
    return (fastact_vector_f64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__ARM_NEON)
    return (fastact_vector_f64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
    return a * b + c;
#endif
}

#define FASTACT_JOINED(name, suffix) fastact_##name##_##suffix
#define FASTACT_JOIN(name, suffix) FASTACT_JOINED(name, suffix)
#endif

#define P(name) FASTACT_JOIN(name, FASTACT_PRODUCT_SUFFIX)
#define R FASTACT_PRODUCT_REAL
#define V P(vector)
#define LANES ((ptrdiff_t)(FASTACT_VECTOR_BYTES / sizeof(R)))

/* One tile; rows and vectors are constants where it is inlined. The last vector has `last` columns. */
FASTACT_TILE void P(tile)(
    const int rows, const int vectors, ptrdiff_t inner, const R *a, ptrdiff_t a_row, ptrdiff_t a_column, const R *b,
    ptrdiff_t b_row, const R *bias, R *out, ptrdiff_t out_row, ptrdiff_t last) {
    V sum[FASTACT_TILE_ROWS][FASTACT_TILE_VECTORS];
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
        for (int j = 0; j < vectors; ++j) sum[i][j] = (V){0} + (bias ? bias[i] : (R)0);
    }
    for (ptrdiff_t k = 0; k < inner; ++k) {
        V row[FASTACT_TILE_VECTORS];
#pragma GCC unroll 4
        for (int j = 0; j < vectors; ++j) row[j] = *(const V *)(b + k * b_row + j * LANES);
#pragma GCC unroll 4
        for (int i = 0; i < rows; ++i) {
            const V number = (V){0} + a[i * a_row + k * a_column];
#pragma GCC unroll 4
            for (int j = 0; j < vectors; ++j) sum[i][j] = P(vector_fma)(number, row[j], sum[i][j]);
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
        for (int j = 0; j < vectors; ++j) {
            R *to = out + i * out_row + j * LANES;
            if (j + 1 < vectors || last == LANES) {
                *(V *)to = sum[i][j];
            } else {
                for (ptrdiff_t lane = 0; lane < last; ++lane) to[lane] = sum[i][j][lane];
            }
        }
    }
}

/* All rows of a panel of so many vectors. */
FASTACT_TILE void P(panel)(
    const int vectors, ptrdiff_t rows, ptrdiff_t inner, const R *a, ptrdiff_t a_row, ptrdiff_t a_column, const R *b,
    ptrdiff_t b_row, const R *bias, R *out, ptrdiff_t out_row, ptrdiff_t last) {
    ptrdiff_t i = 0;
    for (; i + FASTACT_TILE_ROWS <= rows; i += FASTACT_TILE_ROWS)
        P(tile)(FASTACT_TILE_ROWS, vectors, inner, a + i * a_row, a_row, a_column, b, b_row, bias ? bias + i : bias,
                out + i * out_row, out_row, last);
    for (; i < rows; ++i)
        P(tile)(1, vectors, inner, a + i * a_row, a_row, a_column, b, b_row, bias ? bias + i : bias, out + i * out_row,
                out_row, last);
}

/* out (rows, columns) = bias + a (rows, inner) b (inner, columns). Rows of out are contiguous; b has rows or columns that
 * are. `packed` has room for inner * FASTACT_TILE_VECTORS vectors. */
static void P(product)(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, const R *a, ptrdiff_t a_row, ptrdiff_t a_column, const R *b,
    ptrdiff_t b_row, ptrdiff_t b_column, const R *bias, R *out, ptrdiff_t out_row, R *packed) {
    for (ptrdiff_t start = 0, width; start < columns; start += width) {
        const ptrdiff_t left = columns - start;
        const int vectors = left > 2 * LANES && FASTACT_TILE_VECTORS == 4 ? 4 : left > LANES ? 2 : 1;
        width = vectors * LANES;
        const R *panel = b + start * b_column;
        ptrdiff_t panel_row = b_row;
        const ptrdiff_t valid = left < width ? left : width;
        if (b_column != 1 || valid < width) {
            for (ptrdiff_t k = 0; k < inner && valid < width; ++k)
                for (ptrdiff_t j = valid; j < width; ++j) packed[k * width + j] = (R)0;
            if (b_column == 1) {
                for (ptrdiff_t k = 0; k < inner; ++k)
                    for (ptrdiff_t j = 0; j < valid; ++j) packed[k * width + j] = panel[k * b_row + j];
            } else {
                for (ptrdiff_t k = 0; k < inner; k += 8)
                    for (ptrdiff_t j = 0; j < valid; ++j)
                        for (ptrdiff_t l = k; l < k + 8 && l < inner; ++l)
                            packed[l * width + j] = panel[l * b_row + j * b_column];
            }
            panel = packed;
            panel_row = width;
        }
        /* Whole vectors are stored whole: of those with nothing in them none is. */
        const ptrdiff_t used = (valid + LANES - 1) / LANES, last = valid - (used - 1) * LANES;
        R *to = out + start;
#if FASTACT_TILE_VECTORS == 4
        if (used == 4)
            P(panel)(4, rows, inner, a, a_row, a_column, panel, panel_row, bias, to, out_row, last);
        else if (used == 3)
            P(panel)(3, rows, inner, a, a_row, a_column, panel, panel_row, bias, to, out_row, last);
        else
#endif
            if (used == 2)
            P(panel)(2, rows, inner, a, a_row, a_column, panel, panel_row, bias, to, out_row, last);
        else
            P(panel)(1, rows, inner, a, a_row, a_column, panel, panel_row, bias, to, out_row, last);
    }
}

#undef P
#undef R
#undef V
#undef LANES
#undef FASTACT_PRODUCT_REAL
#undef FASTACT_PRODUCT_SUFFIX
