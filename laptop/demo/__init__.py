"""The demonstration: everything at work on this machine, and an account of it that is read back from the system."""
