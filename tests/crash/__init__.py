"""Killing writers and sealers: `python -m tests.crash [--times 500]`."""
