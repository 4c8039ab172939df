/*
 * The functions of rowwise.h on columns: up to FASTACT_LANES rows that lie across memory, one in each lane.
 *
 *     int fastact_softmax_columns_f32(const float *x, ptrdiff_t pitch, float *y, ptrdiff_t y_pitch,
 *                                     ptrdiff_t n, ptrdiff_t width)
 *
 * Number i of `width` rows is a chunk, `pitch` numbers behind that of i - 1. Each row gives the bits that it gives alone.
 * They return 0, and have written nothing, where a row is one of those for which rowwise.h takes more care; the output
 * may be an input.
 *
 * Included by rowwise.h once for each precision, for whose macros it relies on it.
 */

/* For the numbers of a row that belong to partial sum `lane`, or for each two that are added before. */
#define DOWN(i, lane) for (ptrdiff_t i = lane; i < n; i += FASTACT_LANES)
#define DOWN_BY_TWO(i, lane) for (ptrdiff_t i = lane; i < n; i += 2 * FASTACT_LANES)

/* The sums of rows from their partial sums, added as `total` does. */
typedef struct { FN(sums) lane[FASTACT_LANES]; } FN(partial_sums);
#if FASTACT_PRECISION == 32
typedef struct { double hi[FASTACT_LANES]; } FN(totals);
FASTACT_INLINE void FN(add_sums)(FN(sums) *a, const FN(sums) *b) {
    for (int v = 0; v < FASTACT_SUM_VECTORS; ++v) a->hi[v] += b->hi[v];
}
FASTACT_INLINE WIDE FN(total_at)(const FN(totals) *totals, int j) { return totals->hi[j]; }
#else
typedef struct { double hi[FASTACT_LANES], lo[FASTACT_LANES]; } FN(totals);
FASTACT_INLINE void FN(add_sums)(FN(sums) *a, const FN(sums) *b) {
    for (int v = 0; v < FASTACT_SUM_VECTORS; ++v) {
        const fastact_sum_vector before = a->hi[v], part = b->hi[v], sum = before + part, seen = sum - before;
        a->lo[v] = (a->lo[v] + b->lo[v]) + ((before - (sum - seen)) + (part - seen));
        a->hi[v] = sum;
    }
}
FASTACT_INLINE WIDE FN(total_at)(const FN(totals) *totals, int j) {
    return FN(wide_quick_sum)(totals->hi[j], totals->lo[j]);
}
#endif
FASTACT_INLINE FN(totals) FN(totals_of)(FN(partial_sums) *sums, ptrdiff_t n) {
    FN(totals) out;
    for (int width = FASTACT_LANES / 2; width > 0; width /= 2)
        for (int j = 0; j < width && j + width < n; ++j) FN(add_sums)(&sums->lane[j], &sums->lane[j + width]);
    memcpy(&out, &sums->lane[0], sizeof out);
    return out;
}

/* The largest numbers of rows, and what exponentials by the powers of two next to them need. `near` is 0 where one of
 * them is far from 0. */
typedef struct { FN(chunk) m, least, rounder; int near; } FN(column_scale);
FASTACT_INLINE FN(column_scale) FN(column_scale_of)(
    const REAL *x, ptrdiff_t pitch, ptrdiff_t n, ptrdiff_t width, REAL sign) {
    FN(column_scale) out;
    FN(most) most = FN(most_start)();
    for (ptrdiff_t i = 0; i < n; ++i) {
        const FN(chunk) at = FN(chunk_load)(x + i * pitch, width, K(0));
        for (int v = 0; v < FASTACT_LANES / PIECE; ++v)
            most.at[v] = FN(piece_most)(sign * *(const FN(piece) *)(at.at + v * PIECE), most.at[v]);
    }
    memcpy(&out.m, most.at, sizeof out.m);
    FASTACT_BITS far = 0;
    EACH {
        out.least.at[j] = out.m.at[j] - FASTACT_EXP_END;
        out.rounder.at[j] = FN(row_rounder)(out.m.at[j]);
        far |= FN(abs)(out.m.at[j]) <= FASTACT_ROW_NEAR ? 0 : 1;
    }
    out.near = far == 0;
    return out;
}
FASTACT_INLINE FN(chunk) FN(column_exps)(const REAL *x, ptrdiff_t width, const FN(column_scale) *scale, REAL sign) {
    FN(chunk) e = FN(chunk_load)(x, width, K(0));
    EACH e.at[j] = FN(row_power)(sign * e.at[j], scale->least.at[j], scale->rounder.at[j]);
    return e;
}

FASTACT_INLINE int FN(softmax_columns_of)(
    const REAL *x, ptrdiff_t pitch, REAL *y, ptrdiff_t y_pitch, ptrdiff_t n, ptrdiff_t width, REAL sign) {
    const FN(column_scale) scale = FN(column_scale_of)(x, pitch, n, width, sign);
    if (!scale.near) return 0;
    FN(partial_sums) sums;
    for (int lane = 0; lane < FASTACT_LANES && lane < n; ++lane) {
        FN(sums) of_lane = FN(exps_start)();
        DOWN(i, lane) {
            const FN(chunk) e = FN(column_exps)(x + i * pitch, width, &scale, sign);
            FN(chunk_store)(y + i * y_pitch, width, &e);
            FN(accumulate_exps)(&of_lane, &e);
        }
        FN(exps_end)(&of_lane);
        sums.lane[lane] = of_lane;
    }
    const FN(totals) totals = FN(totals_of)(&sums, n);
    FN(chunk) hi, lo;
    EACH {
        const FN(pair) reciprocal = FN(row_reciprocal)(FN(total_at)(&totals, j));
        hi.at[j] = reciprocal.hi;
        lo.at[j] = reciprocal.lo;
    }
    for (ptrdiff_t i = 0; i < n; ++i) {
        FN(chunk) e = FN(chunk_load)(y + i * y_pitch, width, K(0));
        EACH {
            const FN(pair) reciprocal = {hi.at[j], lo.at[j]};
            e.at[j] = FN(row_share)(e.at[j], reciprocal);
        }
        FN(chunk_store)(y + i * y_pitch, width, &e);
    }
    return 1;
}

/* m + log(sum e_i) of rows, as a pair. Returns 0 as above. */
FASTACT_INLINE int FN(column_log_sums)(
    const REAL *x, ptrdiff_t pitch, ptrdiff_t n, ptrdiff_t width, FN(chunk) *hi, FN(chunk) *lo, int narrow) {
    const FN(column_scale) scale = FN(column_scale_of)(x, pitch, n, width, K(1));
    if (!scale.near) return 0;
    FN(partial_sums) sums;
    for (int lane = 0; lane < FASTACT_LANES && lane < n; ++lane) {
        FN(sums) of_lane = FN(exps_start)();
        DOWN(i, lane) {
            const FN(chunk) e = FN(column_exps)(x + i * pitch, width, &scale, K(1));
            FN(accumulate_exps)(&of_lane, &e);
        }
        FN(exps_end)(&of_lane);
        sums.lane[lane] = of_lane;
    }
    const FN(totals) totals = FN(totals_of)(&sums, n);
    const FN(chunk) own = FN(column_exps)(scale.m.at, FASTACT_LANES, &scale, K(1));
    double least[FASTACT_LANES];
    EACH {
        const REAL m = scale.m.at[j];
        const WIDE sum = FN(wide_plus)(FN(total_at)(&totals, j), -own.at[j]);
        const WIDE rest = FN(in_units)(sum, FN(row_lead)(m, scale.rounder.at[j]));
        least[j] = FN(wide_lead)(rest);
        const WIDE log = FN(row_log)(K(1), rest);
        const FN(pair) pair = FN(row_log_pair)(m, log);
        hi->at[j] = narrow ? FN(narrow)(FN(wide_plus)(log, m)) : pair.hi;
        lo->at[j] = pair.lo;
    }
    const double end = FN(row_least_rest)(n);
    for (ptrdiff_t j = 0; j < width; ++j)
        if (!(least[j] > end)) return 0;
    return 1;
}
FASTACT_INLINE int FN(log_softmax_columns_of)(
    const REAL *x, ptrdiff_t pitch, REAL *y, ptrdiff_t y_pitch, ptrdiff_t n, ptrdiff_t width) {
    FN(chunk) hi, lo;
    if (!FN(column_log_sums)(x, pitch, n, width, &hi, &lo, 0)) return 0;
    for (ptrdiff_t i = 0; i < n; ++i) {
        FN(chunk) at = FN(chunk_load)(x + i * pitch, width, K(0));
        EACH at.at[j] = (at.at[j] - hi.at[j]) - lo.at[j];
        FN(chunk_store)(y + i * y_pitch, width, &at);
    }
    return 1;
}
FASTACT_INLINE int FN(logsumexp_columns_of)(
    const REAL *x, ptrdiff_t pitch, REAL *y, ptrdiff_t y_pitch, ptrdiff_t n, ptrdiff_t width) {
    FN(chunk) hi, lo;
    (void)y_pitch;
    if (!FN(column_log_sums)(x, pitch, n, width, &hi, &lo, 1)) return 0;
    FN(chunk_store)(y, width, &hi);
    return 1;
}

FASTACT_INLINE int FN(softmax_backward_from_output_columns_of)(
    const REAL *grad, ptrdiff_t pitch, const REAL *y, ptrdiff_t y_pitch, REAL *out, ptrdiff_t out_pitch, ptrdiff_t n,
    ptrdiff_t width, REAL sign) {
    FN(partial_sums) sums;
    for (int lane = 0; lane < FASTACT_LANES && lane < n; ++lane) {
        FN(sums) of_lane = {0};
        DOWN_BY_TWO(i, lane) {
            FN(chunk) g = FN(chunk_load)(grad + i * pitch, width, K(0));
            const FN(chunk) at = FN(chunk_load)(y + i * y_pitch, width, K(0));
            EACH g.at[j] *= at.at[j];
            const ptrdiff_t next = i + FASTACT_LANES;
            if (next < n) {
                const FN(chunk) more = FN(chunk_load)(grad + next * pitch, width, K(0));
                const FN(chunk) more_at = FN(chunk_load)(y + next * y_pitch, width, K(0));
                EACH g.at[j] = FN(mad)(more.at[j], more_at.at[j], g.at[j]);
            }
            FN(accumulate_chunk)(&of_lane, &g);
        }
        sums.lane[lane] = of_lane;
    }
    const FN(totals) totals = FN(totals_of)(&sums, n);
    FN(chunk) hi, lo;
    EACH {
        const FN(pair) mean = FN(row_pair)(FN(total_at)(&totals, j));
        hi.at[j] = mean.hi;
        lo.at[j] = mean.lo;
    }
    for (ptrdiff_t i = 0; i < n; ++i) {
        FN(chunk) g = FN(chunk_load)(grad + i * pitch, width, K(0));
        const FN(chunk) at = FN(chunk_load)(y + i * y_pitch, width, K(0));
        EACH {
            const FN(pair) mean = {hi.at[j], lo.at[j]};
            g.at[j] = FN(centred)(g.at[j], K(0), mean, sign * at.at[j]);
        }
        FN(chunk_store)(out + i * out_pitch, width, &g);
    }
    return 1;
}

FASTACT_INLINE int FN(log_softmax_backward_from_output_columns_of)(
    const REAL *grad, ptrdiff_t pitch, const REAL *y, ptrdiff_t y_pitch, REAL *out, ptrdiff_t out_pitch, ptrdiff_t n,
    ptrdiff_t width) {
    FN(partial_sums) sums;
    for (int lane = 0; lane < FASTACT_LANES && lane < n; ++lane) {
        FN(sums) of_lane = {0};
        DOWN(i, lane) {
            const FN(chunk) g = FN(chunk_load)(grad + i * pitch, width, K(0));
            FN(accumulate_chunk)(&of_lane, &g);
        }
        sums.lane[lane] = of_lane;
    }
    const FN(totals) totals = FN(totals_of)(&sums, n);
    FN(chunk) sum;
    int64_t other = 0;
    EACH {
        const WIDE total = FN(total_at)(&totals, j);
        const double size = fastact_abs_f64(FN(wide_lead)(total));
        sum.at[j] = FN(narrow)(total) * FASTACT_UNSCALE;
        other |= ((size < FASTACT_ROW_SMALL) & (size > 0)) | (FASTACT_PRECISION == 32 && size > FASTACT_ROW_LARGE);
    }
    if (other) return 0;
    for (ptrdiff_t i = 0; i < n; ++i) {
        FN(chunk) g = FN(chunk_load)(grad + i * pitch, width, K(0));
        const FN(chunk) at = FN(chunk_load)(y + i * y_pitch, width, K(0));
        EACH g.at[j] = FN(log_softmax_slope)(g.at[j], at.at[j], sum.at[j], 0, K(1));
        FN(chunk_store)(out + i * out_pitch, width, &g);
    }
    return 1;
}

/* The functions by name, each compiled for whole chunks and for others. */
#define VALUE_COLUMNS(name, of, ...) \
    FASTACT_INLINE int FN(name##_columns)( \
        const REAL *x, ptrdiff_t pitch, REAL *y, ptrdiff_t y_pitch, ptrdiff_t n, ptrdiff_t width) { \
        if (width == FASTACT_LANES) return FN(of##_columns_of)(x, pitch, y, y_pitch, n, FASTACT_LANES __VA_ARGS__); \
        return FN(of##_columns_of)(x, pitch, y, y_pitch, n, width __VA_ARGS__); \
    }
#define GRADIENT_COLUMNS(name, of, ...) \
    FASTACT_INLINE int FN(name##_columns)( \
        const REAL *grad, ptrdiff_t pitch, const REAL *y, ptrdiff_t y_pitch, REAL *out, ptrdiff_t out_pitch, \
        ptrdiff_t n, ptrdiff_t width) { \
        if (width == FASTACT_LANES) \
            return FN(of##_columns_of)(grad, pitch, y, y_pitch, out, out_pitch, n, FASTACT_LANES __VA_ARGS__); \
        return FN(of##_columns_of)(grad, pitch, y, y_pitch, out, out_pitch, n, width __VA_ARGS__); \
    }
#define MORE(sign) , K(sign)
VALUE_COLUMNS(softmax, softmax, MORE(1))
VALUE_COLUMNS(softmin, softmax, MORE(-1))
VALUE_COLUMNS(log_softmax, log_softmax, )
VALUE_COLUMNS(logsumexp, logsumexp, )
GRADIENT_COLUMNS(softmax_backward_from_output, softmax_backward_from_output, MORE(1))
GRADIENT_COLUMNS(softmin_backward_from_output, softmax_backward_from_output, MORE(-1))
GRADIENT_COLUMNS(log_softmax_backward_from_output, log_softmax_backward_from_output, )
#undef MORE
#undef VALUE_COLUMNS
#undef GRADIENT_COLUMNS

#undef DOWN_BY_TWO
