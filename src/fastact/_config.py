"""What this build is and what it runs on."""

from __future__ import annotations

import os
from typing import Any, Literal

from . import _ufuncs
from ._build_info import version as __version__


def get_include() -> str:
    """The directory to put on a C compiler's include path for ``<fastact/activations.h>`` and ``<fastact/fastact.h>``.

    Returns
    -------
    str
        An absolute path.
    """
    # Beside the compiled modules: in an editable install the build has all headers, the source tree only some.
    return os.path.join(os.path.dirname(os.path.abspath(_ufuncs.__file__)), "include")


def show_config(mode: Literal["print", "dict"] = "print") -> dict[str, Any] | None:
    """Say which instruction set runs, which were built, the versions and the threads.

    Parameters
    ----------
    mode : {"print", "dict"}
        Print the configuration, or return it.

    Returns
    -------
    dict or None
        With ``mode="dict"``, the configuration; else None.

    Raises
    ------
    ValueError
        If mode is neither.
    """
    if mode not in ("print", "dict"):
        raise ValueError(f"mode must be 'print' or 'dict', got {mode!r}")
    import platform

    import numpy as np

    from ._threads import describe, usable_cpus

    configuration = {
        "fastact": __version__,
        "instruction set": _ufuncs.running,
        "built": list(_ufuncs.built()),
        "usable here": [name for name in _ufuncs.built() if _ufuncs.cpu_supports(name)],
        "FASTACT_ISA": os.environ.get("FASTACT_ISA", ""),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "CPUs usable by this process": usable_cpus(),
        "threads used by a ufunc": 1,
        "fastact.parallel": describe(),
        "include": get_include(),
    }
    if mode == "dict":
        return configuration
    width = max(map(len, configuration))
    for key, value in configuration.items():
        print(f"{key:<{width}}  {', '.join(value) if isinstance(value, list) else value}")
    return None
