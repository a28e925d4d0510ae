"""Bad input is answered in words."""

import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from cevnslib.checks import (
    checked,
    checked_choice,
    checked_integer,
    checked_kind,
    checked_number,
    checked_numbers,
    checked_shapes,
    checked_table,
    checked_tuple,
    owned,
)
from cevnslib.errors import CevnsError, DomainError, KindError, UnknownNameError, quoted
from cevnslib.physics.targets import UnknownTargetError


@pytest.mark.parametrize(
    ("value", "bounds", "words"),
    [
        (np.nan, {}, "x: got nan MeV; allowed: finite"),
        (np.inf, {"above": 0}, "x: got inf MeV; allowed: finite, above 0 MeV"),
        (0, {"above": 0}, "x: got 0 MeV; allowed: finite, above 0 MeV"),
        (-1, {"at_least": 0}, "x: got -1 MeV; allowed: finite, at least 0 MeV"),
        (2, {"at_most": 1}, "x: got 2 MeV; allowed: finite, at most 1 MeV"),
        ([[1, 2], [3, -4]], {"above": 0}, "x: got -4 MeV at index 1, 1; allowed: finite, above"),
        ("1e-3", {}, "x: got '1e-3'; allowed: real numbers, finite"),
        (1j, {}, "x: got 1j; allowed: real numbers, finite"),
        (None, {}, "x: got None; allowed: real numbers, finite"),
        (True, {}, "x: got True; allowed: real numbers, finite"),
    ],
)
def test_checked_refuses(value, bounds, words):
    with pytest.raises(DomainError) as refused:
        checked("x", value, "MeV", **bounds)
    assert str(refused.value).startswith(words)


def test_checked_passes_on_what_is_good():
    result = checked("x", [[1, 2]], above=0, at_most=2)
    assert result.dtype == np.float64
    assert result.shape == (1, 2)
    assert checked("x", 0, at_least=0) == 0
    assert checked("x", [], above=0).shape == (0,)


def test_unknown_name_lists_what_is_allowed():
    assert str(UnknownNameError("stage", 3, ["now", "then"])) == (
        "unknown stage 3; allowed: now, then"
    )


def test_every_error_is_a_value_error():
    assert issubclass(CevnsError, ValueError)


@pytest.mark.parametrize(
    ("value", "bounds", "words"),
    [
        (1e41, {}, "x: got 1e+41 MeV; allowed: finite, of a size from 1e-40 to 1e+40"),
        (1e-41, {"above": 0}, "x: got 1e-41 MeV; allowed: finite, above 0 MeV, of a size from"),
        (10**400, {}, "x: got 1000"),
        ([[1.0], [1.0, 2.0]], {}, "x: got [[1.0], [1.0, 2.0]]; allowed: real numbers"),
        ("y" * 500, {}, "x: got 'yyyy"),
        (5.0, {"at_most": 1, "hint": "keV?"}, "x: got 5 MeV; allowed: finite, at most 1 MeV (keV?"),
    ],
)
def test_checked_refuses_what_is_absurd(value, bounds, words):
    with pytest.raises(DomainError) as refused:
        checked("x", value, "MeV", **bounds)
    assert str(refused.value).startswith(words)
    assert len(str(refused.value)) < 400


def test_sizes_that_are_not_refused():
    assert checked("x", [1e-41, -1e40], at_least=-1e40).tolist() == [1e-41, -1e40]
    assert checked("x", 10**30) == 1e30


def test_hint_only_beyond_the_upper_bound():
    with pytest.raises(DomainError) as refused:
        checked("x", -1.0, above=0, at_most=1, hint="keV?")
    assert "keV" not in str(refused.value)


def test_one_number_and_one_integer():
    assert checked_number("x", np.float32(0.5), at_most=1) == 0.5
    assert isinstance(checked_number("x", 2), float)
    with pytest.raises(DomainError, match=r"x: got \[2\]; allowed: one number"):
        checked_number("x", [2])
    assert checked_integer("n", np.int64(3), at_least=0, at_most=7) == 3
    for bad in (True, 3.0, "3", -1, 8, None):
        with pytest.raises(DomainError, match=r"n: got .*; allowed: integers from 0 to 7"):
            checked_integer("n", bad, at_least=0, at_most=7)


def test_choices_and_kinds():
    assert checked_choice("flavour", "mu", ("e", "mu")) == "mu"
    for bad in (["e"], None, np.array(["e", "mu"]), "E"):
        with pytest.raises(UnknownNameError, match=r"unknown flavour .*; allowed: e, mu"):
            checked_choice("flavour", bad, ("e", "mu"))
    checked_kind("x", 1.0, float | int)
    with pytest.raises(KindError, match=r"x: got '1'; allowed: a builtins.float or a builtins.int"):
        checked_kind("x", "1", float | int)
    assert issubclass(KindError, TypeError)


def test_shapes():
    assert checked_shapes(T=np.ones((3, 1)), E=np.ones(4)) == (3, 4)


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (3, str, "x: got 3; allowed: text"),
        (1, bool, "x: got 1; allowed: True or False"),
        ("lid", DomainError | None, "x: got 'lid'; allowed: a cevnslib.errors.DomainError or None"),
        (DomainError, DomainError, "allowed: a cevnslib.errors.DomainError"),
        (1.0, Callable, "x: got 1.0; allowed: a function"),
        ([], Mapping, "x: got []; allowed: a mapping"),
        ({}, Sequence, "x: got {}; allowed: a sequence"),
    ],
)
def test_kinds_are_named(value, kind, words):
    with pytest.raises(KindError) as refused:
        checked_kind("x", value, kind)
    assert str(refused.value).endswith(words)


def test_one_number_that_may_be_infinite():
    for infinity in (np.inf, np.float32("inf")):
        assert checked_number("x", infinity, at_most=np.inf) == np.inf
    for bad in (np.nan, -np.inf, 1e300, "inf"):
        with pytest.raises(DomainError, match=r"x: got .*; allowed: .*finite or infinite, at leas"):
            checked_number("x", bad, at_least=0, at_most=np.inf)


def test_tuples():
    assert checked_tuple("names", ["a", "b"], str) == ("a", "b")
    with pytest.raises(KindError, match=r"one of the names: got 3; allowed: text"):
        checked_tuple("names", ["a", 3], str)
    three: Any = 3
    with pytest.raises(KindError, match=r"names: got 3; allowed: a sequence"):
        checked_tuple("names", three, str)
    with pytest.raises(DomainError, match=r"names: got none; allowed: at least one"):
        checked_tuple("names", (), str)


def test_tuples_of_numbers():
    found = checked_numbers("sizes", np.array([1, 2], dtype=np.int16), "MeV", above=0)
    assert found == (1.0, 2.0)
    assert {type(one) for one in found} == {float}
    refused: list[tuple[Any, str]] = [
        (3.0, r"got 3.0; allowed: a sequence of numbers"),
        ("12", r"got '12'; allowed: real numbers"),
        ((1.0, None), r"got \(1.0, None\); allowed: real numbers"),
        ((1.0, -1.0), r"got -1 MeV at index 1; allowed: finite, above 0 MeV"),
    ]
    for bad, words in refused:
        with pytest.raises(DomainError, match=f"sizes: {words}"):
            checked_numbers("sizes", bad, "MeV", above=0)


def test_tables():
    energies, values = checked_table("x", np.array([1, 2], dtype=np.uint8), [0.5, 1])
    assert (energies, values) == ((1.0, 2.0), (0.5, 1.0))
    with pytest.raises(DomainError, match="x: got 1 energies and 1 values; allowed: as many"):
        checked_table("x", [1.0], [1.0])


def test_what_is_checked_is_a_copy_that_can_be_locked():
    given = np.ones(2)
    kept = owned(checked("x", given))
    given[0] = 7
    assert kept.tolist() == [1, 1]
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 7


@pytest.mark.parametrize(
    "error",
    [DomainError("x: got 1"), UnknownNameError("beam", "a", ["b"]), UnknownTargetError("Xx")],
)
def test_errors_travel_between_processes(error):
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)


def test_what_cannot_be_shown_is_quoted_all_the_same():
    assert quoted(10**5000) == "(int without a representation)"
    assert len(quoted("x" * 1000)) < 300
    assert "\n" not in quoted(np.ones((3, 3)))
