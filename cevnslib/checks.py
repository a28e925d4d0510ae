"""What the doors check: numbers with their domains and units, names, kinds, shapes and tables."""

import math
import sys
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DomainError, KindError, UnknownNameError, quoted

__all__ = [
    "Doors",
    "checked",
    "checked_choice",
    "checked_integer",
    "checked_kind",
    "checked_number",
    "checked_shapes",
    "checked_table",
]
Kind = TypeVar("Kind")
Scalar = TypeVar("Scalar", bound=np.generic)
#: Sizes beyond which a number is refused as absurd, so that its powers stay finite. A number with
#: the domain "above 0" must exceed the inverse.
_LARGEST = 1e40


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
        A copy, the shape of ``value``.

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
        masked = type(value) is not np.ndarray and _masked(value)
        if masked or numbers.dtype.kind not in "iuf":
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
        if bound not in (None, math.inf)
    ]
    return ", ".join(["finite or infinite" if at_most == math.inf else "finite", *bounds])


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
    """Return one real, finite number inside its domain as Python's own, or refuse it.

    The arguments are those of `checked`; with an upper bound of ``math.inf``, the number may be
    infinite.

    Examples
    --------
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
    if at_most == math.inf and isinstance(value, float | np.floating) and value == math.inf:
        return math.inf
    bounds = {"above": above, "at_least": at_least, "at_most": at_most}
    number = checked(name, value, unit, **bounds, hint=hint)
    if number.ndim:
        raise DomainError(f"{name}: got {quoted(value)}; allowed: one number")
    return float(number)


def checked_integer(name: str, value: object, *, at_least: int, at_most: int) -> int:
    """Return a whole number from ``at_least`` to ``at_most``, or refuse it.

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
    """Return a name that is among those known, or refuse it; ``kind`` says what is named.

    Examples
    --------
    >>> checked_choice("flavour", "e", ("e", "mu", "tau"))
    'e'
    """
    allowed = tuple(allowed)
    if not isinstance(name, str) or name not in allowed:
        raise UnknownNameError(kind, name, allowed)
    return name


def checked_kind(name: str, value: Kind, kind: Any) -> Kind:
    """Return a thing of a class, or of several joined by ``|``, or refuse it.

    Examples
    --------
    >>> checked_kind("title", 3, str)
    Traceback (most recent call last):
    ...
    cevnslib.errors.KindError: title: got 3; allowed: text
    """
    if not isinstance(value, kind) or (isinstance(value, type) and kind is not Callable):
        known = {str: "text", bool: "True or False", NoneType: "None", Callable: "a function"}
        known |= {Sequence: "a sequence", Mapping: "a mapping"}
        wanted = " or ".join(
            known.get(wanted_kind) or f"a {wanted_kind.__module__}.{wanted_kind.__qualname__}"
            for wanted_kind in typing.get_args(kind) or (kind,)
        )
        raise KindError(f"{name}: got {quoted(value)}; allowed: {wanted}")
    return value


def checked_fields(instance: object, **kinds: Any) -> None:
    """Refuse fields of a dataclass that are of other kinds than those given; see `checked_kind`."""
    for name, kind in kinds.items():
        checked_kind(name, getattr(instance, name), kind)


def checked_tuple(name: str, values: Iterable[Kind], kind: Any) -> tuple[Kind, ...]:
    """Return a sequence of things of one kind, at least one, as a tuple, or refuse it."""
    values = checked_kind(name, values, Sequence)
    if not values:
        raise DomainError(f"{name}: got none; allowed: at least one")
    return tuple(checked_kind(f"one of the {name}", value, kind) for value in values)


def checked_numbers(
    name: str, values: ArrayLike, unit: str = "", *, above: float | None = None
) -> tuple[float, ...]:
    """Return numbers along one axis as a tuple of Python's own, or refuse them; see `checked`."""
    numbers = checked(name, values, unit, above=above)
    if numbers.ndim != 1:
        raise DomainError(f"{name}: got {quoted(values)}; allowed: a sequence of numbers")
    return tuple(numbers.tolist())


def owned(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return an array that is held nowhere else, as `checked` makes it, after locking it."""
    array.flags.writeable = False
    return array


def keep(instance: object, **fields: Any) -> None:
    """Set what a frozen dataclass keeps of its fields, from its ``__post_init__``."""
    vars(instance).update(fields)


def made(kind: type[Kind], **fields: Any) -> Kind:
    """Return an instance of a dataclass that the library itself made, which needs no check."""
    instance = object.__new__(kind)
    vars(instance).update(fields)
    return instance


class Doors:
    """Base of classes whose public methods check their arguments and call private ones.

    ``doors`` names these methods. A subclass gives a formula under the private name, ``_density``
    for ``density``, ``_call`` for ``__call__``. One under the public name, its own or of a class
    beside it, is taken to mean the formula and goes behind the door, so that what a reader writes
    is checked like all else. There ``super()`` would lead to the door again: it is refused.

    Examples
    --------
    >>> from cevnslib.physics.interactions import Interaction
    >>> Interaction.doors
    ('coefficients', 'minimum_energy', 'maximum_recoil', 'minimum_recoil')
    """

    doors: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        """Put formulas behind their doors."""
        super().__init_subclass__(**options)
        for name in cls.doors:
            bare = f"_{name.strip('_')}"
            givers = [vars(kind) for kind in cls.__mro__ if vars(kind).keys() & {name, bare}]
            if bare in givers[0]:
                continue
            given = givers[0][name]
            if "__class__" in getattr(getattr(given, "__code__", None), "co_freevars", ()):
                raise KindError(
                    f"{cls.__name__}.{name}: got super(); allowed: the name {bare}, and there "
                    f"super().{bare}"
                )
            door = next(giver[name] for giver in givers if {name, bare} <= giver.keys())
            setattr(cls, bare, given)
            setattr(cls, name, door)


def checked_shapes(**arrays: NDArray[Any]) -> tuple[int, ...]:
    """Return the shape to which arrays, by their names, broadcast, or refuse them.

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
    name: str,
    energies: ArrayLike,
    values: ArrayLike,
    *,
    at_most: float | None = None,
    steps: bool = False,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return a table of values at energies in MeV as tuples of Python's own, or refuse it.

    Energies are at least 0 and rising, at least two; values are at least 0, one for each. Where
    there may be steps, an energy may stand twice.

    Examples
    --------
    >>> checked_table("shape", [1.0, 1.0], [0.5, 0.6])
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: energies of the shape: got 1 MeV after 1 MeV; allowed: rising \
numbers
    """
    x = checked(f"energies of the {name}", energies, "MeV", at_least=0)
    y = checked(name, values, at_least=0, at_most=at_most)
    if x.ndim != 1 or x.shape != y.shape or x.size < 2:
        raise DomainError(
            f"{name}: got {x.size} energies and {y.size} values; allowed: as many of one as of the "
            "other, at least two"
        )
    rise = np.diff(x)
    wrong = (rise < 0) if steps else (rise <= 0)
    wrong[1:] |= (rise[1:] == 0) & (rise[:-1] == 0)
    if np.any(wrong) or x[0] == x[-1]:
        i = int(np.argmax(wrong))
        rising = "rising numbers" + (", each at most twice" if steps else "")
        raise DomainError(
            f"energies of the {name}: got {x[i + 1]:g} MeV after {x[i]:g} MeV; allowed: {rising}"
        )
    return tuple(x.tolist()), tuple(y.tolist())
