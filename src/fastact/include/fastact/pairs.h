/*
 * Arithmetic on pairs, unevaluated sums hi + lo of two numbers: twice the digits, at four to ten times the cost.
 *
 * Included by activations.h once for each precision, after math.h. The operations keep no NaN and no infinity. Pairs are
 * not normalised: lo may be a few times what rounding takes from hi, which costs the last two or three bits of the pair
 * and spares a third of the time. References: Dekker, A floating-point technique for extending the available precision,
 * 1971; Joldes, Muller & Popescu, Tight and rigorous error bounds for basic building blocks of double-word arithmetic,
 * 2017.
 */

#define REAL FASTACT_REAL
#define FN(name) FASTACT_NAME(name)
#define K(constant) FASTACT_K(constant)

FASTACT_INLINE FN(pair) FN(pair_of)(REAL hi, REAL lo) { FN(pair) a; a.hi = hi; a.lo = lo; return a; }
/* A constant from its nearest double and what that leaves over. */
FASTACT_INLINE FN(pair) FN(pair_constant)(double hi, double lo) {
    const REAL lead = (REAL)hi;
    return FN(pair_of)(lead, (REAL)((hi - (double)lead) + lo));
}
/* a + b exactly; the first where |a| >= |b| or a = 0. */
FASTACT_INLINE FN(pair) FN(quick_sum)(REAL a, REAL b) {
    const REAL sum = a + b;
    return FN(pair_of)(sum, b - (sum - a));
}
FASTACT_INLINE FN(pair) FN(sum)(REAL a, REAL b) {
    const REAL sum = a + b, seen = sum - a;
    return FN(pair_of)(sum, (a - (sum - seen)) + (b - seen));
}
/* The same for a, b >= 0, whose bits are ordered as they are. */
FASTACT_INLINE FN(pair) FN(positive_sum)(REAL a, REAL b) {
    const FASTACT_BITS a_bits = FN(bits)(a), b_bits = FN(bits)(b);
    return FN(quick_sum)(FN(from_bits)(a_bits > b_bits ? a_bits : b_bits), FN(from_bits)(a_bits > b_bits ? b_bits : a_bits));
}
/* a b exactly. */
FASTACT_INLINE FN(pair) FN(product)(REAL a, REAL b) {
    const REAL product = a * b;
    return FN(pair_of)(product, FN(fma)(a, b, -product));
}
FASTACT_INLINE FN(pair) FN(pair_negate)(FN(pair) a) { return FN(pair_of)(-a.hi, -a.lo); }
/* a times a power of two. */
FASTACT_INLINE FN(pair) FN(pair_scale)(FN(pair) a, REAL power) { return FN(pair_of)(a.hi * power, a.lo * power); }
FASTACT_INLINE FN(pair) FN(pair_add)(FN(pair) a, FN(pair) b) {
    const FN(pair) sum = FN(sum)(a.hi, b.hi);
    return FN(pair_of)(sum.hi, sum.lo + (a.lo + b.lo));
}
FASTACT_INLINE FN(pair) FN(pair_plus)(FN(pair) a, REAL b) {
    const FN(pair) sum = FN(sum)(a.hi, b);
    return FN(pair_of)(sum.hi, sum.lo + a.lo);
}
FASTACT_INLINE FN(pair) FN(pair_multiply)(FN(pair) a, FN(pair) b) {
    const FN(pair) product = FN(product)(a.hi, b.hi);
    return FN(pair_of)(product.hi, product.lo + FN(mad)(a.hi, b.lo, a.lo * b.hi));
}
/* With a number instead of a pair: a low part of 0 would be multiplied and added all the same. */
FASTACT_INLINE FN(pair) FN(pair_times)(FN(pair) a, REAL b) {
    const FN(pair) product = FN(product)(a.hi, b);
    return FN(pair_of)(product.hi, FN(mad)(a.lo, b, product.lo));
}
FASTACT_INLINE FN(pair) FN(pair_square)(FN(pair) a) {
    const FN(pair) square = FN(product)(a.hi, a.hi);
    return FN(pair_of)(square.hi, FN(mad)(a.hi + a.hi, a.lo, square.lo));
}
FASTACT_INLINE FN(pair) FN(pair_divide)(FN(pair) a, FN(pair) b) {
    const REAL reciprocal = K(1) / b.hi, quotient = a.hi * reciprocal;
    const REAL rest = FN(fma)(-quotient, b.hi, a.hi) + FN(mad)(-quotient, b.lo, a.lo);
    return FN(pair_of)(quotient, rest * reciprocal);
}
FASTACT_INLINE FN(pair) FN(pair_reciprocal)(FN(pair) a) {
    const REAL reciprocal = K(1) / a.hi;
    return FN(pair_of)(reciprocal, reciprocal * FN(reciprocal_error)(reciprocal, a.hi, a.lo));
}
/* a b + lo, rounded once. */
FASTACT_INLINE REAL FN(rounded_sum)(REAL a, REAL b, REAL lo) {
    const REAL rounded = FN(mad)(a, b, lo);
#if FASTACT_HAS_FMA
    return rounded;
#elif FASTACT_PRECISION == 32
    (void)rounded;
    return FN(fma)(a, b, lo);
#else
    /* What the emulated fma takes apart must be in the normal range. */
    const REAL magnitude = FN(abs)(rounded);
    return FN(select)((magnitude > 0x1p-900) & (magnitude < 0x1p1020), FN(fma)(a, b, lo), rounded);
#endif
}
/* Products, rounded once. */
FASTACT_INLINE REAL FN(rounded_product)(FN(pair) a, FN(pair) b) {
    return FN(rounded_sum)(a.hi, b.hi, FN(mad)(a.hi, b.lo, a.lo * b.hi));
}
FASTACT_INLINE REAL FN(rounded_times)(FN(pair) a, REAL b) { return FN(rounded_sum)(a.hi, b, a.lo * b); }
/* chosen ? a : b, by a mask: see `select`. */
FASTACT_INLINE FN(pair) FN(pair_select)(FASTACT_BITS chosen, FN(pair) a, FN(pair) b) {
    return FN(pair_of)(FN(select)(chosen, a.hi, b.hi), FN(select)(chosen, a.lo, b.lo));
}

/* e^(z - z_error) = (one + rest + rest_lo) 2^k: of 1 + r, what rounding takes is kept in the rest. */
typedef struct { REAL one, rest, rest_lo, shifted; } FN(exp_sum);
FASTACT_INLINE FN(exp_sum) FN(exp_sum_of)(REAL z, REAL z_error, REAL rounder) {
    const REAL shifted = FN(mad)(z, FASTACT_LOG2E, rounder), k = shifted - rounder;
    const REAL r_hi = FN(mad)(k, -FASTACT_LN2_HI, z); /* exact, since LN2_HI has trailing zeros */
    const REAL r_lo = FN(mad)(k, -FASTACT_LN2_LO, -z_error), r = r_hi + r_lo;
    const REAL square = r * r, p = FN(exp_tail)(r, square);
    const FN(pair) one = FN(quick_sum)(K(1), r_hi), rest = FN(sum)(one.lo, FN(mad)(square, p, r_lo));
    FN(exp_sum) e;
    e.one = one.hi;
    e.rest = rest.hi;
    e.rest_lo = rest.lo;
    e.shifted = shifted;
    return e;
}
/* That sum times a power of two. The first number alone is right to 0.8 ULP, both to about 2^-28 (float) or 2^-57. */
FASTACT_INLINE FN(pair) FN(exp_sum_times)(FN(exp_sum) e, REAL power) {
    const REAL lead = power * e.one, hi = FN(mad)(power, e.rest, lead);
    return FN(pair_of)(hi, FN(mad)(power, e.rest, lead - hi));
}
/* e^(z - z_error) 2^FASTACT_SCALE, or 2^-FASTACT_SCALE with FASTACT_ROUNDER_DOWN. */
FASTACT_INLINE FN(pair) FN(exp_pair)(REAL z, REAL z_error, REAL rounder) {
    const FN(exp_sum) e = FN(exp_sum_of)(z, z_error, rounder);
    return FN(exp_sum_times)(e, FN(power_of_two)(e.shifted));
}

#undef REAL
#undef FN
#undef K
