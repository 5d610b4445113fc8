package floorwalker;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataTypeQueryable;
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.RowType;

/** Gives a stream of many shards its event time. Flink's SQL knows no watermark a shard. */
public final class EventTime {

    private EventTime() {}

    /**
     * Returns the same rows, with the watermarks of {@link SlowestShard} and one more column, `late`.
     *
     * <p>One subtask gives them all, however many read and judge. Were each to give its own, a silence would have to be
     * declared between operators, and at its end those who hear of the new time first would not wait for what the
     * others still hold.
     *
     * @param rows as they are between the tables of Flink
     * @param shard the column with the shard's name, null where there are no shards
     * @param rowtime the column with the row's time; 1970 moves no watermark
     */
    public static DataStream<RowData> of(
            DataStream<RowData> rows, int shard, int rowtime, long latenessMs, long paneMs, long idleMs) {
        EventTimeOperator operator = new EventTimeOperator(shard, rowtime, latenessMs, paneMs, idleMs);
        InternalTypeInfo<RowData> type = withLate(rows);
        DataStream<RowData> timed = rows.transform("event time", type, operator).uid("event time").setParallelism(1);
        int parallelism = rows.getParallelism();
        if (parallelism == 1) {
            return timed;
        }
        return timed.rebalance().map(row -> row).returns(type).setParallelism(parallelism);
    }

    private static InternalTypeInfo<RowData> withLate(DataStream<RowData> rows) {
        RowType before = (RowType) ((DataTypeQueryable) rows.getType()).getDataType().getLogicalType();
        List<RowType.RowField> columns = new ArrayList<>(before.getFields());
        columns.add(new RowType.RowField("late", new BooleanType(false)));
        return InternalTypeInfo.of(new RowType(columns));
    }
}
