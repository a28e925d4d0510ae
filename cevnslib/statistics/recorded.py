"""What a reader's file says was recorded: counts in bins, backgrounds with errors, nuisances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import checked, checked_choice, checked_kind, checked_number, keep, owned
from ..errors import DomainError, KindError, NoLimitError
from .chi2 import CountChi2
from .counts import Counts, GaussianCounts, OnOffCounts, PoissonCounts
from .data import Measurement
from .templates import Bins, Nuisance, Template, bins_of, together, variations_of

__all__ = ["LAWS", "Recorded", "WithNuisances"]
#: The law that counts follow.
LAWS = ("poisson", "gaussian")
#: What takes the place of a measurement's chi2 where that is no single Gaussian count.
_INSTEAD = "cevnslib.studies.report, or `counts` with cevnslib.studies.spectral"


@dataclass(frozen=True, eq=False)
class Recorded(Measurement):
    """Counts in bins and what is known of their backgrounds; made from ``[data]`` of a file.

    Parameters
    ----------
    observed : array_like, shape (bins,), optional
        What was counted. Without it the data set is that of Asimov: the expectation of the
        Standard Model on top of the backgrounds is seen.
    law : {"poisson", "gaussian"}, optional
        With ``"gaussian"`` numbers may be negative.
    variance : array_like, shape (bins,), optional
        The squared errors of Gaussian numbers; by default what was counted, with and without the
        source.
    off : array_like, shape (bins,), optional
        Counts without the source, at least 0.
    ratio : float, optional
        The time with the source over that without, above 0.
    templates : sequence of Template, optional
        Backgrounds with their errors.
    variations : mapping of Nuisance to float or array_like, optional
        By which share of itself one unit of a nuisance changes the signal.
    shared : sequence of str, optional
        The names of nuisances that other experiments have, too; others are this one's own.

    Examples
    --------
    >>> paired = Recorded([3.0], templates=[Template("background", 2.8)])
    >>> paired.counts("mine", 0.5).observed
    array([3.])
    >>> Recorded(templates=[Template("background", 2.8)]).counts("mine", 0.5).observed
    array([3.3])
    """

    observed: Bins = None
    law: str = LAWS[0]
    variance: Bins = None
    off: Bins = None
    ratio: float = 1.0
    templates: Sequence[Template] = ()
    variations: Mapping[Nuisance, Bins] = field(default_factory=dict)
    shared: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse what is no count, no error and no template."""
        gaussian = checked_choice("law", self.law, LAWS) == LAWS[1]
        arrays: dict[str, NDArray[np.float64]] = {}
        least = None if gaussian and self.off is None else 0.0
        if self.observed is not None:
            arrays["counts"] = bins_of("counts", self.observed, at_least=least)
        if self.off is not None:
            arrays["off counts"] = bins_of("off counts", self.off, at_least=0.0)
        if self.variance is not None:
            if not gaussian or self.off is not None:
                where = "counts that follow Poisson's law" if not gaussian else "off counts"
                raise DomainError(f"errors: got some beside {where}; allowed: none, as they follow")
            variance = np.atleast_1d(checked("squared errors", self.variance, above=0))
            arrays["errors"] = owned(variance)
        templates = tuple(checked_kind("backgrounds", self.templates, Sequence))
        for one in templates:
            checked_kind("one of the backgrounds", one, Template)
            checked(f"background {one.name}", one.counts, at_least=least)
            arrays[f"background {one.name}"] = one.counts
        sizes = {name: array.size for name, array in arrays.items()}
        if len(set(sizes.values())) > 1:
            raise DomainError(f"bins: got {_many(sizes)}; allowed: as many of each")
        bins = next(iter(sizes.values()), None)
        variations = variations_of("the signal", self.variations, bins)
        together([*variations, *(nuisance for one in templates for nuisance in one.variations)])
        keep(
            self,
            observed=arrays.get("counts"),
            off=arrays.get("off counts"),
            variance=arrays.get("errors"),
            ratio=checked_number("ratio of on to off", self.ratio, above=0),
            templates=templates,
            variations=variations,
            shared=_names(self.shared),
        )

    @property
    def projected(self) -> bool:
        """Whether what is expected stands for what was counted."""
        return self.observed is None

    def _counts(self, name: str, expected: NDArray[np.float64]) -> Counts:
        sizes = [a.size for a in (self.observed, self.off, self.variance) if a is not None]
        sizes += [one.counts.size for one in self.templates]
        if sizes and sizes[0] != expected.size:
            raise DomainError(
                f"bins: got {sizes[0]} numbers for each of counts and backgrounds; allowed: "
                f"{expected.size}, one for each bin of the detector"
            )

        def own(variations: Mapping[Nuisance, Any]) -> dict[Nuisance, Any]:
            return {
                one if one.name in self.shared else replace(one, name=f"{name}: {one.name}"): share
                for one, share in variations.items()
            }

        templates = [replace(one, variations=own(one.variations)) for one in self.templates]
        variations = own(self.variations)
        mean = sum((one.counts for one in self.templates), expected)
        seen = self.observed
        if seen is None:
            seen = mean if self.off is None else mean + self.ratio * self.off
        if self.law == LAWS[0]:
            if self.off is None:
                return PoissonCounts(name, seen, templates, variations)
            return OnOffCounts(name, seen, templates, variations, off=self.off, ratio=self.ratio)
        if self.off is not None:
            return GaussianCounts.on_off(name, seen, self.off, self.ratio, templates, variations)
        variance = seen if self.variance is None else self.variance
        if np.any(variance <= 0):
            if self.projected:
                raise NoLimitError(
                    "expected events: got 0 in a bin; allowed: above 0, as its error is their "
                    "root, or law = 'poisson'"
                )
            raise DomainError(
                f"counts: got {float(np.min(seen)):g} in a bin without an error; allowed: counts "
                "above 0, whose errors are their roots, or errors"
            )
        return GaussianCounts(name, seen, templates, variations, variance=variance)

    def _chi2(self, standard_model: float) -> CountChi2:
        data = self._counts("data", np.array([standard_model]))
        if not isinstance(data, GaussianCounts):
            raise KindError(
                "measurement: got counts that follow Poisson's law; allowed: law = 'gaussian' for "
                f"the chi2 of one count; else {_INSTEAD}"
            )
        background = float(data._fixed()[0])
        on_signal = {one: float(np.ravel(r)[0]) for one, r in data.variations.items()}
        shifts: dict[Nuisance, float] = {}
        for template in data.templates:
            for one in template.variations:
                shift = float(np.ravel(template._shift(one))[0])
                shifts[one] = shifts.get(one, 0.0) + shift
        error = sum((one.sigma * shift) ** 2 for one, shift in shifts.items()) ** 0.5
        if on_signal.keys() & shifts.keys() or background < 0 or (error and not background):
            raise KindError(
                "measurement: got a nuisance of signal and background together, or an error of a "
                f"background of 0 events; allowed: {_INSTEAD}"
            )
        return CountChi2(
            float(data.observed[0]),
            float(data.variance[0]),
            background,
            sum((one.sigma * r) ** 2 for one, r in on_signal.items()) ** 0.5,
            error / background if background else 0.0,
        )

    def _binned_chi2(self, expected: NDArray[np.float64]) -> Any:
        if len(expected) > 1:
            raise KindError(f"measurement: got {len(expected)} bins; allowed: {_INSTEAD}")
        return super()._binned_chi2(expected)

    def _scaled(self, factor: float) -> "Recorded":
        def times(numbers: Bins) -> Bins:
            return None if numbers is None else factor * numbers

        templates = [
            Template(
                one.name,
                factor * one.counts,
                {n: factor * v if np.ndim(v) else v for n, v in one.variations.items()},
            )
            for one in self.templates
        ]
        arrays = {key: times(getattr(self, key)) for key in ("observed", "variance", "off")}
        return replace(self, templates=templates, **arrays)

    def without_signal_nuisance(self) -> "Recorded":
        """See `cevnslib.statistics.data.Measurement.without_signal_nuisance`."""
        return replace(self, variations={})


@dataclass(frozen=True, eq=False)
class WithNuisances(Measurement):
    """Another measurement, that varies with nuisances which have names.

    Parameters
    ----------
    measurement : Measurement
        What was measured, with its own errors.
    variations : mapping of Nuisance to float or array_like
        By which share of itself one unit of a nuisance changes the signal.
    backgrounds : mapping of Nuisance to float or array_like, optional
        The same of each background.

    Examples
    --------
    >>> from cevnslib.statistics.data import Projection
    >>> mine = WithNuisances(Projection(0.1, 0.0), {Nuisance("flux", 0.1): 1.0})
    >>> mine.counts("mine", 100.0).nuisances
    (Nuisance(name='flux', sigma=0.1, at_least=None),)
    """

    measurement: Measurement
    variations: Mapping[Nuisance, Bins]
    backgrounds: Mapping[Nuisance, Bins] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is no measurement and no nuisance."""
        checked_kind("measurement", self.measurement, Measurement)
        given: list[Nuisance] = []
        for key in ("variations", "backgrounds"):
            kept: dict[Nuisance, Any] = {}
            for one, share in checked_kind(key, getattr(self, key), Mapping).items():
                checked_kind(f"a key of the {key}", one, Nuisance)
                numbers = checked(f"{key} with {one.name}", share)
                kept[one] = owned(numbers) if numbers.ndim else float(numbers)
            keep(self, **{key: kept})
            given += kept
        together(given)

    @property
    def projected(self) -> bool:
        """Whether what is expected stands for what was counted."""
        return self.measurement.projected

    def _counts(self, name: str, expected: NDArray[np.float64]) -> Counts:
        data = self.measurement._counts(name, expected)
        templates = [
            replace(one, variations={**one.variations, **_in_counts(self.backgrounds, one)})
            for one in data.templates
        ]
        variations = {**data.variations, **self.variations}
        return replace(data, templates=templates, variations=variations)

    def _chi2(self, standard_model: float) -> CountChi2:
        if self.variations.keys() & self.backgrounds.keys():
            raise KindError(
                "measurement: got a nuisance of signal and background together; allowed: "
                f"{_INSTEAD}"
            )
        chi2 = self.measurement._chi2(standard_model)
        return replace(
            chi2,
            sigma_signal=_width(chi2.sigma_signal, self.variations),
            sigma_background=_width(chi2.sigma_background, self.backgrounds),
        )

    def _binned_chi2(self, expected: NDArray[np.float64]) -> Any:
        if len(expected) > 1:
            raise KindError(f"measurement: got {len(expected)} bins; allowed: {_INSTEAD}")
        return super()._binned_chi2(expected)

    def _scaled(self, factor: float) -> "WithNuisances":
        return replace(self, measurement=self.measurement._scaled(factor))

    def without_signal_nuisance(self) -> "WithNuisances":
        """See `cevnslib.statistics.data.Measurement.without_signal_nuisance`."""
        return replace(self, measurement=self.measurement.without_signal_nuisance(), variations={})


def _in_counts(shares: Mapping[Nuisance, Bins], template: Template) -> dict[Nuisance, Bins]:
    """Return by how many events nuisances change a background, a number staying a share."""
    return {
        one: np.asarray(share) * template.counts if np.ndim(share) else share
        for one, share in shares.items()
    }


def _width(own: float, shares: Mapping[Nuisance, Bins]) -> float:
    """Return the relative error of one bin from its own and those of nuisances."""
    errors = [one.sigma * float(np.ravel(share)[0]) for one, share in shares.items()]
    return float(np.hypot.reduce([own, *errors]))


def _names(shared: Sequence[str]) -> tuple[str, ...]:
    names = checked_kind("shared", shared, Sequence)
    return tuple(checked_kind("one of the shared", name, str) for name in names)


def _many(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{number} of {name}" for name, number in sizes.items())
