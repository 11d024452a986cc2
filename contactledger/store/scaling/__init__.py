"""The tables on more than one disk or machine: where each goes, and the scripts that put it there.

`placement` says by which column each table is spread, `scripts` writes the SQL.
"""
