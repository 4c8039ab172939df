/*
 * Cross-entropy of softmax(x) against a label, and its gradient in the same passes: of a row, and of columns.
 *
 *     float fastact_cross_entropy_f32(const float *x, float *g, ptrdiff_t n, ptrdiff_t label, float factor)
 *     int fastact_cross_entropy_columns_f32(const float *x, ptrdiff_t pitch, float *g, ptrdiff_t g_pitch,
 *                                           const ptrdiff_t *labels, const float *factors, float *losses,
 *                                           ptrdiff_t n, ptrdiff_t width)
 *
 *     loss    log(sum e^x_k) - x_label
 *     g_k     factor (softmax(x)_k - [k = label])
 *
 * Both keep their relative precision where the label's is the leading logit: there log1p(R) and -R / (1 + R) are formed of
 * the sum R of the other exponentials. NaN, an inf or -inf alone make the loss and the gradient NaN. g may be x. Of columns:
 * see columns.h. Included by rowwise.h after that.
 */

/* Its square is a little more than e^-FASTACT_EXP_END. */
#define FASTACT_HELD_ROOT (FASTACT_PRECISION == 32 ? K(0x1p-76) : K(0x1p-539))
/* Numbers of twice the precision, each as it is. */
#if FASTACT_PRECISION == 32
FASTACT_INLINE WIDE FN(rest_at)(const FN(totals) *rests, int j) { return rests->hi[j]; }
FASTACT_INLINE void FN(set_rest)(FN(totals) *rests, int j, WIDE rest) { rests->hi[j] = rest; }
#else
FASTACT_INLINE WIDE FN(rest_at)(const FN(totals) *rests, int j) { return FN(pair_of)(rests->hi[j], rests->lo[j]); }
FASTACT_INLINE void FN(set_rest)(FN(totals) *rests, int j, WIDE rest) {
    rests->hi[j] = rest.hi;
    rests->lo[j] = rest.lo;
}
#endif

/* What follows from the exponentials of a row: their sum, and, as multiples of the leading one, how many lead and the sum
 * of the others. `at` and `e` are the logit and the exponential of the label. */
typedef struct { REAL loss, slope; FN(pair) reciprocal; } FN(cross_entropy_parts);
FASTACT_INLINE FN(cross_entropy_parts) FN(cross_entropy_from)(
    REAL m, REAL at, REAL e, WIDE total, REAL leaders, WIDE rest) {
    FN(cross_entropy_parts) out;
    const FN(pair) log = FN(row_log_pair)(m, FN(row_log)(leaders, rest));
    out.loss = (log.hi - at) + log.lo;
    out.reciprocal = FN(row_reciprocal)(total);
    const REAL others = FN(narrow)(FN(wide_plus)(rest, leaders - K(1)));
    const REAL led = -others / FN(narrow)(FN(wide_plus)(rest, leaders));
    const REAL share = FN(row_share)(e, out.reciprocal) - K(1);
    out.slope = at == m ? led : share;
    return out;
}
/* The sum of the exponentials but for those that lead, which are counted: where the sum of all has not the digits. Those
 * that were held, e^-FASTACT_EXP_END times the leading one or less, count as 0. */
FASTACT_INLINE void FN(others_chunk)(
    const FN(chunk) *e, const FN(chunk) *own, FN(sums) *others, FN(piece) *leaders) {
    FN(chunk) rest, leads;
    EACH {
        const REAL at = e->at[j], top = own->at[j];
        leads.at[j] = at == top ? K(1) : K(0);
        const REAL seen = at <= top * FASTACT_HELD_ROOT * FASTACT_HELD_ROOT ? K(0) : at;
        rest.at[j] = at == top ? K(0) : seen;
    }
    FN(accumulate_chunk)(others, &rest);
    for (int v = 0; v < FASTACT_LANES / PIECE; ++v) leaders[v] += *(const FN(piece) *)(leads.at + v * PIECE);
}

FASTACT_INLINE void FN(cross_entropy_exps_chunk)(
    const REAL *x, REAL *g, ptrdiff_t left, REAL m, int near, REAL rounder, FN(sums) *sums) {
    FN(chunk) e = FN(chunk_load)(x, left, -INFINITE);
    EACH e.at[j] = near ? FN(row_power)(e.at[j], m - FASTACT_EXP_END, rounder) : FN(row_exp)(e.at[j], m);
    FN(chunk_store)(g, left, &e);
    if (left < FASTACT_LANES) FN(chunk_end)(&e, left);
    FN(accumulate_exps)(sums, &e);
}
FASTACT_INLINE void FN(cross_entropy_others_chunk)(
    const REAL *g, ptrdiff_t left, const FN(chunk) *own, FN(sums) *others, FN(piece) *leaders) {
    const FN(chunk) e = FN(chunk_load)(g, left, K(0));
    FN(others_chunk)(&e, own, others, leaders);
}
FASTACT_INLINE void FN(cross_entropy_slope_chunk)(REAL *g, ptrdiff_t left, FN(pair) reciprocal, REAL factor) {
    FN(chunk) e = FN(chunk_load)(g, left, K(0));
    EACH e.at[j] = FN(row_share)(e.at[j], reciprocal) * factor;
    FN(chunk_store)(g, left, &e);
}
FASTACT_INLINE REAL FN(cross_entropy)(const REAL *x, REAL *g, ptrdiff_t n, ptrdiff_t label, REAL factor) {
    const REAL m = FN(row_max)(x, n, K(1)), at = x[label];
    if (!(FN(abs)(m) <= FASTACT_LARGEST)) {
        const REAL nan = INFINITE - INFINITE;
        for (ptrdiff_t i = 0; i < n; ++i) g[i] = nan;
        return nan;
    }
    FN(sums) sums = FN(exps_start)();
    const REAL rounder = FN(row_rounder)(m);
    REAL own = K(1) / FASTACT_UNSCALE;
    WIDE lead = FN(widen)(K(1));
#define NEAR(i, left) FN(cross_entropy_exps_chunk)(x + i, g + i, left, m, 1, rounder, &sums)
#define FAR(i, left) FN(cross_entropy_exps_chunk)(x + i, g + i, left, m, 0, rounder, &sums)
    if (FN(abs)(m) <= FASTACT_ROW_NEAR) {
        ROW(NEAR);
        own = FN(row_power)(m, m - FASTACT_EXP_END, rounder);
        lead = FN(row_lead)(m, rounder);
    } else {
        ROW(FAR);
    }
#undef NEAR
#undef FAR
    FN(exps_end)(&sums);
    const WIDE total = FN(total)(&sums);
    WIDE rest = FN(in_units)(FN(wide_plus)(total, -own), lead);
    REAL leaders = 1;
    if (!(FN(wide_lead)(rest) > FN(row_least_rest)(n))) {
        FN(sums) others = {0};
        FN(piece) count[FASTACT_LANES / PIECE] = {0};
        FN(chunk) every, lane;
        EACH every.at[j] = own;
#define STEP(i, left) FN(cross_entropy_others_chunk)(g + i, left, &every, &others, count)
        ROW(STEP);
#undef STEP
        rest = FN(in_units)(FN(total)(&others), lead);
        memcpy(&lane, count, sizeof lane);
        leaders = 0;
        for (int j = 0; j < FASTACT_LANES; ++j) leaders += lane.at[j];
    }
    const FN(cross_entropy_parts) parts = FN(cross_entropy_from)(m, at, g[label], total, leaders, rest);
#define STEP(i, left) FN(cross_entropy_slope_chunk)(g + i, left, parts.reciprocal, factor)
    ROW(STEP);
#undef STEP
    g[label] = parts.slope * factor;
    return parts.loss;
}

FASTACT_INLINE int FN(cross_entropy_columns_of)(
    const REAL *x, ptrdiff_t pitch, REAL *g, ptrdiff_t g_pitch, const ptrdiff_t *labels, const REAL *factors, REAL *losses,
    ptrdiff_t n, ptrdiff_t width) {
    const FN(column_scale) scale = FN(column_scale_of)(x, pitch, n, width, K(1));
    if (!scale.near) return 0;
    FN(chunk) at = {{0}}, of_label = {{0}}, hi, lo, slope, loss, leaders, factor = FN(chunk_load)(factors, width, K(0));
    for (ptrdiff_t j = 0; j < width; ++j) at.at[j] = x[labels[j] * pitch + j];
    FN(partial_sums) sums;
    for (int lane = 0; lane < FASTACT_LANES && lane < n; ++lane) {
        FN(sums) of_lane = FN(exps_start)();
        DOWN(i, lane) {
            const FN(chunk) e = FN(column_exps)(x + i * pitch, width, &scale, K(1));
            FN(chunk_store)(g + i * g_pitch, width, &e);
            FN(accumulate_exps)(&of_lane, &e);
        }
        FN(exps_end)(&of_lane);
        sums.lane[lane] = of_lane;
    }
    for (ptrdiff_t j = 0; j < width; ++j) of_label.at[j] = g[labels[j] * g_pitch + j];
    const FN(totals) totals = FN(totals_of)(&sums, n);
    const FN(chunk) own = FN(column_exps)(scale.m.at, FASTACT_LANES, &scale, K(1));
    FN(totals) rests;
    const double end = FN(row_least_rest)(n);
    int64_t small = 0;
    EACH {
        const WIDE lead = FN(row_lead)(scale.m.at[j], scale.rounder.at[j]);
        const WIDE rest = FN(in_units)(FN(wide_plus)(FN(total_at)(&totals, j), -own.at[j]), lead);
        FN(set_rest)(&rests, j, rest);
        leaders.at[j] = 1;
        small |= FN(wide_lead)(rest) > end ? 0 : 1;
    }
    if (small) {
        FN(piece) count[FASTACT_LANES / PIECE] = {0};
        for (int lane = 0; lane < FASTACT_LANES && lane < n; ++lane) {
            FN(sums) of_lane = {0};
            DOWN(i, lane) {
                const FN(chunk) e = FN(chunk_load)(g + i * g_pitch, width, K(0));
                FN(others_chunk)(&e, &own, &of_lane, count);
            }
            sums.lane[lane] = of_lane;
        }
        const FN(totals) others = FN(totals_of)(&sums, n);
        FN(chunk) counted;
        memcpy(&counted, count, sizeof counted);
        for (ptrdiff_t j = 0; j < width; ++j)
            if (!(FN(wide_lead)(FN(rest_at)(&rests, (int)j)) > end)) {
                const WIDE lead = FN(row_lead)(scale.m.at[j], scale.rounder.at[j]);
                FN(set_rest)(&rests, (int)j, FN(in_units)(FN(total_at)(&others, (int)j), lead));
                leaders.at[j] = counted.at[j];
            }
    }
    EACH {
        const FN(cross_entropy_parts) parts = FN(cross_entropy_from)(
            scale.m.at[j], at.at[j], of_label.at[j], FN(total_at)(&totals, j), leaders.at[j], FN(rest_at)(&rests, j));
        loss.at[j] = parts.loss;
        slope.at[j] = parts.slope * factor.at[j];
        hi.at[j] = parts.reciprocal.hi;
        lo.at[j] = parts.reciprocal.lo;
    }
    FN(chunk_store)(losses, width, &loss);
    for (ptrdiff_t i = 0; i < n; ++i) {
        FN(chunk) e = FN(chunk_load)(g + i * g_pitch, width, K(0));
        EACH {
            const FN(pair) reciprocal = {hi.at[j], lo.at[j]};
            e.at[j] = FN(row_share)(e.at[j], reciprocal) * factor.at[j];
        }
        FN(chunk_store)(g + i * g_pitch, width, &e);
    }
    for (ptrdiff_t j = 0; j < width; ++j) g[labels[j] * g_pitch + j] = slope.at[j];
    return 1;
}
FASTACT_INLINE int FN(cross_entropy_columns)(
    const REAL *x, ptrdiff_t pitch, REAL *g, ptrdiff_t g_pitch, const ptrdiff_t *labels, const REAL *factors, REAL *losses,
    ptrdiff_t n, ptrdiff_t width) {
    if (width == FASTACT_LANES)
        return FN(cross_entropy_columns_of)(x, pitch, g, g_pitch, labels, factors, losses, n, FASTACT_LANES);
    return FN(cross_entropy_columns_of)(x, pitch, g, g_pitch, labels, factors, losses, n, width);
}

#undef FASTACT_HELD_ROOT
#undef DOWN
