"""The audit report: what was known of an entity at a moment, each sentence with the ledger entry that it rests on."""
