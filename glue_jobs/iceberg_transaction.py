"""PyIceberg's transaction, without its repeated work and its repeated tries."""

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import TableUpdate


class OnceCopiedTransaction(Transaction):
    """A transaction that works out the metadata once for each change made in it.

    PyIceberg does so, with a deep copy of all of it, whenever its own code looks: some thirty times a commit, a tenth
    of a build of small marts. The metadata is frozen and changes only by what a transaction stages.

    Where somebody else has written to the table meanwhile, it fails: what it adds was worked out from what the table
    was, and PyIceberg would add it all the same, to what another `curate` has taken too.
    """

    _known: tuple[TableMetadata, tuple[TableUpdate, ...], TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        """Return the table's metadata with the changes that are staged so far."""
        base, updates = self._table.metadata, self._updates
        if self._known is None or self._known[0] is not base or self._known[1] is not updates:
            self._known = (base, updates, super().table_metadata)
        return self._known[2]

    def _rebuild_snapshot_updates(self) -> None:
        """Do not try again."""
        raise CommitFailedException("its rows are others now")
