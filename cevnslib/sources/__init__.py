"""Where the neutrinos come from: spectra, beams, and the sources made of them."""
