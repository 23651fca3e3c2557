"""What keeps the audit log append-only: triggers of SQLite on its table."""

#: Run once when the registry is created.
CREATE = (
    """
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit log is append-only');
    END
    """,
    # What retention removes is passed over first: the mark moves, then the entries go.
    """
    CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
    WHEN old.id > coalesce((SELECT entry_id FROM audit_marks WHERE name = 'start'), 0) BEGIN
        SELECT RAISE(ABORT, 'the audit log is append-only');
    END
    """,
)
