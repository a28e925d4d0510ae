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
from copy import deepcopy
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import figure
from numpy.typing import ArrayLike

from cevnslib import experiments, rates
from cevnslib.detectors import detector, efficiency
from cevnslib.display import sheets, views
from cevnslib.errors import (
    CevnsError,
    ConfigurationError,
    DomainError,
    NoLimitError,
    UnknownNameError,
)
from cevnslib.physics import targets
from cevnslib.sources import spectra
from cevnslib.sources.beams import Beam, Source
from cevnslib.studies import moments
from tests.callables import (
    ARGUMENTS,
    CONUS,
    CS,
    CSI,
    RESULTS,
    WEAK,
    call,
    fields_of,
    public_names,
    resolve,
)
from tools import tables

NAN, INF = math.nan, math.inf
HUGE_INTEGER = 10**400


class Unshowable:
    """An object all of whose own code fails."""

    def __repr__(self):
        raise RuntimeError("no representation")

    def __array__(self, *_, **__):
        raise RuntimeError("no array")


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
    "a masked number": np.ma.masked,
    "an integer of 5000 digits": 10**5000,
    "what cannot be shown": Unshowable(),
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
    "a masked array": np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False]),
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
        **{"an absurd tuple": (1e300, 2e300), "an array without a length": np.array(1.0)},
    },
    "object": {**ANYTHING, "a name": "coherent-csi", "a number": 3.0, "an array": np.ones(3)},
    "mapping": {**ANYTHING, "unknown key": {"x": 1.0}, "NaN under a key": {"u235": NAN}},
}
#: Where an infinite answer is documented: a moment that is not seen, a limit that there is not.
INFINITE = {
    "moments.solar_limits",
    "moments.tmm_limits",
    "moments.limits_by_beam",
}
INFINITE |= {"detector.Detector", "detector.PhotoelectronAcceptance", "experiments.Experiment"}
INFINITE |= {"templates.Nuisance", "fit.Parameter", "fit.Fit", "toys.FitEnsemble"}  # free: sigma
INFINITE |= {f"scans.{name}" for name in ("dipole", "light_scalar", "light_vector", "sterile")}
INFINITE |= {"report.limits_report", "strengths.strengths"}
INFINITE |= {"experiments.load", "experiments.from_description", "sterile.exclusion_curves"}
#: Answers that hold no numbers of their own.
CONTEXTS = (figure.Figure, str, bytes, type(None))
#: Arguments that say what to do and not with what; only this library passes them.
OWN = {"errors", "checks"}


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
    named = [key for key, x in signature.parameters.items() if x.kind is not x.VAR_POSITIONAL]
    return {key: kind_of(hints[key], key) for key in named}


def held(thing):
    """Return what an instance holds: the fields of a dataclass."""
    return fields_of(thing) if dataclasses.is_dataclass(thing) else dict(vars(thing))


def is_sound(value, infinite):
    """Whether no number in an answer is NaN, or infinite where it must not be."""
    if value is None or isinstance(value, str | bytes | bool | Callable):
        return True
    if isinstance(value, views.View):  # its numbers are whatever an explorer's picture holds
        return is_sound(value.words, infinite)
    if dataclasses.is_dataclass(value):
        return all(is_sound(one, infinite) for one in held(value).values())
    if isinstance(value, Mapping):
        return all(is_sound(one, infinite) for one in value.values())
    if isinstance(value, tuple | list):
        return all(is_sound(one, infinite) for one in value)
    if isinstance(value, int | float | complex | np.ndarray | np.number):
        return not np.any(np.isnan(value)) and (infinite or bool(np.all(np.isfinite(value))))
    return True


def outcome_of(action, place, infinite=True):
    """Return what came of it, or fail."""
    try:
        answer = action()
    except CevnsError as error:
        answer = error
    except Exception as error:
        pytest.fail(f"{place}: {error!r}")
    if isinstance(answer, CevnsError):
        assert "allowed" in str(answer) or "is missing" in str(answer), f"{place}: {answer}"
        return "refused"
    assert is_sound(answer, infinite), f"{place}: {answer!r}"
    return "answered"


#: Arguments that are one thing though they have three rows.
ONE = {("mixing.dirac_moment_squared", "matrix"), ("moments.dirac_limit", "matrix")}
ONE |= {("spectral.SpectralConstraint.interval_along", "direction")}


def one_of_each(name):
    """Return the arguments of a public function, with the first value of each array only."""
    several = {key for key, kind in parameters(name).items() if kind == "array"}
    return {
        key: value[0] if key in several and len(value) == 3 and (name, key) not in ONE else value
        for key, value in ARGUMENTS[name].items()
    }


def test_every_public_function_is_in_the_table():
    assert set(public_names()) == set(ARGUMENTS)


TRIED = [
    name
    for name in ARGUMENTS
    if name.split(".")[0] not in OWN and name not in RESULTS and parameters(name)
]


@pytest.mark.parametrize("name", TRIED)
def test_nonsense_is_refused_in_words(name, record_property):
    good = one_of_each(name)
    assert is_sound(call(name, good), infinite=True)
    outcomes: Counter[tuple[str, str]] = Counter()
    for argument, kind in parameters(name).items():
        nonsense = NONSENSE[kind]
        if kind == "object" and argument in good and not callable(good[argument]):
            nonsense = {**nonsense, "a class and no instance": type(good[argument])}
        for what, bad in nonsense.items():
            place = f"{name}({argument}: {what})"
            trial = partial(call, name, {**good, argument: bad})
            outcomes[what, outcome_of(trial, place, name in INFINITE)] += 1
    plt.close("all")
    record_property("tried", [[what, outcome, n] for (what, outcome), n in outcomes.items()])


# Numbers that are stored in another way than Python's own give the same, or are refused.

KINDS_OF_NUMBERS = (np.uint8, np.int16, np.float16, np.float32, np.longdouble, np.array)


def result_of(action):
    """Return an answer, or the sort of error that came in place of one."""
    try:
        return action()
    except CevnsError as error:
        return type(error)


def same(one, other):
    """Whether two answers are equal to the last bit."""
    if dataclasses.is_dataclass(one) and not inspect.isclass(one):
        return type(one) is type(other) and same(held(one), held(other))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray | np.number | float | int):
        return np.array_equal(one, other)
    return callable(one) or one == other or isinstance(one, CONTEXTS)


@pytest.mark.parametrize("name", TRIED)
def test_numbers_may_be_stored_in_any_way(name):
    good = one_of_each(name)
    for argument, sort in parameters(name).items():
        usual_value = np.asarray(good.get(argument))
        if sort not in ("number", "array") or usual_value.dtype.kind not in "iuf":
            continue
        for kind in KINDS_OF_NUMBERS:
            with np.errstate(all="ignore"):
                odd = kind(np.round(usual_value) if kind in (np.uint8, np.int16) else usual_value)
            plain = np.asarray(odd).astype(type(good[argument]) if not usual_value.ndim else float)
            plain = plain.item() if not plain.ndim else plain
            usual, unusual = (
                result_of(partial(call, name, {**deepcopy(good), argument: value}))
                for value in (plain, odd)
            )
            refused = inspect.isclass(unusual)  # as an integer that comes as a float may be
            assert refused or same(usual, unusual), f"{argument}: {odd!r} of {kind.__name__}"
    plt.close("all")


# What an instance holds is its own, however it came.


def stored_oddly(value):
    """Return a value as numpy's number, as an array that can be changed, or as a list."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, float | int):
        return np.float64(value) if isinstance(value, float) else np.int16(value)
    if isinstance(value, np.ndarray):
        return np.array(value)
    if isinstance(value, tuple):
        return [stored_oddly(one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value


def is_owned(value):
    """Whether only Python's own numbers, tuples and dicts are held, and arrays that are locked."""
    if isinstance(value, np.ndarray):
        return not value.flags.writeable
    if isinstance(value, tuple):
        return all(is_owned(one) for one in value)
    return not isinstance(value, np.generic | list)


CLASSES = [name for name in TRIED if dataclasses.is_dataclass(resolve(name))]


@pytest.mark.parametrize("name", CLASSES)
def test_an_instance_owns_what_it_holds(name):
    given = {key: stored_oddly(value) for key, value in ARGUMENTS[name].items()}
    made = resolve(name)(**given)
    as_before = resolve(name)(**ARGUMENTS[name])
    assert held(made).keys() == {field.name for field in dataclasses.fields(made)}
    assert all(is_owned(value) for value in held(made).values())
    for value in given.values():
        if isinstance(value, np.ndarray):
            value += 1
        elif isinstance(value, list | dict):
            value.clear()
    assert same(made, as_before)


# The files that a reader may write: every key in turn holds nonsense, is missing or misspelt.

EXPERIMENT = {
    "title": '"My detector"',
    "source": '"reactor"',
    "thermal_power_GW": "4.5",
    "captures_per_fission": "0.6",
    "fission_fractions": "{ u235 = 0.6, pu239 = 0.4 }",
    "baseline_m": "20",
    "target": '"Ge"',
    "mass_kg": "3",
    "threshold_keV": "0.2",
    "maximum_keV": "50",
    "threshold_kind": '"electron-equivalent"',
    "resolution": "{ constant_keV = 0.02 }",
    "efficiency": '{ kind = "table", energies_keV = [0.1, 0.5, 10], values = [0.2, 0.9, 1] }',
    "exposure_years": "1",
    "statistics": '{ kind = "projection", sigma_stat = 0.1, sigma_sys = 0.1 }',
    "references": '{ mass_kg = "a guess" }',
}
LITERALS = {
    "text": '"nonsense"',
    "empty text": '""',
    "a number as text": '"3"',
    "a truth value": "true",
    "NaN": "nan",
    "infinity": "inf",
    "a negative number": "-1.5",
    "zero": "0",
    "an absurdly large number": "1e300",
    "an integer of 400 digits": "1" + "0" * 400,
    "an empty list": "[]",
    "an array of text": '["a", "b"]',
    "an empty mapping": "{}",
    "unknown key": "{ x = 1 }",
    "NaN under a key": "{ u235 = nan, kind = nan, constant_keV = nan }",
    "a date": "2026-01-01",
    "a missing key": None,
    "no TOML": "= =",
}


def as_toml(keys):
    return "\n".join(f"{key} = {value}" for key, value in keys.items() if value is not None)


@pytest.mark.parametrize("key", EXPERIMENT)
def test_nonsense_in_an_experiment_file(key, tmp_path, record_property):
    path = tmp_path / "mine.toml"
    outcomes: Counter[tuple[str, str]] = Counter()
    path.write_text(as_toml(EXPERIMENT))
    assert experiments.load(path).detector.mass == 3

    def use():
        experiment = experiments.load(path)
        return moments.constraint(experiment).limits()

    for what, literal in LITERALS.items():
        path.write_text(as_toml({**EXPERIMENT, key: literal}))
        outcomes[f"TOML: {what}", outcome_of(use, f"{key} = {literal}")] += 1
    path.write_text(as_toml({**EXPERIMENT, f"{key}s": EXPERIMENT[key]}))
    with pytest.raises(ConfigurationError, match=f"unknown key '{key}s' .did you mean '{key}'"):
        experiments.load(path)
    outcomes["TOML: a misspelt key", "refused"] += 1
    record_property("tried", [[what, outcome, n] for (what, outcome), n in outcomes.items()])


@pytest.mark.parametrize(
    "key", [field.name for field in dataclasses.fields(sheets.SheetParameters)]
)
def test_nonsense_in_a_parameter_file(key, tmp_path, record_property):
    path = tmp_path / "parameters.yml"
    outcomes: Counter[tuple[str, str]] = Counter()
    for what, literal in LITERALS.items():
        if literal is None or what == "no TOML":
            continue
        content = {"nan": ".nan", "inf": ".inf"}.get(literal, literal)
        path.write_text(f"{key}: {content.replace(' = ', ': ')}\n")

        def use():
            (request, *_) = tables.requests(tables.read_parameters(path))
            return sheets.rows(request)

        outcomes[f"YAML: {what}", outcome_of(use, f"{key}: {content}")] += 1
    path.write_text(f"{key}s: 1\n")
    with pytest.raises(UnknownNameError, match=f"unknown parameter '{key}s' .did you mean"):
        tables.read_parameters(path)
    outcomes["YAML: a misspelt key", "refused"] += 1
    record_property("tried", [[what, outcome, n] for (what, outcome), n in outcomes.items()])


FILES = {
    "a folder": lambda path: path.mkdir(),
    "a missing file": lambda path: None,
    "an empty file": lambda path: path.write_text(""),
    "a file of bytes": lambda path: path.write_bytes(bytes(range(256))),
    "a link to itself": lambda path: path.symlink_to(path),
    "a file below a file": lambda path: None,
}


@pytest.mark.parametrize("what", FILES)
def test_unreadable_files(what, tmp_path, record_property):
    readers: dict[str, Callable[[Path], object]] = {
        "mine.toml": experiments.load,
        "mine.yml": lambda path: tables.requests(tables.read_parameters(path)),
    }
    for name, read in readers.items():
        path = tmp_path / name
        FILES[what](path)
        if what == "a file below a file":
            (tmp_path / f"{name}.d").write_text("")
            path = tmp_path / f"{name}.d" / name
        with pytest.raises(ConfigurationError, match=r"allowed|is missing") as refused:
            read(path)
        assert str(path) in str(refused.value) or what == "an empty file"
    record_property("tried", [[f"files: {what}", "refused", len(readers)]])


# Energies in keV where MeV are meant.


@pytest.mark.parametrize(
    "use",
    [
        lambda: WEAK.differential_cross_section(5.0, 30.0, CS),
        lambda: rates.recoil_spectrum(CSI, [5.0, 20.0], WEAK),
        lambda: rates.measured_spectrum(CSI, [5.0, 20.0], WEAK),
        lambda: detector.Detector(targets.target("Ge"), 1.0, threshold=5.0),
        lambda: detector.Detector(
            targets.target("Ge"),
            1.0,
            efficiency=efficiency.TabulatedEfficiency((5.0, 50.0), (0.5, 1.0)),
        ),
    ],
)
def test_kiloelectronvolts_get_a_hint(use):
    with pytest.raises(DomainError, match=r"did you give keV\?"):
        use()


def test_a_threshold_beyond_all_recoils_is_answered_in_keV():
    blind = dataclasses.replace(CONUS, detector=dataclasses.replace(CONUS.detector, threshold=0.5))
    with pytest.raises(NoLimitError, match=r"threshold: got 500 keV, .*; allowed: below 0\.37"):
        moments.tmm_limits(blind)


def test_energies_that_are_meant_are_not_refused():
    """Atmospheric neutrinos of a GeV on xenon, and stopped pions on hydrogen."""
    xenon, hydrogen = targets.nuclide("Xe132"), targets.nuclide("H1")
    assert WEAK.differential_cross_section(1.0, 1000.0, xenon) > 0
    end = float(WEAK.maximum_recoil(52.8, hydrogen))
    assert end > 5
    assert WEAK.differential_cross_section(0.9 * end, 52.8, hydrogen) > 0
    spectrum = spectra.TabulatedSpectrum((10.0, 1000.0, 5000.0), (1.0, 0.1, 0.0))
    beam = Beam("nu_mu", "mu", False, "continuous", spectrum, 1e15)
    far = dataclasses.replace(CSI, source=Source("atmosphere", (beam,)))
    assert np.isfinite(rates.expected_counts(far, WEAK))
