"""What Python code uses of ``_jit.pyx``."""

ABI: int
pointer_bits: int
identity: str
find_address: int
max_dimensions: int
