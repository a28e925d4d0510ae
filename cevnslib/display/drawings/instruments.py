"""Drawings of the experiment: where the neutrinos come from, when, and what a detector sees."""

import math

import numpy as np

from ...constants import KEV
from ...detectors.efficiency import PhotoelectronAcceptance
from ...experiments import Experiment, load
from ...sources.arrivals import MUON_LIFETIME_US, PION_LIFETIME_US, GaussianPulse, Pulsed
from .canvas import SMALL, Canvas, Drawing
from .plots import Axis, labels_apart

__all__ = ["crystal", "pulse", "reactors", "spallation_hall"]

#: Experiments at the spallation source, and at reactors.
HALL = ("coherent-csi", "coherent-hpge", "coherent-nai", "coherent-lar")
AT_REACTORS = ("miner", "conus", "red100", "texono", "connie")


def _place(experiment: Experiment) -> str:
    return f"{experiment.metres:g} m"


def spallation_hall() -> Drawing:
    """Draw the hall of a spallation source from above, distances to scale.

    Examples
    --------
    >>> spallation_hall().title
    'The hall of the spallation source'
    """
    sheet, found = Canvas(480), [load(name) for name in HALL]
    unit, target = 14.0, (64.0, 380.0)  # of a metre
    wall = 18.0  # metres from the target to the alley
    for radius in (10, 20):
        r, last = unit * radius, math.asin(60 / (unit * radius))
        turns = np.linspace(math.radians(-88), last, 60)
        arc = zip(target[0] + r * np.cos(turns), target[1] + r * np.sin(turns), strict=True)
        sheet.line(arc, "faint dashed")
        x = target[0] + r * math.cos(last)
        sheet.text(x, target[1] + 86, f"{radius} m", "", "middle", SMALL)
    left, right = target[0] + unit * (wall - 1.2), target[0] + unit * (wall + 2.2)
    sheet.box(target[0] + unit * 4, 34, left - target[0] - unit * 4, 400, "wash")
    for x in (left, right):
        sheet.line([(x, 24), (x, 434)])
    sheet.text(target[0] + unit * 4 + 8, 60, "steel, concrete,", size=SMALL)
    sheet.text(target[0] + unit * 4 + 8, 84, "gravel", size=SMALL)
    sheet.text((left + right) / 2, 16, "alley", "", "middle", SMALL)
    sheet.arrow((4, 380), (target[0] - 12, 380), head=12)
    sheet.text(4, 420, "protons", size=SMALL)
    sheet.circle(*target, 12, "red", fill=True)
    sheet.text(4, 350, "mercury", "red", size=SMALL)
    spots = []
    for experiment, across in zip(found, (0, 0, -0.6, 1.0), strict=True):
        d = wall + 0.5 + across
        spots.append(
            (target[0] + unit * d, target[1] - unit * math.sqrt(experiment.metres**2 - d**2))
        )
    heights = labels_apart([y + 7 for _, y in spots], 30)
    for experiment, (x, y), height in zip(found, spots, heights, strict=True):
        sheet.line([target, (x, y)], "blue faint")
        sheet.box(x - 7, y - 7, 14, 14, "blue")
        sheet.line([(x + 12, y), (right + 22, height - 7)], "faint")
        name = experiment.title.removeprefix("COHERENT ")
        sheet.text(right + 28, height, f"{name}, {_place(experiment)}")
    words = ", ".join(f"{e.title} at {_place(e)}" for e in found)
    return sheet.drawing(
        "spallation-hall",
        "The hall of the spallation source",
        "Seen from above: protons come from the left and hit a target of mercury; behind steel, "
        "concrete and gravel an alley runs past it, where detectors stand, at their distances from "
        f"the target to scale: {words}.",
    )


def reactors() -> Drawing:
    """Draw detectors beside their reactors, distances to scale.

    Examples
    --------
    >>> reactors().title
    'How close to a reactor'
    """
    sheet, found = Canvas(470), sorted((load(name) for name in AT_REACTORS), key=lambda e: e.metres)
    across = Axis((0.0, 30.0), (52, 470))
    for row, experiment in enumerate(found):
        y = 52 + 78 * row
        (beam,) = experiment.beams
        power = beam.rate / load("conus").beams[0].rate
        # A core's volume goes like its power; a large one is some three and a half metres wide.
        radius = max(1.75 * power ** (1 / 3) * (across(1) - across(0)), 3)
        x = across(experiment.metres)
        sheet.line([(across(0), y), (x, y)], "faint")
        sheet.circle(across(0), y, radius, "red", fill=True)
        sheet.box(x - 7, y - 7, 14, 14, "blue")
        flux = (
            experiment.fluence(beam) / experiment.exposure * float(beam.spectrum.moments(0.0, 0)[0])
        )
        digits, power_of_ten = f"{flux:.0e}".split("e")
        unit = " ν̄_{e} per cm^{2} and s" if not row else ""
        sheet.text(x + 16, y - 3, f"{experiment.title}, {_place(experiment)}", size=19)
        sheet.text(x + 16, y + 24, f"{digits}·10^{{{int(power_of_ten)}}}{unit}", "blue")
    sheet.text(across(0), 98, "core", "red", "middle", SMALL)
    for metre in (0, 10, 20, 30):
        sheet.line([(across(metre), 420), (across(metre), 428)])
        sheet.text(across(metre), 450, f"{metre} m", "", "middle", SMALL)
    sheet.line([(across(0), 420), (across(30), 420)])
    return sheet.drawing(
        "reactors",
        "How close to a reactor",
        "Five rows, each with the core of a reactor at the left and a detector at its distance, to "
        "scale: "
        + ", ".join(f"{e.title} at {_place(e)}" for e in found)
        + ". The volume of a core is drawn to go like its power.",
    )


#: A pulse of protons like that of a spallation source, chosen for the picture: its middle and its
#: width in microseconds.
PROTONS = GaussianPulse(0.5, 0.15)


def pulse() -> Drawing:
    """Draw when the neutrinos of a spallation source come.

    Examples
    --------
    >>> pulse().title
    'Prompt and delayed neutrinos'
    """
    sheet = Canvas(420)
    across, window = Axis((0.0, 6.0), (30, 620)), 1.0
    beams = {
        "protons": (Pulsed(pulse=PROTONS), 1),
        "prompt": (Pulsed((PION_LIFETIME_US,), PROTONS), 1),
        "delayed": (Pulsed((MUON_LIFETIME_US,), PROTONS), 2),
    }
    edges = np.linspace(0, 6, 241)
    curves = {
        name: number * arrival.share(edges[:-1], edges[1:]) / np.diff(edges)
        for name, (arrival, number) in beams.items()
    }
    up = Axis((0.0, float(curves["protons"].max())), (330, 60))
    middles = (edges[1:] + edges[:-1]) / 2
    sheet.box(across(0), 40, across(window) - across(0), 290, "wash")
    for name, ink in (("prompt", "blue"), ("delayed", "red"), ("protons", "dashed")):
        points = [(across(t), up(n)) for t, n in zip(middles, curves[name], strict=True)]
        if name == "protons":
            points = [p for p in points if p[0] < across(1.1)]
        else:
            sheet.area([(across(0), 330), *points, (across(6), 330)], f"{ink} wash")
        sheet.line(points, ink)
    share = {name: float(arrival.share(0.0, window)) for name, (arrival, _) in beams.items()}
    sheet.line([(across(0), 330), (across(6), 330)])
    for tick in range(7):
        sheet.line([(across(tick), 330), (across(tick), 337)])
        sheet.text(across(tick), 360, f"{tick}", "", "middle", SMALL)
    sheet.text(across(3), 392, "microseconds", "", "middle")
    sheet.text(across(0), 26, "the first microsecond holds", size=SMALL)
    sheet.text(across(1.1), 80, f"{share['prompt']:.0%} of the prompt ν_{{μ}}", "blue")
    sheet.text(across(1.1), 116, "dashed: the protons", "", size=SMALL)
    sheet.text(
        across(2.2), 220, f"{share['delayed']:.0%} of the delayed ν_{{e}} and ν̄_{{μ}}", "red"
    )
    return sheet.drawing(
        "pulse",
        "Prompt and delayed neutrinos",
        "Neutrinos per microsecond against time after the start of a pulse. The prompt ones follow "
        "the protons' pulse, a bump in the first microsecond, which holds "
        f"{share['prompt']:.0%} of them. The delayed ones, twice as many, rise with it and fall "
        "with the life of the muon over six microseconds; "
        f"{share['delayed']:.0%} of them come in the first.",
    )


#: The recoil that is followed, in MeV, and how many photoelectrons its light makes per keV
#: electron-equivalent: COHERENT's CsI[Na], arXiv:2110.07730 (recalled; 13.35 in their release).
RECOIL, LIGHT_YIELD = 10 * KEV, 13.348


def crystal() -> Drawing:
    """Follow a recoil in a crystal of caesium iodide to the cut.

    Examples
    --------
    >>> crystal().title
    'From a recoil to the cut'
    """
    sheet = Canvas(680)
    detector = load("coherent-csi").detector
    acceptance = detector.efficiency
    assert isinstance(acceptance, PhotoelectronAcceptance)
    mean = acceptance.photoelectrons_per_keV * RECOIL / KEV
    seen = mean / LIGHT_YIELD
    # The lattice, and a nucleus that leaves its place.
    for i in range(9):
        for j in range(5):
            if (i, j) != (2, 2):
                sheet.circle(38 + 34 * i, 32 + 34 * j, 5, "faint", fill=True)
    sheet.arrow((6, 24), (98, 92), "blue")
    track = [(106, 100), (141, 118), (162, 110), (184, 126)]
    sheet.line(track, "red")
    sheet.circle(*track[0], 6, "faint")
    sheet.circle(*track[-1], 8, "red", fill=True)
    for turn, reach in ((-0.42, 236), (-0.12, 226), (0.17, 228)):
        u = np.array([math.cos(turn), math.sin(turn)])
        sheet.wave(track[-1] + 22 * u, track[-1] + reach * u, "", 10, 4)
    sheet.frame(424, 26, 96, 146)
    for k in range(round(mean)):
        sheet.circle(448 + 24 * (k % 3), 50 + 29 * (k // 3), 5, fill=True)
    sheet.text(532, 92, "photo-", size=SMALL)
    sheet.text(532, 114, "electrons", size=SMALL)
    left, full = 20, 600
    rows = (
        (f"recoil: {RECOIL / KEV:.0f} keV", RECOIL / KEV, "red"),
        (f"seen as light: {seen:.2f} keV_{{ee}}, the rest is heat", seen, "blue"),
    )
    for k, (words, energy, ink) in enumerate(rows):
        y = 230 + 74 * k
        sheet.text(left, y, words)
        sheet.frame(left, y + 12, full, 20, "faint")
        sheet.box(left, y + 12, full * energy * KEV / RECOIL, 20, ink)
    sheet.text(left, 378, f"photoelectrons: {mean:.1f} on average")
    numbers = np.arange(0, 26)
    chance = np.exp(numbers * math.log(mean) - mean - [math.lgamma(n + 1) for n in numbers])
    passed = chance * acceptance(numbers * KEV / acceptance.photoelectrons_per_keV)
    floor, width = 600, full / len(numbers)
    for n, (some, kept) in enumerate(zip(chance, passed, strict=True)):
        x, tall = left + width * n + 2, 170 / chance.max()
        sheet.box(x, floor - tall * some, width - 4, tall * some, "wash")
        if kept:
            sheet.box(x, floor - tall * kept, width - 4, tall * kept, "blue")
    cut = left + width * acceptance.full
    noise = np.linspace(0.2, 9, 50)
    sheet.line(zip(left + width * noise, floor - 190 * np.exp(-noise / 2), strict=True), "dashed")
    sheet.text(left + 46, 456, "noise", size=SMALL)
    sheet.line([(cut, 416), (cut, floor)], "red")
    sheet.text(cut + 8, 428, "cut", "red", size=SMALL)
    sheet.line([(left, floor), (left + full, floor)])
    for n in range(0, 25, 6):
        sheet.text(left + width * (n + 0.5), floor + 26, f"{n}", "", "middle", SMALL)
    sheet.text(left, floor + 66, f"blue: counted, {passed.sum():.0%} of such recoils")
    return sheet.drawing(
        "crystal",
        "From a recoil to the cut",
        f"A neutrino knocks a nucleus of caesium iodide out of its place in the lattice. Of its "
        f"{RECOIL / KEV:.0f} keV, a bar of full length, {seen:.2f} keV are seen as light, a short "
        f"bar. The light makes {mean:.1f} photoelectrons on average; their number is spread as a "
        "histogram around it. Below the cut at "
        f"{acceptance.full:.0f} lies the noise; of the recoils above, a growing share is counted, "
        f"{passed.sum():.0%} in all.",
    )
