"""Nuclides and targets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib.constants import AVOGADRO, CODATA_2022
from cevnslib.errors import DomainError
from cevnslib.physics.targets import Nuclide, Target, UnknownTargetError, nuclide, target


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


@given(name=st.text(alphabet="CsIGe0123:[]{}+-. /@n", max_size=12))
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
    ["NaI(Tl)", "72Ge", "2Ge", "Ge:", ":Ge", "Ge::Si", "ge", "Ge72Si2x", "Na I", "2Ge;Si", "C60+"],
)
def test_names_that_could_be_misread_are_refused(name):
    with pytest.raises(UnknownTargetError, match="allowed: an element"):
        target(name)


def test_parts_of_a_mixture_are_read_as_they_are_alone():
    def numbers(name):
        made = target(name)
        return {n.name: count for n, count in zip(made.nuclides, made.nuclei_per_kg, strict=True)}

    one = numbers("Si:Ge72")
    assert one["Ge72"] == pytest.approx(sum(x for key, x in one.items() if key.startswith("Si")))
    water = numbers("2H2O:1C")
    shares = [
        sum(x for key, x in water.items() if key.startswith(e)) for e in (("H", "D"), "O", "C")
    ]
    assert shares == pytest.approx([4 * shares[2], 2 * shares[2], shares[2]])
    assert numbers("Ca(OH)2") == pytest.approx(numbers("CaO2H2"))
