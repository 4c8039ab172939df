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
FASTACT_INLINE __m512 fastact_most_v(__m512 a, __m512 b) { return _mm512_max_ps(a, b); }
FASTACT_INLINE __m512 fastact_hold_v(__m512 x, float lower, float upper) {
    const __m512i below = _mm512_min_epi32(_mm512_castps_si512(x), _mm512_castps_si512(_mm512_set1_ps(upper)));
    return _mm512_castsi512_ps(_mm512_min_epu32(below, _mm512_castps_si512(_mm512_set1_ps(lower))));
}
FASTACT_INLINE __m512 fastact_nearer_v(__m512 a, float end) {
    return _mm512_castsi512_ps(_mm512_min_epu32(_mm512_castps_si512(a), _mm512_castps_si512(_mm512_set1_ps(end))));
}
FASTACT_INLINE __m512 fastact_abs_v(__m512 x) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), x); }
/* y >= 0 with the sign of x. */
FASTACT_INLINE __m512 fastact_signed_v(__m512 y, __m512 x) {
    return _mm512_or_ps(y, _mm512_and_ps(_mm512_set1_ps(-0.0f), x));
}
/* Where b < least what comes of an argument must be 0: here results are made so, which masks of their operations do for
 * nothing; with AVX2 the argument is. */
FASTACT_INLINE __m512 fastact_argument_from_v(__m512 b, float least, __m512 a) {
    (void)b, (void)least;
    return a;
}
FASTACT_INLINE __m512 fastact_result_from_v(__m512 b, float least, __m512 y) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(b, _mm512_set1_ps(least), _CMP_GE_OQ), y);
}
/* a where b < end, else 0. */
FASTACT_INLINE __m512 fastact_below_v(__m512 b, float end, __m512 a) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(b, _mm512_set1_ps(end), _CMP_LT_OQ), a);
}
/* yes where b < end, b <= end, or b > end, else no. */
FASTACT_INLINE __m512 fastact_where_below_v(__m512 b, float end, __m512 yes, __m512 no) {
    return _mm512_mask_mov_ps(no, _mm512_cmp_ps_mask(b, _mm512_set1_ps(end), _CMP_LT_OQ), yes);
}
FASTACT_INLINE __m512 fastact_where_up_to_v(__m512 b, float end, __m512 yes, __m512 no) {
    return _mm512_mask_mov_ps(no, _mm512_cmp_ps_mask(b, _mm512_set1_ps(end), _CMP_LE_OQ), yes);
}
FASTACT_INLINE __m512 fastact_where_beyond_v(__m512 b, float end, __m512 yes, __m512 no) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(b, _mm512_set1_ps(end), _CMP_GT_OQ), no, yes);
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
/* y, or x where x is NaN. */
FASTACT_INLINE __m512 fastact_where_number_v(__m512 x, __m512 y) {
    return _mm512_mask_mov_ps(x, _mm512_cmp_ps_mask(x, x, _CMP_ORD_Q), y);
}
FASTACT_INLINE __m512i fastact_bits_v(__m512 x) { return _mm512_castps_si512(x); }
/* The float of bits(shifted) << 19 plus the bits of the entry. */
FASTACT_INLINE __m512 fastact_sixteenths_power_v(__m512 shifted, __m512 entry) {
    const __m512i steps = _mm512_slli_epi32(_mm512_castps_si512(shifted), 19);
    return _mm512_castsi512_ps(_mm512_add_epi32(steps, _mm512_castps_si512(entry)));
}
/* y 2^floor(n), rounded once. */
FASTACT_INLINE __m512 fastact_scale_v(__m512 y, __m512 n) { return _mm512_scalef_ps(y, n); }
/* y where x has the sign bit, else 1 - y. */
FASTACT_INLINE __m512 fastact_complement_v(__m512 y, __m512 x) {
    const __mmask16 positive = _mm512_cmp_epi32_mask(_mm512_castps_si512(x), _mm512_set1_epi32(-1), _MM_CMPINT_NLE);
    return _mm512_mask_sub_ps(y, positive, _mm512_set1_ps(1.0f), y);
}
/* The table of powers itself, from the one that sixteenths_power_v takes. */
FASTACT_INLINE fastact_table fastact_powers(fastact_table table) {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i bits = _mm512_add_epi32(_mm512_castps_si512(table.all), _mm512_slli_epi32(lane, 19));
    const fastact_table powers = {_mm512_castsi512_ps(bits)};
    return powers;
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
FASTACT_INLINE __m256 fastact_most_v(__m256 a, __m256 b) { return _mm256_max_ps(a, b); }
FASTACT_INLINE __m256 fastact_hold_v(__m256 x, float lower, float upper) {
    const __m256i below = _mm256_min_epi32(_mm256_castps_si256(x), _mm256_castps_si256(_mm256_set1_ps(upper)));
    return _mm256_castsi256_ps(_mm256_min_epu32(below, _mm256_castps_si256(_mm256_set1_ps(lower))));
}
FASTACT_INLINE __m256 fastact_nearer_v(__m256 a, float end) {
    return _mm256_castsi256_ps(_mm256_min_epu32(_mm256_castps_si256(a), _mm256_castps_si256(_mm256_set1_ps(end))));
}
FASTACT_INLINE __m256 fastact_abs_v(__m256 x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
FASTACT_INLINE __m256 fastact_signed_v(__m256 y, __m256 x) {
    return _mm256_or_ps(y, _mm256_and_ps(_mm256_set1_ps(-0.0f), x));
}
FASTACT_INLINE __m256 fastact_argument_from_v(__m256 b, float least, __m256 a) {
    return _mm256_and_ps(_mm256_cmp_ps(b, _mm256_set1_ps(least), _CMP_GE_OQ), a);
}
FASTACT_INLINE __m256 fastact_result_from_v(__m256 b, float least, __m256 y) {
    (void)b, (void)least;
    return y;
}
FASTACT_INLINE __m256 fastact_below_v(__m256 b, float end, __m256 a) {
    return _mm256_and_ps(_mm256_cmp_ps(b, _mm256_set1_ps(end), _CMP_LT_OQ), a);
}
FASTACT_INLINE __m256 fastact_where_below_v(__m256 b, float end, __m256 yes, __m256 no) {
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(b, _mm256_set1_ps(end), _CMP_LT_OQ));
}
FASTACT_INLINE __m256 fastact_where_up_to_v(__m256 b, float end, __m256 yes, __m256 no) {
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(b, _mm256_set1_ps(end), _CMP_LE_OQ));
}
FASTACT_INLINE __m256 fastact_where_beyond_v(__m256 b, float end, __m256 yes, __m256 no) {
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(b, _mm256_set1_ps(end), _CMP_GT_OQ));
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
FASTACT_INLINE __m256 fastact_where_number_v(__m256 x, __m256 y) {
    return _mm256_blendv_ps(x, y, _mm256_cmp_ps(x, x, _CMP_ORD_Q));
}
FASTACT_INLINE __m256i fastact_bits_v(__m256 x) { return _mm256_castps_si256(x); }
FASTACT_INLINE __m256 fastact_sixteenths_power_v(__m256 shifted, __m256 entry) {
    const __m256i steps = _mm256_slli_epi32(_mm256_castps_si256(shifted), 19);
    return _mm256_castsi256_ps(_mm256_add_epi32(steps, _mm256_castps_si256(entry)));
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

/* Pairs, as in pairs.h. */
typedef struct { fastact_floats hi, lo; } fastact_pair_v;
FASTACT_INLINE fastact_pair_v fastact_pair_of_v(fastact_floats hi, fastact_floats lo) {
    const fastact_pair_v out = {hi, lo};
    return out;
}
FASTACT_INLINE fastact_pair_v fastact_quick_sum_v(fastact_floats a, fastact_floats b) {
    const fastact_floats sum = a + b;
    return fastact_pair_of_v(sum, b - (sum - a));
}
FASTACT_INLINE fastact_pair_v fastact_sum_v(fastact_floats a, fastact_floats b) {
    const fastact_floats sum = a + b, seen = sum - a;
    return fastact_pair_of_v(sum, (a - (sum - seen)) + (b - seen));
}
FASTACT_INLINE fastact_pair_v fastact_product_v(fastact_floats a, fastact_floats b) {
    const fastact_floats product = a * b;
    return fastact_pair_of_v(product, fastact_fma_v(a, b, -product));
}

/* The functions of these names, for a vector. */
FASTACT_INLINE fastact_floats fastact_piecewise_rest_v(
    const fastact_table *table, int last, fastact_ints piece, fastact_floats at) {
    fastact_floats h = fastact_look_up(table[last], piece);
    for (int row = last - 1; row > 1; --row) h = fastact_fma_v(h, at, fastact_look_up(table[row], piece));
    return h;
}
FASTACT_INLINE fastact_floats fastact_piecewise_v(
    const fastact_table *table, fastact_ints piece, fastact_floats a, fastact_floats base) {
    const fastact_floats at = a - fastact_look_up(table[0], piece);
    return fastact_fma_v(fastact_piecewise_rest_v(table, 7, piece, at), at, base);
}
FASTACT_INLINE fastact_ints fastact_octave_piece_v(fastact_floats b) { return fastact_shift_right_v(b, 21); }
FASTACT_INLINE fastact_ints fastact_sixteenth_piece_v(fastact_floats b) { return fastact_shift_right_v(b, 19); }
FASTACT_INLINE fastact_ints fastact_quarter_piece_v(fastact_floats a) {
    return fastact_shift_right_v(a + fastact_all(0x1.8p18f), 3);
}

/* The formulas of these names, for a vector. */
FASTACT_INLINE fastact_pair_v fastact_tanh_pair_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_TANH_END), fastact_abs_v(x));
    const fastact_floats leading = fastact_least_v(fastact_all(FASTACT_OCTAVES_FIRST_END), a);
    const fastact_ints piece = fastact_octave_piece_v(a + fastact_all(1.0f));
    const fastact_floats at = a - fastact_look_up(table[0], piece), base = leading + fastact_look_up(table[1], piece);
    const fastact_floats h = fastact_piecewise_rest_v(table, 7, piece, at);
    fastact_pair_v t;
    t.hi = fastact_fma_v(h, at, base);
    t.lo = fastact_fma_v(h, at, base - t.hi);
    return t;
}
FASTACT_INLINE fastact_floats fastact_tanh_v(fastact_floats x, const fastact_table *table) {
    return fastact_signed_v(fastact_tanh_pair_v(x, table).hi, x);
}
FASTACT_INLINE fastact_floats fastact_tanh_shrink_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats a = fastact_abs_v(x), held = fastact_least_v(fastact_all(FASTACT_TANH_SHRINK_END), a);
    const fastact_floats one = fastact_all(1.0f), third = fastact_all(1.0f / 3.0f);
    const fastact_floats b = fastact_fma_v(held, fastact_all(FASTACT_TANH_SHRINK_SCALE), one);
    const fastact_ints piece = fastact_octave_piece_v(b);
    const fastact_floats constant = fastact_look_up(table[1], piece), at = held - fastact_look_up(table[0], piece);
    const fastact_floats h = fastact_piecewise_rest_v(table, 7, piece, at);
    const fastact_floats scaled = held * fastact_all(0x1p24f), square = held * held;
    const fastact_floats cube = square * scaled, square_lo = fastact_fma_v(held, held, -square);
    const fastact_floats cube_lo = fastact_fma_v(square_lo, scaled, fastact_fma_v(square, scaled, -cube));
    const fastact_floats curve = fastact_fma_v(h, at, constant);
    const fastact_floats small = fastact_fma_v(cube, third, fastact_fma_v(cube, curve, cube_lo * fastact_all(0.255f)));
    const fastact_floats lo = (held - (held - constant)) - constant;
    const fastact_floats large = (a - constant) + fastact_fma_v(-h, at, lo);
    return fastact_signed_v(fastact_where_below_v(b, FASTACT_TANH_SHRINK_FAR, small * fastact_all(0x1p-24f), large), x);
}
FASTACT_INLINE fastact_floats fastact_tanh_shrink_derivative_v(fastact_floats x, const fastact_table *table) {
    const fastact_pair_v t = fastact_tanh_pair_v(x, table);
    return fastact_fma_v(t.hi + t.hi, t.lo, t.hi * t.hi);
}
FASTACT_INLINE fastact_floats fastact_softcap_default_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_SOFTCAP_END), fastact_abs_v(x));
    const fastact_floats leading = fastact_least_v(fastact_all(32.0f * FASTACT_OCTAVES_FIRST_END), a);
    const fastact_ints piece = fastact_octave_piece_v(fastact_fma_v(a, fastact_all(0x1p-5f), fastact_all(1.0f)));
    return fastact_signed_v(fastact_piecewise_v(table, piece, a, leading + fastact_look_up(table[1], piece)), x);
}
FASTACT_INLINE fastact_floats fastact_arctan_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats one = fastact_all(1.0f), a = fastact_abs_v(x), end = fastact_all(0x1p60f);
    const fastact_floats n = fastact_least_v(one, a), d = fastact_most_v(one, fastact_least_v(a, end));
    const fastact_floats z = n / d, rest = fastact_fma_v(-z, d, n);
    const fastact_ints piece = fastact_sixteenth_piece_v(fastact_least_v(z + one, fastact_all(0x1.fffffep0f)));
    const fastact_floats at = z - fastact_look_up(table[0], piece), base = fastact_look_up(table[1], piece);
    const fastact_floats slope = fastact_look_up(table[2], piece), h = fastact_piecewise_rest_v(table, 6, piece, at);
    const fastact_floats turn = fastact_fma_v(h, at, rest * z * slope);
    const fastact_floats beyond = fastact_all(FASTACT_HALF_PI_HI) - base;
    const fastact_floats angle_base = fastact_where_beyond_v(a, 1.0f, beyond, base);
    const fastact_floats left = fastact_where_beyond_v(a, 1.0f, fastact_all(FASTACT_HALF_PI_LO) - turn, turn);
    return fastact_signed_v(angle_base + left, x);
}
FASTACT_INLINE fastact_floats fastact_erf_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_ERF_END), fastact_abs_v(x));
    const fastact_floats leading = fastact_least_v(fastact_all(FASTACT_QUARTERS_FIRST_END), a);
    const fastact_ints piece = fastact_quarter_piece_v(a);
    return fastact_signed_v(fastact_piecewise_v(table, piece, a, leading + fastact_look_up(table[1], piece)), x);
}
typedef struct { fastact_floats s, k, shifted; } fastact_gauss_parts_v;
FASTACT_INLINE fastact_gauss_parts_v fastact_gauss_parts_of_v(fastact_floats a) {
    const fastact_floats rounder = fastact_all(FASTACT_ROUNDER);
    fastact_gauss_parts_v e;
    e.shifted = fastact_fma_v(a * fastact_all(-0.5f * FASTACT_LOG2E), a, rounder);
    e.k = e.shifted - rounder;
    const fastact_floats near = fastact_fma_v(a, a, e.k * fastact_all(2.0f * FASTACT_LN2_HI));
    e.s = fastact_fma_v(e.k, fastact_all(2.0f * FASTACT_LN2_LO), near);
    return e;
}
FASTACT_INLINE fastact_floats fastact_gauss_polynomial_v(fastact_floats s) {
#define FIRST(c) fastact_floats p = fastact_all(c);
#define STEP(c) p = fastact_fma_v(p, s, fastact_all(c));
    FASTACT_GAUSS_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    return p;
}
FASTACT_INLINE fastact_floats fastact_gelu_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats a = fastact_magnitude_v(x, FASTACT_GELU_END);
    const fastact_gauss_parts_v e = fastact_gauss_parts_of_v(a);
    const fastact_floats t = e.s * fastact_fma_v(fastact_gauss_polynomial_v(e.s), e.s, fastact_all(-0.5f));
    const fastact_floats leading = fastact_nearer_v(a, FASTACT_OCTAVES_FIRST_END);
    const fastact_ints piece = fastact_octave_piece_v(a + fastact_all(1.0f));
    const fastact_floats base = fastact_fma_v(leading, fastact_all(0.5f), fastact_look_up(table[1], piece));
    const fastact_floats h = fastact_piecewise_v(table, piece, a, base);
    const fastact_floats scaled = h * fastact_power_of_two_v(e.shifted), tail = fastact_fma_v(scaled, t, scaled);
    return fastact_fma_v(tail, fastact_all(-FASTACT_UNSCALE), fastact_positive_v(x));
}
/* k is the power of two of `shifted`. */
FASTACT_INLINE fastact_floats fastact_tail_slope_v(
    fastact_floats h, fastact_floats t, fastact_floats shifted, fastact_floats k, fastact_floats x) {
#if FASTACT_WIDTH == 16
    (void)shifted;
    return fastact_complement_v(fastact_scale_v(fastact_fma_v(h, t, h), k), x);
#else
    const fastact_floats scaled = h * fastact_power_of_two_v(shifted), tail = fastact_fma_v(scaled, t, scaled);
    const fastact_floats unscale = fastact_where_negative_v(x, FASTACT_UNSCALE, -FASTACT_UNSCALE);
    (void)k;
    return fastact_fma_v(tail, unscale, fastact_where_negative_v(x, 0.0f, 1.0f));
#endif
}
FASTACT_INLINE fastact_floats fastact_gelu_derivative_v(fastact_floats x, const fastact_table *table) {
    const float least = FASTACT_GELU_DERIVATIVE_FAR;
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_GELU_DERIVATIVE_END), fastact_abs_v(x));
    const fastact_floats b = fastact_fma_v(a, fastact_all(FASTACT_GELU_DERIVATIVE_SCALE), fastact_all(1.0f));
    const fastact_ints piece = fastact_octave_piece_v(b);
    const fastact_floats h = fastact_piecewise_v(table, piece, a, fastact_look_up(table[1], piece));
    const fastact_gauss_parts_v e = fastact_gauss_parts_of_v(fastact_argument_from_v(b, least, a));
    const fastact_floats s = fastact_result_from_v(b, least, e.s), k = fastact_result_from_v(b, least, e.k);
    const fastact_floats t = fastact_fma_v(fastact_gauss_polynomial_v(s) * s, s, fastact_all(-0.5f) * s);
    return fastact_tail_slope_v(h, t, e.shifted, k, x);
}
/* e^r - 1. */
FASTACT_INLINE fastact_floats fastact_growth_v(fastact_floats r) {
#define FIRST(c) fastact_floats p = fastact_all(c);
#define STEP(c) p = fastact_fma_v(p, r, fastact_all(c));
    FASTACT_EXP_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    return fastact_fma_v(p * r, r, r);
}
FASTACT_INLINE fastact_floats fastact_silu_derivative_v(fastact_floats x, const fastact_table *table) {
    const float least = FASTACT_SILU_DERIVATIVE_FAR;
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_TAIL_END), fastact_abs_v(x));
    const fastact_floats b = fastact_fma_v(a, fastact_all(FASTACT_SILU_DERIVATIVE_SCALE), fastact_all(1.0f));
    const fastact_ints piece = fastact_octave_piece_v(fastact_least_v(b, fastact_all(15.0f)));
    const fastact_floats h = fastact_piecewise_v(table, piece, a, fastact_look_up(table[1], piece));
    const fastact_floats far = fastact_argument_from_v(b, least, a), rounder = fastact_all(FASTACT_ROUNDER);
    const fastact_floats shifted = fastact_fma_v(far, fastact_all(-FASTACT_LOG2E), rounder);
    const fastact_floats k = fastact_result_from_v(b, least, shifted - rounder);
    const fastact_floats near = fastact_fma_v(k, fastact_all(-FASTACT_LN2_HI), -far);
    const fastact_floats r = fastact_result_from_v(b, least, fastact_fma_v(k, fastact_all(-FASTACT_LN2_LO), near));
    return fastact_tail_slope_v(h, fastact_growth_v(r), shifted, k, x);
}
FASTACT_INLINE fastact_floats fastact_quick_gelu_derivative_v(fastact_floats x, const fastact_table *table) {
    const float least = FASTACT_QUICK_GELU_DERIVATIVE_FAR;
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_TAIL_END / FASTACT_QUICK_GELU_ABOVE), fastact_abs_v(x));
    const fastact_floats b = fastact_fma_v(a, fastact_all(FASTACT_QUICK_GELU_DERIVATIVE_SCALE), fastact_all(1.0f));
    const fastact_ints piece = fastact_octave_piece_v(fastact_least_v(b, fastact_all(15.0f)));
    const fastact_floats h = fastact_piecewise_v(table, piece, a, fastact_look_up(table[1], piece));
    const fastact_floats far = fastact_argument_from_v(b, least, a), rounder = fastact_all(FASTACT_ROUNDER);
    const fastact_floats shifted = fastact_fma_v(far, fastact_all(-FASTACT_QUICK_GELU_LOG2E), rounder);
    const fastact_floats k = fastact_result_from_v(b, least, shifted - rounder);
    const fastact_floats near = fastact_fma_v(k, fastact_all(-FASTACT_QUICK_GELU_LN2_HI), -far);
    const fastact_floats rest = fastact_fma_v(k, fastact_all(-FASTACT_QUICK_GELU_LN2_LO), near);
    const fastact_floats r = fastact_result_from_v(b, least, rest);
#define FIRST(c) fastact_floats p = fastact_all(c);
#define STEP(c) p = fastact_fma_v(p, r, fastact_all(c));
    FASTACT_QUICK_GELU_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const fastact_floats t = fastact_fma_v(r, fastact_all((float)FASTACT_WIDE_QUICK_GELU_HI), p * r * r);
    return fastact_tail_slope_v(h, t, shifted, k, x);
}
FASTACT_INLINE fastact_floats fastact_gelu_tanh_derivative_v(fastact_floats x, const fastact_table *table) {
    const float least = FASTACT_GELU_TANH_DERIVATIVE_FAR;
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_GELU_TANH_DERIVATIVE_END), fastact_abs_v(x));
    const fastact_floats b = fastact_fma_v(a, fastact_all(FASTACT_GELU_TANH_DERIVATIVE_SCALE), fastact_all(1.0f));
    const fastact_ints piece = fastact_octave_piece_v(b);
    const fastact_floats h = fastact_piecewise_v(table, piece, a, fastact_look_up(table[1], piece));
    const fastact_floats far = fastact_argument_from_v(b, least, a), rounder = fastact_all(FASTACT_ROUNDER);
    const fastact_floats line = fastact_all(FASTACT_GELU_TANH_TAIL_LINE), cube = fastact_all(FASTACT_GELU_TANH_TAIL_CUBE);
    const fastact_floats u = far * far, u_lo = fastact_fma_v(far, far, -u), slope = fastact_fma_v(u, cube, line);
    const fastact_floats slope_lo = fastact_fma_v(u_lo, cube, fastact_fma_v(u, cube, line - slope));
    const fastact_floats shifted = fastact_fma_v(slope * fastact_all(-FASTACT_LOG2E), far, rounder);
    const fastact_floats k = fastact_result_from_v(b, least, shifted - rounder);
    const fastact_floats near = fastact_fma_v(-slope, far, k * fastact_all(-FASTACT_LN2_HI));
    const fastact_floats rest = fastact_fma_v(slope_lo, far, k * fastact_all(FASTACT_LN2_LO));
    const fastact_floats r = fastact_result_from_v(b, least, near - rest);
    return fastact_tail_slope_v(h, fastact_growth_v(r), shifted, k, x);
}
typedef struct { fastact_floats a, b, c; fastact_ints piece; } fastact_softplus_piece_v;
FASTACT_INLINE fastact_softplus_piece_v fastact_softplus_piece_of_v(fastact_floats x, const fastact_table *table) {
    fastact_softplus_piece_v p;
    p.a = fastact_least_v(fastact_all(FASTACT_TAIL_END), fastact_abs_v(x));
    p.b = fastact_fma_v(p.a, fastact_all(FASTACT_SOFTPLUS_TAIL_SCALE), fastact_all(1.0f));
    p.piece = fastact_octave_piece_v(fastact_nearer_v(p.b, 15.0f));
    p.c = fastact_look_up(table[8], p.piece);
    return p;
}
FASTACT_INLINE fastact_floats fastact_softplus_derivative_from_output_default_v(
    fastact_floats y, const fastact_table *table) {
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_EXP_COMPLEMENT_END), fastact_positive_v(y));
    const fastact_floats b = fastact_fma_v(a, fastact_all(FASTACT_EXP_COMPLEMENT_SCALE), fastact_all(1.0f));
    const fastact_ints piece = fastact_octave_piece_v(b);
    return fastact_piecewise_v(table, piece, a, fastact_look_up(table[1], piece));
}
FASTACT_INLINE fastact_floats fastact_log_sigmoid_derivative_from_output_v(
    fastact_floats y, const fastact_table *table) {
    return fastact_softplus_derivative_from_output_default_v(-y, table);
}

FASTACT_INLINE fastact_floats fastact_below_zero_v(fastact_floats x, const fastact_table *table, float times) {
    const fastact_floats held = fastact_hold_v(x, -FASTACT_EXPM1_END, 0.0f);
    const fastact_floats leading = fastact_nearer_v(held, -2.0f * FASTACT_OCTAVES_FIRST_END);
    const fastact_ints piece = fastact_octave_piece_v(fastact_fma_v(held, fastact_all(-0.5f), fastact_all(1.0f)));
    const fastact_floats base = fastact_fma_v(leading, fastact_all(times), fastact_look_up(table[1], piece));
    return fastact_piecewise_v(table, piece, held, base);
}
FASTACT_INLINE fastact_floats fastact_elu_default_v(fastact_floats x, const fastact_table *table) {
    return fastact_most_v(fastact_below_zero_v(x, table, 1.0f), x);
}
FASTACT_INLINE fastact_floats fastact_selu_v(fastact_floats x, const fastact_table *table) {
    const float rest = (float)((FASTACT_WIDE_SELU_SCALE_HI - 1) + FASTACT_WIDE_SELU_SCALE_LO);
    const fastact_floats positive = fastact_positive_v(x), above = fastact_fma_v(positive, fastact_all(rest), positive);
    return fastact_where_below_v(x, 0.0f, fastact_below_zero_v(x, table, 2.0f), above);
}

FASTACT_INLINE fastact_pair_v fastact_pair_times_v(fastact_pair_v a, fastact_floats b) {
    const fastact_pair_v product = fastact_product_v(a.hi, b);
    return fastact_pair_of_v(product.hi, fastact_fma_v(a.lo, b, product.lo));
}
FASTACT_INLINE fastact_pair_v fastact_pair_square_v(fastact_pair_v a) {
    const fastact_pair_v square = fastact_product_v(a.hi, a.hi);
    return fastact_pair_of_v(square.hi, fastact_fma_v(a.hi + a.hi, a.lo, square.lo));
}
FASTACT_INLINE fastact_floats fastact_divide_v(fastact_pair_v n, fastact_pair_v d) {
    const fastact_floats reciprocal = fastact_all(1.0f) / d.hi, quotient = n.hi * reciprocal;
    const fastact_floats rest = fastact_fma_v(-quotient, d.hi, n.hi) + fastact_fma_v(-quotient, d.lo, n.lo);
    return fastact_fma_v(rest, reciprocal, quotient);
}

typedef struct { fastact_floats power, t; } fastact_exp_product_v;
FASTACT_INLINE fastact_floats fastact_exp_cubic_v(fastact_floats r, float c3, float c2, float c1, float c0) {
    const fastact_floats line = fastact_fma_v(fastact_all(c3), r, fastact_all(c2));
    return fastact_fma_v(fastact_fma_v(line, r, fastact_all(c1)), r, fastact_all(c0));
}
FASTACT_INLINE fastact_exp_product_v fastact_exp_product_from_v(
    const fastact_table *table, fastact_floats shifted, fastact_floats r, float c3, float c2, float c1, float c0) {
    fastact_exp_product_v e;
    e.power = fastact_sixteenths_power_v(shifted, fastact_look_up(table[0], fastact_bits_v(shifted)));
    e.t = fastact_exp_cubic_v(r, c3, c2, c1, c0);
    return e;
}
FASTACT_INLINE fastact_exp_product_v fastact_exp_product_of_v(
    const fastact_table *table, fastact_floats z_hi, fastact_floats z_lo, fastact_floats rounder, float inverse,
    float step_hi, float step_lo, float c3, float c2, float c1, float c0) {
    const fastact_floats shifted = fastact_fma_v(z_hi, fastact_all(inverse), rounder), n = shifted - rounder;
    const fastact_floats near = fastact_fma_v(n, fastact_all(-step_hi), z_hi);
    const fastact_floats r = fastact_fma_v(n, fastact_all(-step_lo), near) - z_lo;
    return fastact_exp_product_from_v(table, shifted, r, c3, c2, c1, c0);
}
FASTACT_INLINE fastact_exp_product_v fastact_exp_product_of_square_v(
    const fastact_table *table, fastact_floats a, float rounder, float inverse, float step_hi, float step_lo, float c3,
    float c2, float c1, float c0) {
    const fastact_floats shifted = fastact_fma_v(a * fastact_all(inverse), a, fastact_all(rounder));
    const fastact_floats n = shifted - fastact_all(rounder), near = fastact_fma_v(a, a, n * fastact_all(-step_hi));
    return fastact_exp_product_from_v(table, shifted, fastact_fma_v(n, fastact_all(-step_lo), near), c3, c2, c1, c0);
}
#if FASTACT_WIDTH == 16
/* AVX-512 scales by any power of two and rounds once, where the scalar formula takes two products. n is in units of 1
 * here, with sixteenths; of an infinite x it is infinite, and the result without having overflowed. */
FASTACT_INLINE fastact_floats fastact_exponential_from_v(
    fastact_floats x, const fastact_table *table, float inverse, float step_hi, float step_lo, float c3, float c2,
    float c1, float c0) {
    const fastact_floats rounder = fastact_all(0x1.8p19f), raised = fastact_most_v(fastact_all(-FASTACT_EXP_END), x);
    const fastact_floats held = fastact_least_v(fastact_all(FASTACT_EXP_END), raised);
    const fastact_floats shifted = fastact_fma_v(raised, fastact_all(0x1p-4f * inverse), rounder), n = shifted - rounder;
    const fastact_floats near = fastact_fma_v(n, fastact_all(-0x1p4f * step_hi), held);
    const fastact_floats r = fastact_fma_v(n, fastact_all(-0x1p4f * step_lo), near);
    /* Beyond the end r is far below its range; only the sign of 1 + t counts there. */
    const fastact_floats t = fastact_exp_cubic_v(fastact_most_v(fastact_all(-0x1p-5f), r), c3, c2, c1, c0);
    const fastact_floats power = fastact_look_up(fastact_powers(table[0]), fastact_bits_v(shifted));
    return fastact_scale_v(fastact_fma_v(power, t, power), n);
}
FASTACT_INLINE fastact_floats fastact_exponential_v(fastact_floats x, const fastact_table *table) {
    return fastact_exponential_from_v(x, table, FASTACT_EXPONENTIAL_EXP);
}
#else
FASTACT_INLINE fastact_floats fastact_exponential_v(fastact_floats x, const fastact_table *table) {
    const float less = FASTACT_UNSCALE, more = 1.0f / FASTACT_UNSCALE, up = FASTACT_SIXTEENTHS_ROUNDER;
    const fastact_floats held = fastact_hold_v(x, -FASTACT_EXP_END, FASTACT_EXP_MOST), zero = fastact_all(0.0f);
    const fastact_floats rounder = fastact_where_negative_v(x, up, FASTACT_SIXTEENTHS_ROUNDER_DOWN);
    const fastact_exp_product_v e = fastact_exp_product_of_v(table, held, zero, rounder, FASTACT_EXPONENTIAL_EXP);
    const fastact_floats result = fastact_fma_v(e.power, e.t, e.power) * fastact_where_negative_v(x, less, more);
    const fastact_floats beyond = fastact_where_up_to_v(x, FASTACT_EXP_MOST, zero, x);
    return fastact_fma_v(beyond, fastact_all(FASTACT_LARGEST), result);
}
#endif
FASTACT_INLINE fastact_floats fastact_exponential_derivative_v(fastact_floats x, const fastact_table *table) {
    return fastact_exponential_v(x, table);
}
FASTACT_INLINE fastact_floats fastact_exponential_second_derivative_v(fastact_floats x, const fastact_table *table) {
    return fastact_exponential_v(x, table);
}

FASTACT_INLINE fastact_floats fastact_softplus_tail_v(
    fastact_softplus_piece_v p, fastact_floats error, const fastact_table *table) {
    const fastact_floats first = fastact_look_up(table[1], p.piece);
    const fastact_floats base = first + fastact_below_v(p.b, FASTACT_SOFTPLUS_TAIL_FAR, error);
    const fastact_floats d = fastact_piecewise_v(table, p.piece, p.a, base);
    const fastact_exp_product_v e = fastact_exp_product_of_v(
        table + 9, p.a, fastact_all(0.0f), fastact_all(FASTACT_SIXTEENTHS_ROUNDER), FASTACT_DECAY_EXP);
    const fastact_floats far = fastact_fma_v(e.t, d, e.t) + d;
    const fastact_floats power = fastact_where_below_v(
        p.b, FASTACT_SOFTPLUS_TAIL_FAR, fastact_all(1.0f / FASTACT_UNSCALE), e.power);
    const fastact_floats part = fastact_where_below_v(p.b, FASTACT_SOFTPLUS_TAIL_FAR, d, far);
    const fastact_floats lead = fastact_where_below_v(p.b, FASTACT_SOFTPLUS_TAIL_FAR, fastact_all(0.0f), power);
    return fastact_fma_v(power, part, lead);
}
FASTACT_INLINE fastact_floats fastact_softplus_default_v(fastact_floats x, const fastact_table *table) {
    const fastact_softplus_piece_v p = fastact_softplus_piece_of_v(x, table);
    const fastact_floats above = fastact_where_below_v(p.b, 1.25f, fastact_all(0.5f) * x, fastact_positive_v(x));
    const fastact_floats sum = above + p.c, tail = fastact_softplus_tail_v(p, above - (sum - p.c), table);
    return fastact_where_number_v(x, fastact_fma_v(tail, fastact_all(FASTACT_UNSCALE), sum));
}
FASTACT_INLINE fastact_floats fastact_log_sigmoid_v(fastact_floats x, const fastact_table *table) {
    const fastact_softplus_piece_v p = fastact_softplus_piece_of_v(x, table);
    const fastact_floats negative = fastact_least_v(fastact_all(0.0f), x);
    const fastact_floats below = fastact_where_below_v(p.b, 1.25f, fastact_all(0.5f) * x, negative);
    const fastact_floats sum = below - p.c, tail = fastact_softplus_tail_v(p, (sum + p.c) - below, table);
    return fastact_where_number_v(x, fastact_fma_v(tail, fastact_all(-FASTACT_UNSCALE), sum));
}
FASTACT_INLINE fastact_pair_v fastact_positive_sum_v(fastact_floats a, fastact_floats b) {
    const fastact_floats sum = a + b, more = fastact_most_v(a, b), less = fastact_least_v(a, b);
    return fastact_pair_of_v(sum, less - (sum - more));
}
FASTACT_INLINE fastact_pair_v fastact_plus_exp_v(float a, fastact_exp_product_v e) {
    const fastact_pair_v sum = fastact_positive_sum_v(fastact_all(a), e.power);
    return fastact_quick_sum_v(sum.hi, fastact_fma_v(e.power, e.t, sum.lo));
}
FASTACT_INLINE fastact_floats fastact_gate_v(fastact_floats x, float scale, fastact_exp_product_v e) {
    const fastact_pair_v sum = fastact_positive_sum_v(fastact_all(FASTACT_UNSCALE), e.power);
    const fastact_floats more = fastact_fma_v(e.power, e.t, sum.lo);
    const fastact_floats reciprocal = fastact_all(1.0f) / (sum.hi + more), scaled = x * fastact_all(scale);
    const fastact_floats quotient = scaled * reciprocal;
    const fastact_floats rest = fastact_fma_v(-quotient, more, fastact_fma_v(-quotient, sum.hi, scaled));
    return fastact_fma_v(rest, reciprocal, quotient) * fastact_all(FASTACT_UNSCALE / scale);
}
FASTACT_INLINE fastact_floats fastact_density_v(fastact_exp_product_v e, float factor) {
    const fastact_floats one = fastact_all(1.0f), unscale = fastact_all(FASTACT_UNSCALE);
    const fastact_pair_v sum = fastact_quick_sum_v(e.power, unscale);
    const fastact_floats more = fastact_fma_v(e.power, e.t, sum.lo), scaled = one / (sum.hi + more);
    const fastact_floats rest = fastact_fma_v(-scaled, more, fastact_fma_v(-scaled, sum.hi, one));
    const fastact_floats s = scaled * unscale, slope = fastact_fma_v(fastact_all(-2.0f), s, one);
    return fastact_fma_v(scaled, fastact_fma_v(rest, slope, -s), scaled) * fastact_all(factor * FASTACT_UNSCALE);
}
FASTACT_INLINE fastact_floats fastact_times_exp_v(fastact_floats times, fastact_exp_product_v e) {
    const fastact_pair_v scaled = fastact_product_v(e.power, times);
    return (scaled.hi + fastact_fma_v(scaled.hi, e.t, scaled.lo)) * fastact_all(FASTACT_UNSCALE);
}
#if FASTACT_WIDTH == 16
FASTACT_INLINE fastact_floats fastact_gaussian_from_v(
    fastact_floats x, const fastact_table *table, float inverse, float step_hi, float step_lo, float c3, float c2,
    float c1, float c0) {
    const fastact_floats rounder = fastact_all(0x1.8p19f);
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_GAUSSIAN_END), fastact_abs_v(x));
    const fastact_floats shifted = fastact_fma_v(a * fastact_all(0x1p-4f * inverse), a, rounder), n = shifted - rounder;
    const fastact_floats near = fastact_fma_v(a, a, n * fastact_all(-0x1p4f * step_hi));
    const fastact_floats r = fastact_fma_v(n, fastact_all(-0x1p4f * step_lo), near);
    const fastact_floats power = fastact_look_up(fastact_powers(table[0]), fastact_bits_v(shifted));
    return fastact_scale_v(fastact_fma_v(power, fastact_exp_cubic_v(r, c3, c2, c1, c0), power), n);
}
FASTACT_INLINE fastact_floats fastact_gaussian_v(fastact_floats x, const fastact_table *table) {
    return fastact_gaussian_from_v(x, table, FASTACT_DECAY_EXP);
}
#else
FASTACT_INLINE fastact_floats fastact_gaussian_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats a = fastact_least_v(fastact_all(FASTACT_GAUSSIAN_END), fastact_abs_v(x));
    fastact_exp_product_v e = fastact_exp_product_of_square_v(table, a, FASTACT_SIXTEENTHS_ROUNDER, FASTACT_DECAY_EXP);
    e.power = fastact_nearer_v(e.power, FASTACT_LARGEST); /* NaN is kept by t */
    return fastact_fma_v(e.power, e.t, e.power) * fastact_all(FASTACT_UNSCALE);
}
#endif
/* NaN is kept by the reduced argument; what the power is then must be a number. */
FASTACT_INLINE fastact_floats fastact_sigmoid_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats raised = fastact_most_v(fastact_all(-FASTACT_EXP_END), x), zero = fastact_all(0.0f);
    const fastact_floats held = fastact_least_v(fastact_all(FASTACT_LOGISTIC_END), raised);
    const fastact_floats rounder = fastact_all(FASTACT_SIXTEENTHS_ROUNDER_DOWN);
    fastact_exp_product_v e = fastact_exp_product_of_v(table, held, zero, rounder, FASTACT_DECAY_EXP);
    e.power = fastact_nearer_v(e.power, FASTACT_LARGEST);
    return fastact_gate_v(fastact_all(1.0f), 1.0f, e);
}
FASTACT_INLINE fastact_floats fastact_sigmoid_derivative_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats z = -fastact_magnitude_v(x, FASTACT_EXP_END);
    const fastact_exp_product_v e = fastact_exp_product_of_v(
        table, z, fastact_all(0.0f), fastact_all(FASTACT_SIXTEENTHS_ROUNDER_DOWN), FASTACT_DECAY_EXP);
    return fastact_where_number_v(x, fastact_density_v(e, 1.0f));
}
FASTACT_INLINE fastact_floats fastact_log_sigmoid_second_derivative_v(fastact_floats x, const fastact_table *table) {
    return -fastact_sigmoid_derivative_v(x, table);
}
FASTACT_INLINE fastact_floats fastact_tanh_derivative_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats z = fastact_all(-2.0f) * fastact_magnitude_v(x, 0.5f * FASTACT_EXP_END);
    const fastact_exp_product_v e = fastact_exp_product_of_v(
        table, z, fastact_all(0.0f), fastact_all(FASTACT_SIXTEENTHS_ROUNDER_DOWN), FASTACT_DECAY_EXP);
    return fastact_where_number_v(x, fastact_density_v(e, 4.0f));
}
FASTACT_INLINE fastact_floats fastact_softcap_derivative_default_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats z = -fastact_magnitude_v(x, 15.0f * FASTACT_EXP_END);
    const fastact_exp_product_v e = fastact_exp_product_of_v(
        table, z, fastact_all(0.0f), fastact_all(FASTACT_SIXTEENTHS_ROUNDER_DOWN), FASTACT_SOFTCAP_EXP);
    return fastact_where_number_v(x, fastact_density_v(e, 4.0f));
}
FASTACT_INLINE fastact_floats fastact_gaussian_derivative_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats a = fastact_magnitude_v(x, FASTACT_GAUSSIAN_END);
    const fastact_exp_product_v e = fastact_exp_product_of_square_v(
        table, a, FASTACT_SIXTEENTHS_ROUNDER, FASTACT_DECAY_EXP);
    return fastact_where_number_v(x, fastact_signed_v(fastact_times_exp_v(a + a, e), -x));
}
FASTACT_INLINE fastact_floats fastact_erf_derivative_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats a = fastact_magnitude_v(x, FASTACT_GAUSSIAN_END);
    const fastact_exp_product_v e = fastact_exp_product_of_square_v(
        table, a, FASTACT_SIXTEENTHS_ROUNDER, FASTACT_ERF_SLOPE_EXP);
    return fastact_where_number_v(x, fastact_times_exp_v(fastact_all((float)FASTACT_TWO_OVER_ROOT_PI_HI), e));
}
FASTACT_INLINE fastact_floats fastact_log_sigmoid_derivative_v(fastact_floats x, const fastact_table *table) {
    return fastact_sigmoid_v(-x, table);
}
FASTACT_INLINE fastact_floats fastact_silu_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats held = fastact_hold_v(x, -FASTACT_TAIL_END, FASTACT_LOGISTIC_END);
    const fastact_exp_product_v e = fastact_exp_product_of_v(
        table, held, fastact_all(0.0f), fastact_all(FASTACT_SIXTEENTHS_ROUNDER_DOWN), FASTACT_DECAY_EXP);
    return fastact_where_up_to_v(x, FASTACT_LOGISTIC_END, fastact_gate_v(held, FASTACT_GATE_SCALE, e), x);
}
FASTACT_INLINE fastact_floats fastact_quick_gelu_v(fastact_floats x, const fastact_table *table) {
    const float most = FASTACT_LOGISTIC_END / FASTACT_QUICK_GELU_ABOVE;
    const fastact_floats held = fastact_hold_v(x, -FASTACT_TAIL_END / FASTACT_QUICK_GELU_ABOVE, most);
    const fastact_exp_product_v e = fastact_exp_product_of_v(
        table, held, fastact_all(0.0f), fastact_all(FASTACT_SIXTEENTHS_ROUNDER_DOWN), FASTACT_QUICK_GELU_EXP);
    return fastact_where_up_to_v(x, most, fastact_gate_v(held, FASTACT_GATE_SCALE, e), x);
}
FASTACT_INLINE fastact_floats fastact_gelu_tanh_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats held = fastact_hold_v(x, FASTACT_GELU_TANH_LEAST, FASTACT_GELU_TANH_MOST);
    const fastact_pair_v square = fastact_product_v(held, held);
    fastact_pair_v factor = fastact_pair_times_v(square, fastact_all(FASTACT_GELU_TANH_CUBE));
    factor.lo = fastact_fma_v(square.hi, fastact_all(FASTACT_GELU_TANH_CUBE_LO), factor.lo);
    const fastact_pair_v cube = fastact_pair_times_v(factor, held), z = fastact_sum_v(cube.hi, held);
    const fastact_exp_product_v e = fastact_exp_product_of_v(
        table, z.hi, -(z.lo + cube.lo), fastact_all(FASTACT_SIXTEENTHS_ROUNDER_DOWN), FASTACT_GELU_TANH_EXP);
    return fastact_where_up_to_v(x, FASTACT_GELU_TANH_MOST, fastact_gate_v(held, FASTACT_GATE_SCALE, e), x);
}
FASTACT_INLINE fastact_floats fastact_mish_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats unscale = fastact_all(FASTACT_UNSCALE);
    const fastact_floats held = fastact_hold_v(x, -FASTACT_TAIL_END, FASTACT_MISH_END);
    const fastact_exp_product_v e = fastact_exp_product_of_v(
        table, held, fastact_all(0.0f), fastact_all(FASTACT_SIXTEENTHS_ROUNDER), FASTACT_GROWTH_EXP);
    const fastact_floats power = e.power * unscale;
    fastact_pair_v more = fastact_positive_sum_v(fastact_all(2.0f), power);
    more.lo = fastact_fma_v(power, e.t, more.lo);
    fastact_pair_v n = fastact_pair_times_v(more, e.power);
    n = fastact_quick_sum_v(n.hi, fastact_fma_v(n.hi + n.lo, e.t, n.lo));
    fastact_pair_v d = fastact_positive_sum_v(fastact_all(2.0f), n.hi * unscale);
    d.lo = fastact_fma_v(n.lo, unscale, d.lo);
    const fastact_floats result = fastact_divide_v(fastact_pair_times_v(n, held), d) * unscale;
    return fastact_where_up_to_v(x, FASTACT_MISH_END, result, x);
}
FASTACT_INLINE fastact_floats fastact_mish_derivative_v(fastact_floats x, const fastact_table *table) {
    const fastact_floats one = fastact_all(1.0f), held = fastact_hold_v(x, -FASTACT_TAIL_END, FASTACT_MISH_END);
    const fastact_exp_product_v e = fastact_exp_product_of_v(
        table, held, fastact_all(0.0f), fastact_all(FASTACT_SIXTEENTHS_ROUNDER), FASTACT_GROWTH_EXP);
    const fastact_exp_product_v unscaled = {e.power * fastact_all(FASTACT_UNSCALE), e.t};
    const fastact_pair_v f = fastact_plus_exp_v(1.0f, unscaled), square = fastact_pair_square_v(f);
    const fastact_pair_v line = fastact_quick_sum_v(fastact_all(4.0f) * held, one);
    const fastact_pair_v curve = fastact_sum_v(f.hi, line.hi), bracket = fastact_sum_v(square.hi, curve.hi);
    const fastact_floats bracket_lo = ((curve.lo + line.lo) + (f.lo + square.lo)) + bracket.lo;
    const fastact_pair_v product = fastact_product_v(bracket.hi, f.hi), b = fastact_quick_sum_v(one, product.hi);
    const fastact_floats b_lo = fastact_fma_v(
        f.hi, bracket_lo, fastact_fma_v(f.lo, bracket.hi, product.lo + b.lo));
    const fastact_pair_v d = fastact_quick_sum_v(one, square.hi);
    const fastact_pair_v divisor = fastact_pair_square_v(fastact_pair_of_v(d.hi, d.lo + square.lo));
    fastact_pair_v n = fastact_pair_times_v(fastact_pair_of_v(b.hi, b_lo), e.power);
    n.lo = fastact_fma_v(n.hi, e.t, n.lo);
    const fastact_floats result = fastact_divide_v(n, divisor) * fastact_all(FASTACT_UNSCALE);
    return fastact_where_number_v(x, result);
}
#endif /* a table look-up */

#if FASTACT_HAS_LOOKUP
#define FASTACT_ARRAY(name, TABLE, ROWS) \
    FASTACT_INLINE void fastact_##name##_array_f32(const float *x, float *y, ptrdiff_t length) { \
        static const float entries[ROWS][16] = TABLE; \
        fastact_table table[ROWS]; \
        ptrdiff_t i = 0; \
        for (int j = 0; j < ROWS; ++j) table[j] = fastact_load_table(entries[j]); \
        for (; i + FASTACT_WIDTH <= length; i += FASTACT_WIDTH) \
            fastact_store_v(y + i, fastact_##name##_v(fastact_load_v(x + i), table)); \
        if (i < length) \
            fastact_store_some(y + i, length - i, fastact_##name##_v(fastact_load_some(x + i, length - i), table)); \
    }
#else
#define FASTACT_ARRAY(name, TABLE, ROWS) \
    FASTACT_INLINE void fastact_##name##_array_f32(const float *x, float *y, ptrdiff_t length) { \
        for (ptrdiff_t i = 0; i < length; ++i) y[i] = fastact_##name##_f32(x[i]); \
    }
#endif
FASTACT_ARRAY(gelu, FASTACT_GELU_TABLE, 8)
FASTACT_ARRAY(tanh, FASTACT_TANH_TABLE, 8)
FASTACT_ARRAY(erf, FASTACT_ERF_TABLE, 8)
FASTACT_ARRAY(silu_derivative, FASTACT_SILU_DERIVATIVE_TABLE, 8)
FASTACT_ARRAY(quick_gelu_derivative, FASTACT_QUICK_GELU_DERIVATIVE_TABLE, 8)
FASTACT_ARRAY(gelu_derivative, FASTACT_GELU_DERIVATIVE_TABLE, 8)
FASTACT_ARRAY(gelu_tanh_derivative, FASTACT_GELU_TANH_DERIVATIVE_TABLE, 8)
FASTACT_ARRAY(softplus_default, FASTACT_SOFTPLUS_TAIL_TABLE, 10)
FASTACT_ARRAY(log_sigmoid, FASTACT_SOFTPLUS_TAIL_TABLE, 10)
FASTACT_ARRAY(softplus_derivative_from_output_default, FASTACT_EXP_COMPLEMENT_TABLE, 8)
FASTACT_ARRAY(log_sigmoid_derivative_from_output, FASTACT_EXP_COMPLEMENT_TABLE, 8)
FASTACT_ARRAY(elu_default, FASTACT_EXPM1_TABLE, 8)
FASTACT_ARRAY(selu, FASTACT_SELU_TABLE, 8)
FASTACT_ARRAY(exponential, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(exponential_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(exponential_second_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(gaussian, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(sigmoid, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(sigmoid_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(log_sigmoid_second_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(tanh_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(softcap_derivative_default, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(gaussian_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(erf_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(log_sigmoid_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(silu, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(quick_gelu, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(gelu_tanh, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(mish, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(mish_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(arctan, FASTACT_ARCTAN_TABLE, 7)
FASTACT_ARRAY(softcap_default, FASTACT_SOFTCAP_TABLE, 8)
FASTACT_ARRAY(tanh_shrink, FASTACT_TANH_SHRINK_TABLE, 8)
FASTACT_ARRAY(tanh_shrink_derivative, FASTACT_TANH_TABLE, 8)
#undef FASTACT_ARRAY

#include "vectors_f64.h"

#undef FASTACT_REAL

#endif /* FASTACT_VECTORS_H */
