"""Which of Python's values a column's type holds, and what they are counted as."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import types

from pytest_demodata.values import counter, is_interval, scale_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_demodata.recipes.recipe import Kind

    Fit = Callable[[Any], Any]

_SHOWN: Final = 5


class UnfitError(ValueError):
    """A value that the type of its column does not hold.

    Attributes:
        value: The value.
        wanted: What the type holds.
        place: Which of several columns, from 0, that are drawn together; None for all of them.
    """

    def __init__(self, value: object, wanted: str, place: int | None = 0) -> None:
        super().__init__(f"{value!r} is not {wanted}")
        self.value = value
        self.wanted = wanted
        self.place = place


def fit_for(kinds: Sequence[Kind | None]) -> Fit:
    """Return what counts a value of a column; of several columns, each value of a tuple.

    Args:
        kinds: The types of the columns; None for one that is not stored, which holds anything.

    Returns:
        A function that raises an UnfitError where a value does not fit.
    """
    fits = list(map(_fit_for, kinds))
    if len(fits) == 1:
        return fits[0]

    def fit(values: Any) -> tuple[Any, ...]:  # noqa: ANN401 - whatever was given
        if not isinstance(values, tuple) or len(values) != len(fits):
            raise UnfitError(values, f"a tuple of {len(fits)} values", None)
        made = []
        for place, (fit_one, value) in enumerate(zip(fits, values, strict=True)):
            try:
                made.append(fit_one(value))
            except UnfitError as error:
                raise UnfitError(error.value, error.wanted, place) from error
        return tuple(made)

    return fit


def _fit_for(kind: Kind | None) -> Fit:
    if kind is None:
        return lambda value: value
    count, holds = counter(kind), _holder(kind)

    def fit(value: Any) -> Any:  # noqa: ANN401 - whatever was given
        if value is None:
            return None
        try:
            if holds(value):
                return count(value)
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            pass
        raise UnfitError(value, wanted(kind))

    return fit


def rounded_for(kind: Kind | None) -> Fit | None:
    """Return what rounds an amount half up to a column's last digit; None where nothing does."""
    if not isinstance(kind, types.Integer | types.Numeric) or isinstance(kind, types.Float):
        return None
    if isinstance(kind, types.Numeric) and kind.scale is None:
        return None
    digit = Decimal(1).scaleb(-scale_of(kind))
    whole = isinstance(kind, types.Integer)

    def rounded(value: Any) -> Any:  # noqa: ANN401 - whatever was given
        if not isinstance(value, Decimal) or not value.is_finite():
            return value
        amount = value.quantize(digit, ROUND_HALF_UP)
        return int(amount) if whole else amount

    return rounded


def _holder(kind: Kind) -> Callable[[Any], bool]:
    """Return what says whether a type holds a value, as far as counting it would not say so."""
    if isinstance(kind, types.String):
        return _holder_of_text(kind)
    if isinstance(kind, types.Integer):
        return _is_whole
    if isinstance(kind, types.LargeBinary):
        return _is_binary
    if (bound := _bound(kind)) is not None:
        return lambda value: abs(value) < bound
    return _is_anything


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_binary(value: object) -> bool:
    return isinstance(value, bytes)


def _is_anything(_: object) -> bool:
    """Leave it to the application's own type, or to what counts the value."""
    return True


def _holder_of_text(kind: types.String) -> Callable[[Any], bool]:
    if not isinstance(kind, types.Enum):
        longest = kind.length
        return lambda value: isinstance(value, str) and (longest is None or len(value) <= longest)
    enumeration = kind.enum_class
    if enumeration is not None:
        return lambda value: isinstance(value, enumeration)
    texts = frozenset(kind.enums)
    return lambda value: isinstance(value, str) and value in texts


def _bound(kind: Kind) -> int | None:
    """Return what is too large for a number of so many digits."""
    if isinstance(kind, types.Float) or not isinstance(kind, types.Numeric):
        return None
    return None if kind.precision is None else 10 ** (kind.precision - (kind.scale or 0))


def wanted(kind: Kind) -> str:
    """Say which of Python's values a type holds."""
    if isinstance(kind, types.Enum):
        return _of_enum(kind)
    if isinstance(kind, types.String):
        return "a text" if kind.length is None else f"a text of at most {kind.length} characters"
    if is_interval(kind):
        return "a timedelta of whole seconds"
    if isinstance(kind, types.Numeric) and not isinstance(kind, types.Float):
        return _of_number(kind)
    return next(
        (text for each, text in _WANTED.items() if isinstance(kind, each)),
        f"a value of {kind!r}",
    )


def _of_enum(kind: types.Enum) -> str:
    if kind.enum_class is None:
        shown = [repr(each) for each in kind.enums]
    else:
        shown = [str(each) for each in _members(kind)]
    more = ", …" if len(shown) > _SHOWN else ""
    return f"one of {', '.join(shown[:_SHOWN])}{more}"


def _members(kind: types.Enum) -> list[str]:
    name = getattr(kind.enum_class, "__name__", "")
    return [f"{name}.{member}" for member in getattr(kind.enum_class, "__members__", {})]


def _of_number(kind: types.Numeric[Any]) -> str:
    text = "a number" if kind.scale is None else f"a Decimal of at most {kind.scale} decimal places"
    if not kind.scale and kind.scale is not None:
        text = "a whole number"
    bound = _bound(kind)
    return text if bound is None else f"{text}, below {bound:,}"


_WANTED: Final[dict[type[types.TypeEngine[Any]], str]] = {
    types.Integer: "a whole number",
    types.Float: "a number",
    types.Date: "a date",
    types.DateTime: "a datetime of whole seconds, with a time zone only if the column has one",
    types.Time: "a time of whole seconds, with a time zone only if the column has one",
    types.Boolean: "True or False",
    types.Uuid: "a UUID",
    types.LargeBinary: "bytes",
    types.ARRAY: "a list of values of the type of its items",
}
