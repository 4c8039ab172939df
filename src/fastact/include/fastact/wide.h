/*
 * Arithmetic wider than the result: formulas written in it are rounded once, at the end.
 *
 *     float:  a wide number is a double             relative errors about 2^-40
 *     double: a wide number is a pair of doubles    relative errors about 2^-57 in exp and log1p, else 2^-97
 *
 * Included by activations.h once for each precision, after pairs.h. The operations keep no NaN and no infinity: a
 * formula holds its argument in a range where nothing overflows, and ends in keep_nan.
 */

#define REAL FASTACT_REAL
#define FN(name) FASTACT_NAME(name)
#define K(constant) FASTACT_K(constant)
#define WIDE FASTACT_NAME(wide)

/* x where the condition holds and x is finite, else 0: what is not used must neither overflow nor be NaN. */
FASTACT_INLINE REAL FN(used)(FASTACT_BITS condition, REAL x) {
    return FN(select)(condition & (FN(abs)(x) <= FASTACT_LARGEST), x, K(0));
}

#if FASTACT_PRECISION == 32

typedef double fastact_wide_f32;

/* chosen ? value : 0. */
FASTACT_INLINE double fastact_kept(int64_t chosen, double value) {
    return fastact_from_bits_f64(fastact_bits_f64(value) & -chosen);
}

FASTACT_INLINE WIDE FN(widen)(REAL x) { return (double)x; }
/* A constant from its nearest double and what that leaves over. */
FASTACT_INLINE WIDE FN(wide_constant)(double hi, double lo) { return hi + lo; }
FASTACT_INLINE REAL FN(narrow)(WIDE a) { return (float)a; }
FASTACT_INLINE double FN(wide_lead)(WIDE a) { return a; }
FASTACT_INLINE WIDE FN(wide_negate)(WIDE a) { return -a; }
FASTACT_INLINE WIDE FN(wide_add)(WIDE a, WIDE b) { return a + b; }
FASTACT_INLINE WIDE FN(wide_subtract)(WIDE a, WIDE b) { return a - b; }
/* After a difference that cancels, what is left stands in the leading number again. */
FASTACT_INLINE WIDE FN(wide_normalise)(WIDE a) { return a; }
FASTACT_INLINE WIDE FN(wide_multiply)(WIDE a, WIDE b) { return a * b; }
FASTACT_INLINE WIDE FN(wide_divide)(WIDE a, WIDE b) { return a / b; }
FASTACT_INLINE WIDE FN(wide_sqrt)(WIDE a) { return __builtin_sqrt(a); }
FASTACT_INLINE WIDE FN(wide_square)(WIDE a) { return a * a; }
/* Operations with numbers that are not wide. */
FASTACT_INLINE WIDE FN(wide_product)(REAL a, REAL b) { return (double)a * (double)b; }
FASTACT_INLINE WIDE FN(wide_times)(WIDE a, REAL b) { return a * (double)b; }
FASTACT_INLINE WIDE FN(wide_plus)(WIDE a, REAL b) { return a + (double)b; }
FASTACT_INLINE WIDE FN(wide_reciprocal)(WIDE a) { return 1.0 / a; }
/* a times a power of two. */
FASTACT_INLINE WIDE FN(wide_scale)(WIDE a, double power) { return a * power; }
/* chosen ? a : b, by a mask: see `select`. */
FASTACT_INLINE WIDE FN(wide_select)(int64_t chosen, WIDE a, WIDE b) {
    return fastact_from_bits_f64((fastact_bits_f64(a) & -chosen) | (fastact_bits_f64(b) & ~-chosen));
}

/* Exponentials are kept times a power of two that wide_unscale and narrow_scaled take away, so that none is subnormal.
 * It is 1 here: a double holds the square of every float. */
FASTACT_INLINE WIDE FN(wide_unscale)(WIDE a) { return a; }
FASTACT_INLINE REAL FN(narrow_scaled)(WIDE a) { return (float)a; }
FASTACT_INLINE WIDE FN(wide_one_scaled)(void) { return 1.0; }
/* a b, rounded once. */
FASTACT_INLINE REAL FN(narrow_product)(WIDE a, WIDE b) { return (float)(a * b); }
FASTACT_INLINE REAL FN(narrow_times)(WIDE a, REAL b) { return (float)(a * (double)b); }
FASTACT_INLINE WIDE FN(wide_pair)(FN(pair) a) { return (double)a.hi + (double)a.lo; }
/* min(|x / divisor|, end). */
FASTACT_INLINE WIDE FN(wide_ratio)(REAL x, REAL divisor, double end) {
    /* The inverse, of a parameter, is computed once. */
    const double quotient = (double)FN(abs)(x) * (1.0 / (double)FN(abs)(divisor));
    return quotient > end ? end : quotient;
}
/* 1 - that, exactly 0 where it is. */
FASTACT_INLINE WIDE FN(wide_ratio_complement)(REAL x, REAL divisor, double end) {
    const double a = FN(magnitude)(x, FASTACT_LARGEST), d = FN(abs)(divisor), rest = (d - a) * (1.0 / d);
    return rest < -end ? -end : rest;
}

/* e^z = (1 + t) 2^k for |z| <= 700. */
typedef struct { double t, power; } fastact_wide_power_f32;
FASTACT_INLINE fastact_wide_power_f32 FN(wide_exp_parts)(WIDE z) {
    fastact_wide_power_f32 e;
    const double rounder = 0x1.8p52 + 1023, shifted = fastact_mad_f64(z, 0x1.71547652b82fep+0, rounder);
    const double r = fastact_mad_f64(shifted - rounder, -0x1.62e42fefa39efp-1, z);
#define FASTACT_FIRST(c) double p = c;
#define FASTACT_STEP(c) p = fastact_mad_f64(p, r, c);
    FASTACT_WIDE_EXP_POLYNOMIAL(FASTACT_FIRST, FASTACT_STEP)
#undef FASTACT_FIRST
#undef FASTACT_STEP
    e.t = fastact_mad_f64(r * r, p, r);
    e.power = fastact_from_bits_f64((int64_t)((uint64_t)fastact_bits_f64(shifted) << 52));
    return e;
}
FASTACT_INLINE WIDE FN(wide_exp_scaled)(WIDE z) {
    const fastact_wide_power_f32 e = FN(wide_exp_parts)(z);
    return fastact_mad_f64(e.power, e.t, e.power);
}
/* e^z - 1, to the same relative error near 0. */
FASTACT_INLINE WIDE FN(wide_expm1)(WIDE z) {
    const fastact_wide_power_f32 e = FN(wide_exp_parts)(z);
    return fastact_mad_f64(e.power, e.t, e.power - 1.0);
}
/* log(1 + e) for e in [0, 1]: see log1p_pair. */
FASTACT_INLINE WIDE FN(wide_log1p)(WIDE e) {
    const int64_t large = e > 0.41421356;
    const double f = FN(wide_select)(large, 0.5 * (e - 1.0), e);
    const double base = FN(wide_select)(large, 0x1.62e42fefa39efp-1, 0.0);
#define FASTACT_FIRST(c) double q = c;
#define FASTACT_STEP(c) q = fastact_mad_f64(q, f, c);
    FASTACT_WIDE_LOG1P_POLYNOMIAL(FASTACT_FIRST, FASTACT_STEP)
#undef FASTACT_FIRST
#undef FASTACT_STEP
    return base + fastact_mad_f64(f * f, fastact_mad_f64(q, f, -0.5), f);
}

/* e^z = lead rest for |z| <= FASTACT_POWER_END, rest a power of two: 1 here. */
typedef struct { double lead; float rest, more; } fastact_wide_split_f32;
FASTACT_INLINE fastact_wide_split_f32 FN(wide_exp_split)(WIDE z) {
    fastact_wide_split_f32 e;
    e.lead = FN(wide_exp_scaled)(z);
    e.rest = e.more = 1.0f;
    return e;
}
FASTACT_INLINE fastact_wide_split_f32 FN(wide_expm1_split)(WIDE z) {
    fastact_wide_split_f32 m;
    m.lead = FN(wide_expm1)(z);
    m.rest = m.more = 1.0f;
    return m;
}

#else /* 64 */

typedef fastact_pair_f64 fastact_wide_f64;

FASTACT_INLINE WIDE FN(wide_quick_sum)(REAL a, REAL b) { return FN(quick_sum)(a, b); }
FASTACT_INLINE WIDE FN(wide_sum)(REAL a, REAL b) { return FN(sum)(a, b); }
FASTACT_INLINE WIDE FN(widen)(REAL x) { return FN(pair_of)(x, 0); }
FASTACT_INLINE WIDE FN(wide_constant)(double hi, double lo) { return FN(pair_of)(hi, lo); }
FASTACT_INLINE REAL FN(narrow)(WIDE a) { return a.hi + a.lo; }
FASTACT_INLINE double FN(wide_lead)(WIDE a) { return a.hi; }
FASTACT_INLINE WIDE FN(wide_negate)(WIDE a) { return FN(pair_negate)(a); }
FASTACT_INLINE WIDE FN(wide_add)(WIDE a, WIDE b) { return FN(pair_add)(a, b); }
FASTACT_INLINE WIDE FN(wide_subtract)(WIDE a, WIDE b) { return FN(pair_add)(a, FN(pair_negate)(b)); }
FASTACT_INLINE WIDE FN(wide_normalise)(WIDE a) { return FN(quick_sum)(a.hi, a.lo); }
FASTACT_INLINE WIDE FN(wide_multiply)(WIDE a, WIDE b) { return FN(pair_multiply)(a, b); }
FASTACT_INLINE WIDE FN(wide_divide)(WIDE a, WIDE b) { return FN(pair_divide)(a, b); }
/* a > 0. */
FASTACT_INLINE WIDE FN(wide_sqrt)(WIDE a) {
    const REAL root = __builtin_sqrt(a.hi);
    return FN(pair_of)(root, (FN(fma)(-root, root, a.hi) + a.lo) / (root + root));
}
FASTACT_INLINE WIDE FN(wide_square)(WIDE a) { return FN(pair_square)(a); }
FASTACT_INLINE WIDE FN(wide_product)(REAL a, REAL b) { return FN(product)(a, b); }
FASTACT_INLINE WIDE FN(wide_times)(WIDE a, REAL b) { return FN(pair_times)(a, b); }
FASTACT_INLINE WIDE FN(wide_plus)(WIDE a, REAL b) { return FN(pair_plus)(a, b); }
FASTACT_INLINE WIDE FN(wide_reciprocal)(WIDE a) { return FN(pair_reciprocal)(a); }
FASTACT_INLINE WIDE FN(wide_scale)(WIDE a, double power) { return FN(pair_scale)(a, power); }
FASTACT_INLINE WIDE FN(wide_select)(int64_t chosen, WIDE a, WIDE b) { return FN(pair_select)(chosen, a, b); }

FASTACT_INLINE WIDE FN(wide_unscale)(WIDE a) { return FN(wide_scale)(a, FASTACT_UNSCALE); }
FASTACT_INLINE REAL FN(narrow_scaled)(WIDE a) { return (a.hi + a.lo) * FASTACT_UNSCALE; }
FASTACT_INLINE WIDE FN(wide_one_scaled)(void) { return FN(widen)(K(1) / FASTACT_UNSCALE); }
FASTACT_INLINE REAL FN(narrow_product)(WIDE a, WIDE b) { return FN(rounded_product)(a, b); }
FASTACT_INLINE REAL FN(narrow_times)(WIDE a, REAL b) { return FN(rounded_times)(a, b); }
FASTACT_INLINE WIDE FN(wide_pair)(FN(pair) a) { return a; }
/* Both are brought to where nothing leaves the normal range; a quotient below 2^-500 may become 0. */
FASTACT_INLINE FN(pair) FN(wide_ratio_terms)(REAL x, REAL divisor, double end) {
    const REAL d = FN(abs)(divisor), held = FN(magnitude)(x, end * FN(at_most)(d, FASTACT_LARGEST / end));
    const REAL scale = FN(select)(d > 0x1p500, 0x1p-500, FN(select)(d < 0x1p-500, 0x1p500, K(1)));
    FN(pair) terms;
    terms.hi = held * scale;
    terms.lo = d * scale;
    return terms;
}
FASTACT_INLINE WIDE FN(wide_ratio)(REAL x, REAL divisor, double end) {
    const FN(pair) terms = FN(wide_ratio_terms)(x, divisor, end);
    /* The inverse, of a parameter, is computed once. */
    const WIDE quotient = FN(wide_times)(FN(wide_reciprocal)(FN(widen)(terms.lo)), terms.hi);
    return FN(wide_select)(FN(abs)(x) > FASTACT_LARGEST, FN(widen)(end), quotient);
}
FASTACT_INLINE WIDE FN(wide_ratio_complement)(REAL x, REAL divisor, double end) {
    const FN(pair) terms = FN(wide_ratio_terms)(x, divisor, end);
    return FN(wide_multiply)(FN(wide_sum)(terms.lo, -terms.hi), FN(wide_reciprocal)(FN(widen)(terms.lo)));
}

/* e^z 2^FASTACT_SCALE for z in [-FASTACT_TAIL_END, 2]. */
FASTACT_INLINE WIDE FN(wide_exp_scaled)(WIDE z) {
    return FN(exp_pair)(z.hi, -z.lo, FASTACT_ROUNDER);
}
/* e^z = lead rest more for |z| <= FASTACT_POWER_END, powers of two: 1 unless e^z, or its last bits, could leave the
 * normal range, `more` unless e^z is above 2^1780. So e^z times a number is rounded once, and neither vanishes nor
 * overflows too early. */
typedef struct { fastact_pair_f64 lead; double rest, more; } fastact_wide_split_f64;
FASTACT_INLINE double FN(wide_lead_exponent)(double k) { return FN(at_least)(FN(at_most)(k, 890.0), -1000.0); }
FASTACT_INLINE double FN(wide_rest)(double k, double lead_exponent) {
    return FN(power_of_two)(FN(at_most)(k - lead_exponent, 890.0) + FASTACT_ROUNDER) * FASTACT_UNSCALE;
}
FASTACT_INLINE double FN(wide_more)(double k, double lead_exponent) {
    return FN(power_of_two)(FN(at_least)(k - lead_exponent - 890.0, 0.0) + FASTACT_ROUNDER) * FASTACT_UNSCALE;
}
FASTACT_INLINE fastact_wide_split_f64 FN(wide_exp_split)(WIDE z) {
    const FN(exp_parts) e = FN(exp_parts_of)(z.hi, -z.lo, K(1), FASTACT_ROUNDER);
    const WIDE sum = FN(wide_quick_sum)(K(1), e.t);
    const REAL k = FN(wide_lead_exponent)(e.k), power = FN(power_of_two)(k + FASTACT_ROUNDER) * FASTACT_UNSCALE;
    fastact_wide_split_f64 out;
    out.lead = FN(wide_scale)(FN(wide_quick_sum)(sum.hi, sum.lo + (e.t_lo + e.r_lo)), power);
    out.rest = FN(wide_rest)(e.k, k);
    out.more = FN(wide_more)(e.k, k);
    return out;
}
/* e^z - 1 = lead rest; where rest is not 1, the 1 does not count. See expm1_pair. */
FASTACT_INLINE fastact_wide_split_f64 FN(wide_expm1_split)(WIDE z) {
    const FN(exp_parts) e = FN(exp_parts_of)(z.hi, -z.lo, K(1), FASTACT_ROUNDER);
    const REAL k = FN(wide_lead_exponent)(e.k), power = FN(power_of_two)(k + FASTACT_ROUNDER) * FASTACT_UNSCALE;
    const REAL base = power - K(1), base_lo = power - (base + K(1));
    const REAL hi = FN(mad)(power, e.t, base), t_lo = e.t_lo + e.r_lo;
    fastact_wide_split_f64 out;
    out.lead = FN(wide_quick_sum)(hi, FN(mad)(power, e.t, base - hi) + FN(mad)(power, t_lo, base_lo));
    out.rest = FN(wide_rest)(FN(at_least)(e.k, k), k);
    out.more = FN(wide_more)(e.k, k);
    return out;
}
/* e^z - 1 for z in [-FASTACT_TAIL_END, 2], to all digits near 0. */
FASTACT_INLINE WIDE FN(wide_expm1)(WIDE z) {
    const FN(exp_sum) e = FN(exp_sum_of)(z.hi, -z.lo, FASTACT_ROUNDER);
    const REAL power = FN(power_of_two)(e.shifted) * FASTACT_UNSCALE;
    const WIDE less = FN(sum)(power * e.one, K(-1)), m = FN(quick_sum)(less.hi, power * e.rest);
    return FN(pair_of)(m.hi, m.lo + FN(mad)(power, e.rest_lo, less.lo));
}
FASTACT_INLINE WIDE FN(wide_log1p)(WIDE e) {
    const WIDE l = FN(log1p_pair)(e.hi, e.lo);
    return FN(wide_quick_sum)(l.hi, l.lo);
}

#endif

/* factor e^z and factor (e^z - 1) for |z| <= FASTACT_POWER_END, rounded once; at the lower end, where z is held, 0. */
FASTACT_INLINE REAL FN(exp_times)(WIDE z, REAL factor) {
    const FN(wide_split) e = FN(wide_exp_split)(z);
    const REAL product = FN(narrow_times)(e.lead, factor) * e.rest * e.more;
    return FN(wide_lead)(z) > -FASTACT_POWER_END ? product : K(0);
}
FASTACT_INLINE REAL FN(expm1_times)(WIDE z, REAL factor) {
    const FN(wide_split) m = FN(wide_expm1_split)(z);
    return FN(narrow_times)(m.lead, factor) * m.rest * m.more;
}

#undef REAL
#undef FN
#undef K
#undef WIDE
