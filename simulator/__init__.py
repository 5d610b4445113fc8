"""Shoppers, attackers and recorded traffic, and the truth about what was sent."""
