"""Benchmarks: one module per figure, results in `results/`. `python -m bench` lists and runs them."""
