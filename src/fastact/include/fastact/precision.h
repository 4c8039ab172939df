/*
 * One precision's types, names and constants: float after `#define FASTACT_PRECISION 32`, double after 64.
 *
 * activations.h includes this file and the formulas once for each precision, so that a formula is written once. There
 * is no include guard: every inclusion replaces the definitions of the one before. The constants between the markers
 * are printed by tools/coefficients.py, which says what they approximate and how well; a test compares.
 */
#undef FASTACT_REAL
#undef FASTACT_BITS
#undef FASTACT_NAME
#undef FASTACT_K
#undef FASTACT_MANTISSA_BITS
#undef FASTACT_EXPONENT_BIAS
#undef FASTACT_ROUNDER
#undef FASTACT_SCALE
#undef FASTACT_UNSCALE
#undef FASTACT_UNSCALE_ROOT
#undef FASTACT_LARGEST
#undef FASTACT_EXP_END
#undef FASTACT_LOG2E
#undef FASTACT_LN2_HI
#undef FASTACT_LN2_LO
#undef FASTACT_DENSITY_HI
#undef FASTACT_DENSITY_LO
#undef FASTACT_MILLS_SHIFT
#undef FASTACT_MILLS_CENTRE
#undef FASTACT_MILLS_END
#undef FASTACT_MILLS_SLOPE
#undef FASTACT_EXP_POLYNOMIAL
#undef FASTACT_LOG1P_POLYNOMIAL
#undef FASTACT_MILLS_C0
#undef FASTACT_MILLS_C0_LO
#undef FASTACT_MILLS_C1
#undef FASTACT_MILLS_C1_LO
#undef FASTACT_MILLS_POLYNOMIAL

#if FASTACT_PRECISION == 32

#define FASTACT_REAL float
#define FASTACT_BITS int32_t
#define FASTACT_NAME(name) fastact_##name##_f32
/* A constant that is exact in both precisions, in this one: a bare 0.5 would turn float arithmetic into double. */
#define FASTACT_K(constant) ((float)(constant))
#define FASTACT_MANTISSA_BITS 23
#define FASTACT_EXPONENT_BIAS 127
/* Adding it rounds to an integer, to nearest, ties to even, which then stands in the low bits. */
#define FASTACT_ROUNDER 0x1.8p23f
/* Powers of two are kept times 2^FASTACT_SCALE, so that results below the normal range are rounded once, at the end. */
#define FASTACT_SCALE 64
#define FASTACT_UNSCALE 0x1p-64f
#define FASTACT_UNSCALE_ROOT 0x1p-32f
#define FASTACT_LARGEST 0x1.fffffep127f
/* 4 exp(-FASTACT_EXP_END) rounds to zero. */
#define FASTACT_EXP_END 106.0f
/* coefficients: begin */
#define FASTACT_LOG2E 0x1.715476p+0f
#define FASTACT_LN2_HI 0x1.62e4p-1f
#define FASTACT_LN2_LO 0x1.7f7d1cp-20f
#define FASTACT_DENSITY_HI 0x1.988454p-2f
#define FASTACT_DENSITY_LO -0x1.857936p-27f
#define FASTACT_MILLS_SHIFT 0x1p+2f
#define FASTACT_MILLS_CENTRE 0x1p-4f
#define FASTACT_MILLS_END 0x1.ep+3f
#define FASTACT_MILLS_SLOPE 0x1.18p+3f
#define FASTACT_EXP_POLYNOMIAL(FIRST, STEP) FIRST(0x1.6db49ap-10f) STEP(0x1.123bb8p-7f) STEP(0x1.55545ep-5f) \
    STEP(0x1.55548ep-3f) STEP(0x1p-1f)
#define FASTACT_LOG1P_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.41fd1ap-4f) STEP(0x1.07cdccp-3f) STEP(-0x1.0cdcp-3f) \
    STEP(0x1.226e92p-3f) STEP(-0x1.547914p-3f) STEP(0x1.99a596p-3f) STEP(-0x1.00021ep-2f) STEP(0x1.55554ap-2f)
#define FASTACT_MILLS_C0 0x1.0e7dcep-1f
#define FASTACT_MILLS_C0_LO -0x1.ce9cdap-26f
#define FASTACT_MILLS_C1 0x1.5547f6p+1f
#define FASTACT_MILLS_C1_LO 0x1.9e3e3ep-24f
#define FASTACT_MILLS_POLYNOMIAL(FIRST, STEP) FIRST(0x1.196ddep+14f) STEP(-0x1.c2124p+12f) STEP(-0x1.15af74p+11f) \
    STEP(0x1.d5f784p+8f) STEP(0x1.3c5d38p+8f) STEP(0x1.230b04p+7f) STEP(0x1.6f951ap+5f) STEP(0x1.7d99f2p+3f)
/* coefficients: end */

#elif FASTACT_PRECISION == 64

#define FASTACT_REAL double
#define FASTACT_BITS int64_t
#define FASTACT_NAME(name) fastact_##name##_f64
/* A constant that is exact in both precisions, in this one: a bare 0.5 would turn float arithmetic into double. */
#define FASTACT_K(constant) ((double)(constant))
#define FASTACT_MANTISSA_BITS 52
#define FASTACT_EXPONENT_BIAS 1023
/* Adding it rounds to an integer, to nearest, ties to even, which then stands in the low bits. */
#define FASTACT_ROUNDER 0x1.8p52
/* Powers of two are kept times 2^FASTACT_SCALE, so that results below the normal range are rounded once, at the end. */
#define FASTACT_SCALE 128
#define FASTACT_UNSCALE 0x1p-128
#define FASTACT_UNSCALE_ROOT 0x1p-64
#define FASTACT_LARGEST 0x1.fffffffffffffp1023
/* 4 exp(-FASTACT_EXP_END) rounds to zero. */
#define FASTACT_EXP_END 748.0
/* coefficients: begin */
#define FASTACT_LOG2E 0x1.71547652b82fep+0
#define FASTACT_LN2_HI 0x1.62e42fefa38p-1
#define FASTACT_LN2_LO 0x1.ef35793c7673p-45
#define FASTACT_DENSITY_HI 0x1.9884533d43651p-2
#define FASTACT_DENSITY_LO -0x1.cbc0d30ebfd15p-56
#define FASTACT_MILLS_SHIFT 0x1.4p+2
#define FASTACT_MILLS_CENTRE 0x1p-5
#define FASTACT_MILLS_END 0x1.38p+5
#define FASTACT_MILLS_SLOPE 0x1.dep+3
#define FASTACT_EXP_POLYNOMIAL(FIRST, STEP) FIRST(0x1.af85c4ab17b12p-26) STEP(0x1.28b05b2bf1b26p-22) \
    STEP(0x1.71dddfabdcaccp-19) STEP(0x1.a019968ee4617p-16) STEP(0x1.a01a01baecbcbp-13) STEP(0x1.6c16c185a1bp-10) \
    STEP(0x1.111111110d62ap-7) STEP(0x1.555555555007dp-5) STEP(0x1.5555555555561p-3) STEP(0x1.000000000000bp-1)
#define FASTACT_LOG1P_POLYNOMIAL(FIRST, STEP) FIRST(0x1.b928a3712f52fp-6) STEP(-0x1.f17ba92064a2bp-5) \
    STEP(0x1.0a80abdc8ecaap-4) STEP(-0x1.ce74ebcbae6dp-5) STEP(0x1.cfb10e44baa5ep-5) STEP(-0x1.fc04823b0425ep-5) \
    STEP(0x1.11ded2eeecf55p-4) STEP(-0x1.24d3a202f0a0ap-4) STEP(0x1.3b09c807f8325p-4) STEP(-0x1.5551141c84047p-4) \
    STEP(0x1.745d57c15e47fp-4) STEP(-0x1.9999c1a980492p-4) STEP(0x1.c71c711922c76p-4) STEP(-0x1.ffffff2d6941cp-4) \
    STEP(0x1.249249245cfbep-3) STEP(-0x1.555555566b7c1p-3) STEP(0x1.999999999bd01p-3) STEP(-0x1.fffffffffef0bp-3) \
    STEP(0x1.5555555555547p-2)
#define FASTACT_MILLS_C0 0x1.e381b93c28211p-2
#define FASTACT_MILLS_C0_LO -0x1.994129bdb3a9bp-56
#define FASTACT_MILLS_C1 0x1.5fe84327f1f72p+1
#define FASTACT_MILLS_C1_LO 0x1.94da0174e75edp-55
#define FASTACT_MILLS_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.d4e7505a566dap+40) STEP(0x1.a6195f92c3d09p+41) \
    STEP(-0x1.4fc9993b96075p+41) STEP(0x1.328f54e821517p+40) STEP(-0x1.5e7b986f2232ap+38) \
    STEP(0x1.076fd4495df62p+36) STEP(-0x1.213bd44553dfep+33) STEP(0x1.108a1ad9ad8b6p+30) \
    STEP(-0x1.36f8bd3e13e72p+26) STEP(0x1.4af8f78bb14b4p+19) STEP(-0x1.eb25240bc70f3p+20) \
    STEP(-0x1.e9b8a29d14059p+17) STEP(0x1.8ffee69a2dc0cp+15) STEP(0x1.7bc92159e47b9p+15) \
    STEP(0x1.3645717641afdp+14) STEP(0x1.7e2283b09b3ecp+12) STEP(0x1.8e2dbbe8c8d9ep+10) STEP(0x1.702fdbac366eep+8) \
    STEP(0x1.35fe8aaefb64p+6) STEP(0x1.e2f6644aa407fp+3)
/* coefficients: end */

#else
#error "define FASTACT_PRECISION as 32 or 64 before including <fastact/precision.h>"
#endif
