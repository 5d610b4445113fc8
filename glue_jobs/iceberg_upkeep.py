"""What PyIceberg lacks to keep a table small: merging files, deleting those of expired snapshots, finding strays.

A file is deleted only if nothing that stays names it, neither a snapshot nor the table's metadata.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import fs
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, PyArrowFileIO, _dataframe_to_data_files
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot

from glue_jobs.engine import Expired

MERGED_MEGABYTES = 128


@dataclass(frozen=True)
class Named:
    """The files that some snapshots name: those with rows, and the lists of these."""

    rows: frozenset[str]
    lists: frozenset[str]


def compact(iceberg: IcebergTable, *, small_megabytes: int, from_files: int) -> None:
    """Merge small files of each partition that has at least `from_files`, in one commit; no other file is touched."""
    small: dict[object, list[FileScanTask]] = defaultdict(list)
    for task in iceberg.scan().plan_files():
        if task.file.file_size_in_bytes < small_megabytes * 1_000_000:
            small[task.file.partition].append(task)
    merges = [merge for tasks in small.values() if len(tasks) >= from_files for merge in _merges(tasks)]
    if not merges:
        return
    with iceberg.transaction() as transaction, transaction.update_snapshot().overwrite() as overwrite:
        for merge in merges:
            written = _dataframe_to_data_files(transaction.table_metadata, _rows(iceberg, merge), iceberg.io)
            for file in written:
                overwrite.append_data_file(file)
            for task in merge:
                overwrite.delete_data_file(task.file)


def expire(iceberg: IcebergTable, *, keep: int, before: datetime | None) -> Expired:
    """Forget all snapshots but the latest `keep` and those taken since `before`, and delete what only they had.

    The rows go first: whoever dies here leaves snapshots that somebody can find again and expire, never rows that
    nobody can find. What a branch or tag points at stays.
    """
    going = list(_expired(iceberg, keep=keep, before=before))
    if not going:
        return Expired()
    ids = [snapshot.snapshot_id for snapshot in going]
    staying = [snapshot for snapshot in iceberg.snapshots() if snapshot.snapshot_id not in ids]
    left, kept = _named(iceberg, going), _named(iceberg, staying)
    rows = _delete(iceberg, left.rows - kept.rows)
    iceberg.maintenance.expire_snapshots().by_ids(ids).commit()
    return Expired(len(going), rows + _delete(iceberg, left.lists - kept.lists))


def remove_orphans(iceberg: IcebergTable, *, before: datetime) -> int:
    """Delete files in the table's folder that nothing names and that were last written before; return how many."""
    metadata, io = iceberg.metadata, iceberg.io
    named = _named(iceberg, iceberg.snapshots())
    statistics = (file.statistics_path for file in (*metadata.statistics, *metadata.partition_statistics))
    history = (entry.metadata_file for entry in metadata.metadata_log)
    known = {_path(name) for name in (*named.rows, *named.lists, *statistics, *history, iceberg.metadata_location)}
    assert isinstance(io, PyArrowFileIO)
    scheme, netloc, folder = PyArrowFileIO.parse_location(iceberg.location())
    files = io.fs_by_scheme(scheme, netloc)
    found = files.get_file_info(fs.FileSelector(folder, recursive=True, allow_not_found=True))
    orphans = [file.path for file in found if file.is_file and file.path not in known and file.mtime < before]
    for path in orphans:
        files.delete_file(path)
    return len(orphans)


def _merges(tasks: Sequence[FileScanTask]) -> Iterator[list[FileScanTask]]:
    """Yield files to make one of, in order: so many as fit into memory together."""
    merge: list[FileScanTask] = []
    size = 0
    for task in tasks:
        merge.append(task)
        size += task.file.file_size_in_bytes
        if size >= MERGED_MEGABYTES * 1_000_000:
            yield merge
            merge, size = [], 0
    if len(merge) > 1:
        yield merge


def _rows(iceberg: IcebergTable, tasks: Iterable[FileScanTask]) -> pa.Table:
    return ArrowScan(iceberg.metadata, iceberg.io, iceberg.schema(), AlwaysTrue()).to_table(tasks)


def _expired(iceberg: IcebergTable, *, keep: int, before: datetime | None) -> Iterator[Snapshot]:
    pointed_at = {ref.snapshot_id for ref in iceberg.metadata.refs.values()}
    latest = sorted(iceberg.snapshots(), key=lambda snapshot: snapshot.sequence_number or 0, reverse=True)
    for snapshot in latest[keep:]:
        old = before is None or snapshot.timestamp_ms < before.timestamp() * 1000
        if old and snapshot.snapshot_id not in pointed_at:
            yield snapshot


def _named(iceberg: IcebergTable, snapshots: Iterable[Snapshot]) -> Named:
    """Return what the snapshots name, reading a list that several share once."""
    listed = list(snapshots)
    manifests = {manifest.manifest_path: manifest for each in listed for manifest in each.manifests(iceberg.io)}
    entries = (entry for manifest in manifests.values() for entry in manifest.fetch_manifest_entry(iceberg.io))
    return Named(
        rows=frozenset(entry.data_file.file_path for entry in entries),
        lists=frozenset([*manifests, *(snapshot.manifest_list for snapshot in listed)]),
    )


def _delete(iceberg: IcebergTable, files: Collection[str]) -> int:
    """Delete the files; one that is gone already has been deleted by a run that died."""
    for file in files:
        try:
            iceberg.io.delete(file)
        except FileNotFoundError:
            continue
    return len(files)


def _path(location: str) -> str:
    return PyArrowFileIO.parse_location(location)[2]
