"""What was understood of a file, in words, before anything is computed."""

import numpy as np

from ..constants import DAY, KEV, YEAR
from ..experiments import Experiment
from ..studies.words import described
from .answers import listening, loaded
from .terminal import columns


def understood(file: str, stage: str | None = None) -> str:
    """Return what was understood of a file; nothing is computed of it.

    Parameters
    ----------
    file : str
        The file of an experiment, or the name of one that is built in.
    stage : str, optional
        Which of its stages; by default the first one.

    Examples
    --------
    >>> print(understood("conus").splitlines()[3])
      source       a reactor
    """
    with listening() as said:
        experiment = loaded(file, stage)
        rows = _rows(experiment)
    lines = [experiment.title, "", *columns(rows, indent="  ", left=2)]
    for title, words in said._asdict().items():
        if words:
            lines += ["", title.capitalize(), *(f"  {text}" for text in words)]
    return "\n".join(lines)


def _rows(experiment: Experiment) -> list[list[str]]:
    d = experiment.detector
    rows = [["stage", experiment.stage]] if experiment.stage else []
    rows.append(["source", experiment.source.title])
    for component in experiment.flux.components:
        shares = zip(("e", "mu", "tau"), component.shares, strict=True)
        flavours = " and ".join(flavour for flavour, share in shares if share > 0)
        kind = "antineutrinos" if component.antineutrino else "neutrinos"
        end = component.spectrum.breakpoints[-1]
        number = component.intensity * float(component.spectrum.moments(0.0, 0)[0])
        rows.append(
            [
                f"  {component.name}",
                f"{kind} of flavour {flavours}, {number:.4g} per cm2 and s, up to {end:.4g} MeV",
            ]
        )
    if experiment.baseline is not None:
        rows.append(["baseline", f"{experiment.metres:g} m"])
    nuclides = ", ".join(nuclide.name for nuclide, _ in d.nuclear_targets)
    rows += [
        ["target", f"{d.mass:g} kg of {d.target.name}" + (f": {nuclides}" if nuclides else "")],
        ["electrons", d.electrons],
    ]
    kind = "recoil" if d.quenching is None else "measured"
    rows.append(["threshold", f"{d.threshold / KEV:.4g} keV, {kind} energy"])
    if np.isfinite(d.maximum):
        rows.append(["maximum", f"{d.maximum / KEV:.4g} keV"])
    if d.bins is not None:
        rows.append(
            [
                "bins",
                f"{len(d.bins) - 1} from {d.bins[0] / KEV:.4g} keV to {d.bins[-1] / KEV:.4g} keV",
            ]
        )
    rows += [
        [name, described(part)]
        for name in ("quenching", "resolution", "efficiency")
        if (part := getattr(d, name)) is not None
    ]
    days = experiment.exposure / DAY
    years = f" ({experiment.exposure / YEAR:.4g} years)" if days > 100 else ""
    rows.append(["exposure", f"{days:.4g} days{years}"])
    rows.append(["data", described(experiment.measurement)])
    rows.append(["interaction", described(experiment.interaction)])
    rows.append(["mixing", described(experiment.mixing)])
    return rows
