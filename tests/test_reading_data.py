"""The keys of what was measured: what they make, and what is refused at each."""

import tomllib
from itertools import count

import numpy as np
import pytest

from cevnslib import experiments
from cevnslib.errors import CevnsError, ConfigurationError
from cevnslib.reading.data import KEYS, read_measurement
from cevnslib.reading.keys import Table, read_toml
from cevnslib.statistics.counts import GaussianCounts, OnOffCounts, PoissonCounts
from cevnslib.statistics.data import CountingMeasurement, Projection

EXPECTED = [5.0, 8.0, 3.0]


@pytest.fixture
def measured(tmp_path):
    """Return what makes the data set of a text's keys."""
    numbers = count()

    def made(text, bins=3, days=100.0, expected=EXPECTED):
        path = tmp_path / f"{next(numbers)}.toml"
        path.write_text(text, encoding="utf-8")
        table = Table(read_toml(path), "mine", tmp_path)
        measurement = read_measurement(table, bins, days)
        table.finish()
        return measurement.counts("mine", expected)

    return made


def test_counts_follow_poissons_law(measured):
    data = measured("[data]\ncounts = [4, 0, 9]")
    assert type(data) is PoissonCounts
    assert data.observed.tolist() == [4, 0, 9]
    assert data.nuisances == ()
    assert type(measured("[data]\ncounts = [4.5, 0, 9]\nlaw = 'poisson'")) is PoissonCounts


def test_differences_have_errors(measured):
    data = measured("[data]\ncounts = [-4, 0.5, 9]\nerrors = [3, 2, 1]")
    assert type(data) is GaussianCounts
    assert data.variance.tolist() == [9, 4, 1]
    same = measured("[data]\ncounts = [-4, 0.5, 9]\nvariances = [9, 4, 1]")
    assert same.variance.tolist() == [9, 4, 1]
    roots = measured("[data]\ncounts = [4, 1, 9]\nlaw = 'gaussian'")
    assert roots.variance.tolist() == [4, 1, 9]


@pytest.mark.parametrize(
    ("keys", "ratio"),
    [("on_off_ratio = 2.5", 2.5), ("off_days = 25", 4.0), ("off_days = 10\non_days = 30", 3.0)],
)
def test_counts_without_the_source(measured, keys, ratio):
    few = measured(f"[data]\ncounts = [4, 0, 9]\noff_counts = [1, 2, 3]\n{keys}")
    assert type(few) is OnOffCounts
    assert few.ratio == ratio
    many = measured(f"[data]\ncounts = [40, 20, 90]\noff_counts = [30, 20, 31]\n{keys}")
    off = np.array([30, 20, 31])
    assert type(many) is GaussianCounts
    assert many.observed == pytest.approx(np.array([40, 20, 90]) - ratio * off)
    assert many.variance == pytest.approx(np.array([40, 20, 90]) + ratio**2 * off)
    other = measured(
        f"[data]\nlaw='poisson'\ncounts = [40, 20, 90]\noff_counts = [30, 20, 31]\n{keys}"
    )
    assert type(other) is OnOffCounts


def test_what_is_expected_stands_for_counts(measured):
    background = "[[data.backgrounds]]\nname = 'dust'\ncounts = [1, 2, 3]\n"
    assert measured("").observed.tolist() == EXPECTED
    assert measured(background).observed.tolist() == [6, 10, 6]
    off = measured(f"[data]\noff_counts = [2, 2, 4]\non_off_ratio = 0.5\n{background}")
    assert type(off) is OnOffCounts
    assert off.observed.tolist() == [7, 11, 8]
    gaussian = measured(f"[data]\nlaw = 'gaussian'\n{background}")
    assert gaussian.variance.tolist() == [6, 10, 6]


def test_backgrounds_with_errors(measured):
    data = measured(
        """
[data]
counts = [4, 0, 9]
[[data.backgrounds]]
name = "exact"
counts = [1, 1, 1]
[[data.backgrounds]]
name = "relative"
counts = [1, 2, 3]
relative_error = 0.25
[[data.backgrounds]]
name = "absolute"
counts = [0, 0, 2]
error = [0.1, 0.2, 0.3]
[[data.backgrounds]]
name = "shared"
counts = [1, 1, 2]
relative_error = 0.5
nuisance = "neutrons"
[[data.backgrounds]]
name = "defined"
counts = [1, 0, 0]
nuisance = "flux"
[[nuisances]]
name = "flux"
relative_error = 0.1
"""
    )
    by_name = {one.name: one for one in data.templates}
    assert by_name["exact"].variations == {}
    ((own, share),) = by_name["relative"].variations.items()
    assert (own.name, own.sigma, own.at_least, share) == ("mine: background relative", 0.25, -1, 1)
    ((own, shift),) = by_name["absolute"].variations.items()
    assert own.sigma == 1
    assert shift.tolist() == [0.1, 0.2, 0.3]
    names = [one.name for one in data.nuisances]
    assert names.count("neutrons") == names.count("flux") == 1
    (flux,) = (one for one in data.nuisances if one.name == "flux")
    assert data.variations[flux] == by_name["defined"].variations[flux] == 1


@pytest.mark.parametrize(
    ("on", "signal", "dust"),
    [
        ("'signal'", True, False),
        ("'all'", True, True),
        ("['dust']", False, True),
        ("['signal', 'dust']", True, True),
    ],
)
def test_what_nuisances_act_on(measured, on, signal, dust):
    data = measured(
        f"""
[data]
counts = [4, 0, 9]
[[data.backgrounds]]
name = "dust"
counts = [1, 2, 3]
[[nuisances]]
name = "scale"
shape = [1, 0.5, -1]
relative_error = 0.2
acts_on = {on}
"""
    )
    (scale,) = data.nuisances
    assert (scale.name, scale.sigma) == ("scale", 0.2)
    if signal:
        assert data.variations[scale].tolist() == [1, 0.5, -1]
    assert (scale in data.variations) == signal
    (template,) = data.templates
    assert (scale in template.variations) == dust
    if dust:
        assert template.variations[scale].tolist() == [1, 1, -3]


def test_columns_of_files(measured, tmp_path):
    (tmp_path / "counts.csv").write_text(
        "# on and off\nlow,on,off\n0,1,2\n1,30,40\n2,5,60\n3,7,8\n"
    )
    column = "{file = 'counts.csv', column = %s, rows = [%s]}"
    data = measured(f"[data]\ncounts = {column % (repr('on'), '2, 4')}")
    assert data.observed.tolist() == [30, 5, 7]
    data = measured(f"[data]\ncounts = {column % (3, '1, 3')}")
    assert data.observed.tolist() == [2, 40, 60]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_columns_of_a_spreadsheet(measured, tmp_path, encoding):
    """They may be written as those of any other table."""
    text = "bin;on;error\n1;12;3,5\n2;-4;4,25\n3;9;3\n"
    (tmp_path / "a b.csv").write_text(text, encoding)
    column = "{file = 'a b.csv', column = '%s'}"
    data = measured(f"[data]\ncounts = {column % 'on'}\nerrors = {column % 'Error'}")
    assert data.observed.tolist() == [12, -4, 9]
    assert data.variance.tolist() == [3.5**2, 4.25**2, 9]


def test_a_published_limit(measured):
    data = measured("[data]\nupper_limit = 16.45\nbest_fit = 2", bins=1, expected=[3.0])
    assert type(data) is GaussianCounts
    assert data.observed.tolist() == [2]
    assert data.variance[0] == pytest.approx((14.45 / 1.6448536) ** 2, rel=1e-6)
    wide = measured("[data]\nupper_limit = 16.45\nconfidence = 0.95", bins=1, expected=[3.0])
    assert wide.variance[0] == pytest.approx((16.45 / 1.959964) ** 2, rel=1e-6)


def test_the_first_edition(measured):
    """Its statistics still load, and nuisances with names go with them."""
    loaded = experiments.load("coherent-csi").measurement
    assert isinstance(loaded, CountingMeasurement)
    assert isinstance(experiments.load("conus").measurement, Projection)
    nuisances = "[[nuisances]]\nname = 'flux'\nrelative_error = 0.1\nacts_on = 'all'\n"
    statistics = "[statistics]\nkind = 'poisson'\nbackground_share = 0.1\n"
    statistics += "steady_state_share = 0.2\nsigma_signal = 0.3\nsigma_background = 0.4\n"
    data = measured(statistics + nuisances)
    assert sorted(one.name for one in data.nuisances) == [
        "flux",
        "mine: background",
        "mine: signal",
    ]
    assert data.observed == pytest.approx(1.1 * np.array(EXPECTED))


#: What is typed, and the words of the answer: the key and what came in.
BAD = [
    ("[data]\ncounts = [1, 2]", "counts: got 2 numbers; allowed: 3, one for each bin"),
    ("[data]\ncounts = 7", "counts: got 1 number; allowed: 3"),
    ("[data]\ncounts = [1, -2, 3]", "counts: got -2; allowed: at least 0"),
    ("[data]\ncounts = [1, -2, 3]\nlaw = 'poisson'", "counts: got -2; allowed: at least 0"),
    ("[data]\ncounts = [1, nan, 3]", "counts: got nan"),
    ("[data]\ncounts = [1, inf, 3]", "counts: got inf"),
    ("[data]\ncounts = [1, true, 3]", "counts: got True"),
    ("[data]\ncounts = [1, 'two', 3]", "counts: got 'two'"),
    ("[data]\ncounts = [1, [2], 3]", r"counts: got \[2\]"),
    ("[data]\ncounts = []", "counts: got 0 numbers"),
    ("[data]\ncounts = true", "counts: got True"),
    ("[data]\ncounts = [1.5, 2, 3]", "counts: got 1.5, no whole number"),
    (
        "[data]\ncounts = [1, 2, 3]\nerrors = [1, 0, 1]",
        "errors: got 0 at index 1; allowed.*above 0",
    ),
    ("[data]\ncounts = [1, 2, 3]\nerrors = [1, -1, 1]", "errors: got -1 at index 1"),
    ("[data]\ncounts = [1, 2, 3]\nvariances = [1, 0, 1]", "variances: got 0"),
    ("[data]\ncounts = [1, 2, 3]\nerrors = [1, 1]", "errors: got 2 numbers; allowed: 3"),
    ("[data]\nerrors = [1, 1, 1]", "errors without 'counts'"),
    ("[data]\ncounts = [1, 2, 3]\nerrors = [1, 1, 1]\nvariances = [1, 1, 1]", "both of 'errors'"),
    ("[data]\ncounts = [1, 2, 3]\nerrors = [1, 1, 1]\nlaw = 'poisson'", "errors beside law"),
    ("[data]\ncounts = [1, 0, 3]\nlaw = 'gaussian'", "errors: got none of a count of 0"),
    ("[data]\ncounts = [1, 2, 3]\nlaw = 'poison'", "did you mean 'poisson'"),
    ("[data]\ncount = [1, 2, 3]", "unknown key 'count' .did you mean 'counts'"),
    ("[data]\ncounts = [1, 2, 3]\noff_counts = [1, 2, 3]", "'on_off_ratio' and 'off_days'"),
    ("[data]\ncounts = [1, 2, 3]\noff_counts = [1, 2]\noff_days = 3", "off_counts: got 2 numbers"),
    ("[data]\ncounts = [1, 2, 3]\noff_counts = [1, -2, 3]\noff_days = 3", "off_counts: got -2"),
    ("[data]\ncounts = [-1, 2, 3]\noff_counts = [1, 2, 3]\noff_days = 3", "counts: got -1"),
    ("[data]\ncounts = [1, 2, 3]\noff_counts = [1, 2, 3]\non_off_ratio = 0", "on_off_ratio: got 0"),
    ("[data]\ncounts = [1, 2, 3]\non_off_ratio = 2", "'on_off_ratio' without 'off_counts'"),
    ("[data]\ncounts = [1, 2, 3]\noff_days = 2", "'off_days' without 'off_counts'"),
    ("[data]\ncounts = [1, 2, 3]\nconfidence = 0.9", "'confidence' without 'upper_limit'"),
    ("[data]\nupper_limit = 3", "upper_limit: got one for a detector with 3 bins"),
    ("[data]\ncounts = {file = 'none.csv', column = 1}", "none.csv.*cannot be read"),
    ("[data]\ncounts = {file = '../a.csv', column = 1}", "outside the folder"),
    ("[data]\ncounts = {file = 'a.csv'}", "key 'column' is missing"),
    ("[data]\ncounts = {file = 'a.csv', column = 'x'}", "column: got 'x'; allowed: .*'on', 'off'"),
    ("[data]\ncounts = {file = 'a.csv', column = 'on', rows = [0, 3]}", r"rows: got \[0, 3\]"),
    ("[data]\ncounts = {file = 'a.csv', column = 'on', rows = 3}", "rows: got 3"),
    ("data = 3", "data: got 3; allowed: a table"),
    (
        "[[data.backgrounds]]\nname = 'a'\nrelative_error = 0.1",
        "backgrounds 1: the key 'counts' is missing",
    ),
    ("[[data.backgrounds]]\ncounts = [1, 2, 3]", "key 'name' is missing"),
    ("[[data.backgrounds]]\nname = 'a'\ncounts = [1, 2]", "backgrounds 1: counts: got 2 numbers"),
    ("[[data.backgrounds]]\nname = 'a'\ncounts = [1, -2, 3]", "backgrounds 1: counts: got -2"),
    ("[[data.backgrounds]]\nname = 'all'\ncounts = [1, 2, 3]", "name: got 'all'"),
    (
        "[[data.backgrounds]]\nname = 'a'\ncounts = [1, 2, 3]\nrelative_error = 0",
        "backgrounds 1: relative_error: got 0; allowed: .*above 0",
    ),
    (
        "[[data.backgrounds]]\nname = 'a'\ncounts = [0, 0, 0]\nrelative_error = 0.1",
        "relative_error: got 0.1 of a background of 0 events",
    ),
    (
        "[[data.backgrounds]]\nname = 'a'\ncounts = [1, 2, 3]\nrelative_error = 0.1\nerror = 2",
        "both of 'relative_error' and 'error'",
    ),
    (
        "[[data.backgrounds]]\nname = 'a'\ncounts = [1, 2, 3]\nnuisance = 'flux'",
        "nuisance: got 'flux' without its size",
    ),
    ("[data]\nbackgrounds = 3", "backgrounds: got 3"),
    ("[[nuisances]]\nname = 'flux'", "nuisances 1: the key 'relative_error' is missing"),
    ("[[nuisances]]\nname = 'flux'\nrelative_error = -1", "nuisances 1: relative_error: got -1"),
    ("[[nuisances]]\nname = 'flux'\nrelative_error = nan", "nuisances 1: relative_error: got nan"),
    ("[[nuisances]]\nname = 'flux'\nrelative_error = 0.1\nacts_on = 'dust'", "'dust'"),
    ("[[nuisances]]\nname = 'flux'\nrelative_error = 0.1\nacts_on = 3", "acts_on: got 3"),
    ("[[nuisances]]\nname = 'flux'\nshape = [1, 2]", "nuisances 1: shape: got 2 numbers"),
    ("[[nuisances]]\nname = 'a'\nrelative_error = 1\n" * 2, "nuisances 2: name: got 'a' twice"),
    ("nuisances = 'flux'", "nuisances: got 'flux'"),
    (
        "[data]\ncounts = [1, 2, 3]\n[statistics]\nkind = 'projection'\nsigma_stat = 0\n"
        "sigma_sys = 0",
        "both of 'data' and 'statistics'",
    ),
    (
        "[statistics]\nkind = 'projection'\nsigma_stat = 0\nsigma_sys = 0\n"
        "[[nuisances]]\nname = 'a'\nrelative_error = 1\nacts_on = ['background']",
        "a: unknown background in acts_on 'background'",
    ),
]


@pytest.mark.parametrize(("text", "words"), BAD)
def test_what_is_refused(measured, tmp_path, text, words):
    (tmp_path / "a.csv").write_text("on,off\n1,2\n3,4\n5,6\n")
    with pytest.raises(ConfigurationError, match=words) as refused:
        measured(text)
    assert str(refused.value).startswith("mine")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("upper_limit = -3", "upper_limit: got -3"),
        ("upper_limit = 0", "upper_limit: got 0"),
        ("upper_limit = 3\nbest_fit = 4", "upper_limit: got 3; allowed: .*above 4"),
        ("upper_limit = 3\nconfidence = 90", "confidence: got 90.*did you give a percentage"),
        ("upper_limit = 3\ncounts = 2", "both of 'upper_limit' and 'counts'"),
        ("upper_limit = nan", "upper_limit: got nan"),
    ],
)
def test_published_limits_that_are_refused(measured, text, words):
    with pytest.raises(CevnsError, match=words):
        measured(f"[data]\n{text}", bins=1, expected=[3.0])


def test_every_key_is_listed():
    """What is refused as unknown names the keys that are taken: those of the list."""
    minimal = {
        "[data]": "[data]\nx = 1",
        "[[data.backgrounds]]": "[[data.backgrounds]]\nname = 'a'\ncounts = 1\nx = 1",
        "[[nuisances]]": "[[nuisances]]\nname = 'a'\nrelative_error = 1\nx = 1",
    }
    assert minimal.keys() == KEYS.keys()
    for heading, text in minimal.items():
        with pytest.raises(ConfigurationError, match="unknown key 'x'") as refused:
            read_measurement(Table(tomllib.loads(text), "mine"), 1, 1.0)
        allowed = str(refused.value).partition("allowed: ")[2].split(", ")
        assert set(allowed) == {key.name for key in KEYS[heading]}
