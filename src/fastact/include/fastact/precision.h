/*
 * One precision's types, names and constants: float after `#define FASTACT_PRECISION 32`, double after 64.
 *
 * activations.h includes this file and the formulas once for each precision, so that a formula is written once
 * (vectors.h, which needs the constants of float, includes it once more). There is no include guard: every inclusion
 * replaces the definitions of the one before. The lines between the markers are written by
 * `tools/coefficients.py --write`, which says what they approximate and how well; a test compares.
 */
#undef FASTACT_REAL
#undef FASTACT_BITS
#undef FASTACT_UNSIGNED
#undef FASTACT_NAME
#undef FASTACT_K
#undef FASTACT_MANTISSA_BITS
#undef FASTACT_ROUNDER
#undef FASTACT_ROUNDER_DOWN
#undef FASTACT_SIXTEENTHS_ROUNDER
#undef FASTACT_SIXTEENTHS_ROUNDER_DOWN
#undef FASTACT_EIGHTHS_ROUNDER
#undef FASTACT_EIGHTHS_ROUNDER_DOWN
#undef FASTACT_LOGISTIC_END
#undef FASTACT_SCALE
#undef FASTACT_UNSCALE
#undef FASTACT_LARGEST
#undef FASTACT_EXP_END
#undef FASTACT_EXP_FAR
#undef FASTACT_EXP_MOST
#undef FASTACT_SOFTPLUS_SCALE
#undef FASTACT_SQUARE_END
#undef FASTACT_SQUARE_SCALE
#undef FASTACT_TAIL_END
#undef FASTACT_TANH_FAR
#undef FASTACT_ROOT_FAR
#undef FASTACT_POWER_END
#undef FASTACT_RATIO_END
#undef FASTACT_GAUSSIAN_END
#undef FASTACT_GELU_TANH_END
#undef FASTACT_GELU_TANH_LEAST
#undef FASTACT_GELU_TANH_MOST
#undef FASTACT_MISH_END
#undef FASTACT_GATE_SCALE
/* coefficients: begin */
#undef FASTACT_ARCTAN_TABLE
#undef FASTACT_DECAY_EXP
#undef FASTACT_ERFC_CENTRE
#undef FASTACT_ERFC_SHIFT
#undef FASTACT_ERF_END
#undef FASTACT_ERF_SLOPE_EXP
#undef FASTACT_ERF_SMALL
#undef FASTACT_ERF_STEP
#undef FASTACT_ERF_TABLE
#undef FASTACT_ERF_TABLE_END
#undef FASTACT_EXPM1_END
#undef FASTACT_EXPM1_EXP
#undef FASTACT_EXPM1_TABLE
#undef FASTACT_EXPONENTIAL_EXP
#undef FASTACT_EXP_COMPLEMENT_END
#undef FASTACT_EXP_COMPLEMENT_SCALE
#undef FASTACT_EXP_COMPLEMENT_TABLE
#undef FASTACT_EXP_EVEN_POLYNOMIAL
#undef FASTACT_EXP_ODD_POLYNOMIAL
#undef FASTACT_EXP_POLYNOMIAL
#undef FASTACT_EXP_TABLE
#undef FASTACT_GAUSS_POLYNOMIAL
#undef FASTACT_GELU_DERIVATIVE_END
#undef FASTACT_GELU_DERIVATIVE_FAR
#undef FASTACT_GELU_DERIVATIVE_SCALE
#undef FASTACT_GELU_DERIVATIVE_TABLE
#undef FASTACT_GELU_END
#undef FASTACT_GELU_ROOT_HI
#undef FASTACT_GELU_ROOT_LO
#undef FASTACT_GELU_TABLE
#undef FASTACT_GELU_TANH_CUBE
#undef FASTACT_GELU_TANH_CUBE_LO
#undef FASTACT_GELU_TANH_DERIVATIVE_END
#undef FASTACT_GELU_TANH_DERIVATIVE_FAR
#undef FASTACT_GELU_TANH_DERIVATIVE_SCALE
#undef FASTACT_GELU_TANH_DERIVATIVE_TABLE
#undef FASTACT_GELU_TANH_EXP
#undef FASTACT_GELU_TANH_TAIL_CUBE
#undef FASTACT_GELU_TANH_TAIL_LINE
#undef FASTACT_GROWTH_EXP
#undef FASTACT_HALF_PI_HI
#undef FASTACT_HALF_PI_LO
#undef FASTACT_INVERSE_PI
#undef FASTACT_LN2_HI
#undef FASTACT_LN2_LO
#undef FASTACT_LOG1P_POLYNOMIAL
#undef FASTACT_LOG2E
#undef FASTACT_MAPPED_CENTRE
#undef FASTACT_MAPPED_END
#undef FASTACT_MAPPED_SHIFT
#undef FASTACT_MILLS_BEND
#undef FASTACT_MILLS_C0
#undef FASTACT_MILLS_C0_LO
#undef FASTACT_MILLS_C1
#undef FASTACT_MILLS_C1_LO
#undef FASTACT_MILLS_C2
#undef FASTACT_MILLS_C2_LO
#undef FASTACT_MILLS_POLYNOMIAL
#undef FASTACT_MILLS_SLOPE
#undef FASTACT_NEAR_END
#undef FASTACT_OCTAVES_FIRST_END
#undef FASTACT_ONE_OVER_PI
#undef FASTACT_ONE_OVER_ROOT_TWO_PI_HI
#undef FASTACT_ONE_OVER_ROOT_TWO_PI_LO
#undef FASTACT_PI_1
#undef FASTACT_PI_2
#undef FASTACT_PI_3
#undef FASTACT_PI_HI
#undef FASTACT_PI_LO
#undef FASTACT_PI_OF_HALF_1
#undef FASTACT_PI_OF_HALF_2
#undef FASTACT_QUARTERS_FIRST_END
#undef FASTACT_QUARTER_PI_HI
#undef FASTACT_QUARTER_PI_LO
#undef FASTACT_QUICK_GELU_ABOVE
#undef FASTACT_QUICK_GELU_DERIVATIVE_FAR
#undef FASTACT_QUICK_GELU_DERIVATIVE_SCALE
#undef FASTACT_QUICK_GELU_DERIVATIVE_TABLE
#undef FASTACT_QUICK_GELU_EXP
#undef FASTACT_QUICK_GELU_LN2_HI
#undef FASTACT_QUICK_GELU_LN2_LO
#undef FASTACT_QUICK_GELU_LOG2E
#undef FASTACT_QUICK_GELU_POLYNOMIAL
#undef FASTACT_RATIONAL_END
#undef FASTACT_SELU_TABLE
#undef FASTACT_SILU_DERIVATIVE_FAR
#undef FASTACT_SILU_DERIVATIVE_SCALE
#undef FASTACT_SILU_DERIVATIVE_TABLE
#undef FASTACT_SINE_OF_HALF_POLYNOMIAL
#undef FASTACT_SINE_SQUARE_BEND
#undef FASTACT_SINE_SQUARE_C0
#undef FASTACT_SINE_SQUARE_C0_LO
#undef FASTACT_SINE_SQUARE_C1
#undef FASTACT_SINE_SQUARE_C1_LO
#undef FASTACT_SINE_SQUARE_C2
#undef FASTACT_SINE_SQUARE_C2_LO
#undef FASTACT_SINE_SQUARE_POLYNOMIAL
#undef FASTACT_SOFTCAP_END
#undef FASTACT_SOFTCAP_EXP
#undef FASTACT_SOFTCAP_TABLE
#undef FASTACT_SOFTPLUS_END
#undef FASTACT_SOFTPLUS_FAR_POLYNOMIAL
#undef FASTACT_SOFTPLUS_NEAR_POLYNOMIAL
#undef FASTACT_SOFTPLUS_TAIL_FAR
#undef FASTACT_SOFTPLUS_TAIL_SCALE
#undef FASTACT_SOFTPLUS_TAIL_TABLE
#undef FASTACT_TAIL_SLOPE_ABOVE
#undef FASTACT_TAIL_SLOPE_BELOW
#undef FASTACT_TAIL_SLOPE_C0
#undef FASTACT_TAIL_SLOPE_C0_LO
#undef FASTACT_TAIL_SLOPE_POLYNOMIAL
#undef FASTACT_TAIL_SLOPE_SLOPE
#undef FASTACT_TANH_END
#undef FASTACT_TANH_POLYNOMIAL
#undef FASTACT_TANH_SHRINK_CHAINS
#undef FASTACT_TANH_SHRINK_END
#undef FASTACT_TANH_SHRINK_FAR
#undef FASTACT_TANH_SHRINK_FIRST_CENTRE
#undef FASTACT_TANH_SHRINK_FIRST_FACTOR
#undef FASTACT_TANH_SHRINK_FIRST_LO
#undef FASTACT_TANH_SHRINK_FIRST_ROOT
#undef FASTACT_TANH_SHRINK_INVERSE
#undef FASTACT_TANH_SHRINK_POLE
#undef FASTACT_TANH_SHRINK_SCALE
#undef FASTACT_TANH_SHRINK_SECOND
#undef FASTACT_TANH_SHRINK_SECOND_CENTRE
#undef FASTACT_TANH_SHRINK_SECOND_FACTOR
#undef FASTACT_TANH_SHRINK_SECOND_ROOT
#undef FASTACT_TANH_SHRINK_STEP
#undef FASTACT_TANH_SHRINK_TABLE
#undef FASTACT_TANH_SQUARE_CENTRE
#undef FASTACT_TANH_SQUARE_CHAINS
#undef FASTACT_TANH_TABLE
#undef FASTACT_TWO_OVER_ROOT_PI_HI
#undef FASTACT_TWO_OVER_ROOT_PI_LO
#undef FASTACT_WIDE_ARCTAN_EVEN_POLYNOMIAL
#undef FASTACT_WIDE_ARCTAN_ODD_POLYNOMIAL
#undef FASTACT_WIDE_ERFC_POLYNOMIAL
#undef FASTACT_WIDE_ERF_C0
#undef FASTACT_WIDE_ERF_C0_LO
#undef FASTACT_WIDE_ERF_C1
#undef FASTACT_WIDE_ERF_C1_LO
#undef FASTACT_WIDE_ERF_POLYNOMIAL
#undef FASTACT_WIDE_EXP_POLYNOMIAL
#undef FASTACT_WIDE_GELU_TANH_CUBE_HI
#undef FASTACT_WIDE_GELU_TANH_CUBE_LO
#undef FASTACT_WIDE_GELU_TANH_SLOPE_HI
#undef FASTACT_WIDE_GELU_TANH_SLOPE_LO
#undef FASTACT_WIDE_LN2_HI
#undef FASTACT_WIDE_LN2_LO
#undef FASTACT_WIDE_LOG1P_POLYNOMIAL
#undef FASTACT_WIDE_QUARTER_COSINE_C0
#undef FASTACT_WIDE_QUARTER_COSINE_C0_LO
#undef FASTACT_WIDE_QUARTER_COSINE_POLYNOMIAL
#undef FASTACT_WIDE_QUARTER_SINE_C0
#undef FASTACT_WIDE_QUARTER_SINE_C0_LO
#undef FASTACT_WIDE_QUARTER_SINE_C1
#undef FASTACT_WIDE_QUARTER_SINE_C1_LO
#undef FASTACT_WIDE_QUARTER_SINE_POLYNOMIAL
#undef FASTACT_WIDE_QUICK_GELU_HI
#undef FASTACT_WIDE_QUICK_GELU_LO
#undef FASTACT_WIDE_SELU_SCALE_ALPHA_HI
#undef FASTACT_WIDE_SELU_SCALE_ALPHA_LO
#undef FASTACT_WIDE_SELU_SCALE_HI
#undef FASTACT_WIDE_SELU_SCALE_LO
#undef FASTACT_WIDE_SHORT_SINE_POLYNOMIAL
#undef FASTACT_WIDE_SILU_ROOT_HI
#undef FASTACT_WIDE_SILU_ROOT_LO
#undef FASTACT_WIDE_SINE_C0
#undef FASTACT_WIDE_SINE_C0_LO
#undef FASTACT_WIDE_SINE_C1
#undef FASTACT_WIDE_SINE_C1_LO
#undef FASTACT_WIDE_SINE_C2
#undef FASTACT_WIDE_SINE_C2_LO
#undef FASTACT_WIDE_SINE_POLYNOMIAL
#undef FASTACT_WIDE_TANH_SHRINK_EVEN_POLYNOMIAL
#undef FASTACT_WIDE_TANH_SHRINK_ODD_POLYNOMIAL
#undef FASTACT_WIDE_THIRD_HI
#undef FASTACT_WIDE_THIRD_LO
/* coefficients: end */

#if FASTACT_PRECISION == 32

#define FASTACT_REAL float
#define FASTACT_BITS int32_t
#define FASTACT_UNSIGNED uint32_t
#define FASTACT_NAME(name) fastact_##name##_f32
/* A constant that is exact in both precisions, in this one: a bare 0.5 would turn float arithmetic into double. */
#define FASTACT_K(constant) ((float)(constant))
#define FASTACT_MANTISSA_BITS 23
/* Powers of two are kept times 2^FASTACT_SCALE, so that results below the normal range are rounded once, at the end. */
#define FASTACT_SCALE 64
/* Adding it rounds to an integer k, to nearest, ties to even; k + bias + scale then stands in the low bits. */
#define FASTACT_ROUNDER (0x1.8p23f + 191)
/* The same with k + bias - scale. */
#define FASTACT_ROUNDER_DOWN (0x1.8p23f + 63)
/* Of sixteenths: n + 16 scale and n - 16 scale stand in the low bits; the table has the bias. */
#define FASTACT_SIXTEENTHS_ROUNDER (0x1.8p23f + 16 * FASTACT_SCALE)
#define FASTACT_SIXTEENTHS_ROUNDER_DOWN (0x1.8p23f - 16 * FASTACT_SCALE)
#define FASTACT_UNSCALE 0x1p-64f
#define FASTACT_LARGEST 0x1.fffffep127f
/* 4 exp(-FASTACT_EXP_END) rounds to zero. */
#define FASTACT_EXP_END 106.0f
/* z^2 exp(-z) rounds to zero beyond. */
#define FASTACT_TAIL_END 120.0f
/* Every number times exp(-FASTACT_POWER_END) rounds to zero, and times exp(FASTACT_POWER_END) overflows. */
#define FASTACT_POWER_END 300.0f
/* Quotients are held at it: their squares overflow, but not what wide arithmetic makes of them. */
#define FASTACT_RATIO_END 0x1p200
#define FASTACT_SOFTPLUS_SCALE 1.0f
/* exp(-x^2), and the logistic function at gelu_tanh's argument, times x^5: zero beyond. */
#define FASTACT_GAUSSIAN_END 11.0f
#define FASTACT_GELU_TANH_END 12.0f
/* gelu_tanh is -0 below and x above, and exp(-z) times 2^-FASTACT_SCALE is in the normal range between. */
#define FASTACT_GELU_TANH_LEAST -11.0f
#define FASTACT_GELU_TANH_MOST 7.25f
/* mish is x beyond and its slope 1, and exp(5 x) times 2^FASTACT_SCALE is finite. */
#define FASTACT_MISH_END 10.5f
/* log1p(exp(-z)) is exp(-z) beyond, to all digits, and exp(-z) is in the normal range before. */
#define FASTACT_EXP_FAR 70.0f
/* exp of it is finite, and of the next number not. */
#define FASTACT_EXP_MOST 0x1.62e42ep6f
/* 1 / x^2 rounds to zero; times this scale neither its square nor that of 1 leaves the range. */
#define FASTACT_SQUARE_END 0x1p76f
#define FASTACT_SQUARE_SCALE 0x1p-16f
/* 1 / (1 + exp(-FASTACT_LOGISTIC_END)) rounds to one. */
#define FASTACT_LOGISTIC_END 40.0f
/* What a quotient of a subnormal number times this leaves over still has digits. */
#define FASTACT_GATE_SCALE 0x1p32f
/* coefficients: begin */
#define FASTACT_LOG2E 0x1.715476p+0f
#define FASTACT_LN2_HI 0x1.62e4p-1f
#define FASTACT_LN2_LO 0x1.7f7d1cp-20f
#define FASTACT_WIDE_THIRD_HI 0x1.5555555555555p-2
#define FASTACT_WIDE_THIRD_LO 0x1.5555555555555p-56
#define FASTACT_WIDE_LN2_HI 0x1.62e42fefa39efp-1
#define FASTACT_WIDE_LN2_LO 0x1.abc9e3b39803fp-56
#define FASTACT_WIDE_SELU_SCALE_HI 0x1.0cfabd6a91132p+0
#define FASTACT_WIDE_SELU_SCALE_LO 0x1.6fc7d272f2695p-55
#define FASTACT_WIDE_SELU_SCALE_ALPHA_HI 0x1.c212cc640f031p+0
#define FASTACT_WIDE_SELU_SCALE_ALPHA_LO 0x1.05161b045a1fep-56
#define FASTACT_WIDE_SILU_ROOT_HI 0x1.474973c84120bp+0
#define FASTACT_WIDE_SILU_ROOT_LO 0x1.f8d74bc9ac154p-54
#define FASTACT_WIDE_QUICK_GELU_HI 0x1.b3b645a1cac08p+0
#define FASTACT_WIDE_QUICK_GELU_LO 0x1.89374bc6a7efap-55
#define FASTACT_WIDE_GELU_TANH_SLOPE_HI 0x1.9884533d43651p+0
#define FASTACT_WIDE_GELU_TANH_SLOPE_LO -0x1.cbc0d30ebfd15p-54
#define FASTACT_WIDE_GELU_TANH_CUBE_HI 0x1.2444f2a4d8b4bp-4
#define FASTACT_WIDE_GELU_TANH_CUBE_LO -0x1.6c843a29d1c7p-61
#define FASTACT_GELU_ROOT_HI 0x1.80ead2p-1f
#define FASTACT_GELU_ROOT_LO -0x1.a03fd4p-27f
#define FASTACT_QUICK_GELU_ABOVE 0x1.b4p+0f
#define FASTACT_NEAR_END 0x1p+22f
#define FASTACT_PI_1 0x1.921fb54p+1
#define FASTACT_PI_2 0x1.10b4611a62633p-29
#define FASTACT_HALF_PI_HI 0x1.921fb6p+0f
#define FASTACT_HALF_PI_LO -0x1.777a5cp-25f
#define FASTACT_PI_OF_HALF_1 0x1.921fb4p+1f
#define FASTACT_PI_OF_HALF_2 0x1.4442d2p-23f
#define FASTACT_ONE_OVER_PI 0x1.45f306dc9c883p-2
#define FASTACT_PI_HI 0x1.921fb54442d18p+1
#define FASTACT_PI_LO 0x1.1a62633145c07p-53
#define FASTACT_QUARTER_PI_HI 0x1.921fb54442d18p-1
#define FASTACT_QUARTER_PI_LO 0x1.1a62633145c07p-55
#define FASTACT_TWO_OVER_ROOT_PI_HI 0x1.20dd750429b6dp+0
#define FASTACT_TWO_OVER_ROOT_PI_LO 0x1.1ae3a914fed8p-56
#define FASTACT_ONE_OVER_ROOT_TWO_PI_HI 0x1.9884533d43651p-2
#define FASTACT_ONE_OVER_ROOT_TWO_PI_LO -0x1.cbc0d30ebfd15p-56
#define FASTACT_EXP_TABLE {{0x1.ffb73ep-1f, 0x1.fb2f8ap-1f, 0x1.f703d8p-1f, 0x1.f35e3ap-1f, 0x1.f0449ep-1f, \
    0x1.edbd38p-1f, 0x1.ebce8p-1f, 0x1.ea7f3ap-1f, 0x1.e9d674p-1f, 0x1.e9db8ep-1f, 0x1.ea963ap-1f, 0x1.ec0e82p-1f, \
    0x1.ee4cccp-1f, 0x1.f159dap-1f, 0x1.f53ed6p-1f, 0x1.fa054ep-1f}}
#define FASTACT_EXPONENTIAL_EXP 0x1.71548ep+4f, 0x1.63p-5f, -0x1.bd0106p-17f, 0x1.5588f2p-3f, 0x1.0026f8p-1f, \
    0x1.002466p+0f, 0x1.232ef6p-11f
#define FASTACT_GROWTH_EXP 0x1.715476p+4f, 0x1.63p-5f, -0x1.bd0106p-17f, 0x1.5588f2p-3f, 0x1.0026f8p-1f, \
    0x1.002466p+0f, 0x1.232ef6p-11f
#define FASTACT_DECAY_EXP -0x1.715476p+4f, -0x1.63p-5f, 0x1.bd0106p-17f, -0x1.5588f2p-3f, 0x1.0026f8p-1f, \
    -0x1.002466p+0f, 0x1.232ef6p-11f
#define FASTACT_QUICK_GELU_EXP -0x1.3a4cbep+5f, -0x1.a1p-6f, -0x1.d4ed0ep-20f, -0x1.a4f8fcp-1f, 0x1.7302eap+0f, \
    -0x1.b3f438p+0f, 0x1.232ef6p-11f
#define FASTACT_GELU_TANH_EXP -0x1.26aec2p+5f, -0x1.bccp-6f, -0x1.4a94fcp-19f, -0x1.5af6f8p-1f, 0x1.4624a4p+0f, \
    -0x1.98be68p+0f, 0x1.232ef6p-11f
#define FASTACT_SOFTCAP_EXP -0x1.89f3b2p+0f, -0x1.4ccp-1f, 0x1.4261eap-14f, -0x1.9e7f36p-15f, 0x1.2371bep-9f, \
    -0x1.1137e4p-4f, 0x1.232ef6p-11f
#define FASTACT_ERF_SLOPE_EXP -0x1.715476p+4f, -0x1.63p-5f, 0x1.bd0106p-17f, -0x1.5588f2p-3f, 0x1.0026f6p-1f, \
    -0x1.002466p+0f, 0x1.2327fcp-11f
#define FASTACT_GELU_TANH_CUBE 0x1.6e4e26p-5f
#define FASTACT_GELU_TANH_CUBE_LO 0x1.a9003ep-30f
#define FASTACT_INVERSE_PI {0x0u, 0x0u, 0x517cc1b727220a94u, 0xfe13abe8fa9a6ee0u, 0x6db14acc9e21c820u, \
    0xff28b1d5ef5de2b0u, 0xdb92371d2126e970u, 0x324977504e8c90eu, 0x7f0ef58e5894d39fu, 0x74411afa975da242u, \
    0x74ce38135a2fbf20u, 0x9cc8eb1cc1a99cfau, 0x4e422fc5defc941du, 0x8ffc4bffef02cc07u, 0xf79788c5ad05368fu, \
    0xb69b3f6793e584dbu, 0xa7a31fb34f2ff516u, 0xba93dd63f5f2f8bdu, 0x9e839cfbc5294975u, 0x35fdafd88fc6ae84u, \
    0x2b0198237e3db5d5u, 0xf867de104d7a1b0eu, 0xd4f1c8b0af730d84u, 0x32ccc2af8a503420u, 0x46ffec4026b99398u, \
    0x83030aab6539d464u, 0xb0713de04635a3e2u, 0xce1b3e6ee740495u, 0x41ace23b45cb0e53u, 0x6ed7a268ab8c829fu, \
    0x52ff83829fbf19f4u, 0x19616f27cc193eddu, 0xe19e9377b58f2f7cu, 0x4f9d0f9ae5793f8eu, 0xc3f890c83e3e1235u, \
    0x7d376abb9698219du, 0x8ae30a5ace8ce1e1u}
#define FASTACT_RATIONAL_END 0x1.ep+3f
#define FASTACT_GAUSS_POLYNOMIAL(FIRST, STEP) FIRST(0x1.6db49ap-16f) STEP(-0x1.123bb8p-12f) STEP(0x1.55545ep-9f) \
    STEP(-0x1.55548ep-6f) STEP(0x1p-3f)
#define FASTACT_QUICK_GELU_LOG2E 0x1.3a4cbep+1f
#define FASTACT_QUICK_GELU_LN2_HI 0x1.a108p-2f
#define FASTACT_QUICK_GELU_LN2_LO -0x1.58979p-19f
#define FASTACT_QUICK_GELU_POLYNOMIAL(FIRST, STEP) FIRST(0x1.15cdep-5f) STEP(0x1.e995b6p-4f) STEP(0x1.66084p-2f) \
    STEP(0x1.a4b868p-1f) STEP(0x1.72ca7ap+0f)
#define FASTACT_GELU_TABLE {{0x1.3fbp+0f, 0x1.bfep+0f, 0x1.1ffcp+1f, 0x1.5f9p+1f, 0x1.c28p+1f, 0x1.1fap+2f, \
    0x1.6024p+2f, 0x1.a0dp+2f, 0x1.006cp+3f, 0x1.4074p+3f, 0x1.81bcp+3f, 0x1.b878p+3f, 0x0p+0f, 0x1.7fe8p-2f, \
    0x1.3fep-1f, 0x1.bff8p-1f}, {0x1.4e83c4p-3f, 0x1.97d0e4p-3f, 0x1.c4050cp-3f, 0x1.e015fcp-3f, 0x1.faca2cp-3f, \
    0x1.06bba6p-2f, 0x1.0c2ddcp-2f, 0x1.0f7f5ap-2f, 0x1.126e6p-2f, 0x1.148f3ap-2f, 0x1.15c2f8p-2f, 0x1.1664ep-2f, \
    0x0p+0f, 0x1.1bdd7p-6f, 0x1.3b977p-4f, 0x1.eaa96p-4f}, {0x1.7c0092p-4f, 0x1.bd7dbep-5f, 0x1.15b226p-5f, \
    0x1.6d5d02p-6f, 0x1.9d10e2p-7f, 0x1.c13c3ep-8f, 0x1.079b68p-8f, 0x1.4cd84cp-9f, 0x1.7467dcp-10f, \
    0x1.8955bp-11f, 0x1.cae658p-12f, 0x1.37081cp-12f, 0x0p+0f, 0x1.2238e8p-2f, 0x1.9a6812p-3f, 0x1.28c4bcp-3f}, \
    {-0x1.af89bp-5f, -0x1.be59c8p-6f, -0x1.eea98p-7f, -0x1.23aafep-7f, -0x1.1a03c6p-8f, -0x1.016aa4p-9f, \
    -0x1.01a2ecp-10f, -0x1.1a874ap-11f, -0x1.07877cp-12f, -0x1.c60b36p-14f, -0x1.bcfadp-15f, -0x1.09adc2p-15f, \
    -0x1.988446p-2f, -0x1.a0be7p-3f, -0x1.13093cp-3f, -0x1.73c082p-4f}, {0x1.90b83cp-6f, 0x1.725eap-7f, \
    0x1.70d398p-8f, 0x1.895392p-9f, 0x1.48cb3ap-10f, 0x1.fcdbc8p-12f, 0x1.b57d48p-13f, 0x1.a2caa2p-14f, \
    0x1.473594p-15f, 0x1.cdc32cp-17f, 0x1.7d1e56p-18f, 0x1.917c68p-19f, 0x1.fffa1ep-3f, 0x1.dc479ep-4f, \
    0x1.27d968p-4f, 0x1.78b46ep-5f}, {-0x1.4522e4p-7f, -0x1.0f2b4ep-8f, -0x1.e95a1p-10f, -0x1.daea5p-11f, \
    -0x1.5a752ap-12f, -0x1.ca8202p-14f, -0x1.552ca8p-15f, -0x1.1df042p-16f, -0x1.780fc6p-18f, -0x1.b41be8p-20f, \
    -0x1.300d98p-21f, -0x1.1f20e6p-22f, -0x1.0feb04p-3f, -0x1.d2668ap-5f, -0x1.1254ep-5f, -0x1.4ac008p-6f}, \
    {0x1.e22798p-9f, 0x1.6cf2f8p-10f, 0x1.2b4146p-11f, 0x1.0a9ebcp-12f, 0x1.5ae41p-14f, 0x1.89409ap-16f, \
    0x1.fa0ff4p-18f, 0x1.74952ep-19f, 0x1.a6c942p-21f, 0x1.90e9dap-23f, 0x1.d5a128p-25f, 0x1.81df9p-26f, \
    0x1.f200d4p-5f, 0x1.982a3p-6f, 0x1.c9027ap-7f, 0x1.04056cp-7f}, {-0x1.46512ap-10f, -0x1.bc879p-12f, \
    -0x1.4d5ad6p-13f, -0x1.2bf86p-14f, -0x1.48587p-16f, -0x1.3d6f7ap-18f, -0x1.480a2ep-20f, -0x1.e4b1e4p-22f, \
    -0x1.c6478cp-24f, -0x1.6e7cbap-26f, -0x1.658afcp-28f, 0x1.1947eep-29f, -0x1.485ee4p-6f, -0x1.3f7cdap-7f, \
    -0x1.4e6a16p-8f, -0x1.a01454p-9f}}
#define FASTACT_TANH_TABLE {{0x1.4148p+0f, 0x1.bfb4p+0f, 0x1.1f2p+1f, 0x1.6094p+1f, 0x1.c01p+1f, 0x1.1e84p+2f, \
    0x1.617cp+2f, 0x1.a05cp+2f, 0x1.fe38p+2f, 0x1.2p+3f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.8024p-2f, 0x1.3f2cp-1f, \
    0x1.bf7cp-1f}, {0x1.33096ap-1f, 0x1.61eaaap-1f, 0x1.7498a4p-1f, 0x1.7bde9ap-1f, 0x1.7f116ap-1f, 0x1.7fde2p-1f, \
    0x1.7ffbd4p-1f, 0x1.7fff6cp-1f, 0x1.7ffffap-1f, 0x1.800002p-1f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.bc5288p-4f, \
    0x1.36c328p-2f, 0x1.d0475cp-2f}, {0x1.1cb7p-2f, 0x1.d33168p-4f, 0x1.68db6p-5f, 0x1.074908p-6f, 0x1.dcc32ep-9f, \
    0x1.0f085cp-11f, 0x1.0b80eap-14f, 0x1.2bfe96p-17f, 0x1.ffad86p-22f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, \
    0x1.be347cp-1f, 0x1.632792p-1f, 0x1.02add4p-1f}, {-0x1.e3d568p-3f, -0x1.b7be0ep-4f, -0x1.60d1c4p-5f, \
    -0x1.052914p-6f, -0x1.dbe33p-9f, -0x1.0ef22cp-11f, -0x1.0b8b48p-14f, -0x1.2bcaf8p-17f, -0x1.fb0474p-22f, \
    0x0p+0f, 0x0p+0f, 0x0p+0f, -0x1.343d66p-20f, -0x1.3fe89cp-2f, -0x1.89242p-2f, -0x1.6be88p-2f}, \
    {0x1.baa718p-4f, 0x1.023392p-4f, 0x1.c15b66p-6f, 0x1.5692eap-7f, 0x1.3bcdap-9f, 0x1.68bb72p-12f, \
    0x1.644a04p-15f, 0x1.8f83b6p-18f, 0x1.4f0ccap-22f, 0x0p+0f, 0x0p+0f, 0x0p+0f, -0x1.55445p-2f, -0x1.6d94dap-3f, \
    -0x1.32f3dap-6f, 0x1.4e0ff6p-4f}, {-0x1.ac459ap-7f, -0x1.81bf74p-6f, -0x1.984b2cp-7f, -0x1.4b8418p-8f, \
    -0x1.39a4f4p-10f, -0x1.6930a6p-13f, -0x1.6268f4p-16f, -0x1.95dff8p-19f, -0x1.63597p-23f, 0x0p+0f, 0x0p+0f, \
    0x0p+0f, -0x1.3ba50ep-10f, 0x1.585898p-3f, 0x1.1b56e6p-3f, 0x1.f48128p-5f}, {-0x1.3b3ae6p-6f, 0x1.c66cfep-9f, \
    0x1.069188p-8f, 0x1.f20fb4p-10f, 0x1.00db88p-11f, 0x1.2ba0a4p-14f, 0x1.289a94p-17f, 0x1.4e1bf2p-20f, \
    0x1.3ec082p-24f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.253a3cp-3f, 0x1.34d3a2p-6f, -0x1.b9e292p-5f, -0x1.dfcb58p-5f}, \
    {0x1.ee0b7p-7f, 0x1.123a1cp-9f, -0x1.7535dap-11f, -0x1.16515ap-11f, -0x1.48eb9ap-13f, -0x1.792314p-16f, \
    -0x1.b2092ep-19f, -0x1.49f522p-22f, -0x1.44cd9p-26f, 0x0p+0f, 0x0p+0f, 0x0p+0f, -0x1.30226cp-5f, \
    -0x1.1d7a16p-4f, -0x1.937572p-6f, 0x1.a0c5d4p-7f}}
#define FASTACT_SOFTCAP_TABLE {{0x1.400cp+5f, 0x1.bffcp+5f, 0x1.1f14p+6f, 0x1.5fa4p+6f, 0x1.bfcp+6f, 0x1.1f68p+7f, \
    0x1.5fecp+7f, 0x1.9fe4p+7f, 0x1.02dcp+8f, 0x1.2p+8f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.80bcp+3f, 0x1.3f7p+4f, \
    0x1.bf3p+4f}, {0x1.21a704p+4f, 0x1.4993acp+4f, 0x1.580b2cp+4f, 0x1.5d45cp+4f, 0x1.5f72f8p+4f, 0x1.5fef08p+4f, \
    0x1.5ffe08p+4f, 0x1.5fffc6p+4f, 0x1.6p+4f, 0x1.600002p+4f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.b58458p+1f, \
    0x1.2eba7p+3f, 0x1.be1a88p+3f}, {0x1.f17ac4p-3f, 0x1.75c00ep-4f, 0x1.0d53ccp-5f, 0x1.7358ap-7f, \
    0x1.2cb83ep-9f, 0x1.21b8f6p-12f, 0x1.0de096p-15f, 0x1.fff9bep-19f, 0x1.132254p-23f, 0x0p+0f, 0x0p+0f, 0x0p+0f, \
    0x0p+0f, 0x1.b5d50ep-1f, 0x1.529178p-1f, 0x1.dc4746p-2f}, {-0x1.cdb816p-8f, -0x1.7c0b04p-9f, -0x1.1a853cp-10f, \
    -0x1.89d9f4p-12f, -0x1.40643cp-14f, -0x1.34fb4ep-17f, -0x1.1fea88p-20f, -0x1.10bf4ep-23f, -0x1.2d3774p-28f, \
    0x0p+0f, 0x0p+0f, 0x0p+0f, -0x1.bc3cd4p-25f, -0x1.637feep-7f, -0x1.a45f52p-7f, -0x1.738d4cp-7f}, \
    {0x1.dfcf6ep-14f, 0x1.e9704ap-15f, 0x1.846d42p-16f, 0x1.14deaep-17f, 0x1.c60994p-20f, 0x1.b6ba54p-23f, \
    0x1.98cfdap-26f, 0x1.83cec4p-29f, 0x1.9c220ap-34f, 0x0p+0f, 0x0p+0f, 0x0p+0f, -0x1.8443fap-12f, \
    -0x1.778f12p-13f, 0x1.095c9cp-18f, 0x1.b4df82p-14f}, {-0x1.7c1afp-21f, -0x1.a2cfd4p-21f, -0x1.8257f8p-22f, \
    -0x1.209b72p-23f, -0x1.e26f6p-26f, -0x1.d45bd4p-29f, -0x1.b2739cp-32f, -0x1.a782cep-35f, -0x1.725766p-40f, \
    0x0p+0f, 0x0p+0f, 0x0p+0f, -0x1.c87872p-25f, 0x1.a62f5ep-18f, 0x1.39a86ap-18f, 0x1.bdabb8p-20f}, \
    {-0x1.11422ep-26f, 0x1.79308ep-28f, 0x1.1b8fc6p-28f, 0x1.d9999cp-30f, 0x1.aaa54ep-32f, 0x1.a242cep-35f, \
    0x1.86988cp-38f, 0x1.72483cp-41f, 0x1.b4090ap-46f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.7ebee4p-23f, \
    0x1.65c496p-27f, -0x1.384b18p-24f, -0x1.1ba32ep-24f}, {0x1.18dc6p-31f, 0x1.21a5e8p-35f, -0x1.1015c2p-35f, \
    -0x1.2cdbe6p-36f, -0x1.258bcap-38f, -0x1.20f48cp-41f, -0x1.23b648p-44f, -0x1.59739ap-48f, -0x1.e95ca2p-52f, \
    0x0p+0f, 0x0p+0f, 0x0p+0f, -0x1.bb9852p-30f, -0x1.7dfe58p-29f, -0x1.5b6bdep-31f, 0x1.77d56p-31f}}
#define FASTACT_TANH_SHRINK_TABLE {{0x1.8f9d92p-1f, 0x1.1a4d1ap+0f, 0x1.68ed6ap+0f, 0x1.b945bap+0f, \
    0x1.18f51ap+1f, 0x1.69e96ap+1f, 0x1.b9d5bap+1f, 0x1.048906p+2f, 0x1.414542p+2f, 0x1.919592p+2f, \
    0x1.e0d9e2p+2f, 0x1.2p+3f, 0x1.40e542p-4f, 0x1.dff1e2p-3f, 0x1.91e592p-2f, 0x1.18f91ap-1f}, {-0x1.0ae698p-4f, \
    0x1.9a5baep-1f, 0x1.c66216p-1f, 0x1.e06a18p-1f, 0x1.f374eap-1f, 0x1.fc6d96p-1f, 0x1.fef90cp-1f, \
    0x1.ffb3b4p-1f, 0x1.fff49p-1f, 0x1.ffff12p-1f, 0x1.ffffecp-1f, 0x1p+0f, -0x1.acp-11f, -0x1.d5748p-8f, \
    -0x1.3cc12p-6f, -0x1.2534ap-5f}, {-0x1.125ad6p-3f, 0x1.6e3636p-2f, 0x1.b2ffe8p-3f, 0x1.e9c7e6p-4f, \
    0x1.8c7808p-5f, 0x1.c79cdp-7f, 0x1.06b08ep-8f, 0x1.311954p-10f, 0x1.6e0482p-13f, 0x1.dc0fbcp-17f, \
    0x1.3fd8d8p-20f, 0x0p+0f, -0x1.54981cp-6f, -0x1.e9eb44p-5f, -0x1.7bda1ep-4f, -0x1.dc4106p-4f}, \
    {-0x1.267e6cp-6f, -0x1.2582f4p-2f, -0x1.820c3p-3f, -0x1.cb90c6p-4f, -0x1.82c19p-5f, -0x1.c46f02p-7f, \
    -0x1.0629b8p-8f, -0x1.30eabp-10f, -0x1.6dfb58p-13f, -0x1.dc3fcp-17f, -0x1.3e34dap-20f, 0x0p+0f, \
    -0x1.0d0594p-3f, -0x1.dd2eb8p-4f, -0x1.725606p-4f, -0x1.ead50ap-5f}, {0x1.ae2d3ap-5f, 0x1.c4b1ap-4f, \
    0x1.8b37fp-4f, 0x1.0bf624p-4f, 0x1.ea46dcp-6f, 0x1.2960bcp-7f, 0x1.5c18f8p-9f, 0x1.960718p-11f, \
    0x1.e68d4ap-14f, 0x1.3c7d42p-17f, 0x1.a9dbd4p-21f, 0x0p+0f, 0x1.11a8e2p-6f, 0x1.730d84p-5f, 0x1.fec254p-5f, \
    0x1.0ccb86p-4f}, {-0x1.555202p-6f, 0x1.c7c11p-8f, -0x1.75a496p-6f, -0x1.891bb6p-6f, -0x1.b8d9ap-7f, \
    -0x1.210778p-8f, -0x1.5946dap-10f, -0x1.957fa2p-12f, -0x1.e68d06p-15f, -0x1.3a98fcp-18f, -0x1.cb6c0ep-22f, \
    0x0p+0f, 0x1.aa1c16p-5f, 0x1.348cd6p-5f, 0x1.015edep-6f, -0x1.1f622ep-8f}, {-0x1.b325e4p-8f, -0x1.1adb52p-5f, \
    -0x1.e50bcep-8f, 0x1.a9c7ap-9f, 0x1.12addep-8f, 0x1.b8a422p-10f, 0x1.13d4fcp-11f, 0x1.47a0cep-13f, \
    0x1.a010dcp-16f, 0x1.0ef8d4p-19f, 0x1.668d74p-23f, 0x0p+0f, -0x1.45cd06p-7f, -0x1.96f8c6p-6f, -0x1.ce9c16p-6f, \
    -0x1.693bcp-6f}, {0x1.450fe6p-7f, 0x1.3878aep-6f, 0x1.490ebp-7f, 0x1.562254p-9f, -0x1.55aa18p-11f, \
    -0x1.01807ap-11f, -0x1.64814p-13f, -0x1.9b55ap-15f, -0x1.13a622p-17f, -0x1.7eaff2p-21f, -0x1.519f1p-27f, \
    0x0p+0f, -0x1.8597d8p-6f, -0x1.acf2cep-8f, 0x1.e3341ep-8f, 0x1.b5e0a4p-8f}}
#define FASTACT_ARCTAN_TABLE {{0x0p+0f, 0x1.8258p-4f, 0x1.42dp-3f, 0x1.b854p-3f, 0x1.26ep-2f, 0x1.5b88p-2f, \
    0x1.a0e4p-2f, 0x1.dfep-2f, 0x1.0fcp-1f, 0x1.3298p-1f, 0x1.4aacp-1f, 0x1.6f6cp-1f, 0x1.8dd8p-1f, 0x1.afe4p-1f, \
    0x1.d754p-1f, 0x1.ee24p-1f}, {0x0p+0f, 0x1.81344p-4f, 0x1.402dap-3f, 0x1.b1b9bp-3f, 0x1.1f1b78p-2f, \
    0x1.4f0a6p-2f, 0x1.8be878p-2f, 0x1.c0c11p-2f, 0x1.f3a9f8p-2f, 0x1.143fbp-1f, 0x1.259afp-1f, 0x1.3eb258p-1f, \
    0x1.5237dcp-1f, 0x1.66c608p-1f, 0x1.7cf578p-1f, 0x1.89096p-1f}, {0x1p+0f, 0x1.fb7c2ep-1f, 0x1.f39674p-1f, \
    0x1.e960bp-1f, 0x1.d8cb5cp-1f, 0x1.cb1e16p-1f, 0x1.b7341cp-1f, 0x1.a3ce3cp-1f, 0x1.8f778ap-1f, 0x1.78dd2cp-1f, \
    0x1.694c38p-1f, 0x1.51f554p-1f, 0x1.3f3e76p-1f, 0x1.2b24b8p-1f, 0x1.152412p-1f, 0x1.0915d8p-1f}, \
    {0x1.b0cf1cp-26f, -0x1.7b8ef6p-4f, -0x1.3359aep-3f, -0x1.9246d2p-3f, -0x1.f6e33ap-3f, -0x1.1772cp-2f, \
    -0x1.32c578p-2f, -0x1.429d56p-2f, -0x1.4ad7d4p-2f, -0x1.4c3806p-2f, -0x1.495188p-2f, -0x1.402bd2p-2f, \
    -0x1.355968p-2f, -0x1.26dd38p-2f, -0x1.14319ep-2f, -0x1.08eafap-2f}, {-0x1.555648p-2f, -0x1.438fdap-2f, \
    -0x1.259012p-2f, -0x1.00be8ep-2f, -0x1.93b594p-3f, -0x1.4201fep-3f, -0x1.b1503p-4f, -0x1.00f21p-4f, \
    -0x1.90891ap-6f, 0x1.470b98p-7f, 0x1.e193f8p-6f, 0x1.acb7dap-5f, 0x1.0cdf9ep-4f, 0x1.349a16p-4f, \
    0x1.4dd4acp-4f, 0x1.541138p-4f}, {0x1.43cc9cp-13f, 0x1.6ff772p-4f, 0x1.1d336cp-3f, 0x1.5e1eep-3f, \
    0x1.86cfcep-3f, 0x1.8d7698p-3f, 0x1.7991f8p-3f, 0x1.51a242p-3f, 0x1.223a3cp-3f, 0x1.d42d8p-4f, 0x1.7949cap-4f, \
    0x1.113c8ap-4f, 0x1.84b704p-5f, 0x1.c99afep-6f, 0x1.50ad9p-7f, 0x1.1ff7a8p-8f}, {0x1.9518p-3f, 0x1.aace76p-3f, \
    0x1.964a68p-3f, 0x1.99e8c6p-4f, -0x1.a750d2p-7f, -0x1.b54f8cp-5f, -0x1.674604p-5f, -0x1.3b8e34p-5f, \
    -0x1.14a044p-3f, -0x1.98fe22p-7f, -0x1.620664p-5f, -0x1.1f3094p-3f, -0x1.f106cap-4f, 0x1.3bd4e6p-6f, \
    -0x1.e002eep-5f, -0x1.19893ep-5f}}
#define FASTACT_ERF_TABLE {{0x0p+0f, 0x1.6f18p-2f, 0x1.3724p-1f, 0x1.b7c4p-1f, 0x1.1c1cp+0f, 0x1.59c4p+0f, \
    0x1.9a9p+0f, 0x1.dbe8p+0f, 0x1.0e78p+1f, 0x1.2e08p+1f, 0x1.4d24p+1f, 0x1.6e6p+1f, 0x1.8e18p+1f, 0x1.ae88p+1f, \
    0x1.ccbcp+1f, 0x1.eabp+1f}, {0x0p+0f, 0x1.3a47bcp-3f, 0x1.80864p-2f, 0x1.151082p-1f, 0x1.4c55e8p-1f, \
    0x1.6b444p-1f, 0x1.7c0eaap-1f, 0x1.839daap-1f, 0x1.869048p-1f, 0x1.8791p-1f, 0x1.87e184p-1f, 0x1.87f93ap-1f, \
    0x1.87fe92p-1f, 0x1.87ffbep-1f, 0x1.87fff4p-1f, 0x1.87fffep-1f}, {0x1.06eba8p-3f, 0x1.fc0e5ap-1f, \
    0x1.8f56e6p-1f, 0x1.14445ep-1f, 0x1.512c04p-2f, 0x1.74d77ap-3f, 0x1.610328p-4f, 0x1.23b762p-5f, \
    0x1.a96a1ep-7f, 0x1.1a6722p-8f, 0x1.522ed6p-10f, 0x1.475202p-12f, 0x1.2a0c4cp-14f, 0x1.ce408p-17f, \
    0x1.656f6ap-19f, 0x1.f64efep-22f}, {-0x1.8ea606p-22f, -0x1.6c4416p-2f, -0x1.e55abcp-2f, -0x1.da94cap-2f, \
    -0x1.7631c2p-2f, -0x1.f793c2p-3f, -0x1.1b12e6p-3f, -0x1.0f26cap-4f, -0x1.c1751ep-6f, -0x1.4d2f9ep-7f, \
    -0x1.b8195cp-9f, -0x1.d4614cp-11f, -0x1.cf33b2p-13f, -0x1.86abcep-15f, -0x1.3b3c6ap-17f, -0x1.7cfccep-20f}, \
    {-0x1.8120aap-2f, -0x1.f74b92p-3f, -0x1.16646cp-4f, 0x1.5e4c5ap-4f, 0x1.48ed7ep-3f, 0x1.4928dp-3f, \
    0x1.e7a4ccp-4f, 0x1.1f6ec4p-4f, 0x1.19206cp-5f, 0x1.dd0dc6p-7f, 0x1.619982p-8f, 0x1.a39ccp-10f, \
    0x1.c79098p-12f, 0x1.a17c0ap-14f, 0x1.7a9ae4p-16f, 0x1.2e1534p-18f}, {-0x1.0d6fe2p-11f, 0x1.4d0744p-3f, \
    0x1.6dde4ap-3f, 0x1.e26816p-4f, 0x1.0bfa88p-5f, -0x1.b3cd2ap-6f, -0x1.947196p-5f, -0x1.61985cp-5f, \
    -0x1.bc537p-6f, -0x1.c33638p-7f, -0x1.821e66p-8f, -0x1.074f74p-9f, -0x1.4485dp-11f, -0x1.ff2d56p-14f, \
    -0x1.ffc4e8p-15f, -0x1.5dc1dap-14f}, {0x1.e0a3a6p-4f, 0x1.9c2c64p-5f, -0x1.72d8c8p-6f, -0x1.0dd206p-4f, \
    -0x1.001268p-4f, -0x1.1614cp-5f, -0x1.12ae1cp-8f, 0x1.65b2cp-7f, 0x1.9bbb18p-7f, 0x1.1b509p-7f, \
    0x1.2a61ccp-8f, 0x1.ddca6cp-10f, 0x1.492f1ap-11f, 0x1.52accap-13f, 0x1.35c22p-16f, 0x1.d86524p-19f}, \
    {-0x1.25c54p-6f, -0x1.8dd8a8p-5f, -0x1.5f9442p-5f, -0x1.ae8422p-7f, 0x1.b50d8p-7f, 0x1.7b7f8p-6f, \
    0x1.d98e5ep-7f, 0x1.3c0e02p-8f, -0x1.60d476p-10f, -0x1.e9b718p-9f, -0x1.668996p-9f, -0x1.46c1ecp-11f, \
    0x1.1a9e32p-13f, -0x1.45dce4p-10f, 0x1.b9683cp-11f, 0x1.1c2fbap-8f}}
#define FASTACT_SILU_DERIVATIVE_TABLE {{0x1.d1ac5ep+0f, 0x1.468174p+1f, 0x1.a384bap+1f, 0x1.0078p+2f, \
    0x1.45c174p+2f, 0x1.a2ecbap+2f, 0x1.ffp+2f, 0x1.3017a2p+3f, 0x1.736d18p+3f, 0x1.d1ec5ep+3f, 0x1.0ffdd2p+4f, \
    0x0p+0f, 0x1.74e118p-3f, 0x1.1751d2p-1f, 0x1.d2185ep-1f, 0x1.474974p+0f}, {-0x1.430f64p-4f, -0x1.4470b8p+0f, \
    -0x1.0a39bap+1f, -0x1.711144p+1f, -0x1.022cp+2f, -0x1.61d0d2p+2f, -0x1.beac7ap+2f, -0x1.100cap+3f, \
    -0x1.536b7p+3f, -0x1.b1ec42p+3f, -0x1.fffba2p+3f, 0x1p+0f, 0x1.a34aecp-2f, 0x1.ebe1cap-3f, 0x1.9c5b1ap-4f, \
    -0x1.848b9ep-29f}, {-0x1.52b35ap-4f, -0x1.1c6ee6p+0f, -0x1.1d67a6p+0f, -0x1.15ca6cp+0f, -0x1.0b131ep+0f, \
    -0x1.03b144p+0f, -0x1.012148p+0f, -0x1.004e46p+0f, -0x1.000c0ep+0f, -0x1.0000dp+0f, -0x1.000014p+0f, -0x1p+0f, \
    -0x1.f79568p-2f, -0x1.b92c9ap-2f, -0x1.51bf1cp-2f, -0x1.be141p-3f}, {0x1.96ca8cp-4f, -0x1.d96822p-6f, \
    0x1.e583b8p-7f, 0x1.6f5fdep-6f, 0x1.ef3352p-7f, 0x1.789ad2p-8f, 0x1.e8af84p-10f, 0x1.11e2cep-11f, \
    0x1.5baccep-14f, 0x1.81715ep-18f, 0x1.02c60cp-19f, 0x0p+0f, 0x1.6ec1aep-5f, 0x1.e216cap-4f, 0x1.374138p-3f, \
    0x1.2c5634p-3f}, {-0x1.161b76p-5f, 0x1.13a99ap-5f, 0x1.3053f2p-7f, -0x1.fa1ebcp-12f, -0x1.6d68b8p-9f, \
    -0x1.741f9ap-10f, -0x1.097cc4p-11f, -0x1.384e4p-13f, -0x1.9cde4ap-16f, -0x1.d8376cp-20f, -0x1.bfaad2p-21f, \
    0x0p+0f, 0x1.449ep-4f, 0x1.a11fc8p-5f, 0x1.828f1p-7f, -0x1.353c34p-6f}, {-0x1.1edc68p-16f, -0x1.6f036ep-7f, \
    -0x1.68b85cp-8f, -0x1.b6beb4p-10f, 0x1.b881b8p-14f, 0x1.ddb6aap-13f, 0x1.98dab6p-14f, 0x1.053d0ap-15f, \
    0x1.68e3b8p-18f, 0x1.996434p-22f, -0x1.9d94d2p-21f, 0x0p+0f, -0x1.696192p-7f, -0x1.a50d7ap-6f, -0x1.a2892p-6f, \
    -0x1.f2d274p-7f}, {0x1.ffd43ep-9f, 0x1.3db4a6p-10f, 0x1.7b776p-10f, 0x1.65e16p-11f, 0x1.d99f8cp-14f, \
    -0x1.35bc94p-16f, -0x1.cf413cp-17f, -0x1.677cccp-18f, -0x1.009a9p-20f, -0x1.359abep-24f, 0x1.5496c2p-21f, \
    0x0p+0f, -0x1.712f76p-7f, -0x1.0a4538p-8f, 0x1.d983c4p-9f, 0x1.ae34a8p-8f}, {-0x1.43e59p-10f, 0x1.da6c08p-12f, \
    -0x1.3bb098p-13f, -0x1.2576aep-13f, -0x1.573738p-15f, -0x1.f14606p-20f, 0x1.7e2a2p-20f, 0x1.9af86ap-22f, \
    0x1.212c8ep-23f, 0x1.10ea2ap-26f, -0x1.e7bf12p-24f, 0x0p+0f, 0x1.0a3c9cp-9f, 0x1.0852f4p-8f, 0x1.59fe3ep-9f, \
    0x1.2cfdaap-13f}}
#define FASTACT_QUICK_GELU_DERIVATIVE_TABLE {{0x1.105112p+0f, 0x1.7d6718p+0f, 0x1.edf11ep+0f, 0x1.2cab92p+1f, \
    0x1.7e3718p+1f, 0x1.eae11ep+1f, 0x1.2cf392p+2f, 0x1.633496p+2f, 0x1.b2f41cp+2f, 0x1.113112p+3f, \
    0x1.461e14p+3f, 0x0p+0f, 0x1.b57c1cp-4f, 0x1.473214p-2f, 0x1.111112p-1f, 0x1.80974ap-1f}, {-0x1.4021e2p-4f, \
    -0x1.40262p+0f, -0x1.0b2578p+1f, -0x1.6fc4bcp+1f, -0x1.01a8fap+2f, -0x1.609cb2p+2f, -0x1.bfe6p+2f, \
    -0x1.0e3c0ep+3f, -0x1.522386p+3f, -0x1.b0f8c8p+3f, -0x1.0586a6p+4f, 0x1p+0f, 0x1.a36f6ap-2f, 0x1.ed648p-3f, \
    0x1.9fe27p-4f, 0x1.24d84cp-28f}, {-0x1.262f18p-3f, -0x1.e3b716p+0f, -0x1.e5acep+0f, -0x1.d8fb8ap+0f, \
    -0x1.c6a98ap+0f, -0x1.ba170ap+0f, -0x1.b59ac4p+0f, -0x1.b4424p+0f, -0x1.b3cb8cp+0f, -0x1.b3b7b2p+0f, \
    -0x1.b3b66p+0f, -0x1.b3b646p+0f, -0x1.ac925cp-1f, -0x1.77ca36p-1f, -0x1.201cf2p-1f, -0x1.7b9cdap-2f}, \
    {0x1.292eeep-2f, -0x1.691a16p-4f, 0x1.63d852p-5f, 0x1.0a33c2p-4f, 0x1.682514p-5f, 0x1.148154p-6f, \
    0x1.5c6f86p-8f, 0x1.a06b34p-10f, 0x1.04ee5ep-12f, 0x1.1f03bep-16f, 0x1.4feab2p-20f, 0x0p+0f, 0x1.0934cap-3f, \
    0x1.5c5a3ep-2f, 0x1.c28b76p-2f, 0x1.b30224p-2f}, {-0x1.56c1fp-3f, 0x1.5aa3eap-3f, 0x1.7172f8p-5f, \
    -0x1.0dece6p-9f, -0x1.c2e1c4p-7f, -0x1.d033cp-8f, -0x1.427f46p-9f, -0x1.948ea8p-11f, -0x1.06e394p-13f, \
    -0x1.26901ap-17f, -0x1.7c573cp-21f, 0x0p+0f, 0x1.902d06p-2f, 0x1.01f46ep-2f, 0x1.e72a7p-5f, -0x1.7d2bbep-4f}, \
    {-0x1.982c78p-10f, -0x1.841e1p-4f, -0x1.7721b8p-5f, -0x1.d47f4p-7f, 0x1.bcdac8p-11f, 0x1.f91a4ap-10f, \
    0x1.a89146p-11f, 0x1.1ced3ep-12f, 0x1.87b06ep-15f, 0x1.b7e422p-19f, 0x1.4006fep-22f, 0x0p+0f, -0x1.7a7cb6p-4f, \
    -0x1.b8fe92p-3f, -0x1.b7a802p-3f, -0x1.05a41ap-3f}, {0x1.d05042p-5f, 0x1.1142a4p-6f, 0x1.4fb34ep-6f, \
    0x1.3e9cc6p-7f, 0x1.acf55ap-10f, -0x1.0e599ep-12f, -0x1.96fa5ap-13f, -0x1.2bdd42p-14f, -0x1.e38eccp-17f, \
    -0x1.3eb9e2p-20f, -0x1.705f7ep-25f, 0x0p+0f, -0x1.48c458p-3f, -0x1.de0eeep-5f, 0x1.a6e77ap-5f, \
    0x1.80cdaap-4f}, {-0x1.ebf812p-6f, 0x1.6ed136p-7f, -0x1.f04a88p-9f, -0x1.e01204p-9f, -0x1.08c632p-10f, \
    -0x1.9ad314p-15f, 0x1.b0b05ap-16f, 0x1.32bfccp-16f, 0x1.c4eeaap-19f, 0x1.a52bd8p-22f, -0x1.f27a4cp-27f, \
    0x0p+0f, 0x1.8ebe42p-5f, 0x1.89e2b2p-4f, 0x1.e39722p-5f, 0x1.254ac8p-8f}}
#define FASTACT_GELU_DERIVATIVE_TABLE {{0x1.89dc9ep+0f, 0x1.13653cp+1f, 0x1.60ee28p+1f, 0x1.b12314p+1f, \
    0x1.137d3cp+2f, 0x1.601a28p+2f, 0x1.af7f14p+2f, 0x1.0038p+3f, 0x1.3a2fb2p+3f, 0x1.877c9ep+3f, 0x1.c5218ap+3f, \
    0x0p+0f, 0x1.3b17b2p-3f, 0x1.d6fd8ap-2f, 0x1.80ead2p-1f, 0x1.13013cp+0f}, {-0x1.a54d2p-2f, -0x1.66070ep-1f, \
    -0x1.f06924p-1f, -0x1.3d8d38p+0f, -0x1.a10174p+0f, -0x1.0fef7cp+1f, -0x1.50ddf6p+1f, -0x1.92956p+1f, \
    -0x1.f0386p+1f, -0x1.3649b6p+2f, -0x1.67c084p+2f, 0x0p+0f, 0x1.834868p-2f, 0x1.42f80cp-3f, -0x1.6737d8p-28f, \
    -0x1.6a2e1ep-3f}, {-0x1.f23c14p-2f, -0x1.d297d6p-2f, -0x1.c0bf76p-2f, -0x1.b5796ep-2f, -0x1.abb52cp-2f, \
    -0x1.a4db6ep-2f, -0x1.a0f7b4p-2f, -0x1.9e9ca6p-2f, -0x1.9ca11p-2f, -0x1.9b3182p-2f, -0x1.9a8644p-2f, 0x0p+0f, \
    -0x1.8eeeaap-1f, -0x1.48a326p-1f, -0x1.b9d99p-2f, -0x1.0e1282p-1f}, {0x1.14b6b4p-5f, 0x1.2f6b72p-6f, \
    0x1.6a435p-7f, 0x1.c5b462p-8f, 0x1.f5aefcp-9f, 0x1.07ae7ep-9f, 0x1.2e654cp-10f, 0x1.753dfp-11f, \
    0x1.a0695ap-12f, 0x1.b7724ap-13f, 0x1.1e11b4p-13f, 0x0p+0f, 0x1.edf56cp-4f, 0x1.4031f2p-2f, 0x1.8d9a94p-2f, \
    0x1.d16b72p-5f}, {-0x1.8551b2p-7f, -0x1.708b14p-8f, -0x1.80c0cap-9f, -0x1.a81dcp-10f, -0x1.8bc3a2p-11f, \
    -0x1.57bacap-12f, -0x1.4c5c4p-13f, -0x1.609456p-14f, -0x1.465d96p-15f, -0x1.17ffb8p-16f, -0x1.3f64dp-17f, \
    0x0p+0f, 0x1.0206a4p-2f, 0x1.3a171ep-3f, 0x1.2a3efp-6f, -0x1.70bffep-6f}, {0x1.fbc20ep-9f, 0x1.a4a35p-10f, \
    0x1.847e18p-11f, 0x1.7b2c42p-12f, 0x1.2ea4d6p-13f, 0x1.b6f676p-15f, 0x1.67c3dp-16f, 0x1.48923p-17f, \
    0x1.fc9492p-19f, 0x1.65e014p-20f, 0x1.cc8378p-21f, 0x0p+0f, -0x1.6f5aa8p-5f, -0x1.baeee6p-4f, -0x1.d2f9bp-4f, \
    0x1.0ae2c2p-7f}, {-0x1.3ae864p-10f, -0x1.c9b7ep-12f, -0x1.73bec4p-13f, -0x1.3ba912p-14f, -0x1.ced2c4p-16f, \
    -0x1.0e0f76p-17f, -0x1.6c8f08p-19f, -0x1.1b9ffp-20f, -0x1.8dcffep-22f, -0x1.d1c9bp-24f, 0x1.5fec2ap-24f, \
    0x0p+0f, -0x1.c1996ep-5f, -0x1.849b8cp-6f, 0x1.dbdaf8p-7f, -0x1.5d6d16p-9f}, {0x1.6da84p-12f, 0x1.e55f56p-14f, \
    0x1.40b30ap-15f, 0x1.6c9992p-16f, 0x1.481634p-18f, 0x1.02cf02p-20f, 0x1.11d7e2p-22f, 0x1.23b3bp-23f, \
    0x1.083c9ep-25f, 0x1.3acd6cp-28f, -0x1.3599a6p-22f, 0x0p+0f, 0x1.49d68cp-7f, 0x1.78974ap-6f, 0x1.3d71d6p-6f, \
    0x1.55e5a6p-10f}}
#define FASTACT_GELU_TANH_DERIVATIVE_TABLE {{0x1.7b7e5ep+0f, 0x1.0a3b42p+1f, 0x1.548956p+1f, 0x1.a29b68p+1f, \
    0x1.096b42p+2f, 0x1.55ad56p+2f, 0x1.a17b68p+2f, 0x1.ed0d7cp+2f, 0x1.2f604cp+3f, 0x1.5ad6aap+3f, 0x0p+0f, \
    0x0p+0f, 0x1.2f644cp-3f, 0x1.c96072p-2f, 0x1.8142ap-1f, 0x1.086f42p+0f}, {-0x1.b7a716p+0f, -0x1.035f62p+2f, \
    -0x1.cb8374p+2f, -0x1.73c97ep+3f, -0x1.4b6494p+4f, -0x1.3d4be6p+5f, -0x1.0fb512p+6f, -0x1.adf21ep+6f, \
    -0x1.819da4p+7f, -0x1.1a9c7cp+8f, 0x0p+0f, 0x0p+0f, 0x1.87d97ap-2f, 0x1.54c05ap-3f, -0x1.4f6404p-28f, \
    -0x1.72e85p-4f}, {-0x1.9be6b8p+1f, -0x1.274fp+2f, -0x1.8e7a84p+2f, -0x1.0d6cfp+3f, -0x1.8fd94cp+3f, \
    -0x1.39b208p+4f, -0x1.c680f2p+4f, -0x1.370b1cp+5f, -0x1.ce6a4ap+5f, -0x1.2b337ep+6f, 0x0p+0f, 0x0p+0f, \
    -0x1.8f951cp-1f, -0x1.4c9356p-1f, -0x1.b8baccp-2f, -0x1.bfc99ap-3f}, {-0x1.2749d6p+0f, -0x1.3bed32p+0f, \
    -0x1.92de0ep+0f, -0x1.02e88cp+1f, -0x1.4e5fcap+1f, -0x1.ad0f9ep+1f, -0x1.04ea5ep+2f, -0x1.32b532p+2f, \
    -0x1.76c412p+2f, -0x1.aa1ef4p+2f, 0x0p+0f, 0x0p+0f, 0x1.de7316p-4f, 0x1.3a89fcp-2f, 0x1.8cd1a6p-2f, \
    0x1.68be3p-2f}, {0x1.0cd58p-5f, -0x1.0e554p-3f, -0x1.e7391cp-3f, -0x1.ed7d6cp-3f, -0x1.b1155ep-3f, \
    -0x1.a3ca8cp-3f, -0x1.9faf38p-3f, -0x1.9bab04p-3f, -0x1.959c16p-3f, -0x1.91ac74p-3f, 0x0p+0f, 0x0p+0f, \
    0x1.041b0cp-2f, 0x1.441afcp-3f, 0x1.029318p-6f, -0x1.774ceap-4f}, {-0x1.7083a4p-5f, -0x1.1d9126p-4f, \
    -0x1.409416p-6f, 0x1.40a85p-7f, 0x1.0f0e04p-8f, 0x1.cf05e4p-12f, 0x1.b242f4p-12f, 0x1.adbf94p-12f, \
    0x1.b2ff32p-12f, -0x1.209adp-10f, 0x0p+0f, 0x0p+0f, -0x1.6a42e6p-5f, -0x1.bb595ap-4f, -0x1.d2c3d4p-4f, \
    -0x1.282482p-4f}, {-0x1.0d7a34p-5f, 0x1.7758aep-7f, 0x1.0c068p-6f, 0x1.59ebc4p-9f, -0x1.e65db8p-10f, \
    -0x1.372cf6p-15f, -0x1.2d1d7cp-21f, 0x1.48223ap-16f, -0x1.407e68p-19f, 0x1.0e3824p-7f, 0x0p+0f, 0x0p+0f, \
    -0x1.ce0908p-5f, -0x1.9b9ed6p-6f, 0x1.0eeccap-6f, 0x1.3c055p-5f}, {0x1.c0d8aep-7f, 0x1.df3712p-8f, \
    -0x1.80c878p-9f, -0x1.d6e8bap-9f, 0x1.9ed724p-12f, 0x1.4b2064p-15f, 0x1.e518a4p-18f, 0x1.ab1642p-17f, \
    -0x1.2f9ebep-20f, 0x1.33e3cep-5f, 0x0p+0f, 0x0p+0f, 0x1.4bff2p-7f, 0x1.7fdedp-6f, 0x1.4b092ep-6f, \
    0x1.87c3fep-8f}}
#define FASTACT_SOFTPLUS_TAIL_TABLE {{0x1.d18p+0f, 0x1.45ep+1f, 0x1.a2ep+1f, 0x1p+2f, 0x1.45ep+2f, 0x1.a2ep+2f, \
    0x1p+3f, 0x1.2e8p+3f, 0x1.746p+3f, 0x1.d18p+3f, 0x1.174p+4f, 0x0p+0f, 0x0p+0f, 0x1.174p-1f, 0x1.d18p-1f, \
    0x1.45ep+0f}, {-0x1.2c49f6p-4f, -0x1.3147d2p-5f, -0x1.2ef32ep-6f, -0x1.28780ap-7f, -0x1.913446p-9f, \
    -0x1.7871b4p-11f, -0x1.5fadeep-13f, -0x1.49004p-15f, -0x1.2878fep-18f, -0x1.025ebcp-22f, -0x1.c416cap-27f, \
    0x0p+0f, -0x1.e8082ep-16f, -0x1.43d6acp-17f, 0x1.118a76p-17f, 0x1.d4fd3ep-18f}, {0x1.0fa398p-4f, \
    0x1.224c66p-5f, 0x1.2786dap-6f, 0x1.24e73ap-7f, 0x1.8f91bp-9f, 0x1.7815bep-11f, 0x1.5f9a16p-13f, \
    0x1.48fc1ep-15f, 0x1.28890ap-18f, 0x1.026d1cp-22f, 0x1.c42ffp-27f, 0x0p+0f, 0x1.8d6358p-31f, -0x1.77bc7cp-2f, \
    -0x1.260f4cp-2f, -0x1.c0017ap-3f}, {-0x1.b8dc8ep-6f, -0x1.05fb1p-6f, -0x1.191726p-7f, -0x1.1dddd6p-8f, \
    -0x1.8c4fd6p-10f, -0x1.775d3ap-12f, -0x1.5f71acp-14f, -0x1.48f306p-16f, -0x1.287ebcp-19f, -0x1.02651ep-23f, \
    -0x1.c420f2p-28f, 0x0p+0f, 0x1.fffff6p-4f, 0x1.dbbc1cp-4f, 0x1.a33b06p-4f, 0x1.5e00d6p-4f}, {0x1.65ef98p-8f, \
    0x1.1800fcp-8f, 0x1.51e024p-9f, 0x1.6ac7f8p-10f, 0x1.03db32p-11f, 0x1.f27044p-14f, 0x1.d409b4p-16f, \
    0x1.b660dep-18f, 0x1.8957f6p-21f, 0x1.56cd8p-25f, 0x1.2bea62p-29f, 0x0p+0f, 0x1.4e9d82p-21f, -0x1.519c4cp-7f, \
    -0x1.dbde96p-7f, -0x1.067e56p-6f}, {-0x1.032af4p-15f, -0x1.3ceac4p-11f, -0x1.0c3252p-11f, -0x1.479194p-12f, \
    -0x1.f6b864p-14f, -0x1.eeb0b4p-16f, -0x1.d34026p-18f, -0x1.b646fap-20f, -0x1.8a0454p-23f, -0x1.57602ep-27f, \
    -0x1.2c7b4ap-31f, 0x0p+0f, -0x1.55a3f8p-8f, -0x1.f3ad34p-9f, -0x1.fe3e3cp-10f, -0x1.7c9554p-13f}, \
    {-0x1.56325ep-12f, -0x1.0a1c56p-15f, 0x1.c2d854p-15f, 0x1.9d7eap-15f, 0x1.7c193cp-16f, 0x1.8d8ca8p-18f, \
    0x1.7ca25p-20f, 0x1.6620fp-22f, 0x1.591ca6p-25f, 0x1.2cd46ep-29f, 0x1.072f32p-33f, 0x0p+0f, 0x1.1c7eeap-16f, \
    0x1.d9befep-11f, 0x1.14581ep-10f, 0x1.b47fe8p-11f}, {0x1.65033ep-14f, 0x1.476f1ep-15f, 0x1.68944ep-20f, \
    -0x1.401c44p-19f, -0x1.aed502p-19f, -0x1.fe3b4cp-21f, -0x1.f5cfcap-23f, -0x1.d970b8p-25f, -0x1.c54ef4p-28f, \
    -0x1.8b987ep-32f, -0x1.59432ap-36f, 0x0p+0f, 0x1.5144aep-12f, 0x1.89601ep-13f, -0x1.16fdfcp-15f, \
    -0x1.194688p-13f}, {0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, \
    0x0p+0f, 0x0p+0f, 0x1.62e8p-1f, 0x1.d428p-2f, 0x1.5aap-2f, 0x1.f99p-3f}, {0x1.ffb73ep-1f, 0x1.fb2f8ap-1f, \
    0x1.f703d8p-1f, 0x1.f35e3ap-1f, 0x1.f0449ep-1f, 0x1.edbd38p-1f, 0x1.ebce8p-1f, 0x1.ea7f3ap-1f, 0x1.e9d674p-1f, \
    0x1.e9db8ep-1f, 0x1.ea963ap-1f, 0x1.ec0e82p-1f, 0x1.ee4cccp-1f, 0x1.f159dap-1f, 0x1.f53ed6p-1f, \
    0x1.fa054ep-1f}}
#define FASTACT_EXPM1_TABLE {{-0x1.40fp+1f, -0x1.bf7cp+1f, -0x1.1fdcp+2f, -0x1.6014p+2f, -0x1.c164p+2f, \
    -0x1.1f8cp+3f, -0x1.5fccp+3f, -0x1.9ffp+3f, -0x1.fe0cp+3f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, -0x1.8008p-1f, \
    -0x1.3bc8p+0f, -0x1.c04cp+0f}, {-0x1.ac8ef8p-2f, -0x1.e0f404p-2f, -0x1.f49978p-2f, -0x1.fbd204p-2f, \
    -0x1.ff162p-2f, -0x1.ffdf38p-2f, -0x1.fffbap-2f, -0x1.ffff7p-2f, -0x1p-1f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, \
    -0x1.c5388p-6f, -0x1.ab7d2p-3f, -0x1.4e4308p-2f}, {0x1.4dc448p-4f, 0x1.f0c04cp-6f, 0x1.6cd20ap-7f, \
    0x1.0b8106p-8f, 0x1.d3d2b6p-11f, 0x1.068178p-13f, 0x1.19ff92p-16f, 0x1.2ff9cep-19f, 0x1.00c68ep-23f, 0x0p+0f, \
    0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.e3ac8p-2f, 0x1.2a4178p-2f, 0x1.637ap-3f}, {0x1.4dc448p-5f, 0x1.f0c042p-7f, \
    0x1.6cd23ap-8f, 0x1.0b8116p-9f, 0x1.d3d3bcp-12f, 0x1.067fcep-14f, 0x1.19df22p-17f, 0x1.2f7b6ap-20f, \
    0x1.05867ap-24f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.fffff6p-2f, 0x1.e3ac8p-3f, 0x1.2a417ap-3f, 0x1.6379fcp-4f}, \
    {0x1.bcfdf8p-7f, 0x1.4b251cp-8f, 0x1.e664c8p-10f, 0x1.64a622p-11f, 0x1.378b04p-13f, 0x1.5da148p-16f, \
    0x1.779a4p-19f, 0x1.94e03p-22f, 0x1.56d8aep-26f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.55533cp-3f, 0x1.4272cap-4f, \
    0x1.8dac62p-5f, 0x1.d9f7aep-6f}, {0x1.bcfa68p-9f, 0x1.4b293p-10f, 0x1.e64e4p-12f, 0x1.649e3ep-13f, \
    0x1.37623ep-15f, 0x1.5df302p-18f, 0x1.7bb928p-21f, 0x1.a4b714p-24f, 0x1.22b0eep-28f, 0x0p+0f, 0x0p+0f, \
    0x0p+0f, 0x1.550a3p-5f, 0x1.4271cep-6f, 0x1.8daa1cp-7f, 0x1.d9ffecp-8f}, {0x1.67c878p-11f, 0x1.0bbc68p-12f, \
    0x1.89496cp-14f, 0x1.204d98p-15f, 0x1.041022p-17f, 0x1.23d1bep-20f, 0x1.395498p-23f, 0x1.51bcfep-26f, \
    0x1.2178b6p-30f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.0c63e6p-7f, 0x1.028b12p-8f, 0x1.3ed7c4p-9f, 0x1.7c0a42p-10f}, \
    {0x1.e1ba36p-14f, 0x1.636298p-15f, 0x1.0937dp-16f, 0x1.82b05cp-18f, 0x1.5f8e54p-20f, 0x1.7d60a4p-23f, \
    0x1.555c1ap-26f, 0x1.4034p-30f, 0x1.6996d6p-32f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.269c42p-10f, 0x1.5a8a38p-11f, \
    0x1.a949ap-12f, 0x1.f145c8p-13f}}
#define FASTACT_SELU_TABLE {{-0x1.4028p+1f, -0x1.cp+1f, -0x1.1ddp+2f, -0x1.6014p+2f, -0x1.c02p+2f, -0x1.1f94p+3f, \
    -0x1.6004p+3f, -0x1.a024p+3f, -0x1.f724p+3f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, -0x1.7f44p-1f, -0x1.3fecp+0f, \
    -0x1.cp+0f}, {-0x1.3a593cp-1f, -0x1.68f704p-1f, -0x1.79ccbp-1f, -0x1.807908p-1f, -0x1.8353e8p-1f, \
    -0x1.8408dp-1f, -0x1.8421c8p-1f, -0x1.84251cp-1f, -0x1.842598p-1f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f, \
    0x1.2d4dp-4f, -0x1.0458p-2f, -0x1.cf7328p-2f}, {0x1.27319ap-3f, 0x1.b2e9d6p-5f, 0x1.4b1e2p-6f, 0x1.d64c72p-8f, \
    0x1.a373fep-10f, 0x1.cd0f94p-13f, 0x1.ec677p-16f, 0x1.09854cp-18f, 0x1.185802p-22f, 0x0p+0f, 0x0p+0f, 0x0p+0f, \
    -0x1.ef699ep-3f, 0x1.a9cf4p-1f, 0x1.01f9ap-1f, 0x1.38d81ap-2f}, {0x1.27319cp-4f, 0x1.b2e9dcp-6f, \
    0x1.4b1e1p-7f, 0x1.d64d34p-9f, 0x1.a3735ep-11f, 0x1.cd13e2p-14f, 0x1.ec6f06p-17f, 0x1.08b7a4p-19f, \
    0x1.13fabap-23f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.c212bap-1f, 0x1.a9cf48p-2f, 0x1.01f9a4p-2f, 0x1.38d818p-3f}, \
    {0x1.8990bep-6f, 0x1.21ec6ap-7f, 0x1.b976a4p-9f, 0x1.3982f6p-10f, 0x1.1754b6p-12f, 0x1.3309ecp-15f, \
    0x1.47e97cp-18f, 0x1.619566p-21f, 0x1.72515p-25f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.2c09eap-2f, 0x1.1bdff4p-3f, \
    0x1.57f88ep-4f, 0x1.a11f2ap-5f}, {0x1.898f36p-8f, 0x1.21eb16p-9f, 0x1.b98f84p-11f, 0x1.395266p-12f, \
    0x1.1761bep-14f, 0x1.32dcf8p-17f, 0x1.4775ep-20f, 0x1.7b4d92p-23f, 0x1.a090ecp-27f, 0x0p+0f, 0x0p+0f, 0x0p+0f, \
    0x1.2bbd1p-4f, 0x1.1bd628p-5f, 0x1.57efecp-6f, 0x1.a12314p-7f}, {0x1.3e2f4ep-10f, 0x1.d4bc22p-12f, \
    0x1.64b688p-13f, 0x1.faea2p-15f, 0x1.d2629cp-17f, 0x1.0053c8p-19f, 0x1.11bf36p-22f, 0x1.28224cp-25f, \
    0x1.4fcaaap-29f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.d70c7ap-7f, 0x1.c65274p-8f, 0x1.12e276p-8f, 0x1.4ef38cp-9f}, \
    {0x1.a8d5dp-13f, 0x1.38d5ccp-14f, 0x1.cf9894p-16f, 0x1.5fde88p-17f, 0x1.35e7f2p-19f, 0x1.576b5p-22f, \
    0x1.74ff0cp-25f, -0x1.2ddaacp-30f, 0x1.4f7042p-33f, 0x0p+0f, 0x0p+0f, 0x0p+0f, 0x1.00b0cap-9f, \
    0x1.3b3d74p-10f, 0x1.78e1eep-11f, 0x1.ba298cp-12f}}
#define FASTACT_EXP_COMPLEMENT_TABLE {{0x1.89bc9ep+0f, 0x1.13e13cp+1f, 0x1.624e28p+1f, 0x1.b0eb14p+1f, \
    0x1.13813cp+2f, 0x1.623228p+2f, 0x1.b1a314p+2f, 0x1.0058p+3f, 0x1.3a7bb2p+3f, 0x1.89c09ep+3f, 0x1.daf58ap+3f, \
    0x1.0a48p+4f, 0x0p+0f, 0x1.d9458ap-2f, 0x1.89189ep-1f, 0x1.13693cp+0f}, {0x1.92055ap-1f, 0x1.c4ad1p-1f, \
    0x1.dfda68p-1f, 0x1.ee9b06p-1f, 0x1.f915fep-1f, 0x1.fdfa68p-1f, 0x1.ff6a68p-1f, 0x1.ffd48p-1f, 0x1.fff8eep-1f, \
    0x1.ffff68p-1f, 0x1.fffff4p-1f, 0x1.fffffep-1f, 0x0p+0f, 0x1.7af90ap-2f, 0x1.126838p-1f, 0x1.51664ap-1f}, \
    {0x1.b7ea98p-3f, 0x1.da978p-4f, 0x1.012ccp-4f, 0x1.164fap-5f, 0x1.ba80a2p-7f, 0x1.02cc16p-8f, 0x1.2b301cp-10f, \
    0x1.5c0008p-12f, 0x1.c488b8p-15f, 0x1.3008f4p-18f, 0x1.8064f6p-22f, 0x1.fe73e2p-25f, 0x1p+0f, 0x1.42837cp-1f, \
    0x1.db2f9p-2f, 0x1.5d336cp-2f}, {-0x1.b7ea92p-4f, -0x1.da977ep-5f, -0x1.012ccp-5f, -0x1.164fc6p-6f, \
    -0x1.ba807ap-8f, -0x1.02cc5p-9f, -0x1.2b3108p-11f, -0x1.5bfc14p-13f, -0x1.c47d74p-16f, -0x1.3022cp-19f, \
    -0x1.85b0e6p-23f, -0x1.c3fcfcp-26f, -0x1p-1f, -0x1.428372p-2f, -0x1.db2f8cp-3f, -0x1.5d3374p-3f}, \
    {0x1.25469ep-5f, 0x1.3c648ap-6f, 0x1.56e5d6p-7f, 0x1.731484p-8f, 0x1.26f4fcp-9f, 0x1.5902bp-11f, \
    0x1.8edba4p-13f, 0x1.cfebf8p-15f, 0x1.2ced34p-17f, 0x1.94574p-21f, 0x1.019a1cp-24f, 0x1.cb1b82p-28f, \
    0x1.555534p-3f, 0x1.ae0056p-4f, 0x1.3cca56p-4f, 0x1.d199e6p-5f}, {-0x1.254a9cp-7f, -0x1.3c65bp-8f, \
    -0x1.56e5aap-9f, -0x1.72e36ap-10f, -0x1.26fdbep-11f, -0x1.58f2d2p-13f, -0x1.8e8a9p-15f, -0x1.d1334cp-17f, \
    -0x1.2d972cp-19f, -0x1.925124p-23f, -0x1.9307f6p-27f, -0x1.ea7948p-28f, -0x1.55494cp-5f, -0x1.ae4bbcp-6f, \
    -0x1.3cd54p-6f, -0x1.d170ecp-7f}, {0x1.d6db9p-10f, 0x1.fbf35ep-11f, 0x1.13402ep-11f, 0x1.29c7ep-12f, \
    0x1.df7d88p-14f, 0x1.186fd6p-15f, 0x1.4426a6p-17f, 0x1.79699ap-19f, 0x1.00e402p-21f, 0x1.59560ep-25f, \
    0x1.8c569ep-29f, 0x1.055886p-27f, 0x1.0f8ecap-7f, 0x1.606706p-8f, 0x1.fb5368p-9f, 0x1.74ba8ap-9f}, \
    {-0x1.36e0b8p-12f, -0x1.51f0bep-13f, -0x1.6f1d5p-14f, -0x1.b1667cp-15f, -0x1.3da652p-16f, -0x1.78598ap-18f, \
    -0x1.c0292cp-20f, -0x1.bac8e2p-22f, -0x1.4c4e1cp-24f, -0x1.e3e896p-28f, -0x1.db1e18p-30f, -0x1.512494p-29f, \
    -0x1.431de2p-10f, -0x1.85def6p-12f, -0x1.30a23p-11f, -0x1.352e1ap-11f}}
#define FASTACT_GELU_TANH_TAIL_LINE 0x1.98p+0f
#define FASTACT_GELU_TANH_TAIL_CUBE 0x1.2444f2p-4f
#define FASTACT_GELU_END 0x1.dp+3f
#define FASTACT_TANH_END 0x1.24p+3f
#define FASTACT_ERF_END 0x1.f78p+1f
#define FASTACT_GELU_DERIVATIVE_END 0x1.d8p+3f
#define FASTACT_GELU_TANH_DERIVATIVE_END 0x1.6p+3f
#define FASTACT_EXP_COMPLEMENT_END 0x1.2p+4f
#define FASTACT_EXPM1_END 0x1.18p+4f
#define FASTACT_SOFTCAP_END 0x1.22p+8f
#define FASTACT_TANH_SHRINK_END 0x1.28p+3f
#define FASTACT_SILU_DERIVATIVE_SCALE 0x1.6p-1f
#define FASTACT_QUICK_GELU_DERIVATIVE_SCALE 0x1.2cp+0f
#define FASTACT_GELU_DERIVATIVE_SCALE 0x1.ap-1f
#define FASTACT_GELU_TANH_DERIVATIVE_SCALE 0x1.bp-1f
#define FASTACT_SOFTPLUS_TAIL_SCALE 0x1.6p-1f
#define FASTACT_EXP_COMPLEMENT_SCALE 0x1.ap-1f
#define FASTACT_TANH_SHRINK_SCALE 0x1.98p+0f
#define FASTACT_SILU_DERIVATIVE_FAR 0x1.4p+1f
#define FASTACT_QUICK_GELU_DERIVATIVE_FAR 0x1.4p+1f
#define FASTACT_GELU_DERIVATIVE_FAR 0x1.cp+0f
#define FASTACT_GELU_TANH_DERIVATIVE_FAR 0x1p+1f
#define FASTACT_SOFTPLUS_TAIL_FAR 0x1p+1f
#define FASTACT_TANH_SHRINK_FAR 0x1.4p+1f
#define FASTACT_OCTAVES_FIRST_END 0x1.fffff8p-3f
#define FASTACT_QUARTERS_FIRST_END 0x1.ep-3f
#define FASTACT_EXP_POLYNOMIAL(FIRST, STEP) FIRST(0x1.6db49ap-10f) STEP(0x1.123bb8p-7f) STEP(0x1.55545ep-5f) \
    STEP(0x1.55548ep-3f) STEP(0x1p-1f)
#define FASTACT_LOG1P_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.41fd1ap-4f) STEP(0x1.07cdccp-3f) STEP(-0x1.0cdcp-3f) \
    STEP(0x1.226e92p-3f) STEP(-0x1.547914p-3f) STEP(0x1.99a596p-3f) STEP(-0x1.00021ep-2f) STEP(0x1.55554ap-2f)
#define FASTACT_WIDE_EXP_POLYNOMIAL(FIRST, STEP) FIRST(0x1.a18bdf42e6065p-16) STEP(0x1.a1875da3cadbdp-13) \
    STEP(0x1.6c1622461855p-10) STEP(0x1.1110a108b5c48p-7) STEP(0x1.5555558ab4067p-5) STEP(0x1.5555557ea667p-3) \
    STEP(0x1.ffffffffeadb7p-2)
#define FASTACT_WIDE_LOG1P_POLYNOMIAL(FIRST, STEP) FIRST(0x1.72528e5886529p-5) STEP(-0x1.619abc498fdf3p-4) \
    STEP(0x1.63d1985b64f2p-4) STEP(-0x1.5278eb554e067p-4) STEP(0x1.6f03f688fa2a4p-4) STEP(-0x1.995fa9aeda274p-4) \
    STEP(0x1.c7703050b1e25p-4) STEP(-0x1.000324aa8263dp-3) STEP(0x1.2491016d87fa6p-3) STEP(-0x1.55553d638049ep-3) \
    STEP(0x1.99999e32c0392p-3) STEP(-0x1.0000001bbedfp-2) STEP(0x1.55555552a66ccp-2)
#define FASTACT_WIDE_SINE_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.9a5fda45f264ep-26) STEP(0x1.7170226447e73p-19) \
    STEP(-0x1.a017d6f391c26p-13) STEP(0x1.11110c428f03cp-7) STEP(-0x1.555555475171dp-3)
#define FASTACT_WIDE_SHORT_SINE_POLYNOMIAL(FIRST, STEP) FIRST(0x1.5db515bafd1d9p-19) STEP(-0x1.9f6f6bb639526p-13) \
    STEP(0x1.110ed0b2dc8a1p-7) STEP(-0x1.55554bb983feap-3)
#define FASTACT_SINE_OF_HALF_POLYNOMIAL(FIRST, STEP) FIRST(0x1.5dff24p-19f) STEP(-0x1.9f7568p-13f) \
    STEP(0x1.110ef8p-7f) STEP(-0x1.55554cp-3f)
#define FASTACT_WIDE_QUARTER_SINE_POLYNOMIAL(FIRST, STEP) FIRST(0x1.5d8f14c90db27p-33) \
    STEP(-0x1.ae5e58a350c69p-26) STEP(0x1.71de35665a3b4p-19) STEP(-0x1.a01a019bfdc51p-13) \
    STEP(0x1.111111110f7e1p-7) STEP(-0x1.5555555555549p-3)
#define FASTACT_WIDE_QUARTER_COSINE_POLYNOMIAL(FIRST, STEP) FIRST(0x1.1bf2ee69cafe5p-29) \
    STEP(-0x1.27e0c1753ccbep-22) STEP(0x1.a019fc269fa88p-16) STEP(-0x1.6c16c169006a5p-10) \
    STEP(0x1.55555555543f9p-5)
#define FASTACT_TAIL_SLOPE_ABOVE(FIRST, STEP) FIRST(0x1.549bf18e7aap-7) STEP(0x1.86e746cb0db61p-4) \
    STEP(0x1.827d76a6ea498p-2) STEP(0x1.819a527062ec6p-1) STEP(0x1.54851a5cc1ec8p-1)
#define FASTACT_TAIL_SLOPE_BELOW(FIRST, STEP) FIRST(0x1.aae34894b43abp-6) STEP(0x1.c1d2bc1188f2fp-3) \
    STEP(0x1.95935f2769655p-1) STEP(0x1.65e3ca38c8ddep+0) STEP(0x1p+0)
/* coefficients: end */

#elif FASTACT_PRECISION == 64

#define FASTACT_REAL double
#define FASTACT_BITS int64_t
#define FASTACT_UNSIGNED uint64_t
#define FASTACT_NAME(name) fastact_##name##_f64
/* A constant that is exact in both precisions, in this one: a bare 0.5 would turn float arithmetic into double. */
#define FASTACT_K(constant) ((double)(constant))
#define FASTACT_MANTISSA_BITS 52
/* Powers of two are kept times 2^FASTACT_SCALE, so that results below the normal range are rounded once, at the end. */
#define FASTACT_SCALE 128
/* Adding it rounds to an integer k, to nearest, ties to even; k + bias + scale then stands in the low bits. */
#define FASTACT_ROUNDER (0x1.8p52 + 1151)
/* The same with k + bias - scale. */
#define FASTACT_ROUNDER_DOWN (0x1.8p52 + 895)
/* Of eighths: n + 8 scale and n - 8 scale stand in the low bits; the table has the bias. */
#define FASTACT_EIGHTHS_ROUNDER (0x1.8p52 + 8 * FASTACT_SCALE)
#define FASTACT_EIGHTHS_ROUNDER_DOWN (0x1.8p52 - 8 * FASTACT_SCALE)
#define FASTACT_UNSCALE 0x1p-128
#define FASTACT_LARGEST 0x1.fffffffffffffp1023
/* 4 exp(-FASTACT_EXP_END) rounds to zero. */
#define FASTACT_EXP_END 748.0
/* z^2 exp(-z) rounds to zero beyond. */
#define FASTACT_TAIL_END 780.0
/* Numbers below 1e284 times exp(-FASTACT_POWER_END) round to zero; those above 1e-284 times its inverse overflow. */
#define FASTACT_POWER_END 1400.0
/* Quotients are held at it: their squares overflow, but not what wide arithmetic makes of them. */
#define FASTACT_RATIO_END 0x1p520
#define FASTACT_SOFTPLUS_SCALE 0x1p600
/* exp(-x^2), and the logistic function at gelu_tanh's argument, times x^5: zero beyond. */
#define FASTACT_GAUSSIAN_END 28.0
#define FASTACT_GELU_TANH_END 21.75
/* gelu_tanh is -0 below and x above, and exp(-z) times 2^-FASTACT_SCALE is in the normal range between. */
#define FASTACT_GELU_TANH_LEAST -21.75
#define FASTACT_GELU_TANH_MOST 12.0
/* exp of it is finite, and of the next number not. */
#define FASTACT_EXP_MOST 0x1.62e42fefa39efp9
/* 1 / x^2 rounds to zero; times this scale neither its square nor that of 1 leaves the range. */
#define FASTACT_SQUARE_END 0x1p540
#define FASTACT_SQUARE_SCALE 0x1p-64
/* 1 / (1 + exp(-FASTACT_LOGISTIC_END)) rounds to one. */
#define FASTACT_LOGISTIC_END 80.0
/* tanh(FASTACT_TANH_FAR) rounds to one, 1 + FASTACT_ROOT_FAR to FASTACT_ROOT_FAR. */
#define FASTACT_TANH_FAR 22.0
#define FASTACT_ROOT_FAR 0x1p60
/* coefficients: begin */
#define FASTACT_LOG2E 0x1.71547652b82fep+0
#define FASTACT_LN2_HI 0x1.62e42fefa38p-1
#define FASTACT_LN2_LO 0x1.ef35793c7673p-45
#define FASTACT_WIDE_THIRD_HI 0x1.5555555555555p-2
#define FASTACT_WIDE_THIRD_LO 0x1.5555555555555p-56
#define FASTACT_WIDE_LN2_HI 0x1.62e42fefa39efp-1
#define FASTACT_WIDE_LN2_LO 0x1.abc9e3b39803fp-56
#define FASTACT_WIDE_SELU_SCALE_HI 0x1.0cfabd6a91132p+0
#define FASTACT_WIDE_SELU_SCALE_LO 0x1.6fc7d272f2695p-55
#define FASTACT_WIDE_SELU_SCALE_ALPHA_HI 0x1.c212cc640f031p+0
#define FASTACT_WIDE_SELU_SCALE_ALPHA_LO 0x1.05161b045a1fep-56
#define FASTACT_WIDE_SILU_ROOT_HI 0x1.474973c84120bp+0
#define FASTACT_WIDE_SILU_ROOT_LO 0x1.f8d74bc9ac154p-54
#define FASTACT_WIDE_QUICK_GELU_HI 0x1.b3b645a1cac08p+0
#define FASTACT_WIDE_QUICK_GELU_LO 0x1.89374bc6a7efap-55
#define FASTACT_WIDE_GELU_TANH_SLOPE_HI 0x1.9884533d43651p+0
#define FASTACT_WIDE_GELU_TANH_SLOPE_LO -0x1.cbc0d30ebfd15p-54
#define FASTACT_WIDE_GELU_TANH_CUBE_HI 0x1.2444f2a4d8b4bp-4
#define FASTACT_WIDE_GELU_TANH_CUBE_LO -0x1.6c843a29d1c7p-61
#define FASTACT_GELU_ROOT_HI 0x1.80ead197f00b4p-1
#define FASTACT_GELU_ROOT_LO -0x1.13e74c58cada8p-56
#define FASTACT_QUICK_GELU_ABOVE 0x1.b4p+0
#define FASTACT_NEAR_END 0x1p+14
#define FASTACT_PI_1 0x1.921fb5444p+1
#define FASTACT_PI_2 0x1.68c234c4c8p-38
#define FASTACT_PI_3 -0x1.9d747f23e32edp-78
#define FASTACT_ONE_OVER_PI 0x1.45f306dc9c883p-2
#define FASTACT_PI_HI 0x1.921fb54442d18p+1
#define FASTACT_PI_LO 0x1.1a62633145c07p-53
#define FASTACT_QUARTER_PI_HI 0x1.921fb54442d18p-1
#define FASTACT_QUARTER_PI_LO 0x1.1a62633145c07p-55
#define FASTACT_TWO_OVER_ROOT_PI_HI 0x1.20dd750429b6dp+0
#define FASTACT_TWO_OVER_ROOT_PI_LO 0x1.1ae3a914fed8p-56
#define FASTACT_ONE_OVER_ROOT_TWO_PI_HI 0x1.9884533d43651p-2
#define FASTACT_ONE_OVER_ROOT_TWO_PI_LO -0x1.cbc0d30ebfd15p-56
#define FASTACT_EXP_TABLE {{0x1.00000095f7efcp+0, 0x1.f72b846b5fcbdp-1, 0x1.f06fe15573682p-1, 0x1.ebfdae15ded1p-1, \
    0x1.ea09e73c0a228p-1, 0x1.eace5509f2838p-1, 0x1.ee89fa91e4837p-1, 0x1.f5818ee2c567bp-1}}
#define FASTACT_QUICK_GELU_EXP -0x1.3a4cbdc7ee26bp+4, -0x1.a10753b438p-5, -0x1.305015c728834p-47, \
    -0x1.0d01f551ead84p-7, 0x1.1498418d702cep-5, -0x1.e78087aea15a1p-4, 0x1.6609437525ce5p-2, \
    -0x1.a4b95ce0d195ep-1, 0x1.72ca785c3f308p+0, -0x1.b3b644a28badap+0, -0x1.2befded0a4493p-25
#define FASTACT_GELU_TANH_EXP -0x1.26aec21bce759p+4, -0x1.bcca54a7e4p-5, -0x1.981a0be0d362p-45, \
    -0x1.56a9ea11c40d9p-8, 0x1.77c867ca5780bp-6, -0x1.6134ec54d7cb2p-4, 0x1.14aca3687d4f8p-2, \
    -0x1.5ac288b17c7eep-1, 0x1.45f3061daa847p+0, -0x1.9884524df2baep+0, -0x1.2befded0a4493p-25
#define FASTACT_SOFTCAP_EXP -0x1.89f3b1694cffep-1, -0x1.4cb5ecf0a8p+0, -0x1.6504221a8af0cp-40, \
    -0x1.46e34a5ac6296p-40, 0x1.0c2693c74c857p-33, -0x1.790fc4246add2p-27, 0x1.b9de79d997cecp-21, \
    -0x1.9e40924e47b12p-15, 0x1.234566df0a6acp-9, -0x1.1111107119ab5p-4, -0x1.2befded0a4493p-25
#define FASTACT_GELU_TANH_CUBE 0x1.6e4e26d4801f7p-5
#define FASTACT_GELU_TANH_CUBE_LO 0x1.441355475a31ap-59
#define FASTACT_GROWTH_EXP 0x1.71547652b82fep+3, 0x1.62e42fefa4p-4, -0x1.8432a1b0e2634p-46, 0x1.2befdf282572fp-25, \
    0x1.a02075eb47b29p-13, 0x1.6c1cb683050efp-10, 0x1.11111107d913cp-7, 0x1.555555483a04dp-5, \
    0x1.555555555565ep-3, 0x1.0000000000103p-1
#define FASTACT_EXPM1_TABLE {{0x1p+0, 0x1.f72b83c7d517bp-1, 0x1.f06fe0a31b715p-1, 0x1.ebfdad5362a27p-1, \
    0x1.ea09e667f3bcdp-1, 0x1.eace5422aa0dbp-1, 0x1.ee89f995ad3adp-1, 0x1.f5818dcfba487p-1}, {0x0p+0, \
    -0x1.01b15eaa59348p-55, 0x1.34d754db0abb6p-55, 0x1.690cebb7aafbp-56, -0x1.3b3efbf5e2228p-54, \
    0x1.db72fc1f0eab4p-55, 0x1.c1a7792cb3387p-55, 0x1.4a385a63d07a7p-56}}
#define FASTACT_EXPM1_EXP 0x1.71547652b82fep+3, 0x1.62e42fefa4p-4, -0x1.8432a1b0e2634p-46, 0x1.a01f6dec817d9p-16, \
    0x1.a01f56c82abf8p-13, 0x1.6c16c1638fed5p-10, 0x1.1111110b22525p-7, 0x1.55555555555f3p-5, \
    0x1.55555555555cdp-3, 0x1p-1
#define FASTACT_TANH_SHRINK_END 0x1.4p-1
#define FASTACT_TANH_SHRINK_STEP 0x1.62e42fefa39efp-5
#define FASTACT_TANH_SHRINK_INVERSE 0x1.71547652b82fep+4
#define FASTACT_TANH_SHRINK_POLE 0x1.9f02f6222c72p-2
#define FASTACT_TANH_SHRINK_SECOND 0x1.bp-1
#define FASTACT_TANH_SHRINK_FIRST_LO 0x1p-54
#define FASTACT_TANH_SHRINK_FIRST_CENTRE 0x1.3333333333333p-1
#define FASTACT_TANH_SHRINK_FIRST_FACTOR -0x1.999999999999ap-2
#define FASTACT_TANH_SHRINK_FIRST_ROOT 0x1p+2
#define FASTACT_TANH_SHRINK_SECOND_CENTRE 0x1.8p-1
#define FASTACT_TANH_SHRINK_SECOND_FACTOR -0x1p-2
#define FASTACT_TANH_SHRINK_SECOND_ROOT 0x1.cp+2
#define FASTACT_TANH_SHRINK_CHAINS(FIRST, STEP) FIRST(-0x1.1dc4471c1abafp-41, 0x1.a020f53cf999fp-6) \
    STEP(0x1.abc71ac29e475p-37, 0x1.6c1d0319b80c3p-4) STEP(-0x1.29b974c0c4204p-32, 0x1.11111065b755bp-2) \
    STEP(0x1.9dde78c3816f1p-28, 0x1.5555547e4edd9p-1) STEP(-0x1.2076da047328ep-23, 0x1.5555548d60328p+0) \
    STEP(0x1.9577005f53352p-19, 0x1.fffffed4104fap+0) STEP(-0x1.24633b167c7e3p-14, 0x1.fffffed410213p+0) \
    STEP(-0x1.1111111111111p-3, -0x1.2befded8ff3aap-25)
#define FASTACT_TANH_SQUARE_CENTRE 0x1.8p-2
#define FASTACT_TANH_SQUARE_CHAINS(FIRST, STEP) FIRST(0x1.004f7bea33607p-34, -0x1.a020f53cf999fp-6) \
    STEP(-0x1.4e2b716342a1dp-30, 0x1.6c1d0319b80c3p-4) STEP(0x1.8776ac36a076ap-26, -0x1.11111065b755bp-2) \
    STEP(-0x1.ba0738091d398p-22, 0x1.5555547e4edd9p-1) STEP(0x1.dbfdabed6d96ap-18, -0x1.5555548d60328p+0) \
    STEP(-0x1.de76d63ed544cp-14, 0x1.fffffed4104fap+0) STEP(-0x1.4d02355570d53p-3, -0x1.fffffed410213p+0) \
    STEP(-0x1.5555555555555p-1, -0x1.2befdec84957cp-25)
#define FASTACT_ERF_END 0x1.8p+2
#define FASTACT_ERF_SMALL 0x1p+0
#define FASTACT_ERF_STEP 0x1.5ebab8p-1
#define FASTACT_ERF_TABLE {{0x0p+0, 0x1.55ad14fa18dcfp-1, 0x1.e506f58d71f55p-1, 0x1.fe209be12e431p-1, \
    0x1.fff206fbe9214p-1, 0x1.ffffd542cfefp-1, 0x1.ffffffcb27a57p-1, 0x1.ffffffffe5d0fp-1}, {0x1.06eba8214db69p-3, \
    0x1.695a81057f5a9p-1, 0x1.61aed6cc3a93p-3, 0x1.0edb77f5fe687p-6, 0x1.449842099b05cp-11, 0x1.305c0f79b5cc7p-17, \
    0x1.be968a5abe0fdp-25, 0x1.005ae40235115p-33}, {-0x1.6d604de385cbdp-48, -0x1.ef114be04ed96p-2, \
    -0x1.e48f00e8f2d68p-3, -0x1.1650351beabc4p-5, -0x1.bcb4ea368f35ap-10, -0x1.049d68c0b901fp-15, \
    -0x1.cae1a903b1f3ap-23, -0x1.3350218fb4efbp-31}, {-0x1.812746b034e9dp-2, -0x1.da183f082106ep-7, \
    0x1.44ae5803e06b2p-3, 0x1.502812ee121f6p-5, 0x1.7b20720662f45p-9, 0x1.1cdc931b1b6ffp-14, \
    0x1.3109cd9e9e7cep-21, 0x1.e0852098578edp-30}, {-0x1.329c2d6c1e072p-35, 0x1.5431a3ad137b9p-3, \
    -0x1.e724af0d21ab9p-6, -0x1.f94726d753e4bp-6, -0x1.bd4cbaed532b1p-9, -0x1.bc671a2eeeab3p-14, \
    -0x1.2650a9f07c503p-20, -0x1.133827a1936a9p-28}, {0x1.ce2f21ed1dafcp-4, -0x1.514e2d289cfcap-5, \
    -0x1.0022eb985c349p-5, 0x1.ab4fafa5666ccp-7, 0x1.7652d217ca1a2p-9, 0x1.05b1dc6800a88p-13, \
    0x1.b61c7e70d7c54p-20, 0x1.ebdae8329747p-28}, {-0x1.833dc31c8269fp-26, -0x1.1dda770a0c924p-5, \
    0x1.6bd95b38d15f9p-6, -0x1.73c06b77bbdb7p-11, -0x1.be4a14853ac13p-10, -0x1.df0b82ef6eae5p-14, \
    -0x1.04dfa2b1cbce3p-19, -0x1.6459fc0466c87p-27}, {-0x1.b82b9d2fe847ep-6, 0x1.10840a06a844dp-6, \
    -0x1.4747ae630d5fap-10, -0x1.6064d2242856ep-9, 0x1.56481f433184ep-11, 0x1.582cf90884a6ap-14, \
    0x1.fc619900c8927p-20, 0x1.ad89c440d6a6cp-27}, {-0x1.7c579e88becfcp-19, 0x1.2f5b2b92129d3p-8, \
    -0x1.1bd8b8c3d1058p-8, 0x1.91ecce0ecd06dp-10, -0x1.599e4c2e91436p-14, -0x1.801c740ca86dap-15, \
    -0x1.9a84866cd340cp-20, -0x1.b6b6c1681170ap-27}, {0x1.5796012178dd7p-8, -0x1.0222b3ffc311bp-8, \
    0x1.994f1ba516e92p-10, -0x1.74118b8b08eb3p-13, -0x1.41fd2ceb0d869p-14, 0x1.3d06cf68940ebp-16, \
    0x1.142600ca3e5abp-20, 0x1.811352c31e4f4p-27}, {-0x1.720c824ed643bp-14, -0x1.290d249361707p-12, \
    0x1.66c99e4512851p-12, -0x1.a2b85d8d4ac69p-13, 0x1.dbc90480e7659p-15, -0x1.426dbf77d3576p-18, \
    -0x1.3541e27ab5a79p-21, -0x1.2469d2d1d3db1p-27}, {-0x1.25d7eaa619592p-11, 0x1.646cd408d4fdfp-11, \
    -0x1.654805e06082dp-12, 0x1.b2aa76dc86943p-14, -0x1.07540cd3870afp-16, -0x1.af7e94139f7aep-24, \
    0x1.179aa6460e4a3p-22, 0x1.7b2c837c4ded6p-28}, {-0x1.645172c742147p-11, -0x1.215cadf5cc6e7p-15, \
    0x1.b0d68377a2464p-16, -0x1.5b176151f1eb1p-18, -0x1.7e0064f3c803dp-20, 0x1.a7e467450f00dp-21, \
    -0x1.50af3a357bcafp-24, -0x1.901e1a6d15028p-29}, {0x1.2e55c5ce9d947p-10, -0x1.82d8073bf2f7p-14, \
    0x1.653770a8911c5p-15, -0x1.b31b93a78e835p-17, 0x1.7a39787d4d5a3p-19, -0x1.ad93ba201067cp-22, \
    0x1.6b2eaab3f619cp-26, 0x1.39fda08000a4ep-30}, {-0x1.e77415de09b7p-11, 0x1.a3b975e4aabd7p-17, \
    -0x1.6d87d0392a7ffp-17, 0x1.17c0b7de8bc4fp-18, -0x1.de69bb8adb601p-21, 0x1.50e3343e2ec18p-24, \
    -0x1.fdf2cb41e8755p-26, -0x1.3c5af0b9b919ap-32}, {0x1.7af0f76a61b53p-12, 0x1.4e5cd3491603ep-17, \
    -0x1.a302aaf00c9b3p-19, 0x1.c78bb6c8cc472p-22, -0x1.0c722a4662843p-25, 0x1.5101a08ff8967p-27, \
    -0x1.65ee2585d1276p-29, 0x1.2c2f699273f6p-35}}
#define FASTACT_ERF_TABLE_END 0x1.7cp+2
#define FASTACT_SOFTPLUS_END 0x1.0a2b23f3bab73p+0
#define FASTACT_ERFC_SHIFT 0x1.4p+1
#define FASTACT_ERFC_CENTRE 0x1p-3
#define FASTACT_SINE_SQUARE_BEND 0x1.b9c4a2baad3c4p-2
#define FASTACT_MAPPED_SHIFT 0x1.4p+2
#define FASTACT_MAPPED_CENTRE 0x1p-5
#define FASTACT_MAPPED_END 0x1.38p+5
#define FASTACT_MILLS_SLOPE 0x1.5d8p+1
#define FASTACT_MILLS_BEND 0x1.e6ep+5
#define FASTACT_TAIL_SLOPE_SLOPE 0x1.76p+0
#define FASTACT_EXP_EVEN_POLYNOMIAL(FIRST, STEP) FIRST(0x1.28b05b2bf1b26p-22) STEP(0x1.a019968ee4617p-16) \
    STEP(0x1.6c16c185a1bp-10) STEP(0x1.555555555007dp-5) STEP(0x1.000000000000bp-1)
#define FASTACT_EXP_ODD_POLYNOMIAL(FIRST, STEP) FIRST(0x1.af85c4ab17b12p-26) STEP(0x1.71dddfabdcaccp-19) \
    STEP(0x1.a01a01baecbcbp-13) STEP(0x1.111111110d62ap-7) STEP(0x1.5555555555561p-3)
#define FASTACT_LOG1P_POLYNOMIAL(FIRST, STEP) FIRST(0x1.b928a3712f52fp-6) STEP(-0x1.f17ba92064a2bp-5) \
    STEP(0x1.0a80abdc8ecaap-4) STEP(-0x1.ce74ebcbae6dp-5) STEP(0x1.cfb10e44baa5ep-5) STEP(-0x1.fc04823b0425ep-5) \
    STEP(0x1.11ded2eeecf55p-4) STEP(-0x1.24d3a202f0a0ap-4) STEP(0x1.3b09c807f8325p-4) STEP(-0x1.5551141c84047p-4) \
    STEP(0x1.745d57c15e47fp-4) STEP(-0x1.9999c1a980492p-4) STEP(0x1.c71c711922c76p-4) STEP(-0x1.ffffff2d6941cp-4) \
    STEP(0x1.249249245cfbep-3) STEP(-0x1.555555566b7c1p-3) STEP(0x1.999999999bd01p-3) STEP(-0x1.fffffffffef0bp-3) \
    STEP(0x1.5555555555547p-2)
#define FASTACT_SOFTPLUS_NEAR_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.d7acf1531e41dp-38) STEP(0x1.f5c3fe1298418p-34) \
    STEP(-0x1.797428ac13aap-30) STEP(0x1.0cd041a94e758p-26) STEP(-0x1.8339616d48ef5p-23) \
    STEP(0x1.1ea5ba8fc2a79p-19) STEP(-0x1.ba1ba1010397ep-16) STEP(0x1.6c16c16a89fbfp-12) \
    STEP(-0x1.5555555553ab2p-8) STEP(0x1.ffffffffffff6p-4)
#define FASTACT_SOFTPLUS_FAR_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.e4c5ec9cbaf43p-8) STEP(0x1.c23ea7716f98p-6) \
    STEP(-0x1.b0f9c2a413682p-5) STEP(0x1.2dddf614f77f5p-4) STEP(-0x1.68c8b14a8566ap-4) STEP(0x1.971ab7791f34cp-4) \
    STEP(-0x1.c6b7a35f12be8p-4) STEP(0x1.fff47b7f809edp-4) STEP(-0x1.2491d1b0880d1p-3) STEP(0x1.55554eb35e01bp-3) \
    STEP(-0x1.9999995c6cc6p-3) STEP(0x1.fffffffeb1467p-3) STEP(-0x1.5555555553877p-2) STEP(0x1.fffffffffffe4p-2)
#define FASTACT_WIDE_SINE_C0 -0x1.5555555555555p-3
#define FASTACT_WIDE_SINE_C0_LO -0x1.54982b86dc986p-57
#define FASTACT_WIDE_SINE_C1 0x1.1111111111111p-7
#define FASTACT_WIDE_SINE_C1_LO -0x1.d82f690a7ed8ep-63
#define FASTACT_WIDE_SINE_C2 -0x1.a01a01a019fdbp-13
#define FASTACT_WIDE_SINE_C2_LO 0x1.ab9cfa167471dp-67
#define FASTACT_WIDE_SINE_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.2672575f156a1p-57) STEP(0x1.94fe096220539p-49) \
    STEP(-0x1.ae7eb73cd0115p-41) STEP(0x1.6124604caabc4p-33) STEP(-0x1.ae64567d4f8bdp-26) \
    STEP(0x1.71de3a5569cb7p-19)
#define FASTACT_WIDE_QUARTER_SINE_C0 -0x1.5555555555555p-3
#define FASTACT_WIDE_QUARTER_SINE_C0_LO -0x1.4bbc99f1b1a95p-57
#define FASTACT_WIDE_QUARTER_SINE_C1 0x1.111111111110bp-7
#define FASTACT_WIDE_QUARTER_SINE_C1_LO -0x1.1bf300c2f62efp-62
#define FASTACT_WIDE_QUARTER_SINE_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.aaa187226c9dp-41) STEP(0x1.61208b1a8cca5p-33) \
    STEP(-0x1.ae64528c4f3d8p-26) STEP(0x1.71de3a53304e6p-19) STEP(-0x1.a01a01a018a75p-13)
#define FASTACT_WIDE_QUARTER_COSINE_C0 0x1.5555555555555p-5
#define FASTACT_WIDE_QUARTER_COSINE_C0_LO 0x1.53d850a604935p-59
#define FASTACT_WIDE_QUARTER_COSINE_POLYNOMIAL(FIRST, STEP) FIRST(0x1.aaf9f893a80c1p-45) \
    STEP(-0x1.9393b607e2a32p-37) STEP(0x1.1eed8d1ce0833p-29) STEP(-0x1.27e4fb767453ep-22) \
    STEP(0x1.a01a01a0195a5p-16) STEP(-0x1.6c16c16c16c14p-10)
#define FASTACT_WIDE_ARCTAN_EVEN_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.c2b469557e4dp-6) STEP(-0x1.a3c13c6b0e2ffp-5) \
    STEP(-0x1.10f3f673c1bbcp-4) STEP(-0x1.745cf68fe4c72p-4) STEP(-0x1.24924921ab7bp-3) STEP(-0x1.5555555555523p-2)
#define FASTACT_WIDE_ARCTAN_ODD_POLYNOMIAL(FIRST, STEP) FIRST(0x1.4d140a03fe9c3p-7) STEP(0x1.575e4a9d021adp-5) \
    STEP(0x1.dff3a2f80f29ap-5) STEP(0x1.3b1155b242868p-4) STEP(0x1.c71c70a6573e7p-4) STEP(0x1.999999999238cp-3)
#define FASTACT_WIDE_ERF_C0 0x1.20dd750429b6dp+0
#define FASTACT_WIDE_ERF_C0_LO 0x1.1830a81a5b043p-56
#define FASTACT_WIDE_ERF_C1 -0x1.812746b0379e6p-2
#define FASTACT_WIDE_ERF_C1_LO 0x1.dd657cbd5a528p-58
#define FASTACT_WIDE_ERF_POLYNOMIAL(FIRST, STEP) FIRST(0x1.0579b4df66246p-34) STEP(-0x1.386ac4ca4337ap-30) \
    STEP(0x1.f7a41391f2137p-27) STEP(-0x1.5f1d36e57e9d3p-23) STEP(0x1.b9def1a25d43cp-20) \
    STEP(-0x1.f4d1df39a88e3p-17) STEP(0x1.f9a321a122eaep-14) STEP(-0x1.c02db3d8ed52fp-11) \
    STEP(0x1.565bcd0db02f5p-8) STEP(-0x1.b82ce3128499dp-6) STEP(0x1.ce2f21a042b2p-4)
#define FASTACT_WIDE_ERFC_POLYNOMIAL(FIRST, STEP) FIRST(0x1.200fc6f525cbfp+13) STEP(0x1.330914a29d975p+15) \
    STEP(-0x1.f9d89948553bfp+15) STEP(0x1.0d43b3197b12cp+15) STEP(-0x1.fe2db7ea831edp+11) \
    STEP(-0x1.25343abbac8d5p+11) STEP(-0x1.923939f8cc4c9p+5) STEP(0x1.03e4b28a191d4p+9) STEP(0x1.65a4d54a93f31p+6) \
    STEP(-0x1.86d0635a69101p+6) STEP(-0x1.ac468c0def7ebp+5) STEP(0x1.5cc688548a0a9p+2) STEP(0x1.54d1f6a782ecep+4) \
    STEP(0x1.e801b0cd00141p+3) STEP(0x1.cd124ed497f82p+2) STEP(0x1.531d7e29460b8p+1) STEP(0x1.9d8a8f2284f2cp-1)
#define FASTACT_WIDE_TANH_SHRINK_EVEN_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.b64ec02a83d22p-18) \
    STEP(-0x1.84adc803c1621p-14) STEP(-0x1.352950ce7a49dp-11) STEP(-0x1.d6d39fbe65a89p-9) \
    STEP(-0x1.664f487ed2182p-6) STEP(-0x1.11111111110d1p-3)
#define FASTACT_WIDE_TANH_SHRINK_ODD_POLYNOMIAL(FIRST, STEP) FIRST(0x1.06961883d6502p-15) \
    STEP(0x1.f25fce7518e0ap-13) STEP(0x1.7d9fb2d991d22p-10) STEP(0x1.226e3490372bp-7) STEP(0x1.ba1ba1ba120eep-5)
#define FASTACT_TANH_POLYNOMIAL(FIRST, STEP) FIRST(0x1.c3f1277adff51p-9) STEP(-0x1.223f044bfd927p-7) \
    STEP(0x1.664ed570d5b68p-6) STEP(-0x1.ba1ba12f0e41bp-5) STEP(0x1.11111110ec0c2p-3) STEP(-0x1.55555555554f7p-2)
#define FASTACT_SINE_SQUARE_C0 -0x1.5555555555555p-2
#define FASTACT_SINE_SQUARE_C0_LO -0x1.2edb5dd1b35f6p-56
#define FASTACT_SINE_SQUARE_C1 0x1.6c16c16c16bfcp-5
#define FASTACT_SINE_SQUARE_C1_LO -0x1.ec199a7c9605bp-59
#define FASTACT_SINE_SQUARE_C2 -0x1.a01a01a017ddcp-9
#define FASTACT_SINE_SQUARE_C2_LO 0x1.ffa6b8d11789dp-68
#define FASTACT_SINE_SQUARE_POLYNOMIAL(FIRST, STEP) FIRST(0x1.5d99837d01b82p-36) STEP(-0x1.ae4de0f5e54f2p-30) \
    STEP(0x1.9396ce3bb7e81p-24) STEP(-0x1.1eed8e4a84e63p-18) STEP(0x1.27e4fb765a051p-13)
#define FASTACT_MILLS_C0 0x1.e381b93c28211p-2
#define FASTACT_MILLS_C0_LO -0x1.994129bdb3a9bp-56
#define FASTACT_MILLS_C1 0x1.5fe84327f1f72p+1
#define FASTACT_MILLS_C1_LO 0x1.94da0174e75edp-55
#define FASTACT_MILLS_C2 0x1.e2f6644aa407fp+3
#define FASTACT_MILLS_C2_LO 0x1.69280262be68dp-51
#define FASTACT_MILLS_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.d4e7505a566dap+40) STEP(0x1.a6195f92c3d09p+41) \
    STEP(-0x1.4fc9993b96075p+41) STEP(0x1.328f54e821517p+40) STEP(-0x1.5e7b986f2232ap+38) \
    STEP(0x1.076fd4495df62p+36) STEP(-0x1.213bd44553dfep+33) STEP(0x1.108a1ad9ad8b6p+30) \
    STEP(-0x1.36f8bd3e13e72p+26) STEP(0x1.4af8f78bb14b4p+19) STEP(-0x1.eb25240bc70f3p+20) \
    STEP(-0x1.e9b8a29d14059p+17) STEP(0x1.8ffee69a2dc0cp+15) STEP(0x1.7bc92159e47b9p+15) \
    STEP(0x1.3645717641afdp+14) STEP(0x1.7e2283b09b3ecp+12) STEP(0x1.8e2dbbe8c8d9ep+10) STEP(0x1.702fdbac366eep+8) \
    STEP(0x1.35fe8aaefb64p+6)
#define FASTACT_TAIL_SLOPE_C0 0x1.a3a44fd4a3fecp-2
#define FASTACT_TAIL_SLOPE_C0_LO 0x1.c0ae77dbfcf4cp-56
#define FASTACT_TAIL_SLOPE_POLYNOMIAL(FIRST, STEP) FIRST(-0x1.b5b25694b23b4p+35) STEP(0x1.c08ec6c432c4ap+36) \
    STEP(-0x1.9221d7cd5f7b6p+36) STEP(0x1.9acd3ae623bc9p+35) STEP(-0x1.050412fbae07dp+34) \
    STEP(0x1.aed5050d6fa6fp+31) STEP(-0x1.fad4d8623d77ap+28) STEP(0x1.009356d923ce8p+26) \
    STEP(-0x1.571d416332d29p+22) STEP(-0x1.08b677301baadp+13) STEP(-0x1.0b65e528b4ff1p+17) \
    STEP(-0x1.446c8ff558001p+13) STEP(0x1.cc8cab447509fp+12) STEP(0x1.3b31085a69c51p+12) \
    STEP(0x1.f58ab102aca3p+10) STEP(0x1.3c6834bff7297p+9) STEP(0x1.59345f161449cp+7) STEP(0x1.52e088e924933p+5) \
    STEP(0x1.32390d0650b18p+3) STEP(0x1.0289e491520d4p+1) STEP(0x1.9c3c7b458c231p-2)
/* coefficients: end */

#else
#error "define FASTACT_PRECISION as 32 or 64 before including <fastact/precision.h>"
#endif
