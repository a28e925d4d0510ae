"""What the command `cevns` does: an idea a module; `cevnslib.cli` reads the command line."""
