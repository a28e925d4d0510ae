"""Every public function, class and method of the library, with arguments that are valid.

Arrays hold three values each, so that the same table serves the test of broadcasting. What is
missing here fails a test in test_bad_input.py.
"""

import dataclasses
import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cevnslib import experiments
from cevnslib.constants import CODATA_2022
from cevnslib.detectors import quenching, resolution
from cevnslib.display import sheets
from cevnslib.display.views import PLACES
from cevnslib.physics import interactions, mixing, neutrinos, oscillations, targets
from cevnslib.sources import spectra
from cevnslib.sources.beams import Beam
from cevnslib.sources.flux import Component
from cevnslib.sources.sns import spallation_source
from cevnslib.statistics import counts, coverage, fit, goodness, likelihood, templates
from cevnslib.studies import moments, published, report, scans, spectral, sterile
from tests.test_project import MODULES


def fields_of(thing: Any) -> dict[str, Any]:
    """Return what a dataclass was made from, without what it has computed since."""
    return {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing)}


CS, GE = targets.nuclide("Cs133"), targets.nuclide("Ge74")
NU_MU = neutrinos.Neutrino("mu")
CSI, CONUS = experiments.load("coherent-csi"), experiments.load("conus")
WEAK, MAGNETIC = interactions.StandardModel(), interactions.MagneticMoment(1e-10)
MILLICHARGE = interactions.Millicharge(1e-9)
LINE = spectra.LineSpectrum(30.0)
BEAM = Beam("nu_mu", "mu", False, "prompt", LINE, 1e15)
COMPONENT = Component("nu_mu", LINE, 1e7, "mu", timing="prompt", baseline_m=20.0)
FOUND = moments.constraint(CSI, "prompt")
SPECTRAL = spectral.spectral_constraint({"csi": CSI}, [counts.PoissonCounts("csi", 180.0)])
SHEET = sheets.SheetParameters("conus")
REPORT = report.limits_report((CSI,))
SCAN = scans.light_scalar((CSI,), [1.0, 10.0])
ENSEMBLE = coverage.Ensemble(FOUND.signal, CSI.measurement)
TRUTHS = np.array([0.0, 50.0, 100.0, 400.0])
STUDY = coverage.study(ENSEMBLE, TRUTHS, 1000)

CLAIM = published.numbers()[0]

FLUX = templates.Nuisance("flux", 0.1)
BACKGROUND = templates.Template("background", [3.0, 2.0, 1.0], {FLUX: 1.0})
DATA_SET: dict[str, Any] = {"name": "mine", "observed": (4.0, 0.0, 2.0), "templates": (BACKGROUND,)}
DATA_SET["variations"] = {FLUX: [0.9, 1.0, 1.1]}
LIKELIHOOD = likelihood.Likelihood((counts.PoissonCounts(**DATA_SET),))
PREDICTION = {"mine": [1.0, 1.0, 0.5]}
FIT: dict[str, Any] = {
    "likelihood": LIKELIHOOD,
    "prediction": lambda scale: [scale, scale, scale / 2],
    "parameters": (fit.Parameter("scale", 1.0, at_least=0),),
}

T, E, q = np.array([2e-3, 5e-3, 9e-3]), np.array([20.0, 30.0, 45.0]), np.array([0.1, 0.4, 0.9])
E_MIN, SEEN = np.array([0.5, 1.1, 2.5]), np.array([1e-4, 3e-4, 1e-3])
COUNTS = np.array([100.0, 136.0, 250.0])
MOMENTS = np.array([[1e-9, 2e-9j, 0], [3e-9, 0, 1e-9], [0, 0, 5e-9 + 1e-9j]])

_SCATTERING = {
    "coefficients": {"T": T, "struck": CS, "neutrino": NU_MU},
    "minimum_energy": {"T": T, "struck": CS},
    "maximum_recoil": {"E": E, "struck": CS},
    "minimum_recoil": {"E": E, "struck": CS},
    "differential_cross_section": {"T": T, "E": E, "struck": CS, "neutrino": NU_MU},
}
_MOMENTS = {"E_min": E_MIN, "order": 2}

CSI_STERILE = sterile.set_up("coherent-csi")
LOST = sterile.disappearance(CSI_STERILE, [0.5, 2.0], "e")
REACTOR = tuple(PLACES)[1]
CURVES = sterile.exclusion_curves("conus", [0.1, 0.5, 2.0])
STERILE = oscillations.SterileMixing(0.02, 0.01)
_PHASE = {
    "E": E,
    "baseline": np.array([1900.0, 2000.0, 3000.0]),
    "splitting": np.array([0.5, 2.0, 7.0]),
}

#: Where a module is, by its own name; those that read a file's keys have no doors of their own.
PLACES_OF = {name.rpartition(".")[2]: name for name in MODULES if ".reading." not in name}

#: Parts of a widget, which `explorers` alone puts together; what a reader sets goes to `views`.
PARTS = {"interactive"}

#: Behind the doors: what only takes things that the library made, or a name that it looks up, and
#: gives tables, text or figures.
BEHIND = {"claims", "explorers", "figures", "files", "published", "quadrature"}
BEHIND |= {"cli"}  # the command, which has tests of its own
BEHIND |= {"arrows", "canvas", "chapters", "instruments", "plots", "process"}
BEHIND |= {f"sheets.{name}" for name in ("Row", "by_stage", "counts_table", "inputs_table")}
BEHIND |= {f"sheets.{name}" for name in ("introduction", "limits_table", "rows", "solar_row")}
BEHIND |= {f"sterile.{name}" for name in ("ExclusionCurve", "as_csv", "best", "introduction")}
BEHIND |= {f"sterile.{name}" for name in ("names", "scenarios", "set_ups", "summary")}
BEHIND |= {"checks.Doors", "dialects", "tables", "minima", "scattering.Flavoured", "searches"}
BEHIND |= {f"experiments.{name}" for name in ("description", "names", "solar_names", "variants")}

#: Results: what this library makes and a reader is given; whoever makes them checks what they hold.
RESULTS = {"sterile.ExclusionCurve", "sterile.Disappearance", "published.LimitRow", "sheets.Row"}
RESULTS |= {"claims.Verdict", "folding.Folding", "spectral.SpectralConstraint"}
RESULTS |= {"coverage.Coverage", "coverage.Interval"}
RESULTS |= {"data.Windows", "data.Windows.variance"}
RESULTS |= {"fit.BestFit", "fit.Scan", "goodness.Goodness"}
RESULTS |= {"report.LimitsReport", "scans.ScanTable", "strengths.Strengths"}

#: Arguments by name; those left out keep their defaults.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "checks.checked": {"name": "x", "value": T},
    "checks.checked_choice": {"kind": "flavour", "name": "e", "allowed": ("e", "mu")},
    "checks.checked_integer": {"name": "n", "value": 2, "at_least": 0, "at_most": 7},
    "checks.checked_kind": {"name": "beam", "value": BEAM, "kind": Beam},
    "checks.checked_number": {"name": "x", "value": 1.0},
    "checks.checked_shapes": {"arrays": {"T": T, "E": E}},
    "errors.quoted": {"value": "nonsense"},
    "checks.checked_table": {"name": "x", "energies": (1.0, 2.0), "values": (0.1, 0.2)},
    "neutrinos.Neutrino": {"flavour": "mu"},
    "constants.Constants": fields_of(CODATA_2022),
    "targets.Nuclide": {"name": "Cs133", "protons": 55, "neutrons": 78, "mass": 123800.0},
    "targets.Target": {"name": "Cs", "nuclides": (CS,), "nuclei_per_kg": (4.5e24,)},
    "targets.Target.electrons": {},
    "targets.Electron": {"element": "Ge", "shells": ((1e-3, 2.0), (2e-5, 4.0))},
    "targets.Electron.available": {"T": T},
    "targets.electron": {"element": "Ge"},
    "targets.nuclide": {"name": "Cs133"},
    "targets.target": {"name": {"Ge76": 0.87, "Ge74": 0.13}, "by": "mass"},
    "form_factors.helm": {"q": q, "nuclide": CS},
    "form_factors.klein_nystrand": {"q": q, "nuclide": CS},
    "form_factors.point_like": {"q": q, "nuclide": CS},
    "form_factors.symmetrized_fermi": {"q": q, "nuclide": CS},
    "form_factors.ProtonNeutron": {},
    "form_factors.ProtonNeutron.__call__": {"q": q, "nuclide": CS},
    "weak.WeakCouplings": fields_of(interactions.TREE_LEVEL),
    "weak.WeakCouplings.from_quarks": {
        **{"up_left": 0.3, "up_right": -0.2, "down_left": -0.4, "down_right": 0.1}
    },
    "weak.WeakCouplings.with_angle": {"sin2_theta": 0.23},
    "weak.StandardModel": {},
    "weak.StandardModel.weak_charge": {"nuclide": CS},
    "weak.StandardModel.axial_charge": {"nuclide": CS},
    "weak.WeakScattering": {"charges": (interactions.TREE_LEVEL, MILLICHARGE)},
    "charges.ChargeRadius": {"radii": np.array([0, 1e-32, 0])},
    "charges.NSI.couplings": {"T": T, "struck": CS, "neutrino": NU_MU},
    "charges.NSI.flavour_blind": {"struck": CS},
    "charges.Millicharge": {"charges": np.array([0, 1e-9, 0])},
    "charges.NSI": {"down": np.array([0.1, 0, 0])},
    "mediators.LightVector": {"mass": 10.0, "coupling": 1e-5},
    "mediators.LightScalar": {"mass": 10.0, "coupling": 1e-5},
    "interactions.MagneticMoment": {"moment": 1e-10},
    **{f"interactions.MagneticMoment.{name}": given for name, given in _SCATTERING.items()},
    "scattering.Sum": {"terms": (WEAK, MAGNETIC)},
    "partners.DipolePortal": {"mass": 10.0, "moment": 1e-10},
    "partners.DipolePortal.threshold": {"struck": CS},
    "spectra.LineSpectrum": {"energy": 2.0},
    "beta.BetaSpectrum.moments": _MOMENTS,
    "spectra.PolynomialSpectrum": {"coefficients": (0.0, 0.2, 0.1), "end": 3.0},
    "beta.BetaSpectrum.density": {"E": E_MIN},
    "spectra.TabulatedSpectrum": {"energies": (1.0, 2.0, 3.0), "values": (0.1, 0.5, 0.0)},
    "spectra.WeightedSpectrum": {
        "original": spectra.TabulatedSpectrum((1.0, 3.0), (0.1, 0.5)),
        "weight": np.sqrt,
    },
    "beta.BetaSpectrum": {"end": 3.0, "charge": -5},
    "arrivals.Unpulsed": {},
    "arrivals.GaussianPulse": {"mean_us": 0.5, "sigma_us": 0.1},
    "arrivals.Pulsed": {"lifetimes_us": (2.2,)},
    "arrivals.Pulsed.share": {
        "start_us": np.array([0.0, 0.5, 1.0]),
        "stop_us": np.array([1.0, 2.0, 5.0]),
    },
    "arrivals.TabulatedPulse": {"times_us": (0.0, 0.7), "values": (1.0, 2.0)},
    "flux.Component": {**fields_of(COMPONENT), "density": "mu"},
    "flux.Flux": {"name": "mine", "components": (COMPONENT,)},
    "flux.Flux.select": {"which": "prompt"},
    "beams.Beam": fields_of(BEAM),
    "beams.Source": {"name": "mine", "beams": (BEAM,)},
    "beams.Source.select": {"which": "prompt"},
    "beams.Source.at": {"baseline_m": 20.0},
    "reactor.ReactorSpectrum": {"captures": 0.6},
    "reactor.reactor_of_power": {"thermal_power": 3.9},
    "reactor.reactor_of_flux": {"flux": 2.4e13, "baseline": 1700.0},
    "reactor.cores": {"places": {"B1": (4.25, 72.0), "B2": (4.25, 102.0)}},
    "sns.spallation_source": {},
    "sns.pion_decay_at_rest": {"neutrinos_per_second": 1e15},
    "sns.protons_on_target": {"beam_energy_GWh": 7.5, "proton_energy_GeV": 1.0},
    "sns.protons_per_second": {"beam_power_MW": 1.4, "proton_energy_GeV": 1.0},
    "radioactive.argon_lines": {},
    "radioactive.chromium_lines": {},
    "radioactive.line_source": {"activity": 1e15, "exposure_days": 10.0},
    "radioactive.mean_activity": {
        **{"activity": 1e15, "half_life_days": 27.7},
        "exposure_days": 10.0,
    },
    "tabulated.tabulated_flux": {"energies": (0.0, 1.0), "values": (0.0, 0.5)},
    "mixing.OscillationParameters": fields_of(mixing.TALK_2019),
    "mixing.OscillationParameters.from_degrees": {"theta12": 33, "theta13": 8.5, "theta23": 49},
    "mixing.complex_moments": {"moments": MOMENTS},
    "mixing.dirac_moment_squared": {"matrix": np.eye(3), "flavour": "e"},
    "mixing.effective_moment_squared": {"moments": MOMENTS, "flavour": "e"},
    "mixing.flavour_projector": {"flavour": "e"},
    "mixing.moment_matrix_flavour": {"moments": MOMENTS, "parameters": mixing.TALK_2019},
    "mixing.moment_matrix_mass": {"moments": MOMENTS},
    "mixing.pmns": {"parameters": mixing.TALK_2019},
    "solar.solar_flux": {},
    "solar.solar_spectrum": {"branch": "pp"},
    "solar.solar_shares": {"energy": E_MIN, "electron_density": np.array([10.0, 60.0, 90.0])},
    "oscillated.OscillatedSpectrum": {
        **{"original": spallation_source().beams[1].spectrum, "amplitude": 0.1},
        **{"splitting": 2.0, "baseline": 2000.0, "spread": 100.0},
    },
    "oscillations.SterileMixing": fields_of(STERILE),
    "oscillations.SterileMixing.lost_share": {"flavour": "e"},
    "oscillations.SterileMixing.share": {"flavour": "s"},
    "oscillations.SterileMixing.sin2_2theta": {"initial": "e", "final": "mu"},
    "oscillated.energy_panels": {"edges": (1.0, 2.0), "unit_phase": 30.0},
    "oscillations.mixing_matrix": {"mixing": STERILE},
    "oscillations.oscillation_phase": _PHASE,
    "oscillations.oscillation_term": {**_PHASE, "spread": 100.0},
    "oscillations.probability": {**_PHASE, "initial": "e", "final": "active", "mixing": STERILE},
    "oscillated.seen_flux": {
        **{"flux": spallation_source().at(19.3), "mixing": STERILE, "splitting": 2.0}
    },
    "oscillated.seen_source": {
        **{"source": spallation_source(), "mixing": STERILE, "splitting": 2.0, "baseline": 1930.0}
    },
    "quenching.Lindhard": {"k": 0.157},
    "quenching.ModifiedLindhard": {"k": 0.157, "q": 1e-5},
    "quenching.PolynomialQuenching": {"coefficients": (0.246, 0.78)},
    "quenching.TabulatedQuenching": {"recoils": (1e-3, 3e-3), "shares": (0.1, 0.2)},
    "quenching.FrozenQuenching": {"original": quenching.Lindhard(), "energy": 1e-4},
    "quenching.FrozenQuenching.electron_equivalent": {"T": T, "nuclide": GE},
    "quenching.FrozenQuenching.slope": {"T": T, "nuclide": GE},
    "quenching.FrozenQuenching.nuclear_recoil": {"E": SEEN, "nuclide": GE},
    "efficiency.ConstantEfficiency": {"value": 0.5},
    "efficiency.ConstantEfficiency.__call__": {"E": T},
    "efficiency.PhotoelectronAcceptance": {
        **{"amplitude": 0.6655, "slope": 0.4942, "midpoint": 10.8507},
        "photoelectrons_per_keV": 1.17,
    },
    "efficiency.TabulatedEfficiency": {"energies": (0.001, 0.003), "values": (0.2, 0.8)},
    "resolution.Resolution": {"constant": 3e-5, "stochastic": 4e-4},
    "resolution.PoissonResolution": {"photoelectrons_per_keV": 13.35},
    "resolution.GammaResolution": {"shape_per_keV": 9.56},
    "resolution.GammaResolution.sigma": {"E": SEEN},
    "resolution.GammaResolution.up_to": {"e": SEEN, "E": SEEN},
    "resolution.GammaResolution.seen_up_to": {"e": SEEN, "E": SEEN},
    "detector.Detector": {
        **{"target": targets.target("Ge"), "mass": 3.0, "threshold": 1e-4, "maximum": 1e-2},
        **{"quenching": quenching.Lindhard(), "resolution": resolution.Resolution(2e-5)},
    },
    "detector.Detector.breakpoints": {"struck": GE},
    "detector.Detector.measured": {"T": T, "struck": GE},
    "detector.Detector.acceptance": {"E": T},
    "detector.Detector.weight": {"T": T, "struck": GE},
    "detector.Detector.shares": {"E": T, "struck": GE},
    "chi2.delta_chi2": {},
    "chi2.CountChi2": {
        **{"observed": 142, "variance": 958, "background": 6},
        **{"sigma_signal": 0.28, "sigma_background": 0.25},
    },
    "chi2.CountChi2.__call__": {"signal": COUNTS},
    "chi2.CountChi2.least": {"least_signal": 180.0},
    "chi2.CountChi2.nuisances": {"signal": COUNTS},
    "chi2.CountChi2.upper_limit": {"least_signal": 180.0, "rise": 2.71},
    "chi2.CountChi2.allowed_excess": {"least_signal": 180.0, "rise": 2.71},
    "data.CountingMeasurement": fields_of(CSI.measurement),
    "data.CountingMeasurement.chi2": {"standard_model": 180.0},
    "data.Windows": {"sigma_signal": 0.1},
    "data.Windows.variance": {"observed": np.array([9.0, 4.0, 1.0]), "off": COUNTS},
    "data.CountingMeasurement.counts": {"name": "mine", "standard_model": np.array([180.0])},
    "recorded.Recorded": {"observed": (4.0, 0.0, 2.0), "templates": (BACKGROUND,)},
    "recorded.Recorded.without_signal_nuisance": {},
    "recorded.WithNuisances": {"measurement": CSI.measurement, "variations": {FLUX: 1.0}},
    "recorded.WithNuisances.without_signal_nuisance": {},
    "data.CountingMeasurement.windows": {"standard_model": 180.0},
    "data.CountingMeasurement.binned_chi2": {"standard_model": np.array([180.0])},
    "data.CountingMeasurement.without_signal_nuisance": {},
    "data.NotMeasured": {},
    "data.NotMeasured.without_signal_nuisance": {},
    "data.Projection.without_signal_nuisance": {},
    "data.PoissonProjection.without_signal_nuisance": {},
    "data.CountingMeasurement.scaled": {"factor": 2.0},
    "data.Projection": {"sigma_stat": 0.2, "sigma_sys": 0.2},
    "chi2.BinnedChi2": {
        **{"observed": np.array([90.0, 50.0]), "variance": np.array([90.0, 50.0])},
        **{"background": np.zeros(2), "sigma_signal": 0.1, "sigma_background": 0.2},
    },
    "chi2.BinnedChi2.__call__": {"signal": np.array([[80.0, 50], [90.0, 55], [95.0, 45]])},
    "data.PoissonProjection": {
        **{"background_share": 0.05, "steady_state_share": 3.0},
        **{"sigma_signal": 0.28, "sigma_background": 0.25},
    },
    "data.PoissonProjection.counting": {"standard_model": 100.0},
    "experiments.from_description": {
        "name": "mine",
        "description": experiments.description("conus"),
    },
    "experiments.Experiment.without_signal_nuisance": {},
    "experiments.Experiment": fields_of(CONUS),
    "experiments.Experiment.fluence": {"beam": CONUS.beams[0]},
    "experiments.SolarMeasurement": fields_of(experiments.load_solar()),
    "experiments.load": {"name": "conus", "threshold_kind": "nuclear-recoil"},
    "experiments.load_solar": {},
    "experiments.stages": {"name": "conus"},
    "signals.Signal": {
        **{"density": lambda E: 1 / E, "kinks": (1e-3, 5e-3, 2e-2)},
        **{"lines": {4e-3: 1.0}, "nuclide": CS},
    },
    "signals.Signal.counts": {"detector": CSI.detector, "days": 10.0},
    "rates.counts_by_beam": {"experiment": CSI, "interaction": WEAK},
    "rates.expected_counts": {"experiment": CSI, "interaction": WEAK},
    "rates.measured_spectrum": {"experiment": CONUS, "E": SEEN, "interaction": MAGNETIC},
    "rates.binned_counts": {"experiment": CSI, "interaction": WEAK},
    "rates.unseen": {"experiment": CSI, "interaction": WEAK},
    "folding.fold": {"experiment": CSI},
    "folding.Folding": {"experiment": CSI},
    "folding.Folding.events": {"interaction": WEAK},
    "rates.moment_matrices": {"experiment": CSI},
    "rates.moment_matrix": {"experiment": CSI},
    "rates.recoil_spectrum": {"experiment": CSI, "T": T, "interaction": WEAK},
    "areas.effective_area": {"experiment": CSI, "E": E, "interaction": WEAK},
    "sterile.Disappearance": {
        **{key: getattr(LOST, key) for key in ("splittings", "counts", "disappeared", "statistics")}
    },
    "sterile.Disappearance.chi2": {"amplitude": np.array([0.0, 0.3, 1.0])},
    "sterile.Disappearance.exclusion": {},
    "sterile.disappearance": {
        **{"experiment": CSI_STERILE, "splittings": [0.5, 2.0], "flavour": "e"}
    },
    "sterile.disappeared_counts": {"experiment": CSI_STERILE, "splittings": [0.5, 2.0]},
    "sterile.set_up": {"name": "coherent-csi"},
    "sterile.exclusion_curves": {"name": "conus", "splittings": [0.5, 2.0]},
    "moments.dirac_limit": {"experiment": CSI, "matrix": np.eye(3)},
    "moments.effective_limits": {"experiment": CSI},
    "spectral.SpectralConstraint.chi2": {"moments": MOMENTS},
    "spectral.SpectralConstraint.counts": {"moments": MOMENTS},
    "spectral.SpectralConstraint.effective_interval": {"flavour": "e"},
    "spectral.SpectralConstraint.effective_limit": {"flavour": "e"},
    "spectral.SpectralConstraint.interval_along": {"direction": MOMENTS[0]},
    "spectral.SpectralConstraint.limits": {},
    "spectral.SpectralConstraint": fields_of(SPECTRAL),
    "spectral.spectral_constraint": {
        **{"experiments": {"csi": CSI}, "data": [counts.PoissonCounts("csi", 180.0)]},
    },
    "moments.Constraint": fields_of(FOUND),
    "moments.Constraint.allowed_counts": {},
    "moments.Constraint.delta_chi2": {"moments": MOMENTS},
    "moments.Constraint.limit_along": {"direction": MOMENTS},
    "moments.Constraint.limits": {},
    "moments.Constraint.magnetic_counts": {"moments": MOMENTS},
    "moments.constraint": {"experiment": CSI},
    "moments.solar_limits": {"measurement": experiments.load_solar()},
    "moments.luminosity_scan": {"experiment": CSI, "factors": np.array([0.5, 1.0, 2.0])},
    "moments.tmm_limits": {"experiment": CSI},
    "moments.limits_by_beam": {"experiment": CSI, "beams": ("prompt", "nu_e")},
    "sheets.SheetParameters": {"experiment": "conus"},
    "sheets.SheetParameters.beams": {"experiment": CONUS},
    "regions.boundary": {"constraint": FOUND, "pair": (1, 2), "points": 5},
    "regions.combined_delta_chi2": {"constraints": (FOUND,), "moments": MOMENTS},
    "regions.least_counts": {
        **{"matrix": FOUND.matrix, "pair": (1, 2)},
        **{"x": np.array([1e-9, 2e-9, 0]), "y": np.array([0, 1e-9, 2e-9])},
    },
    "scale.map_tasks": {"function": abs, "tasks": [-1, 2]},
    "scale.process_pool": {},
    "scale.end_with_parent": {},
    "templates.Nuisance": {"name": "flux", "sigma": 0.1, "at_least": -1.0},
    "templates.Template": vars(BACKGROUND),
    "counts.PoissonCounts": DATA_SET,
    "counts.GaussianCounts": {**DATA_SET, "variance": (5.0, 2.0, 3.0)},
    "counts.GaussianCounts.on_off": {
        **{"name": "mine", "on": [4.0, 1.0, 2.0], "off": [5.0, 3.0, 1.0], "ratio": 0.5}
    },
    "counts.GaussianCounts.published_limit": {"name": "theirs", "limit": 3.0},
    "counts.OnOffCounts": {**DATA_SET, "off": (5.0, 3.0, 0.0), "ratio": 0.5},
    "likelihood.Likelihood": {"data": LIKELIHOOD.data},
    "likelihood.Likelihood.__call__": {"prediction": PREDICTION},
    "likelihood.Likelihood.drawn": {
        **{"prediction": PREDICTION, "rng": np.random.default_rng(1)},
    },
    "likelihood.Likelihood.minimum": {"prediction": PREDICTION},
    "likelihood.Likelihood.goodness_of_fit": {"prediction": PREDICTION},
    "goodness.Goodness": {"chi2": 3.0, "degrees_of_freedom": 2, "p": 0.2},
    "goodness.Goodness.warn": {},
    "goodness.goodness_of_fit": {"chi2": 3.0, "bins": 2},
    "fit.Parameter": {"name": "scale", "start": 1.0, "at_least": 0.0, "at_most": 9.0, "step": 0.1},
    "fit.BestFit": {
        **{"values": {"scale": 1.0}, "chi2": 3.0, "nuisances": {"flux": 0.0}},
        "goodness": goodness.goodness_of_fit(3.0, 3),
    },
    "fit.Scan": vars(fit.Fit(**FIT).scan({"scale": [0.0, 1.0, 2.0]})),
    "fit.Scan.allowed": {},
    "fit.Fit": FIT,
    "strengths.Strengths": {"best": 0.0, "chi2": 0.0, "pieces": ((0.0, 1.0),)},
    "strengths.strengths": {
        "likelihood": LIKELIHOOD,
        "coefficients": ({"mine": [0.0, 0.0, 0.0]}, PREDICTION),
    },
    "report.LimitsReport": vars(REPORT),
    "report.LimitsReport.as_json": {},
    "report.data_of": {"experiments": {"csi": CSI}},
    "report.distinct": {"experiments": (CSI, CONUS)},
    "report.limits_report": {"experiments": (CSI,)},
    "scans.ScanTable": vars(SCAN),
    "scans.ScanTable.as_csv": {},
    "scans.ScanTable.as_json": {},
    "scans.dipole": {"experiments": (CSI,), "masses": T},
    "scans.light_scalar": {"experiments": (CSI,), "masses": T},
    "scans.light_vector": {"experiments": (CSI,), "masses": T},
    "scans.sterile": {"experiments": (CSI,), "splittings": T},
    "fit.Fit.best_fit": {},
    "fit.Fit.profile": {"values": {"scale": [0.0, 1.0, 2.0]}},
    "fit.Fit.scan": {"values": {"scale": [0.0, 1.0, 2.0]}},
    "fit.Fit.interval": {"name": "scale", "values": np.linspace(0, 20, 21)},
    "fit.Fit.upper_limit": {"name": "scale", "values": np.linspace(0, 20, 21)},
    "fit.Fit.region": {"values": {"scale": [0.0, 1.0, 2.0]}},
    "toys.FitEnsemble": {"fit": fit.Fit(**FIT), "name": "scale", "values": np.linspace(0, 20, 21)},
    "coverage.Ensemble": {"signal": 180.2, "measurement": CSI.measurement},
    "coverage.Ensemble.repeat": {
        **{"excess": 10.0, "size": 5},
        **{"rng": np.random.default_rng(1)},
    },
    "coverage.Ensemble.repeated": {
        **{"observed": np.array([100.0, 50.0]), "variance": np.array([900.0, 850.0])}
    },
    "exact.ExactCoverage": {"ensemble": ENSEMBLE},
    "exact.ExactCoverage.critical_values": {"excess": COUNTS},
    "exact.ExactCoverage.feldman_cousins": {},
    "exact.ExactCoverage.interval_coverage": {"excess": COUNTS},
    "exact.ExactCoverage.limit_coverage": {"excess": COUNTS},
    "exact.feldman_cousins": {"observed": 3, "background": 2.8, "sigma_background": 0.2},
    "coverage.Interval": {"lower": 0.0, "upper": 115.5},
    "coverage.study": {"ensemble": ENSEMBLE, "truths": TRUTHS, "experiments": 1000},
    "coverage.Coverage": fields_of(STUDY),
    "coverage.Coverage.coverage": {"critical": np.full(4, 2.0)},
    "coverage.Coverage.critical_values": {},
    "coverage.Coverage.feldman_cousins": {"seen": ENSEMBLE.chi2},
    "coverage.Coverage.interval_coverage": {},
    "coverage.Coverage.limit_coverage": {},
    "views.View": {"words": "nothing is seen", "draw": Figure},
    "views.recoils": {"target": "Ge", "place": REACTOR, "moment": 2.0, "threshold": 0.5},
    "views.moments": {"share": 0.2, "mix": 0.5, "phase_2": 0.3, "phase_3": 1.1, "delta": 0.0},
    "views.design": {
        **{"place": REACTOR, "target": "Ge", "mass": 10.0, "threshold": 0.1},
        **{"kind": "electron-equivalent", "efficiency": 0.8, "years": 2.0, "background": 1.0},
        **{"error": 0.1, "signal_nuisance": "left out"},
    },
    "views.disappearing": {
        **{"detector": "coherent-lar", "flavour": "mu", "scenario": "100%, 15%, 10%"},
        **{"splitting": 1.5, "amplitude": 0.5},
    },
}


def public_names() -> Iterator[str]:
    """Yield public functions, classes that can be made, and methods, inherited ones once."""
    tried: list[object] = []
    names = sorted(PLACES_OF, key=["oscillated", "reactor"].__contains__)  # these are slow
    for module_name in (name for name in names if name not in PARTS | BEHIND):
        module = importlib.import_module(PLACES_OF[module_name])
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            if not callable(thing) or inspect.getmodule(thing) is not module:
                continue
            if f"{module_name}.{name}" in BEHIND:
                continue
            if not inspect.isclass(thing):
                yield f"{module_name}.{name}"
                continue
            abstract = inspect.isabstract(thing) or getattr(thing, "_is_protocol", False)
            if abstract or issubclass(thing, Exception):
                continue
            yield f"{module_name}.{name}"
            fields = getattr(thing, "__dataclass_fields__", {})
            for method, _ in inspect.getmembers(
                thing, lambda m: inspect.isfunction(m) or inspect.ismethod(m)
            ):
                own = not method.startswith("_") or method == "__call__"
                function = inspect.unwrap(getattr(thing, method))
                if own and method not in fields and function not in tried:
                    tried.append(function)
                    yield f"{module_name}.{name}.{method}"


def resolve(name: str) -> Callable[..., Any]:
    """Return what a name of the table stands for, a method of an instance made from the table."""
    module_name, thing, *method = name.split(".")
    found = getattr(importlib.import_module(PLACES_OF[module_name]), thing)
    if not method:
        return found
    owner = found(**ARGUMENTS[f"{module_name}.{thing}"])
    return getattr(owner, method[0])


def call(name: str, arguments: dict[str, Any]) -> Any:
    """Call what a name stands for; arguments that Python takes in a bundle are unpacked."""
    bundled = arguments.get("arrays") if name == "checks.checked_shapes" else None
    return resolve(name)(**(arguments if bundled is None else bundled))
