"""Judgement: pure functions from entries to findings."""
