/*
 * Formulas whose table must stand in registers: a loop over the scalar formula in activations.h would gather from
 * memory, several times slower. Each function here maps a contiguous array (in place is allowed) to the bits of the
 * scalar formula; where the instruction set has no table look-up it is the plain loop.
 *
 * The operations, their order and their roundings are those of the scalar formula: change both or neither.
 */
#ifndef FASTACT_VECTORS_H
#define FASTACT_VECTORS_H

#include <stddef.h>

#include "activations.h"

#if FASTACT_HAS_LOOKUP
#include <immintrin.h>

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define FASTACT_WIDTH 16
typedef __m512 fastact_floats;
typedef __m512i fastact_ints;
typedef struct { __m512 all; } fastact_table; /* 16 floats */
FASTACT_INLINE fastact_table fastact_load_table(const float *entries) {
    const fastact_table table = {_mm512_loadu_ps(entries)};
    return table;
}
/* The entry at the low four bits of each index. */
FASTACT_INLINE __m512 fastact_look_up(fastact_table table, __m512i index) {
    return _mm512_permutexvar_ps(index, table.all);
}
FASTACT_INLINE __m512 fastact_all(float x) { return _mm512_set1_ps(x); }
FASTACT_INLINE __m512 fastact_fma_v(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }
FASTACT_INLINE __m512 fastact_magnitude_v(__m512 x, float end) {
    const __m512i bits = _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7fffffff));
    return _mm512_castsi512_ps(_mm512_min_epi32(bits, _mm512_castps_si512(_mm512_set1_ps(end))));
}
FASTACT_INLINE __m512 fastact_least_v(__m512 a, __m512 b) { return _mm512_min_ps(a, b); } /* b where one is NaN */
FASTACT_INLINE __m512 fastact_abs_v(__m512 x) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), x); }
/* y >= 0 with the sign of x. */
FASTACT_INLINE __m512 fastact_signed_v(__m512 y, __m512 x) {
    return _mm512_or_ps(y, _mm512_and_ps(_mm512_set1_ps(-0.0f), x));
}
/* a where b >= least, else 0. */
FASTACT_INLINE __m512 fastact_from_v(__m512 b, float least, __m512 a) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(b, _mm512_set1_ps(least), _CMP_GE_OQ), a);
}
/* Constants: the first where x has the sign bit. */
FASTACT_INLINE __m512 fastact_where_negative_v(__m512 x, float yes, float no) {
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(x)), _mm512_set1_ps(no), _mm512_set1_ps(yes));
}
FASTACT_INLINE __m512i fastact_shift_right_v(__m512 x, int count) {
    return _mm512_srli_epi32(_mm512_castps_si512(x), (unsigned)count);
}
FASTACT_INLINE __m512 fastact_power_of_two_v(__m512 shifted) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(shifted), 23));
}
/* max(0, x), which is x where x is NaN or -0. */
FASTACT_INLINE __m512 fastact_positive_v(__m512 x) { return _mm512_max_ps(_mm512_setzero_ps(), x); }
/* The first `count` elements; the others are 0 and are not read or written. */
FASTACT_INLINE __m512 fastact_load_some(const float *x, ptrdiff_t count) {
    return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1u), x);
}
FASTACT_INLINE void fastact_store_some(float *y, ptrdiff_t count, __m512 value) {
    _mm512_mask_storeu_ps(y, (__mmask16)((1u << count) - 1u), value);
}
FASTACT_INLINE __m512 fastact_load_v(const float *x) { return _mm512_loadu_ps(x); }
FASTACT_INLINE void fastact_store_v(float *y, __m512 value) { _mm512_storeu_ps(y, value); }

#else /* AVX2 */
#define FASTACT_WIDTH 8
typedef __m256 fastact_floats;
typedef __m256i fastact_ints;
typedef struct { __m256 low, high; } fastact_table;
FASTACT_INLINE fastact_table fastact_load_table(const float *entries) {
    const fastact_table table = {_mm256_loadu_ps(entries), _mm256_loadu_ps(entries + 8)};
    return table;
}
FASTACT_INLINE __m256 fastact_look_up(fastact_table table, __m256i index) {
    const __m256 upper = _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)); /* bit 3 becomes the sign, which selects */
    return _mm256_blendv_ps(
        _mm256_permutevar8x32_ps(table.low, index), _mm256_permutevar8x32_ps(table.high, index), upper);
}
FASTACT_INLINE __m256 fastact_all(float x) { return _mm256_set1_ps(x); }
FASTACT_INLINE __m256 fastact_fma_v(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }
FASTACT_INLINE __m256 fastact_magnitude_v(__m256 x, float end) {
    const __m256i bits = _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x7fffffff));
    return _mm256_castsi256_ps(_mm256_min_epi32(bits, _mm256_castps_si256(_mm256_set1_ps(end))));
}
FASTACT_INLINE __m256 fastact_least_v(__m256 a, __m256 b) { return _mm256_min_ps(a, b); } /* b where one is NaN */
FASTACT_INLINE __m256 fastact_abs_v(__m256 x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
FASTACT_INLINE __m256 fastact_signed_v(__m256 y, __m256 x) {
    return _mm256_or_ps(y, _mm256_and_ps(_mm256_set1_ps(-0.0f), x));
}
FASTACT_INLINE __m256 fastact_from_v(__m256 b, float least, __m256 a) {
    return _mm256_and_ps(_mm256_cmp_ps(b, _mm256_set1_ps(least), _CMP_GE_OQ), a);
}
FASTACT_INLINE __m256 fastact_where_negative_v(__m256 x, float yes, float no) {
    return _mm256_blendv_ps(_mm256_set1_ps(no), _mm256_set1_ps(yes), x);
}
FASTACT_INLINE __m256i fastact_shift_right_v(__m256 x, int count) {
    return _mm256_srli_epi32(_mm256_castps_si256(x), count);
}
FASTACT_INLINE __m256 fastact_power_of_two_v(__m256 shifted) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(shifted), 23));
}
FASTACT_INLINE __m256 fastact_positive_v(__m256 x) { return _mm256_max_ps(_mm256_setzero_ps(), x); }
FASTACT_INLINE __m256i fastact_first(ptrdiff_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lane);
}
FASTACT_INLINE __m256 fastact_load_some(const float *x, ptrdiff_t count) {
    return _mm256_maskload_ps(x, fastact_first(count));
}
FASTACT_INLINE void fastact_store_some(float *y, ptrdiff_t count, __m256 value) {
    _mm256_maskstore_ps(y, fastact_first(count), value);
}
FASTACT_INLINE __m256 fastact_load_v(const float *x) { return _mm256_loadu_ps(x); }
FASTACT_INLINE void fastact_store_v(float *y, __m256 value) { _mm256_storeu_ps(y, value); }
#endif

#define FASTACT_PRECISION 32
#include "precision.h"
#undef FASTACT_PRECISION

/* fastact_piecewise_f32, for a vector. */
FASTACT_INLINE fastact_floats fastact_piecewise_v(
    const fastact_table table[8], fastact_ints piece, fastact_floats a, fastact_floats base) {
    const fastact_floats at = a - fastact_look_up(table[0], piece);
    fastact_floats h = fastact_look_up(table[7], piece);
    h = fastact_fma_v(h, at, fastact_look_up(table[6], piece));
    h = fastact_fma_v(h, at, fastact_look_up(table[5], piece));
    h = fastact_fma_v(h, at, fastact_look_up(table[4], piece));
    h = fastact_fma_v(h, at, fastact_look_up(table[3], piece));
    h = fastact_fma_v(h, at, fastact_look_up(table[2], piece));
    return fastact_fma_v(h, at, base);
}
FASTACT_INLINE fastact_ints fastact_octave_piece_v(fastact_floats b) { return fastact_shift_right_v(b, 21); }
FASTACT_INLINE fastact_ints fastact_quarter_piece_v(fastact_floats a) {
    return fastact_shift_right_v(a + fastact_all(0x1.8p18f), 3);
}

/* The formulas of these names, for a vector. */
FASTACT_INLINE fastact_floats fastact_tanh_v(fastact_floats x, const fastact_table table[8]) {
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_TANH_END), fastact_abs_v(x));
    const fastact_floats leading = fastact_least_v(fastact_all(FASTACT_OCTAVES_FIRST_END), a);
    const fastact_ints piece = fastact_octave_piece_v(a + fastact_all(1.0f));
    return fastact_signed_v(fastact_piecewise_v(table, piece, a, leading + fastact_look_up(table[1], piece)), x);
}
FASTACT_INLINE fastact_floats fastact_erf_v(fastact_floats x, const fastact_table table[8]) {
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_ERF_END), fastact_abs_v(x));
    const fastact_floats leading = fastact_least_v(fastact_all(FASTACT_QUARTERS_FIRST_END), a);
    const fastact_ints piece = fastact_quarter_piece_v(a);
    return fastact_signed_v(fastact_piecewise_v(table, piece, a, leading + fastact_look_up(table[1], piece)), x);
}
typedef struct { fastact_floats s, p, shifted; } fastact_gauss_parts_v;
FASTACT_INLINE fastact_gauss_parts_v fastact_gauss_parts_of_v(fastact_floats a) {
    const fastact_floats rounder = fastact_all(FASTACT_ROUNDER);
    fastact_gauss_parts_v e;
    e.shifted = fastact_fma_v(a * fastact_all(-0.5f * FASTACT_LOG2E), a, rounder);
    const fastact_floats k = e.shifted - rounder;
    e.s = fastact_fma_v(
        k, fastact_all(2.0f * FASTACT_LN2_LO), fastact_fma_v(a, a, k * fastact_all(2.0f * FASTACT_LN2_HI)));
#define FIRST(c) e.p = fastact_all(c);
#define STEP(c) e.p = fastact_fma_v(e.p, e.s, fastact_all(c));
    FASTACT_GAUSS_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    return e;
}
FASTACT_INLINE fastact_floats fastact_gelu_v(fastact_floats x, const fastact_table table[8]) {
    const fastact_floats a = fastact_magnitude_v(x, FASTACT_GELU_END);
    const fastact_gauss_parts_v e = fastact_gauss_parts_of_v(a);
    const fastact_floats t = e.s * fastact_fma_v(e.p, e.s, fastact_all(-0.5f));
    const fastact_floats least = fastact_least_v(a, fastact_all(FASTACT_OCTAVES_FIRST_END));
    const fastact_floats leading = least * fastact_all(0.5f);
    const fastact_ints piece = fastact_octave_piece_v(a + fastact_all(1.0f));
    const fastact_floats h = fastact_piecewise_v(table, piece, a, leading + fastact_look_up(table[1], piece));
    const fastact_floats scaled = h * fastact_power_of_two_v(e.shifted), tail = fastact_fma_v(scaled, t, scaled);
    return fastact_fma_v(tail, fastact_all(-FASTACT_UNSCALE), fastact_positive_v(x));
}
FASTACT_INLINE fastact_floats fastact_tail_slope_v(
    fastact_floats h, fastact_floats t, fastact_floats shifted, fastact_floats x) {
    const fastact_floats scaled = h * fastact_power_of_two_v(shifted), tail = fastact_fma_v(scaled, t, scaled);
    const fastact_floats unscale = fastact_where_negative_v(x, FASTACT_UNSCALE, -FASTACT_UNSCALE);
    return fastact_fma_v(tail, unscale, fastact_where_negative_v(x, 0.0f, 1.0f));
}
FASTACT_INLINE fastact_floats fastact_gelu_derivative_v(fastact_floats x, const fastact_table table[8]) {
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_GELU_DERIVATIVE_END), fastact_abs_v(x));
    const fastact_floats b = fastact_fma_v(a, fastact_all(FASTACT_GELU_DERIVATIVE_SCALE), fastact_all(1.0f));
    const fastact_ints piece = fastact_octave_piece_v(b);
    const fastact_floats h = fastact_piecewise_v(table, piece, a, fastact_look_up(table[1], piece));
    const fastact_gauss_parts_v e = fastact_gauss_parts_of_v(fastact_from_v(b, FASTACT_GELU_DERIVATIVE_FAR, a));
    const fastact_floats t = fastact_fma_v(e.p * e.s, e.s, fastact_all(-0.5f) * e.s);
    return fastact_tail_slope_v(h, t, e.shifted, x);
}
FASTACT_INLINE fastact_floats fastact_silu_derivative_v(fastact_floats x, const fastact_table table[8]) {
    const fastact_floats rounder = fastact_all(FASTACT_ROUNDER);
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_TAIL_END), fastact_abs_v(x));
    const fastact_floats b = fastact_fma_v(a, fastact_all(FASTACT_SILU_DERIVATIVE_SCALE), fastact_all(1.0f));
    const fastact_ints piece = fastact_octave_piece_v(fastact_least_v(b, fastact_all(15.0f)));
    const fastact_floats h = fastact_piecewise_v(table, piece, a, fastact_look_up(table[1], piece));
    const fastact_floats far = fastact_from_v(b, FASTACT_SILU_DERIVATIVE_FAR, a);
    const fastact_floats shifted = fastact_fma_v(far, fastact_all(-FASTACT_LOG2E), rounder), k = shifted - rounder;
    const fastact_floats r = fastact_fma_v(
        k, fastact_all(-FASTACT_LN2_LO), fastact_fma_v(k, fastact_all(-FASTACT_LN2_HI), -far));
#define FIRST(c) fastact_floats p = fastact_all(c);
#define STEP(c) p = fastact_fma_v(p, r, fastact_all(c));
    FASTACT_EXP_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    return fastact_tail_slope_v(h, fastact_fma_v(p * r, r, r), shifted, x);
}
#endif /* a table look-up */

#if FASTACT_HAS_LOOKUP
#define FASTACT_ARRAY(name, TABLE) \
    FASTACT_INLINE void fastact_##name##_array_f32(const float *x, float *y, ptrdiff_t length) { \
        static const float entries[8][16] = TABLE; \
        fastact_table table[8]; \
        ptrdiff_t i = 0; \
        for (int j = 0; j < 8; ++j) table[j] = fastact_load_table(entries[j]); \
        for (; i + FASTACT_WIDTH <= length; i += FASTACT_WIDTH) \
            fastact_store_v(y + i, fastact_##name##_v(fastact_load_v(x + i), table)); \
        if (i < length) \
            fastact_store_some(y + i, length - i, fastact_##name##_v(fastact_load_some(x + i, length - i), table)); \
    }
#else
#define FASTACT_ARRAY(name, TABLE) \
    FASTACT_INLINE void fastact_##name##_array_f32(const float *x, float *y, ptrdiff_t length) { \
        for (ptrdiff_t i = 0; i < length; ++i) y[i] = fastact_##name##_f32(x[i]); \
    }
#endif
FASTACT_ARRAY(gelu, FASTACT_GELU_TABLE)
FASTACT_ARRAY(tanh, FASTACT_TANH_TABLE)
FASTACT_ARRAY(erf, FASTACT_ERF_TABLE)
FASTACT_ARRAY(silu_derivative, FASTACT_SILU_DERIVATIVE_TABLE)
FASTACT_ARRAY(gelu_derivative, FASTACT_GELU_DERIVATIVE_TABLE)
#undef FASTACT_ARRAY

#undef FASTACT_REAL

#endif /* FASTACT_VECTORS_H */
