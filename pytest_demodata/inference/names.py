"""What the names of tables and columns say."""

from __future__ import annotations

import re
from typing import Final

_PEOPLE: Final = re.compile(
    r"(\w+ )*(user|customer|client|person|people|employee|contact|author|member|patient|student|"
    r"teacher|doctor|nurse|driver|guest|manager|owner|staff|subscriber|player|artist|actor|lead|"
    r"worker|citizen|candidate|applicant|attendee|speaker|agent|buyer|seller|tenant|resident|"
    r"friend|admin|composer|singer|director|writer|editor|translator|illustrator|instructor|"
    r"professor|organi[sz]er|trainer|coach|technician|engineer|supervisor|assignee|reporter|recipient|"
    r"sender|reviewer|approver|borrower|beneficiary|holder|payer|payee|cashier|salesperson|"
    r"passenger|pilot|physician|surgeon|lawyer|photographer|signer|witness|spouse|"
    r"guardian|pupil|faculty|personnel)s?"
)
_COMPANIES: Final = re.compile(
    r"(\w+ )*(compan(y|ies)|(vendor|supplier|organi[sz]ation|brand|publisher|manufacturer|employer|"
    r"merchant|carrier|insurer|bank|firm|agenc(y|ie)|business|dealer|distributor|shipper|airline|"
    r"studio|record label|sponsor)(e?s)?)"
)
_ROLE: Final = re.compile(
    r"(billing|bill to|shipping|ship to|ship|bill|home|work|office|contact|customer|client|user|"
    r"primary|secondary|mailing|delivery|birth|company|personal|private|business|from|to|old|new|"
    r"last|current|default|main|alt|alternate|alternative|recovery|backup|emergency|employee|"
    r"supplier|vendor|member|patient|student|origin|destination|pickup|dropoff|sender|recipient|"
    r"registered|invoice|order|payment|temp|temporary|permanent|legal|residential|support|sales|"
    r"mother|father|guardian|owner|manager|driver|guest|day|evening|my|other|local|remote|source|"
    r"target|client|server|host) (?=\w)"
)


def words_of_name(name: str) -> str:
    """Take a name in snake_case or CamelCase apart, into small words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.sub(r"[\W_]+", " ", spaced).strip().lower()


def singulars_of(words: str) -> tuple[str, ...]:
    """Return what the singular of words may be, and the words themselves."""
    return (
        re.sub("ies$", "y", words),
        re.sub("(?<=[sxh])es$", "", words),
        words.removesuffix("s"),
        words,
    )


def without_table(column: str, table: str) -> str:
    """Leave a table's own name out of a column's, both in words: `user name` of users is `name`."""
    for name in singulars_of(table):
        if name and column.startswith(f"{name} "):
            return column.removeprefix(f"{name} ")
    return column


def without_role(words: str) -> str:
    """Leave out who or what a column is about: `billing city` is a city."""
    while (found := _ROLE.match(words)) is not None:
        words = words[found.end() :]
    return words


def is_people(words: str) -> bool:
    """Return whether words name people, or what somebody is."""
    return _PEOPLE.fullmatch(words) is not None


def is_companies(words: str) -> bool:
    """Return whether words name companies."""
    return _COMPANIES.fullmatch(words) is not None


def is_the_name(table: str, column: str) -> bool:
    """Return whether a column has what a table's rows are called by."""
    return without_table(words_of_name(column), words_of_name(table)) in {"name", "title"}
