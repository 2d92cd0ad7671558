"""Events: what happened to models, told in the form of EventBridge, read as a feed and sent as webhooks.

An event follows from a revision (`graph/store/outbox.py` says from which), so it belongs to a ledger entry, is never lost and
has the same id whenever it is read. A further source of events is a function in `sources`, a word in `types`, and a line in
`outbox`.
"""
