"""The largest errors over all 2^32 float32 inputs, in ULP: written by ``tools/exhaustive.py --rows``."""

MEASURED: dict[tuple[str, str], dict[str, float]] = {
    ("sigmoid", "value"): {"avx512": 0.81, "baseline": 0.817},
    ("sigmoid", "derivative"): {"avx512": 1.497, "baseline": 1.511},
    ("tanh", "value"): {"avx512": 0.87},
    ("tanh", "derivative"): {"avx512": 1.497},
    ("softplus", "value"): {"avx512": 0.501},
    ("softplus", "derivative"): {"avx512": 0.81},
    ("gelu", "value"): {"avx512": 1.955, "baseline": 1.955},
    ("gelu", "derivative"): {"avx512": 0.718},
    ("elu", "value"): {"avx512": 0.501},
    ("elu", "derivative"): {"avx512": 0.501},
    ("selu", "value"): {"avx512": 0.501},
    ("selu", "derivative"): {"avx512": 0.501},
    ("silu", "value"): {"avx512": 0.852},
    ("silu", "derivative"): {"avx512": 0.501},
    ("gelu_tanh", "value"): {"avx512": 0.501},
    ("gelu_tanh", "derivative"): {"avx512": 0.501},
    ("mish", "value"): {"avx512": 0.501},
    ("mish", "derivative"): {"avx512": 0.501},
}
