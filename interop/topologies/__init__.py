"""How two running loops are put side by side: each in its own thread, one for both, or one as the guest of the other."""
