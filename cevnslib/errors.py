"""What the library refuses, in words: every message quotes what came in and what is allowed."""

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = [
    "AssumedWarning",
    "BadFitWarning",
    "CevnsError",
    "CevnsWarning",
    "ConfigurationError",
    "DomainError",
    "FitError",
    "KindError",
    "NoLimitError",
    "RoundedSharesWarning",
    "UnknownNameError",
    "UnseenWarning",
    "quoted",
]


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


def quoted(value: object) -> str:
    """Quote what came in, on one short line.

    Parameters
    ----------
    value : object
        Anything.

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


class NoLimitError(DomainError):
    """There is no limit: the systematic pull absorbs any signal, or no events are expected."""


class FitError(CevnsError):
    """A minimum was not reached; the message holds the state in which the minimiser stopped."""


class CevnsWarning(UserWarning):
    """Base of every warning that this library gives, by which they can be told from others."""


class AssumedWarning(CevnsWarning):
    """What was given was not taken as it is, or something not given was assumed; it says how."""


class BadFitWarning(CevnsWarning):
    """Even the best fit disagrees with the data, so that a limit from it means little."""


class RoundedSharesWarning(CevnsWarning):
    """Shares add up to 1 only to rounding, and have been scaled to do so."""


class UnseenWarning(CevnsWarning):
    """No recoil of a nucleus reaches the threshold, so that electrons alone are counted."""
