/*
 * Products of small matrices: out = bias + a b, one multiply-add after the other for each element, in the order of the
 * inner index, so that an element's bits do not depend on the sizes or, where there is an fma, on the instruction set.
 *
 * A tile of ROWS x VECTORS vectors of the result stays in registers while the inner index runs: each step loads the
 * vectors of one row of b and one number of a for each row. a may have any strides. Rows of b are read where they are, or
 * from a copy with whole vectors where b is transposed or its columns do not fill one.
 *
 * Included once for float (with FASTACT_PRODUCT_REAL float) and once for double, by product.c.
 */
#ifndef FASTACT_PRODUCT_COMMON
#define FASTACT_PRODUCT_COMMON

#include <stddef.h>
#include <string.h>

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

/* The first, or the last, halves of two vectors with their numbers in turns: a0 b0 a1 b1 ... */
#if defined(__clang__)
#define FASTACT_SHUFFLE(a, b, bits, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int fastact_lanes_32 __attribute__((vector_size(FASTACT_VECTOR_BYTES)));
typedef long long fastact_lanes_64 __attribute__((vector_size(FASTACT_VECTOR_BYTES)));
#define FASTACT_SHUFFLE(a, b, bits, ...) __builtin_shuffle(a, b, (fastact_lanes_##bits){__VA_ARGS__})
#endif
#if FASTACT_VECTOR_BYTES == 64
#define fastact_first_f32(a, b) FASTACT_SHUFFLE(a, b, 32, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define fastact_last_f32(a, b) FASTACT_SHUFFLE(a, b, 32, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define fastact_first_f64(a, b) FASTACT_SHUFFLE(a, b, 64, 0, 8, 1, 9, 2, 10, 3, 11)
#define fastact_last_f64(a, b) FASTACT_SHUFFLE(a, b, 64, 4, 12, 5, 13, 6, 14, 7, 15)
#elif FASTACT_VECTOR_BYTES == 32
#define fastact_first_f32(a, b) FASTACT_SHUFFLE(a, b, 32, 0, 8, 1, 9, 2, 10, 3, 11)
#define fastact_last_f32(a, b) FASTACT_SHUFFLE(a, b, 32, 4, 12, 5, 13, 6, 14, 7, 15)
#define fastact_first_f64(a, b) FASTACT_SHUFFLE(a, b, 64, 0, 4, 1, 5)
#define fastact_last_f64(a, b) FASTACT_SHUFFLE(a, b, 64, 2, 6, 3, 7)
#else
#define fastact_first_f32(a, b) FASTACT_SHUFFLE(a, b, 32, 0, 4, 1, 5)
#define fastact_last_f32(a, b) FASTACT_SHUFFLE(a, b, 32, 2, 6, 3, 7)
#define fastact_first_f64(a, b) FASTACT_SHUFFLE(a, b, 64, 0, 2)
#define fastact_last_f64(a, b) FASTACT_SHUFFLE(a, b, 64, 1, 3)
#endif

#define FASTACT_JOINED(name, suffix) fastact_##name##_##suffix
#define FASTACT_JOIN(name, suffix) FASTACT_JOINED(name, suffix)
#endif

#define P(name) FASTACT_JOIN(name, FASTACT_PRODUCT_SUFFIX)
#define R FASTACT_PRODUCT_REAL
#define V P(vector)
#define LANES ((ptrdiff_t)(FASTACT_VECTOR_BYTES / sizeof(R)))
#define FIRST FASTACT_JOIN(first, FASTACT_PRODUCT_SUFFIX)
#define LAST FASTACT_JOIN(last, FASTACT_PRODUCT_SUFFIX)

/* One tile; rows and vectors are constants where it is inlined. The last vector has `last` columns. */
FASTACT_TILE void P(tile)(
    const int rows, const int vectors, ptrdiff_t inner, const R *a, ptrdiff_t a_row, ptrdiff_t a_column, const R *b,
    ptrdiff_t b_row, const R *bias, R *out, ptrdiff_t out_row, ptrdiff_t last) {
    V sum[FASTACT_TILE_ROWS][FASTACT_TILE_VECTORS];
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
        for (int j = 0; j < vectors; ++j) sum[i][j] = (bias ? bias[i] : (R)0) - (V){0};
    }
    for (ptrdiff_t k = 0; k < inner; ++k) {
        V row[FASTACT_TILE_VECTORS];
#pragma GCC unroll 4
        for (int j = 0; j < vectors; ++j) row[j] = *(const V *)(b + k * b_row + j * LANES);
#pragma GCC unroll 4
        for (int i = 0; i < rows; ++i) {
            const V number = a[i * a_row + k * a_column] - (V){0}; /* the same in all lanes, -0 too */
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
                const V edge = sum[i][j];
                memcpy(to, &edge, (size_t)last * sizeof(R));
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

/* A square of LANES x LANES numbers, of which there may be fewer rows, to its place in a transposed panel. With each of
 * log2(LANES) rounds, in which rows i and i + LANES / 2 are shuffled to rows 2 i and 2 i + 1, one bit of the row's index
 * changes places with one of the column's. */
FASTACT_TILE void P(transpose)(const R *from, ptrdiff_t from_row, ptrdiff_t rows, R *to, ptrdiff_t to_row) {
    V row[LANES], shuffled[LANES];
#pragma GCC unroll 16
    for (int i = 0; i < (int)LANES; ++i) row[i] = i < rows ? *(const V *)(from + i * from_row) : (V){0};
#pragma GCC unroll 4
    for (int round = 1; round < (int)LANES; round *= 2) {
#pragma GCC unroll 8
        for (int i = 0; i < (int)LANES / 2; ++i) {
            shuffled[2 * i] = FIRST(row[i], row[i + LANES / 2]);
            shuffled[2 * i + 1] = LAST(row[i], row[i + LANES / 2]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < (int)LANES; ++i) row[i] = shuffled[i];
    }
#pragma GCC unroll 16
    for (int i = 0; i < (int)LANES; ++i) *(V *)(to + i * to_row) = row[i];
}

/* packed (inner, width) = b (inner, valid) and zeros; the columns of b are contiguous, as a rule. */
FASTACT_TILE void P(pack_columns)(
    ptrdiff_t inner, ptrdiff_t valid, const R *b, ptrdiff_t b_row, ptrdiff_t b_column, R *packed, ptrdiff_t width) {
    const ptrdiff_t whole = b_row == 1 ? inner - inner % LANES : 0;
    for (ptrdiff_t k = 0; k < whole; k += LANES)
        for (ptrdiff_t j = 0; j < width; j += LANES)
            P(transpose)(b + j * b_column + k, b_column, valid - j, packed + k * width + j, width);
    for (ptrdiff_t j = 0; j < width; ++j)
        for (ptrdiff_t k = whole; k < inner; ++k)
            packed[k * width + j] = j < valid ? b[k * b_row + j * b_column] : (R)0;
}

/* out (rows, columns) = bias + a (rows, inner) b (inner, columns). Rows of out are contiguous; b has rows or columns that
 * are. `packed` has room for inner * FASTACT_TILE_VECTORS vectors. */
void P(product)(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, const R *a, ptrdiff_t a_row, ptrdiff_t a_column, const R *b,
    ptrdiff_t b_row, ptrdiff_t b_column, const R *bias, R *out, ptrdiff_t out_row, R *packed);

void P(product)(
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
            if (b_column == 1) {
                for (ptrdiff_t k = 0; k < inner; ++k)
                    for (ptrdiff_t j = 0; j < width; ++j) packed[k * width + j] = j < valid ? panel[k * b_row + j] : (R)0;
            } else {
                P(pack_columns)(inner, valid, panel, b_row, b_column, packed, width);
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
#undef FIRST
#undef LAST
#undef FASTACT_PRODUCT_REAL
#undef FASTACT_PRODUCT_SUFFIX
