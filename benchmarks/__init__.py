"""benchmarks: the figures of docs and README, measured on the native host.

`make bench` runs all; `python -m benchmarks NAME` one. Results with machine, versions and units go
to results/. Not here: assertions on time; a slow machine fails no test.
"""
