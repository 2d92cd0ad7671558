"""Charts as SVG documents: the same numbers give the same bytes, and each says in words what it shows."""
