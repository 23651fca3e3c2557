"""What the API answers with: a model per record for the document, and the function that fills it.

The fields are those of the command line's `--json` (docs/reference/json.md); a test compares them.
"""
