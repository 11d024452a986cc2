"""The log: bytes, trees, signatures."""
