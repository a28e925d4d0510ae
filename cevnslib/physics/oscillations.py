r"""Sterile neutrinos: the mixing of a fourth one, and 3+1 oscillations.

At the baselines of coherent scattering only the splitting :math:`\Delta m^2_{41}` matters, so

.. math:: P_{\alpha\beta} = \delta_{\alpha\beta} - 4|U_{\alpha 4}|^2
          \big(\delta_{\alpha\beta} - |U_{\beta 4}|^2\big) \sin^2\frac{\Delta}{2}, \quad
          \Delta = \frac{\Delta m^2_{41} L}{2 \hbar c E}.

Sources seen through an oscillation are in `cevnslib.sources.oscillated`, what experiments say of
the mixing in `cevnslib.studies.sterile`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_choice, checked_kind, checked_number, checked_shapes, keep
from ..constants import CODATA_2022
from ..errors import DomainError
from .mixing import FLAVOURS, TALK_2019, OscillationParameters, pmns

__all__ = [
    "SIGNALS",
    "SterileMixing",
    "mixing_matrix",
    "oscillation_phase",
    "oscillation_term",
    "probability",
]
#: What is taken for the part of a beam that still scatters: all active flavours, as a detector that
#: is blind to flavour counts; nu_e and nu_mu, as the talk writes; or the flavour of the beam alone.
SIGNALS = ("active", "e and mu", "survival")


@dataclass(frozen=True)
class SterileMixing:
    r"""Mixing of a fourth neutrino.

    .. math:: |U_{e4}|^2 = s_{14}^2, \quad |U_{\mu4}|^2 = c_{14}^2 s_{24}^2, \quad
              |U_{\tau4}|^2 = c_{14}^2 c_{24}^2 s_{34}^2, \quad
              |U_{s4}|^2 = c_{14}^2 c_{24}^2 c_{34}^2

    Parameters
    ----------
    sin2_theta14, sin2_theta24, sin2_theta34 : float, optional
        sin^2 of the mixing angles, from 0 to 1.

    Examples
    --------
    >>> mixing = SterileMixing(0.02, 0.01)
    >>> mixing.shares
    array([0.02  , 0.0098, 0.    , 0.9702])
    >>> round(mixing.sin2_2theta("e", "mu"), 6)
    0.000784
    """

    sin2_theta14: float = 0.0
    sin2_theta24: float = 0.0
    sin2_theta34: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no mixing angle."""
        angles = vars(self).items()
        keep(self, **{name: checked_number(name, x, at_least=0, at_most=1) for name, x in angles})

    @property
    def shares(self) -> NDArray[np.float64]:
        """The shares ``|U_a4|^2`` of nu_e, nu_mu, nu_tau and nu_s in the fourth neutrino."""
        angles = (self.sin2_theta14, self.sin2_theta24, self.sin2_theta34)
        left = np.cumprod([1.0, *(1.0 - angle for angle in angles)])
        shares: NDArray[np.float64] = left * np.array([*angles, 1.0])
        return shares

    def share(self, flavour: str) -> float:
        """Return ``|U_a4|^2`` of one flavour: ``"e"``, ``"mu"``, ``"tau"`` or ``"s"``."""
        flavours = (*FLAVOURS, "s")
        checked_choice("flavour", flavour, flavours)
        return float(self.shares[flavours.index(flavour)])

    def sin2_2theta(self, initial: str, final: str) -> float:
        """Return the amplitude of an oscillation.

        Parameters
        ----------
        initial, final : {"e", "mu", "tau", "s"}
            Flavours; the same one twice gives the amplitude of its disappearance.

        Returns
        -------
        float
            ``4 |U_a4|^2 |U_b4|^2``, or ``4 |U_a4|^2 (1 - |U_a4|^2)``, from 0 to 1.
        """
        first, second = self.share(initial), self.share(final)
        # 4 x (1 - x) may round to more than one.
        return min(4 * first * (1 - first if initial == final else second), 1.0)

    def lost_share(self, flavour: str, signal: str = "active") -> float:
        r"""Return the amplitude with which a beam fades.

        Parameters
        ----------
        flavour : {"e", "mu", "tau"}
            The flavour of the beam.
        signal : {"active", "e and mu", "survival"}, optional
            What still counts, see `SIGNALS`.

        Returns
        -------
        float
            1 less the signal is this times :math:`\sin^2\Delta/2`: of an ``"active"`` signal
            :math:`4|U_{\alpha4}|^2|U_{s4}|^2`.
        """
        checked_choice("signal", signal, SIGNALS)
        checked_choice("flavour", flavour, FLAVOURS)
        kept = {"active": FLAVOURS, "e and mu": ("e", "mu"), "survival": (flavour,)}[signal]
        lost = [other for other in (*FLAVOURS, "s") if other not in kept]
        if flavour in lost:  # a nu_tau beam that counts as nu_e and nu_mu only
            return 1.0
        return min(4 * self.share(flavour) * sum(self.share(other) for other in lost), 1.0)


def mixing_matrix(
    mixing: SterileMixing, parameters: OscillationParameters = TALK_2019
) -> NDArray[np.complex128]:
    """Return the 4x4 lepton mixing matrix U = R34 R24 R14 U3, without sterile phases.

    Rows are e, mu, tau and s; ``parameters`` mix the other three.

    Examples
    --------
    >>> U = mixing_matrix(SterileMixing(0.02, 0.01))
    >>> (abs(U[:, 3]) ** 2).round(4)
    array([0.02  , 0.0098, 0.    , 0.9702])
    """
    checked_kind("mixing", mixing, SterileMixing)
    U = np.eye(4, dtype=np.complex128)
    U[:3, :3] = pmns(parameters)
    angles = (mixing.sin2_theta14, mixing.sin2_theta24, mixing.sin2_theta34)
    for i, sin2 in enumerate(angles):
        rotation = np.eye(4)
        rotation[i, i] = rotation[3, 3] = np.sqrt(1 - sin2)
        rotation[i, 3], rotation[3, i] = np.sqrt(sin2), -np.sqrt(sin2)
        U = rotation @ U
    return U


def oscillation_phase(
    E: ArrayLike, baseline: ArrayLike, splitting: ArrayLike
) -> NDArray[np.float64]:
    r"""Return the phase :math:`\Delta = \Delta m^2 L / 2 \hbar c E`.

    The talk's factor 2.54 eV^-2 MeV/m, with all its digits.

    Parameters
    ----------
    E : array_like
        Neutrino energy in MeV, above 0.
    baseline : array_like
        Distance from the source in cm, above 0.
    splitting : array_like
        :math:`\Delta m^2_{41}` in eV^2, at least 0.

    Returns
    -------
    ndarray
        Phase in radians, the broadcast shape.

    Examples
    --------
    >>> float(oscillation_phase(1.0, 100.0, 1.0).round(5))
    2.53387
    """
    E = checked("neutrino energy E", E, "MeV", above=0)
    baseline = checked("baseline", baseline, "cm", above=0)
    splitting = checked("splitting", splitting, "eV^2", at_least=0)
    checked_shapes(E=E, baseline=baseline, splitting=splitting)
    # eV^2 to MeV^2, fm to cm.
    phase: NDArray[np.float64] = splitting * 1e-12 * baseline / (2 * E * CODATA_2022.hbar_c * 1e-13)
    return phase


def oscillation_term(
    E: ArrayLike, baseline: ArrayLike, splitting: ArrayLike, spread: float = 0.0
) -> NDArray[np.float64]:
    r"""Return :math:`\sin^2\Delta/2`, averaged over a spread of the baseline.

    The average is :math:`\frac12\big(1 - \cos\Delta\,\frac{\sin x}{x}\big)` with
    :math:`x = \Delta\,w/2L` and width w.

    Parameters
    ----------
    E, baseline, splitting : array_like
        See `oscillation_phase`.
    spread : float, optional
        Full width of a uniform spread of the baseline in cm, from the size of source and detector;
        less than twice the baseline.

    Returns
    -------
    ndarray
        From 0 to 1, the broadcast shape.

    Examples
    --------
    >>> oscillation_term([2.0, 4.0], 1000.0, 1.0).round(4)
    array([0.0026, 0.0007])
    >>> oscillation_term([2.0, 4.0], 1000.0, 1.0, spread=200.0).round(4)
    array([0.1254, 0.0334])
    """
    phase = oscillation_phase(E, baseline, splitting)
    baseline = np.asarray(baseline, dtype=np.float64)
    width = checked_number("spread of the baseline", spread, "cm", at_least=0)
    if not width:
        return np.square(np.sin(phase / 2))
    x = phase * width / 2 / baseline
    if np.any(width >= 2 * baseline):
        raise DomainError(
            f"spread of the baseline: got {width:g} cm; allowed: less than twice the baseline"
        )
    washed = np.sinc(x / np.pi)
    term: NDArray[np.float64] = washed * np.sin(phase / 2) ** 2 + (1 - washed) / 2
    return term


def probability(
    initial: str,
    final: str,
    E: ArrayLike,
    baseline: ArrayLike,
    splitting: ArrayLike,
    mixing: SterileMixing,
    *,
    spread: float = 0.0,
) -> NDArray[np.float64]:
    """Return the probability that one flavour is found as another.

    Parameters
    ----------
    initial, final : {"e", "mu", "tau", "s", "active"}
        Flavours at source and detector; ``"active"`` is any but the sterile one, and only final.
    E, baseline, splitting, spread
        See `oscillation_term`.
    mixing : SterileMixing
        Mixing of the fourth neutrino.

    Returns
    -------
    ndarray
        From 0 to 1, the broadcast shape. The same for antineutrinos.

    References
    ----------
    Talk of 2019, sensitivity to the sterile mixing parameters; its approximation is exact once the
    other splittings are neglected.

    Examples
    --------
    >>> mixing = SterileMixing(0.02, 0.01)
    >>> place = {"E": 30.0, "baseline": 2000.0, "splitting": 2.0, "mixing": mixing}
    >>> float(probability("e", "e", **place).round(4))
    0.9227
    >>> float(probability("e", "active", **place).round(4))
    0.9235
    """
    checked_kind("mixing", mixing, SterileMixing)
    checked_choice("flavour", initial, (*FLAVOURS, "s"))
    checked_choice("flavour", final, (*FLAVOURS, "s", "active"))
    term = oscillation_term(E, baseline, splitting, spread)
    if final == "active":
        return 1 - probability(initial, "s", E, baseline, splitting, mixing, spread=spread)
    amplitude = mixing.sin2_2theta(initial, final)
    return 1 - amplitude * term if initial == final else amplitude * term
