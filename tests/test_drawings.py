"""The drawings: whole, readable by all, and with the library's numbers."""

import math
import re
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from matplotlib import font_manager
from scipy.integrate import quad

from cevnslib import experiments
from cevnslib.display import drawings
from cevnslib.display.drawings import Chapter, Part, arrows, canvas, plots, process
from cevnslib.errors import CevnsError
from cevnslib.physics import interactions, mixing, targets
from cevnslib.physics.form_factors import symmetrized_fermi
from cevnslib.sources.arrivals import MUON_LIFETIME_US
from cevnslib.studies.moments import constraint
from tools import notebooks

SVG = "{http://www.w3.org/2000/svg}"
#: The width in pixels of a drawing on a phone of 390 pixels, and the least letters there.
PHONE, LEAST = 350, 9.0
PARTS = [
    Part(
        "1. The process", (Chapter("Nuclei", "nuclei.html", ("learn",), 20), Chapter("Electrons"))
    ),
    Part("2. The experiment", (Chapter("Sources & <fluxes>", "a.html?b&c", ("learn", "teach")),)),
]
ALL = {
    name: getattr(drawings, name)
    for name in drawings.__all__
    if name not in ("Chapter", "Part", "chapter_map")
}
ALL["weak"] = lambda: drawings.diagrams(magnetic=False)
ALL["chapters"] = lambda: drawings.chapter_map(PARTS)
DRAWN = {name: draw() for name, draw in ALL.items()}


def root(name: str) -> Any:
    return ElementTree.fromstring(DRAWN[name].svg)


def words(name):
    """Every label, without its markup."""
    return ["".join(text.itertext()) for text in root(name).iter(f"{SVG}text")]


def shapes(name, kind, ink):
    """The points of lines or areas of an ink."""
    for element in root(name).iter(f"{SVG}{kind}"):
        if element.get("class", "").split() == ink.split():
            pairs = element.get("points", "").split()
            yield np.array([[float(x) for x in pair.split(",")] for pair in pairs])


def number(pattern, labels):
    """The one number that a label holds."""
    (found,) = (match for label in labels if (match := re.fullmatch(pattern, label)))
    return float(found[1])


# ------------------------------------------------------------------ what holds for every drawing


@pytest.mark.parametrize("name", DRAWN)
def test_is_whole_and_says_what_it_shows(name):
    drawing = DRAWN[name]
    for text in (drawing.svg, drawing.inline):
        top: Any = ElementTree.fromstring(text)
        title, description = (top.find(f"{SVG}{tag}") for tag in ("title", "desc"))
        assert len(title.text) > 10
        assert len(description.text) > (80 if name != "weak" else 60)
        assert top.get("aria-labelledby").split() == [title.get("id"), description.get("id")]
        assert top.get("role") == ("group" if name == "chapters" else "img")
        assert len(text.encode()) < 60_000
        assert not re.search(r"nan|inf\b|http(?!://www.w3.org/2000/svg)", text)
    again = ALL[name]()
    assert again == drawing, "drawn twice, it differs"


def test_names_differ():
    ids = [drawing.name for drawing in DRAWN.values()]
    assert len(set(ids)) == len(ids)


def boxes(name):
    """Yield labels with their edges, by the widths of a font that is wider than most."""
    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    for text in root(name).iter(f"{SVG}text"):
        size, width = float(text.get("font-size")), 0.0
        pieces = [(text.text, size)]
        for span in text:
            pieces += [(span.text, float(span.get("font-size", size))), (span.tail, size)]
        for piece, height in pieces:
            font.set_size(height, 72)
            font.set_text((piece or "").replace("̄", ""), 0)
            width += font.get_width_height()[0] / 64
        x, y = float(text.get("x")), float(text.get("y"))
        x -= {"middle": width / 2, "end": width}.get(text.get("text-anchor"), 0.0)
        yield "".join(text.itertext()), x, x + width, y - 0.75 * size, y + 0.1 * size


@pytest.mark.parametrize("name", DRAWN)
def test_labels_lie_on_the_sheet_and_apart(name):
    labels = list(boxes(name))
    assert labels
    for label, left, right, top, bottom in labels:
        assert left > -1, label
        assert right < canvas.WIDTH + 8, label  # the font is a tenth wider than those of most pages
        assert 0 <= top < bottom <= DRAWN[name].height, label
    for (a, *first), (b, *second) in combinations(labels, 2):
        beside = first[1] <= second[0] or second[1] <= first[0]
        below = first[3] <= second[2] or second[3] <= first[2]
        assert beside or below, f"{a!r} over {b!r}"


@pytest.mark.parametrize("name", DRAWN)
def test_letters_are_large_enough_on_a_phone(name):
    for element in root(name).iter():
        size = element.get("font-size")
        assert size is None or float(size) * PHONE / canvas.WIDTH >= LEAST


@pytest.mark.parametrize("name", DRAWN)
def test_everything_lies_on_the_sheet_in_inks_that_are_known(name):
    known = {"line", "blue", "red", "faint", "wash", "dashed", "bold", "drawing"}
    for element in root(name).iter():
        assert set(element.get("class", "").split()) <= known
        assert "fill" not in element.attrib
        assert "stroke" not in element.attrib
        if element.get("points"):
            points = np.array(re.findall(r"(-?[\d.]+),(-?[\d.]+)", element.get("points")), float)
            assert np.all((points > -2) & (points < [canvas.WIDTH + 2, DRAWN[name].height + 2]))


def luminance(colour):
    linear = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in linear]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_accents_stand_out_on_white_and_on_dark():
    """As letters do (WCAG 1.4.3), and from each other for the three kinds of colour blindness."""
    themes = re.findall(r"--blue:(#\w+);--red:(#\w+)", canvas.STYLE)
    assert len(themes) == 2
    for accents, page in zip(themes, ("#ffffff", "#14181e"), strict=True):
        for colour in accents:
            bright, dim = sorted((luminance(colour), luminance(page)), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) > 4.5
        blue, red = (np.array([int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)]) for c in accents)
        for kind in BLIND.values():
            difference = np.array(kind) @ (blue - red)
            assert np.linalg.norm(difference) > 0.35


#: What is left of linear colour, Machado, Oliveira and Fernandes 2009, severity 1.
BLIND = {
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritan": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


# ------------------------------------------------------------------ in notebooks


def test_page_and_notebook_get_each_its_own(monkeypatch):
    drawing = DRAWN["waves"]
    monkeypatch.delenv("CEVNSLIB_STATIC", raising=False)
    assert drawing._repr_mimebundle_() == {
        "image/svg+xml": drawing.svg,
        "text/plain": f"{drawing.title}. {drawing.description}",
    }
    monkeypatch.setenv("CEVNSLIB_STATIC", "1")
    assert drawing._repr_mimebundle_()["text/html"] == drawing.inline
    assert "#fff" not in drawing.inline


def test_form_for_the_page_is_not_stored():
    drawing = DRAWN["waves"]
    data = {"text/html": drawing.inline, "image/svg+xml": drawing.svg, "text/plain": "a"}
    output = nbformat.v4.new_output("execute_result", data, execution_count=1)
    cell = nbformat.v4.new_code_cell("drawing", outputs=[output])
    notebook = notebooks.canonical(nbformat.v4.new_notebook(cells=[cell]))
    assert set(notebook.cells[0].outputs[0].data) == {"image/svg+xml", "text/plain"}


def test_drawings_of_the_chapters_have_caption_and_name():
    """And each is referred to."""
    shown = 0
    for path in notebooks.chapters():
        notebook = notebooks.read(path)
        prose = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        for cell in notebook.cells:
            last = cell.source.strip().split("\n")[-1]
            if cell.cell_type == "code" and last.startswith("drawings."):
                figure = cell.metadata["mystnb"]["figure"]
                assert len(figure["caption"]) > 40
                assert f"{{numref}}`{figure['name']}`" in prose
                shown += 1
    assert shown >= 7


# ------------------------------------------------------------------ numbers


def test_waves_have_the_recoils_and_sums_of_the_nucleus():
    labels, struck = words("waves"), targets.nuclide(process.CAESIUM)
    sums = [float(x) for label in labels for x in re.findall(r"sum: ([\d.]+)", label)]
    lines = re.findall(r"(\d+) fm: a recoil of (\d+) keV", "\n".join(labels))
    assert len(lines) == len(sums) == 2
    for line, total in zip(lines, sums, strict=True):
        length, recoil = float(line[0]), float(line[1]) * 1e-3
        q = math.sqrt(recoil**2 + 2 * struck.mass * recoil) / 197.327
        assert abs(2 * math.pi / q - length) < 0.51
        # The library's own, and what the drawn nucleons add up to.
        assert abs(float(symmetrized_fermi(q, struck)) - total) < 0.0051
        x, y = process.places(struck)
        assert abs(abs(np.exp(1j * q * x).mean()) - total) < 0.06
        gaps = [math.dist(*pair) for pair in combinations(zip(x, y, strict=True), 2)]
        assert min(gaps) * 12 > 22  # no nucleon covers another
    assert np.all(np.hypot(x, y) < 6.9)


def test_places_have_the_size_of_the_nucleus():
    """The mean square along one axis is a third of the density's."""
    for name in ("Ar40", "Ge74", "Cs133"):
        struck = targets.nuclide(name)
        x, _ = process.places(struck, 400)
        slope = (1 - float(symmetrized_fermi(0.01, struck))) / 0.01**2  # <r^2>/6
        assert abs(np.mean(x**2) / (2 * slope) - 1) < 5e-3


def test_inverse_beta_decay_is_that_of_lowest_order_near_threshold():
    E = np.array([2.0, 2.5, 3.0])
    positron = E - 1.293
    lowest = 9.52e-44 * positron * np.sqrt(positron**2 - 0.511**2)
    corrected = lowest * (1 - 7 * E / 938.27)  # of recoil, to its first order; Vogel 1999 has -7
    assert np.allclose(process.inverse_beta_decay(E), corrected, rtol=0.02)


@pytest.mark.parametrize(
    ("place", "ink", "name"), [(0, "line blue", "Cs133"), (1, "line blue", "Ge74")]
)
def test_curves_are_cross_sections(place, ink, name):
    curve = list(shapes("cross_sections", "polyline", ink))[place]
    struck, weak = targets.nuclide(name), interactions.StandardModel()
    up = plots.Axis((500.0, 44.0), (-46.0, -37.0))
    across = plots.Axis((78.0, 424.0), (0.0, math.log(52.829)))
    for x, y in curve[::20]:
        E = math.exp(across(x))

        def density(T, E=E):
            return float(weak.differential_cross_section(T, E, struck))

        total = quad(density, 0, float(weak.maximum_recoil(E, struck)))[0]
        assert abs(math.log10(total) - up(y)) < 0.004  # the tenth of a unit that is written


def test_moment_and_electrons_have_their_closed_forms():
    magnetic = interactions.MagneticMoment(process.MOMENT)
    (curve,) = shapes("cross_sections", "polyline", "line red")
    germanium = targets.nuclide("Ge74")
    E, least, most = 52.829, process.LEAST, float(magnetic.maximum_recoil(52.829, germanium))
    total = quad(lambda T: float(magnetic.differential_cross_section(T, E, germanium)), least, most)
    up = plots.Axis((500.0, 44.0), (-46.0, -37.0))
    assert abs(math.log10(total[0]) - up(curve[-1, 1])) < 0.004
    electron, weak = targets.electron("Ge", free=True), interactions.StandardModel()
    ends = [c[-1, 1] for c in shapes("cross_sections", "polyline", "line") if len(c) > 90]
    mass, fermi = 0.51099895, 1.1663787e-11
    for end, g_left in zip(ends[-2:], (0.5 + 0.2386, -0.5 + 0.2386), strict=True):
        # The integral up to T = E, less the electron's mass over the energy; right: sin^2 alone.
        scale = 2 * fermi**2 * mass * E / math.pi * (197.32698e-13) ** 2
        total = scale * (g_left**2 + 0.2386**2 / 3)
        assert abs(math.log10(total) - up(end)) < 0.01
        assert weak.maximum_recoil(E, electron) > 0.99 * E


def test_distances_are_to_scale():
    labels = words("spallation_hall")
    spots = [area.mean(axis=0) for area in shapes("spallation_hall", "polygon", "blue")]
    names = ("coherent-csi", "coherent-hpge", "coherent-nai", "coherent-lar")
    for spot, name in zip(spots, names, strict=True):
        metres = experiments.load(name).metres
        assert abs(math.dist(spot, (64, 380)) / 14 - metres) < 0.02
        assert any(label.endswith(f", {metres:g} m") for label in labels)


def test_reactors_are_to_scale():
    labels, circles = words("reactors"), []
    for element in root("reactors").iter(f"{SVG}circle"):
        circles.append(float(element.get("r")))
    spots = [area.mean(axis=0) for area in shapes("reactors", "polygon", "blue")]
    unit = (470 - 52) / 30
    found = re.findall(r"(\d)·10(\d+)", "\n".join(labels))
    fluxes = [float(f"{digits}e{power}") for digits, power in found]
    for spot, radius, shown in zip(spots, circles, fluxes, strict=True):
        metres = (spot[0] - 52) / unit
        (label,) = (x for x in labels if x.endswith(f", {metres:.0f} m"))
        experiment = experiments.load(label.split(",")[0].lower())
        assert abs(metres - experiment.metres) < 0.01
        (beam,) = experiment.beams
        fissions = experiment.fluence(beam) / experiment.exposure
        spectrum: Any = beam.spectrum
        flux = fissions * quad(spectrum.density, 0, 8, limit=200, points=[2])[0]
        assert abs(shown / flux - 1) < 0.5 / float(f"{flux:.0e}"[0]) + 0.02
        power = beam.rate / experiments.load("conus").beams[0].rate
        assert abs(radius - max(1.75 * unit * power ** (1 / 3), 3)) < 0.06


def test_pulse_has_the_shares_of_an_exponential():
    labels = words("pulse")
    late = number(r"(\d+)% of the delayed.*", labels) / 100
    # A Gaussian's mean of exp(t/tau) moves the exponential; pions add their own, small, delay.
    tau = MUON_LIFETIME_US
    expected = 1 - math.exp(-(1 - 0.5) / tau) * math.exp(0.5 * (0.15 / tau) ** 2)
    assert abs(late - expected) < 0.01
    assert number(r"(\d+)% of the prompt.*", labels) >= 99


def test_crystal_follows_the_light():
    labels = words("crystal")
    acceptance = experiments.load("coherent-csi").detector.efficiency
    recoil = number(r"recoil: (\d+) keV", labels)
    mean = number(r"photoelectrons: ([\d.]+) on average", labels)
    assert abs(mean - 1.17 * recoil) < 0.051
    seen = number(r"seen as light: ([\d.]+) keVee, the rest is heat", labels)
    assert abs(seen - 0.0878 * recoil) < 0.0051  # the quenching of COHERENT's release
    draws = np.random.default_rng(5).poisson(1.17 * recoil, 200_000)
    counted = float(np.mean(acceptance(draws * 1e-3 / 1.17)))
    shown = number(r"blue: counted, (\d+)% of such recoils", labels) / 100
    assert abs(counted - shown) < 0.005 + 5 * 0.5 / math.sqrt(200_000)


def test_triangle_closes_and_line_does_not():
    """With the shares of the definition, and arrows as long as the mixing."""
    row = mixing.pmns(mixing.TALK_2019)[1]
    closed = arrows.closing(np.abs(row)) * np.abs(row)
    assert abs(closed.sum()) < 1e-12
    aligned = row.conj() / np.abs(row)
    matrix = mixing.moment_matrix_flavour(aligned, mixing.TALK_2019)
    seen = float((matrix.conj().T @ matrix)[1, 1].real) / 3
    shown = [float(label[6:-1]) / 100 for label in words("triangle") if label.startswith("seen")]
    assert abs(shown[0] - seen) < 0.0051
    assert shown[1] == 1
    blue = list(shapes("triangle", "polygon", "blue"))
    tips = np.array([area[0] for area in blue if len(area) == 3])[:3]
    steps = np.diff(tips[:, 0])
    assert np.allclose(steps / steps.sum(), abs(row[1:]) / abs(row[1:]).sum(), atol=2e-3)


def test_blind_direction_has_the_limits_of_the_data():
    labels, csi = words("blind_direction"), experiments.load("coherent-csi")
    blind = mixing.pmns(mixing.TALK_2019)[1].real
    alone, both = (constraint(csi, beam) for beam in ("prompt", "all"))
    assert np.isinf(alone.limit_along(blind))
    assert "along: no limit" in labels
    across = np.linalg.svd(blind[np.newaxis])[2][1:]  # two directions across it
    turns = np.linspace(0, np.pi, 721)
    ways = np.outer(np.cos(turns), across[0]) + np.outer(np.sin(turns), across[1])
    assert np.allclose(alone.limit_along(ways) / 1e-10, number(r"across: (\d+)", labels), atol=0.51)
    limits = both.limit_along(ways) / 1e-10
    assert abs(number(r"across: (\d+) to .*", labels) - limits.min()) < 0.51
    assert abs(number(r"across: .* to (\d+)", labels) - limits.max()) < 0.51
    assert abs(number(r"along: (\d+)", labels) - both.limit_along(blind) / 1e-10) < 0.51


# ------------------------------------------------------------------ the map


def test_map_leads_to_every_chapter():
    top = root("chapters")
    links = {"".join(a.itertext()): a.get("href") for a in top.iter(f"{SVG}a")}
    assert links == {"Nuclei": "nuclei.html", "Sources & <fluxes>": "a.html?b&c"}
    labels = words("chapters")
    for part in PARTS:
        assert part.title in labels
        assert all(chapter.title in labels for chapter in part.chapters)
    assert {"learn", "teach", "20 min"} <= set(labels)
    stops = [c.get("class") for c in top.iter(f"{SVG}circle")]
    assert (stops.count("blue"), stops.count("red"), stops.count("")) == (2, 1, 3)


def test_map_needs_parts():
    with pytest.raises(CevnsError, match="parts"):
        drawings.chapter_map(["1. The process"])  # type: ignore[list-item]


# ------------------------------------------------------------------ the sheet


def test_labels_have_their_marks():
    sheet = canvas.Canvas(50)
    sheet.text(10, 30, "*q*^{2} & Λ_{μ}, ν_{12}")
    (text,) = ElementTree.fromstring(sheet.drawing("a", "b", "c").svg).iter(f"{SVG}text")
    assert "".join(text.itertext()) == "q2 & Λμ, ν12"
    lifts = [float(span.get("dy", 0)) for span in text]
    assert abs(sum(lifts)) < 8  # the last one is lowered, and nothing drifts
    italic = [span.text for span in text if span.get("font-style") == "italic"]
    assert italic == ["q", "μ"]


def test_no_letter_of_a_label_is_lost():
    sheet = canvas.Canvas(50)
    sheet.text(10, 30, "a * b_c ^ d")
    (text,) = ElementTree.fromstring(sheet.drawing("a", "b", "c").svg).iter(f"{SVG}text")
    assert "".join(text.itertext()) == "a * b_c ^ d"


@pytest.mark.parametrize("end", [(10.0, 10.0), (12.0, 10.0), (90.0, 60.0)])
def test_arrows_end_where_they_should(end):
    sheet = canvas.Canvas(100)
    sheet.arrow((10.0, 10.0), end)
    top = ElementTree.fromstring(sheet.drawing("a", "b", "c").svg)
    heads = [element.attrib["points"] for element in top.iter(f"{SVG}polygon")]
    assert [head.split()[0] for head in heads] == [f"{end[0]:g},{end[1]:g}"] * (end != (10.0, 10.0))


@pytest.mark.parametrize("seed", range(20))
def test_labels_are_moved_apart_and_no_further(seed):
    heights = np.random.default_rng(seed).uniform(0, 200, 7)
    moved = np.array(plots.labels_apart(list(heights), 20.0))
    order = np.argsort(heights)
    assert np.all(np.diff(moved[order]) > 20 - 1e-9)
    far = np.arange(7) * 40.0
    assert plots.labels_apart(list(far), 20.0) == list(far)
    assert abs(moved.mean() - heights.mean()) < 1e-9
