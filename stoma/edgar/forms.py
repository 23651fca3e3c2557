"""Form types: which are wanted, how they are asked for, and what is particular to some."""

from collections.abc import Iterable

AMENDED = "/A"
#: What insiders hold and trade (Section 16 of the Exchange Act).
OWNERSHIP = frozenset({"3", "3/A", "4", "4/A", "5", "5/A"})
#: Forms by one party about another: a list that names a party does not say which one it is.
_SEVERAL = ("144", "425", "SC 13", "SC TO", "SC 14", "SCHEDULE 13", "SCHEDULE TO", "DFAN", "PX14A")

#: The captions of Form 8-K (https://www.sec.gov/files/form8-k.pdf).
_8K_ITEMS = {
    "1.01": "Entry into a Material Definitive Agreement",
    "1.02": "Termination of a Material Definitive Agreement",
    "1.03": "Bankruptcy or Receivership",
    "1.04": "Mine Safety - Reporting of Shutdowns and Patterns of Violations",
    "1.05": "Material Cybersecurity Incidents",
    "2.01": "Completion of Acquisition or Disposition of Assets",
    "2.02": "Results of Operations and Financial Condition",
    "2.03": "Creation of a Direct Financial Obligation",
    "2.04": "Triggering Events That Accelerate or Increase a Direct Financial Obligation",
    "2.05": "Costs Associated with Exit or Disposal Activities",
    "2.06": "Material Impairments",
    "3.01": "Notice of Delisting or Failure to Satisfy a Continued Listing Rule or Standard",
    "3.02": "Unregistered Sales of Equity Securities",
    "3.03": "Material Modification to Rights of Security Holders",
    "4.01": "Changes in Registrant's Certifying Accountant",
    "4.02": "Non-Reliance on Previously Issued Financial Statements",
    "5.01": "Changes in Control of Registrant",
    "5.02": "Departure, Election or Appointment of Directors or Certain Officers",
    "5.03": "Amendments to Articles of Incorporation or Bylaws; Change in Fiscal Year",
    "5.04": "Temporary Suspension of Trading Under Employee Benefit Plans",
    "5.05": "Amendments to the Code of Ethics, or Waiver of a Provision",
    "5.06": "Change in Shell Company Status",
    "5.07": "Submission of Matters to a Vote of Security Holders",
    "5.08": "Shareholder Director Nominations",
    "6.01": "ABS Informational and Computational Material",
    "6.02": "Change of Servicer or Trustee",
    "6.03": "Change in Credit Enhancement or Other External Support",
    "6.04": "Failure to Make a Required Distribution",
    "6.05": "Securities Act Updating Disclosure",
    "7.01": "Regulation FD Disclosure",
    "8.01": "Other Events",
    "9.01": "Financial Statements and Exhibits",
}


def root(form: str) -> str:
    """Return the form that *form* is or amends."""
    return form.removesuffix(AMENDED)


def wanted_forms(names: Iterable[str], *, amendments: bool) -> frozenset[str]:
    """Return exactly the form types that are asked for; none means all."""
    given = frozenset(" ".join(name.upper().split()) for name in names)
    return given | {root(name) + AMENDED for name in given} if amendments else given


def walks(forms: Iterable[str]) -> list[str]:
    """Return the types to ask the list of latest filings for.

    It matches by prefix (`10-K` brings 10-K/A and 10-KT) outside the ownership forms, which can
    be had alone. An empty type brings everything.
    """
    roots = sorted({root(form) for form in forms})
    others = [form for form in roots if form not in OWNERSHIP]
    needed = [form for form in others if not any(form != o and form.startswith(o) for o in others)]
    return [form for form in roots if form in OWNERSHIP] + needed or [""]


def is_8k(form: str) -> bool:
    """Whether *form* is a current report, whose items have captions."""
    return root(form) in {"8-K", "8-K12B", "8-K12G3", "8-K15D5"}


def caption(item: str) -> str:
    """Return an item of Form 8-K with its caption, if it is one of today's."""
    return f"{item} {_8K_ITEMS[item]}" if item in _8K_ITEMS else item


def has_several_parties(form: str) -> bool:
    """Whether a form is by one party about another."""
    return form in OWNERSHIP or form.startswith(_SEVERAL)
