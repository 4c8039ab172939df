/*
 * Sines of arguments of any size, to all digits.
 *
 * x = n pi + r with a multiple n that is exact, |r| <= pi / 2 and r to full relative accuracy, also where it cancels.
 * Near 0 that is Cody and Waite's reduction: n times each part of pi but the last is exact. Beyond FASTACT_NEAR_END it
 * is Payne and Hanek's, in integers: x = m 2^e, and of 1 / pi only those bits count that 2^e leaves with a weight below
 * 2. Which one is chosen depends on the argument alone. The first vectorises, the second does not: a loop takes the
 * formulas with `far` = 0 where no argument is far, and the others, with their own choice, elsewhere.
 *
 * Included by activations.h once for each precision, after wide.h. References: Cody & Waite, Software manual for the
 * elementary functions, 1980; Payne & Hanek, Radian reduction for trigonometric functions, SIGNUM 1983.
 */

#define REAL FASTACT_REAL
#define FN(name) FASTACT_NAME(name)
#define K(constant) FASTACT_K(constant)
#define WIDE FASTACT_NAME(wide)

#if FASTACT_PRECISION == 32

__extension__ typedef unsigned __int128 fastact_long;

/* What a reduction leaves, in units of pi: (-1)^negative (high 2^-63 + middle 2^-127 + low 2^-191); and how many steps
 * it took, modulo 4. */
typedef struct { uint64_t high, middle, low, negative, steps; } fastact_residue;

/* m 2^exponent / pi less `quarters` / 4, to the nearest multiple of 1 or, with halves = 1, of 1/2. m has up to 106 bits
 * and m 2^exponent is at least 2^13. The bits of 1 / pi that are cut off would change the result by less than 2^-149.
 * The double nearest to a multiple of pi / 2 is 2^-61 away from it (Muller, Elementary functions, chapter 11); a
 * product of two doubles may come nearer, but would have to be looked for. */
FASTACT_INLINE fastact_residue fastact_reduce(fastact_long m, int exponent, int quarters, int halves) {
    static const uint64_t inverse_pi[] = FASTACT_INVERSE_PI; /* after 128 zeros */
    const int position = exponent + 127, word = position >> 6, shift = position & 63;
    const uint64_t low = (uint64_t)m, high = (uint64_t)(m >> 64);
    uint64_t bits[4];
    for (int i = 0; i < 4; ++i) /* from the lowest */
        bits[i] = inverse_pi[word + 3 - i] << shift | inverse_pi[word + 4 - i] >> 1 >> (63 - shift);
    fastact_long sum = (fastact_long)low * bits[0];
    sum = (sum >> 64) + (fastact_long)low * bits[1];
    const fastact_long first = (sum >> 64) + (fastact_long)low * bits[2], other = (fastact_long)high * bits[0];
    sum = (uint64_t)sum + (fastact_long)(uint64_t)other;
    const fastact_long second = (fastact_long)high * bits[1] + (uint64_t)(other >> 64) + (uint64_t)(sum >> 64);
    fastact_residue out;
    out.low = (uint64_t)sum;
    sum = (fastact_long)(uint64_t)first + (uint64_t)second;
    out.middle = (uint64_t)sum;
    const uint64_t carried = (uint64_t)(first >> 64) + (uint64_t)(second >> 64) + (uint64_t)(sum >> 64);
    uint64_t top = low * bits[3] + high * bits[2] + carried;
    top -= (uint64_t)quarters << 61;
    out.steps = (top + ((uint64_t)1 << (62 - halves))) >> (63 - halves);
    top -= out.steps << (63 - halves);
    out.negative = top >> 63;
    out.high = top ^ (0 - out.negative);
    out.middle ^= 0 - out.negative;
    out.low ^= 0 - out.negative;
    return out;
}

/* |x| = m 2^exponent. */
FASTACT_INLINE uint64_t fastact_mantissa(double x) {
    const uint64_t bits = (uint64_t)fastact_bits_f64(x), field = bits >> 52 & 0x7ff;
    return (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)(field != 0) << 52;
}
FASTACT_INLINE int fastact_exponent(double x) {
    const int field = (int)((uint64_t)fastact_bits_f64(x) >> 52 & 0x7ff);
    return (field != 0 ? field : 1) - 1075;
}

/* The upper and the lower half of a word, as doubles of weight 2^-31 and 2^-63. */
FASTACT_INLINE double fastact_upper(uint64_t word) { return (double)(int64_t)(word >> 32) * 0x1p-31; }
FASTACT_INLINE double fastact_lower(uint64_t word) { return (double)(int64_t)(word & 0xffffffffu) * 0x1p-63; }

#endif

/* r, and the steps of pi or pi / 2 that were taken from the argument, of which the lowest two bits count. */
typedef struct { WIDE r; int64_t steps; } FN(phase);

/* a with its sign changed where the low bit of `odd` is set. */
FASTACT_INLINE WIDE FN(wide_flip)(WIDE a, int64_t odd) {
    const int64_t sign = (int64_t)((uint64_t)odd << 63);
#if FASTACT_PRECISION == 32
    return fastact_from_bits_f64(fastact_bits_f64(a) ^ sign);
#else
    a.hi = fastact_from_bits_f64(fastact_bits_f64(a.hi) ^ sign);
    a.lo = fastact_from_bits_f64(fastact_bits_f64(a.lo) ^ sign);
    return a;
#endif
}

/* u less the nearest of (offset + i step) pi over the integers i, for |u| <= FASTACT_NEAR_END; step is 1 or 1/2. */
FASTACT_INLINE FN(phase) FN(phase_near)(WIDE u, double offset, double step) {
    FN(phase) phase;
    const double rounder = 0x1.8p52;
    const double lead = FN(wide_lead)(u), per_step = FASTACT_ONE_OVER_PI / step;
    const double shifted = offset == 0 ? fastact_mad_f64(lead, per_step, rounder)
                                       : fastact_mad_f64(lead, per_step, -offset / step) + rounder;
    const double n = (shifted - rounder) * step + offset;
    phase.steps = fastact_bits_f64(shifted);
#if FASTACT_PRECISION == 32
    phase.r = fastact_mad_f64(n, -FASTACT_PI_2, fastact_mad_f64(n, -FASTACT_PI_1, u));
#else
    const WIDE first = FN(wide_sum)(u.hi, -(n * FASTACT_PI_1)), second = FN(wide_sum)(first.hi, -(n * FASTACT_PI_2));
    phase.r = FN(wide_sum)(second.hi, FN(mad)(n, -FASTACT_PI_3, (first.lo + u.lo) + second.lo));
#endif
    return phase;
}

FASTACT_INLINE FN(phase) FN(phase_of_residue)(fastact_residue residue) {
    FN(phase) phase;
    phase.steps = (int64_t)residue.steps;
    const double end = (fastact_upper(residue.low) + fastact_lower(residue.low)) * 0x1p-128;
    const double middle = fastact_upper(residue.middle) * 0x1p-64, lower = fastact_lower(residue.middle) * 0x1p-64;
#if FASTACT_PRECISION == 32
    const double turns = fastact_upper(residue.high) + (fastact_lower(residue.high) + (middle + (lower + end)));
    phase.r = turns * (FASTACT_PI_1 + FASTACT_PI_2);
#else
    const WIDE high = FN(wide_quick_sum)(fastact_upper(residue.high), fastact_lower(residue.high));
    const WIDE turns = FN(wide_plus)(FN(wide_add)(high, FN(wide_quick_sum)(middle, lower)), end);
    phase.r = FN(wide_multiply)(turns, FN(wide_constant)(FASTACT_PI_HI, FASTACT_PI_LO));
#endif
    phase.r = FN(wide_flip)(phase.r, (int64_t)residue.negative);
    return phase;
}

/* The phase of a |x| less the nearest of (offset + i step) pi; `near` is that product, as far as FASTACT_NEAR_END. */
FASTACT_INLINE FN(phase) FN(phase_of)(WIDE near, REAL x, REAL a, double offset, double step, int far) {
    if (!far) return FN(phase_near)(near, offset, step);
    const int quarters = (int)(4 * offset), halves = step < 1;
#if FASTACT_PRECISION == 32
    const double product = (double)x * (double)a;
    const fastact_long m = fastact_mantissa(product);
    const int exponent = fastact_exponent(product);
#else
    const fastact_long m = (fastact_long)fastact_mantissa(x) * fastact_mantissa(a);
    const int exponent = fastact_exponent(x) + fastact_exponent(a);
#endif
    return FN(phase_of_residue)(fastact_reduce(m, exponent, quarters, halves));
}

/* sin(r) for |r| <= pi / 2, to about 2^-35 (float) or 2^-64 (double). */
FASTACT_INLINE WIDE FN(wide_sine)(WIDE r) {
    const WIDE square = FN(wide_square)(r);
    const double w = FN(wide_lead)(square);
#define FIRST(c) double p = c;
#define STEP(c) p = fastact_mad_f64(p, w, c);
    FASTACT_WIDE_SINE_POLYNOMIAL(FIRST, STEP)
#if FASTACT_PRECISION == 32
    return fastact_mad_f64(r * w, p, r);
#else
    WIDE q = FN(wide_plus)(FN(wide_constant)(FASTACT_WIDE_SINE_C2, FASTACT_WIDE_SINE_C2_LO), w * p);
    q = FN(wide_add)(FN(wide_constant)(FASTACT_WIDE_SINE_C1, FASTACT_WIDE_SINE_C1_LO), FN(wide_multiply)(square, q));
    q = FN(wide_add)(FN(wide_constant)(FASTACT_WIDE_SINE_C0, FASTACT_WIDE_SINE_C0_LO), FN(wide_multiply)(square, q));
    return FN(wide_add)(r, FN(wide_multiply)(FN(wide_multiply)(r, square), q));
#endif
}

#if FASTACT_PRECISION == 32
/* The same to 2^-27, which is 0.1 ULP of the result; -0 gives -0. */
FASTACT_INLINE double FN(short_sine)(double r) {
    const double w = r * r;
    FASTACT_WIDE_SHORT_SINE_POLYNOMIAL(FIRST, STEP)
    return r * fastact_mad_f64(p, w, 1.0);
}
#endif

/* sin(r), rounded. */
FASTACT_INLINE REAL FN(sine)(WIDE r) {
#if FASTACT_PRECISION == 32
    return FN(narrow)(FN(short_sine)(r));
#else
    const REAL w = r.hi * r.hi, w_lo = FN(fma)(r.hi, r.hi, -w);
    FASTACT_WIDE_SINE_POLYNOMIAL(FIRST, STEP)
    p = FN(mad)(FN(mad)(p, w, FASTACT_WIDE_SINE_C2), w, FASTACT_WIDE_SINE_C1);
    /* r^3 q is up to 0.6 where the result is 1: each of its roundings would count. */
    const REAL q = FN(mad)(p, w, FASTACT_WIDE_SINE_C0);
    const REAL q_lo = FN(mad)(p, w, FASTACT_WIDE_SINE_C0 - q) + FASTACT_WIDE_SINE_C0_LO;
    const REAL s = w * q, s_lo = FN(fma)(w, q, -s) + FN(mad)(w, q_lo, w_lo * q);
    const REAL cubic = r.hi * s, sum = r.hi + cubic;
    const REAL cubic_lo = FN(mad)(r.hi, s_lo, FN(fma)(r.hi, s, -cubic));
    const REAL cosine = FN(mad)(K(2.5), s, K(1)); /* to 0.1 */
    return sum + (((r.hi - sum) + cubic) + FN(mad)(r.lo, cosine, cubic_lo));
#endif
}

/* sin(r) and cos(r) for |r| <= pi / 4, to about 2^-52 (float) or 2^-64 (double), relative at the roots of both. */
FASTACT_INLINE WIDE FN(wide_quarter_sine)(WIDE r) {
    const WIDE square = FN(wide_square)(r);
    const double w = FN(wide_lead)(square);
    FASTACT_WIDE_QUARTER_SINE_POLYNOMIAL(FIRST, STEP)
#if FASTACT_PRECISION == 32
    return fastact_mad_f64(r * w, p, r);
#else
    WIDE q = FN(wide_plus)(FN(wide_constant)(FASTACT_WIDE_QUARTER_SINE_C1, FASTACT_WIDE_QUARTER_SINE_C1_LO), w * p);
    const WIDE sixth = FN(wide_constant)(FASTACT_WIDE_QUARTER_SINE_C0, FASTACT_WIDE_QUARTER_SINE_C0_LO);
    q = FN(wide_add)(sixth, FN(wide_multiply)(square, q));
    return FN(wide_add)(r, FN(wide_multiply)(FN(wide_multiply)(r, square), q));
#endif
}
FASTACT_INLINE WIDE FN(wide_quarter_cosine)(WIDE r) {
    const WIDE square = FN(wide_square)(r);
    const double w = FN(wide_lead)(square);
    FASTACT_WIDE_QUARTER_COSINE_POLYNOMIAL(FIRST, STEP)
#if FASTACT_PRECISION == 32
    return fastact_mad_f64(w, fastact_mad_f64(p, w, -0.5), 1.0);
#else
    WIDE q = FN(wide_plus)(FN(wide_constant)(FASTACT_WIDE_QUARTER_COSINE_C0, FASTACT_WIDE_QUARTER_COSINE_C0_LO), w * p);
    q = FN(wide_add)(FN(widen)(K(-0.5)), FN(wide_multiply)(square, q));
    return FN(wide_add)(FN(widen)(K(1)), FN(wide_multiply)(square, q));
#endif
}
#undef FIRST
#undef STEP

#undef REAL
#undef FN
#undef K
#undef WIDE
