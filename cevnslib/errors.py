"""What the library refuses, in words: every message quotes what came in and what is allowed."""

import difflib
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "CevnsError",
    "ConfigurationError",
    "DomainError",
    "UnknownNameError",
    "checked",
    "checked_table",
]


class CevnsError(ValueError):
    """Base of every error that this library raises on purpose."""


class DomainError(CevnsError):
    """A number is not finite, or lies outside the domain of the quantity it stands for."""


class ConfigurationError(CevnsError):
    """An experiment's description lacks a key, has one too many, or contradicts itself."""


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
        close = difflib.get_close_matches(str(name), allowed, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        super().__init__(f"unknown {kind} {name!r}{hint}; allowed: {', '.join(allowed)}")


def checked(
    name: str,
    value: ArrayLike,
    unit: str = "",
    *,
    above: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
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

    Returns
    -------
    ndarray of float64
        The shape of ``value``.

    Raises
    ------
    DomainError
        If an element is no real number, is not finite or lies outside the domain.

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
    bounds = [
        f"{words} {bound:g}{' ' + unit if unit else ''}"
        for words, bound in (("above", above), ("at least", at_least), ("at most", at_most))
        if bound is not None
    ]
    allowed = ", ".join(["finite", *bounds])
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "iuf":
        raise DomainError(f"{name}: got {value!r}; allowed: real numbers, {allowed}")
    numbers = numbers.astype(np.float64)
    good = np.isfinite(numbers)
    if above is not None:
        good &= numbers > above
    if at_least is not None:
        good &= numbers >= at_least
    if at_most is not None:
        good &= numbers <= at_most
    if not np.all(good):
        index = tuple(int(i) for i in np.argwhere(~good)[0])
        got = f"{float(numbers[index]):g}" + (f" {unit}" if unit else "")
        place = f" at index {', '.join(map(str, index))}" if index else ""
        raise DomainError(f"{name}: got {got}{place}; allowed: {allowed}")
    return numbers


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
        raise DomainError(f"energies of the {name}: got {energies!r}; allowed: rising numbers")
