"""The same work done in three ways: nested adaptive integrals, a double grid, the library."""
