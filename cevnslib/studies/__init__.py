"""A question a file: what experiments say of it."""
