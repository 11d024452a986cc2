"""A ledger at work for a while, and how much it takes of the machine: `python -m tests.soak`."""
