"""Explorers without a browser: their numbers are the library's, their errors are words."""

import asyncio
import re
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from cevnslib import experiments, rates
from cevnslib.display import explorers, figures, views
from cevnslib.display.interactive import DPI, Choice, Control, Explorer, Number, Slider
from cevnslib.display.views import View
from cevnslib.errors import CevnsError, DomainError
from cevnslib.physics import interactions
from cevnslib.physics.mixing import TALK_2019, effective_moment_squared, pmns
from cevnslib.studies import moments, sterile

SNS, REACTOR = views.PLACES
EVERY = {
    "recoil": explorers.recoil_explorer,
    "moment": explorers.moment_explorer,
    "design": explorers.design_explorer,
    "sterile": explorers.sterile_explorer,
}


def numbers(words):
    """Return the numbers in a read-out."""
    return [float(x) for x in re.findall(r"(?<![\w|])\d+(?:\.\d+)?(?:e[+-]\d+)?", words)]


@pytest.mark.parametrize("place", views.PLACES)
def test_recoils_are_those_of_the_library(place):
    view = views.recoils("Ar", place, 3.0, 0.7 if place == REACTOR else 20.0)
    threshold = 0.7 if place == REACTOR else 20.0
    experiment = experiments.from_description(
        "mine",
        {
            **views.PLACES[place],
            "target": "Ar",
            "mass_kg": 1,
            "threshold_keV": threshold,
            "exposure_days": 1,
            "statistics": {"kind": "projection", "sigma_stat": 0.1, "sigma_sys": 0.1},
        },
    )
    weak = rates.expected_counts(experiment, interactions.StandardModel())
    magnetic = rates.expected_counts(experiment, interactions.MagneticMoment(3e-10))
    assert view.numbers["weak"] == pytest.approx(weak, rel=1e-12)
    assert view.numbers["magnetic"] == pytest.approx(magnetic, rel=1e-12)
    found = numbers(view.words)
    assert found[2:] == [float(f"{x:.3g}") for x in (weak, magnetic, 100 * magnetic / weak)]


def test_moments_are_those_of_the_library():
    view = views.moments(0.3, 0.4, 0.5, 1.2, 1.5)
    moduli = np.sqrt([0.3, 0.7 * 0.6, 0.7 * 0.4])
    vector = moduli * np.exp(1j * np.pi * np.array([0, 0.5, 1.2]))
    parameters = replace(TALK_2019, delta_cp=1.5 * np.pi)
    for flavour in ("e", "mu", "tau"):
        direct = effective_moment_squared(vector, flavour, parameters)
        assert view.numbers[flavour] == pytest.approx(float(direct), rel=1e-12)
    assert numbers(view.words)[1:4] == [float(f"{view.numbers[f]:.3f}") for f in ("e", "mu", "tau")]
    # The solar mixture keeps the share of each mass state.
    solar = moments.solar_limits(experiments.load_solar("borexino"))
    kept = (2.8e-11 / solar) ** 2
    assert view.numbers["solar"] == pytest.approx(float(kept @ moduli**2), rel=1e-12)


def test_the_blind_direction_is_named():
    U = pmns(TALK_2019)[0]
    view = views.moments(abs(U[0]) ** 2, abs(U[2]) ** 2 / (1 - abs(U[0]) ** 2), 0.0, 0.0, 0.0)
    assert view.numbers["e"] == pytest.approx(0, abs=1e-12)
    assert view.words.endswith("ν_e is nearly blind to it.")


def test_designs_are_those_of_the_library():
    setting = (REACTOR, "Ge", 3.85, 0.1, "electron-equivalent", 0.5, 1.0, 2.0, 0.1, "fitted")
    view = views.design(*setting)
    conus = experiments.load("conus", spectrum_end_MeV=12.5)
    source = experiments.from_description(
        "mine",
        {
            **views.PLACES[REACTOR],
            "target": "Ge",
            "mass_kg": 3.85,
            "threshold_keV": 0.1,
            "threshold_kind": "electron-equivalent",
            "electrons": "left out",
            "efficiency": 0.5,
            "exposure_years": 1,
            "statistics": {"kind": "projection", "sigma_stat": 0.1, "sigma_sys": 0.1},
        },
    )
    weak = rates.expected_counts(source, interactions.StandardModel())
    assert weak / rates.expected_counts(conus, interactions.StandardModel()) == pytest.approx(
        3.0 / 3.9 * (17 / 20) ** 2, rel=1e-10
    )
    assert view.numbers["signal"] == pytest.approx(weak, rel=1e-12)
    noise = 2.0 * 3.85 * 365
    assert view.numbers["background"] == pytest.approx(noise, rel=1e-12)
    K = rates.moment_matrix(source).diagonal().real
    # Upper root of (N - S)^2 = 2.71 (S + 2 B + 0.01 N^2).
    rise = 2.705543454
    a, b, c = 1 - 0.01 * rise, -2 * weak, weak**2 - rise * (weak + 2 * noise)
    N = (-b + np.sqrt(b * b - 4 * a * c)) / 2 / a
    np.testing.assert_allclose(view.numbers["limits"], np.sqrt((N - weak) / K), rtol=1e-8)
    assert numbers(view.words)[2:5] == [float(f"{x / 1e-10:.3g}") for x in view.numbers["limits"]]


def test_oscillations_are_those_of_the_library():
    view = views.disappearing("coherent-nai", "e", "50%, 5%, 10%", 3.0, 0.25)
    experiment = sterile.set_up("coherent-nai", "50%, 5%, 10%")
    study = sterile.disappearance(experiment, [3.0], "e")
    assert view.numbers["delta_chi2"] == pytest.approx(float(study.chi2(0.25)[0]), rel=1e-12)
    lost = sterile.disappeared_counts(experiment, [3.0])["nu_e"][0]
    assert view.numbers["before"] - view.numbers["after"] == pytest.approx(0.25 * lost, rel=1e-9)
    assert "not excluded" in view.words
    assert "not" not in views.disappearing("coherent-nai", "mu", "100%, 0%, 0%", 2.0, 0.9).words


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: views.recoils("Unobtainium", REACTOR, 1.0, 1.0), "Unobtainium"),
        (lambda: views.recoils("Ge", "the Moon", 1.0, 1.0), "unknown place 'the Moon'"),
        (lambda: views.recoils("Ge", REACTOR, -1.0, 1.0), "got -1e-10"),
        (lambda: views.moments(1.2, 0, 0, 0, 0), "share of Lambda_1: got 1.2; allowed"),
        (lambda: views.design(*design(mass=-3.0)), "mass_kg: got -3 kg; allowed: finite, above 0"),
        (lambda: views.design(*design(mass=float("nan"))), "mass_kg: got nan kg"),
        (lambda: views.design(*design(threshold=50.0)), "above all recoils of Ge there"),
        (lambda: views.design(*design(background=-1.0)), "background: got -1 events per kg"),
        (lambda: views.design(*design(error=3.0)), "stays below"),
        (lambda: views.disappearing("x", "e", "100%, 0%, 0%", 1.0, 0.1), "unknown sterile set-up"),
        (lambda: views.disappearing("csi-100kg", "e", "100%, 0%, 0%", 1.0, 1.1), "got 1.1"),
    ],
)
def test_wrong_settings_are_answered(call, words):
    with pytest.raises(CevnsError, match=words):
        call()


def design(**changes):
    """Return the arguments of a design, some of them changed."""
    setting = {
        "place": REACTOR,
        "target": "Ge",
        "mass": 10.0,
        "threshold": 0.5,
        "kind": "nuclear-recoil",
        "efficiency": 0.8,
        "years": 1.0,
        "background": 1.0,
        "error": 0.1,
        "signal_nuisance": "fitted",
    }
    return {**setting, **changes}.values()


@pytest.mark.parametrize("name", EVERY)
def test_every_explorer_shows_what_its_controls_say(name):
    explorer = EVERY[name]()
    explorer.live  # noqa: B018, it makes the widgets
    setting = {key: widget.value for key, widget in explorer.controls.items()}
    assert setting == {one.name: one.value for one in explorer.parts}
    assert explorer.update(**setting).words in explorer.words.value.replace("&lt;", "<")
    alt = re.search(r'alt="([^"]*)"', explorer.picture.value)
    assert alt
    assert all(one.label in alt[1] for one in explorer.parts)


def test_a_wrong_value_is_shown_in_words_and_reset_brings_back():
    explorer = explorers.design_explorer()
    explorer.live  # noqa: B018
    words, picture = explorer.words.value, explorer.picture.value
    explorer.controls["mass"].value = -3.0
    assert 'role="alert"' in explorer.words.value
    assert "mass_kg: got -3 kg; allowed: finite, above 0 kg" in explorer.words.value
    assert explorer.picture.value == picture
    explorer.live.children[-3].click()
    assert explorer.words.value == words
    assert explorer.controls["mass"].value == 10.0


def counted():
    """Return an explorer and the list of what it drew."""
    drawn = []

    def update(x, y):
        if x > 0.9:
            raise DomainError("x: got too much; allowed: less")
        drawn.append((x, y))
        return View(f"{x:g} {y}", lambda: Figure(figsize=(1, 1)))

    parts = [
        Slider("x", "x (keV)", 0.5, sample=(0.25, 0.5)),
        Choice("y", "y", "a", ("a", "b"), options=("a", "b")),
    ]
    return Explorer("x and y", parts, update, alt="nothing"), drawn


def test_changes_that_come_together_are_drawn_once():
    explorer, drawn = counted()
    explorer.live  # noqa: B018

    async def drag():
        for x in explorer.parts[0].positions[10:41]:
            explorer.controls["x"].value = x
        before = len(drawn)
        await asyncio.sleep(0.2)
        return before

    assert asyncio.run(drag()) == 1  # only the first picture
    assert drawn == [(0.5, "a"), (0.4, "a")]


def test_the_static_sample_holds_every_state():
    explorer, drawn = counted()
    page = explorer.static()
    assert drawn == [(0.25, "a"), (0.25, "b"), (0.5, "a"), (0.5, "b")]
    shown = re.findall(r"<figure( hidden)?>.*?<figcaption[^>]*>(.*?)</figcaption>", page)
    assert shown == [
        (" hidden", "0.25 a"),
        (" hidden", "0.25 b"),
        ("", "0.5 a"),
        (" hidden", "0.5 b"),
    ]
    assert re.findall(r'value="(\d)" aria-valuetext="([^"]*)"', page) == [("1", "0.5"), ("0", "a")]
    assert "make lab" in page


def test_the_page_takes_the_sample_and_the_notebook_the_widgets(monkeypatch):
    explorer, _ = counted()
    live = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in live
    monkeypatch.setenv("CEVNSLIB_STATIC", "1")
    page = explorer._repr_mimebundle_()
    assert set(page) == {"text/html", "text/plain"}
    assert page["text/plain"] == live["text/plain"] == "Explorer('x and y')"


def test_a_sample_is_drawn_once():
    explorer, drawn = counted()
    assert explorer.static() == explorer.static()
    assert len(drawn) == 4
    other, drawn_too = counted()  # of another function: what it shows is its own
    other.static()
    assert len(drawn_too) == 4


@pytest.mark.parametrize("name", EVERY)
def test_pictures_have_room_for_their_labels(name):
    """Each takes the places of one like it, found before; on its own it would take the same."""
    figures.use_house_style()
    explorer = EVERY[name]()
    setting = {one.name: one.value for one in explorer.parts}
    for one in explorer.parts:
        for value in (getattr(one, "options", ()) or one.sample)[-1:]:
            try:
                draw = explorer.update(**{**setting, one.name: value}).draw
            except CevnsError:
                continue  # a design that sees nothing
            arranged, alone = explorer._arranged(draw()), draw()
            alone.set_dpi(DPI)
            alone.draw_without_rendering()
            for axes, other in zip(arranged.axes, alone.axes, strict=True):
                np.testing.assert_allclose(
                    axes.get_position().extents, other.get_position().extents, atol=0.004
                )
            plt.close("all")


@pytest.mark.parametrize("name", EVERY)
def test_samples_are_small(name):
    """Four of them stay below a megabyte together."""
    explorer = EVERY[name]()
    states = np.prod([len(one.sample) for one in explorer.parts if one.sample])
    first = explorer.update(**{one.name: one.value for one in explorer.parts})
    assert first.words
    assert 4 <= states <= 20


def test_impossible_controls():
    with pytest.raises(DomainError, match=r"sample of x: got .* the first one, 0.5"):
        Slider("x", "x", 0.5, sample=(0.1, 0.2))
    parts: list[Control] = [Number("x", "x", 1.0), Number("x", "again", 1.0)]
    with pytest.raises(DomainError, match=r"controls: got the names \['x', 'x'\]"):
        Explorer("x", parts, View, alt="nothing")
    with pytest.raises(NotImplementedError):
        Control("x", "x", 1.0).widget()


def test_the_shares_of_the_three_moments():
    """Lambda_1 has its share, Lambda_3 its share of the rest, Lambda_2 what is left."""
    view = views.moments(0.3, 0.4, 0.0, 0.0, 0.0)
    vector = np.sqrt([0.3, 0.7 * 0.6, 0.7 * 0.4])
    for flavour in ("e", "mu", "tau"):
        expected = float(effective_moment_squared(vector, flavour))
        assert view.numbers[flavour] == pytest.approx(expected, rel=1e-12)


def test_a_beam_is_nearly_blind_below_a_tenth():
    U = pmns(TALK_2019)
    for seen, blind in ((0.08, True), (0.12, False)):
        # Along U_e but for a part that is orthogonal to it.
        along, across = np.abs(U[0]) ** 2, np.array([abs(U[0, 1]), -abs(U[0, 0]), 0.0])
        vector = np.sqrt(1 - seen) * np.sqrt(along)
        vector = vector + np.sqrt(seen) * across / np.linalg.norm(across)
        share, rest = vector[0] ** 2, vector[1] ** 2 + vector[2] ** 2
        phase = 0.0 if vector[1] >= 0 else 1.0
        view = views.moments(share, vector[2] ** 2 / rest, phase, 0.0, 0.0)
        assert view.numbers["e"] == pytest.approx(seen, abs=1e-9)
        assert ("ν_e is nearly blind" in view.words) is blind


def test_a_sterile_verdict_is_one_of_two_parameters():
    """Excluded at 90% from 4.61 on, not from 2.71."""
    place = ("coherent-lar", "mu", "100%, 15%, 10%", 1.5)
    rises = {}
    for amplitude in np.linspace(0.2, 0.5, 31):
        view = views.disappearing(*place, float(amplitude))
        rises[view.numbers["delta_chi2"]] = ": excluded" in view.words
    assert any(2.72 < rise < 4.60 for rise in rises)
    assert all(excluded == (rise > 4.605) for rise, excluded in rises.items())
