"""Task files: TOML, YAML or JSON that says which tasks there are."""

from typing import Final

#: The fact under which the registry keeps what is wrong with a scheduler's task files.
TROUBLE: Final = "task_files"
