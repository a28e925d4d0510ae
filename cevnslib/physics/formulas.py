"""What a material is called, read as atoms: formulas, isotopes, dopants, names of laboratories.

The parser of ``periodictable`` is not used: it reads ``HPGe`` as hydrogen, phosphorus and
germanium, ``NaI:Tl`` not at all, and every number after an element as a count.
"""

import difflib
import re
import unicodedata
from functools import cache
from typing import NamedTuple, NoReturn

from ..errors import CevnsError, quoted

__all__ = ["UnknownTargetError"]


class UnknownTargetError(CevnsError):
    """A target or nuclide cannot be made from the name given."""

    def __init__(self, name: object, why: str = "it names no element, isotope or compound") -> None:
        super().__init__(
            f"unknown target {quoted(name)}: {why}; allowed: an element (Ge), an isotope (Ge72), "
            "a compound (CsI) or a mixture by number of atoms (2Ge:1Si)"
        )


class Material(NamedTuple):
    """What a name was understood as.

    Parameters
    ----------
    name : str
        What was understood and, where it differs in more than its spelling, what came in.
    atoms : dict of tuple of (str, int) to float
        How many of each: symbol of the element, and mass number, 0 for the natural mixture.
    """

    name: str
    atoms: dict[tuple[str, int], float]


#: Names of the trade with what they are made of. Some would read as formulas: PWO, CCD, PVT.
TRADE = {
    **dict.fromkeys(("HPGe", "HP-Ge", "PPC", "PPC-Ge", "PPCGe", "PCGe", "BEGe", "Ge(Li)"), "Ge"),
    **dict.fromkeys(("CCD", "Si-CCD", "Skipper-CCD", "Skipper CCD", "Si(Li)"), "Si"),
    **{f"{phase}{gas}": gas for phase in "LG" for gas in ("He", "Ne", "Ar", "Kr", "Xe")},
    **{"PWO": "PbWO4", "CWO": "CdWO4", "LMO": "Li2MoO4", "CLYC": "Cs2LiYCl6"},
    **{"BGO": "Bi4Ge3O12", "BSO": "Bi4Si3O12", "GSO": "Gd2SiO5", "LSO": "Lu2SiO5"},
    **{"GAGG": "Gd3Al2Ga3O12", "YAG": "Y3Al5O12", "LuAG": "Lu3Al5O12", "YAP": "YAlO3"},
    **{"PVT": "C9H10", "LAB": "C18H30", "water": "H2O", "heavy water": "D2O"},
    **{"sapphire": "Al2O3", "diamond": "C"},
}
#: Names that say too little, with the reason.
_UNCLEAR = {
    **dict.fromkeys(("plastic", "plastic scintillator"), "write, say, C9H10 or C8H8"),
    "PS": "polystyrene or phosphorus and sulfur? write C8H8 or P_1S",
    "TPC": "it is a kind of detector; write what fills it",
    **dict.fromkeys(("CZT", "CdZnTe"), "its composition varies; write, say, Cd0.9Zn0.1Te"),
    "LYSO": "its composition varies; write, say, Lu1.8Y0.2SiO5",
    "HgCdTe": "its composition varies; write, say, Hg0.8Cd0.2Te",
    "InGaAs": "its composition varies; write, say, In0.53Ga0.47As",
    "AlGaAs": "its composition varies; write, say, Al0.3Ga0.7As",
}
#: Elements alone that come in molecules. H2 is not among them, as it might be deuterium.
_MOLECULES = ("D2", "T2", "N2", "O2", "F2", "Cl2", "Br2", "I2", "P4", "S8", "C60", "C70")
#: Two capitals in which a chemist would suspect one element.
_SHOUTED = r"(CS(?=I|$)|SI|PB|CU|NI|SN|BI)(?![a-z])"
#: What near matches are sought in, beside names of the trade and of elements.
_COMMON = ("CsI", "NaI", "LiF", "CaF2", "TeO2", "GaAs", "CaWO4", "PbWO4", "Li2MoO4", "D2O", "H2O")
_LONGEST = 100
_HEAVY_HYDROGEN = {"D": 2, "T": 3}
#: Elements of which compounds hold many atoms.
_ORGANIC = ("C", "H", "N", "O")
#: From here on a number after another element suggests a mass number, not a count.
_LARGE = 20

_SPELLING = {
    **{sign: f"^{digit}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{sign: f"_{digit}" for digit, sign in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{"⁺": "+", "$": "", "\N{NO-BREAK SPACE}": " "},
}
_TOKEN = re.compile(
    r"(?P<mass>\^\d+)|(?P<count>_\d+)|(?P<number>\d+(?:\.\d+)?)|(?P<element>[A-Z][a-z]?)"
    r"|(?P<open>[(\[])|(?P<close>[)\]])|(?P<space> +)|(?P<other>.)"
)
#: What may stand before a token, "" at the beginning. A number is a count where one may stand.
_BEFORE = {
    "mass": ("", "open", "space", "element", "close", "count"),
    "count": ("element", "close"),
    "element": ("", "open", "element", "close", "count", "mass"),
    "open": ("", "open", "element", "close", "count"),
    "close": ("element", "close", "count"),
    "space": ("element", "close", "count"),
}


def read(name: str) -> Material:
    """Read the name of a material, or refuse it.

    Examples
    --------
    >>> read("NaI(Tl)")
    Material(name='NaI (NaI(Tl))', atoms={('Na', 0): 1.0, ('I', 0): 1.0})
    >>> read("Zn82Se").name
    'Zn(82Se)'
    """
    text = _spelled(name)
    material = _read(text, name)
    return material._replace(name=name) if material.name == text else material


def _spelled(name: str) -> str:
    """Return a name in ASCII: raised digits after ^, lowered ones after _, without braces."""
    if len(name) > _LONGEST:
        raise UnknownTargetError(name, f"it has {len(name)} letters, more than {_LONGEST}")
    text = "".join(_SPELLING.get(sign, sign) for sign in name)
    text = re.sub(r"(?<=\d)[\^_](?=\d)", lambda mark: _between(text, mark), text)
    for sign in text:
        if not sign.isascii() or not sign.isprintable():
            words = unicodedata.name(sign, "a sign that cannot be printed").lower()
            raise UnknownTargetError(name, f"it holds {sign!a} ({words})")
    text = re.sub(r"([\^_])\{(\d+)\}", r"\1\2", text)
    return re.sub(r"([A-Z][a-z]?)\[(\d+)\]", r"(^\2\1)", text)  # Te[130]


def _between(text: str, mark: re.Match[str]) -> str:
    """Return what stands between two digits: nothing, if both are raised, or both lowered."""
    before = re.search(r"[\^_](?=\d$)", text[: mark.start()])
    return "" if before and before[0] == mark[0] else mark[0]


def _read(text: str, name: str) -> Material:
    """Read what is spelled in ASCII: name of the trade, mixture, dopant, formula."""
    if text in _UNCLEAR:
        raise UnknownTargetError(name, _UNCLEAR[text])
    if text in TRADE:
        return Material(f"{TRADE[text]} ({text})", _formula(TRADE[text], name).atoms)
    both = re.fullmatch(r"(\S.*?) \((.*)\)", text)  # Ge (HPGe)
    if both and not _dopants(both[2]):
        first, second = (_read(part.strip(), name) for part in both.groups())
        if first.atoms != second.atoms:
            raise UnknownTargetError(name, f"{both[1]} and {both[2]} are two materials")
        return Material(text, first.atoms)
    if ":" in text:
        return _mixture(text, name)
    ending = re.fullmatch(r"(.+?) *(?:\(([^()]*)\)|\[([^\[\]]*)\])", text)
    inside = (ending[2] or ending[3] or "") if ending else ""
    if ending and _dopants(inside):
        return _doped(ending[1], inside, name)
    return _formula(text, name)


def _mixture(text: str, name: str) -> Material:
    """Read a mixture by numbers of atoms, or of formulas, or a dopant after a colon."""
    parts = [part.strip() for part in text.split(":")]
    found = [re.fullmatch(r"(\d+(?:\.\d+)?) *([^\d ].*)", part) for part in parts]
    counted = [(part[1], part[2]) for part in found if part]
    isotopes = [number + _first(part) for number, part in counted if _natural(_first(part), number)]
    if len(parts) == 2 and _dopants(parts[1]) and len(counted) == len(isotopes):
        return _doped(parts[0], parts[1], name)
    if len(counted) < len(parts):
        raise UnknownTargetError(
            name,
            "each part of a mixture begins with its number of atoms (2Ge:1Si), and a dopant is one "
            "element without a number after a compound (NaI:Tl)",
        )
    if len(counted) == len(isotopes):
        anew = ":".join(f"{number}({part})" for number, part in counted)
        raise UnknownTargetError(
            name, f"numbers of atoms or the isotopes {', '.join(isotopes)}? write, say, {anew}"
        )
    made = [(float(number), _read(part, name).atoms) for number, part in counted]
    atoms = [{atom: number * count for atom, count in part.items()} for number, part in made]
    return Material(text, _sum(atoms))


def _dopants(text: str) -> list[str]:
    """Return the elements that a text lists without numbers, none if it is anything else."""
    signs = re.split(r" *, *|\+(?=[A-Z])", text.strip().removeprefix("(").removesuffix(")"))
    found = [re.fullmatch(r"([A-Z][a-z]?)(\^?\d?\+)?", sign) for sign in signs]  # Ce, Ce3+
    symbols = [sign[1] for sign in found if sign and sign[1] in elements()]
    return symbols if len(symbols) == len(signs) else []


def _doped(host: str, dopants: str, name: str) -> Material:
    """Read a crystal and leave out what it is doped with."""
    host, added = host.strip(), _dopants(dopants)
    crystal = _read(host, name)
    symbols = {symbol for symbol, _ in crystal.atoms}
    if len(symbols) == 1 or symbols & set(added):
        raise UnknownTargetError(
            name,
            f"{host} doped with {' and '.join(added)}, or a mixture or compound of these? write "
            f"{host}, or numbers of atoms as in 1({host}):1{added[0]}",
        )
    return Material(f"{TRADE.get(host, crystal.name)} ({name})", crystal.atoms)


def _formula(text: str, name: str) -> Material:
    """Read a formula without dopants."""
    alone = re.fullmatch(r"([A-Z][a-z]?)-?(\d+(?:\.\d+)?)", text)
    if alone and alone[1] in elements() and text not in _MOLECULES:
        if text == "H2":
            raise UnknownTargetError(name, "2 atoms of H or the isotope 2H? write H_2 or D")
        return Material(text, {_isotope(alone[1], _whole(alone[2], name), name): 1.0})
    shouted = re.search(_SHOUTED, text)
    if shouted:
        meant = text.replace(shouted[1], shouted[1].capitalize())
        raise UnknownTargetError(name, f"did you mean {meant}? it reads {', '.join(shouted[1])}")
    if re.search(r"\d\.\d+H2O$", text):
        raise UnknownTargetError(name, "a hydrate or a decimal number? write the atoms in full")
    if re.match(r"2H(?!$)", text):
        light, heavy = text[1:], text.replace("2H", "D", 1)
        raise UnknownTargetError(name, f"2 {light} or the isotope 2H? write {light} or {heavy}")
    return _atoms(text, name)


def _atoms(text: str, name: str) -> Material:
    """Add up the atoms of a formula, brackets within brackets."""
    levels: list[list[dict[tuple[str, int], float]]] = [[]]
    brackets, before, mass = "", "", 0
    plain: list[re.Match[str]] = []  # numbers after an element or a bracket
    for token in _TOKEN.finditer(text):
        kind, sign = str(token.lastgroup), token[0]
        if kind == "number":
            kind = "count" if before in _BEFORE["count"] else "mass"
            if kind == "count":
                plain.append(token)
        if before not in _BEFORE.get(kind, ()):
            _refuse(text, name)
        if kind == "mass":
            mass = _whole(sign.lstrip("^"), name)
        elif kind == "element":
            levels[-1].append({_atom(sign, mass, text, name): 1.0})
            mass = 0
        elif kind == "open":
            brackets += sign
            levels.append([])
        elif kind == "close":
            if brackets[-1:] + sign not in ("()", "[]"):
                raise UnknownTargetError(name, f"the bracket {sign} was not opened")
            brackets, inside = brackets[:-1], _sum(levels.pop())
            levels[-1].append(inside)
        elif kind == "count":
            number = float(sign.lstrip("_"))
            if not 0 < number < 10_000 or re.match(r"_?0\d", sign):
                raise UnknownTargetError(name, f"{sign} is no number of atoms")
            levels[-1][-1] = {atom: count * number for atom, count in levels[-1][-1].items()}
        before = kind
    if before in ("", "mass", "open", "space"):
        _refuse(text, name)
    if brackets:
        raise UnknownTargetError(name, f"the bracket {brackets[-1]} was not closed")
    material = Material(text, _sum(levels[0]))
    for token in plain:
        if better := _judged(token, [number[0] for number in plain], material.atoms, name):
            return _atoms(better, name)
    return material


def _judged(
    token: re.Match[str], counts: list[str], atoms: dict[tuple[str, int], float], name: str
) -> str:
    """Refuse a number that may be two things; return the formula anew if it is a mass number.

    See `cevnslib.physics.targets.target` for the rule.
    """
    text, number = token.string, token[0]
    start, rest = text[: token.start()], text[token.end() :]
    if "." in number:
        return ""
    before = re.search(r"(?P<labelled>(?:^|[(\[ ^])\d+)?(?P<element>[A-Z][a-z]?)?$", start)
    left, right = before["element"] or "" if before else "", _first(rest)
    labelled = bool(before and before["labelled"])
    ours = _is_left(left, int(number), atoms) and not labelled
    cut = _cut(left, number, right, atoms)
    if cut is not None:  # Zn82Se, Li2100MoO4
        read = f"{number[cut:]}{right}"
        anew = f"{start}{number[:cut]}({read}){rest[len(right) :]}"
        large = [count for count in counts if float(count) >= _LARGE]
        if large == [number] and not cut and left not in _ORGANIC and not _natural(left, number):
            return anew
    elif ours:  # Te130O2
        at = len(start) - len(left)
        read = f"{number}{left}"
        anew = f"{start[:at]}{read if at == 0 else f'({read})'}{rest}"
    else:
        return ""
    what, counted = left or "the bracket", f"{start}_{number}{rest}"
    raise UnknownTargetError(
        name, f"{number} atoms of {what} or the isotope {read}? write {counted} or {anew}"
    )


def _is_left(left: str, number: int, atoms: dict[tuple[str, int], float]) -> bool:
    """Whether a number may be the mass number of the element before it."""
    if left in ("", "H") or not _likely(left, number):
        return False
    others = sum(count for (symbol, _), count in atoms.items() if symbol != left)
    return left not in _ORGANIC or number > 2 * others


def _cut(left: str, number: str, right: str, atoms: dict[tuple[str, int], float]) -> int | None:
    """Return where, in a number, a natural mass number of the element after it begins."""
    if right == "H" or (left in _ORGANIC and {"C", "H"} <= {symbol for symbol, _ in atoms}):
        return None
    cuts = (cut for cut, digit in enumerate(number) if digit != "0")
    return next((cut for cut in cuts if _natural(right, number[cut:])), None)


def _refuse(text: str, name: str) -> NoReturn:
    """Refuse what is no formula, with the nearest name that is known."""
    import periodictable  # see _isotopes

    known = {known.lower(): known for known in (*_COMMON, *TRADE)}
    for element in periodictable.elements:
        known |= {element.name: element.symbol, element.symbol.lower(): element.symbol}
    close = difflib.get_close_matches(text.lower(), known, n=1, cutoff=0.75)
    hint = f" (did you mean {known[close[0]]}?)" if close else ""
    raise UnknownTargetError(name, f"it names no element, isotope or compound{hint}")


def _atom(symbol: str, mass: int, text: str, name: str) -> tuple[str, int]:
    """Return an element and its mass number, 0 for the natural mixture, or refuse it."""
    if symbol in _HEAVY_HYDROGEN and not mass:
        return "H", _HEAVY_HYDROGEN[symbol]
    if symbol not in elements():
        _refuse(text, name)
    return _isotope(symbol, mass, name) if mass else (symbol, 0)


def _isotope(symbol: str, mass: int, name: str) -> tuple[str, int]:
    """Return an isotope, or refuse it."""
    natural, known = _isotopes(symbol)
    if mass not in known:
        words = ", ".join(f"{number}{symbol}" for number in natural)
        has = f"of {symbol} there are {words}" if words else f"{symbol} has no natural isotopes"
        raise UnknownTargetError(name, f"there is no isotope {mass}{symbol}; {has}")
    return symbol, mass


def _whole(number: str, name: str) -> int:
    """Return a mass number, or refuse it."""
    if not number.isdecimal() or number[0] == "0":
        raise UnknownTargetError(name, f"{number} is no mass number")
    return int(number)


def _sum(parts: list[dict[tuple[str, int], float]]) -> dict[tuple[str, int], float]:
    """Add up numbers of atoms."""
    atoms: dict[tuple[str, int], float] = {}
    for part in parts:
        for atom, count in part.items():
            atoms[atom] = atoms.get(atom, 0.0) + count
    return atoms


def _first(text: str) -> str:
    """Return the element that a text begins with, or nothing."""
    found = re.match(r"[A-Z][a-z]?", text)
    return found[0] if found and found[0] in elements() else ""


def _natural(symbol: str, number: float | str) -> bool:
    """Whether a number is the mass number of a natural isotope."""
    return symbol in elements() and float(number) in _isotopes(symbol)[0]


def _likely(symbol: str, number: int) -> bool:
    """Whether a number is that of a natural isotope or, if large, of any."""
    known = symbol in elements() and number in _isotopes(symbol)[1]
    return known and (number >= _LARGE or _natural(symbol, number))


@cache
def elements() -> dict[str, int]:
    """Return the numbers of protons of all elements, by their symbols."""
    import periodictable  # see _isotopes

    return {element.symbol: element.number for element in periodictable.elements if element.number}


@cache
def _isotopes(symbol: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the mass numbers of natural isotopes of an element, and of all that are known."""
    import periodictable  # here, as loading its tables takes longer than all else

    every = list(periodictable.elements.symbol(symbol))
    natural = tuple(isotope.isotope for isotope in every if isotope.abundance > 0)
    return natural, tuple(isotope.isotope for isotope in every)
