/*
 * The formulas in double whose table must stand in registers, as in vectors.h, which includes this.
 *
 * The table has eight doubles: one register with AVX-512; with AVX2 two, of their upper and of their lower halves.
 */
#ifndef FASTACT_VECTORS_F64_H
#define FASTACT_VECTORS_F64_H

#define FASTACT_PRECISION 64
#include "precision.h"
#undef FASTACT_PRECISION

#if FASTACT_HAS_LOOKUP
#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define FASTACT_DOUBLES 8
typedef __m512d fastact_doubles;
typedef struct { __m512d all; } fastact_table_d;
FASTACT_INLINE fastact_table_d fastact_load_table_d(const double *entries) {
    const fastact_table_d table = {_mm512_loadu_pd(entries)};
    return table;
}
/* The entry at the low three bits of each number. */
FASTACT_INLINE __m512d fastact_look_up_d(fastact_table_d table, __m512d index) {
    return _mm512_permutexvar_pd(_mm512_castpd_si512(index), table.all);
}
FASTACT_INLINE __m512d fastact_all_d(double x) { return _mm512_set1_pd(x); }
FASTACT_INLINE __m512d fastact_fma_d(__m512d a, __m512d b, __m512d c) { return _mm512_fmadd_pd(a, b, c); }
FASTACT_INLINE __m512d fastact_least_d(__m512d a, __m512d b) { return _mm512_min_pd(a, b); } /* b where one is NaN */
FASTACT_INLINE __m512d fastact_most_d(__m512d a, __m512d b) { return _mm512_max_pd(a, b); }
FASTACT_INLINE __m512d fastact_abs_d(__m512d x) { return _mm512_andnot_pd(_mm512_set1_pd(-0.0), x); }
/* yes where b <= end, else no. */
FASTACT_INLINE __m512d fastact_where_up_to_d(__m512d b, double end, __m512d yes, __m512d no) {
    return _mm512_mask_mov_pd(no, _mm512_cmp_pd_mask(b, _mm512_set1_pd(end), _CMP_LE_OQ), yes);
}
/* yes where b < end, else no. */
FASTACT_INLINE __m512d fastact_where_below_d(__m512d b, double end, __m512d yes, __m512d no) {
    return _mm512_mask_blend_pd(_mm512_cmp_pd_mask(b, _mm512_set1_pd(end), _CMP_LT_OQ), no, yes);
}
/* yes where x has the sign bit, else no. */
FASTACT_INLINE __m512d fastact_where_signed_d(__m512d x, __m512d yes, __m512d no) {
    return _mm512_mask_blend_pd(_mm512_movepi64_mask(_mm512_castpd_si512(x)), no, yes);
}
/* y with the sign of x set, too. */
FASTACT_INLINE __m512d fastact_signed_d(__m512d y, __m512d x) {
    return _mm512_or_pd(y, _mm512_and_pd(_mm512_set1_pd(-0.0), x));
}
/* y, or x where x is NaN. */
FASTACT_INLINE __m512d fastact_where_number_d(__m512d x, __m512d y) {
    return _mm512_mask_mov_pd(x, _mm512_cmp_pd_mask(x, x, _CMP_ORD_Q), y);
}
/* The double of bits(shifted) << 49 plus the bits of the entry. */
FASTACT_INLINE __m512d fastact_eighths_power_d(__m512d shifted, __m512d entry) {
    const __m512i steps = _mm512_slli_epi64(_mm512_castpd_si512(shifted), 49);
    return _mm512_castsi512_pd(_mm512_add_epi64(steps, _mm512_castpd_si512(entry)));
}
FASTACT_INLINE __m512d fastact_load_d(const double *x) { return _mm512_loadu_pd(x); }
FASTACT_INLINE void fastact_store_d(double *y, __m512d value) { _mm512_storeu_pd(y, value); }
/* The first `count` elements; the others are 0 and are not read or written. */
FASTACT_INLINE __m512d fastact_load_some_d(const double *x, ptrdiff_t count) {
    return _mm512_maskz_loadu_pd((__mmask8)((1u << count) - 1u), x);
}
FASTACT_INLINE void fastact_store_some_d(double *y, ptrdiff_t count, __m512d value) {
    _mm512_mask_storeu_pd(y, (__mmask8)((1u << count) - 1u), value);
}

#else /* AVX2 */
#define FASTACT_DOUBLES 4
typedef __m256d fastact_doubles;
typedef struct { __m256i lower, upper; } fastact_table_d;
FASTACT_INLINE fastact_table_d fastact_load_table_d(const double *entries) {
    int32_t lower[8], upper[8];
    fastact_table_d table;
    for (int i = 0; i < 8; ++i) {
        lower[i] = (int32_t)fastact_bits_f64(entries[i]);
        upper[i] = (int32_t)(fastact_bits_f64(entries[i]) >> 32);
    }
    table.lower = _mm256_loadu_si256((const __m256i *)lower);
    table.upper = _mm256_loadu_si256((const __m256i *)upper);
    return table;
}
FASTACT_INLINE __m256d fastact_look_up_d(fastact_table_d table, __m256d index) {
    const __m256i both = _mm256_castps_si256(_mm256_moveldup_ps(_mm256_castpd_ps(index)));
    const __m256i lower = _mm256_permutevar8x32_epi32(table.lower, both);
    return _mm256_castsi256_pd(_mm256_blend_epi32(lower, _mm256_permutevar8x32_epi32(table.upper, both), 0xaa));
}
FASTACT_INLINE __m256d fastact_all_d(double x) { return _mm256_set1_pd(x); }
FASTACT_INLINE __m256d fastact_fma_d(__m256d a, __m256d b, __m256d c) { return _mm256_fmadd_pd(a, b, c); }
FASTACT_INLINE __m256d fastact_least_d(__m256d a, __m256d b) { return _mm256_min_pd(a, b); } /* b where one is NaN */
FASTACT_INLINE __m256d fastact_most_d(__m256d a, __m256d b) { return _mm256_max_pd(a, b); }
FASTACT_INLINE __m256d fastact_abs_d(__m256d x) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), x); }
FASTACT_INLINE __m256d fastact_where_up_to_d(__m256d b, double end, __m256d yes, __m256d no) {
    return _mm256_blendv_pd(no, yes, _mm256_cmp_pd(b, _mm256_set1_pd(end), _CMP_LE_OQ));
}
FASTACT_INLINE __m256d fastact_where_below_d(__m256d b, double end, __m256d yes, __m256d no) {
    return _mm256_blendv_pd(no, yes, _mm256_cmp_pd(b, _mm256_set1_pd(end), _CMP_LT_OQ));
}
FASTACT_INLINE __m256d fastact_where_signed_d(__m256d x, __m256d yes, __m256d no) {
    return _mm256_blendv_pd(no, yes, x);
}
FASTACT_INLINE __m256d fastact_signed_d(__m256d y, __m256d x) {
    return _mm256_or_pd(y, _mm256_and_pd(_mm256_set1_pd(-0.0), x));
}
FASTACT_INLINE __m256d fastact_where_number_d(__m256d x, __m256d y) {
    return _mm256_blendv_pd(x, y, _mm256_cmp_pd(x, x, _CMP_ORD_Q));
}
FASTACT_INLINE __m256d fastact_eighths_power_d(__m256d shifted, __m256d entry) {
    const __m256i steps = _mm256_slli_epi64(_mm256_castpd_si256(shifted), 49);
    return _mm256_castsi256_pd(_mm256_add_epi64(steps, _mm256_castpd_si256(entry)));
}
FASTACT_INLINE __m256d fastact_load_d(const double *x) { return _mm256_loadu_pd(x); }
FASTACT_INLINE void fastact_store_d(double *y, __m256d value) { _mm256_storeu_pd(y, value); }
FASTACT_INLINE __m256i fastact_first_d(ptrdiff_t count) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3));
}
FASTACT_INLINE __m256d fastact_load_some_d(const double *x, ptrdiff_t count) {
    return _mm256_maskload_pd(x, fastact_first_d(count));
}
FASTACT_INLINE void fastact_store_some_d(double *y, ptrdiff_t count, __m256d value) {
    _mm256_maskstore_pd(y, fastact_first_d(count), value);
}
#endif

/* The same for constants. */
FASTACT_INLINE fastact_doubles fastact_where_negative_d(fastact_doubles x, double yes, double no) {
    return fastact_where_signed_d(x, fastact_all_d(yes), fastact_all_d(no));
}
/* NaN gives a bound. */
FASTACT_INLINE fastact_doubles fastact_hold_d(fastact_doubles x, double lower, double upper) {
    return fastact_most_d(fastact_least_d(x, fastact_all_d(upper)), fastact_all_d(lower));
}
FASTACT_INLINE fastact_doubles fastact_magnitude_d(fastact_doubles x, double end) {
    return fastact_least_d(fastact_abs_d(x), fastact_all_d(end));
}

/* The formulas of these names, for a vector. */
typedef struct { fastact_doubles power, t; } fastact_exp_product_d;
FASTACT_INLINE fastact_exp_product_d fastact_exp_product_of_d(
    const fastact_table_d *table, fastact_doubles z_hi, fastact_doubles z_lo, double rounder, double inverse,
    double step_hi, double step_lo, double c7, double c6, double c5, double c4, double c3, double c2, double c1,
    double c0) {
    const fastact_doubles shifted = fastact_fma_d(z_hi, fastact_all_d(inverse), fastact_all_d(rounder));
    const fastact_doubles n = shifted - fastact_all_d(rounder);
    const fastact_doubles near = fastact_fma_d(n, fastact_all_d(-step_hi), z_hi);
    const fastact_doubles r = fastact_fma_d(n, fastact_all_d(-step_lo), near) - z_lo;
    fastact_exp_product_d e;
    e.power = fastact_eighths_power_d(shifted, fastact_look_up_d(table[0], shifted));
    e.t = fastact_fma_d(fastact_all_d(c7), r, fastact_all_d(c6));
    e.t = fastact_fma_d(fastact_fma_d(e.t, r, fastact_all_d(c5)), r, fastact_all_d(c4));
    e.t = fastact_fma_d(fastact_fma_d(e.t, r, fastact_all_d(c3)), r, fastact_all_d(c2));
    e.t = fastact_fma_d(fastact_fma_d(e.t, r, fastact_all_d(c1)), r, fastact_all_d(c0));
    return e;
}
FASTACT_INLINE fastact_exp_product_d fastact_growth_from_d(
    const fastact_table_d *table, fastact_doubles shifted, fastact_doubles r, double c5, double c4, double c3,
    double c2, double c1, double c0) {
    fastact_exp_product_d e;
    e.power = fastact_eighths_power_d(shifted, fastact_look_up_d(table[0], shifted));
    e.t = fastact_fma_d(fastact_all_d(c5), r, fastact_all_d(c4));
    e.t = fastact_fma_d(fastact_fma_d(e.t, r, fastact_all_d(c3)), r, fastact_all_d(c2));
    e.t = fastact_fma_d(fastact_fma_d(e.t, r, fastact_all_d(c1)), r, fastact_all_d(c0));
    e.t = fastact_fma_d(r * r, e.t, r);
    return e;
}
FASTACT_INLINE fastact_exp_product_d fastact_growth_of_d(
    const fastact_table_d *table, fastact_doubles z, fastact_doubles rounder, double inverse, double step_hi,
    double step_lo, double shift, double c5, double c4, double c3, double c2, double c1, double c0) {
    const fastact_doubles shifted = fastact_fma_d(z, fastact_all_d(inverse), rounder), n = shifted - rounder;
    const fastact_doubles near = fastact_fma_d(n, fastact_all_d(-step_hi), z) - fastact_all_d(shift);
    const fastact_doubles r = fastact_fma_d(n, fastact_all_d(-step_lo), near);
    return fastact_growth_from_d(table, shifted, r, c5, c4, c3, c2, c1, c0);
}
FASTACT_INLINE fastact_exp_product_d fastact_growth_of_product_d(
    const fastact_table_d *table, fastact_doubles a, fastact_doubles b, double rounder, double inverse, double step_hi,
    double step_lo, double shift, double c5, double c4, double c3, double c2, double c1, double c0) {
    const fastact_doubles shifted = fastact_fma_d(b * fastact_all_d(inverse), a, fastact_all_d(rounder));
    const fastact_doubles n = shifted - fastact_all_d(rounder), near = fastact_fma_d(b, a, n * fastact_all_d(-step_hi));
    const fastact_doubles r = fastact_fma_d(n, fastact_all_d(-step_lo), near - fastact_all_d(shift));
    return fastact_growth_from_d(table, shifted, r, c5, c4, c3, c2, c1, c0);
}
FASTACT_INLINE fastact_doubles fastact_plus_exp_d(fastact_exp_product_d e) {
    const fastact_doubles one = fastact_all_d(FASTACT_UNSCALE), sum = one + e.power;
    const fastact_doubles lo = fastact_least_d(one, e.power) - (sum - fastact_most_d(one, e.power));
    return sum + fastact_fma_d(e.power, e.t, lo);
}
FASTACT_INLINE fastact_exp_product_d fastact_expm1_product_of_d(
    const fastact_table_d *table, fastact_doubles z, double inverse, double step_hi, double step_lo, double c6,
    double c5, double c4, double c3, double c2, double c1, double c0) {
    const fastact_doubles rounder = fastact_all_d(0x1.8p52);
    const fastact_doubles shifted = fastact_fma_d(z, fastact_all_d(inverse), rounder), n = shifted - rounder;
    const fastact_doubles near = fastact_fma_d(n, fastact_all_d(-step_hi), z) + fastact_look_up_d(table[1], shifted);
    const fastact_doubles r = fastact_fma_d(n, fastact_all_d(-step_lo), near);
    fastact_exp_product_d e;
    e.power = fastact_eighths_power_d(shifted, fastact_look_up_d(table[0], shifted));
    e.t = fastact_fma_d(fastact_all_d(c6), r, fastact_all_d(c5));
    e.t = fastact_fma_d(fastact_fma_d(e.t, r, fastact_all_d(c4)), r, fastact_all_d(c3));
    e.t = fastact_fma_d(fastact_fma_d(e.t, r, fastact_all_d(c2)), r, fastact_all_d(c1));
    e.t = fastact_fma_d(r * r, fastact_fma_d(e.t, r, fastact_all_d(c0)), r);
    return e;
}
typedef struct { fastact_doubles hi, lo; } fastact_pair_d;
FASTACT_INLINE fastact_pair_d fastact_expm1_by_table_d(fastact_doubles z, const fastact_table_d *table) {
    const fastact_exp_product_d e = fastact_expm1_product_of_d(table, z, FASTACT_EXPM1_EXP);
    const fastact_doubles one = fastact_all_d(1.0), base = e.power - one;
    const fastact_doubles rest = fastact_fma_d(e.power, e.t, e.power - (base + one));
    fastact_pair_d sum;
    sum.hi = base + rest;
    sum.lo = rest - (sum.hi - base);
    return sum;
}
FASTACT_INLINE fastact_doubles fastact_density_by_table_d(fastact_exp_product_d parts, double factor) {
    const fastact_doubles scaled = fastact_fma_d(parts.power, parts.t, parts.power);
    const fastact_doubles e = scaled * fastact_all_d(FASTACT_UNSCALE);
    const fastact_doubles d = fastact_fma_d(e, fastact_all_d(2.0) + e, fastact_all_d(1.0));
    return scaled / d * fastact_all_d(factor * FASTACT_UNSCALE);
}
FASTACT_INLINE fastact_doubles fastact_exponential_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles held = fastact_hold_d(x, -FASTACT_EXP_END, FASTACT_EXP_MOST);
    const fastact_doubles rounder = fastact_where_negative_d(x, FASTACT_EIGHTHS_ROUNDER, FASTACT_EIGHTHS_ROUNDER_DOWN);
    const fastact_doubles unscale = fastact_where_negative_d(x, FASTACT_UNSCALE, 1.0 / FASTACT_UNSCALE);
    const fastact_exp_product_d e = fastact_growth_of_d(table, held, rounder, FASTACT_GROWTH_EXP);
    const fastact_doubles result = fastact_fma_d(e.power, e.t, e.power) * unscale;
    const fastact_doubles beyond = fastact_where_up_to_d(x, FASTACT_EXP_MOST, fastact_all_d(0.0), x);
    return fastact_fma_d(beyond, fastact_all_d(FASTACT_LARGEST), result);
}
FASTACT_INLINE fastact_doubles fastact_exponential_derivative_d(fastact_doubles x, const fastact_table_d *table) {
    return fastact_exponential_d(x, table);
}
FASTACT_INLINE fastact_doubles fastact_exponential_second_derivative_d(
    fastact_doubles x, const fastact_table_d *table) {
    return fastact_exponential_d(x, table);
}
FASTACT_INLINE fastact_doubles fastact_gaussian_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles a = fastact_magnitude_d(x, FASTACT_GAUSSIAN_END);
    const fastact_exp_product_d e = fastact_growth_of_product_d(
        table, a, -a, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
    return fastact_where_number_d(x, fastact_fma_d(e.power, e.t, e.power) * fastact_all_d(FASTACT_UNSCALE));
}
FASTACT_INLINE fastact_doubles fastact_sigmoid_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles held = fastact_hold_d(x, -FASTACT_EXP_END, FASTACT_LOGISTIC_END);
    const fastact_doubles d = fastact_plus_exp_d(
        fastact_growth_of_d(table, -held, fastact_all_d(FASTACT_EIGHTHS_ROUNDER_DOWN), FASTACT_GROWTH_EXP));
    return fastact_where_number_d(x, fastact_all_d(1.0) / d * fastact_all_d(FASTACT_UNSCALE));
}
FASTACT_INLINE fastact_doubles fastact_log_sigmoid_derivative_d(fastact_doubles x, const fastact_table_d *table) {
    return fastact_sigmoid_d(-x, table);
}
FASTACT_INLINE fastact_doubles fastact_silu_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles held = fastact_hold_d(x, -FASTACT_TAIL_END, FASTACT_LOGISTIC_END);
    const fastact_doubles d = fastact_plus_exp_d(
        fastact_growth_of_d(table, -held, fastact_all_d(FASTACT_EIGHTHS_ROUNDER_DOWN), FASTACT_GROWTH_EXP));
    return fastact_where_up_to_d(x, FASTACT_LOGISTIC_END, held / d * fastact_all_d(FASTACT_UNSCALE), x);
}
FASTACT_INLINE fastact_doubles fastact_quick_gelu_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles held = fastact_hold_d(x, -FASTACT_TAIL_END / FASTACT_QUICK_GELU_ABOVE, FASTACT_LOGISTIC_END);
    const fastact_doubles d = fastact_plus_exp_d(fastact_exp_product_of_d(
        table, held, fastact_all_d(0.0), FASTACT_EIGHTHS_ROUNDER_DOWN, FASTACT_QUICK_GELU_EXP));
    return fastact_where_up_to_d(x, FASTACT_LOGISTIC_END, held / d * fastact_all_d(FASTACT_UNSCALE), x);
}
FASTACT_INLINE fastact_doubles fastact_gelu_tanh_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles held = fastact_hold_d(x, FASTACT_GELU_TANH_LEAST, FASTACT_GELU_TANH_MOST);
    const fastact_doubles slope = fastact_all_d(FASTACT_GELU_TANH_CUBE);
    const fastact_doubles square = held * held, square_lo = fastact_fma_d(held, held, -square);
    const fastact_doubles factor = square * slope;
    const fastact_doubles factor_rest = fastact_fma_d(square_lo, slope, fastact_fma_d(square, slope, -factor));
    const fastact_doubles factor_lo = fastact_fma_d(square, fastact_all_d(FASTACT_GELU_TANH_CUBE_LO), factor_rest);
    const fastact_doubles cube = factor * held;
    const fastact_doubles cube_lo = fastact_fma_d(factor_lo, held, fastact_fma_d(factor, held, -cube));
    const fastact_doubles z = cube + held, seen = z - cube, z_lo = (cube - (z - seen)) + (held - seen);
    const fastact_doubles d = fastact_plus_exp_d(fastact_exp_product_of_d(
        table, z, -(z_lo + cube_lo), FASTACT_EIGHTHS_ROUNDER_DOWN, FASTACT_GELU_TANH_EXP));
    return fastact_where_up_to_d(x, FASTACT_GELU_TANH_MOST, held / d * fastact_all_d(FASTACT_UNSCALE), x);
}
FASTACT_INLINE fastact_doubles fastact_sigmoid_derivative_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_exp_product_d parts = fastact_growth_of_d(
        table, -fastact_magnitude_d(x, FASTACT_EXP_END), fastact_all_d(FASTACT_EIGHTHS_ROUNDER), FASTACT_GROWTH_EXP);
    return fastact_where_number_d(x, fastact_density_by_table_d(parts, 1.0));
}
FASTACT_INLINE fastact_doubles fastact_log_sigmoid_second_derivative_d(
    fastact_doubles x, const fastact_table_d *table) {
    return -fastact_sigmoid_derivative_d(x, table);
}
FASTACT_INLINE fastact_doubles fastact_tanh_derivative_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles z = fastact_all_d(-2.0) * fastact_magnitude_d(x, 0.5 * FASTACT_EXP_END);
    const fastact_exp_product_d parts = fastact_growth_of_d(
        table, z, fastact_all_d(FASTACT_EIGHTHS_ROUNDER), FASTACT_GROWTH_EXP);
    return fastact_where_number_d(x, fastact_density_by_table_d(parts, 4.0));
}
FASTACT_INLINE fastact_doubles fastact_softcap_derivative_default_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles a = fastact_magnitude_d(x, 15.0 * FASTACT_EXP_END), zero = fastact_all_d(0.0);
    const fastact_exp_product_d parts = fastact_exp_product_of_d(
        table, a, zero, FASTACT_EIGHTHS_ROUNDER, FASTACT_SOFTCAP_EXP);
    return fastact_where_number_d(x, fastact_density_by_table_d(parts, 4.0));
}
FASTACT_INLINE fastact_doubles fastact_softplus_default_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles a = fastact_magnitude_d(x, FASTACT_EXP_END), half = fastact_all_d(0.5);
    const fastact_exp_product_d parts = fastact_growth_of_d(
        table, -a, fastact_all_d(FASTACT_EIGHTHS_ROUNDER), FASTACT_GROWTH_EXP);
    const fastact_doubles scaled = fastact_fma_d(parts.power, parts.t, parts.power);
    const fastact_doubles e = scaled * fastact_all_d(FASTACT_UNSCALE), square = a * a;
#define FIRST(c) fastact_doubles near = fastact_all_d(c);
#define STEP(c) near = fastact_fma_d(near, square, fastact_all_d(c));
    FASTACT_SOFTPLUS_NEAR_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
#define FIRST(c) fastact_doubles far = fastact_all_d(c);
#define STEP(c) far = fastact_fma_d(far, e, fastact_all_d(c));
    FASTACT_SOFTPLUS_FAR_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const fastact_doubles ln2 = fastact_all_d(FASTACT_WIDE_LN2_HI), line = fastact_fma_d(x, half, ln2);
    const fastact_doubles line_lo = fastact_fma_d(x, half, ln2 - line) + fastact_all_d(FASTACT_WIDE_LN2_LO);
    const fastact_doubles log1p = fastact_fma_d(-scaled * e, far, scaled);
    const fastact_doubles inside = line + fastact_fma_d(square, near, line_lo);
    const fastact_doubles above = fastact_most_d(fastact_all_d(0.0), x);
    const fastact_doubles outside = fastact_fma_d(log1p, fastact_all_d(FASTACT_UNSCALE), above);
    return fastact_where_below_d(a, FASTACT_SOFTPLUS_END, inside, outside);
}
FASTACT_INLINE fastact_doubles fastact_log_sigmoid_d(fastact_doubles x, const fastact_table_d *table) {
    return -fastact_softplus_default_d(-x, table);
}
FASTACT_INLINE fastact_doubles fastact_gaussian_derivative_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles a = fastact_magnitude_d(x, FASTACT_GAUSSIAN_END);
    const fastact_exp_product_d e = fastact_growth_of_product_d(
        table, a, -a, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
    const fastact_doubles scaled = fastact_fma_d(e.power, e.t, e.power);
    const fastact_doubles slope = scaled * (a + a) * fastact_all_d(FASTACT_UNSCALE);
    return fastact_where_number_d(x, fastact_signed_d(slope, -x));
}
FASTACT_INLINE fastact_doubles fastact_elu_default_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles below = fastact_expm1_by_table_d(-fastact_magnitude_d(x, FASTACT_LOGISTIC_END), table).hi;
    return fastact_where_up_to_d(x, 0.0, fastact_signed_d(below, x), x);
}
FASTACT_INLINE fastact_doubles fastact_elu_derivative_default_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_exp_product_d e = fastact_growth_of_d(
        table, -fastact_magnitude_d(x, FASTACT_EXP_END), fastact_all_d(FASTACT_EIGHTHS_ROUNDER), FASTACT_GROWTH_EXP);
    const fastact_doubles below = fastact_fma_d(e.power, e.t, e.power) * fastact_all_d(FASTACT_UNSCALE);
    return fastact_where_number_d(x, fastact_where_up_to_d(x, 0.0, below, fastact_all_d(1.0)));
}
FASTACT_INLINE fastact_doubles fastact_selu_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles both = fastact_all_d(FASTACT_WIDE_SELU_SCALE_ALPHA_HI);
    const fastact_doubles both_lo = fastact_all_d(FASTACT_WIDE_SELU_SCALE_ALPHA_LO);
    const double rest = (FASTACT_WIDE_SELU_SCALE_HI - 1) + FASTACT_WIDE_SELU_SCALE_LO;
    const fastact_pair_d m = fastact_expm1_by_table_d(-fastact_magnitude_d(x, FASTACT_LOGISTIC_END), table);
    const fastact_doubles below = fastact_fma_d(m.hi, both, fastact_fma_d(m.hi, both_lo, m.lo * both));
    /* Below zero, where it is not taken, it could overflow. */
    const fastact_doubles positive = fastact_most_d(fastact_all_d(0.0), x);
    const fastact_doubles above = fastact_fma_d(positive, fastact_all_d(rest), positive);
    return fastact_where_number_d(x, fastact_where_up_to_d(x, 0.0, fastact_signed_d(below, x), above));
}
FASTACT_INLINE fastact_doubles fastact_selu_derivative_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_exp_product_d e = fastact_growth_of_d(
        table, -fastact_magnitude_d(x, FASTACT_EXP_END), fastact_all_d(FASTACT_EIGHTHS_ROUNDER), FASTACT_GROWTH_EXP);
    const fastact_doubles power = e.power * fastact_all_d(FASTACT_WIDE_SELU_SCALE_ALPHA_HI);
    const fastact_doubles below = fastact_fma_d(power, e.t, power) * fastact_all_d(FASTACT_UNSCALE);
    const fastact_doubles scale = fastact_all_d(FASTACT_WIDE_SELU_SCALE_HI);
    return fastact_where_number_d(x, fastact_where_up_to_d(x, 0.0, below, scale));
}
FASTACT_INLINE fastact_doubles fastact_silu_derivative_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles one = fastact_all_d(1.0), a = fastact_magnitude_d(x, FASTACT_TAIL_END);
    const fastact_exp_product_d parts = fastact_growth_of_d(
        table, -a, fastact_all_d(FASTACT_EIGHTHS_ROUNDER), FASTACT_GROWTH_EXP);
    const fastact_doubles power = parts.power * fastact_all_d(FASTACT_UNSCALE), e = fastact_fma_d(power, parts.t, power);
    const fastact_doubles e_lo = fastact_fma_d(power, parts.t, power - e);
    const fastact_doubles d = fastact_fma_d(e, fastact_all_d(2.0) + e, one);
    const fastact_doubles first = one - a, n = first + e, n_lo = (e - (n - first)) + e_lo;
    const fastact_doubles t = fastact_fma_d(e_lo, fastact_all_d(-1.375), parts.t), more = fastact_fma_d(n, t, n_lo);
    const fastact_doubles quotient = fastact_fma_d(parts.power, n, parts.power * more) / d;
    const fastact_doubles unscale = fastact_where_negative_d(x, FASTACT_UNSCALE, -FASTACT_UNSCALE);
    return fastact_where_number_d(x, fastact_fma_d(quotient, unscale, fastact_where_negative_d(x, 0.0, 1.0)));
}
FASTACT_INLINE fastact_doubles fastact_mish_derivative_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles one = fastact_all_d(1.0), zero = fastact_all_d(0.0), minus_half = fastact_all_d(-0.5);
    const fastact_doubles a = fastact_magnitude_d(x, FASTACT_TAIL_END);
    const fastact_exp_product_d parts = fastact_growth_of_d(
        table, -a, fastact_all_d(FASTACT_EIGHTHS_ROUNDER), FASTACT_GROWTH_EXP);
    const fastact_doubles power = parts.power * fastact_all_d(FASTACT_UNSCALE), e = fastact_fma_d(power, parts.t, power);
    const fastact_doubles e_lo = fastact_fma_d(power, parts.t, power - e);
    const fastact_doubles w = one + e, w_lo = (e - (w - one)) + e_lo;
    const fastact_doubles first = one - a, p = first + e, p_lo = (e - (p - first)) + e_lo;
    const fastact_doubles half = fastact_all_d(0.5) * e, h = fastact_fma_d(half, half, minus_half);
    const fastact_doubles h_lo = fastact_fma_d(half, half, minus_half - h), q = e * h;
    const fastact_doubles q_lo = fastact_fma_d(h, e_lo, fastact_fma_d(e, h, -q)), below = fastact_fma_d(p, w, q);
    const fastact_doubles below_rest = fastact_fma_d(w, p_lo, fastact_fma_d(e, h_lo, q_lo));
    const fastact_doubles below_lo = fastact_fma_d(p, w_lo, below_rest), below_d = fastact_fma_d(w, w, one);
    const fastact_doubles below_d_lo = fastact_fma_d(w + w, w_lo, fastact_fma_d(w, w, one - below_d));
    const fastact_doubles above_d = fastact_fma_d(e + e, w, one), above = fastact_fma_d(a + a, w, -above_d) * half;
    const fastact_doubles d = fastact_where_signed_d(x, below_d, above_d);
    const fastact_doubles d_lo = fastact_where_signed_d(x, below_d_lo, zero);
    const fastact_doubles n = fastact_where_signed_d(x, below, above);
    const fastact_doubles more = fastact_fma_d(n, parts.t, fastact_where_signed_d(x, below_lo, zero));
    const fastact_doubles square = fastact_fma_d(d, d, (d + d) * d_lo), reciprocal = one / square;
    const fastact_doubles quotient = (n + more) * reciprocal;
    const fastact_doubles rest = (fastact_fma_d(-quotient, square, n) + more) * reciprocal;
    const fastact_doubles once = fastact_where_negative_d(x, 0.0, 0.25 / FASTACT_UNSCALE);
    const fastact_doubles tail = fastact_fma_d(parts.power, quotient, fastact_fma_d(parts.power, rest, once));
    return fastact_where_number_d(x, tail * fastact_all_d(4.0 * FASTACT_UNSCALE));
}
FASTACT_INLINE fastact_doubles fastact_tanh_shrink_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles a = fastact_abs_d(x), held = fastact_magnitude_d(x, FASTACT_TANH_FAR), one = fastact_all_d(1.0);
    const fastact_doubles third = fastact_all_d(FASTACT_WIDE_THIRD_HI), rounder = fastact_all_d(0x1.8p52);
    const fastact_doubles u = held * held, u_lo = fastact_fma_d(held, held, -u);
    const fastact_doubles shifted = fastact_fma_d(held, fastact_all_d(FASTACT_TANH_SHRINK_INVERSE), rounder);
    const fastact_doubles n = shifted - rounder, r = fastact_fma_d(n, fastact_all_d(-FASTACT_TANH_SHRINK_STEP), held);
    const fastact_doubles power = fastact_eighths_power_d(shifted, fastact_look_up_d(table[0], shifted));
#define NEAR(yes, no) fastact_where_below_d(a, FASTACT_TANH_SHRINK_END, yes, no)
#define CHOSEN(c, d) NEAR(fastact_all_d(c), fastact_all_d(d))
#define SECOND(c, d) fastact_where_below_d(a, FASTACT_TANH_SHRINK_SECOND, fastact_all_d(c), fastact_all_d(d))
    const fastact_doubles at = NEAR(u, r);
#define FIRST(c, d) fastact_doubles chain = CHOSEN(c, d);
#define STEP(c, d) chain = fastact_fma_d(chain, at, CHOSEN(c, d));
    FASTACT_TANH_SHRINK_CHAINS(FIRST, STEP)
#undef FIRST
#undef STEP
    const fastact_doubles root = SECOND(FASTACT_TANH_SHRINK_FIRST_ROOT, FASTACT_TANH_SHRINK_SECOND_ROOT);
    const fastact_doubles less = fastact_fma_d(power, chain, power - root);
    const fastact_doubles more = fastact_fma_d(power, chain, power + one);
    const fastact_doubles pole = fastact_fma_d(u, fastact_all_d(FASTACT_TANH_SHRINK_POLE), one);
    const fastact_doubles q = NEAR(u * u * chain, less) / NEAR(pole, more);
    const fastact_doubles rounded = fastact_fma_d(u_lo, third, q);
    const fastact_doubles curve = fastact_fma_d(u, fastact_all_d(FASTACT_WIDE_THIRD_LO), rounded);
    const fastact_doubles inside = held * fastact_fma_d(u, third, curve);
    const fastact_doubles rest = a - SECOND(FASTACT_TANH_SHRINK_FIRST_CENTRE, FASTACT_TANH_SHRINK_SECOND_CENTRE);
    const fastact_doubles factor = SECOND(FASTACT_TANH_SHRINK_FIRST_FACTOR, FASTACT_TANH_SHRINK_SECOND_FACTOR);
    const fastact_doubles outside = fastact_fma_d(factor, q + SECOND(FASTACT_TANH_SHRINK_FIRST_LO, 0.0), rest);
    return fastact_signed_d(NEAR(inside, outside), x);
#undef NEAR
#undef CHOSEN
#undef SECOND
}
FASTACT_INLINE fastact_doubles fastact_tanh_shrink_derivative_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles a = fastact_magnitude_d(x, FASTACT_TANH_FAR), one = fastact_all_d(1.0), u = a * a;
    const fastact_doubles rounder = fastact_all_d(0x1.8p52), two = fastact_all_d(2.0);
    const fastact_doubles shifted = fastact_fma_d(a, fastact_all_d(-FASTACT_TANH_SHRINK_INVERSE), rounder);
    const fastact_doubles n = shifted - rounder, r = fastact_fma_d(n, fastact_all_d(FASTACT_TANH_SHRINK_STEP), a);
    const fastact_doubles power = fastact_eighths_power_d(shifted, fastact_look_up_d(table[0], shifted));
#define NEAR(yes, no) fastact_where_below_d(a, FASTACT_TANH_SHRINK_END, yes, no)
#define CHOSEN(c, d) NEAR(fastact_all_d(c), fastact_all_d(d))
    const fastact_doubles at = NEAR(u, r);
#define FIRST(c, d) fastact_doubles chain = CHOSEN(c, d);
#define STEP(c, d) chain = fastact_fma_d(chain, at, CHOSEN(c, d));
    FASTACT_TANH_SQUARE_CHAINS(FIRST, STEP)
#undef FIRST
#undef STEP
    const fastact_doubles less = fastact_all_d(1.0 - FASTACT_TANH_SQUARE_CENTRE);
    const fastact_doubles twice = fastact_all_d(2.0 + 2.0 * FASTACT_TANH_SQUARE_CENTRE);
    const fastact_doubles e = fastact_fma_d(power, chain, power), line = fastact_fma_d(e, less, -twice);
    const fastact_doubles pole = fastact_fma_d(u, fastact_all_d(FASTACT_TANH_SHRINK_POLE), one);
    const fastact_doubles above = NEAR(u * chain, fastact_fma_d(e, line, less));
    const fastact_doubles q = above / NEAR(pole * pole, fastact_fma_d(e, two + e, one));
    const fastact_doubles lead = NEAR(u, fastact_all_d(FASTACT_TANH_SQUARE_CENTRE));
    return fastact_where_number_d(x, fastact_fma_d(NEAR(u, one), q, lead));
#undef NEAR
#undef CHOSEN
}
FASTACT_INLINE fastact_doubles fastact_gelu_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles a = fastact_magnitude_d(x, FASTACT_MAPPED_END), one = fastact_all_d(1.0);
    const fastact_doubles by = fastact_all_d(FASTACT_MAPPED_SHIFT), d = a + by, d_lo = a - (d - by), y = one / d;
    const fastact_doubles y_error = fastact_fma_d(-y, d_lo, fastact_fma_d(-y, d, one));
    const fastact_doubles v = y - fastact_all_d(FASTACT_MAPPED_CENTRE), c2 = fastact_all_d(FASTACT_MILLS_C2);
    const fastact_doubles c1 = fastact_all_d(FASTACT_MILLS_C1), c0 = fastact_all_d(FASTACT_MILLS_C0);
#define FIRST(c) fastact_doubles p = fastact_all_d(c);
#define STEP(c) p = fastact_fma_d(p, v, fastact_all_d(c));
    FASTACT_MILLS_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const fastact_doubles curve = fastact_fma_d(p, v, c2);
    const fastact_doubles curve_lo = fastact_fma_d(p, v, c2 - curve) + fastact_all_d(FASTACT_MILLS_C2_LO);
    const fastact_doubles slope = fastact_fma_d(curve, v, c1);
    const fastact_doubles slope_rest = fastact_fma_d(curve_lo, v, fastact_all_d(FASTACT_MILLS_C1_LO));
    const fastact_doubles slope_lo = fastact_fma_d(curve, v, c1 - slope) + slope_rest;
    const fastact_doubles g = fastact_fma_d(slope, v, c0);
    const fastact_doubles g_rest = fastact_fma_d(slope_lo, v, fastact_all_d(FASTACT_MILLS_C0_LO));
    const fastact_doubles g_lo = fastact_fma_d(slope, v, c0 - g) + g_rest, m = y * g;
    const fastact_doubles relative = fastact_fma_d(
        y, fastact_all_d(FASTACT_MILLS_BEND), fastact_all_d(FASTACT_MILLS_SLOPE));
    const fastact_doubles through = fastact_fma_d(y, relative, one) * y_error;
    const fastact_doubles m_lo = fastact_fma_d(y, g, -m) + fastact_fma_d(y, g_lo, m * through);
    const fastact_exp_product_d e = fastact_growth_of_product_d(
        table, a, fastact_all_d(-0.5) * a, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
    const fastact_doubles product = a * m, product_lo = fastact_fma_d(a, m_lo, fastact_fma_d(a, m, -product));
    const fastact_doubles rest = fastact_fma_d(product, e.t, product_lo);
    const fastact_doubles tail = fastact_fma_d(e.power, product, e.power * rest) * fastact_all_d(FASTACT_UNSCALE);
    const fastact_doubles result = fastact_most_d(fastact_all_d(0.0), x) - tail;
    return fastact_where_up_to_d(x, FASTACT_MAPPED_END, result, x);
}
FASTACT_INLINE fastact_doubles fastact_erf_d(fastact_doubles x, const fastact_table_d *table) {
    const fastact_doubles a = fastact_magnitude_d(x, FASTACT_ERF_TABLE_END), rounder = fastact_all_d(0x1.8p52);
    const fastact_doubles nearest = fastact_fma_d(a, fastact_all_d(1 / FASTACT_ERF_STEP), rounder);
    const fastact_doubles shifted = fastact_least_d(nearest, fastact_all_d(0x1.8p52 + 7)), k = shifted - rounder;
    const fastact_doubles at = fastact_fma_d(k, fastact_all_d(-FASTACT_ERF_STEP), a);
    fastact_doubles h = fastact_look_up_d(table[15], shifted);
    for (int row = 14; row > 0; --row) h = fastact_fma_d(h, at, fastact_look_up_d(table[row], shifted));
    const fastact_doubles base = fastact_where_below_d(k, 0.5, a, fastact_look_up_d(table[0], shifted));
    return fastact_where_number_d(x, fastact_signed_d(fastact_fma_d(h, at, base), x));
}
#endif /* a table look-up */

#if FASTACT_HAS_LOOKUP
#define FASTACT_ARRAY(name, TABLE, ROWS) \
    FASTACT_INLINE void fastact_##name##_array_f64(const double *x, double *y, ptrdiff_t length) { \
        static const double entries[ROWS][8] = TABLE; \
        fastact_table_d table[ROWS]; \
        ptrdiff_t i = 0; \
        for (int j = 0; j < ROWS; ++j) table[j] = fastact_load_table_d(entries[j]); \
        for (; i + FASTACT_DOUBLES <= length; i += FASTACT_DOUBLES) \
            fastact_store_d(y + i, fastact_##name##_d(fastact_load_d(x + i), table)); \
        if (i < length) \
            fastact_store_some_d( \
                y + i, length - i, fastact_##name##_d(fastact_load_some_d(x + i, length - i), table)); \
    }
#else
#define FASTACT_ARRAY(name, TABLE, ROWS) \
    FASTACT_INLINE void fastact_##name##_array_f64(const double *x, double *y, ptrdiff_t length) { \
        for (ptrdiff_t i = 0; i < length; ++i) y[i] = fastact_##name##_f64(x[i]); \
    }
#endif
FASTACT_ARRAY(exponential, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(exponential_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(exponential_second_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(gaussian, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(sigmoid, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(log_sigmoid_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(silu, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(quick_gelu, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(gelu_tanh, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(sigmoid_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(log_sigmoid_second_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(tanh_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(softplus_default, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(log_sigmoid, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(gaussian_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(elu_default, FASTACT_EXPM1_TABLE, 2)
FASTACT_ARRAY(elu_derivative_default, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(selu, FASTACT_EXPM1_TABLE, 2)
FASTACT_ARRAY(selu_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(silu_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(mish_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(softcap_derivative_default, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(tanh_shrink, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(tanh_shrink_derivative, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(gelu, FASTACT_EXP_TABLE, 1)
FASTACT_ARRAY(erf, FASTACT_ERF_TABLE, 16)
#undef FASTACT_ARRAY

#endif /* FASTACT_VECTORS_F64_H */
