"""Activations that users define: from a Python function or a text to compiled ufuncs with derivatives.

``tracing`` and ``parsing`` make an `expression` of a function or a text, by the names in ``functions``.
``differentiation`` gives its derivatives in a stable form: through ``algebra`` into SymPy, by ``rules`` for what loses
digits, and back in ``writing``. ``schedule``, ``code`` and ``arithmetic`` make LLVM's code of that, which ``library``
compiles and ``cache`` keeps. ``facts`` finds what a row says, and ``activation`` makes of it all what `fastact.custom`
returns.
"""

from .activation import custom, registered

__all__ = ["custom", "registered"]
