"""What papers state, and the verdicts."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cevnslib.claims import Claim, claims, judge
from cevnslib.errors import CevnsError, ConfigurationError, DomainError, UnknownNameError
from cevnslib.studies import published

LIMIT = Claim("x", "n", "a limit", "10.0", "relative", "eV", tolerance=0.035, close=0.25)


def test_table_is_whole():
    table = published.numbers()
    assert len(table) == len({claim.name for claim in table}) == 81
    assert all(Decimal(claim.printed) > 0 for claim in table)
    assert {claim.paper for claim in table} == {"miranda2019"}


def test_every_claim_says_why_its_tolerance_is_what_it_is():
    assert all(claim.reason for claim in claims() if claim.tolerance)


@pytest.mark.parametrize(
    ("printed", "half"), [("69.2", 0.05), ("5.0", 0.05), ("0.44", 0.005), ("0.1", 0.05)]
)
def test_half_unit(printed, half):
    assert replace(LIMIT, printed=printed).half_unit == half


@pytest.mark.parametrize(
    ("printed", "ours", "word", "rounding"),
    [
        ("10.0", 10.35, "reproduced", False),
        ("10.0", 10.36, "close", False),
        ("10.0", 9.64, "close", False),
        ("10.0", 12.49, "close", False),
        ("10.0", 12.6, "not reproduced", False),
        ("10.0", 7.4, "not reproduced", False),
        ("0.08", 0.0849, "reproduced", True),  # 6%, but it rounds to what is printed
        ("0.08", 0.0851, "close", False),
    ],
)
def test_verdicts_on_a_number(printed, ours, word, rounding):
    verdict = judge(replace(LIMIT, printed=printed), ours)
    assert (verdict.word, verdict.to_rounding) == (word, rounding)
    assert verdict.ratio == pytest.approx(ours / float(printed))


def test_the_limits_of_the_table_use_the_same_tolerances():
    (claim, *_) = published.numbers()
    assert (claim.tolerance, claim.close) == (LIMIT.tolerance, LIMIT.close)


@pytest.mark.parametrize(
    ("kind", "printed", "tolerance", "ours", "word"),
    [
        ("rounds", "2.8", 0.0, 2.849, "reproduced"),
        ("rounds", "2.8", 0.0, 2.851, "not reproduced"),
        ("factor", "10", 3.0, 29.0, "same order of magnitude"),
        ("factor", "10", 3.0, 3.4, "same order of magnitude"),
        ("factor", "10", 3.0, 3.3, "another order of magnitude"),
        ("below", "2.8", 0.0, 2.8, "holds"),
        ("below", "2.8", 0.0, 2.81, "does not hold"),
        ("ordering", "Ge < Xe < Ar", 0.0, {"Ge": 1.0, "Xe": 2.0, "Ar": 3.0}, "holds"),
        ("ordering", "Ge < Xe < Ar", 0.0, {"Ge": 1.0, "Xe": 3.0, "Ar": 3.0}, "does not hold"),
        ("statement", "It does.", 0.0, True, "holds"),
        ("statement", "It does.", 0.0, False, "does not hold"),
    ],
)
def test_verdicts_of_other_kinds(kind, printed, tolerance, ours, word):
    claim = replace(LIMIT, printed=printed, kind=kind, tolerance=tolerance, close=0.0)
    assert judge(claim, ours).word == word


def test_choice():
    assert len(claims(experiment="borexino")) == 3
    assert len(claims("miranda2019", stage="projected")) == 39
    assert len(claims(beam="prompt", stage="2019")) == 12
    with pytest.raises(UnknownNameError, match="unknown beam of a claim 'solar'; allowed: prompt"):
        claims(experiment="coherent-csi", beam="solar")
    with pytest.raises(UnknownNameError, match=r"unknown paper 'x'; allowed: .*miranda2019"):
        claims("x")


@pytest.mark.parametrize("bad", [0, -1.0, float("nan"), True, {"a": 1.0}, "much"])
def test_bad_numbers(bad):
    with pytest.raises(CevnsError, match="ours: got"):
        judge(LIMIT, bad)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"kind": "about"}, UnknownNameError, "unknown kind of claim 'about'; allowed: relative"),
        ({"read": "heard"}, UnknownNameError, "unknown way to read a claim 'heard'"),
        ({"printed": "ten"}, DomainError, "printed: got 'ten'; allowed: a number"),
        ({"kind": "factor", "tolerance": 0.5}, DomainError, "tolerance: got 0.5; .* at least 1"),
        ({"kind": "ordering"}, DomainError, "printed: got '10.0'; allowed: names with <"),
    ],
)
def test_claims_that_no_paper_can_make(changes, error, words):
    with pytest.raises(error, match=words):
        replace(LIMIT, **changes)


def test_an_ordering_wants_all_its_names():
    claim = replace(LIMIT, kind="ordering", printed="Ge < Xe")
    with pytest.raises(ConfigurationError, match="allowed: numbers for"):
        judge(claim, {"Ge": 1.0})
