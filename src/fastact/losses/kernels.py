"""The compiled part of the losses, for the instruction set that fastact runs; the trainer calls it, without checks."""

from __future__ import annotations

import importlib

import fastact

_instruction_set = (fastact.show_config("dict") or {})["instruction set"]

cross_entropy = importlib.import_module(f"fastact.losses._cross_entropy_{_instruction_set}").cross_entropy
