"""Neutrinos of the Sun: their flux at the Earth, and the shares of the mass eigenstates in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType, NoneType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import (
    checked,
    checked_choice,
    checked_kind,
    checked_number,
    checked_shapes,
    checked_tuple,
)
from ..constants import AVOGADRO, CODATA_2022, Constants
from ..files import packaged_table
from ..physics.mixing import TALK_2019, OscillationParameters, pmns
from .beta import BetaSpectrum
from .flux import Component, Flux
from .spectra import LineSpectrum, SmoothSpectrum, Spectrum, TabulatedSpectrum, WeightedSpectrum

__all__ = [
    "SOLAR_BRANCHES",
    "SOLAR_MODELS",
    "solar_flux",
    "solar_shares",
    "solar_spectrum",
]
#: The models of the Sun whose fluxes are known: B16 with the abundances of GS98 and of AGSS09met.
SOLAR_MODELS = ("b16-gs98", "b16-agss09")
#: Delta m^2_21 in eV^2 of arXiv:1708.01186.
_SPLITTING = 7.55e-5


@cache
def _branches() -> Mapping[str, Mapping[str, str]]:
    """Read the table of branches."""
    rows = packaged_table("spectra", "solar.csv")
    return MappingProxyType({row["branch"]: row for row in rows})


#: Where solar neutrinos come from: what `solar_flux` takes.
SOLAR_BRANCHES = tuple(_branches())


def solar_spectrum(branch: str) -> Spectrum:
    """Return the spectrum of a branch of solar neutrinos as they are born, normalised to one.

    Lines of 7Be and pep, the tabulated spectrum of 8B, allowed beta spectra for all others; they
    agree with the tables of the pp spectrum to a thousandth, of hep and the CNO cycle to a few per
    cent.

    Parameters
    ----------
    branch : str
        One of ``SOLAR_BRANCHES``.

    References
    ----------
    J. N. Bahcall and R. K. Ulrich, Rev. Mod. Phys. 60 (1988) 297; 8B: J. N. Bahcall et al.,
    nucl-th/9601044.

    Examples
    --------
    >>> [round(float(solar_spectrum(branch).moments(0.0, 0, lowest=-1)[0]), 2)  # mean energies
    ...  for branch in ("pp", "be7_861", "b8", "hep")]
    [0.27, 0.86, 6.74, 9.63]
    """
    return _spectrum(checked_choice("solar branch", branch, SOLAR_BRANCHES))


@cache
def _spectrum(branch: str) -> Spectrum:
    row = _branches()[branch]
    if row["kind"] == "line":
        return LineSpectrum(float(row["end"]))
    if row["kind"] == "positron":
        return BetaSpectrum(float(row["end"]), int(row["charge"]))
    table = packaged_table("spectra", "boron8.csv")
    energies, values = (np.array([float(x[key]) for x in table]) for key in ("energy", "density"))
    return TabulatedSpectrum(tuple(energies), tuple(values / np.trapezoid(values, energies)))


@dataclass(frozen=True)
class _EigenstateShare:
    """The share P_ei of a mass eigenstate, as a function of the energy."""

    index: int
    electron_density: float
    parameters: OscillationParameters
    splitting: float

    def __call__(self, E: ArrayLike) -> NDArray[np.float64]:
        shares = solar_shares(E, self.electron_density, self.parameters, splitting=self.splitting)
        chosen: NDArray[np.float64] = shares[..., self.index]
        return chosen


@lru_cache(256)
def _weighted(spectrum: SmoothSpectrum, share: _EigenstateShare) -> WeightedSpectrum:
    """Return the first of equal spectra, which has its integrals already."""
    return WeightedSpectrum(spectrum, share)


def solar_flux(
    branches: Sequence[str] = SOLAR_BRANCHES,
    *,
    model: str = "b16-gs98",
    fluxes: Mapping[str, float] = MappingProxyType({}),
    spectra: Mapping[str, Spectrum] = MappingProxyType({}),
    parameters: OscillationParameters | None = TALK_2019,
    splitting: float = _SPLITTING,
) -> Flux:
    r"""Return the flux of solar neutrinos at the Earth, by day.

    They arrive as mass eigenstates without coherence: a branch is three components with the
    densities :math:`\rho_{\alpha\beta} = U_{\alpha i} U^*_{\beta i}`, each spectrum weighted with
    :math:`P_{ei}(E)` of `solar_shares` at the mean electron density where the branch is born. The
    averages over that place differ by less than 1%, of hep by 3%; what the Earth does by night is
    left out.

    Parameters
    ----------
    branches : sequence of str, optional
        Some of ``SOLAR_BRANCHES``; by default all.
    model : {"b16-gs98", "b16-agss09"}, optional
        The model of the Sun.
    fluxes : mapping of str to float, optional
        Fluxes of whole decays in 1/(cm^2 s) that replace the model's, by branch.
    spectra : mapping of str to Spectrum, optional
        Spectra, normalised to one, that replace `solar_spectrum`, by branch.
    parameters : OscillationParameters or None, optional
        Mixing angles; None leaves all of them electron neutrinos, a component for each branch.
    splitting : float, optional
        Delta m^2_21 in eV^2, above 0; the default is that of arXiv:1708.01186.

    Returns
    -------
    Flux
        Components ``"b8 nu_1"``, ``"b8 nu_2"``, ``"b8 nu_3"`` and so on, or ``"b8"``.

    References
    ----------
    N. Vinyoles et al., Astrophys. J. 835 (2017) 202, arXiv:1611.09867.

    Examples
    --------
    >>> flux = solar_flux(["b8"], fluxes={"b8": 5.25e6})
    >>> for part in flux.components:  # above 5 MeV
    ...     print(f"{part.name}: {part.intensity * part.spectrum.moments(5.0, 0)[0]:.2e}")
    b8 nu_1: 5.24e+05
    b8 nu_2: 3.15e+06
    b8 nu_3: 8.10e+04
    """
    chosen = checked_tuple("solar branches", branches, str)
    checked_choice("solar model", model, SOLAR_MODELS)
    checked_kind("fluxes", fluxes, Mapping)
    checked_kind("spectra", spectra, Mapping)
    checked_kind("parameters", parameters, OscillationParameters | NoneType)
    splitting = checked_number("splitting", splitting, "eV^2", above=0)
    for branch in (*chosen, *fluxes, *spectra):
        checked_choice("solar branch", branch, SOLAR_BRANCHES)
    components = []
    for branch in chosen:
        row, spectrum = _branches()[branch], spectra.get(branch) or solar_spectrum(branch)
        checked_kind(f"spectrum of {branch}", spectrum, Spectrum)
        whole = fluxes.get(branch, float(row[model]))
        intensity = float(row["share"]) * checked_number(
            f"flux of {branch}", whole, "1/(cm^2 s)", at_least=0
        )
        if parameters is None:
            components.append(Component(branch, spectrum, intensity, "e"))
            continue
        for index, states in enumerate(pmns(parameters).T):
            share = _EigenstateShare(index, float(row["electron_density"]), parameters, splitting)
            name, density = f"{branch} nu_{index + 1}", np.outer(states, states.conj())
            if isinstance(spectrum, SmoothSpectrum):
                components.append(Component(name, _weighted(spectrum, share), intensity, density))
            else:
                part = float(share(spectrum.breakpoints[-1])) * intensity
                components.append(Component(name, spectrum, part, density))
    return Flux("sun", tuple(components), "the Sun")


def solar_shares(
    energy: ArrayLike,
    electron_density: ArrayLike,
    parameters: OscillationParameters = TALK_2019,
    *,
    splitting: float = _SPLITTING,
    constants: Constants = CODATA_2022,
) -> NDArray[np.float64]:
    r"""Return the shares of the mass eigenstates in solar neutrinos that reach the Earth.

    Born as electron neutrinos in matter, they leave the Sun adiabatically:

    .. math:: P_{e1} = c_{13}^2 \cos^2\theta_m, \quad P_{e2} = c_{13}^2 \sin^2\theta_m, \quad
              P_{e3} = s_{13}^2, \quad
              \cos 2\theta_m = \frac{\cos 2\theta_{12} - x}
              {\sqrt{(\cos 2\theta_{12} - x)^2 + \sin^2 2\theta_{12}}}, \quad
              x = \frac{2\sqrt2\, G_F N_e E\, c_{13}^2}{\Delta m^2_{21}}

    Parameters
    ----------
    energy : array_like
        Neutrino energy in MeV, at least 0.
    electron_density : array_like
        Electrons at the place of production in mol/cm^3, at least 0; broadcast with the energy.
    parameters : OscillationParameters, optional
        Mixing angles.
    splitting : float, optional
        Delta m^2_21 in eV^2, above 0; the default is that of arXiv:1708.01186.
    constants : Constants, optional
        Set of constants.

    Returns
    -------
    ndarray, shape (..., 3)
        P_e1, P_e2, P_e3, which add up to 1.

    References
    ----------
    Review of Particle Physics, "Neutrino masses, mixing and oscillations"; arXiv:1905.03750.

    Examples
    --------
    >>> solar_shares(0.862, 86.0).round(3)  # the beryllium line
    array([0.598, 0.38 , 0.022])
    """
    E = checked("energy", energy, "MeV", at_least=0)
    density = checked("electron density", electron_density, "mol/cm^3", at_least=0)
    dm2 = checked_number("splitting", splitting, "eV^2", above=0) * 1e-12  # in MeV^2
    checked_kind("parameters", parameters, OscillationParameters)
    checked_kind("constants", constants, Constants)
    checked_shapes(energy=E, electron_density=density)
    electrons = density * AVOGADRO * (constants.hbar_c * 1e-13) ** 3  # in MeV^3
    c13_squared = 1 - parameters.sin2_theta13
    x = 2 * np.sqrt(2) * constants.fermi * electrons * E * c13_squared / dm2
    cos2 = 1 - 2 * parameters.sin2_theta12
    sin2_squared = 4 * parameters.sin2_theta12 * (1 - parameters.sin2_theta12)
    cos2_matter = np.cos(np.arctan2(np.sqrt(sin2_squared), cos2 - x))
    shares = [
        c13_squared * (1 + cos2_matter) / 2,
        c13_squared * (1 - cos2_matter) / 2,
        np.full_like(x, parameters.sin2_theta13),
    ]
    return np.stack(shares, axis=-1)
