"""The registry on disk. The only place that knows SQL; `stoma.storage.read` needs no SQLAlchemy."""
