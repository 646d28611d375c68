"""rules: what may not be declared. Each is a function that yields a message per fault.

Not here: how Pulumi calls them (policy/pack.py).
"""
