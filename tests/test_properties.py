"""Laws that hold for any numbers, and broadcasting of every public function.

Unitarity, projectors and phases are in test_mixing.py, the round trip of a quenching in
test_quenching.py, kinematics in test_interactions.py and test_partners.py.
"""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib import experiments
from cevnslib.detectors.efficiency import ConstantEfficiency
from cevnslib.detectors.quenching import Lindhard
from cevnslib.physics.form_factors import point_like
from cevnslib.physics.interactions import DipolePortal, MagneticMoment, StandardModel
from cevnslib.physics.mixing import (
    OscillationParameters,
    effective_moment_squared,
    flavour_projector,
    moment_matrix_mass,
    pmns,
)
from cevnslib.physics.targets import Target, nuclide, target
from cevnslib.rates import counts_by_beam, expected_counts, moment_matrix
from cevnslib.sources.beams import Source
from cevnslib.studies.moments import constraint, tmm_limits
from tests.callables import ARGUMENTS, call
from tests.test_bad_input import OWN, one_of_each, parameters

FLAVOURS = ("e", "mu", "tau")
CSI, CONUS = experiments.load("coherent-csi"), experiments.load("conus")
NUCLEI = [nuclide(name) for name in ("Na23", "Ar40", "Ge73", "I127", "Cs133")]
INTERACTIONS = [StandardModel(axial=True), MagneticMoment(1e-10), DipolePortal(8.0, 1e-10)]

share = st.floats(0, 1)
mixings = st.builds(OscillationParameters, share, share, share, st.floats(-6, 6))
number = st.floats(-3, 3)
moments = st.tuples(*[st.builds(complex, number, number)] * 3).map(np.array)
nuclei = st.sampled_from(NUCLEI)
interactions = st.sampled_from(INTERACTIONS)


@given(p=mixings, L=moments)
def test_moments_in_the_mass_basis(p, L):
    """The talk's definition with a~ = U^dagger a for neutrinos and U^T a for antineutrinos."""
    matrix, U = moment_matrix_mass(L), pmns(p)
    for row, flavour in zip(np.eye(3), FLAVOURS, strict=True):
        ours = effective_moment_squared(L, flavour, p)
        minus, plus = U.conj().T @ row, U.T @ row
        neutrino = minus.conj() @ matrix.conj().T @ matrix @ minus
        antineutrino = plus.conj() @ matrix @ matrix.conj().T @ plus
        assert neutrino == pytest.approx(ours, abs=1e-12)
        assert antineutrino == pytest.approx(ours, abs=1e-12)


@given(p=mixings, L=moments)
def test_all_flavours_see_twice_the_moments(p, L):
    """The three projectors add up to twice the unit matrix."""
    total = sum(effective_moment_squared(L, flavour, p) for flavour in FLAVOURS)
    assert total == pytest.approx(2 * np.sum(np.abs(L) ** 2), abs=1e-12)


@cache
def magnetic_counts():
    return counts_by_beam(CSI, MagneticMoment())


@given(p=mixings, L=moments)
def test_moment_matrix_is_hermitian_and_counts_what_each_beam_sees(p, L):
    K = moment_matrix(CSI, p)
    assert np.array_equal(K, K.conj().T)
    assert np.linalg.eigvalsh(K)[0] >= -1e-12 * np.trace(K).real
    seen = sum(
        magnetic_counts()[beam.name] * effective_moment_squared(L, beam.flavour, p)
        for beam in CSI.beams
    )
    assert (L.conj() @ K @ L).real == pytest.approx(seen, rel=1e-11, abs=1e-11 * np.trace(K).real)


@given(p=mixings, treatment=st.sampled_from(experiments.SIGNAL_NUISANCE))
def test_limits_are_ordered_as_the_weights(p, treatment):
    """mu^2 is what is bounded: the squared limits are as one over the weights of the moments."""
    limits = tmm_limits(experiments.variants(CSI)[treatment], "prompt", parameters=p)
    weights = flavour_projector("mu", p).diagonal().real
    seen = weights > 1e-9
    products = limits[seen] ** 2 * weights[seen]
    assert products == pytest.approx(np.full(len(products), products[0]), rel=1e-9)
    assert np.all(np.isinf(limits[weights < 1e-13]))


@given(scale=st.floats(0.1, 10), L=moments)
def test_chi2_sees_the_square_of_the_moments(scale, L):
    found = constraint(CSI)
    one, scaled = found.magnetic_counts(L), found.magnetic_counts(scale * L)
    assert scaled == pytest.approx(scale**2 * one, rel=1e-12)
    assert found.delta_chi2(L * 1e-9) >= 0


@given(E=st.floats(1.0, 60.0), nucleus=nuclei, interaction=interactions)
def test_cross_sections_at_the_kinematic_ends(E, nucleus, interaction):
    """Inside they come up to the end without a jump, outside they are zero."""
    low, high = interaction.minimum_recoil(E, nucleus), interaction.maximum_recoil(E, nucleus)
    if not high > low * (1 + 1e-6):
        return
    for end, inside in ((low, 1), (high, -1)):
        if end > 0:
            near, nearer, beyond = (
                float(interaction.differential_cross_section(end * (1 + x * inside), E, nucleus))
                for x in (1e-8, 1e-10, -1e-8)
            )
            assert beyond == 0
            assert near > 0
            assert nearer == pytest.approx(near, rel=1e-4)


@given(E=st.floats(1.0, 60.0), nucleus=nuclei)
def test_what_is_left_at_the_end(E, nucleus):
    """The weak cross section falls to 2E/(m_A + 2E) of its start, the magnetic one to m_A/2E^2."""
    weak, magnetic = StandardModel(form_factor=point_like), MagneticMoment(form_factor=point_like)
    end = float(weak.maximum_recoil(E, nucleus)) * (1 - 1e-14)
    start = weak.coefficients(end, nucleus)[0]
    left = weak.differential_cross_section(end, E, nucleus) / start
    assert left == pytest.approx(2 * E / (nucleus.mass + 2 * E), rel=1e-8)
    ratio = magnetic.differential_cross_section(end, E, nucleus) / magnetic.coefficients(
        end, nucleus
    ).dot([1, 0])
    assert ratio == pytest.approx(nucleus.mass / (2 * E**2) * end, rel=1e-8)


@given(thresholds=st.lists(st.floats(1e-5, 2e-2), min_size=2, max_size=4), interaction=interactions)
def test_counts_fall_with_the_threshold(thresholds, interaction):
    open_detector = replace(CSI.detector, efficiency=ConstantEfficiency())
    counts = [
        expected_counts(
            replace(CSI, detector=replace(open_detector, threshold=threshold)), interaction
        )
        for threshold in sorted(thresholds)
    ]
    assert all(more >= less * (1 - 1e-12) for more, less in pairwise(counts))
    assert min(counts) >= 0


@given(mass=st.floats(0.01, 1e4), time=st.floats(1e3, 1e9), distance=st.floats(10, 1e5), mu=share)
def test_counts_scale(mass, time, distance, mu):
    interaction = MagneticMoment(mu * 1e-10)
    scaled = replace(
        CSI,
        detector=replace(CSI.detector, mass=mass),
        exposure=time,
        baseline=distance,
    )
    factor = mass / CSI.detector.mass * time / CSI.exposure * (CSI.baseline / distance) ** 2
    one = expected_counts(CSI, MagneticMoment(1e-10))
    assert expected_counts(scaled, interaction) == pytest.approx(factor * mu**2 * one, rel=1e-12)


@pytest.mark.parametrize("experiment", [CSI, CONUS], ids=["csi", "conus"])
@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_targets_add_up(experiment, interaction):
    """The counts of a compound are those of its nuclides, each alone."""
    material = experiment.detector.target
    parts = [
        replace(experiment.detector, target=Target(one.name, (one,), (per_kg,)))
        for one, per_kg in zip(material.nuclides, material.nuclei_per_kg, strict=True)
    ]
    total = sum(expected_counts(replace(experiment, detector=part), interaction) for part in parts)
    assert expected_counts(experiment, interaction) == pytest.approx(total, rel=1e-12)


def test_compounds_weigh_what_their_elements_do():
    """A kilogram of CsI holds as much caesium and iodine as its molar mass says."""
    masses = {one.name: one.mass for one in target("CsI").nuclides}
    materials = [target(name) for name in ("CsI", "Cs", "I")]
    csi, cs, iodine = (dict(zip(one.nuclides, one.nuclei_per_kg, strict=True)) for one in materials)
    shares = [csi[n] / alone[n] for alone in (cs, iodine) for n in alone]
    assert sum(shares) == pytest.approx(1, rel=1e-12)
    assert shares[0] / shares[1] == pytest.approx(masses["Cs133"] / masses["I127"], rel=1e-5)


@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_beams_add_up(interaction):
    """A source of several beams gives what each gives alone."""
    total = sum(
        expected_counts(replace(CSI, source=Source(beam.name, (beam,))), interaction)
        for beam in CSI.beams
    )
    assert expected_counts(CSI, interaction) == pytest.approx(total, rel=1e-10)


@given(T=st.floats(1e-9, 1.0), factor=st.floats(1.001, 10), nucleus=nuclei)
def test_quenched_energies_rise_and_stay_below_the_recoil(T, factor, nucleus):
    seen, more = Lindhard().electron_equivalent([T, T * factor], nucleus)
    assert 0 < seen < T
    assert seen < more
    assert Lindhard().nuclear_recoil(seen, nucleus) == pytest.approx(T, rel=1e-12)


# Broadcasting: whatever takes arrays gives in each place what a call with that number gives.

#: Functions whose new axis comes last; in all others it comes first or there is none.
LAST = {"solar.solar_shares", "mixing.complex_moments", "mixing.moment_matrix_mass"}
LAST |= {"mixing.moment_matrix_flavour", "sterile.Disappearance.chi2"}
#: Array arguments that are one object, not numbers to be broadcast.
WHOLE = {("regions.least_counts", "matrix")}
WHOLE |= {("data.CountingMeasurement.binned_chi2", "standard_model")}
WHOLE |= {("data.CountingMeasurement.counts", "standard_model")}
WHOLE |= {(f"sterile.{name}", "splittings") for name in ("disappearance", "disappeared_counts")}
WHOLE |= {("sterile.exclusion_curves", "splittings"), ("coverage.study", "truths")}
WHOLE |= {("charges.ChargeRadius", "radii"), ("charges.Millicharge", "charges")}
WHOLE |= {("charges.NSI", name) for name in ("up", "down", "electron")}
WHOLE |= {("mediators.LightVector", "neutrino")}
WHOLE |= {("moments.luminosity_scan", "factors"), ("flux.Component", "density")}
WHOLE |= {("tabulated.tabulated_flux", name) for name in ("energies", "values", "density")}
WHOLE |= {("coverage.Coverage.coverage", "critical"), ("data.Windows.variance", "off")}
WHOLE |= {("counts.GaussianCounts.on_off", "on"), ("counts.GaussianCounts.on_off", "off")}
WHOLE |= {("mixing.dirac_moment_squared", "matrix"), ("moments.dirac_limit", "matrix")}
WHOLE |= {("spectral.SpectralConstraint.counts", "moments")}
WHOLE |= {("spectral.SpectralConstraint.interval_along", "direction")}
WHOLE |= {("fit.Fit.interval", "values"), ("fit.Fit.upper_limit", "values")}
VECTORISED = [
    (name, argument)
    for name in ARGUMENTS
    if name.split(".")[0] not in OWN
    for argument, kind in parameters(name).items()
    if kind == "array" and (name, argument) not in WHOLE
]


@pytest.mark.parametrize(("name", "argument"), VECTORISED)
def test_broadcasting_equals_calls_one_by_one(name, argument):
    good, values = one_of_each(name), ARGUMENTS[name][argument]
    assert len(values) == 3
    table = np.array([values, values[::-1]])
    found = np.asarray(call(name, {**good, argument: table}))
    for i in range(2):
        for j in range(3):
            one = np.asarray(call(name, {**good, argument: table[i, j]}))
            here = found[i, j] if name in LAST else found[..., i, j]
            assert here.shape == one.shape
            assert here == pytest.approx(one, rel=1e-13, abs=0)
    assert np.asarray(call(name, {**good, argument: table[:0]})).size == 0


@pytest.mark.parametrize("name", sorted({name for name, _ in VECTORISED}))
def test_arrays_broadcast_against_each_other(name):
    """A column of one argument and a row of the next make a table."""
    arrays = [argument for one, argument in VECTORISED if one == name]
    if len(arrays) < 2:
        return
    first, second = arrays[:2]
    good = one_of_each(name)
    column, row = ARGUMENTS[name][first][:, np.newaxis], ARGUMENTS[name][second]
    found = np.asarray(call(name, {**good, first: column, second: row}))
    for i in range(3):
        for j in range(3):
            one = np.asarray(call(name, {**good, first: column[i, 0], second: row[j]}))
            here = found[i, j] if name in LAST else found[..., i, j]
            assert here == pytest.approx(one, rel=1e-13, abs=0)
