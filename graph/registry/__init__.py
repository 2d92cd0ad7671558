"""The model registry: groups, their versions, and the decisions on them.

A group is a context, a version an artifact, a decision an action; all are entities of the graph with its history and ledger.
"""
