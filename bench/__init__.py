"""How fast fastact is beside the libraries that compute the same functions, on one thread.

``pytest bench --benchmark-json=bench.json && python -m bench.report bench.json`` from the root of a checkout, against
whichever fastact is installed.

- ``peers``: THE TABLE of what else computes each activation; ``python -m bench.agreement`` checks it.
- ``cases``: one case (activation, form, dtype, size), its buffers and its contestants bound to them.
- ``agreement``: a contestant that does not agree with fastact is not timed.
- ``interleave``: the contestants of a case take turns, so that all of them meet the same noise.
- ``test_speed``, ``test_one_element``: the cases as pytest-benchmark benchmarks.
- ``report``: their JSON as Markdown.
"""
