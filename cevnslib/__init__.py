"""Neutrino transition moments and sterile neutrinos from coherent scattering off nuclei.

Energies are in MeV, lengths in cm, times in s, detector masses in kg and magnetic moments in units
of the Bohr magneton, unless a name says otherwise. Modules are imported one by one, for instance
``from cevnslib import experiments`` and ``from cevnslib.studies import moments``. Whatever cannot
be raises an error of `cevnslib.errors` that quotes what came in and what is allowed.
"""

__version__ = "0.2.0"
