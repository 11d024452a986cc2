"""Many writers, and everything that can go wrong beneath them: `python -m tests.campaign`."""
