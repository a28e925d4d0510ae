"""The spallation source: neutrinos of pions and muons that decay at rest."""

from ..checks import checked_kind, checked_number
from ..constants import CODATA_2022, DAY, Constants
from .beams import Beam, Source
from .spectra import LineSpectrum, PolynomialSpectrum

__all__ = [
    "spallation_source",
]


def spallation_source(
    *,
    neutrinos_per_proton: float = 0.08,
    protons_per_second: float = 1.76e23 / (308.1 * DAY),
    constants: Constants = CODATA_2022,
) -> Source:
    r"""Return a spallation source: pions and muons that decay at rest.

    .. math:: f_{\nu_\mu} = \delta\!\left(E - \tfrac{m_\pi^2 - m_\mu^2}{2 m_\pi}\right), \quad
              f_{\nu_e} = \frac{192 E^2}{m_\mu^3}\left(\frac12 - \frac{E}{m_\mu}\right), \quad
              f_{\bar\nu_\mu} = \frac{64 E^2}{m_\mu^3}\left(\frac34 - \frac{E}{m_\mu}\right)

    Parameters
    ----------
    neutrinos_per_proton : float, optional
        Neutrinos of each flavour per proton on target; 0.08 from COHERENT, arXiv:1804.09459.
    protons_per_second : float, optional
        Proton rate; by default 1.76e23 protons in 308.1 days, as in COHERENT's first CsI run.
    constants : Constants, optional
        Set of constants; the pion's and the muon's mass fix the spectra.

    Returns
    -------
    Source
        A prompt beam nu_mu and two delayed ones, nu_e and nubar_mu, up to half the muon mass.

    References
    ----------
    COHERENT, Science 357 (2017) 1123, arXiv:1708.01294.

    Examples
    --------
    >>> source = spallation_source()
    >>> [f"{beam.spectrum.breakpoints[-1]:.2f}" for beam in source.beams]
    ['29.79', '52.83', '52.83']
    """
    checked_kind("constants", constants, Constants)
    rate = checked_number("neutrinos per proton", neutrinos_per_proton, above=0)
    rate *= checked_number("protons per second", protons_per_second, "1/s", above=0)
    pion, muon = constants.pion_mass, constants.muon_mass
    line = LineSpectrum((pion**2 - muon**2) / (2 * pion))
    electron = PolynomialSpectrum((0, 0, 96 / muon**3, -192 / muon**4), muon / 2)
    antimuon = PolynomialSpectrum((0, 0, 48 / muon**3, -64 / muon**4), muon / 2)
    return Source(
        "sns",
        (
            Beam("nu_mu", "mu", False, "prompt", line, rate),
            Beam("nu_e", "e", False, "delayed", electron, rate),
            Beam("nubar_mu", "mu", True, "delayed", antimuon, rate),
        ),
    )
