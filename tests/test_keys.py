"""The list of keys is what files may say: nothing else is taken, and all of it is."""

import json
import re
import tomllib
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from cevnslib import experiments
from cevnslib.detectors.detector import ELECTRONS
from cevnslib.errors import ConfigurationError
from cevnslib.experiments import THRESHOLD_KINDS
from cevnslib.reading.interactions import read_interaction
from cevnslib.reading.keys import Table
from cevnslib.reading.listing import listing
from cevnslib.statistics.data import CountingMeasurement, PoissonProjection, Projection
from tools.keys import PAGE, page

OWN = Path(__file__).parents[1] / "book" / "experiment" / "your-own-experiment.ipynb"
LISTING = listing()
#: A whole description of a detector at a reactor, of the first edition.
GERMANIUM: dict[str, Any] = {
    **{"source": "reactor", "thermal_power_GW": 3.0, "baseline_m": 20, "exposure_years": 2},
    **{"target": "Ge", "mass_kg": 10, "threshold_keV": 0.5},
    "statistics": {"kind": "projection", "sigma_stat": 0.1, "sigma_sys": 0.1},
}
CURVE = {"energies_keV": [1, 2], "values": [0, 1]}
FLUX = {"energies_MeV": [1, 2], "values": [0, 1]}
LINES = [{"energy_MeV": 1.0, "share": 1.0}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a table without names lies, whose columns may be of any unit."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "numbers.txt").write_text("1 0.2\n2 0.3\n")
    return folder


def asked(folder: Path, place: str, *descriptions: dict[str, Any]) -> set[str]:
    """Return the keys that reading asks for in the table at a place of some descriptions."""
    keys: set[str] = set()
    has = Table.has

    def recorded(self: Table, *asked_for: str) -> bool:
        if re.sub(r"experiment 'x':? ?| \d+$", "", self.place) == place:
            keys.update(asked_for)
        return has(self, *asked_for)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Table, "has", recorded)
        for description in descriptions:
            experiments.from_description("x", description, folder=folder)
    return keys


def germanium(*without: str, **changes: Any) -> dict[str, Any]:
    """Return the description with other keys."""
    return {key: x for key, x in (GERMANIUM | changes).items() if key not in without}


def source(*without: str, **keys: Any) -> dict[str, Any]:
    """Return a description with a source of the second edition."""
    return germanium("thermal_power_GW", *without, source=keys)


def scattering(**keys: Any) -> dict[str, Any]:
    return germanium(interactions=keys)


FILE = {"file": "numbers.txt", "energy_column": 1, "value_column": 2}
COLUMN = {"file": FILE["file"], "value_column": 2}
CORE = {"thermal_power_GW": 1, "baseline_m": 9, "name": "B1"}
ACCEPTANCE = {"kind": "photoelectrons", "amplitude": 1, "slope": 1, "midpoint": 1}
ELECTRONS_SEEN = {"photoelectrons_per_keV": 9}
ACTIVE = {"kind": "radioactive", "activity_PBq": 1, "half_life_days": 9}
FLUX_TABLE = {"kind": "table", "total_flux_per_cm2_s": 1e9}
PULSED = {"kind": "spallation", "protons_on_target": 1e22}
MASS = {"mass_MeV": 1}
#: For each table of the list: where it stands, and descriptions that ask for all of its keys.
SAYING: dict[str, tuple[Any, ...]] = {
    '[source] kind = "reactor"': ("source", source(kind="reactor", thermal_power_GW=1)),
    "cores = [{ ... }]": (
        "source: cores",
        source("baseline_m", kind="reactor", cores=[CORE]),
    ),
    '[source] kind = "spallation"': (
        "source",
        source(kind="spallation", beam_power_MW=1, proton_energy_GeV=1),
    ),
    '[source] kind = "solar"': ("source", source("baseline_m", kind="solar", branches=["b8"])),
    '[source] kind = "radioactive"': (
        "source",
        source(**ACTIVE, isotope="51Cr"),
        source(**ACTIVE, spectrum=FLUX),
    ),
    '[source] kind = "table"': (
        "source",
        source(**FLUX_TABLE, **FLUX),
        source(**FLUX_TABLE, **FILE),
        source(**FLUX_TABLE, lines=LINES, pulse={}),
    ),
    "spectrum = { ... }": (
        "source: spectrum",
        source(kind="reactor", thermal_power_GW=1, spectrum=FLUX),
        source(kind="reactor", thermal_power_GW=1, spectrum=FILE),
    ),
    "pulse = { ... }": (
        "source: pulse",
        source(**PULSED, pulse={}),
        source(**PULSED, pulse={"kind": "table", "times_us": [0, 1], "values": [1, 1]}),
        source(**PULSED, pulse={"kind": "table", "time_column": 1, **COLUMN}),
    ),
    '[quenching] kind = "lindhard"': ("quenching", germanium(quenching={"kind": "lindhard"})),
    '[quenching] kind = "modified lindhard"': (
        "quenching",
        germanium(quenching={"kind": "modified lindhard"}),
    ),
    '[quenching] kind = "polynomial"': (
        "quenching",
        germanium(quenching={"kind": "polynomial", "coefficients_per_keV": [0.1]}),
    ),
    '[quenching] kind = "table"': (
        "quenching",
        germanium(quenching={"kind": "table", **CURVE}),
        germanium(quenching={"kind": "table", **FILE}),
    ),
    '[quenching] kind = "constant"': (
        "quenching",
        germanium(quenching={"kind": "constant", "share": 0.1}),
    ),
    '[resolution] kind = "gaussian"': (
        "resolution",
        germanium(resolution={"fwhm_keV": 1}),
        germanium(resolution={"constant_keV": 1, "fano": 1, "energy_per_pair_eV": 3}),
    ),
    '[resolution] kind = "poisson"': (
        "resolution",
        germanium(resolution={"kind": "poisson", **ELECTRONS_SEEN}),
    ),
    '[resolution] kind = "gamma"': (
        "resolution",
        germanium(resolution={"kind": "gamma", "shape_per_keV": 1}),
    ),
    '[efficiency] kind = "table"': (
        "efficiency",
        germanium(efficiency={"kind": "table", **CURVE}),
        germanium(efficiency={"kind": "table", **FILE}),
        germanium(
            efficiency={
                **{"kind": "table", "of": "photoelectrons", "photoelectrons": [1, 2]},
                **{"values": [1, 1], **ELECTRONS_SEEN},
            }
        ),
        germanium(
            efficiency={
                **{"kind": "table", "of": "photoelectrons", **ELECTRONS_SEEN, "value_column": 2},
                **{"photoelectrons_column": 1, "file": FILE["file"]},
            }
        ),
    ),
    '[efficiency] kind = "photoelectrons"': (
        "efficiency",
        germanium(efficiency=ACCEPTANCE | ELECTRONS_SEEN),
    ),
    "target = { ... }": ("target", germanium(target={"by": "mass", "Ge76": 1.0})),
    "bins_keV = { ... }": (
        "bins_keV",
        germanium("threshold_keV", bins_keV={"from": 1, "to": 2, "number": 1}),
        germanium("threshold_keV", bins_keV={"file": FILE["file"], "edge_column": 1}),
    ),
    "[oscillation]": ("oscillation", germanium(oscillation={})),
    "[sterile]": ("sterile", germanium(sterile={"delta_m2_eV2": 1})),
    "[interactions]": ("interactions", scattering()),
    "nsi = { ... }": ("interactions: nsi", scattering(nsi={})),
    "light_vector = { ... }": (
        "interactions: light_vector",
        scattering(light_vector={**MASS, "coupling": 0, "charges": "b-l"}),
    ),
    "charges = { ... }": (
        "interactions: light_vector: charges",
        scattering(light_vector={**MASS, "coupling": 0, "charges": {"neutrino": {"mu": 1}}}),
    ),
    "light_scalar = { ... }": (
        "interactions: light_scalar",
        scattering(light_scalar={**MASS, "coupling_squared": 0}),
    ),
    "dipole_portal = { ... }": (
        "interactions: dipole_portal",
        scattering(dipole_portal={**MASS, "moment": 0}),
    ),
    "[data]": (
        "data",
        germanium("statistics", data={"upper_limit": 9.0}),
        germanium("statistics", data={"counts": 9, "errors": 3.0}),
        germanium("statistics", data={"counts": 9, "off_counts": 9, "off_days": 3.0}),
    ),
    "[[data.backgrounds]]": (
        "data: backgrounds",
        germanium("statistics", data={"backgrounds": [{"name": "a", "counts": 3}]}),
    ),
    "[[nuisances]]": ("nuisances", germanium(nuisances=[{"name": "a", "relative_error": 0.1}])),
}


@pytest.mark.parametrize("heading", SAYING)
def test_a_table_takes_the_keys_that_are_listed(folder, heading):
    place, *descriptions = SAYING[heading]
    keys = asked(folder, place, *descriptions)
    if "solar" in heading:
        keys.remove("baseline_m")  # to refuse it
    assert keys == {key.name for key in LISTING[heading]}


def test_the_file_takes_the_keys_that_are_listed(folder):
    """Above all tables, with those of the detector; and all tables are among these tests."""
    above = {key.name for heading in ("the file", "the detector") for key in LISTING[heading]}
    sun = {"kind": "solar", "branches": ["b8"]}
    new = [source("baseline_m", *old, **sun) for old in ((), ("statistics",))]
    binned = germanium("threshold_keV", bins_photoelectrons=[1, 2], **ELECTRONS_SEEN)
    assert asked(folder, "", *new) == above
    # A source of the first edition stands there, too.
    old = {key.name for key in LISTING['[source] kind = "reactor"']} - {"kind"}
    assert asked(folder, "", binned) == above | old
    assert set(SAYING) | {"the file", "the detector"} == set(LISTING)


def test_the_page_is_made_from_the_list():
    """Anew by ``python -m tools.keys --write``."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_keys_end_in_their_units():
    """What is a number of a unit says so; defaults can be typed as they are listed."""
    units = {key.unit for keys in LISTING.values() for key in keys}
    assert {"keV", "MeV", "GW", "m", "kg", "days", "1/(cm^2 s)", "us", "PBq", "eV^2"} <= units
    for keys in LISTING.values():
        assert len({key.name for key in keys}) == len(keys)
        assert all(key.meaning and "\n" not in key.meaning for key in keys)


DEFAULTS = [
    (heading, key)
    for heading, (place, *_) in SAYING.items()
    for key in LISTING[heading]
    if re.fullmatch(r'-?[\d.e-]+|inf|true|false|".*"', key.default) and place != "bins_keV"
]


@pytest.mark.parametrize(
    ("heading", "key"), DEFAULTS, ids=[f"{heading} {key.name}" for heading, key in DEFAULTS]
)
def test_a_default_that_is_typed_changes_nothing(folder, heading, key):
    place, *descriptions = SAYING[heading]
    default = tomllib.loads(f"x = {key.default}")["x"]
    tried = 0
    for description in descriptions:
        typed = deepcopy(description)
        table: Any = typed
        for name in place.split(": "):
            table = table[name]
            table = table[0] if isinstance(table, list) else table
        table.setdefault(key.name, default)
        try:
            second = read(folder, typed)
        except ConfigurationError:
            continue  # it stands in place of what is said there
        tried += 1
        assert second == read(folder, description)
    assert tried


def read(folder: Path, description: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a description says of all but its data."""
    one = experiments.from_description("x", description, folder=folder)
    spectra = [part.spectrum.moments(2.0, 0).tolist() for part in one.flux.components]
    weights = [part.intensity for part in one.flux.components]
    return one.detector, spectra, weights, read_interaction(Table(description, "x"))


def test_the_chapter_lists_no_other_keys():
    """The tables of "Your own experiment" are part of the list, or of what was measured."""
    chapter = json.loads(OWN.read_text(encoding="utf-8"))
    cells = ("".join(cell["source"]) for cell in chapter["cells"])
    (text,) = (cell for cell in cells if "## All keys" in cell)
    text = text.partition("## All keys")[2]
    listed = set(re.findall(r"(?m)^\| `(\w+)` \|", text))
    known = {key.name for keys in LISTING.values() for key in keys}
    assert listed - {"stages", "statistics"} <= known
    for kind in (CountingMeasurement, Projection, PoissonProjection):
        assert not [field.name for field in fields(kind) if f"`{field.name}`" not in text]
    allowed = (*THRESHOLD_KINDS, *ELECTRONS)
    assert not [word for word in allowed if f'`"{word}"`' not in text]
