"""Neutrino transition moments and sterile neutrinos from coherent scattering off nuclei.

Energies are in MeV, lengths in cm, times in s, detector masses in kg and magnetic moments in
units of the Bohr magneton, unless a name says otherwise. Modules are imported one by one, for
instance ``from cevnslib import experiments, limits``; each imports only from those before it:

errors, constants, nuclei, form_factors, interactions, quadrature, spectra, sources, mixing,
sterile, quenching, detectors, statistics, experiments, rates, limits, disappearance, curves,
published, sheets, regions, scale, coverage; then figures, views, interactive and explorers, which
draw.
"""

__version__ = "0.2.0"
