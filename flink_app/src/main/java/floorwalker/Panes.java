package floorwalker;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataTypeQueryable;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.util.OutputTag;

/**
 * The panes of all subjects of one kind, short and long: what was measured over the windows that end with each.
 *
 * <p>Flink's SQL keeps each number of a window in a state of its own, and each window of a rule in another: an event
 * of a shopper costs some hundred accesses to RocksDB. Here it is one for each pane of a subject.
 */
public final class Panes {

    private final SingleOutputStreamOperator<RowData> shortPanes;
    private final OutputTag<RowData> longTag;

    /**
     * Counts events in panes.
     *
     * @param events as they are between the tables of Flink, with the columns `rowtime`, `event_id`, `kinds`, `subject`
     *     and those that the layout names; an event without a subject is left out
     * @param subject the column with the name of whom the panes are about
     * @param mostInMemory how many events of open panes, and how many panes and values of subjects lately busy, each
     *     subtask holds in memory; some hundred bytes each
     */
    public Panes(DataStream<RowData> events, String subject, LayoutBuilder builder, int mostInMemory) {
        Layout layout = builder.build();
        RowType type = (RowType) ((DataTypeQueryable) events.getType()).getDataType().getLogicalType();
        Columns columns = new Columns(type.getFieldNames(), subject, layout);
        int place = columns.subject;
        longTag = new OutputTag<>("long panes", type(subject, layout.ofLong.measures));
        shortPanes =
                events.filter(row -> !row.isNullAt(place))
                        .keyBy(row -> row.getString(place).toString(), Types.STRING)
                        .transform(
                                subject + " panes",
                                type(subject, layout.ofShort.measures),
                                new PanesOperator(layout, columns, longTag, mostInMemory))
                        .uid(subject + " panes");
    }

    /** Returns the short panes: rowtime, subject, first_sample, last_sample, and what is measured of them. */
    public DataStream<RowData> ofShort() {
        return shortPanes;
    }

    /** Returns the long panes, likewise. */
    public DataStream<RowData> ofLong() {
        return shortPanes.getSideOutput(longTag);
    }

    private static InternalTypeInfo<RowData> type(String subject, Layout.Measure[] measures) {
        List<RowType.RowField> fields = new ArrayList<>();
        fields.add(new RowType.RowField("rowtime", new TimestampType(3)));
        for (String name : List.of(subject, "first_sample", "last_sample")) {
            fields.add(new RowType.RowField(name, text()));
        }
        for (Layout.Measure measure : measures) {
            LogicalType type = measure.how == Layout.How.JOINED ? text() : new BigIntType();
            fields.add(new RowType.RowField(measure.name, type));
        }
        return InternalTypeInfo.of(new RowType(fields));
    }

    private static LogicalType text() {
        return new VarCharType(VarCharType.MAX_LENGTH);
    }
}
