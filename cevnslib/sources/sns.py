"""Pions and muons that decay at rest: spallation sources, and all others of their kind."""

from functools import cache

from ..checks import checked_kind, checked_number
from ..constants import CODATA_2022, DAY, ELEMENTARY_CHARGE, Constants
from .arrivals import MUON_LIFETIME_US, GaussianPulse, Pulse, Pulsed
from .beams import Beam, Source
from .spectra import LineSpectrum, PolynomialSpectrum, Spectrum

__all__ = [
    "pion_decay_at_rest",
    "protons_on_target",
    "protons_per_second",
    "spallation_source",
]


def pion_decay_at_rest(
    neutrinos_per_second: float,
    *,
    pulse: Pulse = GaussianPulse(),  # noqa: B008, it is frozen
    constants: Constants = CODATA_2022,
    name: str = "pions at rest",
    title: str = "",
) -> Source:
    r"""Return a source of pions and muons that decay at rest.

    .. math:: f_{\nu_\mu} = \delta\!\left(E - \tfrac{m_\pi^2 - m_\mu^2}{2 m_\pi}\right), \quad
              f_{\nu_e} = \frac{192 E^2}{m_\mu^3}\left(\frac12 - \frac{E}{m_\mu}\right), \quad
              f_{\bar\nu_\mu} = \frac{64 E^2}{m_\mu^3}\left(\frac34 - \frac{E}{m_\mu}\right)

    Parameters
    ----------
    neutrinos_per_second : float
        Neutrinos of each flavour, above 0.
    pulse : Pulse, optional
        When pions decay: the pulse of the protons, by default one of no width at zero. The delayed
        neutrinos come later by the life of the muon.
    constants : Constants, optional
        Set of constants; the pion's and the muon's mass fix the spectra.
    name, title : str, optional
        Short name, and what it is in words.

    Returns
    -------
    Source
        A prompt beam nu_mu and two delayed ones, nu_e and nubar_mu, up to half the muon mass.

    Examples
    --------
    >>> mine = pion_decay_at_rest(0.3 * protons_per_second(5.0, 2.0), name="ess")
    >>> f"{mine.at(20.0).components[0].intensity:.2e} per square centimetre and second"
    '9.31e+07 per square centimetre and second'
    """
    checked_kind("constants", constants, Constants)
    checked_kind("pulse", pulse, Pulse)
    rate = checked_number("neutrinos per second", neutrinos_per_second, "1/s", above=0)
    line, electron, antimuon = _spectra(constants.pion_mass, constants.muon_mass)
    at_once, later = Pulsed((), pulse), Pulsed((MUON_LIFETIME_US,), pulse)
    return Source(
        name,
        (
            Beam("nu_mu", "mu", False, "prompt", line, rate, at_once),
            Beam("nu_e", "e", False, "delayed", electron, rate, later),
            Beam("nubar_mu", "mu", True, "delayed", antimuon, rate, later),
        ),
        title,
    )


@cache
def _spectra(pion: float, muon: float) -> tuple[Spectrum, Spectrum, Spectrum]:
    """Return the spectra of nu_mu, nu_e and nubar_mu."""
    return (
        LineSpectrum((pion**2 - muon**2) / (2 * pion)),
        PolynomialSpectrum((0, 0, 96 / muon**3, -192 / muon**4), muon / 2),
        PolynomialSpectrum((0, 0, 48 / muon**3, -64 / muon**4), muon / 2),
    )


def spallation_source(
    *,
    neutrinos_per_proton: float = 0.08,
    protons_per_second: float = 1.76e23 / (308.1 * DAY),
    pulse: Pulse = GaussianPulse(),  # noqa: B008, it is frozen
    constants: Constants = CODATA_2022,
) -> Source:
    """Return a spallation source: protons on a target, and what decays at rest there.

    Parameters
    ----------
    neutrinos_per_proton : float, optional
        Neutrinos of each flavour per proton on target; 0.08 from COHERENT, arXiv:1804.09459.
    protons_per_second : float, optional
        Proton rate; by default 1.76e23 protons in 308.1 days, as in COHERENT's first CsI run. See
        `protons_per_second` and `protons_on_target`.
    pulse, constants
        See `pion_decay_at_rest`.

    Returns
    -------
    Source
        See `pion_decay_at_rest`.

    References
    ----------
    COHERENT, Science 357 (2017) 1123, arXiv:1708.01294.

    Examples
    --------
    >>> source = spallation_source()
    >>> [f"{beam.spectrum.breakpoints[-1]:.2f}" for beam in source.beams]
    ['29.79', '52.83', '52.83']
    """
    rate = checked_number("neutrinos per proton", neutrinos_per_proton, above=0)
    rate *= checked_number("protons per second", protons_per_second, "1/s", above=0)
    return pion_decay_at_rest(rate, pulse=pulse, constants=constants, name="sns")


def protons_per_second(beam_power_MW: float, proton_energy_GeV: float) -> float:
    """Return the protons per second of a beam.

    Parameters
    ----------
    beam_power_MW, proton_energy_GeV : float
        Power of the beam in MW and kinetic energy of its protons in GeV, above 0.

    Examples
    --------
    >>> f"{protons_per_second(1.4, 1.0):.3e}"
    '8.738e+15'
    """
    power = checked_number("beam power", beam_power_MW, "MW", above=0)
    energy = checked_number("proton energy", proton_energy_GeV, "GeV", above=0)
    return power * 1e6 / (energy * 1e9 * ELEMENTARY_CHARGE)


def protons_on_target(beam_energy_GWh: float, proton_energy_GeV: float) -> float:
    """Return the protons that a beam has brought, from the energy that it has brought.

    Parameters
    ----------
    beam_energy_GWh, proton_energy_GeV : float
        Energy of the beam in GWh and kinetic energy of its protons in GeV, above 0.

    Examples
    --------
    >>> f"{protons_on_target(7.48, 1.0):.3e}"
    '1.681e+23'
    """
    energy = checked_number("beam energy", beam_energy_GWh, "GWh", above=0)
    return protons_per_second(energy * 3.6e6, proton_energy_GeV)
