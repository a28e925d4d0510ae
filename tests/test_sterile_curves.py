"""The curves of the sterile study: complete, the same as a direct call, and written as numbers."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from cevnslib import experiments
from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.studies import sterile


def test_every_detector_has_its_curves():
    numbers = {name: len(sterile.exclusion_curves(name, [1.0])) for name in sterile.names()}
    assert numbers.pop("csi-100kg") == 16  # two flavours, four scenarios, with and without timing
    assert {numbers.pop(name) for name in sterile.set_ups() if name in numbers} == {8}
    assert set(numbers) == {"conus", "connie", "miner", "texono", "red100"}
    assert set(numbers.values()) == {4}  # two stages, the error as a nuisance or not


def test_curves_are_those_of_a_direct_call():
    splittings = [0.5, 2.0]
    found = {
        (one.flavour, one.label): one.amplitudes
        for one in sterile.exclusion_curves("csi-100kg", splittings)
    }
    experiment = sterile.set_up("csi-100kg", "50%, 5%, 10%")
    direct = sterile.disappearance(experiment, splittings, "mu", samples=("prompt", "delayed"))
    np.testing.assert_array_equal(found["mu", "50%, 5%, 10%, timing"], direct.exclusion())
    reactor = sterile.exclusion_curves("red100", splittings)[3]
    direct = sterile.disappearance(
        experiments.load("red100", "projected").without_signal_nuisance(), splittings, "e"
    )
    assert reactor.label == "projected, nuisance left out"
    np.testing.assert_array_equal(reactor.amplitudes, direct.exclusion())


def test_csv_holds_the_curves():
    found = sterile.exclusion_curves("coherent-lar", [0.01, 1.5])
    lines = sterile.as_csv(found).splitlines()
    rows = list(csv.DictReader(lines[1:]))
    assert [float(row["dm2_eV2"]) for row in rows] == [0.01, 1.5]
    for curve in found:
        column = f"sin2_2theta_{curve.flavour}{curve.flavour} ({curve.label})"
        assert rows[0][column] == ""  # nothing is excluded at so small a splitting
        if np.isfinite(curve.amplitudes[1]):
            assert float(rows[1][column]) == pytest.approx(curve.amplitudes[1], rel=1e-3)
        else:
            assert rows[1][column] == ""


def test_summary_names_the_best_point_of_each_curve():
    found = sterile.exclusion_curves("coherent-lar", [0.01, 1.5, 40.0])
    table = sterile.summary(found).splitlines()
    assert len(table) == 2 + len(found)
    assert sterile.best(found[0]) == (found[0].amplitudes[1], 1.5)
    assert table[4] == "| e | 100%, 30%, 10% | none |  | none |"


def test_refused():
    with pytest.raises(UnknownNameError, match="unknown detector of the sterile study 'lar'"):
        sterile.exclusion_curves("lar")
    with pytest.raises(DomainError, match=r"splitting: got -1 eV"):
        sterile.exclusion_curves("conus", [-1.0])


def test_curves_with_other_splittings_are_refused():
    one, other = sterile.exclusion_curves("conus", [1.0, 2.0])[:2]
    shifted = replace(other, splittings=np.array([7.0, 8.0]))
    with pytest.raises(DomainError, match="the same splittings in all"):
        sterile.as_csv([one, shifted])


def test_the_confidence_of_a_curve_is_used():
    splittings = [0.5, 1.5, 5.0]
    strict, loose = (
        sterile.exclusion_curves("coherent-lar", splittings, confidence=level)[0].amplitudes
        for level in (0.99, 0.6)
    )
    direct = sterile.disappearance(
        sterile.set_up("coherent-lar", "100%, 0%, 0%"), splittings, "e"
    ).exclusion(0.6)
    assert np.all(strict > loose)
    assert loose == pytest.approx(direct)


def test_scenarios_are_what_their_names_say():
    for name, scenario in sterile.scenarios().items():
        efficiency, signal, background = (float(x.strip(" %")) / 100 for x in name.split(","))
        assert scenario == pytest.approx(
            {"efficiency": efficiency, "sigma_signal": signal, "sigma_background": background}
        )


def test_bins_without_events_are_left_out():
    argon = sterile.set_up("coherent-lar")
    study = sterile.disappearance(argon, [1.0], "mu", edges=[0.02, 0.05, 0.1, 0.5, 0.9])
    assert len(study.counts) == 3  # no recoil of argon reaches 0.5 MeV
    assert study.counts.min() > 0
