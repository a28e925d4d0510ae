"""Drawings of the process: a neutrino, a nucleus, and what they exchange."""

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...constants import CODATA_2022, KEV
from ...experiments import load
from ...physics.form_factors import symmetrized_fermi
from ...physics.interactions import MagneticMoment, StandardModel
from ...physics.neutrinos import Neutrino
from ...physics.scattering import Interaction
from ...physics.targets import Electron, Nuclide, electron, nuclide
from .canvas import SMALL, Canvas, Drawing
from .plots import Axis, labels_apart

__all__ = ["cross_sections", "diagrams", "inverse_beta_decay", "recoil", "waves"]

#: The nucleus that is drawn, and two recoils of it in MeV.
CAESIUM, RECOILS = "Cs133", (3 * KEV, 60 * KEV)
#: How many of its nucleons are drawn.
NUCLEONS = 12


def momentum_transfer(T: float, struck: Nuclide) -> float:
    """Return q in 1/fm of a recoil T in MeV."""
    return math.sqrt(2 * struck.mass * T) / CODATA_2022.hbar_c


def places(struck: Nuclide, number: int = NUCLEONS) -> NDArray[np.float64]:
    """Return x and y in fm of some nucleons that stand for all of a nucleus.

    Along x, that of the momentum, each stands for an equal share of the density, a sphere with the
    size of the library's form factor; so their amplitudes add up as those of the whole nucleus do.
    """
    q = 1e-3
    radius = math.sqrt(10 * (1 - float(symmetrized_fermi(q, struck)))) / q
    grid = np.linspace(-1, 1, 2001)
    share = (2 + 3 * grid - grid**3) / 4  # of a sphere, up to a plane
    x = np.interp((np.arange(number) + 0.5) / number, share, grid)
    # Across, steps of the golden ratio leave no gaps.
    across = 2 * ((0.31 + np.arange(number) * 0.618034) % 1) - 1
    y = 0.86 * across * np.sqrt(1 - x**2)
    return radius * np.array([x, y])


def waves() -> Drawing:
    """Draw a nucleus in a long wave and in a short one, and the sums of its amplitudes.

    Examples
    --------
    >>> waves().title
    'Nucleons in and out of phase'
    """
    sheet, struck = Canvas(600), nuclide(CAESIUM)
    x, y = places(struck)
    scale, step = 12.0, 23.0
    for T, top, words in zip(RECOILS, (0, 305), ("Long wave", "Short wave"), strict=True):
        q = momentum_transfer(T, struck)
        middle, low = top + 150, top + 262
        sheet.text(8, top + 26, words, "bold")
        sheet.text(
            8, top + 52, f"{2 * math.pi / q:.0f} fm: a recoil of {T / KEV:.0f} keV", size=SMALL
        )
        along = np.linspace(0, 290, 200)
        sheet.line(zip(along, low - 22 * np.cos(q * (along - 145) / scale), strict=True), "blue")
        sheet.circle(145, middle, scale * 6.9, "wash", fill=True)
        for a, b in zip(145 + scale * x, middle + scale * y, strict=True):
            turn = q * (a - 145) / scale
            hand = (10 * math.cos(turn), -10 * math.sin(turn))
            sheet.circle(a, b, 12, "faint")
            sheet.arrow((a - hand[0], b - hand[1]), (a + hand[0], b + hand[1]), head=8)
        chain = np.concatenate([[0], np.cumsum(np.exp(1j * q * x))]) * step
        chain = chain - (chain.real.max() + chain.real.min()) / 2 + 470
        points = [(float(z.real), middle - 24 - float(z.imag)) for z in chain]
        for start, end in pairwise(points):
            sheet.arrow(start, end, head=8)
        under = max(b for _, b in points) + 24
        sheet.arrow((points[0][0], under), (points[-1][0], under), "red", head=11)
        word = f"sum: {float(symmetrized_fermi(q, struck)):.2f} of the whole"
        sheet.text(470, under + 34, word, "red", "middle", SMALL)
    sheet.text(470, 26, "amplitudes, head to tail", anchor="middle", size=SMALL)
    sums = [abs(float(symmetrized_fermi(momentum_transfer(T, struck), struck))) for T in RECOILS]
    return sheet.drawing(
        "waves",
        "Nucleons in and out of phase",
        f"A caesium nucleus with {NUCLEONS} of its nucleons, each with an arrow for the phase of "
        "the wave where it stands. In a wave much longer than the nucleus the arrows point nearly "
        f"the same way and add up to {sums[0]:.0%} of their whole length; in one as short as the "
        f"nucleus they point all ways, curl up, and leave {sums[1]:.0%}.",
    )


def diagrams(magnetic: bool = True) -> Drawing:
    """Draw the exchange of a Z, and beside it that of a photon through a magnetic moment.

    Parameters
    ----------
    magnetic : bool, optional
        Whether the second is drawn, too.

    Examples
    --------
    >>> diagrams().title
    'Two ways to push a nucleus'
    """
    sheet = Canvas(400 if magnetic else 360)
    _diagram(sheet, 160 if magnetic else 320, photon=False)
    words = "Z exchange: the spin of the neutrino stays opposite to its motion, left-handed."
    if magnetic:
        _diagram(sheet, 480, photon=True)
        sheet.text(
            320, 388, "different final states: the two rates add up", anchor="middle", size=SMALL
        )
        words += (
            " Photon exchange through a magnetic moment: the spin turns over, and the neutrino "
            "leaves right-handed. In both the nucleus stays whole."
        )
    title = "Two ways to push a nucleus" if magnetic else "Exchange of a Z"
    return sheet.drawing("diagrams" if magnetic else "weak-diagram", title, words)


def _diagram(sheet: Canvas, x: float, photon: bool) -> None:
    """Draw one diagram around x."""
    sheet.text(x, 26, "magnetic moment" if photon else "weak force", "bold", "middle")
    top, bottom, reach, rise = 140.0, 262.0, 130.0, 62.0
    for side, after in ((-1, False), (1, True)):
        outer = (x + side * reach, top - rise)
        start, end = ((x, top), outer) if after else (outer, (x, top))
        middle, u = np.add(start, end) / 2, np.subtract(end, start) / math.hypot(reach, rise)
        sheet.line([start, end], "blue")
        sheet.arrow(start, middle + 6 * u, "blue", 14)
        # The spin stands below the line: against the motion, or along with it once it is turned.
        along = 1 if photon and after else -1
        place = middle + np.array([-side * 14, 30])
        sheet.arrow(place - 26 * along * u, place + 26 * along * u, "red", 12)
        name = "ν_{R}" if photon and after else "ν_{L}"
        sheet.text(outer[0] - side * 2, outer[1] - 12, name, "blue", "middle")
        for lift in (-5, 0, 5):
            sheet.line([(x, bottom + lift), (x + side * reach, bottom + 36 + lift)])
    if photon:
        sheet.wave((x, top), (x, bottom), turns=6)
        sheet.circle(x, top, 9, "red", fill=True)
        sheet.text(x + 20, top + 70, "γ")
    else:
        sheet.line([(x, top), (x, bottom)], "dashed")
        sheet.text(x + 16, top + 70, "Z")
    sheet.circle(x, bottom, 13, fill=True)
    sheet.text(x, 322, "nucleus", anchor="middle", size=SMALL)
    sheet.text(x, 352, "spin turned over" if photon else "spin kept", "red", "middle", SMALL)


def inverse_beta_decay(E: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cross section of inverse beta decay in cm^2, within 1%.

    Parameters
    ----------
    E : ndarray
        Energies of the antineutrino in MeV, above the threshold of 1.806 MeV.

    References
    ----------
    A. Strumia and F. Vissani, Phys. Lett. B 564 (2003) 42, astro-ph/0302055, eq. 25 (recalled; a
    test compares it with the lowest order).

    Examples
    --------
    >>> f"{inverse_beta_decay(np.array([10.0]))[0]:.2e}"
    '6.78e-42'
    """
    positron = E - 1.293
    momentum = np.sqrt(positron**2 - CODATA_2022.electron_mass**2)
    log = np.log(E)
    return np.asarray(
        1e-43 * momentum * positron * E ** (-0.07056 + 0.02018 * log - 0.001953 * log**3)
    )


def _total(
    interaction: Interaction,
    energies: NDArray[np.float64],
    struck: Nuclide | Electron,
    neutrino: Neutrino | None = None,
    least: float = 0.0,
) -> NDArray[np.float64]:
    """Return the cross section in cm^2 of all recoils, or of those above some energy."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    found = np.full(len(energies), np.nan)
    for i, E in enumerate(energies):
        most = float(interaction.maximum_recoil(E, struck))
        if most > least:
            low, high = math.log(max(least, 1e-9 * most)), math.log(most)
            T = np.exp(low + (high - low) * (nodes + 1) / 2)
            density = interaction.differential_cross_section(T, E, struck, neutrino)
            found[i] = (high - low) / 2 * np.sum(weights * T * density)
    return found


#: The moment that is drawn, and the least recoil in MeV that it is drawn for.
MOMENT, LEAST = 1e-10, 0.1 * KEV


def cross_sections() -> Drawing:
    """Draw cross sections against the energy of the neutrino, of nuclei and of what is lighter.

    Examples
    --------
    >>> cross_sections().title
    'Cross sections on one scale'
    """
    sheet = Canvas(560)
    end = load("coherent-csi").beams[-1].spectrum.breakpoints[-1]
    reactor = load("conus").beams[0].spectrum.breakpoints[-1]
    across = Axis((1.0, end), (78, 424), logarithmic=True)
    up = Axis((1e-46, 1e-37), (500, 44), logarithmic=True)
    E = np.geomspace(1, end, 120)
    weak, free = StandardModel(), electron("Ge", free=True)
    curves = {
        f"{name.rstrip('0123456789')} nucleus": ("blue", _total(weak, E, nuclide(name)))
        for name in (CAESIUM, "Ge74", "Ar40")
    }
    beta = np.where(E > 1.82, inverse_beta_decay(np.maximum(E, 1.82)), np.nan)
    curves["inverse beta decay"] = ("", beta)
    magnetic = _total(MagneticMoment(MOMENT), E, nuclide("Ge74"), least=LEAST)
    curves["10^{−10} μ_{B} on Ge"] = ("red", magnetic)
    curves["ν_{e} on an electron"] = ("", _total(weak, E, free, Neutrino("e")))
    curves["ν_{μ} on an electron"] = ("", _total(weak, E, free, Neutrino("mu")))
    for decade in range(-45, -36, 2):
        y = up(10.0**decade)
        sheet.line([(78, y), (424, y)], "wash")
        sheet.text(70, y + 6, f"10^{{{decade}}}".replace("-", "−"), anchor="end")
    for tick in (1, 2, 5, 10, 20, 50):
        sheet.line([(across(tick), 500), (across(tick), 507)])
        sheet.text(across(tick), 530, f"{tick}", anchor="middle", size=SMALL)
    sheet.line([(78, 44), (78, 500), (424, 500)])
    sheet.text(8, 22, "cross section (cm^{2})")
    sheet.text(251, 554, "neutrino energy (MeV)", anchor="middle")
    heights = labels_apart([up(values[-1]) + 6 for _, values in curves.values()], 25)
    for (name, (ink, values)), height in zip(curves.items(), heights, strict=True):
        sheet.line([(across(e), up(s)) for e, s in zip(E, values, strict=True) if s > 1e-45], ink)
        sheet.text(432, height, name, ink, size=19)
    for low, high, name in ((1.0, reactor, "reactor"), (1.06 * reactor, end, "spallation")):
        sheet.line([(across(low), 486), (across(high), 486)], "faint")
        sheet.text(across(math.sqrt(low * high)), 476, name, "", "middle", SMALL)
    at = float(np.interp(10, E, curves["Cs nucleus"][1]))
    ratio = at / float(inverse_beta_decay(np.array([10.0]))[0])
    return sheet.drawing(
        "cross-sections",
        "Cross sections on one scale",
        f"Cross sections against neutrino energy from 1 to {end:.0f} MeV, both axes logarithmic. "
        "Coherent scattering on nuclei of caesium, germanium and argon lies on top and grows like "
        f"the square of the energy; at 10 MeV caesium has {ratio:.0f} times the cross section of "
        "inverse beta decay on a proton. A magnetic moment of 1e-10 Bohr magnetons on germanium, "
        f"for recoils above {LEAST / KEV:g} keV, hardly grows. Electrons lie lowest.",
    )


def _cluster(number: int, size: float) -> list[tuple[float, float]]:
    """Return the places of discs of some size that are packed around the origin."""
    rows = range(-5, 6)
    grid = [(size * (2 * i + j % 2), size * math.sqrt(3) * j) for i in rows for j in rows]
    grid.sort(key=lambda p: (math.hypot(p[0] + 0.6 * size, p[1] - 0.2 * size), p))
    return grid[:number]


def recoil() -> Drawing:
    """Draw the process: a neutrino passes, the nucleus recoils as a whole, there is a tiny flash.

    Examples
    --------
    >>> recoil().title
    'A neutrino pushes a nucleus'
    """
    sheet, struck = Canvas(342), nuclide(CAESIUM)
    discs = _cluster(37, 11)
    before, shift = np.array([286.0, 164.0]), np.array([66.0, 36.0])
    after, away = before + shift, math.radians(-28)
    for k in range(7):  # wave fronts that come in, and those that leave
        sheet.line([(30 + 24 * k, 104), (30 + 24 * k, 224)], "blue faint")
        radius = 112 + 22 * k
        turns = away + np.linspace(-1, 1, 20) * math.asin(56 / radius)
        sheet.line(before + radius * np.array([np.cos(turns), np.sin(turns)]).T, "blue faint")
    sheet.arrow((10, before[1]), (before[0] - 92, before[1]), "blue", 15)
    out = np.array([math.cos(away), math.sin(away)])
    sheet.arrow(before + 92 * out, before + 286 * out, "blue", 15)
    sheet.circle(before[0], before[1], 80, "faint dashed")
    neutrons = round(len(discs) * struck.neutrons / struck.nucleons)
    for k, (a, b) in enumerate(discs):
        ink = "" if (k * 23) % len(discs) < neutrons else "faint"
        sheet.circle(after[0] + a, after[1] + b, 10.2, ink, fill=True)
    for k, turn in enumerate(np.radians(np.arange(-8, 142, 15))):
        ray = np.array([math.cos(turn), math.sin(turn)])
        sheet.line([after + 92 * ray, after + (122 - 12 * (k % 2)) * ray], "red")
    sheet.text(10, 84, "neutrino", "blue")
    sheet.text(452, 302, "a tiny flash", "red")
    sheet.text(10, 302, "the whole nucleus")
    sheet.text(10, 330, "recoils")
    return sheet.drawing(
        "recoil",
        "A neutrino pushes a nucleus",
        "A neutrino comes in from the left as a wave, is scattered, and leaves to the upper right. "
        "The nucleus, a cluster of neutrons and protons, has moved to the lower right as a whole; "
        "short rays around it are the flash that a detector sees.",
    )
