"""Figures as the page and the table of a run say them."""


def seconds(figure: float | None) -> str:
    """Return seconds to a tenth; nothing for none."""
    return "" if figure is None else f"{figure:.1f} s"


def share(figure: float | None) -> str:
    """Return a share as whole per cent; nothing for none."""
    return "" if figure is None else f"{figure:.0%}"
