"""Activations that users define: from a Python function or a text to compiled ufuncs with derivatives.

``tracing`` and ``parsing`` make an `expression` of a function or a text; ``differentiation`` its derivatives, in a stable
form; ``schedule`` and ``code`` machine code; ``cache`` keeps that; ``facts`` finds what a row says; ``activation`` makes of
all of it what `fastact.custom` returns.
"""

from .activation import custom, registered

__all__ = ["custom", "registered"]
