"""The pages, and how they are made into a site: `python -m docs`."""
