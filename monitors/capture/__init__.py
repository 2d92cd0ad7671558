"""Captured records and their ground truth: joined, and written in SageMaker's layout."""
