"""Cases that readers brought, by a file and the command alone: what `cevns` prints is right.

The numbers are those of `tests.test_cases_response`, `test_cases_sources`, `test_cases_physics` and
`test_cases_statistics`, which tell where they are from. D34 is about pages. D17 tells limits of the
prompt sample beside counts of all, which one file cannot say: here are their ratios.
"""

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2 as chi2_distribution

from cevnslib import cli
from tests.test_cases_response import TABLES
from tests.test_cases_sources import BORON, IONISATION
from tests.test_cases_statistics import CSI_OFF, CSI_ON
from tests.test_read_tables import CURVE, TOML, WAYS
from tests.test_reading_detectors import (
    ARGON,
    CAESIUM,
    DRESDEN,
    GERMANIUM,
    LIGHT,
    MEASURED,
    NOISE,
    NUCLEI,
    RECOIL,
    SIGMOID,
    released,
)
from tests.test_reading_sources import CHROMIUM, CORES, PIONS, SOURCE_OF_LINES

RISE = chi2_distribution.ppf(0.90, 1)
PAIRS = "least_ionisation_keV = 0.003\n"


@pytest.fixture
def cevns(tmp_path, monkeypatch, capsys):
    """Write files, call the command on them, and return what it prints as JSON."""
    monkeypatch.chdir(tmp_path)

    def call(command, *texts, tables=None, options=()):
        for name, content in (tables or {}).items():
            kept = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).write_bytes(kept)
        names = [f"{letter}.toml" for letter in "abcd"[: len(texts)]]
        for name, text in zip(names, texts, strict=True):
            (tmp_path / name).write_text(text)
        code = cli.main([command, "--json", *names, *options])
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        return json.loads(out)

    return call


@pytest.fixture
def limits(cevns):
    def call(*texts, **options):
        return cevns("limits", *texts, **options)

    return call


@pytest.fixture
def expected(limits):
    """Return the events of the Standard Model in all."""

    def call(*texts, **options):
        return limits(*texts, **options)["expected"]["standard_model"]["total"]

    return call


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Return what the command answers on stderr, on one line, where it ends with 1."""
    monkeypatch.chdir(tmp_path)

    def call(text):
        (tmp_path / "a.toml").write_text(text)
        assert cli.main(["limits", "a.toml"]) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        return err

    return call


# Responses.


@pytest.mark.parametrize(("k", "answer"), [("", 308.1), ("k = 0.162", 343.1), ("k = 0.18", 490.1)])
def test_d01_lindhard_of_ones_own_strength(expected, k, answer):
    text = GERMANIUM.format(f'channels = "nuclei"\n{PAIRS}') + k + "\n" + NOISE
    assert expected(text) == pytest.approx(answer, rel=5e-4)


@pytest.mark.parametrize(("which", "magnetic", "weak"), [("shells", 297, 0.5), ("free", 434, 0.7)])
def test_d02_electrons_beside_nuclei(limits, which, magnetic, weak):
    text = GERMANIUM.format(f'electrons = "{which}"')
    both = limits(text)["expected"]["magnetic_per_1e-10"]
    assert both["electrons"] == pytest.approx(magnetic, rel=0.02)
    alone = limits(text.replace("[source]", 'channels = "electrons"\n[source]'))
    assert alone["expected"]["standard_model"]["total"] == pytest.approx(weak, abs=0.05)
    assert alone["expected"]["magnetic_per_1e-10"]["nuclei"] == 0
    noisy = limits(GERMANIUM.format(f'channels = "nuclei"\n{PAIRS}') + NOISE)["expected"]
    assert noisy["magnetic_per_1e-10"]["nuclei"] == pytest.approx(11.2, abs=0.05)
    with_moment = limits(text)["limits"]["effective_moment"]["e"]
    nuclei = limits(GERMANIUM.format('channels = "nuclei"'))["limits"]["effective_moment"]["e"]
    assert nuclei / with_moment > 4  # about 5, the case says


def summation():
    """The reactor spectrum of the case as a flux of 4.8e13 per cm2 and s, in columns."""
    E, per_fission = np.array(
        [row.split() for row in released("reactor_summation.csv").splitlines()], float
    ).T
    flux = per_fission * 4.8e13 / 7.17059  # the whole table's antineutrinos per fission
    return "".join(f"{a!r}\t{b!r}\n" for a, b in zip(E.tolist(), flux.tolist(), strict=True))


def test_d03_a_table_of_quenching_and_a_wide_noise(limits):
    noise = "[resolution]\n constant_keV = 0.0685\n fano = 0.11\n energy_per_pair_eV = 2.96\n"
    tables = {"table.txt": released("germanium_quenching.csv"), "flux.txt": summation()}
    found = limits(PAIRS + DRESDEN + noise, tables=tables)["expected"]["standard_model"]
    assert found["total"] == pytest.approx(90.7, rel=0.02)
    first = [16.013, 13.52, 11.368, 9.515, 7.924, 6.561]
    assert found["by_bin"][:6] == pytest.approx(first, rel=0.02)


@pytest.mark.parametrize("columns", [MEASURED, RECOIL])
def test_d04_a_released_efficiency_as_it_is(expected, columns):
    text = ARGON.format(NUCLEI, LIGHT, columns)
    tables = {"table.txt": released("argon_efficiency.csv")}
    assert expected(text, tables=tables) == pytest.approx(141.07, rel=5e-3)


def test_d05_bins_of_a_scintillator(limits):
    """Of the fourth bin see `tests.test_cases_response`."""
    text = ARGON.format(f"{NUCLEI}bins_keV = {{from = 0, to = 50, width = 10}}", LIGHT, MEASURED)
    tables = {"table.txt": released("argon_efficiency.csv")}
    sharp = limits(text, tables=tables)["expected"]["standard_model"]
    assert sharp["by_bin"] == pytest.approx([89.76, 38.75, 10.11, 2.43, 0.0], rel=0.02)
    smeared = limits(PAIRS + text + "[resolution]\n stochastic_sqrt_keV = 0.58\n", tables=tables)
    found = smeared["expected"]["standard_model"]
    assert found["by_bin"][:3] == pytest.approx([86.94, 39.44, 10.32], rel=0.02)
    assert found["total"] == pytest.approx(139.2, rel=0.02)


GAMMA = '[resolution]\n kind = "gamma"\n shape_per_keV = 9.56\n'
PRINTED = [0.0, 25.1, 106.9, 102.7, 69.5, 44.2, 27.9, 17.1, 10.0, 5.5, 2.8, 1.3]


def test_d06_photoelectrons_of_caesium_iodide(limits):
    assert limits(CAESIUM + SIGMOID)["expected"]["standard_model"]["total"] == (
        pytest.approx(403.0, rel=0.01)
    )
    found = limits(PAIRS + CAESIUM + SIGMOID + GAMMA)["expected"]["standard_model"]
    assert found["total"] == pytest.approx(413.1, rel=0.01)
    assert found["by_bin"] == pytest.approx(PRINTED, rel=0.01, abs=0.05)


@pytest.mark.parametrize("first", [5, 20])
def test_d07_negative_bins(limits, first):
    """Differences and their errors as columns of a file; and from another bin on."""
    lines = ["difference,error"]
    lines += [f"{a - b},{math.sqrt(a + b)!r}" for a, b in zip(CSI_ON, CSI_OFF, strict=True)]
    rows = f"rows = [{first // 5}, 11]"
    data = "".join(
        f'{key} = {{ file = "data.csv", column = "{column}", {rows} }}\n'
        for key, column in (("counts", "difference"), ("errors", "error"))
    )
    text = (PAIRS + CAESIUM + SIGMOID + GAMMA).replace("from = 0,", f"from = {first},")
    found = limits(f"{text}[data]\n{data}", tables={"data.csv": "\n".join(lines)})
    fit, N = found["fit"], np.array(found["expected"]["standard_model"]["by_bin"])
    D, V = (f(CSI_ON, CSI_OFF)[first // 5 - 1 :] for f in (np.subtract, np.add))
    assert D.min() == -32
    weight = np.sum(N**2 / V)
    assert fit["best"] == pytest.approx(np.sum(N * D / V) / weight, rel=1e-6)
    assert fit["error"] == pytest.approx(weight**-0.5, rel=1e-6)
    assert fit["chi2"] == pytest.approx(np.sum((D - fit["best"] * N) ** 2 / V), rel=1e-6)
    assert fit["degrees_of_freedom"] == len(D) - 1
    if first == 5:
        assert fit["best"] == pytest.approx(0.757, rel=0.01)
        assert fit["error"] == pytest.approx(0.107, rel=0.01)
        assert fit["chi2"] == pytest.approx(10.4, rel=0.01)


# Counts: what is compared are events of a signal, whatever the prediction.

ANY = PIONS.format(27.5)


def signal(found):
    return [found["fit"][f"signal_{key}"] for key in ("best", "error", "upper")]


@pytest.mark.parametrize("times", ["on_days = 248.7\noff_days = 58.8", "on_off_ratio = 4.2295918"])
def test_d08_on_and_off(limits, times):
    found = limits(f"{ANY}[data]\ncounts = 1000\noff_counts = 230\n{times}\n")
    assert signal(found) == pytest.approx([27.2, 71.5, 144.8], rel=5e-3)


def test_d09_a_negative_excess(limits):
    for text in (
        f"{ANY}[data]\ncounts = -20\nerrors = {1000**0.5!r}\n",
        f"{ANY}[statistics]\nkind = 'counting'\nobserved = -20\nbackground = 0\n"
        "steady_state = 510\nsigma_signal = 0.1\nsigma_background = 0\n",
    ):
        assert signal(limits(text))[2] == pytest.approx(35.7, rel=5e-3)


@pytest.mark.parametrize(
    ("seen", "background", "upper", "interval"),
    [(3, 2.8, 4.014, (0.0, 4.62)), (0, 0.5, 1.353, (0.0, 1.935)), (0, 0, 1.353, (0.0, 2.435))],
)
def test_d10_few_events(limits, seen, background, upper, interval):
    text = f"{ANY}[data]\ncounts = {seen}\n"
    if background:
        text += f"[[data.backgrounds]]\nname = 'dust'\ncounts = {background}\n"
    found = limits(text)
    assert signal(found)[2] == pytest.approx(upper, rel=0.01)
    assert found["fit"]["feldman_cousins"] == pytest.approx(interval, rel=0.01)


@pytest.mark.parametrize(("error", "upper"), [("relative_error = 0.025", 1999), ("", 392)])
def test_d11_a_background_with_an_error(limits, error, upper):
    text = f"{ANY}[data]\ncounts = 40000\n[[data.backgrounds]]\nname = 'dust'\ncounts = 40000\n"
    found = limits(text + error, options=["--confidence", "0.95"])
    assert signal(found)[2] == pytest.approx(upper, rel=5e-3)


def test_d11_the_error_of_pandax(limits):
    text = f"{ANY}[data]\ncounts = 332\nlaw = 'gaussian'\n[[data.backgrounds]]\nname = 'all that'\n"
    best, error, _ = signal(limits(f"{text}counts = 251\nerror = 32\n"))
    assert (best, error) == (pytest.approx(81, rel=1e-6), pytest.approx(36.8, rel=5e-3))


# Sources.

TREE = '[interactions]\nweak = "tree level"\n'


@pytest.mark.parametrize("threshold", BORON)
def test_d12_boron_on_xenon(expected, threshold):
    text = 'target = "Xe"\nmass_kg = 1000\nexposure_days = 365.25\nchannels = "nuclei"\n'
    text += f"threshold_keV = {threshold * 1e3}\n{TREE}[source]\n"
    sun = f'{text}kind = "solar"\nbranches = ["b8"]\nflux_per_cm2_s = {{ b8 = 5.46e6 }}\n'
    assert expected(sun) == pytest.approx(BORON[threshold], rel=5e-3)


def test_d12_a_table_from_zero(expected, limits):
    """A flux of one's own whose table starts at 0 MeV, beside the same without that row."""
    text = 'target = "Xe"\nmass_kg = 1000\nexposure_days = 365.25\nthreshold_keV = 1\n'
    text += '[source]\nkind = "table"\nfile = "b8.dat"\nenergy_column = 1\nvalue_column = 2\n'
    text += "total_flux_per_cm2_s = 5.46e6\n"
    rows = ["0.00  0.0", "2.00  0.05", "6.40  0.13", "10.0  0.08", "15.0  0.0"]
    counts = [
        expected(text, tables={"b8.dat": "\n".join(part)})
        for part in (rows, ["0.01 0.0001", *rows[1:]])
    ]
    assert counts[0] == pytest.approx(counts[1], rel=1e-3)


def test_d13_chromium_on_lithium_fluoride(expected):
    for words in (
        f"half_life_days = 27.703\n activity_PBq = 100\n {CHROMIUM}",
        'isotope = "51Cr"\n activity_Bq = 1e17\n',
    ):
        text = f"{SOURCE_OF_LINES.format('LiF', 90)}{words}{TREE}"
        assert expected(text) == pytest.approx(105.63, rel=5e-3)


def test_d14_two_cores(limits):
    cores = [{"name": "B1", "baseline_m": 72}, {"name": "B2", "baseline_m": 102}]
    words = ", ".join(
        f"{{ name = '{one['name']}', baseline_m = {one['baseline_m']}, thermal_power_GW = 4.25 }}"
        for one in cores
    )
    text = f"{CORES}cores = [{words}]\n"
    found = limits(text)
    fluxes = [found["inputs"][f"flux of {one['name']}"]["value"] for one in cores]
    # 1.66e12 with 5.6 neutrinos a fission; the spectrum's own number is above its least energy.
    assert fluxes[0] / fluxes[1] == pytest.approx((102 / 72) ** 2)
    seen = found["expected"]["standard_model"]["by_beam"]
    assert seen == {"B1": pytest.approx(84.65, rel=0.02), "B2": pytest.approx(42.18, rel=0.02)}
    left = limits(f"{text}[sterile]\ndelta_m2_eV2 = 0.1\nsin2_2theta_ee = 1\n")
    lost = 1 - left["expected"]["standard_model"]["total"] / sum(seen.values())
    assert lost == pytest.approx(0.5087, rel=0.02)


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        (["130TeO2"], 364279),
        (["Li2(100Mo)O4"], 213184),
        (["6LiF"], 56906),
        (["Zn82Se", "Zn(82Se)"], 262351),
    ],
)
def test_d15_enriched_compounds(expected, names, answer):
    for name in names:
        text = f'target = "{name}"\nmass_kg = 10\nexposure_days = 100\nthreshold_keV = 0.02\n'
        text += 'baseline_m = 17\n[source]\nkind = "reactor"\nthermal_power_GW = 3.9\n'
        text += "energy_per_fission_MeV = 205.9\n"
        text += 'spectrum = { file = "own.csv", energy_column = 1, value_column = 2 }\n'
        tables = {"own.csv": (TABLES / "reactor_summation.csv").read_bytes()}
        assert expected(text, tables=tables) == pytest.approx(answer, rel=0.01)


@pytest.mark.parametrize("name", ["Te130O2", "Li2Mo100O4", "Ge:Si"])
def test_d15_what_may_be_two_things_is_asked_back(refused, name):
    words = refused(f"{ANY}".replace('"Ar"', f'"{name}"'))
    assert "target" in words
    assert name in words


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        (("NaI", "NaI:Tl", "NaI(Tl)", "NaI[Tl]"), 832.5),
        (("Ge", "HPGe"), 1382.7),
        (("CaF2", "CaF2:Eu"), 950.1),
        (("PbWO4", "PWO"), 323.7),
        (("Si", "CCD"), 930.3),
    ],
)
def test_d16_names_of_the_laboratory(expected, names, answer):
    for name in names:
        text = 'source = "sns"\nbaseline_m = 28\nmass_kg = 185\nthreshold_keV = 13\n'
        text += f'exposure_days = 308.1\ntarget = "{name}"\n'
        assert expected(text) == pytest.approx(answer, rel=5e-3)


def test_d17_degrees(limits, refused):
    """A beam of nu_mu: limits on the three are as one over roots of the same weights."""
    text = 'target = "CsI"\nmass_kg = 14.57\nexposure_days = 308.1\nthreshold_keV = 5\n'
    text += '[source]\nkind = "table"\nlines = [{ energy_MeV = 29.79, share = 1 }]\n'
    text += 'flavour = "mu"\ntotal_flux_per_cm2_s = 1e7\n[oscillation]\nsin2_theta12 = 0.308\n'
    text += "sin2_theta13 = 0.02215\nsin2_theta23 = 0.470\n"
    degrees, radians = (
        limits(text + words)["limits"]["transition_moments"]
        for words in ("delta_cp_degrees = 212\n", f"delta_cp = {math.radians(212)!r}\n")
    )
    assert degrees == pytest.approx(radians, rel=1e-12)
    printed = np.array([66.63, 83.01, 85.39])
    assert np.array(degrees) / degrees[2] == pytest.approx(printed / printed[2], rel=2e-4)
    assert "did you give degrees" in refused(f"{text}delta_cp = 212\n")


def test_d18_rounded_shares(limits):
    text = f"{CORES}baseline_m = 72\nthermal_power_GW = 4.25\nfission_fractions = "
    shares = {"u235": 0.488, "pu239": 0.359, "u238": 0.087, "pu241": 0.067}
    found, exact = (
        limits(text + "{ " + ", ".join(f"{key} = {x / sum_!r}" for key, x in shares.items()) + " }")
        for sum_ in (1.0, 1.001)
    )
    totals = [one["expected"]["standard_model"]["total"] for one in (found, exact)]
    assert totals[0] == pytest.approx(totals[1], rel=2e-3)
    told = [words for words in found["warnings"] + found["assumed"] if "1.001" in words]
    assert len(told) == 1
    assert "fission fractions" in told[0]


def test_d19_curves_from_zero_and_with_a_step(expected):
    def of(energies, values, file="c.csv"):
        rows = "\n".join(f"{a},{b}" for a, b in zip(energies, values, strict=True))
        return expected(TOML % f'file = "{file}"', tables={file: f"energy_keV,value\n{rows}"})

    without = of([5, 20, 100], [0, 0.6, 0.95])
    assert without == pytest.approx(108.723, abs=5e-4)
    assert of([0, 5, 20, 100], [0, 0, 0.6, 0.95]) == without
    sharp = (TOML % "x = 1").replace('{ kind = "table", x = 1 }', "0.9")
    sharp = f"threshold_keV = 20\nmaximum_keV = 100\n{sharp}"
    assert of([10, 20, 20, 100], [0, 0, 0.9, 0.9]) == pytest.approx(expected(sharp), rel=1e-9)


@pytest.mark.parametrize("way", WAYS)
def test_d20_dialects(expected, way):
    found = expected(TOML % 'file = "eff.txt"', tables={"eff.txt": WAYS[way]})
    assert found == pytest.approx(134.684, abs=5e-4)


def test_d20_encodings_and_bad_rows(expected, refused, tmp_path):
    for encoding in ("utf-8-sig", "utf-16"):
        tables = {"eff.txt": CURVE.encode(encoding)}
        assert expected(TOML % 'file = "eff.txt"', tables=tables) == pytest.approx(
            134.684, abs=5e-4
        )
    (tmp_path / "eff.txt").write_text(CURVE.replace("0.64", "much"))
    words = refused(TOML % 'file = "eff.txt"')
    assert "eff.txt" in words
    assert "line 4" in words
    assert "much" in words


def test_d21_electronvolts_as_keV(refused):
    words = refused(
        GERMANIUM.format('channels = "nuclei"')
        .replace("threshold_keV = 0.17", "threshold_keV = 100")
        .replace("maximum_keV = 0.8\n", "")
    )
    for part in ("threshold_keV", "100 keV", "did you mean 0.1 keV (100 eV)?"):
        assert part in words


@pytest.mark.parametrize("keVee", IONISATION)
def test_d22_a_reactor_spectrum_of_ones_own(expected, keVee):
    k, answer = IONISATION[keVee]
    text = (
        f'target = "Ge"\nmass_kg = 1\nexposure_days = 1\nthreshold_keV = {keVee}\n'
        'channels = "nuclei"\nbaseline_m = 17\n'
        f'[quenching]\nkind = "lindhard"\n{f"k = {k}" if k else ""}\n'
        '[source]\nkind = "reactor"\nthermal_power_GW = 3.9\nenergy_per_fission_MeV = 205.9\n'
        'spectrum = { file = "own.csv", energy_column = 1, value_column = 2 }\n'
    )
    tables = {"own.csv": (TABLES / "reactor_summation.csv").read_bytes()}
    assert expected(text, tables=tables) == pytest.approx(answer, rel=0.01)


@pytest.mark.parametrize(
    ("words", "metres", "answer"),
    [
        ("protons_on_target = 13.8e22\n neutrinos_per_proton = 0.09", 27.5, 1.30691e14),
        ("protons_on_target = 3.198e23\n neutrinos_per_proton = 0.0848", 19.3, 5.79362e14),
        ("beam_energy_GWh = 7.48\n proton_energy_GeV = 1.0", 19.3, 0.08 * 1.68075e23 / 4.68085e7),
    ],
)
def test_d23_protons_on_target(limits, words, metres, answer):
    inputs = limits(PIONS.format(metres) + words)["inputs"]
    seconds = inputs["exposure"]["value"] * 86400
    for name in ("nu_mu", "nu_e", "nubar_mu"):
        given = inputs[f"flux of {name}"]
        assert given["unit"] == "1/(cm^2 s)"
        assert given["value"] * seconds == pytest.approx(answer, rel=1e-3)


# Several data sets, and what they say.

SNS = """
source = "sns"
target = "{}"
baseline_m = {}
mass_kg = {}
threshold_keV = {}
exposure_years = 10
statistics = {{ kind = "projection", sigma_stat = 0.1, sigma_sys = {} }}
"""
DETECTORS = {"csi": ("CsI", 19.3, 100, 1), "lar": ("Ar", 29, 10_000, 10)}


def test_d24_a_flux_error_in_common(limits):
    nuisance = "[[nuisances]]\nname = '{}'\nrelative_error = 0.1\n"
    for common, answer in ((True, 12.64e-10), (False, 15.19e-10)):
        texts = [
            SNS.format(*keys, 0.0) + nuisance.format("flux" if common else name)
            for name, keys in DETECTORS.items()
        ]
        found = limits(*texts)
        assert found["limits"]["transition_moments"][0] == pytest.approx(answer, rel=0.01)
        assert any("in common: flux" in words for words in found["assumed"]) == common
    apart = limits(*(SNS.format(*keys, 0.1) for keys in DETECTORS.values()))
    assert apart["limits"]["transition_moments"][0] == pytest.approx(15.19e-10, rel=0.01)


def test_d25_two_data_sets_that_disagree(limits):
    """100 and 140 seen where 100 are expected; the case has 1e20 events per mu_B^2."""
    text = 'target = "Ge"\nexposure_days = 100\nmass_kg = {!r}\nthreshold_keV = 0.5\n{}'
    text += '[source]\nkind = "reactor"\ntotal_flux_per_cm2_s = 1e13\n'
    once = limits(text.format(1.0, ""))["expected"]
    mass = 100 / once["standard_model"]["total"]
    data = "[data]\ncounts = {}\nerrors = {!r}\n"
    texts = [text.format(mass, "") + data.format(seen, seen**0.5) for seen in (100, 140)]
    found = limits(*texts)
    ((low, high),) = found["limits"]["intervals"]["effective_moment"]["e"]
    K = once["magnetic_per_1e-10"]["total"] * mass
    assert np.array([low, high]) * K**0.5 * 1e10 == pytest.approx([2.03, 5.41], rel=0.01)
    assert any("0 is excluded" in words for words in found["warnings"])


def test_d26_less_than_one_event(limits):
    text = 'source = "reactor"\ntotal_flux_per_cm2_s = 1.7e12\nbaseline_m = 72\n'
    text += 'target = "Al2O3"\nmass_kg = 0.01\nthreshold_keV = 0.02\nexposure_days = 3\n'
    found = limits(text)
    n = found["expected"]["standard_model"]["total"]
    assert n == pytest.approx(0.206, rel=0.02)
    K = found["expected"]["magnetic_per_1e-10"]["total"]
    moment = found["limits"]["effective_moment"]["e"]
    assert K * (moment / 1e-10) ** 2 == pytest.approx(1.82, rel=0.02)
    assert moment == pytest.approx(5.17e-10, rel=0.02)
    assert any("fewer than one event" in words for words in found["warnings"])
    exact = brentq(lambda s: 2 * (s - n * math.log1p(s / n)) - RISE, 1e-9, 100)
    assert K * (moment / 1e-10) ** 2 == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("seen", [3000, 11_797])
def test_d27_data_that_do_not_fit(limits, seen):
    text = (
        'source = "reactor"\ntotal_flux_per_cm2_s = 2.3e13\nbaseline_m = 17\ntarget = "Ge"\n'
        'mass_kg = 3.85\nthreshold_keV = 0.1\nthreshold_kind = "electron-equivalent"\n'
        'exposure_days = 365\nspectrum_end_MeV = 8\nchannels = "nuclei"\n'
        "fission_fractions = { u235 = 0.53, u238 = 0.08, pu239 = 0.32, pu241 = 0.07 }\n"
        f'statistics = {{ kind = "counting", observed = {seen}, background = 0,'
        " steady_state = 0, sigma_signal = 0.05, sigma_background = 0 }\n"
    )
    found = limits(text)
    assert found["expected"]["standard_model"]["total"] == pytest.approx(11_797, rel=1e-3)
    told = [words for words in found["warnings"] if "best fit has chi2 = 220" in words]
    assert bool(told) == (seen == 3000)
    assert found["limits"]["transition_moments"][0] is not None


# Other forces.

CSI = """
target = "CsI"
mass_kg = 14.57
exposure_days = 308.1
baseline_m = 19.3
source = "sns"
[efficiency]
kind = "photoelectrons"
amplitude = 0.6655
slope = 0.4942
midpoint = 10.8507
photoelectrons_per_keV = 1.17
last = 30
[interactions]
weak = "tree level"
"""


@pytest.mark.parametrize(
    ("words", "beam", "answer"),
    [
        ("", "", 175.23),
        ("charge_radius_cm2 = { mu = 1e-32 }", "", 183.52),  # D28
        ("millicharge = 1e-7", "", 88.11),  # D29
        ("millicharge = -1e-7", "", 298.84),
        ("light_vector = { mass_MeV = 10, coupling_squared = 1e-8 }", "", 408.66),  # D33
        ("nsi = { down = { e = 0.2 } }", "nu_e", 0.854),
    ],
)
def test_d28_d29_d33_other_forces(limits, words, beam, answer):
    weak = limits(f"{CSI}{words}\n")["expected"]["standard_model"]
    found = weak["by_beam"][beam] if beam else weak["total"]
    assert found == pytest.approx(answer, rel=5e-3)


def test_d30_effective_moments(limits):
    found = limits(options=["coherent-csi"])["limits"]["effective_moment"]
    assert found == {
        "mu": pytest.approx(4.155e-9, rel=1e-3),
        "e": pytest.approx(6.156e-9, rel=1e-3),
    }
    reactor = limits(options=["conus"])["limits"]
    third = reactor["transition_moments"][2] * math.sqrt(1 - 0.0216)
    assert reactor["effective_moment"] == {"e": pytest.approx(third, rel=1e-3)}


BASELINES = """
source = "sns"
target = "CsI"
baseline_m = {}
mass_kg = 100
threshold_keV = 5
exposure_years = 3
[statistics]
kind = "poisson"
background_share = 0.1
steady_state_share = 0.2
sigma_signal = 0.0
sigma_background = 0.0
[[nuisances]]
name = "flux"
relative_error = 0.1
[[nuisances]]
name = "neutrons"
relative_error = 0.1
acts_on = "background"
"""


def test_d31_two_baselines_with_one_normalisation(cevns):
    texts = [BASELINES.format(metres) for metres in (20, 40)]
    options = ["--parameter", "sterile", "--values", "0.3,1,3,10"]
    table = cevns("scan", *texts, options=options)
    assert table["columns"] == ["delta_m2_eV2", "sin2_2theta"]
    assert "nu_mu" in table["title"]
    splittings, amplitudes = zip(*table["rows"], strict=True)
    assert splittings == (0.3, 1, 3, 10)
    assert amplitudes == pytest.approx([0.443, 0.0981, 0.1208, 0.1196], rel=0.01)
    # One of them alone knows no normalisation from the other.
    alone = [row[1] for row in cevns("scan", texts[0], options=options)["rows"]]
    assert all(x is None or x > y for x, y in zip(alone, amplitudes, strict=True))


def test_d32_a_window_of_time(limits):
    text = ARGON.format("window_us = [{}]\n" + NUCLEI, LIGHT, RECOIL)
    tables = {"table.txt": released("argon_efficiency.csv")}
    early = limits(text.replace("{}", "0, 1"), tables=tables)["expected"]["standard_model"]
    assert early["total"] == pytest.approx(71.5, rel=0.01)
    assert early["by_beam"]["nu_mu"] == pytest.approx(31.4, rel=0.01)
    edges = (0, 0.5, 1, 2, 6)
    windows = [
        limits(text.replace("{}", f"{a}, {b}"), tables=tables)["expected"]["standard_model"][
            "total"
        ]
        for a, b in pairwise(edges)
    ]
    binned = limits(text.replace("window_us = [{}]", f"bins_us = {list(edges)}"), tables=tables)[
        "expected"
    ]["standard_model"]
    assert binned["by_bin"] == pytest.approx(windows, rel=1e-9)
