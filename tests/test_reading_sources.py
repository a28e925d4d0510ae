"""The keys of a source, of the mixing and of interactions: files against independent numbers.

The cases and their numbers are those of `tests.test_cases_sources`, here without any Python.
"""

import math
import tomllib
from itertools import pairwise, product

import numpy as np
import pytest
from scipy.integrate import quad

from cevnslib import experiments, rates
from cevnslib.constants import DAY, YEAR
from cevnslib.errors import ConfigurationError, DomainError, RoundedSharesWarning
from cevnslib.folding import fold
from cevnslib.physics.interactions import MagneticMoment, StandardModel
from cevnslib.sources.beams import Source
from cevnslib.studies.sterile import disappeared_counts
from tests.test_cases_response import TABLES
from tests.test_cases_sources import BORON, IONISATION, TREE

WEAK = StandardModel()
REST = "statistics = { kind = 'projection', sigma_stat = 0.1, sigma_sys = 0.1 }\n"


@pytest.fixture
def load(tmp_path):
    """Write a file, and tables beside it, and load it."""

    def loaded(text, **tables):
        for name, content in tables.items():
            (tmp_path / f"{name}.txt").write_text(content)
        path = tmp_path / "mine.toml"
        path.write_text(REST + text)
        return experiments.load(path)

    return loaded


def columns(*numbers):
    """Return a table as text."""
    return "".join(" ".join(f"{x!r}" for x in row) + "\n" for row in zip(*numbers, strict=True))


# A tonne of xenon for a year.
XENON = """
target = "Xe"
mass_kg = 1000
exposure_days = 365.25
threshold_keV = {}
[source]
"""


@pytest.mark.parametrize("threshold", BORON)
def test_boron_on_xenon(load, threshold):
    """D12: 5.46e6 per cm2 and s, from the library's own table, or from one beside the file."""
    file = XENON.format(threshold * 1e3)
    sun = load(f'{file} kind = "solar"\n branches = ["b8"]\n')
    assert rates.expected_counts(sun, TREE) == pytest.approx(BORON[threshold], rel=2e-4)
    unmixed = load(f'{file} kind = "solar"\n branches = ["b8"]\n oscillated = false\n')
    assert rates.expected_counts(unmixed, TREE) == pytest.approx(BORON[threshold], rel=2e-4)
    rows = np.array(sun.flux.components[0].spectrum.original.energies)
    spectrum = sun.flux.components[0].spectrum.original
    text = "# as a release has it\n" + columns(rows.tolist(), (7 * spectrum.density(rows)).tolist())
    by_column = 'file = "b8.txt", energy_column = 1, value_column = 2'
    for words in (
        f'kind = "table"\n total_flux_per_cm2_s = 5.46e6\n {by_column.replace(", ", chr(10))}\n',
        f'kind = "solar"\n branches = ["b8"]\n spectra = {{ b8 = {{ {by_column} }} }}\n',
    ):
        own = load(file + words, b8=text)
        assert rates.expected_counts(own, TREE) == pytest.approx(BORON[threshold], rel=2e-4)


def test_solar_fluxes_of_ones_own(load):
    """A model's fluxes replaced, and the mixing that the file states: shares of eigenstates."""
    text = XENON.format(1) + (
        'kind = "solar"\n branches = ["b8", "hep"]\n model = "b16-agss09"\n'
        "flux_per_cm2_s = { b8 = 5e6, hep = 8e3 }\n delta_m2_21_eV2 = 7.5e-5\n"
        "[oscillation]\n sin2_theta12 = 0.3\n sin2_theta13 = 0.0\n"
    )
    sun = load(text)
    total = {
        branch: sum(
            part.intensity * float(part.spectrum.moments(0.0, 0)[0])
            for part in sun.flux.components
            if part.name.startswith(branch)
        )
        for branch in ("b8", "hep")
    }
    assert total == {"b8": pytest.approx(5e6, rel=1e-5), "hep": pytest.approx(8e3, rel=1e-5)}
    third = [part.intensity for part in sun.flux.components if part.name == "b8 nu_3"]
    assert third == [pytest.approx(5e6)]
    assert sun.flux.components[2].spectrum.moments(0.0, 0)[0] == pytest.approx(0.0, abs=1e-15)


# A fluence of 1e15 per cm2 of two flavours, as a triangle from 10 to 50 MeV.
TRIANGLE = """
target = "Ar40"
mass_kg = 100
exposure_days = 20
threshold_keV = 20
[source]
kind = "table"
energies_MeV = [10, 30, 50]
"""


def triangle_counts(fluence):
    """Weak events of such a fluence in 100 kg of 40Ar above 20 keV, by nested quadrature."""
    struck = experiments.load("coherent-lar").detector.target.nuclides
    (nucleus,) = [each for each in struck if each.name == "Ar40"]
    number = 100 * 6.02214076e26 / 39.9623831

    def of_neutrino(E):
        most = 2 * E**2 / (nucleus.mass + 2 * E)
        if most <= 0.02:
            return 0.0
        cross = quad(lambda T: float(WEAK.differential_cross_section(T, E, nucleus)), 0.02, most)[0]
        return cross * (1 - abs(E - 30) / 20) / 20

    integral = quad(of_neutrino, 19.4, 30)[0] + quad(of_neutrino, 30, 50)[0]
    return fluence * number * integral


@pytest.mark.parametrize(
    "words",
    [
        "values = [0, 3, 0]\n fluence_per_cm2 = 1e15",
        "values = [0, 5e13, 0]\n values_per = 'cm2 MeV'",
        f"values = [0, {5e13 / (20 * DAY)!r}, 0]\n values_per = 'cm2 s MeV'",
        f"values = [0, 1, 0]\n total_flux_per_cm2_s = {1e15 / (20 * DAY)!r}",
        f"values = [0, 1, 0]\n baseline_m = 30\n"
        f"neutrinos_per_second = {1e15 / (20 * DAY) * 4 * math.pi * 9e6!r}",
        f"values = [0, {5e13 / (20 * DAY) * 4 * math.pi * 9e6!r}, 0]\n baseline_m = 30\n"
        "values_per = 's MeV'",
    ],
)
def test_a_table_in_every_unit(load, words):
    """Of the same fluence, as a total, a flux, per MeV, or as it is emitted 30 m away."""
    mine = load(TRIANGLE + words + "\n flavours = { mu = 0.6, tau = 0.4 }\n")
    assert rates.expected_counts(mine, WEAK) == pytest.approx(triangle_counts(1e15), rel=1e-5)
    assert mine.flux.components[0].shares == pytest.approx((0.0, 0.6, 0.4))


def test_lines_of_a_flux(load):
    """Kaons at rest: one line, pulsed, of which a window holds what a pulse of 0.2 us has then."""
    text = (
        'target = "Ar"\n mass_kg = 100\n exposure_days = 20\n threshold_keV = 20\n {}'
        '[source]\n kind = "table"\n lines = [{{ energy_MeV = 236, share = 1.0 }}]\n'
        'flavour = "mu"\n total_flux_per_cm2_s = 1e5\n name = "kaons"\n'
        'pulse = {{ kind = "table", times_us = [0, 0.2], values = [1, 1] }}\n'
    )
    whole = load(text.format(""))
    assert [part.name for part in whole.flux.components] == ["kaons 236 MeV"]
    quarter = load(text.format("window_us = [0.1, 0.15]\n"))
    ratio = rates.expected_counts(quarter, WEAK) / rates.expected_counts(whole, WEAK)
    assert ratio == pytest.approx(0.25, rel=1e-9)


SOURCE_OF_LINES = """
target = "{}"
mass_kg = 1
exposure_days = {}
threshold_keV = 0.02
baseline_m = 0.25
[source]
kind = "radioactive"
"""
CHROMIUM = (
    "lines = [{ energy_MeV = 0.747, share = 0.8163 }, { energy_MeV = 0.752, share = 0.0849 },"
    " { energy_MeV = 0.427, share = 0.0895 }, { energy_MeV = 0.432, share = 0.0093 }]\n"
)


@pytest.mark.parametrize(
    ("words", "tolerance"),
    [
        (f"half_life_days = 27.703\n activity_PBq = 100\n {CHROMIUM}", 5e-5),
        ('isotope = "51Cr"\n activity_Bq = 1e17\n', 1e-4),  # a half-life of 27.7025 days
        ('isotope = "51Cr"\n activity_MCi = 2.7027027\n', 1e-4),
    ],
)
def test_chromium_on_lithium_fluoride(load, words, tolerance):
    """D13: 105.63 events, by a closed form."""
    mine = load(SOURCE_OF_LINES.format("LiF", 90) + words)
    assert rates.expected_counts(mine, TREE) == pytest.approx(105.63, rel=tolerance)


def test_argon_a_month_late(load):
    """Decays in the window by a sum over hours, on each line."""
    mine = load(
        SOURCE_OF_LINES.format("Si", 30)
        + 'isotope = "37Ar"\n activity_PBq = 50\n delay_days = 30\n'
    )
    hours = np.arange(30 * 24, 60 * 24) + 0.5
    decays = np.sum(5e16 * 3600 * 0.5 ** (hours / 24 / 35.04))
    rates_of = {beam.name: beam.rate * 30 * DAY for beam in mine.beams}
    assert rates_of == {
        "811 keV": pytest.approx(0.902 * decays, rel=1e-6),
        "813 keV": pytest.approx(0.098 * decays, rel=1e-6),
    }
    assert not any(beam.antineutrino for beam in mine.beams)


def test_a_source_with_a_spectrum_of_its_decays(load):
    """Antineutrinos of a beta decay: a triangle that holds one each."""
    mine = load(
        SOURCE_OF_LINES.format("Si", 365) + "activity_PBq = 4\n half_life_days = 284.9\n"
        "antineutrino = true\n"
        "spectrum = { energies_MeV = [0, 1.5, 3], values = [0, 0.6666666666666666, 0] }\n"
    )
    (beam,) = mine.beams
    faded = math.log(2) * 365 / 284.9
    assert beam.rate == pytest.approx(4e15 * (1 - math.exp(-faded)) / faded)
    assert beam.antineutrino
    assert beam.spectrum.moments(0.0, 0)[0] == pytest.approx(1.0)


CORES = """
target = "CaWO4"
mass_kg = 0.010
threshold_keV = 0.02
exposure_days = 365
[source]
kind = "reactor"
spectrum_end_MeV = 8.0
"""


def test_two_cores(load):
    """D14: what each sees, and what a sterile neutrino takes of both."""
    file = CORES + (
        "cores = [{ name = 'B1', thermal_power_GW = 4.25, baseline_m = 72 },"
        " { thermal_power_GW = 4.25, baseline_m = 102 }]\n"
    )
    seen = rates.counts_by_beam(load(file), WEAK)
    assert seen == {"B1": pytest.approx(84.65, rel=1e-4), "core 2": pytest.approx(42.18, rel=1e-4)}
    for words in ("sin2_2theta_ee = 1", "sin2_theta14 = 0.5"):
        faded = load(f"{file}[sterile]\n delta_m2_eV2 = 0.1\n {words}\n")
        lost = 1 - rates.expected_counts(faded, WEAK) / sum(seen.values())
        assert lost == pytest.approx(0.5039, abs=1e-4)
        assert lost == pytest.approx(0.5087, rel=0.02)  # of the case, with another spectrum


def test_three_cores_one_of_them_with_its_own_spectrum(load):
    """Each as a file of its own with one core says, which has its own keys; fluxes add up."""
    one = CORES.replace("spectrum_end_MeV = 8.0\n", "baseline_m = {}\n thermal_power_GW = {}\n")
    own = (
        "spectrum = { energies_MeV = [0, 1, 4, 10], values = [2.0, 1.5, 0.4, 0.0] }\n"
        "energy_per_fission_MeV = 203.0\n"
    )
    fractions = "fission_fractions = { u235 = 1.0 }\n"
    alone = [
        rates.expected_counts(load(one.format(*place) + words), WEAK)
        for place, words in (
            ((30, 1.5), "spectrum_end_MeV = 8.0\n"),
            ((45, 2.0), own),
            ((60, 0.5), f"spectrum_end_MeV = 8.0\n{fractions}"),
        )
    ]
    brief = own.replace("\n", ", ").strip(", ")
    cores = (
        "cores = [{ baseline_m = 30, thermal_power_GW = 1.5 },"
        f" {{ baseline_m = 45, thermal_power_GW = 2.0, {brief} }},"
        f" {{ baseline_m = 60, thermal_power_GW = 0.5, {fractions.strip()} }}]\n"
    )
    seen = rates.counts_by_beam(load(CORES + cores), WEAK)
    assert [*seen.values()] == pytest.approx(alone, rel=1e-12)
    # Power over energy per fission over the sphere, times what the table holds: by hand.
    flux = 2e9 / (203e6 * 1.602176634e-19) / (4 * math.pi * 4500**2)
    part = load(CORES + cores).flux.components[1]
    assert part.intensity == pytest.approx(flux)
    assert part.spectrum.moments(0.0, 0)[0] == pytest.approx(1.75 + 3 * 0.95 + 6 * 0.2)


@pytest.mark.parametrize("keVee", IONISATION)
def test_a_reactor_spectrum_of_ones_own(load, keVee):
    """D22: 205.9 MeV a fission, against an independent calculation."""
    k, expected = IONISATION[keVee]
    rows = (TABLES / "reactor_summation.csv").read_text(encoding="utf-8")
    mine = load(
        f'target = "Ge"\n mass_kg = 1\n exposure_days = 1\n threshold_keV = {keVee}\n'
        'channels = "nuclei"\n baseline_m = 17\n'
        f'[quenching]\n kind = "lindhard"\n {f"k = {k}" if k else ""}\n'
        '[source]\n kind = "reactor"\n thermal_power_GW = 3.9\n energy_per_fission_MeV = 205.9\n'
        'spectrum = { file = "own.txt", energy_column = 1, value_column = 2 }\n',
        own=rows,
    )
    assert rates.expected_counts(mine, WEAK) == pytest.approx(expected, rel=2e-3)


def test_a_reactor_by_its_flux_at_the_detector(load):
    """With a distance it is a source there, without one a flux, of the same counts."""
    file = (
        'target = "Al2O3"\n mass_kg = 0.01\n exposure_days = 3\n threshold_keV = 0.02\n {}'
        '[source]\n kind = "reactor"\n total_flux_per_cm2_s = 1.7e12\n'
    )
    there, here = load(file.format("baseline_m = 72\n")), load(file.format(""))
    # D26: 0.206 events are expected.
    for mine in (there, here):
        assert rates.expected_counts(mine, WEAK) == pytest.approx(0.206, rel=0.02)
    assert rates.expected_counts(there, WEAK) == pytest.approx(rates.expected_counts(here, WEAK))
    assert isinstance(there.source, Source)
    assert here.baseline is None
    first_edition = load(
        file.format(
            "baseline_m = 72\n source = 'reactor'\n total_flux_per_cm2_s = 1.7e12\n"
        ).partition("[source]")[0]
    )
    assert rates.expected_counts(first_edition, WEAK) == rates.expected_counts(there, WEAK)


PIONS = """
target = "Ar"
mass_kg = 24.4
exposure_days = 200
threshold_keV = 20
baseline_m = {}
[source]
kind = "spallation"
"""


@pytest.mark.parametrize(
    ("words", "metres", "expected"),
    [
        ("protons_on_target = 13.8e22\n neutrinos_per_proton = 0.09", 27.5, 1.30691e14),
        ("protons_on_target = 3.198e23\n neutrinos_per_proton = 0.0848", 19.3, 5.79362e14),
        # 7.48 GWh of 1 GeV protons are 1.6808e23 of them.
        ("beam_energy_GWh = 7.48\n proton_energy_GeV = 1.0", 19.3, 0.08 * 1.68075e23 / 4.68085e7),
        # 5 MW of 2 GeV are 2.5 mA; 0.3 neutrinos a proton.
        (
            "beam_power_MW = 5\n proton_energy_GeV = 2\n neutrinos_per_proton = 0.3",
            20.0,
            0.3 * 2.5e-3 / 1.602176634e-19 * 200 * DAY / (4e6 * 4 * math.pi),
        ),
        ("neutrinos_per_second = 1e15", 10.0, 1e15 * 200 * DAY / (1e6 * 4 * math.pi)),
        ("protons_per_second = 1e16", 10.0, 8e14 * 200 * DAY / (1e6 * 4 * math.pi)),
        ("flux_per_cm2_s = 4.3e7", 20.0, 4.3e7 * 200 * DAY),
        ("fluence_per_cm2 = 3e14", 20.0, 3e14),
    ],
)
def test_pions_at_rest(load, words, metres, expected):
    """D23: N r/(4 pi L^2) of each flavour, whatever the exposure is."""
    mine = load(PIONS.format(metres) + words)
    fluences = [part.intensity * 200 * DAY for part in mine.flux.components]
    assert fluences == pytest.approx([expected] * 3, rel=1e-4)


def test_the_built_in_spallation_source_is_the_default(load):
    new, old = load(PIONS.format(20)), load(PIONS.format(20).partition("[")[0] + 'source = "sns"')
    assert new == old
    assert load(PIONS.format(20) + "protons_per_second = 6.6116e15\n").beams[0].rate == (
        pytest.approx(new.beams[0].rate, rel=1e-4)
    )


def test_sources_that_add_up(load):
    """A reactor 20 m away and the Sun: a list of tables."""
    file = 'target = "Ge"\n mass_kg = 10\n exposure_days = 100\n threshold_keV = 0.1\n'
    reactor = '[[source]]\n kind = "reactor"\n thermal_power_GW = 3\n baseline_m = 20\n'
    sun = '[[source]]\n kind = "solar"\n branches = ["b8"]\n'
    each = [rates.expected_counts(load(file + one), WEAK) for one in (reactor, sun)]
    assert rates.expected_counts(load(file + reactor + sun), WEAK) == pytest.approx(sum(each))


def test_a_distance_of_all_sources(load):
    """It stands above all tables; a source may have its own, and the Sun has none."""
    file = 'target = "Ge"\n mass_kg = 10\n exposure_days = 100\n threshold_keV = 0.1\n'
    chromium = '[[source]]\n kind = "radioactive"\n isotope = "51Cr"\n activity_PBq = 100\n'
    argon = chromium.replace("51Cr", "37Ar")
    sun = '[[source]]\n kind = "solar"\n branches = ["b8"]\n'
    above = load(f"baseline_m = 0.3\n{file}{chromium}{argon}baseline_m = 2\n{sun}")
    apart = load(f"{file}{chromium}baseline_m = 0.3\n{argon}baseline_m = 2\n{sun}")
    assert rates.expected_counts(above, WEAK) == rates.expected_counts(apart, WEAK)
    with pytest.raises(ConfigurationError, match="'baseline_m' above all tables, and no source"):
        load(f"baseline_m = 0.3\n{file}{sun}")
    with pytest.raises(ConfigurationError, match=r"source 1: the key 'baseline_m' is missing$"):
        load(file + chromium)


def test_a_window_in_time(load):
    """Muons of a pulse of 0.5 us around 1 us, by a sum over the pulse; then never again."""
    pulse = 'pulse = { kind = "gaussian", mean_us = 1.0, sigma_us = 0.5 }\n'
    whole = load(PIONS.format(20) + pulse)
    window = load(PIONS.format(20).replace("[source]", "window_us = [0, 2.5]\n[source]") + pulse)
    t = np.linspace(-2, 4, 60_001)
    weights = np.exp(-(((t - 1) / 0.5) ** 2) / 2)
    weights /= weights.sum()
    prompt = weights @ ((t >= 0) & (t < 2.5))
    gone = [
        np.where(t < end, -np.expm1(-np.maximum(end - t, 0) / 2.1969811), 0) for end in (0, 2.5)
    ]
    delayed = weights @ (gone[1] - gone[0])
    before, after = (rates.counts_by_beam(one, WEAK) for one in (whole, window))
    shares = {name: after[name] / before[name] for name in before}
    assert shares == {
        "nu_mu": pytest.approx(prompt, rel=1e-3),
        "nu_e": pytest.approx(delayed, rel=1e-3),
        "nubar_mu": pytest.approx(delayed, rel=1e-3),
    }
    assert window.source.samples == {"sns": "all"}  # nothing is told apart within it
    with pytest.raises(Exception, match="not after a pulse"):
        fold(window).events(WEAK, [0.0, 1.0])


@pytest.mark.parametrize("times", ["[0, 1, 6]", "{ from = 0, to = 6, width = 1 }"])
def test_bins_in_time(load, times):
    """Each bin of energy in each window, side by side; together what one window has."""
    pulse = 'pulse = { kind = "gaussian", mean_us = 0.7, sigma_us = 0.3 }\n'
    file = PIONS.format(20).replace("threshold_keV = 20", "bins_keV = [20, 40, 90]\n{}") + pulse
    binned, windows = load(file.replace("{}", f"bins_us = {times}")), []
    edges = [0, 1, 6] if times[0] == "[" else [*range(7)]
    for start, stop in pairwise(edges):
        one = load(file.replace("{}", f"window_us = [{start}, {stop}]"))
        windows.append(rates.binned_counts(one, WEAK))
    expected = np.stack(windows, axis=-1).ravel()
    assert rates.binned_counts(binned, WEAK) == pytest.approx(expected, rel=1e-12)
    assert binned.bins == len(expected)
    whole = load(file.replace("{}", "window_us = [0, 6]"))
    recoils = [0.03, 0.05]
    assert rates.recoil_spectrum(binned, recoils, WEAK) == pytest.approx(
        rates.recoil_spectrum(whole, recoils, WEAK), rel=1e-12
    )
    lost = [disappeared_counts(one, [1.0])["nu_mu"] for one in (binned, whole)]
    assert lost[0] == pytest.approx(lost[1], rel=1e-12)
    with pytest.raises(DomainError, match="beside the windows of the experiment"):
        fold(binned).events(WEAK, [0.0, 1.0])
    with pytest.raises(ConfigurationError, match="got both of 'window_us' and 'bins_us'"):
        load(file.replace("{}", "window_us = [0, 6]\n bins_us = [0, 6]"))


def test_a_sterile_neutrino_of_pions(load):
    """The line of nu_mu at 29.79 MeV by hand, amplitude and phase; nu_e not at all."""
    text = "[sterile]\n delta_m2_eV2 = 1.5\n sin2_2theta_mumu = 0.3\n signal = 'survival'\n"
    before, after = load(PIONS.format(20)), load(PIONS.format(20) + text)
    left = [b.rate / a.rate for a, b in zip(before.beams, after.beams, strict=True)]
    expected = 1 - 0.3 * math.sin(1.26693268 * 1.5 * 20 / 29.7919) ** 2
    assert left == [pytest.approx(expected, rel=1e-5), 1.0, 1.0]


def test_both_amplitudes_of_a_sterile_neutrino(load):
    text = "[sterile]\n delta_m2_eV2 = 1e9\n sin2_2theta_ee = 0.36\n sin2_2theta_mumu = 0.19\n"
    after = load(PIONS.format(20) + text + "signal = 'survival'\n")
    nu_e = after.beams[1].spectrum
    assert nu_e.amplitude == pytest.approx(0.36)
    assert after.beams[2].spectrum.amplitude == pytest.approx(0.19)


def test_shares_of_fission_are_scaled_and_it_is_said(load):
    """D18: 0.488, 0.359, 0.087 and 0.067 add up to 1.001."""
    text = CORES + "baseline_m = 72\n thermal_power_GW = 4.25\n fission_fractions = {}\n"
    rounded = "{ u235 = 0.488, pu239 = 0.359, u238 = 0.087, pu241 = 0.067 }"
    with pytest.warns(RoundedSharesWarning, match=r"fission fractions: got a sum of 1\.001"):
        scaled = load(text.format(rounded))
    exact = {"u235": 0.488, "pu239": 0.359, "u238": 0.087, "pu241": 0.067}
    words = ", ".join(f"{key} = {value / 1.001!r}" for key, value in exact.items())
    (first,), (second,) = scaled.beams, load(text.format(f"{{ {words} }}")).beams
    assert first.rate == pytest.approx(second.rate, rel=1e-12)
    assert first.spectrum.density(3.0) == pytest.approx(second.spectrum.density(3.0), rel=1e-12)
    with pytest.raises(ConfigurationError, match=r"got a sum of 1\.02; allowed: 1"):
        load(text.format(rounded.replace("0.488", "0.507")))


def test_exposures(load):
    text = 'target = "Ge"\n mass_kg = 4\n threshold_keV = 0.1\n source = "sns"\n baseline_m = 20\n'
    assert load(f"{text} exposure_kg_days = 400\n").exposure == pytest.approx(100 * DAY)
    assert load(f"{text} exposure_years = 2\n").exposure == pytest.approx(2 * YEAR)


def with_tables(path):
    """Return a built-in experiment with the tables of a file."""
    return experiments.load("conus", **tomllib.loads(path.read_text()))


def test_the_phase_in_degrees(tmp_path):
    """D17: 212 degrees is 3.7001 rad; 212 rad is refused, with the key of degrees."""
    path = tmp_path / "mine.toml"
    path.write_text("[oscillation]\n sin2_theta12 = 0.308\n delta_cp_degrees = 212\n")
    mixing = with_tables(path).mixing
    assert mixing.delta_cp == pytest.approx(3.7001, abs=5e-5)
    assert (mixing.sin2_theta12, mixing.sin2_theta13) == (0.308, 0.0216)
    path.write_text("[oscillation]\n delta_cp = 3.7\n")
    assert with_tables(path).mixing.delta_cp == 3.7
    path.write_text("[oscillation]\n delta_cp = 212\n")
    with pytest.raises(ConfigurationError, match=r"did you give degrees.*delta_cp_degrees"):
        with_tables(path)


@pytest.mark.parametrize(
    ("words", "beam", "expected"),
    [
        ("", "all", 175.23),
        ("charge_radius_cm2 = { mu = 1e-32 }", "all", 183.52),  # D28
        ("millicharge = 1e-7", "all", 88.11),  # D29
        ("millicharge = -1e-7", "all", 298.84),
        ("nsi = { down = { e = 0.2 } }", "nu_e", 0.854),  # D33
        ("nsi = { down = [[0.2, 0, 0], [0, 0, 0], [0, 0, 0]] }", "nu_e", 0.854),
        ("light_vector = { mass_MeV = 10, coupling_squared = 1e-8 }", "all", 408.66),
        ("light_vector = { mass_MeV = 10, coupling = 1e-4 }", "all", 408.66),
    ],
)
def test_interactions_of_a_file(tmp_path, words, beam, expected):
    """Against numbers of independent calculations, on nuclei alone."""
    path = tmp_path / "mine.toml"
    path.write_text(f'[interactions]\n weak = "tree level"\n {words}\n')
    interaction = with_tables(path).interaction
    csi = experiments.load("coherent-csi")
    assert rates.expected_counts(csi, interaction, beam) == pytest.approx(expected, rel=5e-3)


def test_interactions_that_add_up(tmp_path):
    """A moment adds its events; a scalar and a partner those of their own classes."""
    path = tmp_path / "mine.toml"
    path.write_text("[interactions]\n magnetic_moment = 1e-9\n form_factor = 'point-like'\n")
    csi, both = experiments.load("coherent-csi"), with_tables(path).interaction
    from cevnslib.physics.form_factors import point_like

    apart = [StandardModel(form_factor=point_like), MagneticMoment(1e-9, point_like)]
    assert rates.expected_counts(csi, both) == pytest.approx(
        sum(rates.expected_counts(csi, each) for each in apart), rel=1e-12
    )
    path.write_text(
        "[interactions]\n light_scalar = { mass_MeV = 10, coupling = 1e-5, electron = 0 }\n"
        "dipole_portal = { mass_MeV = 5, moment = 1e-9 }\n"
        "light_vector = { mass_MeV = 1, coupling = 0, charges = 'b-l' }\n"
    )
    parts = with_tables(path).interaction.parts
    counts = [rates.expected_counts(csi, part) for part in parts]
    assert counts[0] == pytest.approx(rates.expected_counts(csi, WEAK), rel=1e-12)
    assert all(count > 0 for count in counts[1:])
    assert experiments.load("conus").interaction == StandardModel()


SHAPE = "kind = 'table'\n energies_MeV = [1, 2]\n"
TOTAL = "kind = 'table'\n total_flux_per_cm2_s = 1\n"
#: What is wrong with a source, and the words of the answer.
WRONG = {
    'kind = "sun"': "source: unknown kind 'sun' (did you mean 'sns'?); allowed: sns, reactor",
    'kind = "reactor"\n thermal_power_MW = 3000': "did you mean 'thermal_power_GW', in GW?",
    'kind = "reactor"\n thermal_power_GW = 3000': "at most 100 GW (did you give MW?)",
    'kind = "reactor"\n thermal_power_GW = true': "thermal_power_GW: got True; allowed: a number",
    'kind = "reactor"\n thermal_power_GW = -3': "got -3 GW; allowed: finite, above 0 GW",
    'kind = "reactor"\n thermal_power_GW = "3"': "got '3'; allowed: a number",
    'kind = "reactor"\n thermal_power_GW = 3\n cores = [{}]': "got both of 'cores' and 'thermal_",
    'kind = "reactor"\n cores = 3': "cores: got 3; allowed: a list of tables",
    'kind = "reactor"\n cores = [3]': "cores 1: got 3; allowed: a table of keys",
    'kind = "reactor"\n cores = []': "cores: got []; allowed: a list of tables",
    'kind = "reactor"\n cores = [{ thermal_power_GW = 1, baseline_m = 9 }]': "beside 'cores'",
    'kind = "reactor"\n total_flux_per_cm2_s = 1e17': "did you give it per m^2?",
    'kind = "reactor"\n total_flux_per_cm2_s = 1e12\n fission_fractions = 3': "got 3; allowed: a",
    'kind = "reactor"\n thermal_power_GW = 1\n fission_fractions = { u235 = 56 }': "per cent?",
    'kind = "reactor"\n total_flux_per_cm2_s = 1e12\n spectrum = "../x.csv"': "outside the folder",
    'kind = "reactor"\n total_flux_per_cm2_s = 1e12\n mass_kg = 3': "unknown key 'mass_kg'",
    'kind = "spallation"\n protons_on_target = 1e23\n beam_power_MW = 1': "got both of 'protons_on",
    'kind = "spallation"\n beam_power_MW = 1': "the key 'proton_energy_GeV' is missing",
    'kind = "spallation"\n beam_power_MW = 1\n proton_energy_GeV = 1000': "did you give MeV?",
    'kind = "spallation"\n beam_power_MW = 1400\n proton_energy_GeV = 1': "did you give kW?",
    'kind = "spallation"\n protons_on_target = 13.8': "protons_on_target: got 13.8; allowed",
    'kind = "spallation"\n pulse = { kind = "box" }': "unknown kind 'box'; allowed: gaussian",
    'kind = "spallation"\n pulse = 3': "source: pulse: got 3; allowed: a table of keys",
    'kind = "spallation"\n pulse = { sigma_us = -1 }': "sigma_us: got -1 us",
    'kind = "solar"': "got 'baseline_m' for neutrinos of the Sun; allowed: none",
    'kind = "radioactive"\n activity_PBq = 1e17': "did you give Bq?",
    'kind = "radioactive"\n activity_PBq = 1\n isotope = "60Co"': "unknown isotope '60Co'; allowed",
    'kind = "radioactive"\n activity_PBq = 1\n lines = [{ energy_MeV = 1 }]': "'share' is missing",
    'kind = "radioactive"\n isotope = "51Cr"': "got none of 'activity_PBq', 'activity_Bq' and",
    f"{SHAPE} values = [1, 1]": "got none of 'total_flux_per_cm2_s'",
    f"{SHAPE} values = [1, 1]\n values_per = 'cm2'": "unknown values_per 'cm2'",
    f"{TOTAL} values = [1, 1]\n energies_MeV = [2, 1]": "rising",
    f"{TOTAL} values = [1]\n energies_MeV = [2, 1]": "at least two",
    f"{TOTAL} values = [1, true]\n energies_MeV = [1, 2]": "got True",
    f"{TOTAL} values = 3\n energies_MeV = [1, 2]": "a list of numb",
    f"{TOTAL} values = [[1]]\n energies_MeV = [1, 2]": "got [1] in",
    'kind = "table"\n lines = [{ energy_MeV = 1, share = 1 }]\n flavour = "x"': "got none of",
    'kind = "table"\n flavours = { e = 0.5 }\n total_flux_per_cm2_s = 1': "got a sum of 0.5",
}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_sources_are_answered_in_words(load, words):
    place = "" if "cores" in words and "power" not in words else "baseline_m = 20\n"
    file = f'target = "Ge"\n mass_kg = 4\n exposure_days = 1\n {place}[source]\n'
    with pytest.raises(ConfigurationError) as refused:
        load(file + words)
    assert WRONG[words] in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("experiment 'mine': ")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "baseline_m = 20",
            "baseline_cm = 2000",
            "(got 'baseline_cm'; did you mean 'baseline_m', in m",
        ),
        ("baseline_m = 20", "baseline_m = 2e9", "did you give cm?"),
        ("baseline_m = 20", "", "the key 'baseline_m' is missing"),
        ("[source]", "[source]\n baseline_m = 20", "got 'baseline_m' here and above all tables"),
        ("exposure_days = 1", "exposure_days = 8640000", "did you give hours or seconds?"),
        ("exposure_days = 1", "exposure_hours = 24", "did you mean 'exposure_days', in days?"),
        ("exposure_days = 1", "exposure_years = 365", "did you give days?"),
        (
            "[source]",
            "window_us = [1, 0]\n[source]",
            "window_us: got [1.0, 0.0]; allowed: two rising",
        ),
        ("[source]", "window_us = [0, 1]\n[source]", "these neutrinos come at all times"),
        ("[source]", "bins_us = [0, 1]\n[source]", "these neutrinos come at all times"),
        (
            "[source]",
            "bins_us = [1, 0]\n[source]",
            "bins_us: got [1.0, 0.0]; allowed: at least two",
        ),
        ("[source]", "sterile = {}\n[source]", "the key 'delta_m2_eV2' is missing"),
        (
            "[source]",
            "sterile = { delta_m2_eV2 = 1, sin2_theta14 = 0.1, sin2_2theta_ee = 0.1 }\n[source]",
            "got both of 'sin2_theta14' and 'sin2_2theta_ee'",
        ),
        (
            "[source]",
            "interactions = { weak = 'x' }\n[source]",
            "unknown weak 'x'; allowed: radiative",
        ),
        ("[source]", "oscillation = { delta = 1 }\n[source]", "unknown key 'delta'"),
        ("mass_kg = 4\n", "", "missing"),
        ("[source]\n", "[source]\n mass_kg = 4\n", "unknown key 'mass_kg'"),
    ],
)
def test_wrong_places_and_units(load, old, new, words):
    file = (
        'target = "Ge"\n mass_kg = 4\n exposure_days = 1\n baseline_m = 20\n'
        '[source]\n kind = "reactor"\n thermal_power_GW = 3\n'
    )
    assert old in file
    with pytest.raises(ConfigurationError) as refused:
        load(file.replace(old, new))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value"), [*product(("sin2_theta12", "sin2_theta23"), (2, -1, "'x'"))]
)
def test_wrong_mixing(tmp_path, key, value):
    path = tmp_path / "mine.toml"
    path.write_text(f"[oscillation]\n {key} = {value}\n")
    with pytest.raises(ConfigurationError, match=f"oscillation: {key}: got {value}"):
        with_tables(path)
