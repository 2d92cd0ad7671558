"""What a monitor's run found, for people: `report.html` and `report.pdf` beside its files."""
