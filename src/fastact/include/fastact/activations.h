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
 * Written once: the file includes itself, first for float, then for double.
 */
#ifndef FASTACT_FORMULAS

#ifndef FASTACT_ACTIVATIONS_H
#define FASTACT_ACTIVATIONS_H
#define FASTACT_FORMULAS
#define FASTACT_PRECISION 32
#include "precision.h"
#include "math.h"
#include "wide.h"
#include "activations.h"
#undef FASTACT_PRECISION
#define FASTACT_PRECISION 64
#include "precision.h"
#include "math.h"
#include "wide.h"
#include "activations.h"
#undef FASTACT_PRECISION
#undef FASTACT_FORMULAS
#undef FASTACT_REAL
#endif

#else /* FASTACT_FORMULAS: once for each precision */

#define REAL FASTACT_REAL
#define FN(name) FASTACT_NAME(name)
#define K(constant) FASTACT_K(constant)

/* `value`, or NaN where x or the parameter is NaN and the formula would not show it. */
FASTACT_INLINE REAL FN(keep_nan)(REAL value, REAL x) { return x == x ? value : x; }

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
FASTACT_INLINE REAL FN(sigmoid)(REAL x) { return FN(keep_nan)(FN(logistic)(x, K(0)), x); }
FASTACT_INLINE REAL FN(sigmoid_derivative)(REAL x) {
    return FN(keep_nan)(FN(logistic_density)(FN(magnitude)(x, FASTACT_EXP_END), K(1), K(1)), x);
}
FASTACT_INLINE REAL FN(sigmoid_derivative_from_output)(REAL y) { return y * (K(1) - y); }

/* tanh: f(x) = -sign(x) m / (2 + m), m = expm1(-2|x|): no cancellation near 0. f' = 4 e / (1 + e)^2, e = e^-2|x|. */
FASTACT_INLINE REAL FN(tanh)(REAL x) {
    const FN(pair) m = FN(expm1_pair)(-FN(magnitude)(x, K(0.5) * FASTACT_EXP_END), K(0), K(2));
    const REAL d = K(2) + m.hi, d_lo = ((K(2) - d) + m.hi) + m.lo;
    return FN(keep_nan)(FN(copysign)(FN(divide)(-m.hi, -m.lo, d, d_lo), x), x);
}
FASTACT_INLINE REAL FN(tanh_derivative)(REAL x) {
    return FN(keep_nan)(FN(logistic_density)(FN(magnitude)(x, K(0.5) * FASTACT_EXP_END), K(2), K(4)), x);
}
FASTACT_INLINE REAL FN(tanh_derivative_from_output)(REAL y) { return (K(1) - y) * (K(1) + y); }

/* min(beta |x|, end) as a pair, which never overflows: |x| is held where the product would be beyond the end. */
FASTACT_INLINE FN(pair) FN(sharpened)(REAL x, REAL beta, REAL end) {
    const REAL x_end = (end + K(1)) / FN(at_least)(beta, FASTACT_UNSCALE);
    const REAL held = FN(magnitude)(x, beta < FASTACT_UNSCALE ? FASTACT_LARGEST : x_end);
    const REAL product = beta * held;
    FN(pair) z;
    z.hi = FN(at_most)(product, end);
    z.lo = FN(select)(product > end, K(0), FN(fma)(beta, held, -product));
    return z;
}

/* softplus: f(x) = max(0, x) + log1p(e^-beta|x|) / beta. f' = sigmoid(beta x), which is 1 - e^(-beta y) at y = f(x). */
FASTACT_INLINE REAL FN(softplus)(REAL x, REAL beta) {
    /* Beyond FAR log1p(e) is e, and e / beta = (1 + t) / m 2^(k - exponent) with beta = m 2^exponent: for beta < 1 it
     * matters to beyond where e itself underflows. */
    const REAL exponent = FN(negative_exponent)(beta);
    const FN(pair) z = FN(sharpened)(x, beta, FASTACT_EXP_END - exponent * FASTACT_LN2_HI);
    const FASTACT_BITS far = z.hi > FASTACT_EXP_FAR;
    const FN(exp_parts) e = FN(exp_parts_of)(-z.hi, z.lo, K(1), FASTACT_ROUNDER);
    const REAL power = FN(power_of_two)((e.k - FN(select)(far, exponent, K(0))) + FASTACT_ROUNDER);
    const REAL scaled = FN(mad)(power, e.t, power);
    const REAL scaled_lo = FN(mad)(power, e.t_lo + e.r_lo, FN(mad)(power, e.t, power - scaled));
    const FN(pair) log1p = FN(log1p_pair)(scaled * FASTACT_UNSCALE, scaled_lo * FASTACT_UNSCALE);
    const REAL mantissa = beta * FN(power_of_two)(FASTACT_ROUNDER - exponent - FASTACT_SCALE);
    const REAL n = FN(select)(far, scaled, log1p.hi), n_lo = FN(select)(far, scaled_lo, log1p.lo);
    const REAL divisor = FN(select)(far, mantissa, beta), scale = FN(select)(far, FASTACT_UNSCALE, K(1));
    const REAL quotient = n / divisor, rest = FN(fma)(-quotient, divisor, n) + n_lo;
    const REAL tail = quotient * scale, tail_lo = rest / divisor * scale;
    const REAL linear = FN(select)((x > 0) & (far ^ 1), x, K(0)), sum = linear + tail, tail_seen = sum - linear;
    const REAL sum_lo = (linear - (sum - tail_seen)) + (tail - tail_seen);
    /* At a subnormal beta 1 / beta may overflow, and the largest |x| is not yet far. */
    const REAL finite = FN(select)((x > 0) & far, x, sum + (sum_lo + tail_lo));
    const REAL result = FN(select)(x < -FASTACT_LARGEST, K(0), FN(select)(tail > FASTACT_LARGEST, tail, finite));
    return FN(keep_nan)(FN(keep_nan)(result, x), beta);
}
FASTACT_INLINE REAL FN(softplus_derivative)(REAL x, REAL beta) {
    const FN(pair) z = FN(sharpened)(x, beta, FASTACT_EXP_END);
    const REAL result = FN(logistic)(FN(copysign)(z.hi, x), x < 0 ? -z.lo : z.lo);
    return FN(keep_nan)(FN(keep_nan)(result, x), beta);
}
FASTACT_INLINE REAL FN(softplus_derivative_from_output)(REAL y, REAL beta) {
    const FN(pair) z = FN(sharpened)(FN(at_least)(y, K(0)), beta, FASTACT_EXP_END);
    const FN(pair) m = FN(expm1_pair)(-z.hi, z.lo, K(1));
    return FN(keep_nan)(FN(keep_nan)(-(m.hi + m.lo), y), beta);
}

/* gelu: f(x) = max(0, x) - a Phi(-a), a = |x|: for x < 0 the tail itself, for x > 0 a sum that does not cancel.
 * f' = Phi(x) + x phi(x), which is tail for x < 0 and 1 - tail for x > 0, tail = e^(-a^2/2) (root - a) R(a), R > 0.
 * How H(a) = a Phi(-a) e^(a^2/2), m(a) = H(a) / a and R are approximated stands in tools/coefficients.py. */
#if FASTACT_PRECISION == 32
/* a Phi(-a) = H(a) e^(-a^2/2), H piecewise: a table entry and a polynomial leave only two roundings that count. The same
 * formula stands in vectors.h with the table in registers; a test compares the bits. */
FASTACT_INLINE REAL FN(gelu)(REAL x) {
    static const float table[8][16] = FASTACT_GELU_TABLE;
    const REAL a = FN(magnitude)(x, FASTACT_GELU_END);
    const REAL shifted = FN(mad)(a * (K(-0.5) * FASTACT_LOG2E), a, FASTACT_ROUNDER), k = shifted - FASTACT_ROUNDER;
    /* a^2 + 2 k ln 2 with one rounding: e^(-a^2/2) turns the absolute error of a^2 into a relative one. */
    const REAL s = FN(mad)(k, K(2) * FASTACT_LN2_LO, FN(fma)(a, a, k * (K(2) * FASTACT_LN2_HI)));
#define FIRST(c) REAL p = c;
#define STEP(c) p = FN(mad)(p, s, c);
    FASTACT_GAUSS_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const REAL t = s * FN(fma)(p, s, K(-0.5)); /* e^(-a^2/2) = (1 + t) 2^k */
    const int piece = (FN(bits)(a + K(1)) >> 21) & 15;
    const REAL at = a - table[0][piece];
    REAL h = table[7][piece];
    h = FN(fma)(h, at, table[6][piece]);
    h = FN(fma)(h, at, table[5][piece]);
    h = FN(fma)(h, at, table[4][piece]);
    h = FN(fma)(h, at, table[3][piece]);
    h = FN(fma)(h, at, table[2][piece]);
    /* In the first piece the leading a / 2 is added here, exactly; elsewhere a constant that the table leaves out. */
    h = FN(fma)(h, at, FN(mad)(FN(magnitude)(a, FASTACT_GELU_FIRST_END), K(0.5), table[1][piece]));
    const REAL scaled = h * FN(power_of_two)(shifted), tail = FN(fma)(scaled, t, scaled);
    /* NaN comes from x alone: the tail is finite even there. The constant is negated: gcc would take the sign of `-tail` into the fma that made it. */
    return FN(fma)(tail, -FASTACT_UNSCALE, x < 0 ? K(0) : x);
}
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
#else
/* The parts of e^(-a^2/2), from the exact square. */
FASTACT_INLINE FN(exp_parts) FN(gaussian)(REAL a) {
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
    /* An error of y enters m = y g once as a factor and once through g: together 1 + slope y, about. */
    const REAL m = y * g, through = FN(mad)(y, FASTACT_MILLS_SLOPE, K(1)) * y_error;
    const REAL m_lo = FN(fma)(y, g, -m) + FN(mad)(y, g_lo, m * through);
    const FN(exp_parts) e = FN(gaussian)(a);
    const REAL e_hi = K(1) + e.t, e_lo = ((K(1) - e_hi) + e.t) + e.t_lo;
    const REAL phi = m * e_hi, phi_lo = FN(fma)(m, e_hi, -phi) + FN(mad)(m, e_lo, m_lo * e_hi);
    const REAL product = a * phi, product_lo = FN(fma)(a, phi, -product) + a * phi_lo;
    const REAL tail = product * e.power * FASTACT_UNSCALE, tail_lo = product_lo * e.power * FASTACT_UNSCALE;
    const REAL linear = x > 0 ? a : K(0), difference = linear - tail;
    const REAL result = difference + (((linear - difference) - tail) - tail_lo);
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
    const FN(exp_parts) e = FN(gaussian)(a);
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

/* Piecewise polynomials ------------------------------------------------------------------------------------------- */

/* Exponentials and logarithms ------------------------------------------------------------------------------------- */

/* Roots and quotients --------------------------------------------------------------------------------------------- */

/* Trigonometric and error functions ------------------------------------------------------------------------------- */

#undef REAL
#undef FN
#undef K

#endif /* FASTACT_FORMULAS */
