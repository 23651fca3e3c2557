"""What the tests of task files share."""

import re
from collections.abc import Callable

import pytest

from stoma.exceptions import ConfigError
from stoma.taskfiles.reading import TaskFile

Read = Callable[..., TaskFile]

SCHEDULED = """\
scheduled_tasks:
  enabled: true
  state_file: "/path/to/state.json"

  tasks:
    podcast_index_download:
      name: "Podcast Index & Download"
      description: "Index podcast feeds and create download tasks"
      enabled: true
      schedule:
        type: time_of_day
        hours: [0, 8, 16]
      executor:
        type: cli
        command: "python"
        args: ["-m", "src.automation.task_creation_manager", "--steps", "index_podcast", "download_podcast"]
      timeout_seconds: 3600
"""  # noqa: E501 - as it is written there
#: A task as a task API takes it.
REPORT = """\
{
  "userId": "user-id",
  "name": "Daily Report",
  "description": "Generate daily analytics report",
  "type": "recurring",
  "schedule": {
    "cron": "0 9 * * *",
    "timezone": "America/New_York"
  },
  "action": {
    "type": "ai-prompt",
    "prompt": "Generate a report",
    "model": "claude-3-5-sonnet-20241022"
  },
  "retryPolicy": {
    "maxRetries": 3,
    "backoffMs": 90000
  },
  "conditions": [
    {"type": "time", "operator": "greater", "value": "09:00"},
    {"type": "variable", "operator": "equals", "value": "production"}
  ],
  "notification": {"onFailure": true, "channels": ["email"]}
}
"""


def refusal(read: Read, text: str, name: str = "t.yaml") -> tuple[str, str]:
    """Return what is said about a file, without its folder, and the way out."""
    with pytest.raises(ConfigError) as caught:
        read(text, name)
    assert caught.value.exit_code == 78
    return re.sub(r"/\S*/", "", str(caught.value)), caught.value.hint
