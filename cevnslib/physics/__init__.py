"""Physics that knows no detector and no data: nuclei, mixing, oscillations and cross sections."""
