"""What the API answers with, as its document has it: a model per record, and what fields mean.

`stoma.records` fills them: the fields are those of the command line's `--json`
(docs/reference/json.md); a test compares them.
"""
