"""plugins: what Pulumi downloads elsewhere: its language host and its resource plugins.

Each is started by Pulumi's engine as a process of its own: `python -m rig.plugins.<name>`.
Not here: the choice between these and the real ones (rig/pulumi.py).
"""
