"""Whether the best fit is good: a limit from data that disagree with the model means little."""

import warnings
from dataclasses import dataclass

from ..checks import checked_integer, checked_number
from ..errors import BadFitWarning

__all__ = ["Goodness", "goodness_of_fit"]
#: Below this chance a best fit is called bad: four standard deviations, so that of ten thousand
#: good fits one is suspected.
BAD = 1e-4
#: A chi2 from which on a fit may be bad, far below what is: most need not ask the distribution.
SUSPECT = 10.0


@dataclass(frozen=True)
class Goodness:
    """How well the best fit describes the data; made by `goodness_of_fit`.

    Parameters
    ----------
    chi2 : float
        chi2, or -2 ln L with respect to a model that has each mean equal to its count.
    degrees_of_freedom : int
        Bins less what was fitted to them.
    p : float
        The chance of a worse chi2 if the model is right.

    Examples
    --------
    >>> Goodness(chi2=3.0, degrees_of_freedom=2, p=0.22).bad
    False
    """

    chi2: float
    degrees_of_freedom: int
    p: float

    @property
    def bad(self) -> bool:
        """Whether p is below 1e-4."""
        return self.p < BAD

    def warn(self, stacklevel: int = 2) -> None:
        """Warn with `cevnslib.errors.BadFitWarning` if the fit is bad."""
        if self.bad:
            warnings.warn(
                f"the best fit has chi2 = {self.chi2:.4g} for {self.degrees_of_freedom} degrees of "
                f"freedom (p = {self.p:.1g}): the model disagrees with the data, and limits from "
                "them mean little; look for a slip of units, an efficiency or a background that is "
                "missing",
                BadFitWarning,
                stacklevel=stacklevel + 1,
            )


def goodness_of_fit(
    chi2: float, bins: int, fitted: int = 0, mean: float = 1.0, variance: float = 2.0
) -> Goodness:
    """Return how well a best fit describes data.

    Parameters
    ----------
    chi2 : float
        The least chi2 or -2 ln L, at least 0.
    bins : int
        The number of bins.
    fitted : int, optional
        The number of parameters and free nuisances that are not at a boundary. A constrained
        nuisance does not count: its constraint is one datum more. Where no degree is left, chi2 is
        judged by one degree of freedom: it should have been 0.
    mean, variance : float, optional
        Those of a bin's part of chi2 if the model is right; by default of a Gaussian. Poisson
        counts of about 1.5 have 1.16 and 1.92, rare ones far less. p is that of the gamma
        distribution with the mean and variance of the sum.

    Examples
    --------
    >>> fit = goodness_of_fit(220.5, bins=1)
    >>> fit.bad, f"{fit.p:.0e}"
    (True, '7e-50')
    """
    from scipy.special import gammaincc  # here, as it loads more slowly than all else

    value = checked_number("chi2", chi2, at_least=0)
    bins = checked_integer("number of bins", bins, at_least=1, at_most=10**9)
    fitted = checked_integer("number of fitted parameters", fitted, at_least=0, at_most=10**9)
    degrees = max(bins - fitted, 1)
    mean = checked_number("mean of a bin's chi2", mean, above=0)
    variance = checked_number("variance of a bin's chi2", variance, above=0)
    p = gammaincc(degrees * mean**2 / variance, value * mean / variance)
    return Goodness(value, degrees, float(p))
