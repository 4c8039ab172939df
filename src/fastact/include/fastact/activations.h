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

/* factor e (1 - e) / (1 + e)^3, e = e^-z, 0 <= z <= TAIL_END: with powers of two -f'' of sigmoid and tanh, x > 0. */
FASTACT_INLINE REAL FN(logistic_curvature)(REAL z, double factor) {
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(widen)(-z)), less = FN(wide_negate)(FN(wide_expm1)(FN(widen)(-z)));
    const FN(wide) d = FN(wide_plus)(FN(wide_unscale)(scaled), K(1));
    const FN(wide) cube = FN(wide_multiply)(FN(wide_square)(d), d);
    return FN(narrow_scaled)(FN(wide_divide)(FN(wide_scale)(FN(wide_multiply)(scaled, less), factor), cube));
}

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
FASTACT_INLINE REAL FN(sigmoid_second_derivative)(REAL x) {
    const REAL curvature = FN(logistic_curvature)(FN(magnitude)(x, FASTACT_TAIL_END), 1.0);
    return FN(keep_nan)(FN(copysign)(curvature, -x), x);
}

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
FASTACT_INLINE REAL FN(tanh_second_derivative)(REAL x) {
    const REAL z = K(2) * FN(magnitude)(x, K(0.5) * FASTACT_TAIL_END);
    return FN(keep_nan)(FN(copysign)(FN(logistic_curvature)(z, 8.0), -x), x);
}

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
/* beta e / (1 + e)^2, e = e^-beta|x|. */
FASTACT_INLINE REAL FN(softplus_second_derivative)(REAL x, REAL beta) {
    const FN(wide) z = FN(wide_pair)(FN(sharpened)(x, beta, FASTACT_POWER_END));
    const FN(wide_split) e = FN(wide_exp_split)(FN(wide_negate)(z));
    const FN(wide) density = FN(wide_divide)(e.lead, FN(wide_square)(FN(wide_plus)(e.lead, K(1))));
    return FN(keep_nan)(FN(keep_nan)(FN(narrow_product)(density, FN(widen)(beta)) * e.rest, x), beta);
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
    /* An error of y enters m = y g once as a factor and once through g: together 1 + slope y, about. */
    const REAL m = y * g, through = FN(mad)(y, FASTACT_MILLS_SLOPE, K(1)) * y_error;
    const REAL m_lo = FN(fma)(y, g, -m) + FN(mad)(y, g_lo, m * through);
    const FN(exp_parts) e = FN(gelu_density)(a);
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

/* Piecewise polynomials ------------------------------------------------------------------------------------------- */

/* Exponentials and logarithms ------------------------------------------------------------------------------------- */

/* exponential: f(x) = f'(x) = f''(x) = e^x. */
FASTACT_INLINE REAL FN(exponential)(REAL x) {
    /* Not at inf and NaN: only what overflows may signal it. */
    const REAL held = FN(used)(x <= FASTACT_LARGEST, FN(hold)(x, -FASTACT_POWER_END, FASTACT_POWER_END));
    const REAL result = FN(exp_times)(FN(widen)(held), K(1));
    return FN(keep_nan)(x > FASTACT_LARGEST ? x : result, x);
}
FASTACT_INLINE REAL FN(exponential_derivative)(REAL x) { return FN(exponential)(x); }
FASTACT_INLINE REAL FN(exponential_derivative_from_output)(REAL y) { return y; }
FASTACT_INLINE REAL FN(exponential_second_derivative)(REAL x) { return FN(exponential)(x); }

/* gaussian: f(x) = e^-x^2, from the exact square. f' = -2 x e^-x^2, f'' = (4 x^2 - 2) e^-x^2. */
FASTACT_INLINE REAL FN(gaussian)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_GAUSSIAN_END);
    return FN(keep_nan)(FN(narrow_scaled)(FN(wide_exp_scaled)(FN(wide_product)(-a, a))), x);
}
FASTACT_INLINE REAL FN(gaussian_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_GAUSSIAN_END);
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(wide_product)(-a, a));
    return FN(keep_nan)(FN(copysign)(FN(narrow_scaled)(FN(wide_times)(scaled, a + a)), -x), x);
}
FASTACT_INLINE REAL FN(gaussian_second_derivative)(REAL x) {
    const REAL a = FN(magnitude)(x, FASTACT_GAUSSIAN_END);
    const FN(wide) square = FN(wide_product)(a, a), factor = FN(wide_plus)(FN(wide_scale)(square, 4.0), K(-2));
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(wide_negate)(square));
    return FN(keep_nan)(FN(narrow_scaled)(FN(wide_multiply)(scaled, factor)), x);
}

/* elu: f(x) = x for x > 0, else alpha expm1(x). f'(0) = alpha. From y <= 0: f' = y + alpha. */
FASTACT_INLINE REAL FN(elu)(REAL x, REAL alpha) {
    const FN(wide) m = FN(wide_expm1)(FN(widen)(-FN(magnitude)(x, FASTACT_TAIL_END)));
    const REAL below = FN(copysign)(FN(narrow_product)(m, FN(widen)(alpha)), x);
    return FN(keep_nan)(FN(keep_nan)(x > 0 ? x : below, x), alpha);
}
FASTACT_INLINE REAL FN(elu_derivative)(REAL x, REAL alpha) {
    const REAL below = FN(exp_times)(FN(widen)(-FN(magnitude)(x, FASTACT_POWER_END)), alpha);
    return FN(keep_nan)(FN(keep_nan)(x > 0 ? K(1) : below, x), alpha);
}
FASTACT_INLINE REAL FN(elu_derivative_from_output)(REAL y, REAL alpha) {
    return FN(keep_nan)(FN(keep_nan)(y > 0 ? K(1) : y + alpha, y), alpha);
}

/* selu: f(x) = scale x for x > 0, else scale alpha expm1(x), with the constants of its paper. f'(0) = scale alpha. */
FASTACT_INLINE REAL FN(selu)(REAL x) {
    const FN(wide) scale = FN(wide_constant)(FASTACT_WIDE_SELU_SCALE_HI, FASTACT_WIDE_SELU_SCALE_LO);
    const FN(wide) both = FN(wide_constant)(FASTACT_WIDE_SELU_SCALE_ALPHA_HI, FASTACT_WIDE_SELU_SCALE_ALPHA_LO);
    const FN(wide) m = FN(wide_expm1)(FN(widen)(-FN(magnitude)(x, FASTACT_TAIL_END)));
    const REAL below = FN(copysign)(FN(narrow_product)(m, both), x);
    const REAL above = FN(narrow_product)(FN(widen)(FN(used)(x > 0, x)), scale);
    return FN(keep_nan)(FN(select)(x > FASTACT_LARGEST, x, FN(select)(x > 0, above, below)), x);
}
FASTACT_INLINE REAL FN(selu_derivative)(REAL x) {
    const FN(wide) scale = FN(wide_constant)(FASTACT_WIDE_SELU_SCALE_HI, FASTACT_WIDE_SELU_SCALE_LO);
    const FN(wide) both = FN(wide_constant)(FASTACT_WIDE_SELU_SCALE_ALPHA_HI, FASTACT_WIDE_SELU_SCALE_ALPHA_LO);
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(widen)(-FN(magnitude)(x, FASTACT_TAIL_END)));
    const REAL below = FN(narrow_scaled)(FN(wide_multiply)(scaled, both));
    return FN(keep_nan)(x > 0 ? FN(narrow)(scale) : below, x);
}
FASTACT_INLINE REAL FN(selu_derivative_from_output)(REAL y) {
    const FN(wide) scale = FN(wide_constant)(FASTACT_WIDE_SELU_SCALE_HI, FASTACT_WIDE_SELU_SCALE_LO);
    const FN(wide) both = FN(wide_constant)(FASTACT_WIDE_SELU_SCALE_ALPHA_HI, FASTACT_WIDE_SELU_SCALE_ALPHA_LO);
    return FN(keep_nan)(y > 0 ? FN(narrow)(scale) : FN(narrow)(FN(wide_plus)(both, y)), y);
}

/* x / alpha for finite x < 0, else 0, and any alpha but 0. */
FASTACT_INLINE FN(wide) FN(celu_exponent)(REAL x, REAL alpha) {
    const FN(wide) ratio = FN(wide_ratio)(FN(used)(x < 0, x), alpha, FASTACT_POWER_END);
    return FN(wide_select)(alpha < 0, ratio, FN(wide_negate)(ratio));
}
/* celu: f(x) = x for x > 0, else alpha expm1(x / alpha). f'(0) = 1. From y <= 0: f' = 1 + y / alpha. */
FASTACT_INLINE REAL FN(celu)(REAL x, REAL alpha) {
    const FN(wide) z = FN(celu_exponent)(x, alpha);
    const double lead = FN(wide_lead)(z);
    const REAL below = FN(copysign)(FN(expm1_times)(z, alpha), x);
    /* Below 2^-60 the quotient may have lost digits, or vanished, and does not matter. */
    const FASTACT_BITS linear = (lead < 0x1p-60) & (lead > -0x1p-60), infinite = x < -FASTACT_LARGEST;
    const REAL limit = FN(select)(infinite & (alpha > 0), -alpha, FN(select)(linear | infinite, x, below));
    return FN(keep_nan)(FN(keep_nan)(limit, x), alpha);
}
FASTACT_INLINE REAL FN(celu_derivative)(REAL x, REAL alpha) {
    const REAL below = FN(exp_times)(FN(celu_exponent)(x, alpha), K(1));
    const REAL limit = FN(select)(x < -FASTACT_LARGEST, alpha < 0 ? -x : K(0), below);
    return FN(keep_nan)(FN(keep_nan)(limit, x), alpha);
}
FASTACT_INLINE REAL FN(celu_derivative_from_output)(REAL y, REAL alpha) {
    const REAL held = FN(used)(y < 0, y), quotient = held / alpha;
    const FN(wide) less = FN(wide_ratio_complement)(held, alpha, 0x1p80);
    const FN(wide) more = FN(wide_plus)(FN(wide_negate)(less), K(2)); /* 1 + |y / alpha| */
    const REAL below = FN(narrow)(FN(wide_select)(alpha < 0, more, less));
    return FN(keep_nan)(FN(keep_nan)(FN(abs)(quotient) > K(0x1p60) ? quotient : below, y), alpha);
}

/* Activations f(x) = x s(z), s the logistic function and z odd in x. With a = |z| and e = e^-a:
 * f = x / (1 + e) where z > 0, x e / (1 + e) where z < 0. */
FASTACT_INLINE REAL FN(gated)(REAL x, FN(wide) a, FASTACT_BITS negative) {
    const FN(wide_split) e = FN(wide_exp_split)(FN(wide_negate)(a));
    const FN(wide) gate = FN(wide_reciprocal)(FN(wide_plus)(e.lead, K(1)));
    const FN(wide) factor = FN(wide_select)(negative, FN(wide_multiply)(gate, e.lead), gate);
    return FN(narrow_product)(factor, FN(widen)(x)) * FN(select)(negative, e.rest, K(1));
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
    const FN(wide) u = FN(wide_subtract)(root, a), less = FN(wide_plus)(root, K(-1));
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

/* silu: f(x) = x / (1 + e^-x), which is `logistic` with the product before the last rounding. */
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
FASTACT_INLINE REAL FN(silu_derivative)(REAL x) {
    const FN(wide) a = FN(widen)(FN(magnitude)(x, FASTACT_TAIL_END));
    return FN(keep_nan)(FN(linear_gate_slope)(a, x < 0), x);
}
FASTACT_INLINE REAL FN(silu_second_derivative)(REAL x) {
    const FN(wide) a = FN(widen)(FN(magnitude)(x, FASTACT_TAIL_END));
    return FN(keep_nan)(FN(gated_curvature)(a, FN(widen)(K(2)), a), x);
}

/* swish: f(x) = x s(beta x). df/dbeta = x^2 e / (1 + e)^2, e = e^-|beta x|. */
FASTACT_INLINE FASTACT_BITS FN(swish_negative)(REAL x, REAL beta) {
    return ((x < 0) & (beta > 0)) | ((x > 0) & (beta < 0));
}
FASTACT_INLINE REAL FN(swish)(REAL x, REAL beta) {
    const FASTACT_BITS negative = FN(swish_negative)(x, beta);
    const FN(wide) a = FN(wide_pair)(FN(sharpened)(x, FN(abs)(beta), FASTACT_POWER_END));
    const REAL result = FN(gated)(FN(hold)(x, -FASTACT_LARGEST, FASTACT_LARGEST), a, negative);
    const FASTACT_BITS infinite = FN(abs)(x) > FASTACT_LARGEST;
    const FASTACT_BITS gone = infinite | (FN(wide_lead)(a) >= FASTACT_POWER_END);
    const REAL limit = FN(select)(gone & negative, FN(copysign)(K(0), x), FN(select)(infinite, x, result));
    return FN(keep_nan)(FN(keep_nan)(limit, x), beta);
}
FASTACT_INLINE REAL FN(swish_derivative)(REAL x, REAL beta) {
    const FN(wide) a = FN(wide_pair)(FN(sharpened)(x, FN(abs)(beta), FASTACT_TAIL_END));
    return FN(keep_nan)(FN(keep_nan)(FN(linear_gate_slope)(a, FN(swish_negative)(x, beta)), x), beta);
}
FASTACT_INLINE REAL FN(swish_derivative_beta)(REAL x, REAL beta) {
    const FN(wide) a = FN(wide_pair)(FN(sharpened)(x, FN(abs)(beta), FASTACT_POWER_END));
    const FN(wide_split) e = FN(wide_exp_split)(FN(wide_negate)(a));
    const FN(wide) density = FN(wide_divide)(e.lead, FN(wide_square)(FN(wide_plus)(e.lead, K(1))));
    /* One factor x after the other: the square alone could overflow. */
    const REAL held = FN(used)(FN(wide_lead)(a) < FASTACT_POWER_END, FN(abs)(x));
    const REAL result = FN(narrow_product)(FN(wide_times)(density, held), FN(widen)(held)) * e.rest;
    const REAL limit = (FN(abs)(x) > FASTACT_LARGEST) & (beta == 0) ? FN(abs)(x) : result;
    return FN(keep_nan)(FN(keep_nan)(limit, x), beta);
}

/* quick_gelu: f(x) = x s(1.702 x). */
FASTACT_INLINE FN(wide) FN(quick_gelu_exponent)(REAL x) {
    const FN(wide) sharpness = FN(wide_constant)(FASTACT_WIDE_QUICK_GELU_HI, FASTACT_WIDE_QUICK_GELU_LO);
    return FN(wide_times)(sharpness, FN(magnitude)(x, K(0.5) * FASTACT_TAIL_END + K(60)));
}
FASTACT_INLINE REAL FN(quick_gelu)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_TAIL_END, FASTACT_LARGEST);
    const REAL result = FN(gated)(held, FN(quick_gelu_exponent)(x), x < 0);
    return FN(keep_nan)(x > FASTACT_LARGEST ? x : result, x);
}
FASTACT_INLINE REAL FN(quick_gelu_derivative)(REAL x) {
    const FN(wide) a = FN(quick_gelu_exponent)(x);
    return FN(keep_nan)(FN(linear_gate_slope)(a, x < 0), x);
}

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
FASTACT_INLINE REAL FN(gelu_tanh)(REAL x) {
    const REAL held = FN(hold)(x, -FASTACT_GELU_TANH_END, FASTACT_LARGEST);
    const REAL result = FN(gated)(held, FN(gelu_tanh_exponent_of)(x).a, x < 0);
    return FN(keep_nan)(x > FASTACT_LARGEST ? x : result, x);
}
FASTACT_INLINE REAL FN(gelu_tanh_derivative)(REAL x) {
    const FN(gelu_tanh_exponent) z = FN(gelu_tanh_exponent_of)(x);
    const FN(wide) w = FN(wide_multiply)(z.x, FN(gelu_tanh_exponent_slope)(z));
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(wide_negate)(z.a));
    const FN(wide) rest = FN(wide_subtract)(FN(wide_plus)(FN(wide_unscale)(scaled), K(1)), w);
    return FN(keep_nan)(FN(gated_slope)(scaled, w, rest, x < 0), x);
}
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
FASTACT_INLINE REAL FN(mish)(REAL x) {
    const FN(mish_parts) m = FN(mish_parts_of)(x);
    const FN(wide) one = FN(wide_one_scaled)();
    const FN(wide) below = FN(wide_multiply)(m.scaled, FN(wide_plus)(m.e, K(2)));
    const FN(wide) above = FN(wide_add)(one, FN(wide_scale)(m.scaled, 2.0));
    const FN(wide) gate = FN(wide_divide)(FN(wide_select)(m.negative, below, above), m.d);
    const REAL result = FN(narrow_scaled)(FN(wide_multiply)(gate, m.x));
    return FN(keep_nan)(x > FASTACT_LOGISTIC_END ? x : result, x);
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
FASTACT_INLINE REAL FN(log_sigmoid)(REAL x) { return -FN(softplus)(-x, K(1)); }
FASTACT_INLINE REAL FN(log_sigmoid_derivative)(REAL x) { return FN(sigmoid)(-x); }
FASTACT_INLINE REAL FN(log_sigmoid_derivative_from_output)(REAL y) {
    return FN(softplus_derivative_from_output)(-y, K(1));
}
FASTACT_INLINE REAL FN(log_sigmoid_second_derivative)(REAL x) { return -FN(sigmoid_derivative)(x); }

/* tanh a = -m / (2 + m) with m = e^-2a - 1, of half the argument given: 0 <= twice <= TAIL_END. */
FASTACT_INLINE FN(wide) FN(wide_half_tanh)(FN(wide) twice) {
    const FN(wide) m = FN(wide_expm1)(FN(wide_negate)(twice));
    return FN(wide_divide)(FN(wide_negate)(m), FN(wide_plus)(m, K(2)));
}

/* tanh_shrink: f(x) = x - tanh x = sign(x) ((a - 1) + e (a + 1)) / (1 + e), a = |x| and e = e^-2a; below
 * TANH_SHRINK_END, where that cancels, x^3 (1/3 + x^2 T(x^2)). f' = tanh(x)^2. */
FASTACT_INLINE REAL FN(tanh_shrink)(REAL x) {
    const REAL least = FN(magnitude)(x, FASTACT_TANH_SHRINK_END);
    const FN(wide) third = FN(wide_constant)(FASTACT_WIDE_THIRD_HI, FASTACT_WIDE_THIRD_LO);
    const FN(wide) square = FN(wide_product)(least, least);
    const double u = FN(wide_lead)(square);
#define FIRST(c) double p = c;
#define STEP(c) p = fastact_mad_f64(p, u, c);
    FASTACT_WIDE_TANH_SHRINK_POLYNOMIAL(FIRST, STEP)
#undef FIRST
#undef STEP
    const FN(wide) curve = FN(wide_add)(third, FN(wide_constant)(p * u, 0.0));
    const REAL near = FN(narrow_product)(FN(wide_multiply)(square, curve), FN(widen)(least));
    const REAL a = FN(magnitude)(x, FASTACT_LARGEST), far = FN(magnitude)(x, K(0.5) * FASTACT_TAIL_END);
    const FN(wide) e = FN(wide_exp)(FN(widen)(K(-2) * far));
    const FN(wide) turn = FN(wide_multiply)(FN(wide_plus)(FN(widen)(far), K(1)), e);
    const FN(wide) sum = FN(wide_add)(FN(wide_plus)(FN(widen)(a), K(-1)), turn);
    const REAL beyond = FN(narrow)(FN(wide_divide)(sum, FN(wide_plus)(e, K(1))));
    const REAL result = FN(select)(a <= FASTACT_TANH_SHRINK_END, near, FN(select)(a > K(0x1p100), FN(abs)(x), beyond));
    return FN(keep_nan)(FN(copysign)(result, x), x);
}
FASTACT_INLINE REAL FN(tanh_shrink_derivative)(REAL x) {
    const FN(wide) t = FN(wide_half_tanh)(FN(widen)(K(2) * FN(magnitude)(x, K(0.5) * FASTACT_TAIL_END)));
    return FN(keep_nan)(FN(narrow_product)(t, t), x);
}

/* softcap: f(x) = cap tanh(x / cap). f' = 4 e / (1 + e)^2, e = e^-2|x/cap|. From y: f' = (1 - y/cap) (1 + y/cap). */
FASTACT_INLINE REAL FN(softcap)(REAL x, REAL cap) {
    const FN(wide) z = FN(wide_ratio)(x, cap, K(0.5) * FASTACT_TAIL_END);
    const FN(wide) t = FN(wide_half_tanh)(FN(wide_scale)(z, 2.0));
    const REAL capped = FN(copysign)(FN(narrow_product)(t, FN(widen)(cap)), x);
    /* tanh z = z - z^3/3: below 2^-30 the quotient may have lost digits, or vanished, and does not matter. */
    return FN(keep_nan)(FN(keep_nan)(FN(wide_lead)(z) < 0x1p-30 ? x : capped, x), cap);
}
FASTACT_INLINE REAL FN(softcap_derivative)(REAL x, REAL cap) {
    const FN(wide) z = FN(wide_ratio)(x, cap, K(0.5) * FASTACT_TAIL_END);
    const FN(wide) scaled = FN(wide_exp_scaled)(FN(wide_scale)(z, -2.0));
    const FN(wide) d = FN(wide_plus)(FN(wide_unscale)(scaled), K(1));
    const REAL result = FN(narrow_scaled)(FN(wide_divide)(FN(wide_scale)(scaled, 4.0), FN(wide_square)(d)));
    return FN(keep_nan)(FN(keep_nan)(result, x), cap);
}
FASTACT_INLINE REAL FN(softcap_derivative_from_output)(REAL y, REAL cap) {
    const FN(wide) less = FN(wide_ratio_complement)(FN(used)(1, y), cap, FASTACT_RATIO_END);
    const FN(wide) more = FN(wide_plus)(FN(wide_negate)(less), K(2)); /* 1 + |y / cap| */
    const REAL result = FN(narrow_product)(less, more);
    return FN(keep_nan)(FN(keep_nan)(FN(abs)(y) > FASTACT_LARGEST ? -FN(abs)(y) : result, y), cap);
}

/* Roots and quotients --------------------------------------------------------------------------------------------- */

/* Trigonometric and error functions ------------------------------------------------------------------------------- */

#undef REAL
#undef FN
#undef K

#endif /* FASTACT_FORMULAS */
