"""What Python code uses of ``_capi.pyx``."""

from typing import Any

ABI_VERSION: int
API_VERSION: int
API: Any
CALLBACKS: dict[str, Any]
__pyx_capi__: dict[str, Any]

def bind(name: str, parameters: list[float], weights: list[float] | None) -> Any: ...
def pointer(capsule: Any) -> int: ...
def text(capsule: Any) -> str: ...
