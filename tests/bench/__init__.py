"""How fast it is, as ratios to what the same machine does bare: `python -m tests.bench`."""
