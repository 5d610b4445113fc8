"""The layouts of recorded files that can be replayed, and which of them a file is in."""

from simulator import kaggle, taobao, uci_retail
from simulator.layout import Layout, LayoutName

LAYOUTS: dict[LayoutName, Layout] = {
    layout.name: layout for layout in (kaggle.LAYOUT, taobao.LAYOUT, uci_retail.LAYOUT)
}


def recognised(first_line: str) -> Layout | None:
    """Return the layout of a file that begins like this, None where it is none of those known."""
    return next((layout for layout in LAYOUTS.values() if layout.is_first_line(first_line)), None)
