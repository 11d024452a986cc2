"""The long fuzz run: every parser of the package against bytes that coverage leads to."""
