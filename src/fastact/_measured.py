"""The largest errors over all 2^32 float32 inputs, in ULP: written by ``tools/exhaustive.py --rows``."""

MEASURED: dict[tuple[str, str], dict[str, float]] = {
    ("sigmoid", "value"): {"avx512": 0.81, "baseline": 0.817},
    ("sigmoid", "derivative"): {"avx512": 1.497, "baseline": 1.511},
    ("tanh", "value"): {"avx512": 0.87},
    ("tanh", "derivative"): {"avx512": 1.497},
    ("gelu", "value"): {"avx512": 1.955, "baseline": 1.955},
    ("gelu", "derivative"): {"avx512": 0.718},
}
