"""The demonstration: real data, a real model, its lineage, and what the monitor finds in later data."""
