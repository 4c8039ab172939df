/*
 * Loops over functions that no activation is, but that people write theirs with: log, log1p and expm1.
 *
 * log: x = 2^k m with m in [sqrt(1/2), sqrt(2)), f = m - 1 and s = f / (2 + f). Then log(1 + f) = 2 artanh(s) = 2 s + s R,
 * R = 2/3 s^2 + 2/5 s^4 + ..., and 2 s = f - s f = f - f^2/2 + s f^2/2, whose largest term f is exact. |s| <= 0.1716, so that
 * the series, whose coefficients need no table, ends after 11 terms in double and after 5 for a float, which is computed in
 * double and rounded once. log1p takes u = 1 + x and adds what rounding left over, lo / u. Outside the domain: NaN; -inf at
 * its end. Errors: 1 ULP in double, 0.51 in float; of expm1 2.5.
 */
#ifndef FASTACT_PRIMITIVES_H
#define FASTACT_PRIMITIVES_H

#include <stddef.h>

#include "fastact/activations.h"

#define FASTACT_LOG_LN2_HI 0x1.62e42fefap-1 /* times any exponent: exact */
#define FASTACT_LOG_LN2_LO 0x1.cf79abc9e3b3ap-40

/* log(u + lo), |lo| at most half a unit in the last place of u, for normal u. */
FASTACT_INLINE double fastact_log_of(double u, double lo, int terms) {
    const int64_t root = 0x3fe6a09e667f3bcd, one = 0x3ff0000000000000; /* sqrt(1/2) and 1 */
    /* Unsigned, because of NaN: its sum is beyond int64_t. What comes of it is not used. */
    const int64_t shifted = (int64_t)((uint64_t)fastact_bits_f64(u) + (uint64_t)(one - root));
    /* The biased exponent as the low bits of 2^52: converting 64-bit integers takes AVX-512. */
    const int64_t exponent = (int64_t)((uint64_t)shifted >> 52);
    const double k = fastact_from_bits_f64(exponent | 0x4330000000000000) - (0x1p52 + 1023);
    const double f = fastact_from_bits_f64((shifted & 0x000fffffffffffff) + root) - 1.0;
    const double s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
    double r = 2.0 / (2 * terms + 1);
    for (int j = terms - 1; j > 0; --j) r = fastact_mad_f64(r, z, 2.0 / (2 * j + 1));
    const double small = fastact_mad_f64(k, FASTACT_LOG_LN2_LO, lo / u);
    return k * FASTACT_LOG_LN2_HI - ((half - fastact_mad_f64(s, fastact_mad_f64(z, r, half), small)) - f);
}

FASTACT_INLINE double fastact_log_in_double(double x, int terms) {
    const int tiny = x < 0x1p-1022;
    const double scaled = tiny ? x * 0x1p54 : x, least = tiny ? 54 * 0x1.62e42fefa39efp-1 : 0.0;
    double y = fastact_log_of(scaled, 0.0, terms) - least;
    y = x == __builtin_inf() ? __builtin_inf() : y;
    y = x == 0.0 ? -__builtin_inf() : y;
    return x >= 0.0 ? y : __builtin_nan("");
}

FASTACT_INLINE double fastact_log1p_in_double(double x, int terms) {
    const double u = 1.0 + x, low = x < 1.0 ? x : 1.0, high = x < 1.0 ? 1.0 : x;
    double y = fastact_log_of(u, low - (u - high), terms);
    y = x == __builtin_inf() ? __builtin_inf() : y;
    y = x == -1.0 ? -__builtin_inf() : y;
    y = x == 0.0 ? x : y;
    return x >= -1.0 ? y : __builtin_nan("");
}

/* Below 0 that of elu; above, e^x (1 - e^-x), where neither factor cancels. */
#define FASTACT_EXPM1(REAL, SUFFIX) \
    FASTACT_INLINE REAL fastact_expm1_##SUFFIX(REAL x) { \
        const REAL below = fastact_elu_##SUFFIX(x > 0 ? -x : x, (REAL)1), grown = -below * fastact_exponential_##SUFFIX(x); \
        return x > 0 ? grown : below; \
    }
FASTACT_EXPM1(float, f32)
FASTACT_EXPM1(double, f64)

FASTACT_INLINE float fastact_log_f32(float x) { return (float)fastact_log_in_double(x, 5); }
FASTACT_INLINE double fastact_log_f64(double x) { return fastact_log_in_double(x, 11); }
FASTACT_INLINE float fastact_log1p_f32(float x) { return (float)fastact_log1p_in_double(x, 5); }
FASTACT_INLINE double fastact_log1p_f64(double x) { return fastact_log1p_in_double(x, 11); }

/* Contiguous operands x, y, which may be the same. */
#define FASTACT_LOOP(name, REAL, SUFFIX) \
    static void fastact_##name##_loop_##SUFFIX(void **operands, ptrdiff_t length) { \
        const REAL *x = (const REAL *)operands[0]; \
        REAL *y = (REAL *)operands[1]; \
        for (ptrdiff_t i = 0; i < length; ++i) y[i] = fastact_##name##_##SUFFIX(x[i]); \
    }
FASTACT_LOOP(log, float, f32)
FASTACT_LOOP(log, double, f64)
FASTACT_LOOP(log1p, float, f32)
FASTACT_LOOP(log1p, double, f64)
FASTACT_LOOP(expm1, float, f32)
FASTACT_LOOP(expm1, double, f64)

#endif
