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
#include "activations.h"
#undef FASTACT_PRECISION
#define FASTACT_PRECISION 64
#include "precision.h"
#include "math.h"
#include "activations.h"
#undef FASTACT_PRECISION
#undef FASTACT_FORMULAS
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
    const REAL leak = (negative_slope == 0 && x < 0) ? K(0) : negative_slope * x;
    return FN(keep_nan)(x > 0 ? x : leak, negative_slope);
}
FASTACT_INLINE REAL FN(leaky_relu_derivative)(REAL x, REAL negative_slope) {
    return FN(keep_nan)(FN(keep_nan)(x > 0 ? K(1) : negative_slope, x), negative_slope);
}
FASTACT_INLINE REAL FN(leaky_relu_derivative_from_output)(REAL y, REAL negative_slope) {
    return FN(leaky_relu_derivative)(y, negative_slope); /* y has the sign of x where the slope is positive */
}

/* sigmoid: f(x) = 1 / (1 + e^-x). f' = e / (1 + e)^2, e = e^-|x|: even, so that no digit is lost on either side. */
FASTACT_INLINE REAL FN(sigmoid)(REAL x) { return FN(logistic)(FN(abs)(x), K(0), x < 0); }
FASTACT_INLINE REAL FN(sigmoid_derivative)(REAL x) { return FN(logistic_density)(FN(abs)(x), K(1)); }
FASTACT_INLINE REAL FN(sigmoid_derivative_from_output)(REAL y) { return y * (K(1) - y); }

/* tanh: f(x) = -sign(x) m / (2 + m), m = expm1(-2|x|): no cancellation near 0. f' = 4 e / (1 + e)^2, e = e^-2|x|. */
FASTACT_INLINE REAL FN(tanh)(REAL x) {
    const FN(pair) m = FN(expm1_pair)(K(-2) * FN(at_most)(FN(abs)(x), K(0.5) * FASTACT_EXP_END), K(0));
    const REAL d = K(2) + m.hi, d_lo = ((K(2) - d) + m.hi) + m.lo;
    return FN(copysign)(FN(divide)(-m.hi, -m.lo, d, d_lo), x);
}
FASTACT_INLINE REAL FN(tanh_derivative)(REAL x) {
    return FN(logistic_density)(K(2) * FN(at_most)(FN(abs)(x), K(0.5) * FASTACT_EXP_END), K(4));
}
FASTACT_INLINE REAL FN(tanh_derivative_from_output)(REAL y) { return (K(1) - y) * (K(1) + y); }

/* beta |x| as a pair. Where the product would exceed EXP_END, |x| is held there: it never overflows. */
FASTACT_INLINE FN(pair) FN(sharpened)(REAL x, REAL beta) {
    const REAL end = (FASTACT_EXP_END + K(1)) / FN(at_least)(beta, FASTACT_UNSCALE);
    const REAL held = FN(at_most)(FN(abs)(x), beta < FASTACT_UNSCALE ? FASTACT_LARGEST : end);
    FN(pair) z;
    z.hi = beta * held;
    z.lo = FN(fma)(beta, held, -z.hi);
    return z;
}

/* softplus: f(x) = max(0, x) + log1p(e^-beta|x|) / beta. f' = sigmoid(beta x), which is 1 - e^(-beta y) at y = f(x). */
FASTACT_INLINE REAL FN(softplus)(REAL x, REAL beta) {
    const FN(pair) z = FN(sharpened)(x, beta);
    const FN(exp_parts) e = FN(exp_parts_of)(-FN(at_most)(z.hi, FASTACT_EXP_END), z.lo);
    const REAL scaled = FN(mad)(e.power, e.t, e.power), scaled_lo = FN(mad)(e.power, e.t, e.power - scaled);
    const FN(pair) log1p = FN(log1p_pair)(scaled * FASTACT_UNSCALE, scaled_lo * FASTACT_UNSCALE);
    /* Far out log1p(e) is e, which is kept scaled because it may be subnormal. */
    const int far = scaled < FASTACT_UNSCALE_ROOT;
    const REAL n = far ? scaled : log1p.hi, n_lo = far ? scaled_lo : log1p.lo;
    const REAL scale = far ? FASTACT_UNSCALE : K(1);
    const REAL quotient = n / beta, rest = FN(fma)(-quotient, beta, n) + n_lo;
    const REAL tail = quotient * scale, tail_lo = rest / beta * scale;
    const REAL linear = x > 0 ? x : K(0), sum = linear + tail, tail_seen = sum - linear;
    const REAL sum_lo = (linear - (sum - tail_seen)) + (tail - tail_seen);
    const REAL result = sum + (sum_lo + tail_lo);
    return (x > 0 && z.hi > FASTACT_EXP_END) ? x : result;
}
FASTACT_INLINE REAL FN(softplus_derivative)(REAL x, REAL beta) {
    const FN(pair) z = FN(sharpened)(x, beta);
    return FN(logistic)(z.hi, z.lo, x < 0);
}
FASTACT_INLINE REAL FN(softplus_derivative_from_output)(REAL y, REAL beta) {
    const FN(pair) z = FN(sharpened)(FN(at_least)(y, K(0)), beta);
    const FN(pair) m = FN(expm1_pair)(-FN(at_most)(z.hi, FASTACT_EXP_END), z.lo);
    return -(m.hi + m.lo);
}

/* gelu: f(x) = max(0, x) - a Phi(-a), a = |x|: for x < 0 the tail itself, for x > 0 a sum that does not cancel. */
FASTACT_INLINE REAL FN(gelu)(REAL x) {
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_MILLS_END);
    const FN(normal_tail) tail = FN(normal_tail_of)(a);
    const FN(pair) phi = FN(multiply)(tail.m, tail.e); /* Phi(-a), but for the power of two */
    const REAL product = a * phi.hi, product_lo = FN(fma)(a, phi.hi, -product) + a * phi.lo;
    const REAL below = product * tail.power * FASTACT_UNSCALE, below_lo = product_lo * tail.power * FASTACT_UNSCALE;
    const REAL linear = x > 0 ? a : K(0), difference = linear - below;
    const REAL result = difference + (((linear - difference) - below) - below_lo);
    return x > FASTACT_MILLS_END ? x : result;
}
/* f' = Phi(x) + x phi(x): with d(a) = m(a) - a phi(0), e^(-a^2/2) d(a) for x < 0, and 1 less that for x > 0. The root
 * of f' is that of d, where m(a) and a phi(0) cancel: both carry their low parts. */
FASTACT_INLINE REAL FN(gelu_derivative)(REAL x) {
    const REAL a = FN(at_most)(FN(abs)(x), FASTACT_MILLS_END);
    const FN(normal_tail) tail = FN(normal_tail_of)(a);
    const REAL slope = a * FASTACT_DENSITY_HI;
    const REAL slope_lo = FN(fma)(a, FASTACT_DENSITY_HI, -slope) + a * FASTACT_DENSITY_LO;
    FN(pair) d;
    d.hi = tail.m.hi - slope;
    const REAL seen = d.hi - tail.m.hi;
    d.lo = ((tail.m.hi - (d.hi - seen)) - (slope + seen)) + (tail.m.lo - slope_lo);
    const FN(pair) product = FN(multiply)(d, tail.e);
    const REAL below = product.hi * tail.power * FASTACT_UNSCALE, below_lo = product.lo * tail.power * FASTACT_UNSCALE;
    const REAL above = K(1) - below, above_lo = (K(1) - above) - below;
    return x > 0 ? above + (above_lo - below_lo) : below + below_lo;
}

#undef REAL
#undef FN
#undef K

#endif /* FASTACT_FORMULAS */
