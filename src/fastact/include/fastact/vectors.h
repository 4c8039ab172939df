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

#if (defined(__AVX512F__) && defined(__AVX512DQ__)) || (defined(__AVX2__) && defined(__FMA__))
#include <immintrin.h>
#define FASTACT_HAS_LOOKUP 1

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
FASTACT_INLINE __m512 fastact_least_v(__m512 a, __m512 b) { return _mm512_min_ps(a, b); }
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
FASTACT_INLINE __m256 fastact_least_v(__m256 a, __m256 b) { return _mm256_min_ps(a, b); }
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

/* fastact_gelu_f32, for a vector. */
FASTACT_INLINE fastact_floats fastact_gelu_v(fastact_floats x, const fastact_table table[8]) {
    const fastact_floats rounder = fastact_all(FASTACT_ROUNDER);
    const fastact_floats a = fastact_magnitude_v(x, FASTACT_GELU_END);
    const fastact_floats shifted = fastact_fma_v(a * fastact_all(-0.5f * FASTACT_LOG2E), a, rounder);
    const fastact_floats k = shifted - rounder;
    const fastact_floats s = fastact_fma_v(
        k, fastact_all(2.0f * FASTACT_LN2_LO), fastact_fma_v(a, a, k * fastact_all(2.0f * FASTACT_LN2_HI)));
#define FIRST(c) fastact_floats p = fastact_all(c);
#define STEP(c) p = fastact_fma_v(p, s, fastact_all(c));
    FASTACT_GAUSS_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const fastact_floats t = s * fastact_fma_v(p, s, fastact_all(-0.5f));
    const fastact_ints piece = fastact_shift_right_v(a + fastact_all(1.0f), 21);
    const fastact_floats at = a - fastact_look_up(table[0], piece);
    fastact_floats h = fastact_look_up(table[7], piece);
    h = fastact_fma_v(h, at, fastact_look_up(table[6], piece));
    h = fastact_fma_v(h, at, fastact_look_up(table[5], piece));
    h = fastact_fma_v(h, at, fastact_look_up(table[4], piece));
    h = fastact_fma_v(h, at, fastact_look_up(table[3], piece));
    h = fastact_fma_v(h, at, fastact_look_up(table[2], piece));
    const fastact_floats least = fastact_least_v(a, fastact_all(FASTACT_GELU_FIRST_END));
    h = fastact_fma_v(h, at, fastact_fma_v(least, fastact_all(0.5f), fastact_look_up(table[1], piece)));
    const fastact_floats scaled = h * fastact_power_of_two_v(shifted), tail = fastact_fma_v(scaled, t, scaled);
    return fastact_fma_v(tail, fastact_all(-FASTACT_UNSCALE), fastact_positive_v(x));
}
#endif /* a table look-up */

FASTACT_INLINE void fastact_gelu_array_f32(const float *x, float *y, ptrdiff_t length) {
    ptrdiff_t i = 0;
#ifdef FASTACT_HAS_LOOKUP
    static const float entries[8][16] = FASTACT_GELU_TABLE;
    fastact_table table[8];
    for (int j = 0; j < 8; ++j) table[j] = fastact_load_table(entries[j]);
    for (; i + FASTACT_WIDTH <= length; i += FASTACT_WIDTH)
        fastact_store_v(y + i, fastact_gelu_v(fastact_load_v(x + i), table));
    if (i < length) fastact_store_some(y + i, length - i, fastact_gelu_v(fastact_load_some(x + i, length - i), table));
#else
    for (; i < length; ++i) y[i] = fastact_gelu_f32(x[i]);
#endif
}

#undef FASTACT_REAL

#endif /* FASTACT_VECTORS_H */
