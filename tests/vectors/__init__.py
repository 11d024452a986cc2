"""Frozen bytes: what was hashed once must be read for ever."""
