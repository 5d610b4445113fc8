"""PyIceberg's transaction, without its repeated work."""

from pyiceberg.table import Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import TableUpdate


class OnceCopiedTransaction(Transaction):
    """A transaction that works out the metadata once for each change made in it.

    PyIceberg does so, with a deep copy of all of it, whenever its own code looks: some thirty times a commit, a tenth
    of a build of small marts. The metadata is frozen and changes only by what a transaction stages.
    """

    _known: tuple[TableMetadata, tuple[TableUpdate, ...], TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        """Return the table's metadata with the changes that are staged so far."""
        base, updates = self._table.metadata, self._updates
        if self._known is None or self._known[0] is not base or self._known[1] is not updates:
            self._known = (base, updates, super().table_metadata)
        return self._known[2]
