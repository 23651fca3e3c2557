"""The engine: plans slots, starts runs, keeps the ledger. `base` and `config` are public."""
