"""The compiled part of the trainer, for the instruction set that fastact runs."""

from __future__ import annotations

import importlib
from typing import Any

import fastact

_steps: Any = importlib.import_module(
    f"fastact.mlp._steps_{(fastact.show_config('dict') or {})['instruction set']}",
)

RULES: dict[str, Any] = _steps.RULES
"""The optimisers' rules: ``rule(p, g, states, constants)`` takes the parameters one step."""

cross_entropy = _steps.cross_entropy
norm = _steps.norm
