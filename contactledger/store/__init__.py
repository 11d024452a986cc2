"""Stores: where a log is kept."""
