"""Nuclides and targets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib.constants import AVOGADRO, CODATA_2022
from cevnslib.errors import DomainError, KindError, RoundedSharesWarning, UnknownNameError
from cevnslib.files import packaged_table
from cevnslib.physics.targets import (
    Electron,
    Nuclide,
    Target,
    UnknownTargetError,
    electron,
    nuclide,
    target,
)

SHELLS = "binding_energies.csv"


def test_compound():
    csi = target("CsI")
    assert [(n.name, n.protons, n.neutrons) for n in csi.nuclides] == [
        ("Cs133", 55, 78),
        ("I127", 53, 74),
    ]
    # Molar mass of CsI: 259.81 g/mol.
    assert csi.nuclei_per_kg[0] == pytest.approx(1000 * AVOGADRO / 259.8099, rel=1e-5)


def test_natural_isotopes_share_the_element():
    xenon = target("Xe")
    assert len(xenon.nuclides) == 9
    # Standard atomic weight of xenon: 131.293.
    assert sum(xenon.nuclei_per_kg) == pytest.approx(1000 * AVOGADRO / 131.293, rel=1e-4)


def test_mixture_by_number_of_atoms():
    mixture = target("2Ge:1Si")
    counts = dict(zip((n.name for n in mixture.nuclides), mixture.nuclei_per_kg, strict=True))
    germanium = sum(count for name, count in counts.items() if name.startswith("Ge"))
    silicon = sum(count for name, count in counts.items() if name.startswith("Si"))
    assert germanium / silicon == pytest.approx(2, rel=1e-12)
    assert target("Ge2Si").nuclei_per_kg == mixture.nuclei_per_kg


def test_nuclear_mass():
    """The mass of the bare 133Cs nucleus: 132.905452 u less 55 electrons."""
    assert nuclide("Cs133").mass == pytest.approx(132.905452 * 931.494104 - 55 * 0.510999, rel=1e-8)


def test_unpaired_nucleons():
    assert (nuclide("Ar40").unpaired_protons, nuclide("Ar40").unpaired_neutrons) == (0, 0)
    assert (nuclide("I127").unpaired_protons, nuclide("I127").unpaired_neutrons) == (1, 0)
    assert (nuclide("Ge73").unpaired_protons, nuclide("Ge73").unpaired_neutrons) == (0, 1)


@pytest.mark.parametrize(
    "name", ["Unobtainium", "", "cesium", "Ge999", "n", 3, None, "Cs I2O&", "Ge0", "Ge{2+}"]
)
def test_what_does_not_exist_is_refused(name):
    with pytest.raises(UnknownTargetError) as refused:
        target(name)
    assert repr(name) in str(refused.value)
    assert "allowed: an element (Ge)" in str(refused.value)


@given(name=st.text(alphabet="CsIGeTlOH0123:[](){}^_²₂+-., /@n", max_size=12))
def test_any_text_is_a_target_or_refused(name):
    try:
        made = target(name)
    except UnknownTargetError:
        return
    grams = sum(
        count * one.mass for count, one in zip(made.nuclei_per_kg, made.nuclides, strict=True)
    )
    # A kilogram, less the electrons' share of at most 6e-4.
    assert grams / AVOGADRO / CODATA_2022.atomic_mass == pytest.approx(1000, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("X1", 0, 1, 939.0), "protons: got 0; allowed: integers from 1 to 1000"),
        (("X1", 1, -1, 939.0), "neutrons: got -1"),
        (("X1", 1, 0, 0.0), "nuclear mass: got 0 MeV; allowed: finite, above 0 MeV"),
    ],
)
def test_no_nucleus(arguments, words):
    with pytest.raises(DomainError, match=words):
        Nuclide(*arguments)


def test_no_material():
    with pytest.raises(DomainError, match="target x: got 1 nuclides and 2 numbers; allowed: as"):
        Target("x", target("Cs").nuclides, (1e24, 1e24))


def test_element_without_natural_isotopes():
    with pytest.raises(UnknownTargetError, match="Tc has no natural isotopes"):
        target("Tc")


def test_nuclide_is_one_isotope():
    with pytest.raises(UnknownTargetError, match="stands for 5 nuclides"):
        nuclide("Ge")


@pytest.mark.parametrize(
    "name",
    ["Na(Tl)", "2Ge", "Ge:", ":Ge", "Ge::Si", "ge", "Ge72Si2x", "Na I", "2Ge;Si", "C60+"],
)
def test_names_that_could_be_misread_are_refused(name):
    with pytest.raises(UnknownTargetError, match="allowed: an element"):
        target(name)


def test_parts_of_a_mixture_are_read_as_they_are_alone():
    def numbers(name):
        made = target(name)
        return {n.name: count for n, count in zip(made.nuclides, made.nuclei_per_kg, strict=True)}

    one = numbers("1Si:1Ge72")
    assert one["Ge72"] == pytest.approx(sum(x for key, x in one.items() if key.startswith("Si")))
    water = numbers("2H2O:1C")
    shares = [
        sum(x for key, x in water.items() if key.startswith(e)) for e in (("H", "D"), "O", "C")
    ]
    assert shares == pytest.approx([4 * shares[2], 2 * shares[2], shares[2]])
    assert numbers("Ca(OH)2") == pytest.approx(numbers("CaO2H2"))


def counted(made, *names):
    """Nuclei per kg of some nuclides together."""
    numbers = zip(made.nuclides, made.nuclei_per_kg, strict=True)
    return sum(count for nucleus, count in numbers if nucleus.name in names)


def test_enriched_germanium_by_atoms():
    enriched = target({"Ge76": 0.87, "Ge74": 0.13})
    assert enriched.name == "0.87 Ge76 + 0.13 Ge74 by atoms"
    molar = 0.87 * 75.9214 + 0.13 * 73.9212
    assert enriched.nuclei_per_kg == pytest.approx(
        [share * 1000 * AVOGADRO / molar for share in (0.87, 0.13)], rel=1e-6
    )
    assert target({"76Ge": 87, "74Ge": 13}).nuclei_per_kg == pytest.approx(enriched.nuclei_per_kg)
    assert [e.name for e, _ in enriched.electrons()] == ["electron of Ge"]


def test_scintillator_by_mass():
    liquid = target({"C": 0.88, "H": 0.12}, by="mass")
    assert counted(liquid, "C12", "C13") == pytest.approx(880 * AVOGADRO / 12.011, rel=1e-4)
    assert counted(liquid, "H1", "D2") == pytest.approx(120 * AVOGADRO / 1.008, rel=1e-4)


def test_loaded_scintillator_by_mass():
    """A name of the trade and an element: 5 g of gadolinium in a kilogram."""
    loaded = target({"LAB": 0.995, "Gd": 0.005}, by="mass")
    gadolinium = [n.name for n in target("Gd").nuclides]
    assert counted(loaded, *gadolinium) == pytest.approx(5 * AVOGADRO / 157.25, rel=1e-3)
    bare = target("C18H30")
    assert counted(loaded, "H1") == pytest.approx(0.995 * counted(bare, "H1"))


def test_an_enriched_compound_by_formulas():
    """92% of the tellurium atoms are 130Te, of which the rest holds its natural share, 0.3408."""
    enriched = target({"130TeO2": 0.92, "TeO2": 0.08}, by="formulas")
    tellurium = [n.name for n in target("Te").nuclides]
    share = counted(enriched, "Te130") / counted(enriched, *tellurium)
    assert share == pytest.approx(0.92 + 0.08 * 0.3408, abs=1e-4)
    assert counted(enriched, "O16", "O17", "O18") == pytest.approx(
        2 * counted(enriched, *tellurium)
    )


def test_whole_numbers_are_ratios():
    mixture = target({"Ge": 2, "Si": 1})
    assert mixture.nuclei_per_kg == pytest.approx(target("2Ge:1Si").nuclei_per_kg)
    water = target({"H2O": 2, "C": 1}, by="formulas")
    assert water.nuclei_per_kg == pytest.approx(target("2H2O:1C").nuclei_per_kg)


def test_rounded_shares_are_scaled_and_told():
    with pytest.warns(RoundedSharesWarning, match="by atoms sum to 1.001; they are scaled to 1"):
        rounded = target({"Ge76": 0.871, "Ge74": 0.13})
    assert counted(rounded, "Ge76") / counted(rounded, "Ge74") == pytest.approx(0.871 / 0.13)
    assert sum(
        n.mass * k for n, k in zip(rounded.nuclides, rounded.nuclei_per_kg, strict=True)
    ) == (pytest.approx(1000 * AVOGADRO * CODATA_2022.atomic_mass, rel=1e-3))


@pytest.mark.parametrize(
    ("shares", "by", "error", "words"),
    [
        ({"Ge76": 0.87, "Ge74": 0.1}, "atoms", DomainError, "by atoms: got a sum of 0.97; allow"),
        ({"C": 88, "H": 12}, "mass", DomainError, r"sum of 100; allowed: 1 \(did you give perc"),
        ({"C": 2, "H": 1}, "mass", DomainError, "got a sum of 3; allowed: 1"),
        ({}, "atoms", DomainError, "got a sum of 0"),
        ({"Ge": 0.0, "Si": 1.0}, "atoms", DomainError, "share of Ge: got 0; allowed: finite, abo"),
        ({"Ge": "1"}, "atoms", DomainError, "share of Ge: got '1'"),
        ({"Ge": np.nan}, "mass", DomainError, "share of Ge: got nan"),
        ({"CsI": 0.5, "Ge": 0.5}, "atoms", UnknownTargetError, 'say by="formulas" or by="mass"'),
        ({"Te130O2": 1.0}, "mass", UnknownTargetError, "130 atoms of Te or the isotope 130Te"),
        ({3: 1.0}, "atoms", UnknownTargetError, "unknown target 3"),
        ({"": 1.0}, "atoms", UnknownTargetError, "unknown target ''"),
        ({"Tc": 1.0}, "mass", UnknownTargetError, "Tc has no natural isotopes"),
        ({"Ge": 1.0}, "weight", UnknownNameError, "unknown by 'weight'; allowed: atoms, formulas"),
    ],
)
def test_no_composition(shares, by, error, words):
    with pytest.raises(error, match=words):
        target(shares, by=by)


def test_laboratory_names_have_their_electrons():
    """Dopants have none, and the hydrogen that a careless reader sees in HPGe has none."""
    names = {"HPGe": ["Ge"], "NaI(Tl)": ["Na", "I"], "CsI[Na]": ["Cs", "I"], "LAr": ["Ar"]}
    for name, elements in names.items():
        found = [electrons.element for electrons, _ in target(name).electrons()]
        assert found == elements
    ((isotope, atoms),) = target("76Ge").electrons()
    assert isotope == electron("Ge")
    assert atoms == pytest.approx(1000 * AVOGADRO / 75.9214, rel=1e-6)


def test_a_nuclide_needs_no_asking_back():
    """H2 may be a molecule, and a nuclide may not."""
    assert nuclide("H2") == nuclide("2H") == nuclide("D")
    assert (nuclide("Te-130").nucleons, nuclide("130Te").protons) == (130, 52)


ELEMENTS = list(dict.fromkeys(row["element"] for row in packaged_table("shells", SHELLS)))


@pytest.mark.parametrize("element", ELEMENTS)
def test_shells_hold_the_electrons_of_the_atom(element):
    """As many as protons; outer shells last; none holds more than two for each of its states."""
    made = electron(element)
    assert made.number == target(element).nuclides[0].protons
    assert made.available(1.0) == made.number
    assert list(made.shells) == sorted(made.shells)
    states = {"K": 2, "1": 2, "2": 2, "3": 4, "4": 4, "5": 6, "6": 6, "7": 8}
    for row in packaged_table("shells", SHELLS):
        assert 0 < float(row["electrons"]) <= states[row["shell"][-1]]


def test_germanium_opens_shell_by_shell():
    """The steps that companions of the book use, to their three digits, in keV."""
    steps = {0.02: 4, 0.05: 14, 0.123: 18, 0.15: 20, 0.2: 22, 1.23: 26, 1.3: 28, 2.0: 30, 12: 32}
    ge = electron("Ge")
    assert ge.available(np.array(list(steps)) * 1e-3).tolist() == list(steps.values())
    for edge in (0.030, 0.121, 0.125, 0.180, 1.217, 1.248, 1.415, 11.11):
        assert min(abs(np.array(ge.breakpoints) * 1e3 - edge)) < 7e-4 * max(1, edge)


def test_a_shell_opens_at_its_binding_energy():
    xe = electron("Xe")
    assert list(xe.breakpoints) == sorted(set(xe.breakpoints))
    edge = xe.breakpoints[-1]  # K
    assert edge == 34.561e-3
    assert xe.available([np.nextafter(edge, 0), edge]).tolist() == [52, 54]
    assert xe.available(np.full((2, 3), edge)).shape == (2, 3)


def test_free_electrons():
    free = electron("Ge", free=True)
    assert free.shells == ((0.0, 32.0),)
    assert free.breakpoints == ()
    assert free.available([1e-9, 1.0]).tolist() == [32, 32]
    assert free.name == "electron of Ge"
    assert free.mass == CODATA_2022.electron_mass


def test_electrons_of_a_target():
    """Isotopes of an element have their electrons together; the compound keeps its atoms."""
    ((ge, atoms),) = target("Ge").electrons()
    assert ge == electron("Ge")
    assert atoms == pytest.approx(1000 * AVOGADRO / 72.630, rel=1e-4)
    names = [e.name for e, _ in target("CsI").electrons()]
    assert names == ["electron of Cs", "electron of I"]
    total = sum(e.number * atoms for e, atoms in target("D2O").electrons(free=True))
    assert total == pytest.approx(10 * 1000 * AVOGADRO / 20.03, rel=1e-3)
    with pytest.raises(UnknownTargetError, match=r"'Fe': its shells are not known .*free=True"):
        target("Fe").electrons()
    heavy = Target("X", (Nuclide("X500", 200, 300, 5e5),), (1e24,))
    with pytest.raises(UnknownTargetError, match="'X500'"):
        heavy.electrons(free=True)


def test_no_electron():
    for name in ("Xx", "Ge72", "", 3, None):
        with pytest.raises(UnknownTargetError, match="it is no symbol of an element"):
            electron(name)  # type: ignore[arg-type]
    with pytest.raises(KindError, match="free: got 'yes'; allowed: True or False"):
        electron("Ge", free="yes")  # type: ignore[arg-type]
    with pytest.raises(DomainError, match="energy T: got 0 MeV; allowed: finite, above 0 MeV"):
        electron("Ge").available(0.0)
    for shells in ((), ((1e-3,),), 3.0, (1e-3, 2.0)):
        with pytest.raises(DomainError, match=r"shells: got .*; allowed: pairs of a binding"):
            Electron("Ge", shells)  # type: ignore[arg-type]
    with pytest.raises(DomainError, match="number of electrons: got 0"):
        Electron("Ge", ((1e-3, 0.0),))
    with pytest.raises(DomainError, match=r"shells: got -0\.001"):
        Electron("Ge", ((-1e-3, 2.0),))
