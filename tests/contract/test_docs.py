"""What the documents say is what the code does."""

import re
from pathlib import Path

from stoma.domain.run import TRANSITIONS, Outcome, RunState

DOCS = Path(__file__).parents[2] / "docs"


def test_the_diagram_of_states_is_the_table_of_transitions() -> None:
    text = (DOCS / "explanation" / "state.md").read_text()

    drawn = {
        (RunState(before), RunState(after))
        for before, after in re.findall(r"^    (\w+) --> (\w+): ", text, re.MULTILINE)
    }

    assert drawn == {(before, after) for before, states in TRANSITIONS.items() for after in states}


def test_every_outcome_is_explained() -> None:
    text = (DOCS / "explanation" / "state.md").read_text()

    for outcome in Outcome:
        assert f"| `{outcome}` |" in text
