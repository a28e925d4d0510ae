"""Counts, their chi2, and how often it is right; knows no physics."""
