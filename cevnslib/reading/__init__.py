"""What the keys of a file mean: from its tables to sources, detectors and data."""
