"""The compiled part of the trainer, for the instruction set that fastact runs."""

from __future__ import annotations

import importlib
from typing import Any

import fastact


def _compiled(name: str) -> Any:
    return importlib.import_module(f"fastact.mlp.{name}_{(fastact.show_config('dict') or {})['instruction set']}")


_rules = _compiled("_rules")
_ops = _compiled("_ops")

RULES: dict[str, Any] = _rules.RULES
"""The optimisers' rules: ``rule(p, g, states, constants)`` takes the parameters one step."""

check_step = _rules.check_step

Product, RowSums, Pointwise, Rows = _ops.Product, _ops.RowSums, _ops.Pointwise, _ops.Rows
norm = _ops.norm
