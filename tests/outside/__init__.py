"""Bundles put to tools that nobody here wrote: what they are given, and how they are run."""
