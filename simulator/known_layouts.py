"""The layouts of recorded files that can be replayed, and which of them a file is in."""

from simulator import kaggle, taobao, uci_retail
from simulator.columns import Columns
from simulator.layout import Layout, LayoutName

LAYOUTS: dict[LayoutName, Layout] = {
    layout.name: layout for layout in (kaggle.LAYOUT, taobao.LAYOUT, uci_retail.LAYOUT)
}


def recognised(line: str, *, first: bool) -> tuple[Layout, Columns] | None:
    """Return the layout of a file with this line and its columns, None where it shows none of those known.

    A header counts on the first line only; where there is none, any row will do.
    """
    for layout in LAYOUTS.values():
        if first or layout.header is None:
            columns = layout.columns_in(line)
            if columns is not None:
                return layout, columns
    return None
