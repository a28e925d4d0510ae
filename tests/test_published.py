"""The published table and the verdicts."""

from decimal import Decimal

import pytest

from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.studies import published


def number(printed):
    return published.PublishedLimit("x", "y", "current", 1, printed)


def test_table_is_whole():
    table = published.published_limits()
    assert len(table) == 81
    assert len({(n.experiment, n.beam, n.stage, n.index) for n in table}) == 81
    assert all(Decimal(n.printed) > 0 for n in table)


@pytest.mark.parametrize(
    ("printed", "half"), [("69.2", 0.05), ("5.0", 0.05), ("0.44", 0.005), ("0.1", 0.05)]
)
def test_half_unit(printed, half):
    assert number(printed).half_unit == half


@pytest.mark.parametrize(
    ("printed", "ours", "word", "rounding"),
    [
        ("10.0", 10.35e-10, "reproduced", False),
        ("10.0", 9.64e-10, "close", False),
        ("10.0", 12.49e-10, "close", False),
        ("10.0", 12.6e-10, "not reproduced", False),
        ("10.0", 7.4e-10, "not reproduced", False),
        ("0.08", 0.0849e-10, "reproduced", True),  # 6%, but it rounds to what is printed
        ("0.08", 0.0851e-10, "close", False),
    ],
)
def test_verdicts(printed, ours, word, rounding):
    verdict = published.compare(number(printed), ours)
    assert (verdict.word, verdict.to_rounding) == (word, rounding)
    assert verdict.ratio == pytest.approx(ours / 1e-10 / float(printed))


def test_choice():
    assert len(published.published_limits("borexino")) == 3
    assert len(published.published_limits(stage="future")) == 39
    assert len(published.published_limits(beam="prompt", stage="current")) == 12
    with pytest.raises(
        UnknownNameError, match="unknown published beam 'solar'; allowed: prompt, d"
    ):
        published.published_limits("coherent-csi", "solar")


@pytest.mark.parametrize("bad", [0, -1e-10, float("nan")])
def test_bad_limit(bad):
    with pytest.raises(DomainError, match="our limit: got"):
        published.compare(number("1.0"), bad)
