"""What comes in: the flavour of a neutrino, and whether it is an antineutrino."""

from dataclasses import dataclass

from ..checks import checked_choice, checked_kind

__all__ = ["FLAVOURS", "Neutrino"]
#: The flavours that weak interactions tell apart.
FLAVOURS = ("e", "mu", "tau")


@dataclass(frozen=True)
class Neutrino:
    """A kind of neutrino.

    Parameters
    ----------
    flavour : {"e", "mu", "tau"}
        The charged lepton that it belongs to.
    antineutrino : bool, optional
        Whether it is an antineutrino.

    Examples
    --------
    >>> Neutrino("mu", antineutrino=True).name
    'nubar_mu'
    """

    flavour: str
    antineutrino: bool = False

    def __post_init__(self) -> None:
        """Refuse an unknown flavour."""
        checked_choice("flavour", self.flavour, FLAVOURS)
        checked_kind("antineutrino", self.antineutrino, bool)

    @property
    def name(self) -> str:
        """A short name, ``"nu_e"`` or ``"nubar_e"``."""
        return f"{'nubar' if self.antineutrino else 'nu'}_{self.flavour}"
