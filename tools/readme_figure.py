"""Draw the README's picture: what 142 events say of each transition moment."""

import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from cevnslib import experiments, files
from cevnslib.display import figures
from cevnslib.studies import moments, published

GOAL = Path(__file__).resolve().parent.parent / "book" / "images" / "coherent-csi.png"


def main() -> None:
    """Write the picture."""
    figures.use_house_style()
    csi = experiments.load("coherent-csi")
    grid = np.linspace(0, 120, 300)
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
    for ax, beam in zip(axes, ("prompt", "delayed"), strict=True):
        found = moments.constraint(csi, beam)
        row = published.numbers(experiment="coherent-csi", beam=beam, stage="2019")
        for i, (number, ours) in enumerate(zip(row, found.limits(), strict=True)):
            delta = found.delta_chi2(grid[:, np.newaxis] * 1e-10 * np.eye(3)[i])
            label = rf"$|\Lambda_{i + 1}| < {ours / 1e-10:.1f}$ (published {number.printed})"
            ax.plot(grid, delta, label=label)
            ax.plot(number.value, 2.71, "v", color=f"C{i}", ms=7)
        ax.axhline(2.71, color="0.4", ls="--", lw=1)
        ax.set(xlabel=r"$|\Lambda_i|$ ($10^{-10}\,\mu_B$)", title=f"{beam} beam", ylim=(0, 6))
        ax.legend(title="90% C.L.", loc="upper left")
    axes[0].set_ylabel(r"$\Delta\chi^2$ of COHERENT-CsI")
    content = io.BytesIO()
    fig.savefig(content, format="png", dpi=110, metadata={"Software": ""})
    files.write({GOAL: content.getvalue()})


if __name__ == "__main__":
    main()
