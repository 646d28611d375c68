"""language: runs Python programs for Pulumi's engine, where the official host can't be downloaded.

A program runs as with the official host: in a process of its own, in its folder, with this
checkout's Python packages. A preview and an update are two runs.
Not here: the program (__main__.py of the checkout), the plugins that it uses (tls/, kubernetes/).
"""
