"""What the tests of presets share."""

from pathlib import Path

from hypothesis import settings

from stoma.domain.task import (
    CatchUp,
    OnInterrupt,
    Overlap,
    Task,
    TaskPriority,
)
from stoma.presets import (
    preset_folders,
)

law = settings(derandomize=True, database=None, deadline=None, max_examples=100)

ROOT = Path(__file__).parents[3]
MANUAL = ROOT / "docs" / "reference" / "presets.md"
BUILT_IN = preset_folders(ROOT / "nowhere")
NAMES = ["business", "default", "development", "research"]

WHOLE = """\
description = "Papers"

[tasks.papers]
name = "New papers"
description = "Everything"
type = "arxiv"
schedule = "daily_at_06:00"
timezone = "Europe/Berlin"
priority = "high"
enabled = false
owner = "me"
tags = ["ai", "papers"]
timeout_seconds = 600
max_retries = 5
retry_delay_seconds = 1.5
catch_up = "all"
max_catch_up = 3
misfire_grace_seconds = 60
overlap = "queue_one"
jitter_seconds = 30
on_interrupt = "report"
retry_on = ["network", "timed_out"]
no_retry_on = ["refused"]
after = ["other", "backup:always"]
only_if = [{ type = "variable", name = "stage", equals = "production" }]
concurrency_key = "disk"
max_running = 2
memory_limit_mb = 512
notify = ["mail", "phone:dead"]

[tasks.papers.config]
search_query = "cat:cs.AI"
max_results = 50
"""
PAPERS = Task(
    id="papers",
    name="New papers",
    description="Everything",
    type="arxiv",
    schedule="daily_at_06:00",
    timezone="Europe/Berlin",
    priority=TaskPriority.HIGH,
    enabled=False,
    owner="me",
    tags=("ai", "papers"),
    timeout_seconds=600,
    max_retries=5,
    retry_delay_seconds=1.5,
    catch_up=CatchUp.ALL,
    max_catch_up=3,
    misfire_grace_seconds=60,
    overlap=Overlap.QUEUE_ONE,
    jitter_seconds=30,
    on_interrupt=OnInterrupt.REPORT,
    retry_on=("network", "timed_out"),
    no_retry_on=("refused",),
    after=("other", "backup:always"),
    only_if=({"type": "variable", "name": "stage", "equals": "production"},),
    concurrency_key="disk",
    max_running=2,
    memory_limit_mb=512,
    notify=("mail", "phone:dead"),
    config={"search_query": "cat:cs.AI", "max_results": 50},
)
SHORT = '[tasks.a]\nname = "A"\ntype = "arxiv"\nschedule = "hourly"\n'
