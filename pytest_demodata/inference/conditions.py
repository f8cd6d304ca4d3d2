"""The text of an SQL condition as a tree: names, literals, casts, calls and operations.

It reads what SQLAlchemy compiles and what SQLite, PostgreSQL and MariaDB give back when a CHECK
constraint is reflected. What the names refer to, and what follows from it, is for others to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator


class UnclearError(Exception):
    """A condition, or a part of one, that is not understood; the message says why."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, true, false or NULL; a date is a text."""

    value: int | Decimal | str | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A name without its quotes, behind the names that qualify it."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """An operand as a value of another type.

    Attributes:
        operand: What is cast.
        kind: The type's name in lower case, such as `character varying`.
        sizes: The numbers in brackets behind it.
        array: Whether it is an array of the type.
    """

    operand: Node
    kind: str
    sizes: tuple[int, ...] = ()
    array: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A function, by its name in lower case, and its arguments."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation on parts.

    The word is AND, OR, NOT, NULL (for IS NULL), BETWEEN, IN (the operand, then the items), LIKE,
    ARRAY, ANY or ALL (of what is compared with an array: its operator is in front of the word, as
    in `= ANY`), a comparison, or an operator of arithmetic.
    """

    word: str
    parts: tuple[Node, ...]


Node: TypeAlias = Literal | Name | Cast | Call | Operation


class _Token(NamedTuple):
    """A piece of the text; a word is a name without quotes, and `value` is what a piece means."""

    kind: str
    text: str
    value: str


_TOKENS: Final = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<string>(?:(?<!\w)(?:[Nn]|_[A-Za-z0-9]+))?'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")+"|`(?:[^`]|``)+`)
    | (?P<bracketed>(?<![\w\])])\[[^\W\d][^\]'"]*\])
    | (?P<number>(?:[0-9]{1,60}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})(?:[eE][+-]?[0-9]{1,3})?(?![\w.]))
    | (?P<word>[^\W\d][\w$]*)
    | (?P<symbol>::|<=>|<=|>=|<>|!=|==|!?~~?\*?|\|\||&&|<<|>>|->>?|[^\w\s])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_NUMBER: Final = re.compile(
    r"\s*[+-]?(?:[0-9]{1,60}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})(?:[eE][+-]?[0-9]{1,3})?\s*"
)
_DEEPEST: Final = 32
"""Brackets in brackets that are followed, so that no text exceeds Python's recursion limit."""

_MOST_CASTS: Final = 4
_COMPARISONS: Final = {
    "<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "=", "==": "=", "<>": "!=", "!=": "!=",
}  # fmt: skip
CALCULATIONS: Final = frozenset(
    {"+", "-", "*", "/", "%", "^", "&", "|", "#", "<<", ">>", "||", "->", "->>"}
)
_RESERVED: Final = frozenset(
    {
        "AND",
        "OR",
        "NOT",
        "IN",
        "IS",
        "BETWEEN",
        "LIKE",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "SELECT",
        "FROM",
        "WHERE",
        "EXISTS",
        "COLLATE",
    }
)
_DATED: Final = frozenset({"DATE", "TIME", "TIMESTAMP"})
_SECOND_WORDS: Final = frozenset({"VARYING", "PRECISION", "INTEGER", "LARGE", "OBJECT"})


def parse_condition(text: str) -> Node:
    """Read a condition.

    Raises:
        UnclearError: It is none, or not one of those that are read here.
    """
    return _Parser(_tokens(text)).condition()


def parse_number(text: str) -> int | Decimal | None:
    """Return the number that a text is, or None if it is none."""
    if not _NUMBER.fullmatch(text):
        return None
    return int(text) if re.fullmatch(r"\s*[+-]?[0-9]+\s*", text) else Decimal(text.strip())


def names_in(text: str) -> Iterator[str]:
    """Return all that may be the name of a column in a text, be it a condition or not."""
    tokens = _tokens(text)
    for token, following in pairwise(tokens):
        if token.kind == "name" or (token.kind == "word" and following.text != "("):
            yield token.value


def names_of(node: Node) -> Iterator[Name]:
    """Return the names in a tree, in the order of the text."""
    match node:
        case Name():
            yield node
        case Cast():
            yield from names_of(node.operand)
        case Call(_, parts) | Operation(_, parts):
            for part in parts:
                yield from names_of(part)


def _tokens(text: str) -> list[_Token]:
    tokens = [_token(match) for match in _TOKENS.finditer(text) if match.lastgroup != "space"]
    return [*tokens, _Token("end", "", "")]


def _token(match: re.Match[str]) -> _Token:
    kind, text = str(match.lastgroup), match.group()
    if kind == "string":
        text = text[text.index("'") :]
        return _Token(kind, text, text[1:-1].replace("''", "'"))
    if kind == "quoted":
        return _Token("name", text, text[1:-1].replace(text[0] * 2, text[0]))
    if kind == "bracketed":
        return _Token("name", text, text[1:-1])
    return _Token(kind, text, text)


class _Parser:
    """Goes through the tokens once, from left to right."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def condition(self) -> Node:
        node = self._alternatives()
        if self._next.kind != "end":
            raise self._unclear()
        return node

    # Tokens

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _symbol(self, *texts: str) -> str | None:
        """Take one of some symbols, if it comes next."""
        if self._next.kind == "symbol" and self._next.text in texts:
            return self._take().text
        return None

    def _word(self, *words: str) -> str | None:
        """Take one of some words, if it comes next."""
        if self._next.kind == "word" and self._next.text.upper() in words:
            return self._take().text.upper()
        return None

    def _expect(self, symbol: str) -> None:
        if not self._symbol(symbol):
            raise self._unclear()

    def _unclear(self) -> UnclearError:
        if self._next.kind == "end":
            return UnclearError("it ends too soon")
        return UnclearError(f"{self._next.text[:40]!r} is not understood where it stands")

    # Conditions

    def _alternatives(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            message = f"it has more than {_DEEPEST} brackets in each other"
            raise UnclearError(message)
        parts = [self._conjunction()]
        while self._word("OR"):
            parts.append(self._conjunction())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Operation("OR", tuple(parts))

    def _conjunction(self) -> Node:
        parts = [self._negation()]
        while self._word("AND"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else Operation("AND", tuple(parts))

    def _negation(self) -> Node:
        negated = False
        while self._word("NOT"):
            negated = not negated
        node = self._predicate()
        return Operation("NOT", (node,)) if negated else node

    def _predicate(self) -> Node:
        node = self._calculation()
        return self._compared(node) or self._tested(node) or node

    def _compared(self, left: Node) -> Node | None:
        if self._symbol("~~"):
            return Operation("LIKE", (left, self._calculation()))
        symbol = self._symbol(*_COMPARISONS)
        if symbol is None:
            return None
        operator = _COMPARISONS[symbol]
        if quantifier := self._word("ANY", "SOME", "ALL"):
            self._expect("(")
            array = self._alternatives()
            self._expect(")")
            every = "ALL" if quantifier == "ALL" else "ANY"
            return Operation(f"{operator} {every}", (left, array))
        return Operation(operator, (left, self._calculation()))

    def _tested(self, operand: Node) -> Node | None:
        if self._word("IS"):
            negated = bool(self._word("NOT"))
            if not self._word("NULL"):
                raise self._unclear()
            return _maybe_not(Operation("NULL", (operand,)), negated=negated)
        negated = bool(self._word("NOT"))
        if self._word("IN"):
            return _maybe_not(Operation("IN", (operand, *self._listed())), negated=negated)
        if self._word("LIKE"):
            return _maybe_not(Operation("LIKE", (operand, self._calculation())), negated=negated)
        if self._word("BETWEEN"):
            lowest = self._calculation()
            if not self._word("AND"):
                raise self._unclear()
            between = Operation("BETWEEN", (operand, lowest, self._calculation()))
            return _maybe_not(between, negated=negated)
        if negated:
            raise self._unclear()
        return None

    # Operands

    def _calculation(self) -> Node:
        parts, symbols = [self._cast()], []
        while symbol := self._symbol(*CALCULATIONS):
            symbols.append(symbol)
            parts.append(self._cast())
        return Operation(symbols[0], tuple(parts)) if symbols else parts[0]

    def _cast(self) -> Node:
        node, casts = self._operand(), 0
        while casts < _MOST_CASTS and self._symbol("::"):
            node, casts = self._typed(node), casts + 1
        return node

    def _operand(self) -> Node:
        sign = self._symbol("+", "-")
        if self._next.kind == "number":
            number = parse_number(f"{sign or ''}{self._take().text}")
            return Literal(number)
        if sign:
            return Operation(sign, (self._literal_or_name(),))
        if self._symbol("("):
            node = self._alternatives()
            self._expect(")")
            return node
        return self._literal_or_name()

    def _literal_or_name(self) -> Node:
        token = self._next
        if token.kind == "string":
            return self._text()
        if token.kind == "name":
            return Name(self._path(self._take().value))
        if token.kind != "word" or token.text.upper() in _RESERVED:
            raise self._unclear()
        return self._worded(self._take().text)

    def _text(self) -> Node:
        value = self._take().value
        if "\\" in value:
            message = "it has a backslash in a text, which databases read in different ways"
            raise UnclearError(message)
        return Literal(value)

    def _worded(self, word: str) -> Node:
        """Read on after a word without quotes: what follows says what it is."""
        upper = word.upper()
        if upper in _DATED and self._next.kind == "string":
            return self._text()
        if upper == "ARRAY" and self._symbol("["):
            return Operation("ARRAY", self._items("]"))
        if upper == "CAST" and self._symbol("("):
            return self._cast_call()
        if self._next.text == "(":
            return Call(word.lower(), self._listed())
        if upper in ("TRUE", "FALSE"):
            return Literal(upper == "TRUE")
        return Literal(None) if upper == "NULL" else Name(self._path(word))

    def _path(self, first: str) -> tuple[str, ...]:
        path = [first]
        while self._symbol("."):
            if self._next.kind not in {"name", "word"}:
                raise self._unclear()
            path.append(self._take().value)
        return tuple(path)

    def _listed(self) -> tuple[Node, ...]:
        self._expect("(")
        return self._items(")")

    def _items(self, closing: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._symbol(closing):
            if items:
                self._expect(",")
            items.append(self._alternatives())
        return tuple(items)

    # Types

    def _cast_call(self) -> Node:
        node = self._alternatives()
        if not self._word("AS"):
            raise self._unclear()
        cast = self._typed(node)
        self._expect(")")
        return cast

    def _typed(self, operand: Node) -> Cast:
        if self._next.kind not in {"name", "word"}:
            raise self._unclear()
        words = [self._path(self._take().value)[-1]]
        while word := self._word(*_SECOND_WORDS):
            words.append(word)
        sizes = tuple(self._size(item) for item in self._listed()) if self._next.text == "(" else ()
        self._zone()
        array = False
        while self._symbol("["):
            self._expect("]")
            array = True
        return Cast(operand, " ".join(words).lower(), sizes, array)

    def _size(self, item: Node) -> int:
        match item:
            case Literal(int(size)):
                return size
        raise self._unclear()

    def _zone(self) -> None:
        if self._word("WITH", "WITHOUT"):
            self._word("LOCAL")
            if not (self._word("TIME") and self._word("ZONE")):
                raise self._unclear()


def _maybe_not(node: Node, *, negated: bool) -> Node:
    return Operation("NOT", (node,)) if negated else node
