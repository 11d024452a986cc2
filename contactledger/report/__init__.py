"""Reports: any value of `findings` as rows, text, HTML, SVG or a small notebook card.

rows.py makes plain dict rows, render.py turns them into HTML, text and JSON, charts.py draws
the timeline and charts_*.py the other charts, card.py the card for notebooks; names.py finds the
names that findings leave out, phrases.py and summary.py hold the plain words. Nothing here
judges.
"""
