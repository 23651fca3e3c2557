"""A registry that looks like three weeks of use: for pictures, and for journeys through pages.

Everything in it is made up, and the same every time.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from stoma.app import App
from stoma.domain.item import Contributor, Identifier, Item, ItemKind, RawAnswer, Tag
from stoma.domain.ledger import Decision
from stoma.domain.run import Failure, GiveUp, Outcome, RetryAt, Run, RunState, Trigger
from stoma.domain.task import Task
from stoma.logs import RunLog
from stoma.operations import presets
from stoma.processes import this_process
from stoma.scheduler.placing import place, schedule_of
from stoma.storage.item_lines import ItemFilter
from stoma.storage.items import PageToStore, Proof
from stoma.storage.read import reading
from stoma.storage.tasks import Next
from stoma.version import __version__
from tests.makers import make_firing

NOW = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)

_OWN = (
    {
        "id": "agents_berlin",
        "name": "Agents on arXiv",
        "type": "arxiv",
        "schedule": "cron: 0 8 * * 1-5",
        "timezone": "Europe/Berlin",
        "description": "What is new about agents, before the first coffee",
        "config": {"search_query": "cat:cs.AI AND abs:agent", "max_results": 50},
        "priority": "high",
        "tags": ("arxiv", "agents"),
    },
    {
        "id": "insider_watch",
        "name": "Insider watch",
        "type": "sec_edgar",
        "schedule": "interval_1h",
        "description": "Form 4 filings of the companies in the portfolio",
        "config": {"filing_type": "4", "days_back": 1},
        "timeout_seconds": 600.0,
        "tags": ("sec",),
    },
    {
        "id": "night_harvest",
        "name": "Night harvest",
        "type": "arxiv",
        "schedule": "daily_at_02:30",
        "timezone": "America/New_York",
        "description": "All of quantum physics, by OAI-PMH",
        "config": {"mode": "oai", "categories": ["physics:quant-ph"]},
        "tags": ("arxiv", "harvest"),
    },
)

_TOPICS = (
    "Sparse Attention",
    "Retrieval-Augmented Planning",
    "Diffusion Policies",
    "World Models",
    "Tool-Using Agents",
    "Mixture-of-Experts Routing",
    "Test-Time Compute",
    "Program Synthesis",
    "Self-Play",
    "Neural Operators",
    "Causal Discovery",
    "Low-Rank Adaptation",
)
_CLAIMS = (
    "for Long-Horizon Tasks",
    "under Distribution Shift",
    "at a Tenth of the Cost",
    "without Reward Models",
    "in the Wild: A Field Study",
    "and What They Forget",
    "with Provable Guarantees",
    "for Low-Resource Languages",
    "on Consumer Hardware",
)
_PEOPLE = (
    "Amara Okafor",
    "Jonas Lindqvist",
    "Mei-Ling Chen",
    "Rafael Duarte",
    "Priya Raghunathan",
    "Tomasz Wilk",
    "Leila Haddad",
    "Noah Bergström",
    "Sofía Aguirre",
    "Kenji Morimoto",
)
_REPOSITORIES = (
    ("quillworks/lattice", "A constraint solver that explains itself", "Rust"),
    ("northlight/embergen", "Typed feature flags with gradual rollout", "TypeScript"),
    ("pinecrest/tally", "Columnar event store in a single file", "Go"),
    ("tidepool-labs/murmur", "Streaming speech recognition on a laptop", "Python"),
    ("oakridge/ferro", "A tiny async runtime for microcontrollers", "Rust"),
    ("lumen-dev/paperboat", "Offline-first notes that sync by git", "TypeScript"),
)
_COMPANIES = (
    "Northwind Holdings Inc",
    "Halcyon Therapeutics",
    "Cobalt Ridge Energy",
    "Meridian Foods Corp",
    "Atlas Semiconductor",
    "Brightwater Bancorp",
    "Juniper Vale REIT",
    "Redstone Logistics",
)
_SUMMARY = (
    "We study whether planning improves when an agent may look things up while it thinks. Across "
    "eleven benchmarks the answer is yes, but less than earlier work suggests: most of the gain "
    "comes from a handful of queries, and a small verifier finds them. Code and data are public."
)


@dataclass
class Demo:
    """Fills one registry."""

    app: App
    now: datetime = NOW
    days: int = 21
    _random: random.Random = field(default_factory=lambda: random.Random(7))
    _made: int = 0

    def fill(self) -> None:
        """Tasks, their past, and what they brought."""
        for name in ("default", "research", "business", "development"):
            presets.load_into(self.app, name)
        for each in _OWN:
            self.add(Task(**each))
        self.app.tasks.set_enabled(
            {"sec_weekly_comprehensive": Next()}, enabled=False, reason="quota is used up"
        )
        slots = sorted(self._slots(), key=lambda each: (each[1], each[0]))
        for task_id, due_at in slots:
            self.pass_by(task_id, due_at)
        scheduler = this_process("scheduler")
        self.app.instances.enter(scheduler, version=__version__, now=self.now - timedelta(days=9))
        self.app.instances.beat(scheduler.id, now=self.now - timedelta(seconds=4))
        self.at_work("arxiv_computer_vision", ago=timedelta(minutes=2, seconds=14))

    def a_paper(self) -> int:
        """Return the number of a paper with an abstract."""
        with reading(self.app.paths.database) as reader:
            assert reader is not None
            return reader.items.newest(ItemFilter(kind="paper"), limit=1)[0].id

    def add(self, task: Task) -> None:
        """Register a task, due next after now."""
        placed = place(task, now=self.now, timezone=self.app.settings.timezone)
        self.app.tasks.add(placed, now=self.now - timedelta(days=self.days))

    def _slots(self) -> Iterator[tuple[str, datetime]]:
        for task in self.app.tasks.all():
            busy = task.id in {"insider_watch", "sec_recent_filings"}
            at = self.now - timedelta(days=min(self.days, 4) if busy else self.days)
            schedule = schedule_of(task, self.app.settings.timezone)
            while (due := schedule.next_after(at)) is not None and due <= self.now:
                yield task.id, due
                at = due

    def pass_by(self, task_id: str, due_at: datetime) -> None:
        """Let one slot go as such slots do."""
        age = self.now - due_at
        roll = self._random.random()
        first, last = self._outage()
        if task_id == "insider_watch" and first <= due_at <= last:
            if due_at == last:
                self._stretch()
            return
        if task_id == "github_rust_trending" and age < timedelta(days=2):
            self.fail(task_id, due_at, "rate_limited", _LIMITED)
        elif task_id == "insider_watch" and roll < 0.06:
            self.decide(task_id, due_at, RunState.SKIPPED, "overlap", _BUSY)
        elif roll < 0.03:
            self.fail(task_id, due_at, "network", "no answer from www.sec.gov: timed out")
        elif roll < 0.045:
            self.fail(task_id, due_at, "timed_out", _SLOW, outcome=Outcome.TIMED_OUT)
        elif roll < 0.06:
            self.decide(task_id, due_at, RunState.MISSED, "downtime", _DOWN)
        else:
            self.succeed(task_id, due_at)

    def _outage(self) -> tuple[datetime, datetime]:
        """Return the first and the last slot of a night without a scheduler."""
        first = (self.now - timedelta(hours=45)).replace(minute=0, second=0, microsecond=0)
        return first, first + timedelta(hours=6)

    def _stretch(self) -> None:
        first, last = self._outage()
        decision = Decision(
            state=RunState.MISSED,
            due_at=first,
            due_to=last,
            slots=7,
            reason="downtime",
            detail="the scheduler was not running: 7 slots",
        )
        self.app.runs.add(make_firing(decision, task_id="insider_watch"), now=last)

    # --- single slots ---------------------------------------------------------------------------

    def decide(
        self, task_id: str, due_at: datetime, state: RunState, reason: str, detail: str
    ) -> None:
        """A slot that never ran."""
        decision = Decision(state=state, due_at=due_at, reason=reason, detail=detail)
        self.app.runs.add(make_firing(decision, task_id=task_id), now=due_at)

    def start(self, task_id: str, due_at: datetime, *, trigger: Trigger = Trigger.SCHEDULE) -> Run:
        """A run at work, with the beginning of its log."""
        slot = None if trigger is Trigger.MANUAL else due_at
        firing = make_firing(
            Decision(state=RunState.PENDING, due_at=slot, trigger=trigger), task_id=task_id
        )
        at = due_at + timedelta(seconds=0.4)
        owner, until = this_process("demo").id, at + timedelta(hours=1)
        run = self.app.runs.add(firing, now=at, owner=owner, lease_until=until)
        path = self.app.log_path(task_id, run.id)
        with RunLog(path) as log:
            for second, line in enumerate(_BEGINNING):
                text = line.format(task=task_id, run=run.id)
                log.write(text.encode(), at + timedelta(seconds=second * 1.3))
        return self.app.runs.start(run, now=at, log_path=str(path))

    def succeed(self, task_id: str, due_at: datetime) -> Run:
        """A run that brought something, or found that there is nothing."""
        again = task_id == "sec_recent_filings" and timedelta(3) < self.now - due_at
        run = self.start(task_id, due_at, trigger=Trigger.BACKFILL if again else Trigger.SCHEDULE)
        count = self._random.choice((0, 0, 1, 1, 2))
        items = [self.item(task_id, due_at) for _ in range(count)]
        took = timedelta(seconds=4 + 90 * self._random.random() ** 3)
        page = PageToStore(
            raw=_raw(run, due_at),
            items=items,
            requests=1 + count,
            proof=Proof(outcome=Outcome.SUCCEEDED if items else Outcome.EMPTY),
        )
        self.app.items.store_page(run, page, now=due_at + took)
        return run

    def fail(
        self,
        task_id: str,
        due_at: datetime,
        kind: str,
        error: str,
        *,
        outcome: Outcome = Outcome.FAILED,
    ) -> None:
        """A run of which the first attempt, or every one, went wrong."""
        run = self.start(task_id, due_at)
        failure = Failure(kind=kind, message=error, outcome=outcome)
        at = due_at + timedelta(seconds=31)
        if kind == "rate_limited" and self.now - due_at < timedelta(hours=12):
            self.app.runs.fail(run, failure, RetryAt(self.now + timedelta(minutes=19)), now=at)
        else:
            self.app.runs.fail(run, failure, GiveUp(outcome), now=at)

    def at_work(self, task_id: str, *, ago: timedelta) -> Run:
        """A run of this process that has not ended."""
        instance = this_process("demo")
        self.app.instances.enter(instance, version=__version__, now=self.now - ago)
        return self.start(task_id, self.now - ago, trigger=Trigger.MANUAL)

    # --- what comes -----------------------------------------------------------------------------

    def item(self, task_id: str, at: datetime) -> Item:
        """One item of the kind that a task brings."""
        self._made += 1
        kind = task_id.split("_")[0]
        make = {"github": self._repository, "sec": self._filing, "insider": self._filing}
        return make.get(kind, self._paper)(self._made, at - timedelta(hours=5))

    def _paper(self, number: int, at: datetime) -> Item:
        some = self._random
        authors = some.sample(_PEOPLE, some.randint(1, 4))
        name = f"2611.{number:05}"
        field_ = some.choice(("cs.AI", "cs.LG", "cs.CL", "cs.CV"))
        return Item(
            source="arxiv",
            kind=ItemKind.PAPER,
            natural_id=name,
            title=f"{some.choice(_TOPICS)} {some.choice(_CLAIMS)}",
            url=f"https://arxiv.org/abs/{name}",
            version_key="v1",
            version_seq=1,
            summary=_SUMMARY,
            published_at=at,
            contributors=tuple(Contributor(name=each) for each in authors),
            identifiers=(Identifier("arxiv", name), Identifier("doi", f"10.48550/arXiv.{name}")),
            tags=(Tag("arxiv-category", field_, primary=True),),
        )

    def _repository(self, number: int, at: datetime) -> Item:
        name, about, language = self._random.choice(_REPOSITORIES)
        name = f"{name}-{number}"
        return Item(
            source="github",
            kind=ItemKind.REPOSITORY,
            natural_id=f"R_{number}",
            title=name,
            url=f"https://github.com/{name}",
            summary=about,
            published_at=at,
            identifiers=(Identifier("github", name),),
            tags=(Tag("language", language, primary=True),),
        )

    def _filing(self, number: int, at: datetime) -> Item:
        company = self._random.choice(_COMPANIES)
        form = self._random.choice(("8-K", "4", "10-Q"))
        name = f"0001193125-26-{number:06}"
        return Item(
            source="sec_edgar",
            kind=ItemKind.FILING,
            natural_id=name,
            title=f"{company}: {_FORMS[form]}",
            url=f"https://www.sec.gov/Archives/edgar/data/{number}/{name}-index.htm",
            published_at=at,
            contributors=(Contributor(name=company, role="filer"),),
            identifiers=(Identifier("accession", name),),
            tags=(Tag("form", form, primary=True),),
        )


def _raw(run: Run, at: datetime) -> RawAnswer:
    return RawAnswer(
        source="arxiv",
        url="https://export.arxiv.org/api/query?search_query=cat:cs.AI",
        status=200,
        media_type="application/atom+xml",
        body=f"<feed>{run.id}</feed>".encode(),
        fetched_at=at,
    )


_LIMITED = "github.com asks to slow down (HTTP 429); it says to wait 19 min"
_FORMS = {"8-K": "Current report (8-K)", "4": "Insider trade (Form 4)", "10-Q": "Quarterly report"}
_BUSY = "the run before was still at work"
_DOWN = "the scheduler was not running"
_SLOW = "stopped after its time limit of 600 s"
_BEGINNING: Sequence[str] = (
    "INFO run {run} of task {task}: attempt 1",
    "INFO asking export.arxiv.org for results 0 to 100",
    "INFO page 1: 100 results of 412, 3 new",
    "WARNING export.arxiv.org took 8.2 s to answer",
    "INFO page 2: 100 results of 412, 1 new",
)
