"""Names of materials, as laboratories write them, beside the atoms that they mean."""

import periodictable
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib.constants import AVOGADRO
from cevnslib.physics.formulas import TRADE, UnknownTargetError, read
from cevnslib.physics.targets import target


def meant(formula):
    """Numbers of atoms of a formula in the spelling of periodictable: isotopes as Te[130]."""
    atoms = periodictable.formula(formula).atoms
    found = {
        ("H" if atom.symbol in "DT" else atom.symbol, getattr(atom, "isotope", 0)): count
        for atom, count in atoms.items()
    }
    return pytest.approx(found)


CRYSTALS = {
    "NaI": ["NaI(Tl)", "NaI[Tl]", "NaI:Tl", "NaI (Tl)", "NaI : Tl", "NaI:Tl,Li", "NaI (NaI:Tl)"],
    "CsI": ["CsI[Na]", "CsI(Tl)", "CsI(Na)", "CsI [Na]", "CsI:Tl+"],
    "CaF2": ["CaF2:Eu", "CaF2(Eu)", "CaF₂:Eu", "CaF2:Eu2+", "CaF2:Eu²⁺"],
    "LaBr3": ["LaBr3:Ce", "LaBr3(Ce)", "LaBr3(Ce+Sr)", "LaBr3:Ce,Sr", "LaBr3:Ce3+"],
    "ZnS": ["ZnS(Ag)", "ZnS:Cu"],
    "ZnSe": ["ZnSe(Te)"],
    "GaAs": ["GaAs:Si,B", "GaAs:(Si,B)"],
    "Gd3Al2Ga3O12": ["Gd3Al2Ga3O12:Ce", "GAGG:Ce", "GAGG(Ce)"],
    "Li[6]I": ["6LiI:Eu", "6LiI(Eu)", "⁶LiI:Eu"],
    "CaO2H2": ["Ca(OH)2:Eu", "Ca(OH)2(Eu)"],
}


@pytest.mark.parametrize(("crystal", "names"), CRYSTALS.items())
def test_a_dopant_is_left_out(crystal, names):
    for name in names:
        assert read(name).atoms == meant(crystal), name


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("Ca(OH)2", "CaO2H2"),
        ("(CH3)2", "C2H6"),
        ("[CH3]2", "C2H6"),
        ("Si(CH3)4", "SiC4H12"),
        ("Ca3(Si(OH)6)2", "Ca3Si2O12H12"),
        ("Li2(Mo)O4", "Li2MoO4"),
        ("C4D10O", "C4D10O"),
        ("Cd0.9Zn0.1Te", "Cd0.9Zn0.1Te"),
        ("CH1.104", "CH1.104"),
        ("N2", "N2"),
        ("D2", "D2"),
    ],
)
def test_formulas_stay_formulas(name, formula):
    assert read(name).atoms == meant(formula)
    assert read(name).name == name


@pytest.mark.parametrize(
    "formula",
    [
        *("C60", "C70", "C6H6", "C9H10", "C9H12", "C12H26", "C13H28", "C14H10", "C16H18", "C18H30"),
        *("C12H22O11", "C10H16O", "C7H16O", "C12H28Si", "C14H14N2", "Be3Al2Si6O18", "Bi12SiO20"),
        *("Y3Al5O12", "NH3", "H2O", "C3F8", "C4F10", "WF6", "Cs2LiYCl6", "Sn63Pb37"),
    ],
)
def test_what_compounds_have_is_counted(formula):
    assert read(formula).atoms == meant(formula)


ENRICHED = {
    "Te[130]O2": [
        "130TeO2",
        "[130Te]O2",
        "(130Te)O2",
        "^130TeO2",
        "^{130}TeO2",
        "¹³⁰TeO₂",
        "$^{130}$TeO$_2$",
        "Te[130]O2",
        "^{130}TeO_{2}",
    ],
    "Li[6]F": ["6LiF", "⁶LiF", "(6Li)F", "[6Li]F"],
    "Li2Mo[100]O4": ["Li2(100Mo)O4", "Li2 100MoO4", "Li2(100MoO4)", "Li₂¹⁰⁰MoO₄", "Li2[100Mo]O4"],
    "ZnSe[82]": ["Zn(82Se)", "Zn 82Se", "Zn82Se", "Zn⁸²Se"],
    "Ca[48]WO4": ["48CaWO4", "48Ca(WO4)"],
    "Ca[40]Mo[100]O4": ["40Ca100MoO4", "40Ca(100Mo)O4"],
    "Cs2Li[6]YCl6": ["Cs2(6Li)YCl6", "Cs2 6LiYCl6"],
    "Li[6]2Mo[100]O4": ["6Li2(100Mo)O4"],
    "Ge[76]": ["76Ge", "Ge76", "Ge-76", "^76Ge", "⁷⁶Ge", "Ge[76]"],
    "C[13]H4": ["13CH4"],
    "H[2]": ["2H", "D"],
    "H[3]2": ["T2"],
}


@pytest.mark.parametrize(("formula", "names"), ENRICHED.items())
def test_isotopes(formula, names):
    """Atoms, and the number of them in a kilogram by the molar mass of periodictable."""
    for name in names:
        assert read(name).atoms == meant(formula), name
    molar = periodictable.formula(formula)
    atoms = sum(molar.atoms.values()) * 1000 * AVOGADRO / molar.mass
    # Natural lithium: standard weight and average of the isotopes differ by 0.03 u of these 178.
    assert sum(target(names[0]).nuclei_per_kg) == pytest.approx(atoms, rel=4e-4)


@pytest.mark.parametrize(
    ("name", "counted", "labelled"),
    [
        ("Te130O2", "Te_130O2", "130TeO2"),
        ("Li2Mo100O4", "Li2Mo_100O4", "Li2(100Mo)O4"),
        ("Li6F", "Li_6F", "6LiF"),
        ("ZnSe82", "ZnSe_82", "Zn(82Se)"),
        ("Ca48WO4", "Ca_48WO4", "48CaWO4"),
        ("B10F3", "B_10F3", "10BF3"),
        ("H2O18", "H2O_18", "H2(18O)"),
        ("C13H4", "C_13H4", "13CH4"),
        ("N15H3", "N_15H3", "15NH3"),
        ("U235O2", "U_235O2", "235UO2"),
        ("Li2100MoO4", "Li_2100MoO4", "Li2(100Mo)O4"),
        ("Cs26LiYCl6", "Cs_26LiYCl6", "Cs2(6Li)YCl6"),
        ("Fe64Ni36", "Fe_64Ni36", "Fe(64Ni)36"),
        ("H2", "H_2", "D"),
    ],
)
def test_what_may_be_two_things_is_asked_back(name, counted, labelled):
    with pytest.raises(UnknownTargetError) as refused:
        read(name)
    assert f"write {counted} or {labelled};" in str(refused.value)
    plain = counted.replace("_", "")
    if name != "U235O2":
        assert read(counted).atoms == meant(plain)
    assert any(mass for _, mass in read(labelled).atoms)


@pytest.mark.parametrize("name", ["Te₁₃₀O₂", "(Te)130O2", "Te_{130}O_2"])
def test_a_true_count_can_be_written(name):
    assert read(name).atoms == meant("Te130O2")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Ge:Si", "Ge doped with Si, or a mixture or compound of these?"),
        ("Ge(Ga)", r"Ge doped with Ga, .*write Ge, or numbers of atoms as in 1\(Ge\):1Ga"),
        ("NaI:Na", "NaI doped with Na"),
        ("Na(I)", "Na doped with I"),
        ("LAr:Xe", "LAr doped with Xe"),
        ("Si:Ge72", "each part of a mixture begins with its number of atoms"),
        ("2Ge:Si", "each part of a mixture"),
        ("NaI:2Tl", "each part of a mixture"),
        ("NaI:Xx", "a dopant is one element without a number"),
        ("72Ge:28Si", r"the isotopes 72Ge, 28Si\? write, say, 72\(Ge\):28\(Si\)"),
        ("2H2O", r"2 H2O or the isotope 2H\? write H2O or D2O"),
        ("CaCl2.2H2O", "a hydrate or a decimal number"),
        ("CSI", r"did you mean CsI\?"),
        ("PBWO4", r"did you mean PbWO4\?"),
        ("PS", "polystyrene or phosphorus and sulfur"),
        ("LYSO", "its composition varies"),
        ("CZT", "Cd0.9Zn0.1Te"),
        ("TPC", "a kind of detector"),
        ("plastic scintillator", "write, say, C9H10 or C8H8"),
        ("Pb (PWO)", "Pb and PWO are two materials"),
        ("Germanium", r"did you mean Ge\?"),
        ("argon", r"did you mean Ar\?"),
        ("hpge", r"did you mean HPGe\?"),
        ("200Ge", "there is no isotope 200Ge; of Ge there are 70Ge, 72Ge, 73Ge, 74Ge, 76Ge"),
        ("Ge999", "there is no isotope 999Ge"),
        ("2Ge", "there is no isotope 2Ge"),
        ("Te^130O2", "there is no isotope 130O"),
        ("Ge0", "0 is no mass number"),
        ("1.5Ge", "1.5 is no mass number"),
        ("06LiF", "06 is no mass number"),
        ("CsI0", "0 is no number of atoms"),
        ("CsI99999", "99999 is no number of atoms"),
        ("(Ge", r"the bracket \( was not closed"),
        ("Ge)", r"the bracket \) was not opened"),
        ("(Ge]", r"the bracket \] was not opened"),
        ("Li2(Mo", r"the bracket \( was not closed"),
        ("()", "it names no element"),
        ("100(MoO4)", "it names no element"),
        ("\N{CYRILLIC CAPITAL LETTER ES}sI", "cyrillic capital letter es"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER C}sI", "fullwidth latin"),
        ("CuSO4·5H2O", "middle dot"),
        ("Cs\nI", "a sign that cannot be printed"),
        ("Cs\u202eI", "right-to-left override"),
        ("C" * 101, "it has 101 letters, more than 100"),
        ("(" * 49 + "Ge" + ")" * 48, "was not closed"),
        ("__import__('os').system('x')", "it names no element"),
        ("{Ge}", "it names no element"),
        ("2%Ge//Si", "it names no element"),
        ("aa:GGG", "each part of a mixture"),
    ],
)
def test_refused_in_words(name, words):
    with pytest.raises(UnknownTargetError, match=words):
        read(name)


NAMES = {
    "Ge": ["HPGe", "PPC-Ge", "PPC", "BEGe", "Ge(Li)", "Ge (HPGe)"],
    "Si": ["CCD", "Skipper-CCD", "Skipper CCD", "Si(Li)", "Si (CCD)"],
    "Ar": ["LAr", "GAr"],
    "Ne": ["LNe"],
    "Xe": ["LXe", "GXe", "Xe (LXe)"],
    "PbWO4": ["PWO"],
    "CdWO4": ["CWO"],
    "Bi4Ge3O12": ["BGO"],
    "Lu2SiO5": ["LSO"],
    "Y3Al5O12": ["YAG"],
    "Cs2LiYCl6": ["CLYC"],
    "C9H10": ["PVT"],
    "C18H30": ["LAB"],
    "H2O": ["water"],
    "H[2]2O": ["heavy water"],
    "Al2O3": ["sapphire"],
}


@pytest.mark.parametrize(("formula", "names"), NAMES.items())
def test_names_of_the_trade(formula, names):
    """Above all those that would read as formulas, of which none is meant."""
    for name in names:
        assert read(name).atoms == meant(formula), name
        assert read(name).name.endswith(f" ({name})") or " (" in name


def test_every_name_of_the_trade_can_be_read():
    for name, formula in TRADE.items():
        assert read(name).name == f"{formula} ({name})"


@pytest.mark.parametrize("name", ["HPGe", "Ge (HPGe)", "NaI:Tl", "Zn82Se", "GAGG(Ce)", "Ge(Li)"])
def test_what_was_understood_is_a_name_again(name):
    made = read(name)
    assert read(made.name) == made._replace(name=read(made.name).name)
    assert read(made.name).name == made.name


SYMBOLS = st.sampled_from(["Ge", "Te", "Li", "O", "C", "H", "Zn", "Se", "Mo", "F"])


@given(parts=st.lists(st.tuples(SYMBOLS, st.integers(1, 140)), min_size=2, max_size=5))
def test_a_formula_is_the_atoms_counted_or_asked_back(parts):
    """A number after an element is never a mass number of that element by itself."""
    name = "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in parts)
    lowered = "".join(f"{symbol}_{count}" for symbol, count in parts)
    counted = read(lowered).atoms
    assert counted == meant(lowered.replace("_", ""))
    try:
        made = read(name)
    except UnknownTargetError:
        return
    labelled = {symbol for symbol, mass in made.atoms if mass}
    assert made.atoms == pytest.approx(counted) or all(f"{s})" in made.name for s in labelled)
