"""What the Makefile runs: chapters in canonical form, the pages' scripts, the README's picture."""
