"""How good the detector is: seeded days with the truth beside them, measured, and a gate that guards the result."""
