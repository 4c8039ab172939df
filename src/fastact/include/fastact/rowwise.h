/*
 * Functions of whole rows: softmax and its relatives, forward and backward, over n contiguous numbers.
 *
 *     void fastact_softmax_f32(const float *x, float *y, ptrdiff_t n)          ..._f64(const double *, double *, ...)
 *     void fastact_softmax_backward_f32(const float *grad, const float *x, float *out, ptrdiff_t n)
 *
 * n >= 1; the output must not overlap an input. Stable for any finite input: e^(x - max) is taken of the exact
 * difference, and sums run in twice the precision. NaN gives NaN for the whole row; what infinities give stands at each
 * function. Rows are cut into chunks of FASTACT_LANES numbers and number i is always added to partial sum i mod LANES,
 * so that a result depends on the row alone, not on the width of the machine's vectors.
 *
 * C11, no Python, no libm, as math.h, whose compiler flags it needs. Included by itself once for each precision.
 */
#ifndef FASTACT_ROW_FORMULAS

#ifndef FASTACT_ROWWISE_H
#define FASTACT_ROWWISE_H

#include <stddef.h>

#include "activations.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define FASTACT_LANES 16

#if defined(__AVX512F__)
#define FASTACT_VECTOR_BYTES 64
#elif defined(__AVX__)
#define FASTACT_VECTOR_BYTES 32
#else
#define FASTACT_VECTOR_BYTES 16
#endif

/* LANES doubles as vectors that stay in registers: gcc keeps an array of partial sums in memory. */
#define FASTACT_SUM_VECTORS (FASTACT_LANES * 8 / FASTACT_VECTOR_BYTES)
typedef double fastact_sum_vector __attribute__((vector_size(FASTACT_VECTOR_BYTES)));

/* Up to how many numbers a row takes less time if it is made a column, LANES rows at a time: measured. */
#if defined(__AVX512F__)
#define FASTACT_SHORT_SHARES_F32 128
#define FASTACT_SHORT_SHARES_F64 128
#define FASTACT_SHORT_LOGARITHMS_F32 128
#define FASTACT_SHORT_LOGARITHMS_F64 128
#else
#define FASTACT_SHORT_SHARES_F32 31
#define FASTACT_SHORT_SHARES_F64 15
#define FASTACT_SHORT_LOGARITHMS_F32 128
#define FASTACT_SHORT_LOGARITHMS_F64 128
#endif
#define FASTACT_SHORT_GRADIENTS_F32 8
#define FASTACT_SHORT_GRADIENTS_F64 12

#define FASTACT_ROW_FORMULAS
#define FASTACT_PRECISION 32
#include "precision.h"
#include "rowwise.h"
#undef FASTACT_PRECISION
#define FASTACT_PRECISION 64
#include "precision.h"
#include "rowwise.h"
#undef FASTACT_PRECISION
#undef FASTACT_ROW_FORMULAS
#undef FASTACT_REAL
#endif

#else /* FASTACT_ROW_FORMULAS: once for each precision */

#define REAL FASTACT_REAL
#define FN(name) FASTACT_NAME(name)
#define K(constant) FASTACT_K(constant)
#define WIDE FASTACT_NAME(wide)
#define INFINITE ((REAL)__builtin_inf())
#define FASTACT_TILE ((int)(32 / sizeof(REAL)))
/* From -NEAR - EXP_END to NEAR, k ln 2 of exp_parts_of has no more bits than its constants leave room for. */
#define FASTACT_ROW_NEAR (FASTACT_PRECISION == 32 ? K(60) : K(600))
#define FASTACT_ROW_LARGE (0x1p-25 * (double)FASTACT_LARGEST)
#define FASTACT_ROW_SMALL (FASTACT_PRECISION == 32 ? 0x1p-60 : 0x1p-800)
/* For every number of a chunk. Unrolled before gcc vectorises loops, it would not be vectorised. */
#define EACH _Pragma("GCC unroll 1") for (int j = 0; j < FASTACT_LANES; ++j)
#define CHUNKS(i) for (ptrdiff_t i = 0; i < n; i += FASTACT_LANES)
/* step(i, left) for every chunk of a row; the compiler knows that all but the last are whole. */
#define ROW(step) do { \
        ptrdiff_t i = 0; \
        for (; n - i >= FASTACT_LANES; i += FASTACT_LANES) step(i, FASTACT_LANES); \
        if (i < n) step(i, n - i); \
    } while (0)
/* The same for steps that may be taken twice, from an input to an output apart from it: the last two chunks overlap, as
 * without AVX-512 a part of a vector takes long to store. */
#if defined(__AVX512F__)
#define ROW_TO_ANOTHER(step) ROW(step)
#else
#define ROW_TO_ANOTHER(step) do { \
        ptrdiff_t i = 0; \
        for (; n - i >= FASTACT_LANES; i += FASTACT_LANES) step(i, FASTACT_LANES); \
        if (i < n && n > FASTACT_LANES) { \
            i = n - FASTACT_LANES; \
            step(i, FASTACT_LANES); \
        } else if (i < n) { \
            step(i, n); \
        } \
    } while (0)
#endif
/* step(i, left, more) for every two chunks, `more` numbers of the second, which the row may not have. */
#define ROW_BY_TWO(step) do { \
        ptrdiff_t i = 0; \
        for (; n - i >= 2 * FASTACT_LANES; i += 2 * FASTACT_LANES) step(i, FASTACT_LANES, FASTACT_LANES); \
        if (n - i > FASTACT_LANES) step(i, FASTACT_LANES, n - i - FASTACT_LANES); \
        else if (i < n) step(i, n - i, 0); \
    } while (0)

/* Copy a square of 32 bytes by as many numbers, and transpose it; lines of either side are `pitch` numbers apart. */
FASTACT_INLINE void FN(transpose)(const REAL *x, ptrdiff_t pitch, REAL *y, ptrdiff_t y_pitch) {
#if defined(__AVX2__) && FASTACT_PRECISION == 32
    __m256 pairs[8], fours[8];
    for (int j = 0; j < 8; j += 2) {
        const __m256 a = _mm256_loadu_ps(x + j * pitch), b = _mm256_loadu_ps(x + (j + 1) * pitch);
        pairs[j] = _mm256_unpacklo_ps(a, b);
        pairs[j + 1] = _mm256_unpackhi_ps(a, b);
    }
    for (int j = 0; j < 8; j += 4)
        for (int half = 0; half < 2; ++half) {
            fours[j + 2 * half] = _mm256_shuffle_ps(pairs[j + half], pairs[j + half + 2], 0x44);
            fours[j + 2 * half + 1] = _mm256_shuffle_ps(pairs[j + half], pairs[j + half + 2], 0xee);
        }
    for (int j = 0; j < 4; ++j) {
        _mm256_storeu_ps(y + j * y_pitch, _mm256_permute2f128_ps(fours[j], fours[j + 4], 0x20));
        _mm256_storeu_ps(y + (j + 4) * y_pitch, _mm256_permute2f128_ps(fours[j], fours[j + 4], 0x31));
    }
#elif defined(__AVX2__)
    __m256d pairs[4];
    for (int j = 0; j < 4; j += 2) {
        const __m256d a = _mm256_loadu_pd(x + j * pitch), b = _mm256_loadu_pd(x + (j + 1) * pitch);
        pairs[j] = _mm256_unpacklo_pd(a, b);
        pairs[j + 1] = _mm256_unpackhi_pd(a, b);
    }
    for (int j = 0; j < 2; ++j) {
        _mm256_storeu_pd(y + j * y_pitch, _mm256_permute2f128_pd(pairs[j], pairs[j + 2], 0x20));
        _mm256_storeu_pd(y + (j + 2) * y_pitch, _mm256_permute2f128_pd(pairs[j], pairs[j + 2], 0x31));
    }
#else
    for (int i = 0; i < FASTACT_TILE; ++i)
        for (int j = 0; j < FASTACT_TILE; ++j) y[j * y_pitch + i] = x[i * pitch + j];
#endif
}

/* LANES rows, `pitch` apart, as columns, LANES apart, and back. Where a row has no whole number of tiles, its last two
 * overlap. */
FASTACT_INLINE void FN(rows_to_columns)(const REAL *x, ptrdiff_t pitch, REAL *columns, ptrdiff_t n) {
    for (ptrdiff_t r = 0; r < FASTACT_LANES; r += FASTACT_TILE)
        for (ptrdiff_t j = 0; n >= FASTACT_TILE && j < n; j += FASTACT_TILE) {
            const ptrdiff_t i = j < n - FASTACT_TILE ? j : n - FASTACT_TILE;
            FN(transpose)(x + r * pitch + i, pitch, columns + i * FASTACT_LANES + r, FASTACT_LANES);
        }
    if (n < FASTACT_TILE)
        for (ptrdiff_t i = 0; i < n; ++i)
            for (int r = 0; r < FASTACT_LANES; ++r) columns[i * FASTACT_LANES + r] = x[r * pitch + i];
}
FASTACT_INLINE void FN(columns_to_rows)(const REAL *columns, REAL *y, ptrdiff_t pitch, ptrdiff_t n) {
    for (ptrdiff_t r = 0; r < FASTACT_LANES; r += FASTACT_TILE)
        for (ptrdiff_t j = 0; n >= FASTACT_TILE && j < n; j += FASTACT_TILE) {
            const ptrdiff_t i = j < n - FASTACT_TILE ? j : n - FASTACT_TILE;
            FN(transpose)(columns + i * FASTACT_LANES + r, FASTACT_LANES, y + r * pitch + i, pitch);
        }
    if (n < FASTACT_TILE)
        for (ptrdiff_t i = 0; i < n; ++i)
            for (int r = 0; r < FASTACT_LANES; ++r) y[r * pitch + i] = columns[i * FASTACT_LANES + r];
}

/* A chunk of a row, filled up where the row ends; as vectors, since gcc moves a whole array in smaller pieces than it
 * then reads, which stalls. */
typedef struct { REAL at[FASTACT_LANES]; } FN(chunk);
typedef REAL FN(piece) __attribute__((vector_size(FASTACT_VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));
#define PIECE ((int)(FASTACT_VECTOR_BYTES / sizeof(REAL)))
FASTACT_INLINE FN(chunk) FN(chunk_load)(const REAL *x, ptrdiff_t left, REAL fill) {
    FN(chunk) out;
    if (left >= FASTACT_LANES) {
        for (int j = 0; j < FASTACT_LANES; j += PIECE) *(FN(piece) *)(out.at + j) = *(const FN(piece) *)(x + j);
        return out;
    }
    for (int j = 0; j < FASTACT_LANES; j += PIECE) {
#if defined(__AVX512F__) && FASTACT_PRECISION == 32
        const __mmask16 mask = (__mmask16)((1u << left) - 1u);
        _mm512_storeu_ps(out.at, _mm512_mask_loadu_ps(_mm512_set1_ps(fill), mask, x));
#elif defined(__AVX512F__)
        const __mmask8 mask = (__mmask8)(((1u << left) - 1u) >> j);
        _mm512_storeu_pd(out.at + j, _mm512_mask_loadu_pd(_mm512_set1_pd(fill), mask, x + j));
#elif defined(__AVX2__) && FASTACT_PRECISION == 32
        const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)left - j), lane);
        const __m256 some = _mm256_maskload_ps(x + j, mask);
        _mm256_storeu_ps(out.at + j, _mm256_blendv_ps(_mm256_set1_ps(fill), some, _mm256_castsi256_ps(mask)));
#elif defined(__AVX2__)
        const __m256i mask = _mm256_cmpgt_epi64(_mm256_set1_epi64x(left - j), _mm256_setr_epi64x(0, 1, 2, 3));
        const __m256d some = _mm256_maskload_pd(x + j, mask);
        _mm256_storeu_pd(out.at + j, _mm256_blendv_pd(_mm256_set1_pd(fill), some, _mm256_castsi256_pd(mask)));
#else
        for (int i = j; i < j + PIECE; ++i) out.at[i] = i < left ? x[i] : fill;
#endif
    }
    return out;
}
FASTACT_INLINE void FN(chunk_store)(REAL *y, ptrdiff_t left, const FN(chunk) *from) {
    if (left >= FASTACT_LANES) {
        for (int j = 0; j < FASTACT_LANES; j += PIECE) *(FN(piece) *)(y + j) = *(const FN(piece) *)(from->at + j);
        return;
    }
    for (int j = 0; j < FASTACT_LANES; j += PIECE) {
#if defined(__AVX512F__) && FASTACT_PRECISION == 32
        _mm512_mask_storeu_ps(y, (__mmask16)((1u << left) - 1u), _mm512_loadu_ps(from->at));
#elif defined(__AVX512F__)
        _mm512_mask_storeu_pd(y + j, (__mmask8)(((1u << left) - 1u) >> j), _mm512_loadu_pd(from->at + j));
#elif defined(__AVX2__) && FASTACT_PRECISION == 32
        const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)left - j), lane);
        _mm256_maskstore_ps(y + j, mask, _mm256_loadu_ps(from->at + j));
#elif defined(__AVX2__)
        const __m256i mask = _mm256_cmpgt_epi64(_mm256_set1_epi64x(left - j), _mm256_setr_epi64x(0, 1, 2, 3));
        _mm256_maskstore_pd(y + j, mask, _mm256_loadu_pd(from->at + j));
#else
        for (int i = j; i < j + PIECE && i < left; ++i) y[i] = from->at[i];
#endif
    }
}
/* 0 behind the end of the row. */
FASTACT_INLINE void FN(chunk_end)(FN(chunk) *chunk, ptrdiff_t left) {
    const FASTACT_BITS end = (FASTACT_BITS)left;
    EACH chunk->at[j] = (FASTACT_BITS)j < end ? chunk->at[j] : K(0);
}

/* Partial sums, one for each lane: doubles for float; for double pairs, whose hi is summed with its exact error. */
#if FASTACT_PRECISION == 32
typedef struct { fastact_sum_vector hi[FASTACT_SUM_VECTORS]; } FN(sums);
typedef struct { double at[FASTACT_LANES]; } FN(terms);
FASTACT_INLINE void FN(accumulate)(FN(sums) *sums, const FN(terms) *terms) {
    for (int v = 0; v < FASTACT_SUM_VECTORS; ++v) {
        fastact_sum_vector part;
        memcpy(&part, (const char *)terms + v * sizeof part, sizeof part);
        sums->hi[v] += part;
    }
}
FASTACT_INLINE void FN(accumulate_chunk)(FN(sums) *sums, const FN(chunk) *chunk) {
    FN(terms) terms;
    EACH terms.at[j] = (double)chunk->at[j];
    FN(accumulate)(sums, &terms);
}
FASTACT_INLINE WIDE FN(total)(const FN(sums) *sums) {
    double lane[FASTACT_LANES];
    memcpy(lane, sums->hi, sizeof lane);
#define FOLD(width) _Pragma("GCC unroll 1") for (int j = 0; j < width; ++j) lane[j] += lane[j + width];
    FOLD(8) FOLD(4) FOLD(2) FOLD(1)
#undef FOLD
    return lane[0];
}
FASTACT_INLINE FN(sums) FN(exps_start)(void) { return (FN(sums)){0}; }
FASTACT_INLINE void FN(accumulate_exps)(FN(sums) *sums, const FN(chunk) *e) { FN(accumulate_chunk)(sums, e); }
FASTACT_INLINE void FN(exps_end)(FN(sums) *sums) { (void)sums; }
#else
typedef struct { fastact_sum_vector hi[FASTACT_SUM_VECTORS], lo[FASTACT_SUM_VECTORS]; } FN(sums);
typedef struct { double at[FASTACT_LANES], lo[FASTACT_LANES]; } FN(terms);
FASTACT_INLINE void FN(accumulate_part)(FN(sums) *sums, int v, fastact_sum_vector part) {
    const fastact_sum_vector before = sums->hi[v], sum = before + part, seen = sum - before;
    sums->hi[v] = sum;
    sums->lo[v] += (before - (sum - seen)) + (part - seen);
}
FASTACT_INLINE void FN(accumulate_chunk)(FN(sums) *sums, const FN(chunk) *terms) {
    for (int v = 0; v < FASTACT_SUM_VECTORS; ++v) {
        fastact_sum_vector part;
        memcpy(&part, terms->at + v * sizeof part / sizeof(double), sizeof part);
        FN(accumulate_part)(sums, v, part);
    }
}
FASTACT_INLINE void FN(accumulate)(FN(sums) *sums, const FN(terms) *terms) {
    for (int v = 0; v < FASTACT_SUM_VECTORS; ++v) {
        fastact_sum_vector part, rest;
        memcpy(&part, terms->at + v * sizeof part / sizeof(double), sizeof part);
        memcpy(&rest, terms->lo + v * sizeof part / sizeof(double), sizeof part);
        FN(accumulate_part)(sums, v, part);
        sums->lo[v] += rest;
    }
}
FASTACT_INLINE WIDE FN(total)(const FN(sums) *sums) {
    double hi[FASTACT_LANES], lo[FASTACT_LANES];
    memcpy(hi, sums->hi, sizeof hi);
    memcpy(lo, sums->lo, sizeof lo);
#define FOLD(width) _Pragma("GCC unroll 1") for (int j = 0; j < width; ++j) { \
        const WIDE sum = FN(wide_sum)(hi[j], hi[j + width]); \
        hi[j] = sum.hi; \
        lo[j] = (lo[j] + lo[j + width]) + sum.lo; \
    }
    FOLD(8) FOLD(4) FOLD(2) FOLD(1)
#undef FOLD
    return FN(wide_quick_sum)(hi[0], lo[0]);
}
/* Sums of exponentials times 2^SCALE, none above 2 times that: added to a number that is larger, they leave their exact
 * error to fewer operations. */
#define EXPS_BASE (K(2) / FASTACT_UNSCALE)
FASTACT_INLINE FN(sums) FN(exps_start)(void) {
    FN(sums) sums = {0};
    for (int v = 0; v < FASTACT_SUM_VECTORS; ++v) sums.hi[v] += EXPS_BASE;
    return sums;
}
FASTACT_INLINE void FN(accumulate_exps)(FN(sums) *sums, const FN(chunk) *e) {
    for (int v = 0; v < FASTACT_SUM_VECTORS; ++v) {
        fastact_sum_vector part;
        memcpy(&part, e->at + v * sizeof part / sizeof(double), sizeof part);
        const fastact_sum_vector before = sums->hi[v], sum = before + part;
        sums->hi[v] = sum;
        sums->lo[v] += part - (sum - before);
    }
}
FASTACT_INLINE void FN(exps_end)(FN(sums) *sums) {
    for (int v = 0; v < FASTACT_SUM_VECTORS; ++v) sums->hi[v] -= EXPS_BASE;
}
#undef EXPS_BASE
#endif

/* The larger, `b` where a is NaN. */
FASTACT_INLINE FN(piece) FN(piece_most)(FN(piece) a, FN(piece) b) {
#if defined(__AVX512F__) && FASTACT_PRECISION == 32
    return (FN(piece))_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX512F__)
    return (FN(piece))_mm512_max_pd((__m512d)a, (__m512d)b);
#elif defined(__AVX2__) && FASTACT_PRECISION == 32
    return (FN(piece))_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__AVX2__)
    return (FN(piece))_mm256_max_pd((__m256d)a, (__m256d)b);
#else
    REAL of_a[PIECE], of_b[PIECE];
    memcpy(of_a, &a, sizeof a);
    memcpy(of_b, &b, sizeof b);
    _Pragma("GCC unroll 1") for (int j = 0; j < PIECE; ++j) of_b[j] = of_a[j] > of_b[j] ? of_a[j] : of_b[j];
    memcpy(&b, of_b, sizeof b);
    return b;
#endif
}
/* Floats are ordered as integers once the negative ones are turned round, and a maximum of integers vectorises. */
FASTACT_INLINE FASTACT_BITS FN(row_key)(REAL x) {
    const FASTACT_BITS bits = FN(bits)(x);
    return bits ^ ((bits >> (8 * sizeof(REAL) - 1)) & (FASTACT_BITS)(((uint64_t)1 << (8 * sizeof(REAL) - 1)) - 1));
}
/* The largest of sign x; a NaN counts as nothing. */
typedef struct { FN(piece) at[FASTACT_LANES / PIECE]; } FN(most);
FASTACT_INLINE void FN(most_of_chunk)(FN(most) *most, const REAL *x, ptrdiff_t left, REAL sign) {
    const FN(chunk) at = FN(chunk_load)(x, left, -sign * INFINITE);
    for (int v = 0; v < FASTACT_LANES / PIECE; ++v)
        most->at[v] = FN(piece_most)(sign * *(const FN(piece) *)(at.at + v * PIECE), most->at[v]);
}
FASTACT_INLINE FN(most) FN(most_start)(void) {
    FN(most) most;
    for (int v = 0; v < FASTACT_LANES / PIECE; ++v) most.at[v] = (FN(piece)){0} - INFINITE;
    return most;
}
FASTACT_INLINE REAL FN(row_max)(const REAL *x, ptrdiff_t n, REAL sign) {
    FN(most) most = FN(most_start)();
#define STEP(i, left) FN(most_of_chunk)(&most, x + i, left, sign)
    ROW(STEP);
#undef STEP
    FN(chunk) lanes;
    memcpy(&lanes, most.at, sizeof lanes);
    FASTACT_BITS key = FN(row_key)(-INFINITE);
    EACH {
        const FASTACT_BITS of_lane = FN(row_key)(lanes.at[j]);
        key = of_lane > key ? of_lane : key;
    }
    return FN(from_bits)(FN(row_key)(FN(from_bits)(key)));
}

/* e^(x - m) 2^SCALE for x <= m < inf, of the exact difference; NaN stays. */
FASTACT_INLINE REAL FN(row_exp)(REAL x, REAL m) {
    const REAL d = x - m, seen = d - x, d_lo = (x - (d - seen)) - (m + seen);
    const REAL held = FN(at_least)(d, -FASTACT_EXP_END);
    const REAL error = d > -FASTACT_EXP_END ? -d_lo : K(0);
    const FN(exp_parts) e = FN(exp_parts_of)(held, error, K(1), FASTACT_ROUNDER);
    return FN(mad)(e.power, e.t, e.power);
}

/* 1 / sum, as a pair of REAL. */
FASTACT_INLINE FN(pair) FN(row_reciprocal)(WIDE sum) {
    FN(pair) out;
#if FASTACT_PRECISION == 32
    const double reciprocal = 1.0 / sum;
    out.hi = (float)reciprocal;
    out.lo = (float)(reciprocal - (double)out.hi);
#else
    out.hi = K(1) / sum.hi;
    out.lo = out.hi * FN(reciprocal_error)(out.hi, sum.hi, sum.lo);
#endif
    return out;
}

/* A row whose maximum is inf: `winner` for a single inf and `loser` for the others; NaN if there are several, or a
 * NaN. */
FASTACT_INLINE void FN(one_takes_all)(const REAL *x, REAL *y, ptrdiff_t n, REAL sign, REAL winner, REAL loser) {
    REAL count = 0;
    for (ptrdiff_t i = 0; i < n; ++i) count += x[i] == x[i] ? (sign * x[i] == INFINITE ? K(1) : K(0)) : x[i];
    const REAL nan = INFINITE - INFINITE;
    for (ptrdiff_t i = 0; i < n; ++i) y[i] = count == K(1) ? (sign * x[i] == INFINITE ? winner : loser) : nan;
}

/* e^x 2^-k for x >= least, held there below, by the rounder of k. */
FASTACT_INLINE REAL FN(row_power)(REAL x, REAL least, REAL rounder) {
    const FN(exp_parts) parts = FN(exp_parts_of)(FN(at_least)(x, least), K(0), K(1), rounder);
    return FN(mad)(parts.power, parts.t, parts.power);
}
/* The common factor e^m of a row may as well be 2^k: then no difference is formed that needs two numbers. */
FASTACT_INLINE REAL FN(row_rounder)(REAL m) {
    return FASTACT_ROUNDER - (FN(mad)(m, FASTACT_LOG2E, FASTACT_ROUNDER) - FASTACT_ROUNDER);
}

/* The exponentials behind softmax and softmin: y receives e_i 2^SCALE, e_i = e^(sign x_i - m), m the maximum, all of
 * them times a common factor. Where `exact`, those too small to be seen in a share are 0, as -inf gives: shares will be
 * multiplied. */
typedef struct { FN(pair) reciprocal; REAL m; } FN(row_scale);
FASTACT_INLINE void FN(row_exps_chunk)(
    const REAL *x, REAL *y, ptrdiff_t left, REAL sign, int exact, REAL m, int near, REAL rounder, FN(sums) *sums) {
    const REAL least = m - FASTACT_EXP_END;
    FN(chunk) e = FN(chunk_load)(x, left, -sign * INFINITE);
    EACH {
        const REAL at = sign * e.at[j], power = near ? FN(row_power)(at, least, rounder) : FN(row_exp)(at, m);
        e.at[j] = exact ? (at < least ? K(0) : power) : power;
    }
    if (left < FASTACT_LANES) FN(chunk_end)(&e, left);
    FN(accumulate_exps)(sums, &e);
    FN(chunk_store)(y, left, &e);
}
FASTACT_INLINE FN(row_scale) FN(row_exps)(const REAL *x, REAL *y, ptrdiff_t n, REAL sign, int exact) {
    FN(row_scale) out;
    out.m = FN(row_max)(x, n, sign);
    const REAL m = out.m;
    if (m == INFINITE) {
        FN(one_takes_all)(x, y, n, sign, FN(power_of_two)(FASTACT_ROUNDER), K(0));
        out.reciprocal.hi = FASTACT_UNSCALE;
        out.reciprocal.lo = K(0);
        return out;
    }
    FN(sums) sums = FN(exps_start)();
    const REAL rounder = FN(row_rounder)(m);
#define NEAR(i, left) FN(row_exps_chunk)(x + i, y + i, left, sign, exact, m, 1, rounder, &sums)
#define FAR(i, left) FN(row_exps_chunk)(x + i, y + i, left, sign, exact, m, 0, rounder, &sums)
    if (FN(abs)(m) <= FASTACT_ROW_NEAR) ROW(NEAR);
    else ROW(FAR);
#undef NEAR
#undef FAR
    FN(exps_end)(&sums);
    out.reciprocal = FN(row_reciprocal)(FN(total)(&sums));
    return out;
}

/* e / sum e. */
FASTACT_INLINE REAL FN(row_share)(REAL e, FN(pair) reciprocal) {
#if FASTACT_PRECISION == 32
    return FN(fma)(e, reciprocal.hi, e * reciprocal.lo);
#else
    return FN(mad)(e, reciprocal.hi, e * reciprocal.lo);
#endif
}

/* Whether a share may be subnormal, and so have lost digits that its product with a large gradient shows: then the
 * share is taken times 2^SCALE, and its factor times 2^-SCALE. */
FASTACT_INLINE FASTACT_BITS FN(row_small)(REAL e) { return e < K(0.25); }
FASTACT_INLINE REAL FN(row_scaled)(FASTACT_BITS small, REAL e) {
    return e * FN(select)(small, K(1) / FASTACT_UNSCALE, K(1));
}
FASTACT_INLINE REAL FN(row_factor)(FASTACT_BITS small, REAL factor) {
    return factor * FN(select)(small, FASTACT_UNSCALE, K(1));
}

/* softmax and softmin. */
FASTACT_INLINE void FN(row_shares_chunk)(REAL *y, ptrdiff_t left, FN(pair) reciprocal) {
    FN(chunk) e = FN(chunk_load)(y, left, K(0));
    EACH e.at[j] = FN(row_share)(e.at[j], reciprocal);
    FN(chunk_store)(y, left, &e);
}
FASTACT_INLINE void FN(softmax_of)(const REAL *x, REAL *y, ptrdiff_t n, REAL sign) {
    const FN(pair) r = FN(row_exps)(x, y, n, sign, 0).reciprocal;
#define STEP(i, left) FN(row_shares_chunk)(y + i, left, r)
    ROW(STEP);
#undef STEP
}
FASTACT_INLINE void FN(softmax)(const REAL *x, REAL *y, ptrdiff_t n) { FN(softmax_of)(x, y, n, K(1)); }
FASTACT_INLINE void FN(softmin)(const REAL *x, REAL *y, ptrdiff_t n) { FN(softmax_of)(x, y, n, K(-1)); }

/* e^m 2^-k. */
FASTACT_INLINE WIDE FN(row_lead)(REAL m, REAL rounder) {
#if FASTACT_PRECISION == 32
    const double k = (double)(FASTACT_ROUNDER - rounder);
    const fastact_wide_power_f32 lead = fastact_wide_exp_parts_f32((double)m - k * FASTACT_WIDE_LN2_HI);
    return fastact_mad_f64(lead.power, lead.t, lead.power);
#else
    const FN(exp_parts) lead = FN(exp_parts_of)(m, K(0), K(1), rounder);
    const REAL power = lead.power * FASTACT_UNSCALE, e = FN(mad)(power, lead.t, power);
    return FN(pair_of)(e, FN(mad)(power, lead.t, power - e) + power * (lead.t_lo + lead.r_lo));
#endif
}
/* A sum of exponentials, kept times 2^SCALE, over the leading one. */
FASTACT_INLINE WIDE FN(in_units)(WIDE sum, WIDE lead) {
    return FN(wide_scale)(FN(wide_multiply)(sum, FN(wide_reciprocal)(lead)), FASTACT_UNSCALE);
}

/* The sum of e_i in two parts: how many are 1, being the maximum itself, and the others. Where one number leads, that
 * leaves log(sum) and 1 - y all their digits. y, if not NULL, receives e_i 2^SCALE. */
typedef struct { WIDE rest; REAL leaders; double factor; } FN(split_sum);
typedef struct { FN(sums) rest; FN(piece) leaders[FASTACT_LANES / PIECE]; /* exact up to 2^24 in each lane */ } FN(split_sums);
FASTACT_INLINE void FN(row_sum_chunk)(
    const REAL *x, REAL *y, ptrdiff_t left, REAL m, int near, REAL rounder, FN(split_sums) *sums) {
    const REAL least = m - FASTACT_EXP_END;
    FN(chunk) e = FN(chunk_load)(x, left, -INFINITE), leads;
    EACH {
        const REAL at = e.at[j], held = FN(at_least)(at, least);
        leads.at[j] = at == m ? K(1) : K(0);
        const FN(exp_parts) parts = FN(exp_parts_of)(held, K(0), K(1), rounder);
        const REAL power = near ? FN(mad)(parts.power, parts.t, parts.power) : FN(row_exp)(at, m);
        /* Too small to be seen; in long rows its sum could be. */
        e.at[j] = at < least ? K(0) : power;
    }
    if (y != NULL) FN(chunk_store)(y, left, &e);
    EACH e.at[j] = leads.at[j] != 0 ? K(0) : e.at[j];
    FN(accumulate_chunk)(&sums->rest, &e);
    for (int v = 0; v < FASTACT_LANES / PIECE; ++v) sums->leaders[v] += *(const FN(piece) *)(leads.at + v * PIECE);
}
FASTACT_INLINE FN(split_sum) FN(row_sum)(const REAL *x, REAL *y, ptrdiff_t n, REAL m) {
    FN(split_sums) sums = {0};
    FN(split_sum) out;
    WIDE lead = FN(widen)(K(1));
    const REAL rounder = FN(row_rounder)(m);
#define NEAR(i, left) FN(row_sum_chunk)(x + i, y == NULL ? y : y + i, left, m, 1, rounder, &sums)
#define FAR(i, left) FN(row_sum_chunk)(x + i, y == NULL ? y : y + i, left, m, 0, rounder, &sums)
    if (FN(abs)(m) <= FASTACT_ROW_NEAR) {
        ROW(NEAR);
        lead = FN(row_lead)(m, rounder); /* common to all */
    } else {
        ROW(FAR);
    }
#undef NEAR
#undef FAR
    REAL lane[FASTACT_LANES];
    memcpy(lane, sums.leaders, sizeof lane);
#define FOLD(width) _Pragma("GCC unroll 1") for (int j = 0; j < width; ++j) lane[j] += lane[j + width];
    FOLD(8) FOLD(4) FOLD(2) FOLD(1)
#undef FOLD
    out.leaders = lane[0];
    out.factor = FN(wide_lead)(lead);
    out.rest = FN(in_units)(FN(total)(&sums.rest), lead);
    return out;
}

/* log(leaders + rest), leaders >= 1: k ln 2 + log1p(f), and f is the rest itself where 1 + rest < 2. */
FASTACT_INLINE WIDE FN(row_log)(REAL leaders, WIDE rest) {
    const WIDE sum = FN(wide_plus)(rest, leaders);
    const int64_t biased = (int64_t)((uint64_t)fastact_bits_f64(FN(wide_lead)(sum)) >> 52);
    const double exponent = fastact_from_bits_f64(biased | fastact_bits_f64(0x1p52)) - (0x1p52 + 1023);
    const double power = fastact_from_bits_f64((int64_t)((uint64_t)(2046 - biased) << 52));
    const WIDE scaled = FN(wide_plus)(FN(wide_scale)(sum, power), K(-1));
    const WIDE log = FN(wide_log1p)(FN(wide_select)(exponent == 0, rest, scaled));
    const WIDE doublings = FN(wide_scale)(FN(wide_constant)(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56), exponent);
    return FN(wide_add)(doublings, log);
}
/* log(sum e_i), e_i = e^(x_i - m). Where the others than the maximum are not too small, their sum is that of all less the
 * maximum's own e, as it was added; it is exact to (n + 64) 2^-58 or (n + 64)^2 2^-108. */
FASTACT_INLINE double FN(row_least_rest)(ptrdiff_t n) {
    const double terms = (double)n + 64.0;
    return FASTACT_PRECISION == 32 ? terms * 0x1p-28 : terms * terms * 0x1p-52;
}
FASTACT_INLINE void FN(row_exps_sum_chunk)(
    const REAL *x, ptrdiff_t left, REAL m, int near, REAL rounder, FN(sums) *sums) {
    FN(chunk) e = FN(chunk_load)(x, left, -INFINITE);
    EACH e.at[j] = near ? FN(row_power)(e.at[j], m - FASTACT_EXP_END, rounder) : FN(row_exp)(e.at[j], m);
    if (left < FASTACT_LANES) FN(chunk_end)(&e, left);
    FN(accumulate_exps)(sums, &e);
}
FASTACT_INLINE WIDE FN(row_log_sum)(const REAL *x, ptrdiff_t n, REAL m) {
    FN(sums) sums = FN(exps_start)();
    const REAL rounder = FN(row_rounder)(m);
    REAL own = K(1) / FASTACT_UNSCALE;
    WIDE lead = FN(widen)(K(1));
#define NEAR(i, left) FN(row_exps_sum_chunk)(x + i, left, m, 1, rounder, &sums)
#define FAR(i, left) FN(row_exps_sum_chunk)(x + i, left, m, 0, rounder, &sums)
    if (FN(abs)(m) <= FASTACT_ROW_NEAR) {
        ROW(NEAR);
        own = FN(row_power)(m, m - FASTACT_EXP_END, rounder);
        lead = FN(row_lead)(m, rounder);
    } else {
        ROW(FAR);
    }
#undef NEAR
#undef FAR
    FN(exps_end)(&sums);
    const WIDE rest = FN(in_units)(FN(wide_plus)(FN(total)(&sums), -own), lead);
    if (FN(wide_lead)(rest) > FN(row_least_rest)(n)) return FN(row_log)(K(1), rest);
    const FN(split_sum) split = FN(row_sum)(x, NULL, n, m);
    return FN(row_log)(split.leaders, split.rest);
}

/* log_softmax: y_i = x_i - S, S = m + log(sum e) as a pair: x_i - hi is exact where it cancels, and lo has all its digits. */
FASTACT_INLINE FN(pair) FN(row_log_pair)(REAL m, WIDE log) {
    FN(pair) sum;
#if FASTACT_PRECISION == 32
    sum.hi = (float)((double)m + log);
    sum.lo = (float)(((double)m - (double)sum.hi) + log);
#else
    sum = FN(wide_plus)(log, m);
#endif
    return sum;
}
FASTACT_INLINE void FN(log_softmax_chunk)(const REAL *x, REAL *y, ptrdiff_t left, FN(pair) sum) {
    FN(chunk) at = FN(chunk_load)(x, left, K(0));
    EACH at.at[j] = (at.at[j] - sum.hi) - sum.lo;
    FN(chunk_store)(y, left, &at);
}
FASTACT_INLINE void FN(log_softmax)(const REAL *x, REAL *y, ptrdiff_t n) {
    const REAL m = FN(row_max)(x, n, K(1));
    if (m == INFINITE) {
        FN(one_takes_all)(x, y, n, K(1), K(0), -INFINITE);
        return;
    }
    const WIDE log = FN(row_log_sum)(x, n, m);
    const FN(pair) sum = FN(row_log_pair)(m, log);
#define STEP(i, left) FN(log_softmax_chunk)(x + i, y + i, left, sum)
    ROW_TO_ANOTHER(STEP);
#undef STEP
}

/* logsumexp: y = m + log(sum e); inf if there is an inf, -inf for a row of -inf. */
FASTACT_INLINE void FN(logsumexp)(const REAL *x, REAL *y, ptrdiff_t n) {
    const REAL m = FN(row_max)(x, n, K(1));
    if (m == INFINITE || m == -INFINITE) { /* a NaN may hide behind them */
        REAL sum = m;
        for (ptrdiff_t i = 0; i < n; ++i) sum = x[i] == x[i] ? sum : x[i];
        *y = sum;
        return;
    }
    const WIDE log = FN(row_log_sum)(x, n, m);
    *y = FN(narrow)(FN(wide_plus)(log, m));
}

/* sparsemax: the point of the simplex nearest to x, y_i = max(0, x_i - m - tau). g(tau) = sum max(0, x_i - m - tau) - 1
 * is convex and falls to its root; Newton's steps from tau = -1 never pass it, and at each either g or the number of
 * terms is halved, so that few are needed. With exact sums, they end where the terms stay the same.
 * Martins & Astudillo, From softmax to sparsemax, ICML 2016; Michelot, J. Optim. Theory Appl. 50, 1986. */
FASTACT_INLINE void FN(sparsemax)(const REAL *x, REAL *y, ptrdiff_t n) {
    const REAL m = FN(row_max)(x, n, K(1));
    if (m == INFINITE) {
        FN(one_takes_all)(x, y, n, K(1), K(1), K(0));
        return;
    }
    double tau = -1, before = 0;
    for (;;) {
        FN(sums) sums = {0}, counts = {0};
        CHUNKS(i) {
            const FN(chunk) at = FN(chunk_load)(x + i, n - i, -INFINITE);
            FN(terms) kept, count;
            EACH {
                const double d = (double)at.at[j] - (double)m;
                kept.at[j] = d <= tau ? 0.0 : d;
                count.at[j] = d <= tau ? 0.0 : 1.0;
#if FASTACT_PRECISION == 64
                kept.lo[j] = count.lo[j] = 0;
#endif
            }
            FN(accumulate)(&sums, &kept);
            FN(accumulate)(&counts, &count);
        }
        const double count = FN(wide_lead)(FN(total)(&counts));
        const WIDE sum = FN(total)(&sums);
        if (!(count != before)) break;
        before = count;
        const double next = FN(wide_lead)(FN(wide_plus)(sum, K(-1))) / count;
        if (!(next > tau)) {
            tau = next == next ? tau : next;
            break;
        }
        tau = next;
    }
    CHUNKS(i) {
        FN(chunk) at = FN(chunk_load)(x + i, n - i, m);
        EACH {
            const double d = ((double)at.at[j] - (double)m) - tau;
            at.at[j] = (REAL)(d < 0 ? 0.0 : d);
        }
        FN(chunk_store)(y + i, n - i, &at);
    }
}

/* Backward --------------------------------------------------------------------------------------------------------- */

/* The sum of a row, and of the products of two rows, the first of which is shifted, the second times a factor. */
FASTACT_INLINE void FN(row_total_chunk)(const REAL *grad, ptrdiff_t left, FN(sums) *sums) {
    const FN(chunk) g = FN(chunk_load)(grad, left, K(0));
    FN(accumulate_chunk)(sums, &g);
}
FASTACT_INLINE WIDE FN(row_total)(const REAL *grad, ptrdiff_t n) {
    FN(sums) sums = {0};
#define STEP(i, left) FN(row_total_chunk)(grad + i, left, &sums)
    ROW(STEP);
#undef STEP
    return FN(total)(&sums);
}
FASTACT_INLINE void FN(row_dot_chunk)(
    const REAL *a, const REAL *b, ptrdiff_t left, REAL shift, FN(pair) factor, FN(sums) *sums) {
    const FN(chunk) u = FN(chunk_load)(a, left, K(0)), v = FN(chunk_load)(b, left, K(0));
    FN(terms) terms;
    EACH {
#if FASTACT_PRECISION == 32
        (void)factor;
        terms.at[j] = ((double)u.at[j] - (double)shift) * (double)v.at[j];
#else
        const double difference = u.at[j] - shift, share = FN(row_share)(v.at[j], factor);
        const double product = difference * share;
        terms.at[j] = product;
        terms.lo[j] = FN(fma)(difference, share, -product);
#endif
    }
    FN(accumulate)(sums, &terms);
}
FASTACT_INLINE WIDE FN(row_dot)(const REAL *a, const REAL *b, ptrdiff_t n, REAL shift, FN(pair) factor) {
    FN(sums) sums = {0};
#define STEP(i, left) FN(row_dot_chunk)(a + i, b + i, left, shift, factor, &sums)
    ROW(STEP);
#undef STEP
#if FASTACT_PRECISION == 32
    return FN(total)(&sums) * ((double)factor.hi + (double)factor.lo);
#else
    return FN(total)(&sums);
#endif
}
FASTACT_INLINE FN(pair) FN(row_pair)(WIDE a) {
    FN(pair) out;
#if FASTACT_PRECISION == 32
    out.hi = (float)a;
    out.lo = FN(abs)(out.hi) <= FASTACT_LARGEST ? (float)(a - (double)out.hi) : K(0);
#else
    out = a;
#endif
    return out;
}
/* (grad - shift - mean) y. */
FASTACT_INLINE REAL FN(centred)(REAL grad, REAL shift, FN(pair) mean, REAL y) {
    return (((grad - shift) - mean.hi) - mean.lo) * y;
}

FASTACT_INLINE void FN(softmax_slope_chunk)(
    const REAL *grad, const REAL *y, REAL *out, ptrdiff_t left, FN(pair) mean, REAL sign) {
    FN(chunk) g = FN(chunk_load)(grad, left, K(0));
    const FN(chunk) at = FN(chunk_load)(y, left, K(0));
    EACH g.at[j] = FN(centred)(g.at[j], K(0), mean, sign * at.at[j]);
    FN(chunk_store)(out, left, &g);
}
/* sum_i grad_i y_i. Numbers i and i + LANES are added before they are summed: half as many are taken to twice the
 * precision. */
FASTACT_INLINE void FN(row_products_chunks)(
    const REAL *grad, const REAL *y, ptrdiff_t left, ptrdiff_t more, FN(sums) *sums) {
    FN(chunk) g = FN(chunk_load)(grad, left, K(0));
    const FN(chunk) at = FN(chunk_load)(y, left, K(0));
    EACH g.at[j] *= at.at[j];
    if (more > 0) {
        const FN(chunk) next = FN(chunk_load)(grad + FASTACT_LANES, more, K(0));
        const FN(chunk) next_at = FN(chunk_load)(y + FASTACT_LANES, more, K(0));
        EACH g.at[j] = FN(mad)(next.at[j], next_at.at[j], g.at[j]);
    }
    FN(accumulate_chunk)(sums, &g);
}
FASTACT_INLINE WIDE FN(row_products)(const REAL *grad, const REAL *y, ptrdiff_t n) {
    FN(sums) sums = {0};
#define STEP(i, left, more) FN(row_products_chunks)(grad + i, y + i, left, more, &sums)
    ROW_BY_TWO(STEP);
#undef STEP
    return FN(total)(&sums);
}
/* softmax from its output: dx_i = y_i (grad_i - sum grad_j y_j). softmin has the other sign. */
FASTACT_INLINE void FN(softmax_backward_from_output_of)(
    const REAL *grad, const REAL *y, REAL *out, ptrdiff_t n, REAL sign) {
    const FN(pair) mean = FN(row_pair)(FN(row_products)(grad, y, n));
#define STEP(i, left) FN(softmax_slope_chunk)(grad + i, y + i, out + i, left, mean, sign)
    ROW_TO_ANOTHER(STEP);
#undef STEP
}
FASTACT_INLINE void FN(softmax_backward_from_output)(const REAL *grad, const REAL *y, REAL *out, ptrdiff_t n) {
    FN(softmax_backward_from_output_of)(grad, y, out, n, K(1));
}
FASTACT_INLINE void FN(softmin_backward_from_output)(const REAL *grad, const REAL *y, REAL *out, ptrdiff_t n) {
    FN(softmax_backward_from_output_of)(grad, y, out, n, K(-1));
}

/* softmax from x: only differences of gradients count. Taken from that of the maximum, sum e_j (grad_j - grad_max) has
 * no large term that the result must lose: where one number leads, its dx keeps its digits, too. */
FASTACT_INLINE void FN(softmax_backward_chunk)(
    const REAL *grad, REAL *out, ptrdiff_t left, FN(pair) r, REAL shift, FN(pair) mean, REAL sign) {
    FN(chunk) g = FN(chunk_load)(grad, left, K(0));
    const FN(chunk) at = FN(chunk_load)(out, left, K(0));
    EACH {
        const FASTACT_BITS small = FN(row_small)(at.at[j]);
        const REAL share = FN(row_share)(FN(row_scaled)(small, at.at[j]), r);
        g.at[j] = FN(row_factor)(small, FN(centred)(g.at[j], shift, mean, sign)) * share;
    }
    FN(chunk_store)(out, left, &g);
}
FASTACT_INLINE void FN(softmax_backward_of)(const REAL *grad, const REAL *x, REAL *out, ptrdiff_t n, REAL sign) {
    const FN(row_scale) scale = FN(row_exps)(x, out, n, sign, 1);
    const FN(pair) r = scale.reciprocal;
    ptrdiff_t leader = 0;
    while (leader < n - 1 && !(sign * x[leader] == scale.m)) ++leader;
    const REAL shift = grad[leader];
    const FN(pair) mean = FN(row_pair)(FN(row_dot)(grad, out, n, shift, r));
#define STEP(i, left) FN(softmax_backward_chunk)(grad + i, out + i, left, r, shift, mean, sign)
    ROW(STEP);
#undef STEP
}
FASTACT_INLINE void FN(softmax_backward)(const REAL *grad, const REAL *x, REAL *out, ptrdiff_t n) {
    FN(softmax_backward_of)(grad, x, out, n, K(1));
}
FASTACT_INLINE void FN(softmin_backward)(const REAL *grad, const REAL *x, REAL *out, ptrdiff_t n) {
    FN(softmax_backward_of)(grad, x, out, n, K(-1));
}

/* grad - p G for 0 <= p <= 1, of which less = 1 - p is known too: where p is nearly 1, (grad - G) + (1 - p) G. Of
 * doubles, a small p is given times 2^SCALE. */
FASTACT_INLINE REAL FN(without_share)(REAL grad, WIDE total, double p, double less, FASTACT_BITS small) {
#if FASTACT_PRECISION == 32
    (void)small;
    const double little = (double)grad - p * total, large = ((double)grad - total) + less * total;
    return (float)(p > 0.5 ? large : little);
#else
    const double share = p > 0.5 ? -less : p;
    const double from = grad - total.hi, from_lo = ((grad - (from + total.hi)) + 0) - total.lo;
    const double start = p > 0.5 ? from : grad, start_lo = p > 0.5 ? from_lo : 0.0;
    return FN(mad)(-share, FN(row_factor)(small, total.hi), start)
        + (start_lo - share * FN(row_factor)(small, total.lo));
#endif
}

/* log_softmax from its output: dx_i = grad_i - e^y_i sum grad_j. With e^y = power (1 + t), grad - power sum is formed first:
 * where e^y is nearly 1, the power is 1, and what is left of grad - sum keeps its digits. The gradients are taken times a
 * power of two, the sum is given times that and 2^-SCALE, or, where it is `small`, without the latter: the power, which
 * has 2^SCALE, then gets it, and may lose digits where it is subnormal. */
FASTACT_INLINE REAL FN(log_softmax_slope)(REAL grad, REAL y, REAL sum, int small, REAL times) {
    const REAL held = FN(at_most)(FN(at_least)(y, -FASTACT_EXP_END), K(0));
    const FN(exp_parts) e = FN(exp_parts_of)(held, K(0), K(1), FASTACT_ROUNDER);
    const REAL product = (small ? e.power * FASTACT_UNSCALE : e.power) * sum;
    const REAL slope = FN(mad)(-product, e.t, grad * times - product) * (K(1) / times);
    return y < -FASTACT_EXP_END ? grad : slope;
}
FASTACT_INLINE void FN(log_softmax_slope_chunk)(
    const REAL *grad, const REAL *y, REAL *out, ptrdiff_t left, REAL sum, int small, REAL times) {
    FN(chunk) g = FN(chunk_load)(grad, left, K(0));
    const FN(chunk) at = FN(chunk_load)(y, left, K(0));
    EACH g.at[j] = FN(log_softmax_slope)(g.at[j], at.at[j], sum, small, times);
    FN(chunk_store)(out, left, &g);
}
FASTACT_INLINE void FN(log_softmax_backward_from_output)(
    const REAL *grad, const REAL *y, REAL *out, ptrdiff_t n) {
    const WIDE total = FN(row_total)(grad, n);
    const double size = fastact_abs_f64(FN(wide_lead)(total));
    /* With a gradient of their own size, sums from here on, or that of the products, may overflow on the way. */
    const REAL times = FASTACT_PRECISION == 64 ? K(1)
        : size > FASTACT_LARGEST ? FASTACT_UNSCALE : size > FASTACT_ROW_LARGE ? K(0.25) : K(1);
    const REAL sum = FN(narrow)(FN(wide_scale)(total, times));
#define AS_IT_IS(i, left) \
    FN(log_softmax_slope_chunk)(grad + i, y + i, out + i, left, sum * FASTACT_UNSCALE, 0, K(1))
#define BY_TIMES(i, left) \
    FN(log_softmax_slope_chunk)(grad + i, y + i, out + i, left, sum * FASTACT_UNSCALE, 0, times)
#define SMALL(i, left) FN(log_softmax_slope_chunk)(grad + i, y + i, out + i, left, sum, 1, K(1))
    if (times != K(1)) ROW(BY_TIMES);
    else if (size < FASTACT_ROW_SMALL) ROW(SMALL);
    else ROW_TO_ANOTHER(AS_IT_IS);
#undef SMALL
#undef BY_TIMES
#undef AS_IT_IS
}

/* log_softmax from x: dx_i = grad_i - p_i sum grad_j, p = softmax(x). */
FASTACT_INLINE void FN(log_softmax_backward)(const REAL *grad, const REAL *x, REAL *out, ptrdiff_t n) {
    const WIDE total = FN(row_total)(grad, n);
    const REAL m = FN(row_max)(x, n, K(1));
    double reciprocal = 0, others = 0;
    if (m == INFINITE)
        FN(one_takes_all)(x, out, n, K(1), FN(power_of_two)(FASTACT_ROUNDER), K(0));
    const FN(split_sum) s = m == INFINITE ? (FN(split_sum)){FN(widen)(K(0)), K(1), 1} : FN(row_sum)(x, out, n, m);
    const double sum = FN(wide_lead)(FN(wide_plus)(s.rest, s.leaders));
    reciprocal = FASTACT_UNSCALE / (sum * s.factor);
    others = FN(wide_lead)(FN(wide_plus)(s.rest, s.leaders - K(1))) / sum;
    CHUNKS(i) {
        FN(chunk) g = FN(chunk_load)(grad + i, n - i, K(0));
        const FN(chunk) at = FN(chunk_load)(x + i, n - i, K(0)), e = FN(chunk_load)(out + i, n - i, K(0));
        EACH {
#if FASTACT_PRECISION == 32
            const FASTACT_BITS small = 0;
#else
            const FASTACT_BITS small = FN(row_small)(e.at[j]);
#endif
            const double p = (double)FN(row_scaled)(small, e.at[j]) * reciprocal;
            const double less = at.at[j] == m ? others : 1.0 - p;
            g.at[j] = FN(without_share)(g.at[j], total, p, less, small);
        }
        FN(chunk_store)(out + i, n - i, &g);
    }
}

/* logsumexp: dx_i = grad softmax(x)_i. */
FASTACT_INLINE void FN(logsumexp_backward)(const REAL *grad, const REAL *x, REAL *out, ptrdiff_t n) {
    const FN(pair) r = FN(row_exps)(x, out, n, K(1), 1).reciprocal;
    const REAL factor = *grad;
    CHUNKS(i) {
        FN(chunk) at = FN(chunk_load)(out + i, n - i, K(0));
        EACH {
            const FASTACT_BITS small = FN(row_small)(at.at[j]);
            at.at[j] = FN(row_factor)(small, factor) * FN(row_share)(FN(row_scaled)(small, at.at[j]), r);
        }
        FN(chunk_store)(out + i, n - i, &at);
    }
}

/* sparsemax from its output: dx_i = grad_i - mean of grad over the support, on the support; else 0. */
FASTACT_INLINE void FN(sparsemax_backward_from_output)(const REAL *grad, const REAL *y, REAL *out, ptrdiff_t n) {
    FN(sums) sums = {0}, counts = {0};
    CHUNKS(i) {
        FN(chunk) g = FN(chunk_load)(grad + i, n - i, K(0)), count = FN(chunk_load)(y + i, n - i, K(0));
        EACH {
            const REAL at = count.at[j], kept = at > 0 ? g.at[j] : K(0), one = at > 0 ? K(1) : K(0);
            g.at[j] = kept;
            count.at[j] = at == at ? one : at;
        }
        FN(accumulate_chunk)(&sums, &g);
        FN(accumulate_chunk)(&counts, &count);
    }
    const FN(pair) mean = FN(row_pair)(FN(wide_divide)(FN(total)(&sums), FN(total)(&counts)));
    const REAL rest = K(0) * FN(narrow)(FN(total)(&counts)); /* NaN for a row with NaN */
    CHUNKS(i) {
        FN(chunk) g = FN(chunk_load)(grad + i, n - i, K(0));
        const FN(chunk) at = FN(chunk_load)(y + i, n - i, K(0));
        EACH {
            const REAL centred = FN(centred)(g.at[j], K(0), mean, K(1));
            g.at[j] = at.at[j] > 0 ? centred : rest;
        }
        FN(chunk_store)(out + i, n - i, &g);
    }
}
FASTACT_INLINE void FN(sparsemax_backward)(const REAL *grad, const REAL *x, REAL *out, ptrdiff_t n) {
    FN(sparsemax)(x, out, n);
    FN(sparsemax_backward_from_output)(grad, out, out, n);
}

#include "columns.h"
#include "cross_entropy.h"

#undef REAL
#undef FN
#undef K
#undef WIDE
#undef INFINITE
#undef FASTACT_TILE
#undef FASTACT_ROW_NEAR
#undef FASTACT_ROW_LARGE
#undef FASTACT_ROW_SMALL
#undef EACH
#undef CHUNKS
#undef ROW
#undef ROW_TO_ANOTHER
#undef ROW_BY_TWO
#undef PIECE

#endif /* FASTACT_ROW_FORMULAS */
