"""manifests: Kubernetes objects as plain dicts, one module per workload.

Every function is pure and returns what goes into `spec` (or the whole object where said so).
Not here: who declares them (components/), the flags inside (core/flags.py).
"""
