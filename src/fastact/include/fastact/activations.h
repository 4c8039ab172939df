/*
 * THE FORMULAS: every activation f and its derivative f', side by side, as inline functions of one number:
 *
 *     float  fastact_<name>_f32(float x, ...parameters)     double fastact_<name>_f64(double x, ...parameters)
 *     ..._<name>_derivative_...(x, ...)                     f'(x), from the input and without cancellation
 *     ..._<name>_derivative_from_output_...(y, ...)         f'(x) where it is a function of y = f(x)
 *
 * Part of the C API: C11 and C++17, no Python needed; see math.h for the compiler flags that make a loop over them
 * vectorise. Domains, error bounds and sources stand in the row of the same name in catalogue.py. Everywhere: NaN gives
 * NaN, +-inf give the limit, no intermediate result overflows, and nothing here depends on anything but its arguments.
 *
 * Where a formula is much cheaper for a parameter at its default, that is a formula of its own (often named `default`),
 * the one for all other values is named `general`, and a mask chooses between them; a loop with one parameter chooses once.
 *
 * Written once: the file includes itself, first for float, then for double.
 */
#ifndef FASTACT_FORMULAS

#ifndef FASTACT_ACTIVATIONS_H
#define FASTACT_ACTIVATIONS_H
#define FASTACT_FORMULAS
#define FASTACT_PRECISION 32
#include "precision.h"
#include "math.h"
#include "pairs.h"
#include "wide.h"
#include "trigonometry.h"
#include "activations.h"
#undef FASTACT_PRECISION
#define FASTACT_PRECISION 64
#include "precision.h"
#include "math.h"
#include "pairs.h"
#include "wide.h"
#include "trigonometry.h"
#include "activations.h"
#undef FASTACT_PRECISION
#undef FASTACT_FORMULAS
#undef FASTACT_REAL
#endif

#else /* FASTACT_FORMULAS: once for each precision */

#define REAL FASTACT_REAL
#define FN(name) FASTACT_NAME(name)
#define K(constant) FASTACT_K(constant)
#define WIDE FASTACT_NAME(wide)

/* `value`, or NaN where x or the parameter is NaN and the formula would not show it. */
FASTACT_INLINE REAL FN(keep_nan)(REAL value, REAL x) { return x == x ? value : x; }
/* The same where the value is NaN too, but made by an emulated fma of several: compilers choose among their payloads. */
FASTACT_INLINE REAL FN(keep_payload)(REAL value, REAL x) { return FASTACT_HAS_FMA ? value : FN(keep_nan)(value, x); }

/* factor e (1 - e) / (1 + e)^3, e = e^-z, 0 <= z <= TAIL_END: with powers of two -f'' of sigmoid and tanh, x > 0. */
FASTACT_INLINE REAL FN(logistic_curvature)(REAL z, double factor) {
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(widen)(-z)), less = FN(wide_negate)(FN(wide_expm1)(FN(widen)(-z)));
    const FN(wide) d = FN(wide_plus)(FN(wide_unscale)(scaled), K(1));
    const FN(wide) cube = FN(wide_multiply)(FN(wide_square)(d), d);
    return FN(narrow_scaled)(FN(wide_divide)(FN(wide_scale)(FN(wide_multiply)(scaled, less), factor), cube));
}

#if FASTACT_PRECISION == 32
/* What a piece's polynomial, less its constant, is over its argument; `last` is the row of the highest power. */
FASTACT_INLINE float fastact_piecewise_rest_f32(const float table[][16], int last, int piece, float at) {
    float h = table[last][piece];
    for (int row = last - 1; row > 1; --row) h = fastact_mad_f32(h, at, table[row][piece]);
    return h;
}
/* A function of a >= 0 by the polynomial of a piece, about its centre; `base` is its first coefficient. Where the function
 * is 0 at 0, what it is near there, `leading`, is added exactly in the first piece, and in the others a constant, which
 * the table leaves out. tools/coefficients.py says how tables are made. The same formulas stand in vectors.h with the
 * tables in registers; a test compares the bits. */
FASTACT_INLINE float fastact_piecewise_f32(const float table[8][16], int piece, float a, float base) {
    const float at = a - table[0][piece];
    return fastact_fma_f32(fastact_piecewise_rest_f32(table, 7, piece, at), at, base);
}
/* f'(x) from h (1 + t) 2^k = f'(-|x|), where f'(-x) = 1 - f'(x). */
FASTACT_INLINE float fastact_tail_slope_f32(float h, float t, float shifted, float x) {
    const int32_t negative = fastact_bits_f32(x) < 0;
    const float scaled = h * fastact_power_of_two_f32(shifted), tail = fastact_mad_f32(scaled, t, scaled);
    const float unscale = fastact_select_f32(negative, FASTACT_UNSCALE, -FASTACT_UNSCALE);
    return fastact_mad_f32(tail, unscale, fastact_select_f32(negative, 0.0f, 1.0f));
}
/* The piece of b >= 1, four to an octave; of b in [1, 2), sixteen of them; of a >= 0, of 1/4 each but for the first. */
FASTACT_INLINE int fastact_octave_piece_f32(float b) { return (fastact_bits_f32(b) >> 21) & 15; }
FASTACT_INLINE int fastact_sixteenth_piece_f32(float b) { return (fastact_bits_f32(b) >> 19) & 15; }
FASTACT_INLINE int fastact_quarter_piece_f32(float a) { return (fastact_bits_f32(a + 0x1.8p18f) >> 3) & 15; }

/* e^-a = 2^k (1 + r + q r), k + bias + scale in the low bits of `shifted`. */
typedef struct { float q, r, shifted; } fastact_decay;
FASTACT_INLINE fastact_decay fastact_decay_of(float a) {
    fastact_decay e;
    e.shifted = fastact_mad_f32(a, -FASTACT_LOG2E, FASTACT_ROUNDER);
    const float k = e.shifted - FASTACT_ROUNDER;
    e.r = fastact_mad_f32(k, -FASTACT_LN2_LO, fastact_mad_f32(k, -FASTACT_LN2_HI, -a));
#define FIRST(c) float p = c;
#define STEP(c) p = fastact_mad_f32(p, e.r, c);
    FASTACT_EXP_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    e.q = p * e.r;
    return e;
}

#if FASTACT_HAS_LOOKUP
/* e^(slope z) as power (1 + t) times 2^SCALE or, with the rounder of that name, 2^-SCALE, z = z_hi - z_lo. The power is
 * from a table of sixteen to an octave, so that |t| < 0.023 and what rounding takes from it does not count. The constants
 * are the slope's: see tools/coefficients.py. */
typedef struct { float power, t; } fastact_exp_product;
FASTACT_INLINE fastact_exp_product fastact_exp_product_from(float shifted, float r, float c3, float c2, float c1, float c0) {
    static const float table[1][16] = FASTACT_EXP_TABLE;
    const uint32_t bits = (uint32_t)fastact_bits_f32(shifted), entry = (uint32_t)fastact_bits_f32(table[0][bits & 15]);
    fastact_exp_product e;
    e.power = fastact_from_bits_f32((int32_t)((bits << 19) + entry));
    e.t = fastact_mad_f32(fastact_mad_f32(fastact_mad_f32(c3, r, c2), r, c1), r, c0);
    return e;
}
FASTACT_INLINE fastact_exp_product fastact_exp_product_of(
    float z_hi, float z_lo, float rounder, float inverse, float step_hi, float step_lo, float c3, float c2, float c1,
    float c0) {
    const float shifted = fastact_mad_f32(z_hi, inverse, rounder), n = shifted - rounder;
    const float r = fastact_mad_f32(n, -step_lo, fastact_mad_f32(n, -step_hi, z_hi)) - z_lo;
    return fastact_exp_product_from(shifted, r, c3, c2, c1, c0);
}
/* The same at z = a^2, of which only the difference from a multiple of the step is rounded. */
FASTACT_INLINE fastact_exp_product fastact_exp_product_of_square(
    float a, float rounder, float inverse, float step_hi, float step_lo, float c3, float c2, float c1, float c0) {
    const float shifted = fastact_mad_f32(a * inverse, a, rounder), n = shifted - rounder;
    const float r = fastact_mad_f32(n, -step_lo, fastact_fma_f32(a, a, n * -step_hi));
    return fastact_exp_product_from(shifted, r, c3, c2, c1, c0);
}
/* a + b exactly, for a, b > 0. */
FASTACT_INLINE fastact_pair_f32 fastact_positive_sum(float a, float b) {
    const float sum = a + b, more = a > b ? a : b, less = a > b ? b : a;
    return fastact_pair_of_f32(sum, less - (sum - more));
}
FASTACT_INLINE fastact_pair_f32 fastact_plus_exp(float a, fastact_exp_product e) {
    const fastact_pair_f32 sum = fastact_positive_sum(a, e.power);
    return fastact_quick_sum_f32(sum.hi, fastact_mad_f32(e.power, e.t, sum.lo));
}
/* x / (1 + e^-z), from e^-z times 2^-SCALE. x is kept times a scale: with GATE_SCALE the rest of a subnormal x has digits. */
FASTACT_INLINE float fastact_gate(float x, float scale, fastact_exp_product e) {
    const fastact_pair_f32 sum = fastact_positive_sum(FASTACT_UNSCALE, e.power);
    const float more = fastact_mad_f32(e.power, e.t, sum.lo); /* so little that the first product's rest is nearly exact */
    const float reciprocal = 1.0f / (sum.hi + more), scaled = x * scale, quotient = scaled * reciprocal;
    const float rest = fastact_fma_f32(-quotient, more, fastact_fma_f32(-quotient, sum.hi, scaled));
    return fastact_mad_f32(rest, reciprocal, quotient) * (FASTACT_UNSCALE / scale);
}
/* factor s (1 - s), s = 1 / (1 + e^z), z >= 0, from e^z times 2^-SCALE: s is a reciprocal and what it leaves over. */
FASTACT_INLINE float fastact_density(fastact_exp_product e, float factor) {
    const fastact_pair_f32 sum = fastact_quick_sum_f32(e.power, FASTACT_UNSCALE); /* exact, as is the least power's */
    const float more = fastact_mad_f32(e.power, e.t, sum.lo), scaled = 1.0f / (sum.hi + more);
    const float rest = fastact_fma_f32(-scaled, more, fastact_fma_f32(-scaled, sum.hi, 1.0f));
    const float s = scaled * FASTACT_UNSCALE, slope = fastact_mad_f32(-2.0f, s, 1.0f);
    return fastact_mad_f32(scaled, fastact_mad_f32(rest, slope, -s), scaled) * (factor * FASTACT_UNSCALE);
}
/* times e^z, from e^z times 2^SCALE, rounded once. */
FASTACT_INLINE float fastact_times_exp(float times, fastact_exp_product e) {
    const fastact_pair_f32 scaled = fastact_product_f32(e.power, times);
    return (scaled.hi + fastact_mad_f32(scaled.hi, e.t, scaled.lo)) * FASTACT_UNSCALE;
}
#endif
#elif FASTACT_HAS_LOOKUP
/* The same in double, by eight powers to an octave: |t| < 0.045, and what rounding takes from it is 2^-58. */
typedef struct { double power, t; } fastact_exp_product_f64;
FASTACT_INLINE double fastact_eighths_power_f64(double shifted) {
    static const double table[1][8] = FASTACT_EXP_TABLE;
    const uint64_t bits = (uint64_t)fastact_bits_f64(shifted), entry = (uint64_t)fastact_bits_f64(table[0][bits & 7]);
    return fastact_from_bits_f64((int64_t)((bits << 49) + entry));
}
FASTACT_INLINE fastact_exp_product_f64 fastact_exp_product_of_f64(
    double z_hi, double z_lo, double rounder, double inverse, double step_hi, double step_lo, double c7, double c6,
    double c5, double c4, double c3, double c2, double c1, double c0) {
    const double shifted = fastact_mad_f64(z_hi, inverse, rounder), n = shifted - rounder;
    const double r = fastact_mad_f64(n, -step_lo, fastact_mad_f64(n, -step_hi, z_hi)) - z_lo;
    fastact_exp_product_f64 e;
    e.power = fastact_eighths_power_f64(shifted);
    e.t = fastact_mad_f64(fastact_mad_f64(fastact_mad_f64(c7, r, c6), r, c5), r, c4);
    e.t = fastact_mad_f64(fastact_mad_f64(fastact_mad_f64(fastact_mad_f64(e.t, r, c3), r, c2), r, c1), r, c0);
    return e;
}
/* e^z so that t is r + r^2 P(r): in order over consecutive z. Below, at z = a b, of which only the difference from a
 * multiple of the step is rounded. */
FASTACT_INLINE fastact_exp_product_f64 fastact_growth_from(
    double shifted, double r, double c5, double c4, double c3, double c2, double c1, double c0) {
    fastact_exp_product_f64 e;
    e.power = fastact_eighths_power_f64(shifted);
    e.t = fastact_mad_f64(fastact_mad_f64(fastact_mad_f64(c5, r, c4), r, c3), r, c2);
    e.t = fastact_mad_f64(r * r, fastact_mad_f64(fastact_mad_f64(e.t, r, c1), r, c0), r);
    return e;
}
FASTACT_INLINE fastact_exp_product_f64 fastact_growth_of(
    double z, double rounder, double inverse, double step_hi, double step_lo, double shift, double c5, double c4,
    double c3, double c2, double c1, double c0) {
    const double shifted = fastact_mad_f64(z, inverse, rounder), n = shifted - rounder;
    const double r = fastact_mad_f64(n, -step_lo, fastact_mad_f64(n, -step_hi, z) - shift);
    return fastact_growth_from(shifted, r, c5, c4, c3, c2, c1, c0);
}
FASTACT_INLINE fastact_exp_product_f64 fastact_growth_of_product(
    double a, double b, double rounder, double inverse, double step_hi, double step_lo, double shift, double c5, double c4,
    double c3, double c2, double c1, double c0) {
    const double shifted = fastact_mad_f64(b * inverse, a, rounder), n = shifted - rounder;
    const double r = fastact_mad_f64(n, -step_lo, fastact_fma_f64(b, a, n * -step_hi) - shift);
    return fastact_growth_from(shifted, r, c5, c4, c3, c2, c1, c0);
}
/* e^z with power not times 2^SCALE, and t to its last digits where e^z - 1 is small: the power is then 1. */
FASTACT_INLINE fastact_exp_product_f64 fastact_expm1_product_of(
    double z, double inverse, double step_hi, double step_lo, double c6, double c5, double c4, double c3, double c2,
    double c1, double c0) {
    static const double table[2][8] = FASTACT_EXPM1_TABLE;
    const double rounder = 0x1.8p52, shifted = fastact_mad_f64(z, inverse, rounder), n = shifted - rounder;
    const uint64_t bits = (uint64_t)fastact_bits_f64(shifted), entry = (uint64_t)fastact_bits_f64(table[0][bits & 7]);
    const double near = fastact_mad_f64(n, -step_hi, z) + table[1][bits & 7], r = fastact_mad_f64(n, -step_lo, near);
    fastact_exp_product_f64 e;
    e.power = fastact_from_bits_f64((int64_t)((bits << 49) + entry));
    e.t = fastact_mad_f64(fastact_mad_f64(fastact_mad_f64(c6, r, c5), r, c4), r, c3);
    e.t = fastact_mad_f64(fastact_mad_f64(fastact_mad_f64(e.t, r, c2), r, c1), r, c0);
    e.t = fastact_mad_f64(r * r, e.t, r);
    return e;
}
/* e^z - 1 for z in [-LOGISTIC_END, 0]: the first number alone is right to 1.1 ULP and in order. */
FASTACT_INLINE fastact_pair_f64 fastact_expm1_by_table(double z) {
    const fastact_exp_product_f64 e = fastact_expm1_product_of(z, FASTACT_EXPM1_EXP);
    const double base = e.power - 1, rest = fastact_mad_f64(e.power, e.t, e.power - (base + 1));
    return fastact_quick_sum_f64(base, rest);
}
/* (1 + e^-z) 2^-SCALE, rounded once, from e^-z times 2^-SCALE. */
FASTACT_INLINE double fastact_plus_exp_f64(fastact_exp_product_f64 e) {
    const fastact_pair_f64 sum = fastact_positive_sum_f64(FASTACT_UNSCALE, e.power);
    return sum.hi + fastact_mad_f64(e.power, e.t, sum.lo);
}
#endif

/* identity: f(x) = x */
FASTACT_INLINE REAL FN(identity)(REAL x) { return x; }
FASTACT_INLINE REAL FN(identity_derivative)(REAL x) { return FN(keep_nan)(K(1), x); }
FASTACT_INLINE REAL FN(identity_derivative_from_output)(REAL y) { return FN(keep_nan)(K(1), y); }

/* relu: f(x) = max(0, x). f'(0) = 0. */
FASTACT_INLINE REAL FN(relu)(REAL x) { return x < 0 ? K(0) : x; }
FASTACT_INLINE REAL FN(relu_derivative)(REAL x) { return FN(keep_nan)(x > 0 ? K(1) : K(0), x); }
FASTACT_INLINE REAL FN(relu_derivative_from_output)(REAL y) { return FN(relu_derivative)(y); }

/* leaky_relu: f(x) = x for x > 0, else s x. f'(0) = s. With s = 0, -inf has the limit 0 where the product is NaN. */
FASTACT_INLINE REAL FN(leaky_relu)(REAL x, REAL negative_slope) {
    const REAL below = x > 0 ? K(0) : x; /* no product where it is not used: it could overflow */
    const REAL leak = negative_slope == 0 ? K(0) * FN(at_least)(below, -FASTACT_LARGEST) : negative_slope * below;
    return FN(keep_nan)(x > 0 ? x : leak, negative_slope);
}
FASTACT_INLINE REAL FN(leaky_relu_derivative)(REAL x, REAL negative_slope) {
    return FN(keep_nan)(FN(keep_nan)(x > 0 ? K(1) : negative_slope, x), negative_slope);
}
FASTACT_INLINE REAL FN(leaky_relu_derivative_from_output)(REAL y, REAL negative_slope) {
    return FN(leaky_relu_derivative)(y, negative_slope); /* y has the sign of x where the slope is positive */
}

/* sigmoid: f(x) = 1 / (1 + e^-x). f' = e / (1 + e)^2, e = e^-|x|: even, so that no digit is lost on either side. */
#if FASTACT_PRECISION == 64 && FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(sigmoid)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_EXP_END, FASTACT_LOGISTIC_END);
    const REAL d = fastact_plus_exp_f64(fastact_growth_of(-held, FASTACT_EIGHTHS_ROUNDER_DOWN, FASTACT_GROWTH_EXP));
    return FN(keep_nan)(K(1) / d * FASTACT_UNSCALE, x);
}
#else
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(sigmoid)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_EXP_END, FASTACT_LOGISTIC_END);
    const fastact_exp_product e = fastact_exp_product_of(held, K(0), FASTACT_SIXTEENTHS_ROUNDER_DOWN, FASTACT_DECAY_EXP);
    const REAL quiet = FN(from_bits)(FN(bits)(x) | 0x400000); /* as a NaN becomes in vectors.h */
    return x == x ? fastact_gate(K(1), K(1), e) : quiet;
}
#else
FASTACT_INLINE REAL FN(sigmoid)(REAL x) { return FN(keep_nan)(FN(logistic)(x, K(0)), x); }
#endif
#endif
#if FASTACT_PRECISION == 64 && FASTACT_HAS_LOOKUP
/* e / (1 + e)^2 for parts of 0 < e <= 1, times a power of two. */
FASTACT_INLINE REAL fastact_density_by_table(fastact_exp_product_f64 parts, REAL factor) {
    const REAL scaled = FN(mad)(parts.power, parts.t, parts.power), e = scaled * FASTACT_UNSCALE;
    return scaled / FN(mad)(e, K(2) + e, K(1)) * (factor * FASTACT_UNSCALE);
}
FASTACT_INLINE REAL FN(sigmoid_derivative)(REAL x) {
    const REAL z = -FN(magnitude)(x, FASTACT_EXP_END);
    const fastact_exp_product_f64 parts = fastact_growth_of(z, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
    return FN(keep_nan)(fastact_density_by_table(parts, K(1)), x);
}
#elif FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(sigmoid_derivative)(REAL x) {
    const REAL z = -FN(magnitude)(x, FASTACT_EXP_END);
    const fastact_exp_product e = fastact_exp_product_of(z, K(0), FASTACT_SIXTEENTHS_ROUNDER_DOWN, FASTACT_DECAY_EXP);
    return FN(keep_nan)(fastact_density(e, K(1)), x);
}
#else
FASTACT_INLINE REAL FN(sigmoid_derivative)(REAL x) {
    return FN(keep_nan)(FN(logistic_density)(FN(magnitude)(x, FASTACT_EXP_END), K(1), K(1)), x);
}
#endif
FASTACT_INLINE REAL FN(sigmoid_derivative_from_output)(REAL y) { return y * (K(1) - y); }
FASTACT_INLINE REAL FN(sigmoid_second_derivative)(REAL x) {
    const REAL curvature = FN(logistic_curvature)(FN(magnitude)(x, FASTACT_TAIL_END), 1.0);
    return FN(keep_nan)(FN(copysign)(curvature, -x), x);
}

/* tanh. f' = 4 e / (1 + e)^2, e = e^-2|x|. */
#if FASTACT_PRECISION == 32
FASTACT_INLINE FN(pair) FN(tanh_pair)(REAL x) { /* of |x|; what rounding took is computed where it is used */
    static const float table[8][16] = FASTACT_TANH_TABLE;
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_TANH_END), leading = FN(magnitude)(a, FASTACT_OCTAVES_FIRST_END);
    const int piece = FN(octave_piece)(a + K(1));
    const REAL at = a - table[0][piece], h = FN(piecewise_rest)(table, 7, piece, at), base = leading + table[1][piece];
    FN(pair) t;
    t.hi = FN(fma)(h, at, base);
    t.lo = FN(fma)(h, at, base - t.hi);
    return t;
}
FASTACT_INLINE REAL FN(tanh)(REAL x) { return FN(copysign)(FN(tanh_pair)(x).hi, x); }
#else
/* scale tanh(a / scale) for a constant scale, 1 or that of softcap. With k = rint(2 a / (scale ln 2)), E = 2^k,
 * r = a - k scale ln(2) / 2 and t = scale tanh(r / scale), a polynomial, it is
 *
 *     scale (scale (E - 1) + (E + 1) t) / (scale (E + 1) + (E - 1) t). */
typedef struct { REAL r, power; } FN(tanh_parts);
FASTACT_INLINE FN(tanh_parts) FN(tanh_parts_of)(REAL a, REAL scale) {
    FN(tanh_parts) e;
    const REAL rounder = K(0x1.8p52 + 1023), shifted = FN(mad)(a, K(2) * FASTACT_LOG2E / scale, rounder);
    const REAL k = shifted - rounder;
    const REAL r = FN(mad)(k, K(-0.5) * FASTACT_LN2_HI * scale, a); /* exact, since LN2_HI has trailing zeros */
    e.r = FN(mad)(k, K(-0.5) * FASTACT_LN2_LO * scale, r);
    e.power = FN(power_of_two)(shifted);
    return e;
}
/* lead + rest reciprocal. The last bits of `lead` are 0, so that what `rest` is made of is exact. */
typedef struct { REAL lead, rest, reciprocal; } FN(tanh_quotient);
FASTACT_INLINE FN(tanh_quotient) FN(tanh_quotient_of)(REAL power, REAL t, REAL scale) {
    const REAL less = power - K(1), more = scale * (power + K(1)), scaled = scale * scale * less;
    FN(tanh_quotient) q;
    q.reciprocal = K(1) / FN(mad)(less, t, more);
    q.lead = FN(from_bits)(FN(bits)(FN(mad)(more, t, scaled) * q.reciprocal) & -64);
    q.rest = FN(fma)(FN(fma)(-q.lead, less, more), t, FN(fma)(-q.lead, more, scaled));
    return q;
}
FASTACT_INLINE REAL FN(scaled_tanh)(REAL x, REAL scale) {
    const FN(tanh_parts) e = FN(tanh_parts_of)(FN(magnitude)(x, FASTACT_TANH_FAR * scale), scale);
    const REAL square = e.r * e.r, u = square * (K(1) / (scale * scale));
#define FIRST(c) REAL p = c;
#define STEP(c) p = FN(mad)(p, u, c);
    FASTACT_TANH_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const FN(tanh_quotient) q = FN(tanh_quotient_of)(e.power, FN(mad)(u * e.r, p, e.r), scale);
    return FN(keep_nan)(FN(with_sign)(FN(mad)(q.rest, q.reciprocal, q.lead), x), x);
}
FASTACT_INLINE REAL FN(tanh)(REAL x) { return FN(scaled_tanh)(x, K(1)); }
#endif
FASTACT_INLINE REAL FN(tanh_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, K(0.5) * FASTACT_EXP_END);
#if FASTACT_PRECISION == 64 && FASTACT_HAS_LOOKUP
    const fastact_exp_product_f64 parts = fastact_growth_of(K(-2) * a, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
    return FN(keep_nan)(fastact_density_by_table(parts, K(4)), x);
#elif FASTACT_HAS_LOOKUP
    const fastact_exp_product e = fastact_exp_product_of(
        K(-2) * a, K(0), FASTACT_SIXTEENTHS_ROUNDER_DOWN, FASTACT_DECAY_EXP);
    return FN(keep_nan)(fastact_density(e, K(4)), x);
#else
    return FN(keep_nan)(FN(logistic_density)(a, K(2), K(4)), x);
#endif
}
FASTACT_INLINE REAL FN(tanh_derivative_from_output)(REAL y) { return (K(1) - y) * (K(1) + y); }
FASTACT_INLINE REAL FN(tanh_second_derivative)(REAL x) {
    const REAL z = K(2) * FN(magnitude)(x, K(0.5) * FASTACT_TAIL_END);
    return FN(keep_nan)(FN(copysign)(FN(logistic_curvature)(z, 8.0), -x), x);
}

/* min(beta |x|, end) as a pair, which never overflows: |x| is held where the product would be beyond the end. */
FASTACT_INLINE FN(pair) FN(sharpened)(REAL x, REAL beta, REAL end) {
    const REAL x_end = (end + K(1)) / FN(at_least)(beta, FASTACT_UNSCALE);
    const REAL held = FN(magnitude)(x, beta < FASTACT_UNSCALE ? FASTACT_LARGEST : x_end);
    const REAL product = beta * held;
    const FASTACT_BITS far = (product > end) | ((FN(abs)(x) > FASTACT_LARGEST) & (beta > 0));
    FN(pair) z;
    z.hi = FN(select)(far, end, product);
    z.lo = FN(select)(far, K(0), FN(fma)(beta, held, -product));
    return z;
}

/* softplus: f(x) = max(0, x) + log1p(e^-beta|x|) / beta. f' = sigmoid(beta x), which is 1 - e^(-beta y) at y = f(x). */
FASTACT_INLINE REAL FN(softplus_general)(REAL x, REAL beta) {
    const FN(wide) z = FN(wide_pair)(FN(sharpened)(x, beta, FASTACT_POWER_END));
    const FN(wide_split) e = FN(wide_exp_split)(FN(wide_negate)(z));
    const FN(wide) log1p = FN(wide_log1p)(e.lead); /* where rest is not 1, the same as e */
    /* Tiny beta are scaled: 1 / beta could overflow where x is so large that the result does not. */
    const FASTACT_BITS tiny = beta < K(0x1p-900);
    const REAL scale = FN(select)(tiny, FASTACT_SOFTPLUS_SCALE, K(1));
    const REAL unscale = FN(select)(tiny, K(1) / FASTACT_SOFTPLUS_SCALE, K(1));
    const FN(wide) inverse = FN(wide_reciprocal)(FN(widen)(beta * scale));
    const FN(wide) sum = FN(wide_plus)(FN(wide_multiply)(log1p, inverse), FN(used)(x > 0, x) * unscale);
    const REAL product = FN(narrow_product)(log1p, inverse) * scale * e.rest, above = FN(narrow)(sum) * scale;
    const REAL tail = FN(wide_lead)(z) < FASTACT_POWER_END ? product : K(0);
    return FN(keep_nan)(FN(keep_nan)(FN(select)(x > 0, x > FASTACT_LARGEST ? x : above, tail), x), beta);
}
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
/* log1p(e^-a), a = |x|, is c + D near 0 and e^-a (1 + D) beyond, c from the table and D piecewise; then D + t (1 + D) is
 * what e^-a = (1 + t) 2^k needs. max(0, x) + c is exact as `sum` and `error`. In the first piece max(0, x) - a / 2 = x / 2 is
 * added instead, so that D is small even beside the change from one float to the next: f is monotone. */
typedef struct { float a, b, c; int piece; FASTACT_BITS near; } fastact_softplus_piece;
FASTACT_INLINE fastact_softplus_piece fastact_softplus_piece_of(float x) {
    static const float table[10][16] = FASTACT_SOFTPLUS_TAIL_TABLE;
    fastact_softplus_piece p;
    p.a = FN(at_most)(FN(abs)(x), FASTACT_TAIL_END);
    p.b = FN(mad)(p.a, FASTACT_SOFTPLUS_TAIL_SCALE, K(1));
    p.piece = FN(octave_piece)(FN(magnitude)(p.b, K(15)));
    p.near = p.b < FASTACT_SOFTPLUS_TAIL_FAR;
    p.c = table[8][p.piece];
    return p;
}
/* D + error or the tail, times 2^SCALE. */
FASTACT_INLINE REAL FN(softplus_tail)(fastact_softplus_piece p, REAL error) {
    static const float table[10][16] = FASTACT_SOFTPLUS_TAIL_TABLE;
    const REAL d = FN(piecewise)(table, p.piece, p.a, table[1][p.piece] + FN(select)(p.near, error, K(0)));
    const fastact_exp_product e = fastact_exp_product_of(p.a, K(0), FASTACT_SIXTEENTHS_ROUNDER, FASTACT_DECAY_EXP);
    const REAL far = FN(mad)(e.t, d, e.t) + d, power = FN(select)(p.near, K(1) / FASTACT_UNSCALE, e.power);
    return FN(mad)(power, FN(select)(p.near, d, far), FN(select)(p.near, K(0), power));
}
FASTACT_INLINE REAL FN(softplus_default)(REAL x) {
    const fastact_softplus_piece p = fastact_softplus_piece_of(x);
    const REAL above = FN(select)(p.b < K(1.25), K(0.5) * x, x < 0 ? K(0) : x), sum = above + p.c;
    return FN(keep_nan)(FN(mad)(FN(softplus_tail)(p, above - (sum - p.c)), FASTACT_UNSCALE, sum), x);
}
#elif FASTACT_PRECISION == 64
/* ln 2 + x/2 + x^2 N(x^2) near 0, the first two terms exact, and max(0, x) + log(1 + e), e = e^-|x|, beyond. Neither
 * divides, and what is rounded before the last sum is so small that consecutive numbers stay in order. */
FASTACT_INLINE REAL FN(softplus_default)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_EXP_END);
#if FASTACT_HAS_LOOKUP
    const fastact_exp_product_f64 parts = fastact_growth_of(-a, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
#else
    const FN(exp_parts) parts = FN(exp_parts_of)(-a, K(0), K(1), FASTACT_ROUNDER);
#endif
    const REAL scaled = FN(mad)(parts.power, parts.t, parts.power), e = scaled * FASTACT_UNSCALE, square = a * a;
#define FIRST(c) REAL near = c;
#define STEP(c) near = FN(mad)(near, square, c);
    FASTACT_SOFTPLUS_NEAR_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
#define FIRST(c) REAL far = c;
#define STEP(c) far = FN(mad)(far, e, c);
    FASTACT_SOFTPLUS_FAR_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const REAL line = FN(mad)(x, K(0.5), FASTACT_WIDE_LN2_HI);
    const REAL line_lo = FN(mad)(x, K(0.5), FASTACT_WIDE_LN2_HI - line) + FASTACT_WIDE_LN2_LO;
    const REAL log1p = FN(mad)(-scaled * e, far, scaled), inside = line + FN(mad)(square, near, line_lo);
    return FN(select)(a < FASTACT_SOFTPLUS_END, inside, FN(mad)(log1p, FASTACT_UNSCALE, FN(at_least)(x, K(0))));
}
#else
FASTACT_INLINE REAL FN(softplus_default)(REAL x) { return FN(softplus_general)(x, K(1)); }
#endif
FASTACT_INLINE REAL FN(softplus)(REAL x, REAL beta) {
    return FN(select)(beta == 1, FN(softplus_default)(x), FN(softplus_general)(x, beta));
}
FASTACT_INLINE REAL FN(softplus_derivative_general)(REAL x, REAL beta) {
    const FN(pair) z = FN(sharpened)(x, beta, FASTACT_EXP_END);
    const REAL result = FN(logistic)(FN(copysign)(z.hi, x), x < 0 ? -z.lo : z.lo);
    return FN(keep_nan)(FN(keep_nan)(result, x), beta);
}
FASTACT_INLINE REAL FN(softplus_derivative)(REAL x, REAL beta) {
    return FN(select)(beta == 1, FN(sigmoid)(x), FN(softplus_derivative_general)(x, beta));
}
FASTACT_INLINE REAL FN(softplus_derivative_from_output_general)(REAL y, REAL beta) {
    const FN(pair) z = FN(sharpened)(FN(at_least)(y, K(0)), beta, FASTACT_EXP_END);
    const FN(pair) m = FN(expm1_pair)(-z.hi, z.lo, K(1));
    return FN(keep_nan)(FN(keep_nan)(-(m.hi + m.lo), y), beta);
}
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(softplus_derivative_from_output_default)(REAL y) {
    static const float table[8][16] = FASTACT_EXP_COMPLEMENT_TABLE;
    const REAL a = FN(at_most)(FN(at_least)(y, K(0)), FASTACT_EXP_COMPLEMENT_END);
    const int piece = FN(octave_piece)(FN(mad)(a, FASTACT_EXP_COMPLEMENT_SCALE, K(1)));
    return FN(piecewise)(table, piece, a, table[1][piece]);
}
#elif FASTACT_PRECISION == 64
FASTACT_INLINE REAL FN(softplus_derivative_from_output_default)(REAL y) {
    const REAL held = FN(magnitude)(FN(at_least)(y, K(0)), FASTACT_EXP_END);
    const FN(exp_parts) e = FN(exp_parts_of)(-held, K(0), K(1), FASTACT_ROUNDER);
    const REAL power = e.power * -FASTACT_UNSCALE;
    return FN(keep_nan)(FN(mad)(power, e.t, power + K(1)), y);
}
#else
FASTACT_INLINE REAL FN(softplus_derivative_from_output_default)(REAL y) {
    return FN(softplus_derivative_from_output_general)(y, K(1));
}
#endif
FASTACT_INLINE REAL FN(softplus_derivative_from_output)(REAL y, REAL beta) {
    return FN(select)(
        beta == 1, FN(softplus_derivative_from_output_default)(y), FN(softplus_derivative_from_output_general)(y, beta));
}
/* beta e / (1 + e)^2, e = e^-beta|x|. */
FASTACT_INLINE REAL FN(softplus_second_derivative)(REAL x, REAL beta) {
    const FN(wide) z = FN(wide_pair)(FN(sharpened)(x, beta, FASTACT_POWER_END));
    const FN(wide_split) e = FN(wide_exp_split)(FN(wide_negate)(z));
    const FN(wide) density = FN(wide_divide)(e.lead, FN(wide_square)(FN(wide_plus)(e.lead, K(1))));
    const REAL result = FN(narrow_times)(density, beta) * e.rest;
    return FN(keep_nan)(FN(keep_nan)(FN(wide_lead)(z) < FASTACT_POWER_END ? result : K(0), x), beta);
}

/* gelu: f(x) = max(0, x) - a Phi(-a), a = |x|: for x < 0 the tail itself, for x > 0 a sum that does not cancel.
 * f' = Phi(x) + x phi(x), which is tail for x < 0 and 1 - tail for x > 0, tail = e^(-a^2/2) (root - a) R(a), R > 0.
 * How H(a) = a Phi(-a) e^(a^2/2), m(a) = H(a) / a and R are approximated stands in tools/coefficients.py. */
#if FASTACT_PRECISION == 32
/* e^(-a^2/2) = (1 + t) 2^k, t = s (s p - 1/2), k + bias + scale in the low bits of `shifted`. */
typedef struct { float s, p, shifted; } fastact_gauss_parts;
FASTACT_INLINE fastact_gauss_parts fastact_gauss_parts_of(float a) {
    fastact_gauss_parts e;
    e.shifted = FN(mad)(a * (K(-0.5) * FASTACT_LOG2E), a, FASTACT_ROUNDER);
    const REAL k = e.shifted - FASTACT_ROUNDER;
    /* a^2 + 2 k ln 2 with one rounding: e^(-a^2/2) turns the absolute error of a^2 into a relative one. */
    e.s = FN(mad)(k, K(2) * FASTACT_LN2_LO, FN(fma)(a, a, k * (K(2) * FASTACT_LN2_HI)));
#define FIRST(c) e.p = c;
#define STEP(c) e.p = FN(mad)(e.p, e.s, c);
    FASTACT_GAUSS_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    return e;
}
/* a Phi(-a) = H(a) e^(-a^2/2), H piecewise: a table entry and a polynomial leave only two roundings that count. */
FASTACT_INLINE REAL FN(gelu)(REAL x) {
    static const float table[8][16] = FASTACT_GELU_TABLE;
    const REAL a = FN(magnitude)(x, FASTACT_GELU_END);
    const fastact_gauss_parts e = fastact_gauss_parts_of(a);
    const REAL t = e.s * FN(fma)(e.p, e.s, K(-0.5));
    const REAL leading = K(0.5) * FN(magnitude)(a, FASTACT_OCTAVES_FIRST_END);
    const int piece = FN(octave_piece)(a + K(1));
    const REAL h = FN(piecewise)(table, piece, a, leading + table[1][piece]);
    const REAL scaled = h * FN(power_of_two)(e.shifted), tail = FN(fma)(scaled, t, scaled);
    /* NaN comes from x alone: the tail is finite even there. The constant is negated: gcc would take the sign of `-tail` into the fma that made it. */
    return FN(fma)(tail, -FASTACT_UNSCALE, x < 0 ? K(0) : x);
}
#if FASTACT_HAS_LOOKUP
/* f'(-a) is the polynomial itself near the root, and times e^(-a^2/2) beyond. */
FASTACT_INLINE REAL FN(gelu_derivative)(REAL x) {
    static const float table[8][16] = FASTACT_GELU_DERIVATIVE_TABLE;
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_GELU_DERIVATIVE_END), b = FN(mad)(a, FASTACT_GELU_DERIVATIVE_SCALE, K(1));
    const int piece = FN(octave_piece)(b);
    const REAL h = FN(piecewise)(table, piece, a, table[1][piece]);
    const fastact_gauss_parts e = fastact_gauss_parts_of(FN(select)(b >= FASTACT_GELU_DERIVATIVE_FAR, a, K(0)));
    const REAL t = FN(mad)(e.p * e.s, e.s, K(-0.5) * e.s);
    return FN(tail_slope)(h, t, e.shifted, x);
}
#else
/* f' in double throughout and rounded once. */
FASTACT_INLINE double FN(gelu_exp)(double a) {
    const double half_square = -0.5 * a * a;
    const double rounder = 0x1.8p52 + 1023, shifted = fastact_mad_f64(half_square, 0x1.71547652b82fep+0, rounder);
    const double r = fastact_mad_f64(shifted - rounder, -0x1.62e42fefa39efp-1, half_square);
#define FIRST(c) double p = c;
#define STEP(c) p = fastact_mad_f64(p, r, c);
    FASTACT_EXP_POLYNOMIAL(FIRST, STEP)
#undef FIRST
    STEP(1.0)
    STEP(1.0)
#undef STEP
    return p * fastact_from_bits_f64((int64_t)((uint64_t)fastact_bits_f64(shifted) << 52));
}
#define FIRST_ABOVE(c) double above = c;
#define STEP_ABOVE(c) above = fastact_mad_f64(above, a, c);
#define FIRST_BELOW(c) double below = c;
#define STEP_BELOW(c) below = fastact_mad_f64(below, a, c);
FASTACT_INLINE REAL FN(gelu_derivative)(REAL x) {
    const double a = FN(magnitude)(x, FASTACT_RATIONAL_END);
    FASTACT_TAIL_SLOPE_ABOVE(FIRST_ABOVE, STEP_ABOVE)
    FASTACT_TAIL_SLOPE_BELOW(FIRST_BELOW, STEP_BELOW)
    const double root = (double)FASTACT_GELU_ROOT_HI + (double)FASTACT_GELU_ROOT_LO;
    const double tail = (root - a) * above * FN(gelu_exp)(a) / below;
    return FN(keep_nan)((REAL)(x > 0 ? 1 - tail : tail), x);
}
#undef FIRST_ABOVE
#undef STEP_ABOVE
#undef FIRST_BELOW
#undef STEP_BELOW
#endif
#else
/* The parts of e^(-a^2/2), from the exact square. */
FASTACT_INLINE FN(exp_parts) FN(gelu_density)(REAL a) {
    const REAL square = a * a;
    return FN(exp_parts_of)(K(-0.5) * square, K(0.5) * FN(fma)(a, a, -square), K(1), FASTACT_ROUNDER);
}
FASTACT_INLINE REAL FN(gelu)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_MAPPED_END);
    const REAL d = a + FASTACT_MAPPED_SHIFT, d_lo = a - (d - FASTACT_MAPPED_SHIFT);
    const REAL y = K(1) / d, y_error = FN(reciprocal_error)(y, d, d_lo), v = y - FASTACT_MAPPED_CENTRE;
#define FIRST(c) REAL p = c;
#define STEP(c) p = FN(mad)(p, v, c);
    FASTACT_MILLS_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    /* The last three Horner steps once more for what they rounded away, with the coefficients' low parts. */
    const REAL curve = FN(mad)(p, v, FASTACT_MILLS_C2);
    const REAL curve_lo = FN(fma)(p, v, FASTACT_MILLS_C2 - curve) + FASTACT_MILLS_C2_LO;
    const REAL slope = FN(mad)(curve, v, FASTACT_MILLS_C1);
    const REAL slope_lo = FN(fma)(curve, v, FASTACT_MILLS_C1 - slope) + FN(mad)(curve_lo, v, FASTACT_MILLS_C1_LO);
    const REAL g = FN(mad)(slope, v, FASTACT_MILLS_C0);
    const REAL g_lo = FN(fma)(slope, v, FASTACT_MILLS_C0 - g) + FN(mad)(slope_lo, v, FASTACT_MILLS_C0_LO);
    /* An error of y enters m = y g once as a factor and once through g: together 1 + slope y + bend y^2, about. */
    const REAL m = y * g, relative = FN(mad)(y, FASTACT_MILLS_BEND, FASTACT_MILLS_SLOPE);
    const REAL through = FN(mad)(y, relative, K(1)) * y_error;
    const REAL m_lo = FN(fma)(y, g, -m) + FN(mad)(y, g_lo, m * through);
#if FASTACT_HAS_LOOKUP
    const fastact_exp_product_f64 e = fastact_growth_of_product(
        a, K(-0.5) * a, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
    const REAL product = a * m, product_lo = FN(mad)(a, m_lo, FN(fma)(a, m, -product));
    const REAL rest = FN(mad)(product, e.t, product_lo);
    const REAL result = FN(at_least)(x, K(0)) - FN(mad)(e.power, product, e.power * rest) * FASTACT_UNSCALE;
#else
    const FN(exp_parts) e = FN(gelu_density)(a);
    const REAL e_hi = K(1) + e.t, e_lo = ((K(1) - e_hi) + e.t) + e.t_lo;
    const REAL phi = m * e_hi, phi_lo = FN(fma)(m, e_hi, -phi) + FN(mad)(m, e_lo, m_lo * e_hi);
    const REAL product = a * phi, product_lo = FN(fma)(a, phi, -product) + a * phi_lo;
    const REAL tail = product * e.power * FASTACT_UNSCALE, tail_lo = product_lo * e.power * FASTACT_UNSCALE;
    const REAL linear = x > 0 ? a : K(0), difference = linear - tail;
    const REAL result = difference + (((linear - difference) - tail) - tail_lo);
#endif
    return FN(keep_nan)(x > FASTACT_MAPPED_END ? x : result, x);
}
FASTACT_INLINE REAL FN(gelu_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_MAPPED_END);
    const REAL d = a + FASTACT_MAPPED_SHIFT, d_lo = a - (d - FASTACT_MAPPED_SHIFT);
    const REAL y = K(1) / d, y_error = FN(reciprocal_error)(y, d, d_lo), v = y - FASTACT_MAPPED_CENTRE;
#define FIRST(c) REAL p = c;
#define STEP(c) p = FN(mad)(p, v, c);
    FASTACT_TAIL_SLOPE_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const FN(exp_parts) e = FN(gelu_density)(a);
    const REAL from_root = (FASTACT_GELU_ROOT_HI - a) + FASTACT_GELU_ROOT_LO;
    const REAL slope = FN(mad)(p, v, FASTACT_TAIL_SLOPE_C0);
    const REAL rounded = FN(fma)(p, v, FASTACT_TAIL_SLOPE_C0 - slope) + FASTACT_TAIL_SLOPE_C0_LO;
    const REAL slope_lo = FN(mad)(y * y_error, FASTACT_TAIL_SLOPE_SLOPE, rounded);
    const REAL product = from_root * slope;
    const REAL product_lo = FN(fma)(from_root, slope, -product) + from_root * slope_lo;
    const REAL scaled = (product + FN(mad)(product, e.t, FN(mad)(product, e.t_lo, product_lo))) * e.power;
    return FN(keep_nan)(x > 0 ? FN(mad)(-scaled, FASTACT_UNSCALE, K(1)) : scaled * FASTACT_UNSCALE, x);
}
#endif

/* gelu'' = phi(x) (2 - x^2). 2 - x^2 is exact near its roots. */
FASTACT_INLINE REAL FN(gelu_second_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, K(1.40625) * FASTACT_GAUSSIAN_END);
    const WIDE square = FN(wide_product)(a, a);
    const WIDE phi = FN(wide_multiply)(FN(wide_exp_scaled)(FN(wide_scale)(square, -0.5)),
        FN(wide_constant)(FASTACT_ONE_OVER_ROOT_TWO_PI_HI, FASTACT_ONE_OVER_ROOT_TWO_PI_LO));
    const WIDE curve = FN(wide_subtract)(FN(widen)(K(2)), square);
    return FN(keep_nan)(FN(narrow_scaled)(FN(wide_multiply)(phi, curve)), x);
}

/* Piecewise polynomials ------------------------------------------------------------------------------------------- */

/* prelu: f(x) = x for x > 0, else w x. f'(0) = w. df/dw = min(0, x). */
FASTACT_INLINE REAL FN(prelu)(REAL x, REAL weight) { return FN(leaky_relu)(x, weight); }
FASTACT_INLINE REAL FN(prelu_derivative)(REAL x, REAL weight) { return FN(leaky_relu_derivative)(x, weight); }
FASTACT_INLINE REAL FN(prelu_derivative_from_output)(REAL y, REAL weight) {
    return FN(leaky_relu_derivative)(y, weight);
}
FASTACT_INLINE REAL FN(prelu_derivative_weight)(REAL x, REAL weight) {
    return FN(keep_nan)(FN(at_most)(x, K(0)), weight);
}

/* rrelu, evaluated: leaky_relu with the mean slope (l + u) / 2. f'(0) = the mean slope. */
/* Halved before the sum, which could overflow; what a half of a subnormal loses is added. */
FASTACT_INLINE REAL FN(mean_slope)(REAL lower, REAL upper) {
    const REAL l = K(0.5) * lower, u = K(0.5) * upper;
    return (l + u) + K(0.5) * ((lower - (l + l)) + (upper - (u + u)));
}
FASTACT_INLINE REAL FN(rrelu_general)(REAL x, REAL lower, REAL upper) {
#if FASTACT_PRECISION == 32
    /* The slope is not rounded: rounded twice, the product would be wrong by 1.5 ULP. */
    const double slope = 0.5 * ((double)lower + (double)upper);
    const double below = FN(at_most)(x, K(0));
    const REAL leak = (REAL)(slope * (slope == 0 ? 0 : below));
    return FN(keep_nan)(FN(keep_nan)(x > 0 ? x : leak, lower), upper);
#else
    return FN(leaky_relu)(x, FN(mean_slope)(lower, upper));
#endif
}
/* Where the mean is a number of this precision, as that of the defaults and that of halves is, the same bits come of the
 * product alone; it must not overflow where it is not used, nor be 0 * inf. */
FASTACT_INLINE int FN(rrelu_is_leaky)(REAL lower, REAL upper) {
    const REAL slope = FN(mean_slope)(lower, upper);
    return (slope > 0) & (slope <= 1) & ((double)slope == 0.5 * ((double)lower + (double)upper));
}
FASTACT_INLINE REAL FN(rrelu_leaky)(REAL x, REAL lower, REAL upper) {
    const REAL slope = FN(mean_slope)(lower, upper);
    return x > 0 ? x : slope * x;
}
FASTACT_INLINE REAL FN(rrelu)(REAL x, REAL lower, REAL upper) { return FN(rrelu_general)(x, lower, upper); }
FASTACT_INLINE REAL FN(rrelu_derivative)(REAL x, REAL lower, REAL upper) {
    return FN(leaky_relu_derivative)(x, FN(mean_slope)(lower, upper));
}

/* relu6: f(x) = min(max(0, x), 6). f'(0) = f'(6) = 0. */
FASTACT_INLINE REAL FN(relu6)(REAL x) { return FN(at_most)(FN(relu)(x), K(6)); }
FASTACT_INLINE REAL FN(relu6_derivative)(REAL x) { return FN(keep_nan)(((x > 0) & (x < 6)) ? K(1) : K(0), x); }
FASTACT_INLINE REAL FN(relu6_derivative_from_output)(REAL y) { return FN(relu6_derivative)(y); }

/* srelu: f(x) = t + a (x - t) beyond the thresholds, else x. The right one goes first where they are one. The line is
 * computed in wide numbers, for it cancels where a < 0; where it overflows (pairs then give NaN), plainly. With a = 1 it
 * is x, also where x - t has lost x. */
FASTACT_INLINE REAL FN(keep_nans)(REAL value, REAL x, REAL a, REAL b, REAL c, REAL d) {
    return FN(keep_nan)(FN(keep_nan)(FN(keep_nan)(FN(keep_nan)(FN(keep_nan)(value, x), a), b), c), d);
}
FASTACT_INLINE REAL FN(srelu_general)(REAL x, REAL t_left, REAL a_left, REAL t_right, REAL a_right) {
    const FASTACT_BITS right = x >= t_right, outside = right | (x <= t_left);
    const REAL t = FN(select)(right, t_right, t_left), a = FN(select)(right, a_right, a_left);
    const FASTACT_BITS bent = outside & (a != 1);
    const REAL at = ((a == 0) | (bent == 0)) ? t : x; /* 0 * inf, and products that are not used */
    const REAL plain = FN(mad)(a, at - t, t);
    const REAL line = FN(narrow)(FN(wide_plus)(FN(wide_times)(FN(wide_subtract)(FN(widen)(at), FN(widen)(t)), a), t));
    const REAL beyond = FN(abs)(plain) <= FASTACT_LARGEST ? line : plain;
    return FN(keep_nans)(FN(select)(bent, beyond, x), x, t_left, a_left, t_right, a_right);
}
/* Two lines through 0, as at the defaults; the product must not overflow where it is not used, nor be 0 * inf. */
FASTACT_INLINE int FN(srelu_is_leaky)(REAL t_left, REAL a_left, REAL t_right, REAL a_right) {
    return (t_left == 0) & (t_right > 0) & (a_right == 1) & (a_left > 0) & (a_left <= 1);
}
FASTACT_INLINE REAL FN(srelu_leaky)(REAL x, REAL t_left, REAL a_left, REAL t_right, REAL a_right) {
    (void)t_left, (void)t_right, (void)a_right;
    return x > 0 ? x : a_left * x;
}
FASTACT_INLINE REAL FN(srelu)(REAL x, REAL t_left, REAL a_left, REAL t_right, REAL a_right) {
    const FASTACT_BITS leaky = FN(srelu_is_leaky)(t_left, a_left, t_right, a_right);
    const REAL general = FN(srelu_general)(x, t_left, a_left, t_right, a_right);
    return FN(select)(leaky, FN(srelu_leaky)(x, t_left, FN(used)(leaky, a_left), t_right, a_right), general);
}
FASTACT_INLINE REAL FN(srelu_derivative)(REAL x, REAL t_left, REAL a_left, REAL t_right, REAL a_right) {
    const REAL below = x <= t_left ? a_left : K(1);
    return FN(keep_nans)(x >= t_right ? a_right : below, x, t_left, a_left, t_right, a_right);
}
FASTACT_INLINE REAL FN(srelu_derivative_t_left)(REAL x, REAL t_left, REAL a_left, REAL t_right, REAL a_right) {
    const REAL slope = ((x <= t_left) & (x < t_right)) ? K(1) - a_left : K(0);
    return FN(keep_nans)(slope, x, t_left, a_left, t_right, a_right);
}
FASTACT_INLINE REAL FN(srelu_derivative_a_left)(REAL x, REAL t_left, REAL a_left, REAL t_right, REAL a_right) {
    return FN(keep_nans)(((x <= t_left) & (x < t_right)) ? x - t_left : K(0), x, t_left, a_left, t_right, a_right);
}
FASTACT_INLINE REAL FN(srelu_derivative_t_right)(REAL x, REAL t_left, REAL a_left, REAL t_right, REAL a_right) {
    return FN(keep_nans)(x >= t_right ? K(1) - a_right : K(0), x, t_left, a_left, t_right, a_right);
}
FASTACT_INLINE REAL FN(srelu_derivative_a_right)(REAL x, REAL t_left, REAL a_left, REAL t_right, REAL a_right) {
    return FN(keep_nans)(x >= t_right ? x - t_right : K(0), x, t_left, a_left, t_right, a_right);
}

/* erelu, evaluated: relu. */
FASTACT_INLINE REAL FN(erelu)(REAL x, REAL alpha) { return FN(keep_nan)(FN(relu)(x), alpha); }
FASTACT_INLINE REAL FN(erelu_derivative)(REAL x, REAL alpha) { return FN(keep_nan)(FN(relu_derivative)(x), alpha); }

/* square: f(x) = x^2. */
FASTACT_INLINE REAL FN(square)(REAL x) { return x * x; }
FASTACT_INLINE REAL FN(square_derivative)(REAL x) { return x + x; }
FASTACT_INLINE REAL FN(square_second_derivative)(REAL x) { return FN(keep_nan)(K(2), x); }

/* signed_square: f(x) = sign(x) x^2. */
FASTACT_INLINE REAL FN(signed_square)(REAL x) { return FN(copysign)(x * x, x); }
FASTACT_INLINE REAL FN(signed_square_derivative)(REAL x) { return FN(abs)(x) + FN(abs)(x); }

/* squared_relu: f(x) = max(0, x)^2. f' = 2 max(0, x) = 2 sqrt(y). */
FASTACT_INLINE REAL FN(squared_relu)(REAL x) { return FN(relu)(x) * FN(relu)(x); }
FASTACT_INLINE REAL FN(squared_relu_derivative)(REAL x) { return FN(relu)(x) + FN(relu)(x); }
FASTACT_INLINE REAL FN(squared_relu_derivative_from_output)(REAL y) { return K(2) * FN(sqrt)(FN(relu)(y)); }

/* A sixth of a pair, rounded once. */
FASTACT_INLINE REAL FN(sixth)(FN(pair) a) {
    const REAL sixth = K(1) / K(6), sixth_lo = FN(fma)(K(-6), sixth, K(1)) / K(6);
    const FN(pair) product = FN(product)(a.hi, sixth);
    return product.hi + (product.lo + FN(mad)(a.lo, sixth, a.hi * sixth_lo));
}

/* hard_sigmoid: f(x) = min(max(0, x + 3), 6) / 6. f'(-3) = f'(3) = 0. */
FASTACT_INLINE REAL FN(hard_sigmoid)(REAL x) {
    return FN(keep_nan)(FN(sixth)(FN(quick_sum)(K(3), FN(hold)(x, K(-3), K(3)))), x);
}
FASTACT_INLINE REAL FN(hard_sigmoid_derivative)(REAL x) {
    return FN(keep_nan)(FN(abs)(x) < 3 ? K(1) / K(6) : K(0), x);
}
FASTACT_INLINE REAL FN(hard_sigmoid_derivative_from_output)(REAL y) {
    return FN(keep_nan)(((y > 0) & (y < 1)) ? K(1) / K(6) : K(0), y);
}

/* hard_swish: f(x) = x min(max(0, x + 3), 6) / 6. f'(-3) = 0, f'(3) = 1, (2 x + 3) / 6 between. */
FASTACT_INLINE REAL FN(hard_swish)(REAL x) {
    const REAL held = FN(hold)(x, K(-3), K(3)), sixth = K(1) / K(6);
    const FN(pair) ramp = FN(quick_sum)(K(3), held);
#if FASTACT_PRECISION == 32 || !FASTACT_HAS_FMA
    /* The product and a sixth, rounded, would make 1.67 ULP, and without an fma steps back: what was rounded is added. */
    const REAL product = held * ramp.hi, taken = FN(mad)(held, ramp.lo, FN(fma)(held, ramp.hi, -product));
    const REAL inside = FN(fma)(product, sixth, taken * sixth);
#else
    const REAL inside = FN(mad)(held, ramp.hi, held * ramp.lo) * sixth;
#endif
    return x <= 3 ? inside : x;
}
FASTACT_INLINE REAL FN(hard_swish_derivative)(REAL x) {
    const REAL held = FN(hold)(x, K(-3), K(3)), inside = FN(mad)(K(2), held, K(3)) * (K(1) / K(6));
    const REAL outside = x > 0 ? K(1) : K(0);
    return FN(keep_nan)(FN(abs)(x) >= 3 ? outside : inside, x);
}

/* hard_tanh: f(x) = min(max(min_val, x), max_val). f' = 0 at both ends. */
FASTACT_INLINE REAL FN(hard_tanh)(REAL x, REAL min_val, REAL max_val) {
    return FN(keep_nan)(FN(keep_nan)(FN(at_most)(FN(at_least)(x, min_val), max_val), min_val), max_val);
}
FASTACT_INLINE REAL FN(hard_tanh_derivative)(REAL x, REAL min_val, REAL max_val) {
    const REAL slope = ((x > min_val) & (x < max_val)) ? K(1) : K(0);
    return FN(keep_nan)(FN(keep_nan)(FN(keep_nan)(slope, x), min_val), max_val);
}
FASTACT_INLINE REAL FN(hard_tanh_derivative_from_output)(REAL y, REAL min_val, REAL max_val) {
    return FN(hard_tanh_derivative)(y, min_val, max_val);
}

/* soft_shrink: f(x) = x - l for x > l, x + l for x < -l, else 0 with the sign of x. f'(-l) = f'(l) = 0. */
FASTACT_INLINE REAL FN(soft_shrink)(REAL x, REAL lambd) {
    const REAL rest = FN(abs)(x) - FN(at_most)(FN(abs)(x), lambd);
    return FN(keep_nan)(FN(keep_nan)(FN(copysign)(rest, x), x), lambd);
}
FASTACT_INLINE REAL FN(soft_shrink_derivative)(REAL x, REAL lambd) {
    return FN(keep_nan)(FN(keep_nan)(FN(abs)(x) > lambd ? K(1) : K(0), x), lambd);
}
FASTACT_INLINE REAL FN(soft_shrink_derivative_from_output)(REAL y, REAL lambd) {
    return FN(keep_nan)(FN(keep_nan)(FN(abs)(y) > 0 ? K(1) : K(0), y), lambd);
}

/* hard_shrink: f(x) = x for |x| > l, else 0 with the sign of x. f'(-l) = f'(l) = 0. */
FASTACT_INLINE REAL FN(hard_shrink)(REAL x, REAL lambd) {
    return FN(keep_nan)(FN(keep_nan)(FN(abs)(x) > lambd ? x : FN(copysign)(K(0), x), x), lambd);
}
FASTACT_INLINE REAL FN(hard_shrink_derivative)(REAL x, REAL lambd) { return FN(soft_shrink_derivative)(x, lambd); }
FASTACT_INLINE REAL FN(hard_shrink_derivative_from_output)(REAL y, REAL lambd) {
    return FN(soft_shrink_derivative_from_output)(y, lambd);
}

/* threshold: f(x) = x for x > t, else v. f'(t) = 0. */
FASTACT_INLINE REAL FN(threshold)(REAL x, REAL threshold, REAL value) {
    return FN(keep_nan)(FN(keep_nan)(FN(keep_nan)(x > threshold ? x : value, x), threshold), value);
}
FASTACT_INLINE REAL FN(threshold_derivative)(REAL x, REAL threshold, REAL value) {
    return FN(keep_nan)(FN(keep_nan)(FN(keep_nan)(x > threshold ? K(1) : K(0), x), threshold), value);
}
FASTACT_INLINE REAL FN(threshold_derivative_from_output)(REAL y, REAL threshold, REAL value) {
    return FN(threshold_derivative)(y, threshold, value); /* y > t is x > t where v <= t */
}

/* sparse_plus: f(x) = (x + 1)^2 / 4 for |x| < 1, else max(0, x). f' = (x + 1) / 2 = sqrt(y) between 0 and 1. */
FASTACT_INLINE REAL FN(sparse_plus)(REAL x) {
    const FN(pair) sum = FN(quick_sum)(K(1), FN(hold)(x, K(-1), K(1)));
    const FN(pair) square = FN(pair_square)(FN(pair_scale)(sum, K(0.5)));
    return x <= 1 ? square.hi + square.lo : x;
}
FASTACT_INLINE REAL FN(sparse_plus_derivative)(REAL x) {
    return K(0.5) * (FN(at_most)(FN(at_least)(x, K(-1)), K(1)) + K(1));
}
FASTACT_INLINE REAL FN(sparse_plus_derivative_from_output)(REAL y) { return FN(sqrt)(FN(at_most)(FN(relu)(y), K(1))); }

/* sparse_sigmoid: f(x) = min(max(0, (x + 1) / 2), 1). f'(-1) = f'(1) = 0. */
FASTACT_INLINE REAL FN(sparse_sigmoid)(REAL x) { return FN(sparse_plus_derivative)(x); }
FASTACT_INLINE REAL FN(sparse_sigmoid_derivative)(REAL x) {
    return FN(keep_nan)(FN(abs)(x) < 1 ? K(0.5) : K(0), x);
}
FASTACT_INLINE REAL FN(sparse_sigmoid_derivative_from_output)(REAL y) {
    return FN(keep_nan)(((y > 0) & (y < 1)) ? K(0.5) : K(0), y);
}

/* clipped_linear: f(x) = min(max(min_val, s x + o), max_val). f' = s strictly between the ends, decided by the sum
 * rounded and, where that is an end, by what rounding left over. */
typedef struct { double hi, lo; } FN(line);
FASTACT_INLINE FN(line) FN(line_of)(REAL x, REAL slope, REAL offset) {
    FN(line) line;
#if FASTACT_PRECISION == 32
    const double held = FN(hold)(x, -FASTACT_LARGEST, FASTACT_LARGEST); /* 0 * inf */
    const double product = (double)slope * held, sum = product + (double)offset, seen = sum - product;
    line.hi = sum;
    line.lo = (product - (sum - seen)) + ((double)offset - seen);
#else
    /* Where the product or the sum could leave the range, all is kept times 2^-130, and the larger factor held: the
     * product is then beyond every end. Told by the exponents, since a product that overflows would signal it. */
    const REAL s = FN(abs)(slope), a = FN(abs)(x), larger = s > a ? s : a, smaller = s > a ? a : s;
    const FASTACT_BITS exponents = (FN(bits)(s) >> 52) + (FN(bits)(a) >> 52);
    const FASTACT_BITS large = (exponents > 2 * 1023 + 1000) | (FN(abs)(offset) > K(0x1p1000));
    const REAL scale = FN(select)(large, K(0x1p-130), K(1));
    const REAL most = FN(select)(large, K(0x1p1022) / FN(at_least)(smaller, K(1)), FASTACT_LARGEST);
    /* A product that underflows still has a sign. */
    const REAL sign = FN(copysign)(x == 0 ? K(0) : K(1), x) * FN(copysign)(K(1), slope);
    const REAL first = FN(copysign)(FN(magnitude)(larger * scale, most), sign), product = first * smaller;
    const FN(wide) sum = FN(wide_plus)(FN(wide_product)(first, smaller), offset * scale);
    const FASTACT_BITS infinite = (a > FASTACT_LARGEST) & (s > 0);
    const FASTACT_BITS beyond = infinite | (large & (FN(abs)(sum.hi) > FASTACT_LARGEST * K(0x1p-130)));
    const REAL side = FN(select)(infinite, sign, sum.hi);
    const REAL unscale = FN(select)(large & (beyond ^ 1), K(0x1p130), K(1));
    line.hi = FN(select)(beyond, FN(copysign)(FASTACT_LARGEST, side), sum.hi * unscale);
    line.lo = FN(select)(beyond, side, product == 0 ? sign : sum.lo);
#endif
    return line;
}
FASTACT_INLINE REAL FN(clipped_linear_general)(REAL x, REAL slope, REAL offset, REAL min_val, REAL max_val) {
    const double sum = FN(line_of)(x, slope, offset).hi, least = min_val, most = max_val;
    const double raised = sum < least ? least : sum;
    return FN(keep_nans)((REAL)(raised > most ? most : raised), x, slope, offset, min_val, max_val);
}
/* The same bits as the general formula. */
FASTACT_INLINE REAL FN(clipped_linear_default)(REAL x) {
    const REAL line = x + K(0), raised = FN(at_least)(line, K(0)); /* the sum has no -0 */
    return FN(at_most)(raised, K(1));
}
FASTACT_INLINE REAL FN(clipped_linear)(REAL x, REAL slope, REAL offset, REAL min_val, REAL max_val) {
    return FN(clipped_linear_general)(x, slope, offset, min_val, max_val);
}
FASTACT_INLINE REAL FN(clipped_linear_derivative_default)(REAL x) {
    return FN(keep_nan)(((x > 0) & (x < 1)) ? K(1) : K(0), x);
}
FASTACT_INLINE REAL FN(clipped_linear_derivative_general)(
    REAL x, REAL slope, REAL offset, REAL min_val, REAL max_val) {
    const FN(line) line = FN(line_of)(x, slope, offset);
    const double least = min_val, most = max_val;
    const int64_t above = (line.hi > least) | ((line.hi == least) & (line.lo > 0));
    const int64_t below = (line.hi < most) | ((line.hi == most) & (line.lo < 0));
    return FN(keep_nans)(above & below ? slope : K(0), x, slope, offset, min_val, max_val);
}
FASTACT_INLINE REAL FN(clipped_linear_derivative)(REAL x, REAL slope, REAL offset, REAL min_val, REAL max_val) {
    return FN(clipped_linear_derivative_general)(x, slope, offset, min_val, max_val);
}
FASTACT_INLINE REAL FN(clipped_linear_derivative_from_output)(
    REAL y, REAL slope, REAL offset, REAL min_val, REAL max_val) {
    return FN(keep_nans)(((y > min_val) & (y < max_val)) ? slope : K(0), y, slope, offset, min_val, max_val);
}

/* Exponentials and logarithms ------------------------------------------------------------------------------------- */

/* exponential: f(x) = f'(x) = f''(x) = e^x. */
FASTACT_INLINE REAL FN(exponential)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_EXP_END, FASTACT_EXP_MOST);
    /* Kept times 2^SCALE below 0 and 2^-SCALE above. By the sign's bits: two `?:` would take longer. */
    const FASTACT_BITS negative = FN(sign_mask)(x);
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
    const FASTACT_BITS up = FN(bits)(FASTACT_SIXTEENTHS_ROUNDER), down = FN(bits)(FASTACT_SIXTEENTHS_ROUNDER_DOWN);
#elif FASTACT_HAS_LOOKUP
    const FASTACT_BITS up = FN(bits)(FASTACT_EIGHTHS_ROUNDER), down = FN(bits)(FASTACT_EIGHTHS_ROUNDER_DOWN);
#else
    const FASTACT_BITS up = FN(bits)(FASTACT_ROUNDER), down = FN(bits)(FASTACT_ROUNDER_DOWN);
#endif
    const FASTACT_BITS less = FN(bits)(FASTACT_UNSCALE), more = FN(bits)(K(1) / FASTACT_UNSCALE);
    const REAL rounder = FN(from_bits)(down ^ (negative & (up ^ down)));
    const REAL unscale = FN(from_bits)(more ^ (negative & (more ^ less)));
#if FASTACT_PRECISION == 64 && FASTACT_HAS_LOOKUP
    const fastact_exp_product_f64 e = fastact_growth_of(held, rounder, FASTACT_GROWTH_EXP);
    const REAL result = FN(mad)(e.power, e.t, e.power) * unscale;
#elif FASTACT_PRECISION == 64
    const FN(exp_parts) e = FN(exp_parts_of)(held, K(0), K(1), rounder);
    const REAL result = FN(mad)(e.power, e.t, e.power) * unscale; /* 1.1 ULP */
#elif FASTACT_HAS_LOOKUP
    const fastact_exp_product e = fastact_exp_product_of(held, K(0), rounder, FASTACT_EXPONENTIAL_EXP);
    const REAL result = FN(mad)(e.power, e.t, e.power) * unscale;
#else
    const REAL result = FN(exp_pair)(held, K(0), rounder).hi * unscale;
#endif
    /* A finite number beyond overflows here, and signals it; inf and NaN pass. */
    return FN(mad)(x <= FASTACT_EXP_MOST ? K(0) : x, FASTACT_LARGEST, result);
}
FASTACT_INLINE REAL FN(exponential_derivative)(REAL x) { return FN(exponential)(x); }
FASTACT_INLINE REAL FN(exponential_derivative_from_output)(REAL y) { return y; }
FASTACT_INLINE REAL FN(exponential_second_derivative)(REAL x) { return FN(exponential)(x); }

/* gaussian: f(x) = e^-x^2, from the exact square. f' = -2 x e^-x^2, f'' = (4 x^2 - 2) e^-x^2. */
FASTACT_INLINE REAL FN(gaussian)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_GAUSSIAN_END);
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
    const fastact_exp_product e = fastact_exp_product_of_square(a, FASTACT_SIXTEENTHS_ROUNDER, FASTACT_DECAY_EXP);
    return FN(keep_nan)(FN(mad)(e.power, e.t, e.power) * FASTACT_UNSCALE, x);
#elif FASTACT_HAS_LOOKUP
    const fastact_exp_product_f64 e = fastact_growth_of_product(a, -a, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
    return FN(keep_nan)(FN(mad)(e.power, e.t, e.power) * FASTACT_UNSCALE, x);
#else
    return FN(keep_nan)(FN(narrow_scaled)(FN(wide_exp_scaled)(FN(wide_product)(-a, a))), x);
#endif
}
FASTACT_INLINE REAL FN(gaussian_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_GAUSSIAN_END);
#if FASTACT_PRECISION == 64 && FASTACT_HAS_LOOKUP
    const fastact_exp_product_f64 e = fastact_growth_of_product(a, -a, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
    const REAL slope = FN(mad)(e.power, e.t, e.power) * (a + a) * FASTACT_UNSCALE;
#elif FASTACT_HAS_LOOKUP
    const fastact_exp_product e = fastact_exp_product_of_square(a, FASTACT_SIXTEENTHS_ROUNDER, FASTACT_DECAY_EXP);
    const REAL slope = fastact_times_exp(a + a, e);
#else
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(wide_product)(-a, a));
    const REAL slope = FN(narrow_scaled)(FN(wide_times)(scaled, a + a));
#endif
    return FN(keep_nan)(FN(copysign)(slope, -x), x);
}
FASTACT_INLINE REAL FN(gaussian_second_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_GAUSSIAN_END);
    const FN(wide) square = FN(wide_product)(a, a), factor = FN(wide_plus)(FN(wide_scale)(square, 4.0), K(-2));
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(wide_negate)(square));
    return FN(keep_nan)(FN(narrow_scaled)(FN(wide_multiply)(scaled, factor)), x);
}

#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
/* A function of x < 0 by a table of it, to which `times` x is added as `leading` elsewhere; at x >= 0 it is +-0. */
FASTACT_INLINE REAL FN(below_zero)(const float table[8][16], REAL x, REAL times) {
    const REAL held = FN(hold)(x, -FASTACT_EXPM1_END, K(0));
    const REAL leading = FN(nearer)(held, K(-2) * FASTACT_OCTAVES_FIRST_END);
    const int piece = FN(octave_piece)(FN(mad)(held, K(-0.5), K(1)));
    return FN(piecewise)(table, piece, held, FN(mad)(leading, times, table[1][piece]));
}
#endif

/* elu: f(x) = x for x > 0, else alpha expm1(x). f'(0) = alpha. From y <= 0: f' = y + alpha. */
FASTACT_INLINE REAL FN(elu_general)(REAL x, REAL alpha) {
    const FN(pair) m = FN(precise_expm1)(-FN(magnitude)(x, FASTACT_EXP_END));
    const REAL below = FN(copysign)(FN(rounded_times)(m, alpha), x);
    return FN(keep_nan)(FN(keep_nan)(x > 0 ? x : below, x), alpha);
}
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(elu_default)(REAL x) {
    static const float table[8][16] = FASTACT_EXPM1_TABLE;
    const REAL below = FN(below_zero)(table, x, K(1)); /* never below x where x < 0 */
    return below > x ? below : x;
}
#elif FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(elu_default)(REAL x) {
    const REAL below = fastact_expm1_by_table(-FN(magnitude)(x, FASTACT_LOGISTIC_END)).hi;
    return x <= 0 ? FN(copysign)(below, x) : x;
}
#else
FASTACT_INLINE REAL FN(elu_default)(REAL x) { return FN(elu_general)(x, K(1)); }
#endif
FASTACT_INLINE REAL FN(elu)(REAL x, REAL alpha) {
    return FN(select)(alpha == 1, FN(elu_default)(x), FN(elu_general)(x, alpha));
}
FASTACT_INLINE REAL FN(elu_derivative_general)(REAL x, REAL alpha) {
    const REAL below = FN(exp_times)(FN(widen)(-FN(magnitude)(x, FASTACT_POWER_END)), alpha);
    return FN(keep_nan)(FN(keep_nan)(x > 0 ? K(1) : below, x), alpha);
}
FASTACT_INLINE REAL FN(elu_derivative_default)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_EXP_END);
#if FASTACT_PRECISION == 64 && FASTACT_HAS_LOOKUP
    const fastact_exp_product_f64 e = fastact_growth_of(-a, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
#else
    const FN(exp_parts) e = FN(exp_parts_of)(-a, K(0), K(1), FASTACT_ROUNDER);
#endif
    return FN(keep_nan)(x > 0 ? K(1) : FN(mad)(e.power, e.t, e.power) * FASTACT_UNSCALE, x);
}
FASTACT_INLINE REAL FN(elu_derivative)(REAL x, REAL alpha) {
    return FN(select)(alpha == 1, FN(elu_derivative_default)(x), FN(elu_derivative_general)(x, alpha));
}
FASTACT_INLINE REAL FN(elu_derivative_from_output)(REAL y, REAL alpha) {
    return FN(keep_nan)(FN(keep_nan)(y > 0 ? K(1) : y + alpha, y), alpha);
}

/* selu: f(x) = scale x for x > 0, else scale alpha expm1(x), with the constants of its paper. f'(0) = scale alpha. */
FASTACT_INLINE REAL FN(selu)(REAL x) {
    const REAL rest = (REAL)((FASTACT_WIDE_SELU_SCALE_HI - 1) + FASTACT_WIDE_SELU_SCALE_LO); /* a twentieth: one number is enough */
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
    static const float table[8][16] = FASTACT_SELU_TABLE;
    const REAL below = FN(below_zero)(table, x, K(2));
    const REAL above = FN(at_least)(x, K(0));
    return x < 0 ? below : FN(mad)(above, rest, above);
#else
    const FN(pair) both = FN(pair_constant)(FASTACT_WIDE_SELU_SCALE_ALPHA_HI, FASTACT_WIDE_SELU_SCALE_ALPHA_LO);
#if FASTACT_HAS_LOOKUP
    const FN(pair) m = fastact_expm1_by_table(-FN(magnitude)(x, FASTACT_LOGISTIC_END));
#else
    const FN(pair) m = FN(precise_expm1)(-FN(magnitude)(x, FASTACT_EXP_END));
#endif
    const REAL below = FN(rounded_product)(m, both), above = FN(mad)(FN(used)(x > 0, x), rest, x);
    return FN(keep_nan)(FN(copysign)(x > 0 ? above : below, x), x);
#endif
}
FASTACT_INLINE REAL FN(selu_derivative)(REAL x) {
    const FN(wide) scale = FN(wide_constant)(FASTACT_WIDE_SELU_SCALE_HI, FASTACT_WIDE_SELU_SCALE_LO);
    const FN(wide) both = FN(wide_constant)(FASTACT_WIDE_SELU_SCALE_ALPHA_HI, FASTACT_WIDE_SELU_SCALE_ALPHA_LO);
    /* 1 + t and the constant are rounded, and their product: 1.2 ULP. */
    const REAL z = -FN(magnitude)(x, FASTACT_EXP_END);
#if FASTACT_PRECISION == 64 && FASTACT_HAS_LOOKUP
    const fastact_exp_product_f64 e = fastact_growth_of(z, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
#else
    const FN(exp_parts) e = FN(exp_parts_of)(z, K(0), K(1), FASTACT_ROUNDER);
#endif
    const REAL power = e.power * FN(narrow)(both), below = FN(mad)(power, e.t, power) * FASTACT_UNSCALE;
    return FN(keep_nan)(x > 0 ? FN(narrow)(scale) : below, x);
}
FASTACT_INLINE REAL FN(selu_derivative_from_output)(REAL y) {
    const FN(wide) scale = FN(wide_constant)(FASTACT_WIDE_SELU_SCALE_HI, FASTACT_WIDE_SELU_SCALE_LO);
    const FN(wide) both = FN(wide_constant)(FASTACT_WIDE_SELU_SCALE_ALPHA_HI, FASTACT_WIDE_SELU_SCALE_ALPHA_LO);
    /* The sum is exact where it cancels. */
    const REAL hi = FN(narrow)(both), lo = FN(narrow)(FN(wide_plus)(both, -hi));
    return FN(keep_nan)(y > 0 ? FN(narrow)(scale) : (hi + y) + lo, y);
}

/* x / alpha for finite x < 0, else 0, and any alpha but 0. */
FASTACT_INLINE FN(wide) FN(celu_exponent)(REAL x, REAL alpha) {
    const FN(wide) ratio = FN(wide_ratio)(FN(used)(x < 0, x), alpha, FASTACT_POWER_END);
    return FN(wide_select)(alpha < 0, ratio, FN(wide_negate)(ratio));
}
/* celu: f(x) = x for x > 0, else alpha expm1(x / alpha). f'(0) = 1. From y <= 0: f' = 1 + y / alpha. */
FASTACT_INLINE REAL FN(celu_general)(REAL x, REAL alpha) {
    const FN(wide) z = FN(celu_exponent)(x, alpha);
    const REAL below = FN(copysign)(FN(expm1_times)(z, alpha), x);
    /* Below 2^-60 the quotient may have lost digits, or vanished, and does not matter. */
    const FASTACT_BITS linear = (x > 0) | (FN(abs)(x) <= FN(abs)(alpha) * K(0x1p-60)), infinite = x < -FASTACT_LARGEST;
    const REAL limit = FN(select)(infinite & (alpha > 0), -alpha, FN(select)(linear | infinite, x, below));
    return FN(keep_nan)(FN(keep_nan)(limit, x), alpha);
}
FASTACT_INLINE REAL FN(celu)(REAL x, REAL alpha) {
    return FN(select)(alpha == 1, FN(elu_default)(x), FN(celu_general)(x, alpha));
}
FASTACT_INLINE REAL FN(celu_derivative_general)(REAL x, REAL alpha) {
    const REAL below = FN(exp_times)(FN(celu_exponent)(x, alpha), K(1));
    const REAL limit = FN(select)(x < -FASTACT_LARGEST, alpha < 0 ? -x : K(0), below);
    return FN(keep_nan)(FN(keep_nan)(limit, x), alpha);
}
FASTACT_INLINE REAL FN(celu_derivative)(REAL x, REAL alpha) {
    return FN(select)(alpha == 1, FN(elu_derivative_default)(x), FN(celu_derivative_general)(x, alpha));
}
FASTACT_INLINE REAL FN(celu_derivative_from_output_general)(REAL y, REAL alpha) {
    const REAL below = y < 0 ? y : K(0);
#if FASTACT_PRECISION == 32
    const REAL slope = (REAL)(((double)alpha + (double)below) * (1.0 / (double)alpha));
#else
    const REAL held = FN(used)(y < 0, y), quotient = below / alpha;
    const WIDE less = FN(wide_ratio_complement)(held, alpha, 0x1p80);
    const WIDE more = FN(wide_plus)(FN(wide_negate)(less), K(2)); /* 1 + |y / alpha| */
    const REAL near = FN(narrow)(FN(wide_select)(alpha < 0, more, less));
    const REAL slope = FN(abs)(quotient) > K(0x1p60) ? quotient : near;
#endif
    return FN(keep_nan)(FN(keep_nan)(slope, y), alpha);
}
FASTACT_INLINE REAL FN(celu_derivative_from_output)(REAL y, REAL alpha) {
    return FN(select)(
        alpha == 1, FN(elu_derivative_from_output)(y, alpha), FN(celu_derivative_from_output_general)(y, alpha));
}

/* Activations f(x) = x s(z), s the logistic function and z odd in x. With a = |z| and e = e^-a:
 * f = x / (1 + e) where z > 0, x e / (1 + e) where z < 0. Beyond a = TAIL_END x e vanishes. */
FASTACT_INLINE REAL FN(gated)(REAL x, FN(pair) a, FASTACT_BITS negative) {
    const FN(pair) scaled = FN(exp_pair)(-FN(magnitude)(a.hi, FASTACT_TAIL_END), a.lo, FASTACT_ROUNDER);
    const FN(pair) factor = FN(pair_select)(negative, scaled, FN(pair_of)(K(1), K(0)));
    const FN(pair) d = FN(pair_plus)(FN(pair_scale)(scaled, FASTACT_UNSCALE), K(1));
    const FN(pair) quotient = FN(pair_divide)(FN(pair_times)(factor, x), d);
    return (quotient.hi + quotient.lo) * FN(select)(negative, FASTACT_UNSCALE, K(1));
}
/* f' = s(z) (1 + w s(-z)), w = x dz/dx >= 0, from parts of e = e^-a and `rest` = 1 + e - w:
 * (1 + e + w e) / (1 + e)^2 where z > 0, e (1 + e - w) / (1 + e)^2 where z < 0. */
FASTACT_INLINE REAL FN(gated_slope)(FN(wide) scaled, FN(wide) w, FN(wide) rest, FASTACT_BITS negative) {
    const FN(wide) e = FN(wide_unscale)(scaled), d = FN(wide_plus)(e, K(1));
    const FN(wide) above = FN(wide_add)(d, FN(wide_multiply)(w, e));
    const FN(wide) factor = FN(wide_select)(negative, scaled, FN(wide_one_scaled)());
    const FN(wide) numerator = FN(wide_multiply)(FN(wide_select)(negative, rest, above), factor);
    return FN(narrow_scaled)(FN(wide_divide)(numerator, FN(wide_square)(d)));
}
/* The same for z a multiple of x, w = a <= TAIL_END. At the root r of f' 1 + e^-r = r, so that with u = r - a
 * e^-a = (r - 1) e^u and 1 + e^-a - a = u + (r - 1) expm1(u), which does not cancel: f' is right to the last digits
 * however near the root is, and wherever a parameter moves it. */
FASTACT_INLINE REAL FN(linear_gate_slope)(FN(wide) a, FASTACT_BITS negative) {
    const FN(wide) root = FN(wide_constant)(FASTACT_WIDE_SILU_ROOT_HI, FASTACT_WIDE_SILU_ROOT_LO);
    const FN(wide) u = FN(wide_normalise)(FN(wide_subtract)(root, a)), less = FN(wide_plus)(root, K(-1));
    const FN(wide) scaled = FN(wide_multiply)(FN(wide_exp_scaled)(u), less);
    const FN(wide) rest = FN(wide_add)(u, FN(wide_multiply)(FN(wide_expm1)(u), less));
    return FN(gated_slope)(scaled, a, rest, negative);
}
/* f'' = s(z) s(-z) (rise - bend tanh(a/2)) = e (rise (1 + e) - bend (1 - e)) / (1 + e)^3 with rise = 2 z' + x z'' and
 * bend = |x| z'^2: even. */
FASTACT_INLINE REAL FN(gated_curvature)(FN(wide) a, FN(wide) rise, FN(wide) bend) {
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(wide_negate)(a)), e = FN(wide_unscale)(scaled);
    const FN(wide) d = FN(wide_plus)(e, K(1)), less = FN(wide_plus)(FN(wide_negate)(e), K(1));
    const FN(wide) difference = FN(wide_subtract)(FN(wide_multiply)(rise, d), FN(wide_multiply)(bend, less));
    const FN(wide) cube = FN(wide_multiply)(FN(wide_square)(d), d);
    return FN(narrow_scaled)(FN(wide_divide)(FN(wide_multiply)(scaled, difference), cube));
}

#if FASTACT_PRECISION == 64
/* x / (1 + e^-z), NaN to be kept by the caller, from parts of e^-z by FASTACT_ROUNDER_DOWN. In this order the sum also
 * keeps the 1 where it is a last digit. Its rounding, e's and the quotient's: just below 2 ULP. */
FASTACT_INLINE REAL FN(gate)(REAL x, FN(exp_parts) e) {
    const REAL sum = e.power + FN(mad)(e.power, e.t, FASTACT_UNSCALE);
    return x / sum * FASTACT_UNSCALE;
}
/* f'(x) from parts of e = e^-|z| and `rest` = 1 - w, w = x dz/dx: tail = e (1 + e - w) / (1 + e)^2 where x < 0, and
 * 1 - tail where x > 0. `precise`: also with what rounding takes from e and from the quotient. */
FASTACT_INLINE REAL FN(gate_slope)(FN(exp_parts) e, REAL rest, REAL x, int precise) {
    const REAL power = e.power * FASTACT_UNSCALE, exponential = FN(mad)(power, e.t, power);
    /* 1 + e - w = n + n_lo does not round e before it cancels. */
    const REAL base = power + rest, n = FN(mad)(power, e.t, base), n_rounded = FN(mad)(power, e.t, base - n);
    const REAL more = FN(mad)(n, e.t, FN(mad)(power, e.t_lo, n_rounded)), numerator = n + more;
    const REAL g = K(2) + exponential, d = FN(mad)(exponential, g, K(1)), d_lo = FN(mad)(exponential, g, K(1) - d);
    const REAL quotient =
        precise ? FN(divide)(numerator, (n - numerator) + more, d, d_lo) : FN(divide_sum)(n, more, d);
    const FASTACT_BITS negative = FN(sign_mask)(x);
    const REAL unscale = FN(from_bits)(FN(bits)(-FASTACT_UNSCALE) ^ (FN(bits)(K(-0.0)) & negative));
    return FN(mad)(quotient * e.power, unscale, FN(masked)(~negative, K(1)));
}
#endif

/* silu: f(x) = x / (1 + e^-x), which is `logistic` with the product before the last rounding. */
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(silu)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_TAIL_END, FASTACT_LOGISTIC_END);
    const fastact_exp_product e = fastact_exp_product_of(
        held, K(0), FASTACT_SIXTEENTHS_ROUNDER_DOWN, FASTACT_DECAY_EXP);
    const REAL result = fastact_gate(held, FASTACT_GATE_SCALE, e);
    return x <= FASTACT_LOGISTIC_END ? result : x;
}
#elif FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(silu)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_TAIL_END, FASTACT_LOGISTIC_END);
    const REAL d = fastact_plus_exp_f64(fastact_growth_of(-held, FASTACT_EIGHTHS_ROUNDER_DOWN, FASTACT_GROWTH_EXP));
    return x <= FASTACT_LOGISTIC_END ? held / d * FASTACT_UNSCALE : x;
}
#elif FASTACT_PRECISION == 64
FASTACT_INLINE REAL FN(silu)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_TAIL_END, FASTACT_LOGISTIC_END);
    const REAL result = FN(gate)(held, FN(exp_parts_of)(-held, K(0), K(1), FASTACT_ROUNDER_DOWN));
    return x <= FASTACT_LOGISTIC_END ? result : x;
}
#else
FASTACT_INLINE REAL FN(silu)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_TAIL_END, FASTACT_LOGISTIC_END);
    const FN(exp_parts) e = FN(exp_parts_of)(-held, K(0), K(1), FASTACT_ROUNDER_DOWN);
    const REAL one = FASTACT_UNSCALE, ones = one + e.power, ones_lo = one - (ones - e.power);
    const REAL d = FN(mad)(e.power, e.t, ones);
    const REAL d_lo = FN(mad)(e.power, e.t, ones - d) + FN(mad)(e.power, e.t_lo + e.r_lo, ones_lo);
    const REAL reciprocal = K(1) / d, error = FN(reciprocal_error)(reciprocal, d, d_lo);
    const REAL product = held * reciprocal;
    const REAL product_lo = FN(mad)(product, error, FN(fma)(held, reciprocal, -product));
    const REAL result = (product + product_lo) * one;
    return FN(keep_nan)(x > FASTACT_LOGISTIC_END ? x : result, x);
}
#endif
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
/* f'(-a) is the polynomial itself near the root, and times e^-a beyond. */
FASTACT_INLINE REAL FN(silu_derivative)(REAL x) {
    static const float table[8][16] = FASTACT_SILU_DERIVATIVE_TABLE;
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_TAIL_END), b = FN(mad)(a, FASTACT_SILU_DERIVATIVE_SCALE, K(1));
    const int piece = FN(octave_piece)(FN(magnitude)(b, K(15)));
    const REAL h = FN(piecewise)(table, piece, a, table[1][piece]);
    const fastact_decay e = fastact_decay_of(FN(select)(b >= FASTACT_SILU_DERIVATIVE_FAR, a, K(0)));
    return FN(tail_slope)(h, FN(mad)(e.q, e.r, e.r), e.shifted, x);
}
#elif FASTACT_HAS_LOOKUP
/* As gate_slope: the tail e n / d, n = 1 + e - a and d = (1 + e)^2. What rounding takes from e goes into n, which cancels, and
 * what it makes of 1 / d, 2 / (1 + e) times as much, taken as 11/8, into the t that n is multiplied by. */
FASTACT_INLINE REAL FN(silu_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_TAIL_END);
    const fastact_exp_product_f64 parts = fastact_growth_of(-a, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
    const REAL power = parts.power * FASTACT_UNSCALE, e = FN(mad)(power, parts.t, power);
    const REAL e_lo = FN(mad)(power, parts.t, power - e), d = FN(mad)(e, K(2) + e, K(1));
    const REAL first = K(1) - a, n = first + e, n_lo = (e - (n - first)) + e_lo;
    const REAL more = FN(mad)(n, FN(mad)(e_lo, K(-1.375), parts.t), n_lo);
    const REAL quotient = FN(mad)(parts.power, n, parts.power * more) / d;
    const FASTACT_BITS negative = FN(sign_mask)(x);
    const REAL unscale = FN(choose)(negative, FASTACT_UNSCALE, -FASTACT_UNSCALE);
    return FN(keep_nan)(FN(mad)(quotient, unscale, FN(masked)(~negative, K(1))), x);
}
#elif FASTACT_PRECISION == 64
FASTACT_INLINE REAL FN(silu_derivative)(REAL x) {
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_TAIL_END);
    const FN(exp_parts) e = FN(precise_exp_parts_of)(-a, K(0), FASTACT_ROUNDER);
    return FN(keep_payload)(FN(gate_slope)(e, K(1) - a, x, !FASTACT_HAS_FMA), x);
}
#else
FASTACT_INLINE REAL FN(silu_derivative)(REAL x) {
    const FN(wide) a = FN(widen)(FN(magnitude)(x, FASTACT_TAIL_END));
    return FN(keep_nan)(FN(linear_gate_slope)(a, x < 0), x);
}
#endif
FASTACT_INLINE REAL FN(silu_second_derivative)(REAL x) {
    const FN(wide) a = FN(widen)(FN(magnitude)(x, FASTACT_TAIL_END));
    return FN(keep_nan)(FN(gated_curvature)(a, FN(widen)(K(2)), a), x);
}

/* swish: f(x) = x s(beta x). df/dbeta = x^2 e / (1 + e)^2, e = e^-|beta x|. */
FASTACT_INLINE FASTACT_BITS FN(swish_negative)(REAL x, REAL beta) {
    return ((x < 0) & (beta > 0)) | ((x > 0) & (beta < 0));
}
FASTACT_INLINE REAL FN(swish_general)(REAL x, REAL beta) {
    const FASTACT_BITS negative = FN(swish_negative)(x, beta);
    const FN(wide) a = FN(wide_pair)(FN(sharpened)(x, FN(abs)(beta), FASTACT_POWER_END));
    /* As `gated`, but x e may count where e alone is below the normal range. */
    const FN(wide_split) e = FN(wide_exp_split)(FN(wide_negate)(a));
    const FN(wide) gate = FN(wide_reciprocal)(FN(wide_plus)(e.lead, K(1)));
    const FN(wide) factor = FN(wide_select)(negative, FN(wide_multiply)(gate, e.lead), gate);
    const REAL rest = FN(select)(negative, e.rest, K(1));
    const REAL result = FN(narrow_times)(factor, FN(hold)(x, -FASTACT_LARGEST, FASTACT_LARGEST)) * rest;
    const FASTACT_BITS infinite = FN(abs)(x) > FASTACT_LARGEST;
    const FASTACT_BITS gone = infinite | (FN(wide_lead)(a) >= FASTACT_POWER_END);
    const REAL limit = FN(select)(gone & negative, FN(copysign)(K(0), x), FN(select)(infinite, x, result));
    return FN(keep_nan)(FN(keep_nan)(limit, x), beta);
}
FASTACT_INLINE REAL FN(swish)(REAL x, REAL beta) {
    return FN(select)(beta == 1, FN(silu)(x), FN(swish_general)(x, beta));
}
FASTACT_INLINE REAL FN(swish_derivative_general)(REAL x, REAL beta) {
    const FN(wide) a = FN(wide_pair)(FN(sharpened)(x, FN(abs)(beta), FASTACT_TAIL_END));
    return FN(keep_nan)(FN(keep_nan)(FN(linear_gate_slope)(a, FN(swish_negative)(x, beta)), x), beta);
}
FASTACT_INLINE REAL FN(swish_derivative)(REAL x, REAL beta) {
    return FN(select)(beta == 1, FN(silu_derivative)(x), FN(swish_derivative_general)(x, beta));
}
FASTACT_INLINE REAL FN(swish_derivative_beta)(REAL x, REAL beta) {
    const FN(wide) a = FN(wide_pair)(FN(sharpened)(x, FN(abs)(beta), FASTACT_POWER_END));
    const FN(wide_split) e = FN(wide_exp_split)(FN(wide_negate)(a));
    const FN(wide) density = FN(wide_divide)(e.lead, FN(wide_square)(FN(wide_plus)(e.lead, K(1))));
    /* One factor x after the other: the square alone could overflow. */
    const REAL held = FN(used)(FN(wide_lead)(a) < FASTACT_POWER_END, FN(abs)(x));
    const REAL result = FN(abs)(FN(narrow_times)(FN(wide_times)(density, held), held) * e.rest);
    const REAL limit = ((FN(abs)(x) > FASTACT_LARGEST) & (beta == 0)) ? FN(abs)(x) : result;
    return FN(keep_nan)(FN(keep_nan)(limit, x), beta);
}

/* quick_gelu: f(x) = x s(1.702 x). */
#if FASTACT_PRECISION == 64
/* 1.702 x as a sum. */
FASTACT_INLINE FN(pair) FN(quick_gelu_exponent)(REAL x) {
    const FN(pair) product = FN(product)(x, FASTACT_WIDE_QUICK_GELU_HI);
    return FN(pair_of)(product.hi, FN(mad)(x, FASTACT_WIDE_QUICK_GELU_LO, product.lo));
}
FASTACT_INLINE REAL FN(quick_gelu)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_TAIL_END / FASTACT_QUICK_GELU_ABOVE, FASTACT_LOGISTIC_END);
#if FASTACT_HAS_LOOKUP
    const fastact_exp_product_f64 e = fastact_exp_product_of_f64(
        held, K(0), FASTACT_EIGHTHS_ROUNDER_DOWN, FASTACT_QUICK_GELU_EXP);
    const REAL result = held / fastact_plus_exp_f64(e) * FASTACT_UNSCALE;
#else
    const FN(pair) z = FN(quick_gelu_exponent)(held);
    const REAL result = FN(gate)(held, FN(precise_exp_parts_of)(-z.hi, z.lo, FASTACT_ROUNDER_DOWN));
#endif
    return x <= FASTACT_LOGISTIC_END ? result : x;
}
FASTACT_INLINE REAL FN(quick_gelu_derivative)(REAL x) {
    const FN(pair) a = FN(quick_gelu_exponent)(FN(at_most)(FN(abs)(x), FASTACT_TAIL_END / FASTACT_QUICK_GELU_ABOVE));
    const FN(exp_parts) e = FN(precise_exp_parts_of)(-a.hi, a.lo, FASTACT_ROUNDER);
    return FN(keep_payload)(FN(gate_slope)(e, (K(1) - a.hi) - a.lo, x, 1), x);
}
#else
#if FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(quick_gelu)(REAL x) {
    const REAL most = FASTACT_LOGISTIC_END / FASTACT_QUICK_GELU_ABOVE;
    const REAL held = FN(hold)(x, -FASTACT_TAIL_END / FASTACT_QUICK_GELU_ABOVE, most);
    const fastact_exp_product e = fastact_exp_product_of(
        held, K(0), FASTACT_SIXTEENTHS_ROUNDER_DOWN, FASTACT_QUICK_GELU_EXP);
    const REAL result = fastact_gate(held, FASTACT_GATE_SCALE, e);
    return x <= most ? result : x;
}
/* As silu', with 1.702 in the table and in the polynomial of e^(1.702 r). */
FASTACT_INLINE REAL FN(quick_gelu_derivative)(REAL x) {
    static const float table[8][16] = FASTACT_QUICK_GELU_DERIVATIVE_TABLE;
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_TAIL_END / FASTACT_QUICK_GELU_ABOVE);
    const REAL b = FN(mad)(a, FASTACT_QUICK_GELU_DERIVATIVE_SCALE, K(1));
    const int piece = FN(octave_piece)(FN(magnitude)(b, K(15)));
    const REAL h = FN(piecewise)(table, piece, a, table[1][piece]);
    const REAL far = FN(select)(b >= FASTACT_QUICK_GELU_DERIVATIVE_FAR, a, K(0));
    const REAL shifted = FN(mad)(far, -FASTACT_QUICK_GELU_LOG2E, FASTACT_ROUNDER), k = shifted - FASTACT_ROUNDER;
    const REAL r = FN(mad)(k, -FASTACT_QUICK_GELU_LN2_LO, FN(mad)(k, -FASTACT_QUICK_GELU_LN2_HI, -far));
#define FIRST(c) float p = c;
#define STEP(c) p = fastact_mad_f32(p, r, c);
    FASTACT_QUICK_GELU_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const REAL t = FN(mad)(r, K(FASTACT_WIDE_QUICK_GELU_HI), p * r * r);
    return FN(tail_slope)(h, t, shifted, x);
}
#else
FASTACT_INLINE REAL FN(quick_gelu_held)(REAL x) { return FN(magnitude)(x, FASTACT_TAIL_END / FASTACT_QUICK_GELU_ABOVE); }
FASTACT_INLINE REAL FN(quick_gelu)(REAL x) {
    const FN(pair) sharpness = FN(pair_constant)(FASTACT_WIDE_QUICK_GELU_HI, FASTACT_WIDE_QUICK_GELU_LO);
    const FN(pair) a = FN(pair_times)(sharpness, FN(quick_gelu_held)(x));
    const REAL result = FN(gated)(FN(hold)(x, -FASTACT_TAIL_END, FASTACT_LARGEST), a, x < 0);
    return x <= FASTACT_LARGEST ? result : x;
}
FASTACT_INLINE REAL FN(quick_gelu_derivative)(REAL x) {
    const FN(wide) sharpness = FN(wide_constant)(FASTACT_WIDE_QUICK_GELU_HI, FASTACT_WIDE_QUICK_GELU_LO);
    const FN(wide) a = FN(wide_times)(sharpness, FN(quick_gelu_held)(x));
    return FN(keep_nan)(FN(linear_gate_slope)(a, x < 0), x);
}
#endif
#endif

/* gelu_tanh: f(x) = x s(z), z = 2 sqrt(2/pi) (x + 0.044715 x^3) = x (slope + cube x^2). */
typedef struct { FN(wide) x, square, a, slope; } FN(gelu_tanh_exponent);
FASTACT_INLINE FN(gelu_tanh_exponent) FN(gelu_tanh_exponent_of)(REAL x) {
    const FN(wide) slope = FN(wide_constant)(FASTACT_WIDE_GELU_TANH_SLOPE_HI, FASTACT_WIDE_GELU_TANH_SLOPE_LO);
    const FN(wide) cube = FN(wide_constant)(FASTACT_WIDE_GELU_TANH_CUBE_HI, FASTACT_WIDE_GELU_TANH_CUBE_LO);
    const REAL held = FN(magnitude)(x, FASTACT_GELU_TANH_END);
    FN(gelu_tanh_exponent) z;
    z.x = FN(widen)(held);
    z.square = FN(wide_multiply)(cube, FN(wide_product)(held, held));
    z.slope = slope;
    z.a = FN(wide_times)(FN(wide_add)(slope, z.square), held);
    return z;
}
/* dz/dx = slope + 3 cube x^2. */
FASTACT_INLINE FN(wide) FN(gelu_tanh_exponent_slope)(FN(gelu_tanh_exponent) z) {
    return FN(wide_add)(z.slope, FN(wide_times)(z.square, K(3)));
}
#if FASTACT_HAS_LOOKUP
/* z / slope as a pair. */
FASTACT_INLINE REAL FN(gelu_tanh)(REAL x) {
    const REAL held = FN(hold)(x, FASTACT_GELU_TANH_LEAST, FASTACT_GELU_TANH_MOST);
    const FN(pair) square = FN(product)(held, held);
    FN(pair) factor = FN(pair_times)(square, FASTACT_GELU_TANH_CUBE);
    factor.lo = FN(mad)(square.hi, FASTACT_GELU_TANH_CUBE_LO, factor.lo);
    const FN(pair) cube = FN(pair_times)(factor, held), z = FN(pair_plus)(cube, held);
#if FASTACT_PRECISION == 32
    const fastact_exp_product e = fastact_exp_product_of(
        z.hi, -z.lo, FASTACT_SIXTEENTHS_ROUNDER_DOWN, FASTACT_GELU_TANH_EXP);
    const REAL result = fastact_gate(held, FASTACT_GATE_SCALE, e);
#else
    const fastact_exp_product_f64 e = fastact_exp_product_of_f64(
        z.hi, -z.lo, FASTACT_EIGHTHS_ROUNDER_DOWN, FASTACT_GELU_TANH_EXP);
    const REAL result = held / fastact_plus_exp_f64(e) * FASTACT_UNSCALE;
#endif
    return x <= FASTACT_GELU_TANH_MOST ? result : x;
}
#else
FASTACT_INLINE REAL FN(gelu_tanh)(REAL x) {
    const FN(pair) slope = FN(pair_constant)(FASTACT_WIDE_GELU_TANH_SLOPE_HI, FASTACT_WIDE_GELU_TANH_SLOPE_LO);
    const FN(pair) cube = FN(pair_constant)(FASTACT_WIDE_GELU_TANH_CUBE_HI, FASTACT_WIDE_GELU_TANH_CUBE_LO);
    const REAL held = FN(magnitude)(x, FASTACT_GELU_TANH_END);
    const FN(pair) square = FN(pair_multiply)(cube, FN(product)(held, held));
    const FN(pair) a = FN(pair_times)(FN(pair_add)(slope, square), held);
    const REAL result = FN(gated)(FN(hold)(x, -FASTACT_GELU_TANH_END, FASTACT_LARGEST), a, x < 0);
    return x <= FASTACT_LARGEST ? result : x;
}
#endif
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
/* As silu', times e^-z beyond, z = |x| (line + cube x^2), which differs from that of f by a little in both constants: the table
 * makes up for it. So few digits has the line that what rounding takes from the sum is exact. */
FASTACT_INLINE REAL FN(gelu_tanh_derivative)(REAL x) {
    static const float table[8][16] = FASTACT_GELU_TANH_DERIVATIVE_TABLE;
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_GELU_TANH_DERIVATIVE_END);
    const REAL b = FN(mad)(a, FASTACT_GELU_TANH_DERIVATIVE_SCALE, K(1));
    const int piece = FN(octave_piece)(b);
    const REAL h = FN(piecewise)(table, piece, a, table[1][piece]);
    const REAL far = FN(select)(b >= FASTACT_GELU_TANH_DERIVATIVE_FAR, a, K(0)), line = FASTACT_GELU_TANH_TAIL_LINE;
    const REAL u = far * far, u_lo = FN(fma)(far, far, -u), slope = FN(mad)(u, FASTACT_GELU_TANH_TAIL_CUBE, line);
    const REAL sum_lo = FN(mad)(u, FASTACT_GELU_TANH_TAIL_CUBE, line - slope);
    const REAL slope_lo = FN(mad)(u_lo, FASTACT_GELU_TANH_TAIL_CUBE, sum_lo);
    const REAL shifted = FN(mad)(slope * -FASTACT_LOG2E, far, FASTACT_ROUNDER), k = shifted - FASTACT_ROUNDER;
    const REAL near = FN(fma)(-slope, far, k * -FASTACT_LN2_HI);
    const REAL r = near - FN(mad)(slope_lo, far, k * FASTACT_LN2_LO);
#define FIRST(c) float p = c;
#define STEP(c) p = fastact_mad_f32(p, r, c);
    FASTACT_EXP_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    return FN(tail_slope)(h, FN(mad)(p * r, r, r), shifted, x);
}
#else
FASTACT_INLINE REAL FN(gelu_tanh_derivative)(REAL x) {
    const FN(gelu_tanh_exponent) z = FN(gelu_tanh_exponent_of)(x);
    const FN(wide) w = FN(wide_multiply)(z.x, FN(gelu_tanh_exponent_slope)(z));
#if FASTACT_PRECISION == 64
    const FN(exp_parts) e = FN(precise_exp_parts_of)(-z.a.hi, z.a.lo, FASTACT_ROUNDER);
    return FN(keep_nan)(FN(gate_slope)(e, (K(1) - w.hi) - w.lo, x, 1), x);
#else
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(wide_negate)(z.a));
    const FN(wide) rest = FN(wide_subtract)(FN(wide_plus)(FN(wide_unscale)(scaled), K(1)), w);
    return FN(keep_nan)(FN(gated_slope)(scaled, w, rest, x < 0), x);
#endif
}
#endif
FASTACT_INLINE REAL FN(gelu_tanh_second_derivative)(REAL x) {
    const FN(gelu_tanh_exponent) z = FN(gelu_tanh_exponent_of)(x);
    const FN(wide) slope = FN(gelu_tanh_exponent_slope)(z);
    /* x d2z/dx2 = 6 cube x^2 */
    const FN(wide) rise = FN(wide_add)(FN(wide_scale)(slope, 2.0), FN(wide_times)(z.square, K(6)));
    const FN(wide) bend = FN(wide_multiply)(z.x, FN(wide_square)(slope));
    return FN(keep_nan)(FN(gated_curvature)(z.a, rise, bend), x);
}

/* mish: f(x) = x tanh(log(1 + E)) = x E (E + 2) / D, D = E^2 + 2 E + 2, E = e^x;
 * f' = (E (E + 2) D + 4 x E (E + 1)) / D^2,
 * f'' = 4 E (2 (E + 1) D + x (2 + 2 E - 3 E^2 - 2 E^3)) / D^3.
 * Everything by e = e^-|x|: for x > 0 numerators and denominators are multiplied by powers of e. */
typedef struct { FN(wide) x, scaled, e, square, d; FASTACT_BITS negative; } FN(mish_parts);
FASTACT_INLINE FN(mish_parts) FN(mish_parts_of)(REAL x) {
    const REAL held = FN(magnitude)(x, FASTACT_TAIL_END);
    FN(mish_parts) m;
    m.negative = x < 0;
    m.x = FN(widen)(FN(copysign)(held, x));
    m.scaled = FN(wide_exp_scaled)(FN(widen)(-held));
    m.e = FN(wide_unscale)(m.scaled);
    m.square = FN(wide_square)(m.e);
    const FN(wide) leading = FN(wide_select)(m.negative, FN(widen)(K(2)), FN(widen)(K(1)));
    const FN(wide) last = FN(wide_select)(m.negative, m.square, FN(wide_scale)(m.square, 2.0));
    m.d = FN(wide_add)(leading, FN(wide_add)(FN(wide_scale)(m.e, 2.0), last));
    return m;
}
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
/* In floats, from E: x n / (n + 2), n = E (E + 2), and E B / D^2, B = F (F^2 + F + 1 + 4 x) + 1, F = E + 1, D = F^2 + 1. B,
 * which has the root of f', is a pair. */
FASTACT_INLINE REAL FN(mish)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_TAIL_END, FASTACT_MISH_END);
    const fastact_exp_product e = fastact_exp_product_of(held, K(0), FASTACT_SIXTEENTHS_ROUNDER, FASTACT_GROWTH_EXP);
    const REAL power = e.power * FASTACT_UNSCALE;
    FN(pair) more = fastact_positive_sum(K(2), power);
    more.lo = FN(mad)(power, e.t, more.lo);
    FN(pair) n = FN(pair_times)(more, e.power);
    n = FN(quick_sum)(n.hi, FN(mad)(n.hi + n.lo, e.t, n.lo));
    const FN(pair) d = fastact_positive_sum(K(2), n.hi * FASTACT_UNSCALE), product = FN(pair_times)(n, held);
    const REAL d_lo = FN(mad)(n.lo, FASTACT_UNSCALE, d.lo);
    const REAL result = FN(divide)(product.hi, product.lo, d.hi, d_lo) * FASTACT_UNSCALE;
    return x <= FASTACT_MISH_END ? result : x;
}
FASTACT_INLINE REAL FN(mish_derivative)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_TAIL_END, FASTACT_MISH_END);
    const fastact_exp_product e = fastact_exp_product_of(held, K(0), FASTACT_SIXTEENTHS_ROUNDER, FASTACT_GROWTH_EXP);
    const fastact_exp_product unscaled = {e.power * FASTACT_UNSCALE, e.t};
    const FN(pair) f = fastact_plus_exp(K(1), unscaled), square = FN(pair_square)(f);
    const FN(pair) line = FN(quick_sum)(K(4) * held, K(1)); /* exact where it is large, and what it adds to cancels */
    const FN(pair) curve = FN(sum)(f.hi, line.hi), bracket = FN(sum)(square.hi, curve.hi);
    const REAL bracket_lo = ((curve.lo + line.lo) + (f.lo + square.lo)) + bracket.lo;
    const FN(pair) product = FN(product)(bracket.hi, f.hi), b = FN(quick_sum)(K(1), product.hi);
    const REAL b_lo = FN(mad)(f.hi, bracket_lo, FN(mad)(f.lo, bracket.hi, product.lo + b.lo));
    const FN(pair) d = FN(quick_sum)(K(1), square.hi);
    const FN(pair) divisor = FN(pair_square)(FN(pair_of)(d.hi, d.lo + square.lo));
    const FN(pair) n = FN(pair_times)(FN(pair_of)(b.hi, b_lo), e.power);
    const REAL n_lo = FN(mad)(n.hi, e.t, n.lo);
    return FN(keep_nan)(FN(divide)(n.hi, n_lo, divisor.hi, divisor.lo) * FASTACT_UNSCALE, x);
}
#elif FASTACT_PRECISION == 64
/* For x < 0 x e (2 + e) / (2 + e (2 + e)), for x > 0 x - 2 x e^2 / (1 + 2 e (1 + e)): in both a quotient times e. */
FASTACT_INLINE REAL FN(mish)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_TAIL_END), held = FN(copysign)(a, x);
    const FN(exp_parts) parts = FN(exp_parts_of)(-a, K(0), K(1), FASTACT_ROUNDER);
    const FASTACT_BITS negative = FN(sign_mask)(x);
    const REAL power = parts.power * FASTACT_UNSCALE, e = FN(mad)(power, parts.t, power);
    const REAL once_or_twice = e + FN(masked)(~negative, e), g = K(2) + once_or_twice;
    const REAL first = K(1) + FN(masked)(negative, K(1)), d = FN(mad)(e, g, first), d_lo = FN(mad)(e, g, first - d);
    const REAL factor = FN(choose)(negative, once_or_twice, -once_or_twice);
    const REAL start = FN(masked)(negative, held + held);
    const REAL n = FN(fma)(held, factor, start), n_lo = FN(fma)(held, factor, start - n);
    const REAL rest = FN(fma)(n, parts.t, n_lo), product = n + rest;
    const REAL quotient = FN(divide)(product, (n - product) + rest, d, d_lo);
    const REAL result = FN(mad)(quotient * parts.power, FASTACT_UNSCALE, FN(at_least)(x, K(0)));
    return FN(copysign)(result, x); /* the zeros' too */
}
#if FASTACT_HAS_LOOKUP
/* With w = 1 + e: 4 e (w (1 + e - a) + e (e^2/4 - 1/2)) / (1 + w^2)^2 where x < 0, whose terms are small where they cancel, and
 * 1 + 2 e^2 (2 a w - d) / d^2, d = 1 + 2 e w, where x > 0. */
FASTACT_INLINE REAL FN(mish_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_TAIL_END);
    const fastact_exp_product_f64 parts = fastact_growth_of(-a, FASTACT_EIGHTHS_ROUNDER, FASTACT_GROWTH_EXP);
    const FASTACT_BITS negative = FN(sign_mask)(x);
    const REAL power = parts.power * FASTACT_UNSCALE, e = FN(mad)(power, parts.t, power);
    const REAL e_lo = FN(mad)(power, parts.t, power - e), w = K(1) + e, w_lo = (e - (w - K(1))) + e_lo;
    const REAL first = K(1) - a, p = first + e, p_lo = (e - (p - first)) + e_lo;
    const REAL half = K(0.5) * e, h = FN(mad)(half, half, K(-0.5)), h_lo = FN(mad)(half, half, K(-0.5) - h);
    const REAL q = e * h, q_lo = FN(mad)(h, e_lo, FN(mad)(e, h, -q)), below = FN(mad)(p, w, q);
    const REAL below_lo = FN(mad)(p, w_lo, FN(mad)(w, p_lo, FN(mad)(e, h_lo, q_lo)));
    const REAL below_d = FN(mad)(w, w, K(1)), below_d_lo = FN(mad)(w + w, w_lo, FN(mad)(w, w, K(1) - below_d));
    const REAL above_d = FN(mad)(e + e, w, K(1)), above = FN(mad)(a + a, w, -above_d) * half;
    const REAL d = FN(choose)(negative, below_d, above_d), d_lo = FN(masked)(negative, below_d_lo);
    const REAL n = FN(choose)(negative, below, above), n_lo = FN(masked)(negative, below_lo);
    const REAL more = FN(mad)(n, parts.t, n_lo), square = FN(mad)(d, d, (d + d) * d_lo), reciprocal = K(1) / square;
    const REAL quotient = (n + more) * reciprocal, rest = (FN(mad)(-quotient, square, n) + more) * reciprocal;
    const REAL one = FN(masked)(~negative, K(0.25) / FASTACT_UNSCALE);
    const REAL tail = FN(mad)(parts.power, quotient, FN(mad)(parts.power, rest, one));
    return FN(keep_nan)(tail * (K(4) * FASTACT_UNSCALE), x);
}
#else
/* With u = 1 + e: e ((1 + u) (1 + u^2) - 4 a u) / (1 + u^2)^2 where x < 0, whose difference cancels and is made of pairs,
 * and 1 + 2 e^2 (2 a u - d) / d^2, d = 1 + 2 e u, where x > 0. */
FASTACT_INLINE REAL FN(mish_derivative)(REAL x) {
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_TAIL_END);
    const FN(exp_parts) parts = FN(precise_exp_parts_of)(-a, K(0), FASTACT_ROUNDER);
    const FASTACT_BITS negative = FN(sign_mask)(x);
    const REAL power = parts.power * FASTACT_UNSCALE, e = FN(mad)(power, parts.t, power), twice = e + e;
    const REAL base = K(1) + power, u = FN(mad)(power, parts.t, base), u_lo = FN(mad)(power, parts.t, base - u);
    const FN(pair) square = FN(pair_square)(FN(pair_of)(u, u_lo));
    const REAL below_d = K(1) + square.hi, below_d_lo = ((square.hi - below_d) + K(1)) + square.lo;
    const REAL g = K(1) + u, g_lo = (u - (g - K(1))) + u_lo;
    const FN(pair) rise = FN(pair_multiply)(FN(pair_of)(g, g_lo), FN(pair_of)(below_d, below_d_lo));
    const FN(pair) turn = FN(pair_times)(FN(pair_of)(u, u_lo), K(4) * a);
    const FN(pair) difference = FN(sum)(rise.hi, -turn.hi);
    const REAL difference_lo = difference.lo + (rise.lo - turn.lo), below = difference.hi + difference_lo;
    const REAL above_d = FN(mad)(twice, u, K(1)), above = FN(mad)(a + a, u, -above_d) * twice;
    const REAL d = FN(choose)(negative, below_d, above_d), d_lo = FN(masked)(negative, below_d_lo);
    const REAL n = FN(choose)(negative, below, above);
    const REAL n_lo = FN(masked)(negative, (difference.hi - below) + difference_lo);
    const REAL rest = FN(fma)(n, parts.t, n_lo);
#if FASTACT_HAS_FMA
    const REAL quotient = FN(divide_sum)(n, rest, FN(mad)(d, d, (d + d) * d_lo));
#else
    const FN(pair) d_square = FN(pair_square)(FN(pair_of)(d, d_lo));
    const REAL numerator = n + rest;
    const REAL quotient = FN(divide)(numerator, (n - numerator) + rest, d_square.hi, d_square.lo);
#endif
    return FN(keep_nan)(FN(mad)(quotient * parts.power, FASTACT_UNSCALE, FN(masked)(~negative, K(1))), x);
}
#endif
#else
/* x n / (n + c) with n = e (e + 2), c = 2 for x < 0, and n = 1 + 2 e, c = 2 e^2 for x > 0. */
FASTACT_INLINE REAL FN(mish)(REAL x) {
    const FASTACT_BITS negative = x < 0;
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(widen)(-FN(magnitude)(x, FASTACT_TAIL_END)));
    const FN(wide) e = FN(wide_unscale)(scaled), doubled = FN(wide_scale)(e, 2.0);
    const FN(wide) g = FN(wide_plus)(FN(wide_select)(negative, e, doubled), FN(select)(negative, K(2), K(1)));
    const FN(wide) product = FN(wide_multiply)(FN(wide_select)(negative, g, doubled), e);
    const FN(wide) d = FN(wide_add)(product, FN(wide_select)(negative, FN(widen)(K(2)), g));
    const FN(wide) n = FN(wide_select)(negative, FN(wide_multiply)(g, scaled), g);
    const REAL held = FN(hold)(x, -FASTACT_TAIL_END, FASTACT_LARGEST);
    const FN(wide) quotient = FN(wide_divide)(FN(wide_times)(n, held), d);
    const REAL result = FN(select)(negative, FN(narrow_scaled)(quotient), FN(narrow)(quotient));
    return x <= FASTACT_LARGEST ? result : x;
}
FASTACT_INLINE REAL FN(mish_derivative)(REAL x) {
    const FN(mish_parts) m = FN(mish_parts_of)(x);
    const FN(wide) e_plus = FN(wide_plus)(m.e, K(1)), doubled = FN(wide_scale)(m.e, 2.0);
    const FN(wide) growth = FN(wide_select)(m.negative, FN(wide_plus)(m.e, K(2)), FN(wide_plus)(doubled, K(1)));
    const FN(wide) quadruple = FN(wide_scale)(FN(wide_multiply)(m.x, e_plus), 4.0);
    const FN(wide) turn = FN(wide_select)(m.negative, quadruple, FN(wide_multiply)(quadruple, m.square));
    const FN(wide) sum = FN(wide_add)(FN(wide_multiply)(growth, m.d), turn);
    const FN(wide) factor = FN(wide_select)(m.negative, m.scaled, FN(wide_one_scaled)());
    return FN(keep_nan)(FN(narrow_scaled)(FN(wide_divide)(FN(wide_multiply)(sum, factor), FN(wide_square)(m.d))), x);
}
#endif
FASTACT_INLINE REAL FN(mish_second_derivative)(REAL x) {
    const FN(mish_parts) m = FN(mish_parts_of)(x);
    const FN(wide) e_plus = FN(wide_plus)(m.e, K(1));
    /* 2 + 2 E - 3 E^2 - 2 E^3 and, times e^3, -(2 + 3 e - 2 e^2 - 2 e^3). */
    const FN(wide) c1 = FN(wide_select)(m.negative, FN(widen)(K(2)), FN(widen)(K(-3)));
    const FN(wide) c2 = FN(wide_select)(m.negative, FN(widen)(K(-3)), FN(widen)(K(2)));
    const FN(wide) c0 = FN(wide_select)(m.negative, FN(widen)(K(2)), FN(widen)(K(-2)));
    const FN(wide) c3 = FN(wide_negate)(c0);
    const FN(wide) cubic = FN(wide_add)(FN(wide_multiply)(FN(wide_add)(FN(wide_multiply)(c3, m.e), c2), m.e), c1);
    const FN(wide) turn = FN(wide_multiply)(FN(wide_add)(FN(wide_multiply)(cubic, m.e), c0), m.x);
    const FN(wide) rise = FN(wide_scale)(FN(wide_multiply)(e_plus, m.d), 2.0);
    const FN(wide) once = FN(wide_select)(m.negative, m.scaled, FN(wide_multiply)(m.scaled, m.e));
    const FN(wide) cube = FN(wide_multiply)(FN(wide_square)(m.d), m.d);
    const FN(wide) numerator = FN(wide_multiply)(FN(wide_scale)(FN(wide_add)(rise, turn), 4.0), once);
    return FN(keep_nan)(FN(narrow_scaled)(FN(wide_divide)(numerator, cube)), x);
}

/* log_sigmoid: f(x) = -log(1 + e^-x) = -softplus(-x). From y: f' = 1 - e^y. */
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(log_sigmoid)(REAL x) {
    const fastact_softplus_piece p = fastact_softplus_piece_of(x);
    const REAL below = FN(select)(p.b < K(1.25), K(0.5) * x, x > 0 ? K(0) : x), sum = below - p.c;
    return FN(keep_nan)(FN(mad)(FN(softplus_tail)(p, (sum + p.c) - below), -FASTACT_UNSCALE, sum), x);
}
#elif FASTACT_PRECISION == 64
FASTACT_INLINE REAL FN(log_sigmoid)(REAL x) { return -FN(softplus_default)(-x); }
#else
FASTACT_INLINE REAL FN(log_sigmoid)(REAL x) {
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(widen)(-FN(magnitude)(x, FASTACT_TAIL_END)));
    const FN(wide) log1p = FN(wide_log1p)(FN(wide_unscale)(scaled));
    const REAL below = FN(narrow)(FN(wide_subtract)(FN(widen)(FN(used)(x < 0, x)), log1p));
    /* log1p(e) is e before e is subnormal. */
    const REAL tail = FN(select)(x > FASTACT_EXP_FAR, FN(narrow_scaled)(scaled), FN(narrow)(log1p));
    return FN(keep_nan)(FN(select)(x < 0, x < -FASTACT_LARGEST ? x : below, -tail), x);
}
#endif
FASTACT_INLINE REAL FN(log_sigmoid_derivative)(REAL x) { return FN(sigmoid)(-x); }
FASTACT_INLINE REAL FN(log_sigmoid_derivative_from_output)(REAL y) {
    return FN(softplus_derivative_from_output_default)(-y);
}
FASTACT_INLINE REAL FN(log_sigmoid_second_derivative)(REAL x) { return -FN(sigmoid_derivative)(x); }

/* tanh a = -m / (2 + m) with m = e^-2a - 1, of half the argument given: 0 <= twice <= TAIL_END. */
FASTACT_INLINE FN(wide) FN(wide_half_tanh)(FN(wide) twice) {
    const FN(wide) m = FN(wide_expm1)(FN(wide_negate)(twice));
    return FN(wide_divide)(FN(wide_negate)(m), FN(wide_plus)(m, K(2)));
}

/* tanh_shrink: f(x) = x - tanh x; below TANH_SHRINK_END, where that cancels, x^3 (1/3 + ...). f' = tanh(x)^2. */
#if FASTACT_PRECISION == 32
/* In the first pieces x^3 / 3 + x^3 G(x), G by pieces, times 2^24, since what rounding takes from x^3 could underflow;
 * beyond, x less the pieces of tanh. */
FASTACT_INLINE REAL FN(tanh_shrink)(REAL x) {
    static const float table[8][16] = FASTACT_TANH_SHRINK_TABLE;
    const REAL a = FN(abs)(x), held = FN(at_most)(a, FASTACT_TANH_SHRINK_END), third = K(1) / K(3);
    const REAL b = FN(mad)(held, FASTACT_TANH_SHRINK_SCALE, K(1));
    const int piece = FN(octave_piece)(b);
    const REAL constant = table[1][piece], at = held - table[0][piece], h = FN(piecewise_rest)(table, 7, piece, at);
    const REAL scaled = held * K(0x1p24), square = held * held, cube = square * scaled;
    const REAL cube_lo = FN(mad)(FN(fma)(held, held, -square), scaled, FN(fma)(square, scaled, -cube));
    /* Of the 0.33 to 0.25 that x^3 is multiplied by, one value suffices for what rounding took from it. */
    const REAL small = FN(fma)(cube, third, FN(fma)(cube, FN(fma)(h, at, constant), cube_lo * K(0.255)));
    const REAL large = (a - constant) + FN(mad)(-h, at, (held - (held - constant)) - constant);
    return FN(copysign)(FN(select)(b < FASTACT_TANH_SHRINK_FAR, small * K(0x1p-24), large), x);
}
FASTACT_INLINE REAL FN(tanh_shrink_derivative)(REAL x) {
    const FN(pair) t = FN(tanh_pair)(x);
    return FN(mad)(t.hi + t.hi, t.lo, t.hi * t.hi);
}
#elif FASTACT_HAS_LOOKUP
/* With u = x^2, x (u/3 + q), q = u^2 N(u) / (1 + u/p), and beyond, with E = e^2|x| from the table,
 * tanh = c + (1 - c) (E - e) / (E + 1), e = (1 + c) / (1 - c): the quotient is 0 where tanh is c, and small about there. c is
 * 3/5 and then 3/4. N and E's polynomial are one chain, with coefficients chosen. */
FASTACT_INLINE REAL FN(tanh_shrink)(REAL x) {
    const REAL a = FN(abs)(x), held = FN(magnitude)(x, FASTACT_TANH_FAR), third = FASTACT_WIDE_THIRD_HI;
    const FASTACT_BITS near = a < FASTACT_TANH_SHRINK_END, first = a < FASTACT_TANH_SHRINK_SECOND;
    const REAL u = held * held, u_lo = FN(fma)(held, held, -u), rounder = K(0x1.8p52);
    const REAL shifted = FN(mad)(held, FASTACT_TANH_SHRINK_INVERSE, rounder), n = shifted - rounder;
    const REAL at = FN(select)(near, u, FN(mad)(n, -FASTACT_TANH_SHRINK_STEP, held));
    const REAL power = fastact_eighths_power_f64(shifted);
#define FIRST(c, d) REAL chain = FN(select)(near, c, d);
#define STEP(c, d) chain = FN(mad)(chain, at, FN(select)(near, c, d));
    FASTACT_TANH_SHRINK_CHAINS(FIRST, STEP)
#undef FIRST
#undef STEP
    const REAL root = FN(select)(first, FASTACT_TANH_SHRINK_FIRST_ROOT, FASTACT_TANH_SHRINK_SECOND_ROOT);
    const REAL less = FN(mad)(power, chain, power - root);
    const REAL above = FN(select)(near, u * u * chain, less);
    const REAL below = FN(select)(
        near, FN(mad)(u, FASTACT_TANH_SHRINK_POLE, K(1)), FN(mad)(power, chain, power + K(1)));
    const REAL q = above / below, curve = FN(mad)(u, FASTACT_WIDE_THIRD_LO, FN(mad)(u_lo, third, q));
    const REAL factor = FN(select)(first, FASTACT_TANH_SHRINK_FIRST_FACTOR, FASTACT_TANH_SHRINK_SECOND_FACTOR);
    const REAL rest = a - FN(select)(first, FASTACT_TANH_SHRINK_FIRST_CENTRE, FASTACT_TANH_SHRINK_SECOND_CENTRE);
    const REAL low = FN(select)(first, FASTACT_TANH_SHRINK_FIRST_LO, K(0));
    const REAL result = FN(select)(near, held * FN(fma)(u, third, curve), FN(mad)(factor, q + low, rest));
    return FN(with_sign)(result, x);
}
/* As the value: u + u q, q = u N(u) / (1 + u/p)^2, and beyond, with e = e^-2|x| and c = 3/8,
 * c + ((1 - c) (1 + e^2) - 2 (1 + c) e) / (1 + e)^2. */
FASTACT_INLINE REAL FN(tanh_shrink_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_TANH_FAR), u = a * a, rounder = K(0x1.8p52);
    const FASTACT_BITS near = a < FASTACT_TANH_SHRINK_END;
    const REAL shifted = FN(mad)(a, -FASTACT_TANH_SHRINK_INVERSE, rounder), n = shifted - rounder;
    const REAL at = FN(select)(near, u, FN(mad)(n, FASTACT_TANH_SHRINK_STEP, a));
    const REAL power = fastact_eighths_power_f64(shifted);
#define FIRST(c, d) REAL chain = FN(select)(near, c, d);
#define STEP(c, d) chain = FN(mad)(chain, at, FN(select)(near, c, d));
    FASTACT_TANH_SQUARE_CHAINS(FIRST, STEP)
#undef FIRST
#undef STEP
    const REAL less = K(1) - FASTACT_TANH_SQUARE_CENTRE, twice = K(2) + K(2) * FASTACT_TANH_SQUARE_CENTRE;
    const REAL e = FN(mad)(power, chain, power), pole = FN(mad)(u, FASTACT_TANH_SHRINK_POLE, K(1));
    const REAL above = FN(select)(near, u * chain, FN(mad)(e, FN(mad)(e, less, -twice), less));
    const REAL below = FN(select)(near, pole * pole, FN(mad)(e, K(2) + e, K(1))), q = above / below;
    const REAL factor = FN(select)(near, u, K(1)), lead = FN(select)(near, u, FASTACT_TANH_SQUARE_CENTRE);
    return FN(keep_nan)(FN(mad)(factor, q, lead), x);
}
#else
/* In double the same polynomial, of the reduced argument, gives the tanh beyond. */
FASTACT_INLINE REAL FN(tanh_shrink)(REAL x) {
    const REAL a = FN(abs)(x);
    const FASTACT_BITS near = a < FASTACT_TANH_SHRINK_END, curved = a <= FASTACT_TANH_FAR;
    const FN(tanh_parts) e = FN(tanh_parts_of)(FN(select)(curved, a, FASTACT_TANH_FAR), K(1));
    const REAL w = FN(select)(near, a, e.r), u = w * w, v = u * u, third = FASTACT_WIDE_THIRD_HI;
#define FIRST(c) REAL even = c;
#define STEP(c) even = FN(mad)(even, v, c);
    FASTACT_WIDE_TANH_SHRINK_EVEN_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
#define FIRST(c) REAL odd = c;
#define STEP(c) odd = FN(mad)(odd, v, c);
    FASTACT_WIDE_TANH_SHRINK_ODD_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const REAL curve = FN(mad)(FN(fma)(w, w, -u), third, v * FN(mad)(odd, u, even));
    const REAL s = FN(fma)(u, third, FN(mad)(u, FASTACT_WIDE_THIRD_LO, curve)); /* 1 - tanh(w) / w */
    const FN(tanh_quotient) q = FN(tanh_quotient_of)(e.power, FN(mad)(-w, s, w), K(1));
    const REAL lead = a - q.lead, lead_lo = (a - lead) - q.lead; /* for an infinity NaN, but then not used */
    const REAL rest = fastact_kept(curved, FN(mad)(-q.rest, q.reciprocal, lead_lo));
    return FN(with_sign)(FN(select)(near, w * s, lead + rest), x);
}
#endif
#if FASTACT_PRECISION == 64 && !FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(tanh_shrink_derivative)(REAL x) {
    const FN(wide) t = FN(wide_half_tanh)(FN(widen)(K(2) * FN(magnitude)(x, K(0.5) * FASTACT_TAIL_END)));
    return FN(keep_nan)(FN(narrow_product)(t, t), x);
}
#endif

/* softcap: f(x) = cap tanh(x / cap). f' = 4 e / (1 + e)^2, e = e^-2|x/cap|. From y: f' = (1 - y/cap) (1 + y/cap). */
FASTACT_INLINE REAL FN(softcap_general)(REAL x, REAL cap) {
    const FN(wide) z = FN(wide_ratio)(x, cap, K(0.5) * FASTACT_TAIL_END);
    const FN(wide) t = FN(wide_half_tanh)(FN(wide_scale)(z, 2.0));
    const REAL capped = FN(copysign)(FN(narrow_times)(t, cap), x);
    /* tanh z = z - z^3/3: below 2^-30 the quotient may have lost digits, or vanished, and does not matter. */
    return FN(keep_nan)(FN(keep_nan)(FN(wide_lead)(z) < 0x1p-30 ? x : capped, x), cap);
}
#if FASTACT_PRECISION == 32
FASTACT_INLINE REAL FN(softcap_default)(REAL x) {
    static const float table[8][16] = FASTACT_SOFTCAP_TABLE;
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_SOFTCAP_END);
    const REAL leading = FN(magnitude)(a, K(32) * FASTACT_OCTAVES_FIRST_END);
    const int piece = FN(octave_piece)(FN(mad)(a, K(0x1p-5), K(1)));
    return FN(copysign)(FN(piecewise)(table, piece, a, leading + table[1][piece]), x);
}
#else
FASTACT_INLINE REAL FN(softcap_default)(REAL x) { return FN(scaled_tanh)(x, K(30)); }
#endif
FASTACT_INLINE REAL FN(softcap)(REAL x, REAL cap) {
    return FN(select)(cap == 30, FN(softcap_default)(x), FN(softcap_general)(x, cap));
}
FASTACT_INLINE REAL FN(softcap_derivative_general)(REAL x, REAL cap) {
    const FN(wide) z = FN(wide_ratio)(x, cap, K(0.5) * FASTACT_TAIL_END);
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(wide_scale)(z, -2.0));
    const FN(wide) d = FN(wide_plus)(FN(wide_unscale)(scaled), K(1));
    const REAL result = FN(narrow_scaled)(FN(wide_divide)(FN(wide_scale)(scaled, 4.0), FN(wide_square)(d)));
    return FN(keep_nan)(FN(keep_nan)(result, x), cap);
}
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(softcap_derivative_default)(REAL x) {
    const REAL a = FN(magnitude)(x, K(15) * FASTACT_EXP_END);
    const fastact_exp_product e = fastact_exp_product_of(-a, K(0), FASTACT_SIXTEENTHS_ROUNDER_DOWN, FASTACT_SOFTCAP_EXP);
    return FN(keep_nan)(fastact_density(e, K(4)), x);
}
#elif FASTACT_PRECISION == 32
FASTACT_INLINE REAL FN(softcap_derivative_default)(REAL x) {
    const REAL a = FN(magnitude)(x, K(15) * FASTACT_EXP_END), inverse = K(1) / K(15);
    const REAL inverse_lo = (REAL)(1.0 / 15.0 - (double)inverse);
    const REAL z = a * inverse, z_lo = FN(mad)(a, inverse_lo, FN(fma)(a, inverse, -z));
    return FN(keep_nan)(FN(logistic_density_at)(FN(exp_parts_of)(-z, z_lo, K(1), FASTACT_ROUNDER), K(4)), x);
}
#elif FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(softcap_derivative_default)(REAL x) {
    const REAL a = FN(magnitude)(x, K(15) * FASTACT_EXP_END);
    const fastact_exp_product_f64 parts = fastact_exp_product_of_f64(
        a, K(0), FASTACT_EIGHTHS_ROUNDER, FASTACT_SOFTCAP_EXP);
    return FN(keep_nan)(fastact_density_by_table(parts, K(4)), x);
}
#else
FASTACT_INLINE REAL FN(softcap_derivative_default)(REAL x) { return FN(softcap_derivative_general)(x, K(30)); }
#endif
FASTACT_INLINE REAL FN(softcap_derivative)(REAL x, REAL cap) {
    return FN(select)(cap == 30, FN(softcap_derivative_default)(x), FN(softcap_derivative_general)(x, cap));
}
FASTACT_INLINE REAL FN(softcap_derivative_from_output_general)(REAL y, REAL cap) {
    const FN(wide) less = FN(wide_ratio_complement)(FN(used)(1, y), cap, FASTACT_RATIO_END);
    const FN(wide) more = FN(wide_plus)(FN(wide_negate)(less), K(2)); /* 1 + |y / cap| */
    const REAL result = FN(narrow_product)(less, more);
    return FN(keep_nan)(FN(keep_nan)(FN(abs)(y) > FASTACT_LARGEST ? -FN(abs)(y) : result, y), cap);
}
#if FASTACT_PRECISION == 32
/* (cap^2 - y^2) / cap^2, whose difference is rounded once; times a power of two, since y^2 could overflow. */
FASTACT_INLINE REAL FN(softcap_derivative_from_output_default)(REAL y) {
    const REAL held = y * K(0x1p-5);
    return FN(fma)(-held, held, K(0x1p-10) * K(900)) * (K(0x1p10) / K(900));
}
#else
/* 900 - y^2 is rounded once, times 2^-10: it overflows where the result does. */
FASTACT_INLINE REAL FN(softcap_derivative_from_output_default)(REAL y) {
    const REAL part = y * K(0x1p-5);
    return FN(keep_payload)(FN(rounded_sum)(-part, part, K(900) / K(1024)) * (K(1024) / K(900)), y);
}
#endif
FASTACT_INLINE REAL FN(softcap_derivative_from_output)(REAL y, REAL cap) {
    return FN(select)(
        cap == 30, FN(softcap_derivative_from_output_default)(y), FN(softcap_derivative_from_output_general)(y, cap));
}

/* Roots and quotients --------------------------------------------------------------------------------------------- */

/* one / r for a power of two and r > 0: exact where r is a power of two too, else up to an eighth too large. The exponent is
 * negated, and the mantissa with it. For what rounding took from a root, which needs no more and no division. */
FASTACT_INLINE REAL FN(rough_inverse)(REAL one, REAL r) {
    return FN(from_bits)(FN(bits)(one) + FN(bits)(K(1)) - FN(bits)(r));
}
/* r = sqrt(one + a^2), one a power of two: the root of the square, which alone has a low part. */
typedef struct { REAL square, square_lo, root; } FN(unit_root);
FASTACT_INLINE FN(unit_root) FN(unit_root_of)(REAL a, REAL one) {
    FN(unit_root) s;
    s.square = FN(fma)(a, a, one);
    s.square_lo = FN(fma)(a, a, one - s.square); /* to 1, where that is rounded */
    s.root = FN(sqrt)(s.square);
    return s;
}
/* What rounding took from the root, times twice the root. */
FASTACT_INLINE REAL FN(root_rest)(FN(unit_root) s) { return FN(fma)(-s.root, s.root, s.square) + s.square_lo; }
/* r (r + a) = d + d_lo + rest a / (2 r), r = sqrt(one + a^2): one / (r (r + a)) is 1 - a / r, and does not cancel. With a scale
 * whose square is one neither small nor large numbers leave the range. */
typedef struct { REAL d, d_lo, root, rest; } FN(slope_divisor);
FASTACT_INLINE FN(slope_divisor) FN(slope_divisor_of)(REAL a, REAL one) {
    FN(slope_divisor) s;
    const FN(unit_root) r = FN(unit_root_of)(a, one);
    /* What one - r^2 may have lost counts in float alone. */
    const REAL excess = FASTACT_PRECISION == 32 ? ((one - r.square) + r.square) - one : K(0);
    s.d = FN(fma)(a, r.root, r.square);
    s.d_lo = FN(fma)(a, r.root, r.square - s.d) + (r.square_lo - excess);
    s.root = r.root;
    s.rest = FN(root_rest)(r);
    return s;
}

/* squareplus: f(x) = (x + r) / 2 with r = sqrt(x^2 + b): m = (|x| + r) / 2 for x > 0 and, since f(x) f(-x) = b / 4,
 * b / (4 m) for x < 0. f' = f / r = y^2 / (y^2 + b / 4). At infinity, and for b = 0, relu.
 * In double x and r are kept times c, a power of two, so that no square leaves the range, and the b on top of the
 * quotient b / (4 m) times another where that, or its last bits, could, so that `part` / (m c) times `back` is it. */
typedef struct { FN(wide) root, m, part; double c, inverse, back; } FN(square_root);
FASTACT_INLINE double FN(square_scale)(REAL a, REAL b) {
#if FASTACT_PRECISION == 32
    (void)a, (void)b;
    return 1;
#else
    const FASTACT_BITS large = (a > K(0x1p450)) | (b > K(0x1p900)), small = (a < K(0x1p-450)) & (b < K(0x1p-900));
    return FN(select)(large, K(0x1p-520), FN(select)(small, K(0x1p500), K(1)));
#endif
}
FASTACT_INLINE FN(square_root) FN(square_root_of)(REAL a, REAL b) {
    FN(square_root) s;
    s.c = FN(square_scale)(a, b);
    s.inverse = s.c > 1 ? 0x1p-500 : s.c < 1 ? 0x1p520 : 1;
    s.part = FN(widen)(b);
    s.back = 0.25 * s.c;
#if FASTACT_PRECISION == 64
    const FASTACT_BITS tiny = b < 0x1p-500, large = s.c < 1;
    s.part = FN(wide_scale)(s.part, FN(select)(tiny, 0x1p500, FN(select)(large, 0x1p-20, 1)));
    s.back *= FN(select)(tiny, 0x1p-500, FN(select)(large, 0x1p20, 1));
#endif
    const FN(wide) scaled = FN(wide_scale)(FN(widen)(a), s.c);
    const FN(wide) constant = FN(wide_scale)(FN(wide_scale)(FN(widen)(b), s.c), s.c);
    s.root = FN(wide_sqrt)(FN(wide_add)(FN(wide_square)(scaled), constant));
    s.m = FN(wide_scale)(FN(wide_add)(s.root, scaled), 0.5);
    return s;
}
FASTACT_INLINE REAL FN(squareplus_general)(REAL x, REAL b) {
    const FN(square_root) s = FN(square_root_of)(FN(magnitude)(x, FASTACT_LARGEST), b);
    const REAL above = FN(narrow)(FN(wide_scale)(s.m, s.inverse));
    const REAL below = FN(narrow)(FN(wide_scale)(FN(wide_divide)(s.part, s.m), s.back));
    const FASTACT_BITS plain = (b == 0) | (FN(abs)(x) > FASTACT_LARGEST);
    const REAL result = FN(select)(plain, FN(relu)(x), FN(select)(x < 0, below, above));
    return FN(keep_nan)(FN(keep_nan)(result, x), b);
}
/* With h = |x| / 2, r = sqrt(1 + h^2) and m = h + r: f(x) = m for x > 0, else 1 / m. Far out |x| and its inverse. */
FASTACT_INLINE REAL FN(squareplus_default)(REAL x) {
    const REAL end = K(0x1p60), all = FN(abs)(x), half = K(0.5) * all;
    const FASTACT_BITS far = half > end;
    const REAL h = FN(select)(far, end, half);
    const FN(unit_root) s = FN(unit_root_of)(h, K(1));
    const REAL sum = h + s.root, m = FN(select)(far, all, sum), inverse = K(1) / m;
    const REAL m_lo = FN(mad)(FN(root_rest)(s), FN(rough_inverse)(K(0.5), s.root), (s.root - sum) + h);
    const REAL error = FN(mad)(-inverse, m_lo, FN(fma)(-inverse, m, K(1)));
    /* Where m may be infinite nothing is left over. */
    const REAL below = FN(mad)(inverse, FN(select)(far, K(0), error), inverse);
    return FN(keep_payload)(x < 0 ? below : m + m_lo, x);
}
FASTACT_INLINE REAL FN(squareplus)(REAL x, REAL b) {
    return FN(select)(b == 4, FN(squareplus_default)(x), FN(squareplus_general)(x, b));
}
FASTACT_INLINE REAL FN(squareplus_derivative_general)(REAL x, REAL b) {
    const FN(square_root) s = FN(square_root_of)(FN(magnitude)(x, FASTACT_LARGEST), b);
    const int64_t negative = x < 0;
    const FN(wide) n = FN(wide_select)(negative, s.part, s.m);
    const FN(wide) quotient = FN(wide_divide)(n, FN(wide_select)(negative, FN(wide_multiply)(s.m, s.root), s.root));
    const FN(wide) scaled = FN(wide_scale)(FN(wide_scale)(quotient, s.back), s.c);
    const FASTACT_BITS plain = (b == 0) | (FN(abs)(x) > FASTACT_LARGEST);
    const REAL result = FN(narrow)(FN(wide_select)(negative, scaled, quotient));
    return FN(keep_nan)(FN(keep_nan)(FN(select)(plain, FN(relu_derivative)(x), result), x), b);
}
/* 1 - g or g, g = 1 / (2 r (r + |x| / 2)), r = sqrt(1 + x^2 / 4). */
FASTACT_INLINE REAL FN(squareplus_derivative_default)(REAL x) {
    const REAL scale = FASTACT_SQUARE_SCALE, one = scale * scale;
    const REAL a = FN(magnitude)(x, FASTACT_SQUARE_END) * (K(0.5) * scale);
    const FN(slope_divisor) s = FN(slope_divisor_of)(a, one);
    const REAL q = K(0.5) * one / s.d, g = FN(mad)(-q * s.d_lo, q * (K(2) / one), q);
    return FN(keep_nan)(FN(select)(x < 0, g, K(1) - g), x);
}
FASTACT_INLINE REAL FN(squareplus_derivative)(REAL x, REAL b) {
    return FN(select)(b == 4, FN(squareplus_derivative_default)(x), FN(squareplus_derivative_general)(x, b));
}
FASTACT_INLINE REAL FN(squareplus_derivative_from_output_general)(REAL y, REAL b) {
    const REAL held = FN(magnitude)(y, FASTACT_LARGEST);
    const double c = FN(square_scale)(held, b);
    const FN(wide) scaled = FN(wide_scale)(FN(widen)(held), c);
    const FN(wide) constant = FN(wide_scale)(FN(wide_scale)(FN(widen)(b), 0.5 * c), 0.5 * c);
    const FN(wide) ratio = FN(wide_divide)(scaled, FN(wide_add)(FN(wide_square)(scaled), constant));
    const REAL result = FN(narrow)(FN(wide_multiply)(ratio, scaled)); /* y^2 alone could underflow */
    return FN(keep_nan)(FN(keep_nan)(FN(select)(b == 0, FN(relu_derivative)(y), result), y), b);
}
#if FASTACT_PRECISION == 32
FASTACT_INLINE REAL FN(squareplus_derivative_from_output_default)(REAL y) {
    return FN(squareplus_derivative_from_output_general)(y, K(4));
}
#else
FASTACT_INLINE REAL FN(squareplus_derivative_from_output_default)(REAL y) {
    const REAL a = FN(capped)(FN(abs)(y), FASTACT_ROOT_FAR), square = a * a;
    const FN(unit_root) s = FN(unit_root_of)(a, K(1));
    const REAL reciprocal = K(1) / s.square, quotient = square * reciprocal;
    const REAL rest = FN(fma)(-quotient, s.square, square) + FN(mad)(-quotient, s.square_lo, FN(fma)(a, a, -square));
    return FN(mad)(rest, reciprocal, quotient);
}
#endif
FASTACT_INLINE REAL FN(squareplus_derivative_from_output)(REAL y, REAL b) {
    return FN(select)(
        b == 4, FN(squareplus_derivative_from_output_default)(y), FN(squareplus_derivative_from_output_general)(y, b));
}

/* softsign: f(x) = x / (1 + |x|). f' = 1 / (1 + |x|)^2 = (1 - |y|)^2, f'' = -2 sign(x) / (1 + |x|)^3, f''(0) = 0. */
FASTACT_INLINE REAL FN(softsign)(REAL x) {
    const REAL a = FN(magnitude)(x, K(0x1p60)); /* 1, rounded, from there */
#if FASTACT_PRECISION == 32
    const FN(pair) d = FN(positive_sum)(a, K(1));
    const REAL result = FN(divide)(a, K(0), d.hi, d.lo);
#else
    const REAL result = FN(narrow)(FN(wide_divide)(FN(widen)(a), FN(wide_plus)(FN(widen)(a), K(1))));
#endif
    return FN(keep_nan)(FN(copysign)(result, x), x);
}
FASTACT_INLINE FN(wide) FN(softsign_rest)(REAL x) { /* 1 / (1 + |x|) */
    return FN(wide_reciprocal)(FN(wide_plus)(FN(widen)(FN(magnitude)(x, FASTACT_LARGEST)), K(1)));
}
FASTACT_INLINE REAL FN(softsign_derivative)(REAL x) {
    return FN(keep_nan)(FN(narrow)(FN(wide_square)(FN(softsign_rest)(x))), x);
}
FASTACT_INLINE REAL FN(softsign_derivative_from_output)(REAL y) {
    const FN(wide) rest = FN(wide_subtract)(FN(widen)(K(1)), FN(widen)(FN(magnitude)(y, K(1))));
    return FN(keep_nan)(FN(narrow)(FN(wide_square)(rest)), y);
}
FASTACT_INLINE REAL FN(softsign_second_derivative)(REAL x) {
    const FN(wide) rest = FN(softsign_rest)(x);
    const REAL size = FN(narrow)(FN(wide_multiply)(FN(wide_scale)(rest, 2), FN(wide_square)(rest)));
    return FN(keep_nan)(FN(copysign)(x == 0 ? K(0) : size, -x), x);
}

/* dish: f(x) = x (1 + x / r) / 2, r = sqrt(1 + x^2), by g = 1 - |x| / r = 1 / (r (r + |x|)): f(-|x|) = -|x| g / 2, far out
 * -1 / (4 |x|), and f(|x|) = |x| + f(-|x|). f'(-|x|) = -g (1 - 3 g + g^2) / 2, which is 0 where x^2 = (sqrt(5) - 1) / 2, and
 * f'(|x|) = 1 - f'(-|x|). */
FASTACT_INLINE REAL FN(dish)(REAL x) {
    const REAL end = K(0x1p60), all = FN(abs)(x), a = FN(magnitude)(x, end);
    const FASTACT_BITS far = all > end;
    const FN(slope_divisor) s = FN(slope_divisor_of)(a, K(1));
    const REAL n = FN(select)(far, K(0.25), K(0.5) * a), d = FN(select)(far, all, s.d);
    const REAL reciprocal = K(1) / d, quotient = n * reciprocal;
    /* In float what rounding took from r counts, and its factor a / (2 r) to all digits where f hardly changes. */
    const REAL slope = FASTACT_PRECISION == 32 ? K(0.5) * a * ((s.root + a) * reciprocal) : K(0);
    const REAL d_lo = FASTACT_PRECISION == 32 ? FN(mad)(s.rest, slope, s.d_lo) : s.d_lo;
    const REAL rest = FN(mad)(-quotient, d_lo, FN(fma)(-quotient, d, n));
    /* Where d may be infinite nothing is left over. */
    const REAL tail = FN(mad)(FN(select)(far, K(0), rest), reciprocal, quotient);
    return FN(select)(x < 0, K(-0.0), x) - tail;
}
FASTACT_INLINE REAL FN(dish_derivative)(REAL x) {
    const REAL scale = FASTACT_SQUARE_SCALE, one = scale * scale;
    const REAL a = FN(magnitude)(x, FASTACT_SQUARE_END) * scale;
    const FN(slope_divisor) s = FN(slope_divisor_of)(a, one);
    const REAL g = one / s.d;
    const REAL d_lo = FN(mad)(s.rest, a * FN(rough_inverse)(K(0.5), s.root), s.d_lo);
    const REAL g_lo = g * FN(mad)(-g, d_lo, FN(fma)(-g, s.d, one)) * (K(1) / one);
    const REAL less = K(3) - g, less_lo = (K(3) - less) - g;
    const REAL k = FN(fma)(g, less, K(-1)), k_lo = FN(mad)(g, less_lo, (less - g) * g_lo);
    const REAL half = K(0.5) * g, below = half * k;
    const REAL below_lo = FN(mad)(half, k_lo, FN(mad)(K(0.5) * g_lo, k, FN(fma)(half, k, -below)));
    return FN(keep_nan)(FN(select)(x < 0, below + below_lo, (K(1) - below) - below_lo), x);
}

/* bent_identity: f(x) = x + t, t = (r - 1) / 2, r = sqrt(x^2 + 1), and what rounding took from r. Far out t = |x| / 2.
 * f' = 1 + x / (2 r). */
FASTACT_INLINE REAL FN(bent_identity)(REAL x) {
    const REAL end = K(0x1p60);
    const FN(unit_root) s = FN(unit_root_of)(FN(magnitude)(x, end), K(1));
    const REAL t = FN(mad)(s.root, K(0.5), K(-0.5));
    const REAL near = FN(mad)(FN(root_rest)(s), FN(rough_inverse)(K(0.25), s.root), t);
    return x + FN(select)(FN(abs)(x) > end, K(0.5) * FN(magnitude)(x, FASTACT_LARGEST), near);
}
FASTACT_INLINE REAL FN(bent_identity_derivative)(REAL x) {
    const REAL end = K(0x1p60), held = FN(hold)(x, -end, end), root = FN(sqrt)(FN(fma)(held, held, K(1)));
    return FN(keep_nan)(K(1) + K(0.5) * held / root, x);
}

/* Trigonometric and error functions ------------------------------------------------------------------------------- */

/* sin, cos: -1 to the number of half turns, times the sine of what is left of the argument; cos(x) = sin(x + pi / 2) is
 * even, and takes the odd multiples of pi / 2 from |x|. Each formula chooses by its argument how to reduce it; the one
 * named `near` is for arguments that are not far, and vectorises. */
FASTACT_INLINE int FN(sin_is_far)(REAL x) { return FN(abs)(x) > FASTACT_NEAR_END; }
FASTACT_INLINE int FN(cos_is_far)(REAL x) { return FN(sin_is_far)(x); }
FASTACT_INLINE REAL FN(sine_of)(REAL x, int negative, int far) {
    const WIDE near = FN(widen)(FN(magnitude)(x, FASTACT_NEAR_END));
    const FN(phase) phase = FN(phase_of)(near, x, K(1), 0.0, 1.0, far);
    const REAL sine = FN(sine)(FN(wide_flip)(phase.r, phase.steps + negative));
    return FN(keep_nan)(FN(from_bits)(FN(bits)(sine) ^ FN(sign_of)(x)), x - x);
}
FASTACT_INLINE REAL FN(cosine_of)(REAL x, int negative, int far) {
    const WIDE near = FN(widen)(FN(magnitude)(x, FASTACT_NEAR_END));
    const FN(phase) phase = FN(phase_of)(near, x, K(1), 0.5, 1.0, far);
    return FN(keep_nan)(FN(sine)(FN(wide_flip)(phase.r, phase.steps + 1 + negative)), x - x);
}
#if FASTACT_PRECISION == 32
/* Near arguments need no case for the sign or for NaN. */
FASTACT_INLINE REAL FN(sine_near)(REAL x, int negative) {
    const FN(phase) phase = FN(phase_near)(FN(widen)(x), 0.0, 1.0);
    return FN(narrow)(FN(wide_flip)(FN(short_sine)(phase.r), phase.steps + negative));
}
FASTACT_INLINE REAL FN(cosine_near)(REAL x, int negative) {
    const FN(phase) phase = FN(phase_near)(FN(widen)(x), -0.5, 1.0);
    return FN(narrow)(FN(wide_flip)(FN(short_sine)(phase.r), phase.steps + negative));
}
#else
FASTACT_INLINE REAL FN(sine_near)(REAL x, int negative) { return FN(sine_of)(x, negative, 0); }
FASTACT_INLINE REAL FN(cosine_near)(REAL x, int negative) { return FN(cosine_of)(x, negative, 0); }
#endif
FASTACT_INLINE REAL FN(sin_near)(REAL x) { return FN(sine_near)(x, 0); }
FASTACT_INLINE REAL FN(sin)(REAL x) { return FN(sin_is_far)(x) ? FN(sine_of)(x, 0, 1) : FN(sin_near)(x); }
FASTACT_INLINE REAL FN(sin_derivative_near)(REAL x) { return FN(cosine_near)(x, 0); }
FASTACT_INLINE REAL FN(sin_derivative)(REAL x) {
    return FN(sin_is_far)(x) ? FN(cosine_of)(x, 0, 1) : FN(sin_derivative_near)(x);
}
FASTACT_INLINE REAL FN(sin_second_derivative_near)(REAL x) { return FN(sine_near)(x, 1); }
FASTACT_INLINE REAL FN(sin_second_derivative)(REAL x) {
    return FN(sin_is_far)(x) ? FN(sine_of)(x, 1, 1) : FN(sin_second_derivative_near)(x);
}
FASTACT_INLINE REAL FN(cos_near)(REAL x) { return FN(sin_derivative_near)(x); }
#if FASTACT_PRECISION == 32
/* Of a half, and rounded to one by the caller, who gets the same as from a float's sine, for any of them: near, and with a
 * sine that is wrong by 2^-22 at most if computed in floats. */
FASTACT_INLINE REAL FN(sine_of_half)(REAL x, int cosine) {
#if FASTACT_HAS_FMA
    const REAL rounder = K(0x1.8p23), per_step = (REAL)FASTACT_ONE_OVER_PI;
    const REAL shifted = cosine ? FN(fma)(x, per_step, K(0.5)) + rounder : FN(fma)(x, per_step, rounder);
    const REAL n = (shifted - rounder) - (cosine ? K(0.5) : K(0));
    const REAL r = FN(fma)(n, -FASTACT_PI_OF_HALF_2, FN(fma)(n, -FASTACT_PI_OF_HALF_1, x)), w = r * r;
#define FIRST(c) REAL p = c;
#define STEP(c) p = FN(fma)(p, w, c);
    FASTACT_SINE_OF_HALF_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    /* The sum is 0 for -0; else it has the sign of r. */
    const FASTACT_BITS sine = FN(bits)(FN(fma)(r * w, p, r)) | FN(sign_of)(r);
    return FN(from_bits)(sine ^ (FASTACT_BITS)((uint32_t)FN(bits)(shifted) << 31));
#else
    return cosine ? FN(cos_near)(x) : FN(sin_near)(x);
#endif
}
FASTACT_INLINE REAL FN(sin_of_half)(REAL x) { return FN(sine_of_half)(x, 0); }
FASTACT_INLINE REAL FN(cos_of_half)(REAL x) { return FN(sine_of_half)(x, 1); }
#endif
FASTACT_INLINE REAL FN(cos)(REAL x) { return FN(sin_derivative)(x); }
FASTACT_INLINE REAL FN(cos_derivative_near)(REAL x) { return FN(sin_second_derivative_near)(x); }
FASTACT_INLINE REAL FN(cos_derivative)(REAL x) { return FN(sin_second_derivative)(x); }
FASTACT_INLINE REAL FN(cos_second_derivative_near)(REAL x) { return FN(cosine_near)(x, 1); }
FASTACT_INLINE REAL FN(cos_second_derivative)(REAL x) {
    return FN(cos_is_far)(x) ? FN(cosine_of)(x, 1, 1) : FN(cos_second_derivative_near)(x);
}

/* snake: f(x) = x + sin(a x)^2 / a. f' = 1 + sin(2 a x) = 2 sin(a x + pi / 4)^2, which keeps its digits at the double
 * roots. df/da = t (2 x cos(a x) - t) with t = sin(a x) / a, which does not overflow, and cancels at its roots only. */
/* The product a |x|, exact, and not beyond NEAR_END. */
FASTACT_INLINE WIDE FN(snake_product)(REAL x, REAL a) {
    const FN(pair) product = FN(sharpened)(x, a, FASTACT_NEAR_END);
#if FASTACT_PRECISION == 32
    return (double)product.hi + (double)product.lo;
#else
    return product;
#endif
}
FASTACT_INLINE int FN(snake_is_far)(REAL x, REAL a) {
    return FN(sharpened)(x, a, FASTACT_NEAR_END).hi >= FASTACT_NEAR_END;
}
/* s / a; the quotient of sin(a x) is x where a x is so small that it may have lost digits. 1 / a must not overflow. */
FASTACT_INLINE WIDE FN(snake_quotient)(WIDE s, WIDE product, REAL x, REAL a) {
    const REAL scale = a < FASTACT_UNSCALE * FASTACT_UNSCALE ? K(1) / FASTACT_UNSCALE : K(1);
    const WIDE quotient = FN(wide_divide)(FN(wide_scale)(s, scale), FN(widen)(a * scale));
    return FN(wide_select)(FN(wide_lead)(product) < 0x1p-30, FN(widen)(FN(abs)(x)), quotient);
}
FASTACT_INLINE REAL FN(snake_of)(REAL x, REAL a, int far) {
    const WIDE product = FN(snake_product)(x, a);
    const WIDE s = FN(wide_sine)(FN(phase_of)(product, x, a, 0.0, 1.0, far).r);
    const WIDE wave = FN(wide_multiply)(s, FN(snake_quotient)(s, product, x, a));
    const REAL rounded = x + FN(narrow)(wave);
    /* Infinities come from x, or from a sum that overflows. */
    const REAL result = FN(abs)(rounded) <= FASTACT_LARGEST ? FN(narrow)(FN(wide_plus)(wave, x)) : rounded;
    return FN(keep_nan)(FN(keep_nan)(result, x), a);
}
FASTACT_INLINE REAL FN(snake_derivative_of)(REAL x, REAL a, int far) {
    const double offset = x < 0 ? 0.25 : -0.25;
    const WIDE s = FN(wide_sine)(FN(phase_of)(FN(snake_product)(x, a), x, a, offset, 1.0, far).r);
    return FN(keep_nan)(FN(keep_nan)(FN(narrow)(FN(wide_scale)(FN(wide_square)(s), 2.0)), x - x), a);
}
FASTACT_INLINE REAL FN(snake_derivative_a_of)(REAL x, REAL a, int far) {
    const WIDE product = FN(snake_product)(x, a);
    const FN(phase) phase = FN(phase_of)(product, x, a, 0.0, 0.5, far);
    const WIDE sine = FN(wide_quarter_sine)(phase.r), cosine = FN(wide_quarter_cosine)(phase.r);
    /* The signs of both, which change together, drop out. */
    const WIDE s = FN(wide_select)(phase.steps & 1, cosine, sine);
    const WIDE c = FN(wide_select)(phase.steps & 1, FN(wide_negate)(sine), cosine);
    const WIDE t = FN(snake_quotient)(s, product, x, a);
    const REAL finite = FN(abs)(x) <= FASTACT_LARGEST ? FN(abs)(x) : K(0); /* an infinity gives NaN, and no overflow */
    const WIDE rest = FN(wide_subtract)(FN(wide_times)(c, finite), FN(wide_scale)(t, 0.5));
    const WIDE twice = FN(wide_scale)(t, 2.0);
    const REAL rounded = FN(narrow)(twice) * FN(narrow)(rest);
    const REAL result = FN(abs)(rounded) <= FASTACT_LARGEST ? FN(narrow)(FN(wide_multiply)(twice, rest)) : rounded;
    return FN(keep_nan)(FN(keep_nan)(result, x - x), a);
}
FASTACT_INLINE REAL FN(snake_general_near)(REAL x, REAL a) { return FN(snake_of)(x, a, 0); }
#if FASTACT_PRECISION == 32
FASTACT_INLINE REAL FN(snake_default_near)(REAL x) {
    const double s = FN(wide_sine)(FN(phase_near)(FN(widen)(x), 0.0, 1.0).r);
    return FN(narrow)(fastact_mad_f64(s, s, (double)x));
}
#else
/* x = r + r_lo + n pi / 2 for |x| <= NEAR_END, n an integer less an offset of 0 or 1/2, and whether that is odd. */
typedef struct { REAL r, r_lo; int64_t odd; } FN(quarter_phase);
FASTACT_INLINE FN(quarter_phase) FN(quarter_phase_of)(REAL x, REAL offset) {
    FN(quarter_phase) phase;
    const REAL rounder = K(0x1.8p52), shifted = FN(mad)(x, K(2) * FASTACT_ONE_OVER_PI, offset) + rounder;
    const REAL n = (shifted - rounder) - offset, taken = n * (K(0.5) * FASTACT_PI_1), first = x - taken;
    const REAL first_lo = x - (first + taken); /* exact: only with n = 1/2 or -1/2, then less than `taken`, is it not 0 */
    phase.r = FN(mad)(n, K(-0.5) * FASTACT_PI_2, first);
    phase.r_lo = FN(mad)(n, K(-0.5) * FASTACT_PI_3, FN(mad)(n, K(-0.5) * FASTACT_PI_2, first - phase.r) + first_lo);
    phase.odd = FN(bits)(shifted) & 1;
    return phase;
}
/* sin(r + r_lo)^2 = w + w (v + v_lo) + bent for |r| <= pi / 4, to about 2^-67, and to all digits near 0. */
typedef struct { REAL w, v, v_lo, bent; } FN(sine_square);
FASTACT_INLINE FN(sine_square) FN(sine_square_of)(REAL r, REAL r_lo) {
    FN(sine_square) s;
    const REAL w = r * r;
#define FIRST(c) REAL p = c;
#define STEP(c) p = FN(mad)(p, w, c);
    FASTACT_SINE_SQUARE_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const REAL c2 = FN(mad)(p, w, FASTACT_SINE_SQUARE_C2);
    const REAL c2_lo = FN(mad)(p, w, FASTACT_SINE_SQUARE_C2 - c2) + FASTACT_SINE_SQUARE_C2_LO;
    const REAL c1 = FN(mad)(c2, w, FASTACT_SINE_SQUARE_C1);
    const REAL c1_lo = FN(fma)(c2, w, FASTACT_SINE_SQUARE_C1 - c1) + FN(mad)(c2_lo, w, FASTACT_SINE_SQUARE_C1_LO);
    const REAL c0 = FN(mad)(c1, w, FASTACT_SINE_SQUARE_C0);
    const REAL c0_lo = FN(fma)(c1, w, FASTACT_SINE_SQUARE_C0 - c0) + FN(mad)(c1_lo, w, FASTACT_SINE_SQUARE_C0_LO);
    s.w = w;
    s.v = w * c0;
    s.v_lo = FN(mad)(w, c0_lo, FN(fma)(w, c0, -s.v));
    /* What is left of the square, times the slope over it: sin(2 r) / (2 r), best at r = pi / 4, where f' may be 0. */
    const REAL w_lo = FN(mad)(r + r, r_lo, FN(fma)(r, r, -w));
    s.bent = w_lo * FN(mad)(FN(mad)(s.v, FASTACT_SINE_SQUARE_BEND, K(2)), s.v, K(1));
    return s;
}
FASTACT_INLINE REAL FN(snake_default_near)(REAL x) {
    const FN(quarter_phase) phase = FN(quarter_phase_of)(x, K(0));
    const FN(sine_square) s = FN(sine_square_of)(phase.r, phase.r_lo);
    const REAL sine = FN(mad)(s.w, s.v, s.w), sine_lo = FN(fma)(s.w, s.v, s.w - sine) + FN(mad)(s.w, s.v_lo, s.bent);
    const REAL cosine = K(1) - sine, cosine_lo = ((K(1) - cosine) - sine) - sine_lo; /* their squares */
    const FN(pair) sum = FN(sum)(x, FN(select)(phase.odd, cosine, sine));
    return sum.hi + (sum.lo + FN(select)(phase.odd, cosine_lo, sine_lo));
}
#endif
FASTACT_INLINE REAL FN(snake_near)(REAL x, REAL a) {
    return FN(select)(a == 1, FN(snake_default_near)(x), FN(snake_general_near)(x, a));
}
FASTACT_INLINE REAL FN(snake)(REAL x, REAL a) {
    return FN(snake_is_far)(x, a) ? FN(snake_of)(x, a, 1) : FN(snake_near)(x, a);
}
FASTACT_INLINE REAL FN(snake_derivative_general_near)(REAL x, REAL a) { return FN(snake_derivative_of)(x, a, 0); }
#if FASTACT_PRECISION == 32
FASTACT_INLINE REAL FN(snake_derivative_default_near)(REAL x) {
    const double s = FN(short_sine)(FN(phase_near)(FN(widen)(x), -0.25, 1.0).r);
    return FN(narrow)(2.0 * s * s);
}
#else
FASTACT_INLINE REAL FN(snake_derivative_default_near)(REAL x) {
    const FN(quarter_phase) phase = FN(quarter_phase_of)(x, K(0.5));
    const FN(sine_square) s = FN(sine_square_of)(phase.r, phase.r_lo);
    const REAL sine = s.w + FN(mad)(s.w, s.v, s.bent);
    return FN(select)(phase.odd, FN(mad)(K(-2), sine, K(2)), sine + sine);
}
#endif
FASTACT_INLINE REAL FN(snake_derivative_near)(REAL x, REAL a) {
    return FN(select)(a == 1, FN(snake_derivative_default_near)(x), FN(snake_derivative_general_near)(x, a));
}
FASTACT_INLINE REAL FN(snake_derivative)(REAL x, REAL a) {
    return FN(snake_is_far)(x, a) ? FN(snake_derivative_of)(x, a, 1) : FN(snake_derivative_near)(x, a);
}
FASTACT_INLINE REAL FN(snake_derivative_a_near)(REAL x, REAL a) { return FN(snake_derivative_a_of)(x, a, 0); }
FASTACT_INLINE REAL FN(snake_derivative_a)(REAL x, REAL a) {
    return FN(snake_is_far)(x, a) ? FN(snake_derivative_a_of)(x, a, 1) : FN(snake_derivative_a_near)(x, a);
}

/* arctan: f(x) = base + arctan(z), |z| <= 1 / 2: z = |x|; or (|x| - 1) / (|x| + 1), above pi / 4; or -1 / |x|, below pi / 2.
 * f' = 1 / (1 + x^2), f'' = -2 x / (1 + x^2)^2. */
#if FASTACT_PRECISION == 32
/* By pieces of z = |x| or, for |x| > 1, of its inverse, below pi / 2. */
FASTACT_INLINE REAL FN(arctan)(REAL x) {
    static const float table[7][16] = FASTACT_ARCTAN_TABLE;
    const REAL a = FN(abs)(x);
    const FASTACT_BITS beyond = a > K(1);
    const REAL n = FN(select)(beyond, K(1), a), d = FN(at_least)(FN(magnitude)(x, K(0x1p60)), K(1));
    /* What the quotient's rounding left over is rest / d, and 0 where d = 1. */
    const REAL z = n / d, rest = FN(fma)(-z, d, n);
    const int piece = FN(sixteenth_piece)(FN(at_most)(z + K(1), K(0x1.fffffep0)));
    const REAL at = z - table[0][piece], h = FN(piecewise_rest)(table, 6, piece, at);
    const REAL turn = FN(mad)(h, at, rest * z * table[2][piece]), base = table[1][piece];
    const REAL angle = FN(select)(beyond, (FASTACT_HALF_PI_HI - base) + (FASTACT_HALF_PI_LO - turn), base + turn);
    return FN(copysign)(angle, x);
}
#else
FASTACT_INLINE REAL FN(arctan)(REAL x) {
    const REAL a = FN(abs)(x);
    const int64_t large = a > 2, beyond = a > 0.5;
    /* a - 1 is exact, and what rounding takes from a + 1 less than half a unit of the result. */
    const REAL above = FN(select)(large, K(-1), FN(select)(beyond, a - K(1), a));
    const REAL z = above / FN(select)(large, a, FN(select)(beyond, a + K(1), K(1))), w = z * z, v = w * w;
#define FIRST(c) double even = c;
#define STEP(c) even = fastact_mad_f64(even, v, c);
    FASTACT_WIDE_ARCTAN_EVEN_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
#define FIRST(c) double odd = c;
#define STEP(c) odd = fastact_mad_f64(odd, v, c);
    FASTACT_WIDE_ARCTAN_ODD_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const REAL base = FN(select)(large, K(2) * FASTACT_QUARTER_PI_HI, FN(select)(beyond, FASTACT_QUARTER_PI_HI, K(0)));
    const REAL base_lo = FASTACT_QUARTER_PI_LO / FASTACT_QUARTER_PI_HI, angle = base + z; /* base_lo times base */
    const REAL angle_lo = FN(mad)(base, base_lo, z - (angle - base));
    return FN(with_sign)(angle + FN(mad)(z * w, FN(mad)(odd, w, even), angle_lo), x);
}
#endif
/* Times a power of two, so that x^2 does not overflow. */
FASTACT_INLINE REAL FN(arctan_derivative)(REAL x) {
#if FASTACT_PRECISION == 32
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_SQUARE_END) * K(0x1p-16);
    return K(0x1p-32) / FN(fma)(a, a, K(0x1p-32));
#else
    const REAL scale = K(0x1p-64), a = FN(magnitude)(x, FASTACT_SQUARE_END) * scale;
    const WIDE square = FN(wide_plus)(FN(wide_product)(a, a), scale * scale);
    return FN(keep_nan)(FN(narrow_scaled)(FN(wide_reciprocal)(square)), x);
#endif
}
FASTACT_INLINE REAL FN(arctan_second_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_SQUARE_END * (FASTACT_PRECISION == 32 ? K(1) : K(0x1p-128)));
    const WIDE slope = FN(wide_reciprocal)(FN(wide_plus)(FN(wide_product)(a, a), K(1)));
    const WIDE curve = FN(wide_multiply)(FN(wide_times)(slope, K(2) * a), slope);
    return FN(keep_nan)(FN(copysign)(FN(narrow)(curve), -x), x);
}

/* erf: f' = 2 / sqrt(pi) e^(-x^2), f'' = -2 x f'. How f is approximated stands in tools/coefficients.py. */
#if FASTACT_PRECISION == 32
FASTACT_INLINE REAL FN(erf)(REAL x) {
    static const float table[8][16] = FASTACT_ERF_TABLE;
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_ERF_END), leading = FN(magnitude)(a, FASTACT_QUARTERS_FIRST_END);
    const int piece = FN(quarter_piece)(a);
    return FN(copysign)(FN(piecewise)(table, piece, a, leading + table[1][piece]), x);
}
#elif FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(erf)(REAL x) {
    static const double table[16][8] = FASTACT_ERF_TABLE;
    const REAL a = FN(magnitude)(x, FASTACT_ERF_TABLE_END), rounder = K(0x1.8p52);
    const REAL shifted = FN(at_most)(FN(mad)(a, K(1) / FASTACT_ERF_STEP, rounder), rounder + K(7));
    const REAL k = shifted - rounder, at = FN(mad)(k, -FASTACT_ERF_STEP, a);
    const int64_t piece = FN(bits)(shifted) & 7;
    REAL h = table[15][piece];
    for (int row = 14; row > 0; --row) h = FN(mad)(h, at, table[row][piece]);
    return FN(keep_nan)(FN(copysign)(FN(mad)(h, at, k == 0 ? a : table[0][piece]), x), x);
}
#else
FASTACT_INLINE REAL FN(erf)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_ERF_END);
    const WIDE square = FN(wide_product)(a, a);
    const REAL w = square.hi, d = a + FASTACT_ERFC_SHIFT, d_lo = a - (d - FASTACT_ERFC_SHIFT);
#define FIRST(c) REAL p = c;
#define STEP(c) p = FN(mad)(p, w, c);
    FASTACT_WIDE_ERF_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    WIDE q = FN(wide_plus)(FN(wide_constant)(FASTACT_WIDE_ERF_C1, FASTACT_WIDE_ERF_C1_LO), p * w);
    q = FN(wide_add)(FN(wide_constant)(FASTACT_WIDE_ERF_C0, FASTACT_WIDE_ERF_C0_LO), FN(wide_multiply)(q, square));
    const REAL small = FN(narrow)(FN(wide_times)(q, a));
    const REAL y = K(1) / d, y_error = FN(reciprocal_error)(y, d, d_lo), v = y - FASTACT_ERFC_CENTRE;
#define FIRST(c) REAL g = c;
#define STEP(c) g = FN(mad)(g, v, c);
    FASTACT_WIDE_ERFC_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const REAL m = y * g;
    const FN(exp_parts) e = FN(exp_parts_of)(-square.hi, square.lo, K(1), FASTACT_ROUNDER);
    const REAL tail = FN(mad)(m, e.t, FN(mad)(m, y_error, m)) * (e.power * FASTACT_UNSCALE);
    return FN(keep_nan)(FN(copysign)(FN(select)(a < FASTACT_ERF_SMALL, small, K(1) - tail), x), x);
}
#endif
FASTACT_INLINE WIDE FN(erf_slope_scaled)(REAL a) {
    return FN(wide_multiply)(FN(wide_exp_scaled)(FN(wide_negate)(FN(wide_product)(a, a))),
        FN(wide_constant)(FASTACT_TWO_OVER_ROOT_PI_HI, FASTACT_TWO_OVER_ROOT_PI_LO));
}
#if FASTACT_PRECISION == 32 && FASTACT_HAS_LOOKUP
FASTACT_INLINE REAL FN(erf_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_GAUSSIAN_END);
    const fastact_exp_product e = fastact_exp_product_of_square(a, FASTACT_SIXTEENTHS_ROUNDER, FASTACT_ERF_SLOPE_EXP);
    return FN(keep_nan)(fastact_times_exp((REAL)FASTACT_TWO_OVER_ROOT_PI_HI, e), x);
}
#else
FASTACT_INLINE REAL FN(erf_derivative)(REAL x) {
    return FN(keep_nan)(FN(narrow_scaled)(FN(erf_slope_scaled)(FN(magnitude)(x, FASTACT_GAUSSIAN_END))), x);
}
#endif
FASTACT_INLINE REAL FN(erf_second_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_GAUSSIAN_END);
    return FN(keep_nan)(FN(copysign)(FN(narrow_scaled)(FN(wide_times)(FN(erf_slope_scaled)(a), K(2) * a)), -x), x);
}

#undef REAL
#undef FN
#undef K
#undef WIDE

#endif /* FASTACT_FORMULAS */
