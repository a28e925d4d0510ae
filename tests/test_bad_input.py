"""Every argument of every public function is given nonsense in turn.

Allowed are a named error whose message quotes what is allowed, or a finite answer. A silent NaN, a
numpy warning or an error of Python's own fails. What was tried is printed after the tests.
"""

import dataclasses
import inspect
import math
import types
import typing
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.typing import ArrayLike

from cevnslib.errors import CevnsError
from tests.callables import ARGUMENTS, call, public_names, resolve

NAN, INF = math.nan, math.inf
HUGE_INTEGER = 10**400

ANYTHING = {
    "None": None,
    "text": "nonsense",
    "empty text": "",
    "bytes": b"1.0",
    "an object": object(),
    "an empty list": [],
    "an empty mapping": {},
    "a complex number": 1 + 2j,
    "NaN": NAN,
}
NUMBERS = {
    "infinity": INF,
    "minus infinity": -INF,
    "a negative number": -1.5,
    "zero": 0.0,
    "an absurdly large number": 1e300,
    "an absurdly small number": 1e-300,
    "an integer of 400 digits": HUGE_INTEGER,
    "a number as text": "1e-3",
    "a number with a unit": "5 keV",
    "a truth value": True,
    "a fraction": 2.5,
}
ARRAYS = {
    "an array with a NaN": [1e-3, NAN],
    "a ragged list": [[1.0, 2.0], [3.0]],
    "an array of text": ["1", "2"],
    "an empty array": np.zeros(0),
    "an array of shape (2, 3, 4)": np.ones((2, 3, 4)),
}
NONSENSE = {  # by kind of argument
    "number": {**ANYTHING, **NUMBERS, **ARRAYS},
    "array": {**ANYTHING, **NUMBERS, **ARRAYS},
    "name": {**ANYTHING, "a number": 3, "a list of names": ["e", "mu"], "an array": np.ones(3)},
    "truth": {**ANYTHING, "two": 2, "a truth value as text": "yes"},
    "path": {**ANYTHING, **NUMBERS, "a list": ["conus"], "a NUL in a path": "a\0.toml"},
    "tuple": {
        **ANYTHING,
        **{"a number": 3.0, "a tuple of one": (1.0,), "a tuple with a NaN": (1.0, NAN)},
        **{"a tuple of text": ("a", "b"), "falling numbers": (2.0, 1.0), "negative": (-2.0, -1.0)},
        "an absurd tuple": (1e300, 2e300),
    },
    "object": {**ANYTHING, "a name": "coherent-csi", "a number": 3.0, "an array": np.ones(3)},
    "mapping": {**ANYTHING, "unknown key": {"x": 1.0}, "NaN under a key": {"u235": NAN}},
}
#: Where an infinite answer is documented: a moment that is not seen, a limit that there is not.
INFINITE = {"limits.solar_limits", "limits.tmm_limits", "limits.limit_table", "published.compare"}
INFINITE |= {"published.Verdict", "limits.LimitRow", "sheets.Row", "detectors.Detector"}
INFINITE |= {"detectors.PhotoelectronAcceptance", "experiments.Experiment", "experiments.load"}
INFINITE |= {"experiments.describe"}
#: Arguments that say what to do and not with what; only this library passes them.
OWN = {"errors"}


def kind_of(annotation, name):
    """Return what sort of argument an annotation asks for."""
    if annotation == ArrayLike:
        return "array"
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        inner = [one for one in typing.get_args(annotation) if one is not type(None)]
        return "path" if Path in inner else kind_of(inner[0], name)
    origin = typing.get_origin(annotation) or annotation
    if origin in (tuple, Sequence):
        return "tuple"
    simple = {float: "number", int: "number", str: "name", bool: "truth", Mapping: "mapping"}
    return simple.get(origin, "object")


def parameters(name):
    """Return the sort of each argument of a public function."""
    thing = resolve(name)
    signature = inspect.signature(thing)
    hints = typing.get_type_hints(thing.__init__ if inspect.isclass(thing) else thing)
    return {key: kind_of(hints[key], key) for key in signature.parameters}


def is_sound(value, infinite):
    """Whether no number in an answer is NaN, or infinite where it must not be."""
    if value is None or isinstance(value, str | bytes | bool | Callable):
        return True
    if dataclasses.is_dataclass(value):
        return all(is_sound(one, infinite) for one in vars(value).values())
    if isinstance(value, Mapping):
        return all(is_sound(one, infinite) for one in value.values())
    if isinstance(value, tuple | list):
        return all(is_sound(one, infinite) for one in value)
    if isinstance(value, int | float | complex | np.ndarray | np.number):
        return not np.any(np.isnan(value)) and (infinite or bool(np.all(np.isfinite(value))))
    return True


def one_of_each(arguments):
    """Return the arguments with the first value of each array only."""
    first = {}
    for key, value in arguments.items():
        several = isinstance(value, np.ndarray) and len(value) == 3 and key != "matrix"
        first[key] = value[0] if several else value
    return first


def test_every_public_function_is_in_the_table():
    assert set(public_names()) == set(ARGUMENTS)


TRIED = [name for name in ARGUMENTS if name.split(".")[0] not in OWN and parameters(name)]


@pytest.mark.parametrize("name", TRIED)
def test_nonsense_is_refused_in_words(name, record_property):
    good = one_of_each(ARGUMENTS[name])
    assert is_sound(call(name, good), infinite=True)
    outcomes = Counter()
    for argument, kind in parameters(name).items():
        for what, bad in NONSENSE[kind].items():
            place = f"{name}({argument}={bad!r})"
            try:
                answer = call(name, {**good, argument: bad})
            except CevnsError as error:
                answer = error
            except Exception as error:
                pytest.fail(f"{place}: {error!r}")
            if isinstance(answer, CevnsError):
                assert "allowed" in str(answer), f"{place}: {answer}"
                outcomes[what, "refused"] += 1
            else:
                assert is_sound(answer, name in INFINITE), f"{place}: {answer!r}"
                outcomes[what, "answered"] += 1
    plt.close("all")
    record_property("tried", [[what, outcome, n] for (what, outcome), n in outcomes.items()])
