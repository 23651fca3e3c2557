"""The nouns: frozen values and their rules. Standard library only, no clock, no I/O."""
