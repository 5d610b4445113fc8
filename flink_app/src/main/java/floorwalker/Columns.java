package floorwalker;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.table.data.RowData;

/** Where an event's row has what is counted. */
final class Columns implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Of a pane's row: its time, its subject, and two of its events. */
    static final int BEFORE_MEASURES = 4;

    final int rowtime;
    final int subject;
    private final int kinds;
    private final int sample;
    private final int[] counted;
    private final int[] values;

    Columns(List<String> names, String subject, Layout layout) {
        this.rowtime = place(names, "rowtime");
        this.subject = place(names, subject);
        this.kinds = place(names, "kinds");
        this.sample = place(names, "event_id");
        this.counted = layout.counted.stream().mapToInt(name -> place(names, name)).toArray();
        this.values = Arrays.stream(layout.values).mapToInt(column -> place(names, column.of)).toArray();
    }

    void count(RowData event, OpenPane pane, Layout layout) {
        int ofKinds = event.getInt(kinds);
        pane.begin(event.getString(sample).toString());
        for (int place = 0; place < counted.length; place++) {
            if (!event.isNullAt(counted[place])) {
                pane.count(place, event.getString(counted[place]).toString(), ofKinds);
            }
        }
        for (int place = 0; place < values.length; place++) {
            if ((ofKinds & layout.values[place].kind) != 0 && !event.isNullAt(values[place])) {
                pane.keep(place, event.getString(values[place]).toString());
            }
        }
    }

    private static int place(List<String> names, String name) {
        int place = names.indexOf(name);
        if (place < 0) {
            throw new IllegalArgumentException("no column " + name + " among " + names);
        }
        return place;
    }
}
