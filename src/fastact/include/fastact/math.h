/*
 * The primitives that the formulas of activations.h are made of. C11 and C++17, no Python, no libm, no branch: a loop
 * over any function here vectorises. Written once and compiled for float (suffix _f32) and double (_f64).
 *
 * Required of the compiler: IEEE 754 arithmetic (never -ffast-math) and -ffp-contract=off; -fno-math-errno
 * -fno-trapping-math so that gcc vectorises. A result depends on the arguments alone, not on vector width or position.
 * With a hardware fma the bits are the same on every instruction set; without one, fma is emulated and they may differ
 * inside the same error bound.
 */
#ifndef FASTACT_MATH_COMMON
#define FASTACT_MATH_COMMON

#include <stdint.h>
#include <string.h>

/* `static`: plain `inline` functions are merged by the linker across instruction sets and would run the wrong code.
 * `always_inline`: in a loop with several paths gcc otherwise keeps one shared copy and calls it for each element. */
#if defined(__GNUC__) || defined(__clang__)
#define FASTACT_INLINE static inline __attribute__((always_inline, unused))
#else
#define FASTACT_INLINE static inline
#endif

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define FASTACT_HAS_FMA 1
#else
#define FASTACT_HAS_FMA 0
#endif

/* Whether tables of 16 floats can stand in registers: see vectors.h. */
#if (defined(__AVX512F__) && defined(__AVX512DQ__)) || (defined(__AVX2__) && defined(__FMA__))
#define FASTACT_HAS_LOOKUP 1
#else
#define FASTACT_HAS_LOOKUP 0
#endif

FASTACT_INLINE int32_t fastact_bits_f32(float x) { int32_t bits; memcpy(&bits, &x, sizeof bits); return bits; }
FASTACT_INLINE int64_t fastact_bits_f64(double x) { int64_t bits; memcpy(&bits, &x, sizeof bits); return bits; }
FASTACT_INLINE float fastact_from_bits_f32(int32_t bits) { float x; memcpy(&x, &bits, sizeof x); return x; }
FASTACT_INLINE double fastact_from_bits_f64(int64_t bits) { double x; memcpy(&x, &bits, sizeof x); return x; }

/* fma: a * b + c with the product exact (to 2^-50 relative for float and 2^-100 for double where it is emulated).
 * mad: the same where the product's rounding does not matter or the product is exact; never slower. */
#if FASTACT_HAS_FMA
FASTACT_INLINE float fastact_fma_f32(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
FASTACT_INLINE double fastact_fma_f64(double a, double b, double c) { return __builtin_fma(a, b, c); }
FASTACT_INLINE float fastact_mad_f32(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
FASTACT_INLINE double fastact_mad_f64(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
FASTACT_INLINE float fastact_mad_f32(float a, float b, float c) { return a * b + c; }
FASTACT_INLINE double fastact_mad_f64(double a, double b, double c) { return a * b + c; }
FASTACT_INLINE float fastact_fma_f32(float a, float b, float c) { return (float)((double)a * (double)b + (double)c); }
FASTACT_INLINE double fastact_fma_f64(double a, double b, double c) {
    /* Dekker's product on halves cut by a mask (Veltkamp's multiplication would overflow), then Knuth's sum. */
    const int64_t mask = -((int64_t)1 << 27);
    const double a_hi = fastact_from_bits_f64(fastact_bits_f64(a) & mask), a_lo = a - a_hi;
    const double b_hi = fastact_from_bits_f64(fastact_bits_f64(b) & mask), b_lo = b - b_hi;
    const double product = a * b;
    const double product_lo = ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo;
    const double sum = product + c, c_seen = sum - product;
    const double sum_lo = (product - (sum - c_seen)) + (c - c_seen);
    return sum + (sum_lo + product_lo);
}
#endif

FASTACT_INLINE float fastact_sqrt_f32(float x) { return __builtin_sqrtf(x); }
FASTACT_INLINE double fastact_sqrt_f64(double x) { return __builtin_sqrt(x); }

/* float16 <-> float32, exactly and to nearest even; NaN payloads are kept and made quiet, as the hardware does. */
FASTACT_INLINE float fastact_from_half(uint16_t half) {
    const uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13;
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t special = magnitude >= 0x0f800000 ? 0x70000000u : 0x38000000u;
    const uint32_t quiet = magnitude > 0x0f800000 ? 0x00400000u : 0u;
    /* A subnormal is an integer times 2^-24: put it below the leading bit of 2^-14, and take that away again. */
    const float subnormal = fastact_from_bits_f32((int32_t)(magnitude + 0x38800000u)) - 0x1p-14f;
    const uint32_t normal = (magnitude + special) | quiet;
    const uint32_t value = magnitude < 0x00800000 ? (uint32_t)fastact_bits_f32(subnormal) : normal;
    return fastact_from_bits_f32((int32_t)(value | sign));
}

FASTACT_INLINE uint16_t fastact_to_half(float x) {
    const uint32_t bits = (uint32_t)fastact_bits_f32(x), magnitude = bits & 0x7fffffffu;
    const uint32_t sign = (bits >> 16) & 0x8000u;
    /* Below 2^-14: adding 1/2 leaves the result, rounded, in the low bits. */
    const float clipped = fastact_from_bits_f32((int32_t)(magnitude < 0x38800000u ? magnitude : 0x38800000u));
    const uint32_t subnormal = (uint32_t)fastact_bits_f32(clipped + 0.5f) - 0x3f000000u;
    const uint32_t odd = (magnitude >> 13) & 1u;
    const uint32_t normal = (magnitude - 0x38000000u + 0x0fffu + odd) >> 13;
    const uint32_t nan = 0x7e00u | ((magnitude >> 13) & 0x01ffu);
    uint32_t value = magnitude < 0x38800000u ? subnormal : normal;
    value = magnitude >= 0x477ff000u ? 0x7c00u : value;
    value = magnitude > 0x7f800000u ? nan : value;
    return (uint16_t)(value | sign);
}

#endif /* FASTACT_MATH_COMMON */

#ifdef FASTACT_REAL /* set by precision.h: from here on, once for each precision */

/* |x| without a branch; NaN stays NaN. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(abs)(FASTACT_REAL x) {
    const FASTACT_BITS sign = (FASTACT_BITS)((uint64_t)1 << (8 * sizeof(FASTACT_REAL) - 1));
    return FASTACT_NAME(from_bits)(FASTACT_NAME(bits)(x) & ~sign);
}

/* The sign bit alone. */
FASTACT_INLINE FASTACT_BITS FASTACT_NAME(sign_of)(FASTACT_REAL x) {
    return FASTACT_NAME(bits)(x) & (FASTACT_BITS)((uint64_t)1 << (8 * sizeof(FASTACT_REAL) - 1));
}

/* The magnitude of the first with the sign of the second. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(copysign)(FASTACT_REAL magnitude, FASTACT_REAL sign_of) {
    const FASTACT_BITS sign = (FASTACT_BITS)((uint64_t)1 << (8 * sizeof(FASTACT_REAL) - 1));
    return FASTACT_NAME(from_bits)((FASTACT_NAME(bits)(magnitude) & ~sign) | (FASTACT_NAME(bits)(sign_of) & sign));
}

/* min(x, end) and max(x, end), NaN staying NaN. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(at_most)(FASTACT_REAL x, FASTACT_REAL end) { return x > end ? end : x; }
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(at_least)(FASTACT_REAL x, FASTACT_REAL end) { return x < end ? end : x; }

/* min(|x|, end), and x held in [lower, upper], lower < 0 < upper. Floats of one sign are ordered as their bits are, and
 * integer minima are one instruction where a float minimum that keeps NaN is two. NaN gives a bound. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(magnitude)(FASTACT_REAL x, FASTACT_REAL end) {
    const FASTACT_BITS bits = FASTACT_NAME(bits)(FASTACT_NAME(abs)(x)), most = FASTACT_NAME(bits)(end);
    return FASTACT_NAME(from_bits)(bits < most ? bits : most);
}
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(hold)(FASTACT_REAL x, FASTACT_REAL lower, FASTACT_REAL upper) {
    const FASTACT_BITS bits = FASTACT_NAME(bits)(x), most = FASTACT_NAME(bits)(upper);
    const FASTACT_UNSIGNED below = (FASTACT_UNSIGNED)(bits < most ? bits : most);
    const FASTACT_UNSIGNED least = (FASTACT_UNSIGNED)FASTACT_NAME(bits)(lower);
    return FASTACT_NAME(from_bits)((FASTACT_BITS)(below < least ? below : least));
}

/* a, or the end where that is nearer to 0, both of one sign. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(nearer)(FASTACT_REAL a, FASTACT_REAL end) {
    const FASTACT_UNSIGNED bits = (FASTACT_UNSIGNED)FASTACT_NAME(bits)(a), most = (FASTACT_UNSIGNED)FASTACT_NAME(bits)(end);
    return FASTACT_NAME(from_bits)((FASTACT_BITS)(bits < most ? bits : most));
}

/* chosen ? a : b by a mask. Several `?:` on one condition become a branch before gcc vectorises, and it then does not. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(select)(FASTACT_BITS chosen, FASTACT_REAL a, FASTACT_REAL b) {
    const FASTACT_BITS mask = -chosen;
    return FASTACT_NAME(from_bits)((FASTACT_NAME(bits)(a) & mask) | (FASTACT_NAME(bits)(b) & ~mask));
}

/* The sign bit of x in all bits: a mask by one operation, where one of a comparison takes three. Then mask ? a : 0 and
 * mask ? a : b. */
FASTACT_INLINE FASTACT_BITS FASTACT_NAME(sign_mask)(FASTACT_REAL x) {
    return FASTACT_NAME(bits)(x) >> (8 * sizeof(FASTACT_REAL) - 1);
}
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(masked)(FASTACT_BITS mask, FASTACT_REAL a) {
    return FASTACT_NAME(from_bits)(FASTACT_NAME(bits)(a) & mask);
}
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(choose)(FASTACT_BITS mask, FASTACT_REAL a, FASTACT_REAL b) {
    return FASTACT_NAME(from_bits)((FASTACT_NAME(bits)(a) & mask) | (FASTACT_NAME(bits)(b) & ~mask));
}

/* min(a, end), NaN staying NaN, by a mask: a constant from a `?:` gcc would carry on through the whole formula. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(capped)(FASTACT_REAL a, FASTACT_REAL end) {
    return FASTACT_NAME(select)(a > end, end, a);
}

/* A magnitude with the sign of another number. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(with_sign)(FASTACT_REAL magnitude, FASTACT_REAL sign_of) {
    return FASTACT_NAME(from_bits)(FASTACT_NAME(bits)(magnitude) | FASTACT_NAME(sign_of)(sign_of));
}

/* A value as an unevaluated sum: lo is what hi's rounding left over. */
typedef struct { FASTACT_REAL hi, lo; } FASTACT_NAME(pair);

/* 2^(k + FASTACT_SCALE) for k = shifted - FASTACT_ROUNDER: the rounder's low bits hold the exponent's bias and scale. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(power_of_two)(FASTACT_REAL shifted) {
    const uint64_t bits = (uint64_t)FASTACT_NAME(bits)(shifted) << FASTACT_MANTISSA_BITS;
    return FASTACT_NAME(from_bits)((FASTACT_BITS)bits);
}

/* e^z = (1 + t + t_lo) power 2^-FASTACT_SCALE, for z in [-FASTACT_EXP_END, 0]: `power` is a power of two in the normal
 * range for every z of the domain, also where e^z is subnormal. |t| <= sqrt(2) - 1. t_lo is what rounding took from t, r_lo
 * what it took from the reduced argument: few need them, and what is not used is not computed. */
typedef struct { FASTACT_REAL t, t_lo, r_lo, power, k; } FASTACT_NAME(exp_parts);

/* P of e^r = 1 + r + r^2 P(r), from r and its square. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(exp_tail)(FASTACT_REAL r, FASTACT_REAL square) {
#if FASTACT_PRECISION == 64
    /* Its even and its odd powers apart: as many operations, and half as long a chain for a loop to wait for. */
#define FIRST(c) FASTACT_REAL even = c;
#define STEP(c) even = FASTACT_NAME(mad)(even, square, c);
    FASTACT_EXP_EVEN_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
#define FIRST(c) FASTACT_REAL odd = c;
#define STEP(c) odd = FASTACT_NAME(mad)(odd, square, c);
    FASTACT_EXP_ODD_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    return FASTACT_NAME(mad)(odd, r, even);
#else
    (void)square;
#define FIRST(c) FASTACT_REAL p = c;
#define STEP(c) p = FASTACT_NAME(mad)(p, r, c);
    FASTACT_EXP_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    return p;
#endif
}

/* exp of times (z - z_error), times = 1 or 2. With k = rint(z / ln 2) and r = z - k ln 2: t = r + r^2 P(r) and
 * power = 2^(k + SCALE), or 2^(k - SCALE) with the rounder FASTACT_ROUNDER_DOWN. z_error carries what rounding left over
 * when z was computed: e^z turns the absolute error of z into a relative one. */
FASTACT_INLINE FASTACT_NAME(exp_parts) FASTACT_NAME(exp_parts_of)(
    FASTACT_REAL z, FASTACT_REAL z_error, FASTACT_REAL times, FASTACT_REAL rounder) {
    FASTACT_NAME(exp_parts) e;
    const FASTACT_REAL shifted = FASTACT_NAME(mad)(z, times * FASTACT_LOG2E, rounder);
    const FASTACT_REAL k = shifted - rounder;
    /* Exact, since LN2_HI has trailing zeros. Doubled here and not in z, where it could overflow before a clamp. */
    const FASTACT_REAL r_hi = times * FASTACT_NAME(mad)(k, -FASTACT_LN2_HI / times, z);
    const FASTACT_REAL r = FASTACT_NAME(mad)(k, -FASTACT_LN2_LO, r_hi) - z_error, square = r * r;
    const FASTACT_REAL p = FASTACT_NAME(exp_tail)(r, square);
    e.t = FASTACT_NAME(mad)(square, p, r);
    e.t_lo = FASTACT_NAME(mad)(square, p, r - e.t);
    e.r_lo = FASTACT_NAME(mad)(k, -FASTACT_LN2_LO, r_hi - r) - z_error;
    e.k = k;
    e.power = FASTACT_NAME(power_of_two)(shifted);
    return e;
}

/* The same for times = 1, with t rounded once, and not r before it: an operation more, and half the error of t. */
FASTACT_INLINE FASTACT_NAME(exp_parts) FASTACT_NAME(precise_exp_parts_of)(
    FASTACT_REAL z, FASTACT_REAL z_error, FASTACT_REAL rounder) {
    FASTACT_NAME(exp_parts) e;
    const FASTACT_REAL shifted = FASTACT_NAME(mad)(z, FASTACT_LOG2E, rounder), k = shifted - rounder;
    const FASTACT_REAL r_hi = FASTACT_NAME(mad)(k, -FASTACT_LN2_HI, z);
    const FASTACT_REAL r_lo = FASTACT_NAME(mad)(k, -FASTACT_LN2_LO, -z_error), r = r_hi + r_lo, square = r * r;
    const FASTACT_REAL rest = FASTACT_NAME(mad)(square, FASTACT_NAME(exp_tail)(r, square), r_lo);
    e.t = r_hi + rest;
    e.t_lo = (r_hi - e.t) + rest;
    e.r_lo = FASTACT_K(0);
    e.k = k;
    e.power = FASTACT_NAME(power_of_two)(shifted);
    return e;
}

/* 1 / (hi + lo) = reciprocal * (1 + error): the error to first order, for a reciprocal of hi. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(reciprocal_error)(FASTACT_REAL reciprocal, FASTACT_REAL hi, FASTACT_REAL lo) {
    return FASTACT_NAME(mad)(-reciprocal, lo, FASTACT_NAME(fma)(-reciprocal, hi, FASTACT_K(1)));
}

/* (n + more) / d, more being less than n: neither the sum nor the quotient are rounded before the end. By a reciprocal and
 * what it leaves over, which take no longer than a quotient. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(divide_sum)(FASTACT_REAL n, FASTACT_REAL more, FASTACT_REAL d) {
    const FASTACT_REAL reciprocal = FASTACT_K(1) / d, quotient = (n + more) * reciprocal;
    return FASTACT_NAME(mad)(FASTACT_NAME(fma)(-quotient, d, n) + more, reciprocal, quotient);
}

/* (n + n_lo) / (d + d_lo), to about 0.6 ULP. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(divide)(
    FASTACT_REAL n, FASTACT_REAL n_lo, FASTACT_REAL d, FASTACT_REAL d_lo) {
    const FASTACT_REAL reciprocal = FASTACT_K(1) / d, quotient = n * reciprocal;
    const FASTACT_REAL rest = FASTACT_NAME(fma)(-quotient, d, n) + FASTACT_NAME(mad)(-quotient, d_lo, n_lo);
    return FASTACT_NAME(mad)(rest, reciprocal, quotient);
}

/* 2^k (1 + t + t_lo) - 1 = hi + lo from parts of an exponential: (2^k - 1) + 2^k t. */
FASTACT_INLINE FASTACT_NAME(pair) FASTACT_NAME(expm1_of)(FASTACT_NAME(exp_parts) e, FASTACT_REAL t_lo) {
    const FASTACT_REAL power = e.power * FASTACT_UNSCALE, base = power - FASTACT_K(1);
    FASTACT_NAME(pair) out;
    const FASTACT_REAL base_lo = power - (base + FASTACT_K(1));
    out.hi = FASTACT_NAME(mad)(power, e.t, base);
    out.lo = FASTACT_NAME(mad)(power, e.t, base - out.hi) + FASTACT_NAME(mad)(power, t_lo, base_lo);
    return out;
}
/* expm1(times (z - z_error)) = hi + lo, for times z in [-FASTACT_EXP_END, 0]. */
FASTACT_INLINE FASTACT_NAME(pair) FASTACT_NAME(expm1_pair)(
    FASTACT_REAL z, FASTACT_REAL z_error, FASTACT_REAL times) {
    const FASTACT_NAME(exp_parts) e = FASTACT_NAME(exp_parts_of)(z, z_error, times, FASTACT_ROUNDER);
    return FASTACT_NAME(expm1_of)(e, e.t_lo);
}
/* e^z - 1 for z in [-FASTACT_EXP_END, 0], with what rounding took from the reduced argument: about 2^-29 and 2^-58. */
FASTACT_INLINE FASTACT_NAME(pair) FASTACT_NAME(precise_expm1)(FASTACT_REAL z) {
    const FASTACT_REAL none = FASTACT_K(0), once = FASTACT_K(1);
    const FASTACT_NAME(exp_parts) e = FASTACT_NAME(exp_parts_of)(z, none, once, FASTACT_ROUNDER);
    return FASTACT_NAME(expm1_of)(e, e.t_lo + e.r_lo);
}

/* log(1 + e + e_lo) = hi + lo, for e in [0, 1]. Above sqrt(2) - 1 it is ln 2 + log(1 + f), f = (e - 1) / 2; there
 * and below, log(1 + f) = f - f^2/2 + f^3 Q(f). Relative error of hi + lo about 2^-28 (float), 2^-57 (double). */
FASTACT_INLINE FASTACT_NAME(pair) FASTACT_NAME(log1p_pair)(FASTACT_REAL e, FASTACT_REAL e_lo) {
    const FASTACT_BITS large = e > FASTACT_K(0.41421356);
    const FASTACT_REAL less = e - FASTACT_K(1), less_lo = (e - (less + FASTACT_K(1))) + e_lo;
    const FASTACT_REAL f = FASTACT_NAME(select)(large, FASTACT_K(0.5) * less, e);
    const FASTACT_REAL f_lo = FASTACT_NAME(select)(large, FASTACT_K(0.5) * less_lo, e_lo);
    const FASTACT_REAL base = FASTACT_NAME(select)(large, FASTACT_LN2_HI, FASTACT_K(0));
    const FASTACT_REAL base_lo = FASTACT_NAME(select)(large, FASTACT_LN2_LO, FASTACT_K(0));
#define FIRST(c) FASTACT_REAL q = c;
#define STEP(c) q = FASTACT_NAME(mad)(q, f, c);
    FASTACT_LOG1P_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const FASTACT_REAL half = FASTACT_K(0.5) * f, square = half * f;
    const FASTACT_REAL square_lo = FASTACT_NAME(fma)(half, f, -square);
    /* f_lo changes log(1 + f) by f_lo / (1 + f), to first order f_lo (1 - f). */
    const FASTACT_REAL small = FASTACT_NAME(mad)(-f_lo, f, f_lo) + (base_lo - square_lo);
    const FASTACT_REAL rest = FASTACT_NAME(mad)(f * f * f, q, small);
    const FASTACT_REAL curved = f - square, curved_lo = (f - curved) - square;
    FASTACT_NAME(pair) out;
    const FASTACT_REAL sum = base + curved;
    const FASTACT_REAL lo = (base - sum) + curved + (curved_lo + rest); /* base is 0, or larger than |curved| */
    out.hi = sum + lo;
    out.lo = (sum - out.hi) + lo;
    return out;
}

/* The logistic function 1 / (1 + e^-x) of x + x_error. NaN must be kept by the caller. Relative accuracy needs no case
 * for negative x: 1 + e^-x does not cancel. It is kept times 2^-SCALE, so that it neither overflows nor makes a quotient
 * that is rounded twice. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(logistic)(FASTACT_REAL x, FASTACT_REAL x_error) {
    const FASTACT_REAL held = FASTACT_NAME(hold)(x, -FASTACT_EXP_END, FASTACT_LOGISTIC_END);
    const FASTACT_NAME(exp_parts) e = FASTACT_NAME(exp_parts_of)(-held, x_error, FASTACT_K(1), FASTACT_ROUNDER_DOWN);
    const FASTACT_REAL one = FASTACT_UNSCALE, ones = one + e.power, ones_lo = one - (ones - e.power);
    const FASTACT_REAL d = FASTACT_NAME(mad)(e.power, e.t, ones);
    /* What rounding took from t is left out where there is an fma: 0.981 ULP in float instead of 0.81, and a tenth less
     * time. Without one it would be 1.007. */
    const FASTACT_REAL rest = FASTACT_HAS_FMA ? ones_lo : FASTACT_NAME(mad)(e.power, e.t_lo, ones_lo);
    const FASTACT_REAL d_lo = FASTACT_NAME(mad)(e.power, e.t, ones - d) + rest;
    const FASTACT_REAL reciprocal = FASTACT_K(1) / d;
    const FASTACT_REAL error = FASTACT_NAME(reciprocal_error)(reciprocal, d, d_lo);
    return FASTACT_NAME(mad)(reciprocal, error, reciprocal) * one;
}

/* The logistic density factor e / (1 + e)^2, 0 < e <= 1; below, of e = exp(-times a), 0 <= times a <= EXP_END. */
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(logistic_density_at)(FASTACT_NAME(exp_parts) e, FASTACT_REAL factor) {
    const FASTACT_REAL scaled = FASTACT_NAME(mad)(e.power, e.t, e.power);
    const FASTACT_REAL scaled_lo = FASTACT_NAME(mad)(e.power, e.t, e.power - scaled);
    const FASTACT_REAL e_hi = scaled * FASTACT_UNSCALE, d = FASTACT_K(1) + e_hi;
    const FASTACT_REAL d_lo = FASTACT_NAME(mad)(scaled_lo, FASTACT_UNSCALE, (FASTACT_K(1) - d) + e_hi);
    const FASTACT_REAL reciprocal = FASTACT_K(1) / d;
    const FASTACT_REAL error = FASTACT_NAME(reciprocal_error)(reciprocal, d, d_lo);
    const FASTACT_REAL quotient = scaled * reciprocal;
    const FASTACT_REAL rest = FASTACT_NAME(fma)(scaled, reciprocal, -quotient) + scaled_lo * reciprocal;
    const FASTACT_REAL quotient_lo = FASTACT_NAME(mad)(quotient + quotient, error, rest);
    const FASTACT_REAL density = quotient * reciprocal;
    return FASTACT_NAME(mad)(quotient_lo, reciprocal, density) * (factor * FASTACT_UNSCALE);
}
FASTACT_INLINE FASTACT_REAL FASTACT_NAME(logistic_density)(FASTACT_REAL a, FASTACT_REAL times, FASTACT_REAL factor) {
    return FASTACT_NAME(logistic_density_at)(
        FASTACT_NAME(exp_parts_of)(-a, FASTACT_K(0), times, FASTACT_ROUNDER), factor);
}

#endif /* FASTACT_REAL */
