package floorwalker;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataTypeQueryable;
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.util.Collector;

/** The lines of records: a record may hold several, and the archive keeps lines. Blank ones are none. */
public final class Lines {

    private Lines() {}

    /**
     * Returns a row for each line: the columns of its record but the record itself; `line`; `is_plain`, whether it is a
     * {@link PlainLine}; `may_be_json`, whether another is worth parsing; `moment`, when that was; and `plain_` with each
     * field's name. Of lines that are not plain the last are null.
     *
     * @param records as they are between the tables of Flink, with the column `record` of bytes
     * @param moment the field with the moment
     * @param bounds of what may be an event
     */
    public static DataStream<RowData> of(
            DataStream<RowData> records, PlainLine plain, String moment, LineBounds bounds) {
        RowType type = (RowType) ((DataTypeQueryable) records.getType()).getDataType().getLogicalType();
        List<RowType.RowField> columns = new ArrayList<>();
        List<RowData.FieldGetter> carried = new ArrayList<>();
        for (int place = 0; place < type.getFieldCount(); place++) {
            RowType.RowField column = type.getFields().get(place);
            if (!column.getName().equals("record")) {
                columns.add(column);
                carried.add(RowData.createFieldGetter(column.getType(), place));
            }
        }
        LogicalType text = new VarCharType(VarCharType.MAX_LENGTH);
        columns.add(new RowType.RowField("line", text.copy(false)));
        columns.add(new RowType.RowField("is_plain", new BooleanType(false)));
        columns.add(new RowType.RowField("may_be_json", new BooleanType(false)));
        columns.add(new RowType.RowField("moment", new TimestampType(3)));
        plain.names().forEach(name -> columns.add(new RowType.RowField("plain_" + name, text)));
        TakeApart function = new TakeApart(type.getFieldIndex("record"), carried, plain, moment, bounds);
        return records.flatMap(function).returns(InternalTypeInfo.of(new RowType(columns))).name("lines");
    }

    private static final class TakeApart extends RichFlatMapFunction<RowData, RowData> {
        private static final long serialVersionUID = 1L;

        private final int record;
        private final List<RowData.FieldGetter> carried;
        private final PlainLine plain;
        private final int moment;
        private final LineBounds bounds;
        private final int columns;

        TakeApart(
                int record, List<RowData.FieldGetter> carried, PlainLine plain, String moment, LineBounds bounds) {
            this.record = record;
            this.carried = carried;
            this.plain = plain;
            this.moment = plain.names().indexOf(moment);
            this.bounds = bounds;
            this.columns = carried.size() + 4 + plain.names().size();
        }

        @Override
        public void open(Configuration parameters) {
            plain.prepare();
        }

        @Override
        public void flatMap(RowData row, Collector<RowData> lines) {
            if (row.isNullAt(record)) {
                return; // no bytes, no lines; the job must not fail of it
            }
            String text = new String(row.getBinary(record), StandardCharsets.UTF_8);
            int from = 0;
            for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
                tell(text.substring(from, end), row, lines);
                from = end + 1;
            }
            tell(text.substring(from), row, lines);
        }

        private void tell(String line, RowData row, Collector<RowData> lines) {
            if (isBlank(line)) {
                return;
            }
            GenericRowData told = new GenericRowData(columns);
            int place = 0;
            for (RowData.FieldGetter column : carried) {
                told.setField(place++, column.getFieldOrNull(row));
            }
            String[] values = plain.takeApart(line);
            told.setField(place++, StringData.fromString(line));
            told.setField(place++, values != null);
            told.setField(place++, values != null || bounds.mayBeJson(line));
            if (values != null) {
                told.setField(place++, moment(values[moment]));
                for (String value : values) {
                    told.setField(place++, StringData.fromString(value));
                }
            }
            lines.collect(told);
        }

        private static TimestampData moment(String text) {
            return text == null ? null : TimestampData.fromEpochMillis(PlainLine.instant(text));
        }

        private static boolean isBlank(String line) {
            for (int place = 0; place < line.length(); place++) {
                if (" \t\r".indexOf(line.charAt(place)) < 0) {
                    return false;
                }
            }
            return true;
        }
    }
}
