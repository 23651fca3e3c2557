"""The web: a REST API over the verbs of `operations`, and pages. Imported by `stoma web` only."""
