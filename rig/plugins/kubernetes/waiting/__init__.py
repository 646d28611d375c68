"""waiting: when a resource counts as ready, and waiting for it.

Everything waits on a watch, so that an operation ends within milliseconds of the change that ends
it. Not here: the operations that wait (create.py, update.py, read.py, delete.py).
"""
