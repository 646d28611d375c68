"""operators: programs that run on the host and serve one tenant, as data.

A chart's objects are told apart (split.py), its pods rewritten (pods.py) so that they live in the
tenant's namespace on the host and take the tenant's API server for their own, and what no pod of a
tenant may be is refused (refusals.py). The components declare it, the host agent does the same for
what operators install themselves.
Not here: rendering (core/charts.py), declaring (components/), the tenant's own pods
(core/manifests/tenant.py).
"""
