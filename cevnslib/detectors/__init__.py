"""What a detector makes of a recoil."""
