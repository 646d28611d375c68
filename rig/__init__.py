"""rig: a real local host cluster and an offline Pulumi toolchain, for development and tests.

`python -m rig up|down|status|doctor` drives it. The product never imports it (pyproject.toml).
Not here: what runs in production (core, components, stacks, agent).
"""
