"""What the library refuses, in words: every message quotes what came in and what is allowed."""

import dataclasses
import difflib
import math
import sys
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "CevnsError",
    "ConfigurationError",
    "DomainError",
    "KindError",
    "UnknownNameError",
    "checked",
    "checked_choice",
    "checked_fields",
    "checked_integer",
    "checked_kind",
    "checked_number",
    "checked_shapes",
    "checked_table",
    "quoted",
]

#: Sizes beyond which a number is refused as absurd, so that its powers stay finite. A number with
#: the domain "above 0" must exceed the inverse.
_LARGEST = 1e40


class CevnsError(ValueError):
    """Base of every error that this library raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes with the message alone, whatever the error was made from."""
        return _restored, (type(self), str(self))


def _restored(kind: type[CevnsError], message: str) -> CevnsError:
    return kind.__new__(kind, message)


class DomainError(CevnsError):
    """A number is not finite, or lies outside the domain of the quantity it stands for."""


class ConfigurationError(CevnsError):
    """An experiment's description lacks a key, has one too many, or contradicts itself."""


class KindError(CevnsError, TypeError):
    """An argument is another kind of thing than what is wanted, say a name and no experiment."""


class UnknownNameError(CevnsError):
    """A name is not among those that are known.

    Parameters
    ----------
    kind : str
        What was named, for instance ``"experiment"``.
    name : object
        What came in.
    allowed : iterable of str
        The names that are known.

    Examples
    --------
    >>> str(UnknownNameError("beam", "promt", ["prompt", "delayed"]))
    "unknown beam 'promt' (did you mean 'prompt'?); allowed: prompt, delayed"
    """

    def __init__(self, kind: str, name: object, allowed: Iterable[str]) -> None:
        allowed = list(allowed)
        close = difflib.get_close_matches(name, allowed, n=1) if isinstance(name, str) else []
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        super().__init__(f"unknown {kind} {quoted(name)}{hint}; allowed: {', '.join(allowed)}")


def checked(
    name: str,
    value: ArrayLike,
    unit: str = "",
    *,
    above: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    hint: str = "",
) -> NDArray[np.float64]:
    """Return real, finite numbers inside their domain as a float64 array, or refuse them.

    Parameters
    ----------
    name, unit : str
        What the number is and its unit, for the message.
    value : array_like
        Any shape.
    above, at_least, at_most : float, optional
        The domain: an open lower bound, a closed lower bound, a closed upper bound.
    hint : str, optional
        What to add to the message if the upper bound is exceeded.

    Returns
    -------
    ndarray of float64
        The shape of ``value``.

    Raises
    ------
    DomainError
        If an element is no real number, is not finite, lies outside the domain, or is of an absurd
        size: above 1e40 or, where it must be above 0, below 1e-40.

    Examples
    --------
    >>> checked("mass", 14.57, "kg", above=0)
    array(14.57)
    >>> checked("threshold", [1e-3, -2e-3], "MeV", at_least=0)
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: threshold: got -0.002 MeV at index 1; allowed: finite, \
at least 0 MeV
    """
    try:
        numbers = np.asarray(float(value) if type(value) is int else value)
        if _masked(value) or numbers.dtype.kind not in "iuf":
            raise TypeError  # text, objects, or numbers that are there and are not
        numbers = numbers.astype(np.float64)
    except Exception:  # a ragged list, too many digits, or what an object's own code raises
        allowed = _allowed(unit, above, at_least, at_most)
        raise DomainError(
            f"{name}: got {quoted(value)}; allowed: real numbers, {allowed}"
        ) from None
    least = -_LARGEST if at_least is None else at_least
    most = _LARGEST if at_most is None else min(at_most, _LARGEST)
    over = -math.inf if above is None else above or 1 / _LARGEST
    # A NaN counts as both extremes and fails every comparison; finding these two is quickest so.
    if numbers.size and not (
        numbers.item(numbers.argmax()) <= most and over < numbers.item(numbers.argmin()) >= least
    ):
        good = (numbers <= most) & (numbers > over) & (numbers >= least)
        index = tuple(int(i) for i in np.argwhere(~good)[0])
        number = float(numbers[index])
        got = f"{number:g}" + (f" {unit}" if unit else "")
        place = f" at index {', '.join(map(str, index))}" if index else ""
        allowed = _allowed(unit, above, at_least, at_most)
        if number and math.isfinite(number) and not 1 / _LARGEST < abs(number) <= _LARGEST:
            allowed += f", of a size from {1 / _LARGEST:g} to {_LARGEST:g}"
        if hint and at_most is not None and number > at_most:
            allowed += f" ({hint})"
        raise DomainError(f"{name}: got {got}{place}; allowed: {allowed}")
    return numbers


def _masked(value: object) -> bool:
    """Whether numbers hide behind a mask; numpy loads what knows of masks only where it is used."""
    masked = sys.modules.get("numpy.ma")
    return masked is not None and isinstance(value, masked.MaskedArray)


def _allowed(unit: str, above: float | None, at_least: float | None, at_most: float | None) -> str:
    """Say a domain in words."""
    bounds = [
        f"{words} {bound:g}{' ' + unit if unit else ''}"
        for words, bound in (("above", above), ("at least", at_least), ("at most", at_most))
        if bound is not None
    ]
    return ", ".join(["finite", *bounds])


def quoted(value: object) -> str:
    """Quote what came in, on one short line.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    str
        Its representation, or what it is if it has none.

    Examples
    --------
    >>> quoted([1, 2])
    '[1, 2]'
    >>> quoted(10**5000)
    '(int without a representation)'
    """
    try:
        words = " ".join(repr(value).split())
    except Exception:  # whatever an object's own code, or an integer of 5000 digits, may raise
        return f"({type(value).__name__} without a representation)"
    return words if len(words) <= 200 else f"{words[:200]}..."


def checked_number(
    name: str,
    value: ArrayLike,
    unit: str = "",
    *,
    above: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    hint: str = "",
) -> float:
    """Return one real, finite number inside its domain, or refuse it.

    Parameters
    ----------
    name, unit, above, at_least, at_most, hint
        See `checked`.
    value : float
        A single number.

    Returns
    -------
    float
        The number.

    Raises
    ------
    DomainError
        If it is no real number, several, not finite or outside the domain.

    Examples
    --------
    >>> checked_number("mass", 14.57, "kg", above=0)
    14.57
    >>> checked_number("mass", [1, 2], "kg")
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: mass: got [1, 2]; allowed: one number
    """
    if (
        type(value) is float
        and abs(value) <= _LARGEST
        and (above is None or value > (above or 1 / _LARGEST))
        and (at_least is None or value >= at_least)
        and (at_most is None or value <= at_most)
    ):
        return value  # as most are; the way through arrays takes ten times as long
    bounds = {"above": above, "at_least": at_least, "at_most": at_most}
    number = checked(name, value, unit, **bounds, hint=hint)
    if number.ndim:
        raise DomainError(f"{name}: got {quoted(value)}; allowed: one number")
    return float(number)


def checked_integer(name: str, value: object, *, at_least: int, at_most: int) -> int:
    """Return a whole number inside its domain, or refuse it.

    Parameters
    ----------
    name : str
        What the number is, for the message.
    value : int
        The number.
    at_least, at_most : int
        The domain.

    Returns
    -------
    int
        The number.

    Raises
    ------
    DomainError
        If it is no whole number or outside the domain.

    Examples
    --------
    >>> checked_integer("order", 2.5, at_least=0, at_most=7)
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: order: got 2.5; allowed: integers from 0 to 7
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not at_least <= value <= at_most:  # type: ignore[operator]
        raise DomainError(
            f"{name}: got {quoted(value)}; allowed: integers from {at_least} to {at_most}"
        )
    return int(value)  # type: ignore[call-overload, no-any-return]


def checked_choice(kind: str, name: object, allowed: Iterable[str]) -> str:
    """Return a name that is among those known, or refuse it.

    Parameters
    ----------
    kind : str
        What is named, for the message.
    name : str
        What came in.
    allowed : iterable of str
        The names that are known.

    Returns
    -------
    str
        The name.

    Raises
    ------
    UnknownNameError
        If it is not among them.

    Examples
    --------
    >>> checked_choice("flavour", "e", ("e", "mu", "tau"))
    'e'
    """
    allowed = tuple(allowed)
    if not isinstance(name, str) or name not in allowed:
        raise UnknownNameError(kind, name, allowed)
    return name


def checked_kind(name: str, value: object, kind: Any) -> None:
    """Refuse a thing of another kind than what is wanted.

    Parameters
    ----------
    name : str
        What the thing is, for the message.
    value : object
        What came in.
    kind : type
        The class it must be of.

    Raises
    ------
    KindError
        If it is not.

    Examples
    --------
    >>> checked_kind("title", 3, str)
    Traceback (most recent call last):
    ...
    cevnslib.errors.KindError: title: got 3; allowed: text
    """
    if not isinstance(value, kind) or (isinstance(value, type) and kind is not Callable):
        known = {str: "text", bool: "True or False", Callable: "a function"}
        wanted = " or ".join(
            known.get(one) or f"a {one.__module__}.{one.__qualname__}"
            for one in typing.get_args(kind) or (kind,)
        )
        raise KindError(f"{name}: got {quoted(value)}; allowed: {wanted}")


def checked_fields(instance: Any) -> None:
    """Refuse a dataclass one of whose fields holds another kind of thing than it is annotated with.

    Numbers must be single real numbers, tuples sequences of what they are annotated with; whether a
    number lies inside its domain is for `checked` to say. What is kept is the instance's own:
    numbers as Python's, sequences as tuples, arrays and mappings as copies, the arrays read-only.

    Parameters
    ----------
    instance : dataclass
        The instance, from its ``__post_init__``.

    Raises
    ------
    KindError
        If a field holds something else.
    DomainError
        If a number is no single real number.

    Examples
    --------
    >>> @dataclasses.dataclass(frozen=True)
    ... class Vessel:
    ...     name: str
    ...     volume: float = 1.0
    ...     def __post_init__(self):
    ...         checked_fields(self)
    >>> Vessel("tank", np.float32(2.0)).volume
    2.0
    >>> Vessel("tank", [1.0, 2.0])
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: volume: got [1.0, 2.0]; allowed: real numbers, one of them
    """
    for name, kind in _kinds(instance.__class__).items():
        value = getattr(instance, name)
        kept = _of_kind(name, value, kind)
        if kept is not value:
            object.__setattr__(instance, name, kept)


@cache
def _kinds(dataclass: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(dataclass)
    return {field.name: hints[field.name] for field in dataclasses.fields(dataclass)}


def _of_kind(name: str, value: Any, kind: Any) -> Any:
    """Return a value as its annotation says, as far as annotations are used in this library."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (UnionType, typing.Union):
        if value is None and type(None) in inner:
            return None
        inner = tuple(one for one in inner if one is not type(None))
        if len(inner) == 1:
            return _of_kind(name, value, inner[0])
        if float in inner:  # or an array of them
            numbers = checked(name, value)
            return _own(numbers) if numbers.ndim else float(numbers)
    elif kind in (float, int):
        return _number(name, value, kind)
    elif origin is tuple:
        return _tuple(name, value, inner)
    elif origin is Mapping:
        checked_kind(name, value, Mapping)
        return {key: _of_kind(f"{name}, {key!r}", one, inner[1]) for key, one in value.items()}
    elif origin is np.ndarray:
        return _array(name, value, *typing.get_args(inner[1]))
    elif kind is Any:
        return value
    checked_kind(name, value, kind if origin in (UnionType, typing.Union) else origin or kind)
    return value


def _number(name: str, value: Any, kind: type[float] | type[int]) -> float:
    if type(value) is kind:
        return value
    known = isinstance(value, int | float | np.number | np.ndarray)
    one = np.asarray(value if known and not _masked(value) else None)
    if one.ndim or one.dtype.kind not in "iuf":
        raise DomainError(f"{name}: got {quoted(value)}; allowed: real numbers, one of them")
    number = float(one)
    if kind is int and not number.is_integer():
        raise DomainError(f"{name}: got {quoted(value)}; allowed: whole numbers")
    return kind(number)


def _tuple(name: str, value: Any, kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    known = isinstance(value, Sequence) and not isinstance(value, str)
    if not known and not (isinstance(value, np.ndarray) and value.ndim):
        raise KindError(f"{name}: got {quoted(value)}; allowed: a tuple")
    kinds = kinds[:1] * len(value) if kinds[-1] is Ellipsis else kinds
    if len(kinds) != len(value):
        raise KindError(f"{name}: got {quoted(value)}; allowed: {len(kinds)} entries")
    return tuple(_of_kind(name, one, kind) for one, kind in zip(value, kinds, strict=True))


def _array(name: str, value: Any, kind: type[np.generic]) -> NDArray[Any]:
    checked_kind(name, value, np.ndarray)
    if _masked(value) or not np.can_cast(value.dtype, kind, "same_kind"):
        wanted = kind.__name__
        raise DomainError(f"{name}: got {quoted(value)}; allowed: an array of the kind {wanted}")
    return _own(np.array(value, dtype=kind))


def _own(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def checked_shapes(**arrays: NDArray[Any]) -> tuple[int, ...]:
    """Return the shape to which arrays broadcast, or refuse them.

    Parameters
    ----------
    **arrays : ndarray
        The arrays by their names.

    Returns
    -------
    tuple of int
        The shape.

    Raises
    ------
    DomainError
        If there is no such shape.

    Examples
    --------
    >>> checked_shapes(T=np.ones(2), E=np.ones(3))
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: shapes: got T (2,), E (3,); allowed: shapes that broadcast
    """
    try:
        return np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise DomainError(f"shapes: got {shapes}; allowed: shapes that broadcast") from None


def checked_table(
    name: str, energies: ArrayLike, values: ArrayLike, *, at_most: float | None = None
) -> None:
    """Refuse a table that is none: rising energies, and as many values that are at least 0.

    Parameters
    ----------
    name : str
        What the values are, for the message.
    energies : array_like, shape (n,)
        Energies in MeV, at least 0 and rising; at least two.
    values : array_like, shape (n,)
        The values there.
    at_most : float, optional
        Upper bound of the values.

    Raises
    ------
    DomainError
        If it is not so.

    Examples
    --------
    >>> checked_table("efficiency", [1.0, 1.0], [0.5, 0.6])
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: energies of the efficiency: got [1.0, 1.0]; allowed: rising numbers
    """
    x = checked(f"energies of the {name}", energies, "MeV", at_least=0)
    y = checked(name, values, at_least=0, at_most=at_most)
    if x.ndim != 1 or x.shape != y.shape or x.size < 2:
        raise DomainError(
            f"{name}: got {x.size} energies and {y.size} values; allowed: as many of one as of the "
            "other, at least two"
        )
    if np.any(np.diff(x) <= 0):
        raise DomainError(
            f"energies of the {name}: got {quoted(energies)}; allowed: rising numbers"
        )
