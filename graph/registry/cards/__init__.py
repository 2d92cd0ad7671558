"""Model cards: documents that speak about a model version, a model or a group; their status is evidence for approvals.

A card is an artifact, associated with what it speaks about; each new content is a version of it.
"""
