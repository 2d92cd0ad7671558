"""Collections of model groups, as SageMaker Studio keeps them: resource groups whose members are found by a tag.

A collection is a context; what belongs to it is associated with it (`graph/memberships.py`). Resource groups with other queries
are kept, too; they have no associations, and are evaluated when they are asked.
"""
