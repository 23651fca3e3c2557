"""The stable shapes of what is told to scripts, by the command line and by the API alike.

One table of fields per kind of value; docs/reference/json.md describes them.
"""
