package floorwalker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.util.OutputTag;

/**
 * Counts what each subject does in panes, and measures it over the windows that end with each.
 *
 * <p>Events are gathered in memory until their pane is over, so that the state is read and written once for each pane
 * of a subject, however many events and rules there are. A checkpoint, and a memory that is full, put what was gathered
 * into the state as a part of its pane.
 */
final class PanesOperator extends AbstractStreamOperator<RowData>
        implements OneInputStreamOperator<RowData, RowData>, Triggerable<String, VoidNamespace> {

    private static final long serialVersionUID = 1L;
    // An open pane with its first event takes more than an event more in a pane that is there; rather too much of it.
    private static final int EVENTS_A_PANE = 5;

    private final Layout layout;
    private final Columns columns;
    private final OutputTag<RowData> longPanes;
    private final int mostInMemory;

    private transient TreeMap<Long, Map<String, OpenPane>> gathered;
    private transient int weightGathered;
    private transient SubjectStore store;
    private transient InternalTimerService<VoidNamespace> timers;

    PanesOperator(Layout layout, Columns columns, OutputTag<RowData> longPanes, int mostInMemory) {
        this.layout = layout;
        this.columns = columns;
        this.longPanes = longPanes;
        this.mostInMemory = mostInMemory;
    }

    @Override
    public void open() throws Exception {
        super.open();
        gathered = new TreeMap<>();
        store = new SubjectStore(layout, mostInMemory, getRuntimeContext(), this::setCurrentKey);
        timers = getInternalTimerService("panes", VoidNamespaceSerializer.INSTANCE, this);
    }

    /** Tells Flink that an event needs no state: it would look for the state's key at each. */
    @Override
    public boolean hasKeyContext() {
        return false;
    }

    @Override
    @SuppressWarnings("rawtypes") // as it is declared
    public void setKeyContextElement1(StreamRecord record) {
        // The key is set when a pane is closed.
    }

    @Override
    public void processElement(StreamRecord<RowData> element) throws Exception {
        RowData event = element.getValue();
        long at = event.getTimestamp(columns.rowtime, 3).getMillisecond();
        long end = Math.floorDiv(at, layout.shortMs) * layout.shortMs + layout.shortMs;
        OpenPane pane =
                gathered.computeIfAbsent(end, unknown -> new HashMap<>())
                        .computeIfAbsent(event.getString(columns.subject).toString(), unknown -> open(end));
        columns.count(event, pane, layout);
        if (layout.hasPauses()) {
            pane.moment(at);
        }
        if (++weightGathered >= mostInMemory) {
            putAway();
        }
    }

    private OpenPane open(long end) {
        weightGathered += EVENTS_A_PANE;
        return new OpenPane(end, layout);
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        long now = now(mark.getTimestamp());
        Map<Long, Map<String, OpenPane>> over = gathered.headMap(now, true);
        for (Map.Entry<Long, Map<String, OpenPane>> panes : over.entrySet()) {
            for (Map.Entry<String, OpenPane> entry : panes.getValue().entrySet()) {
                weightGathered -= entry.getValue().events() + EVENTS_A_PANE;
                goOn(entry.getKey(), entry.getValue(), panes.getKey());
            }
        }
        over.clear();
        super.processWatermark(mark); // the timers, then those behind
    }

    @Override
    public void onEventTime(InternalTimer<String, VoidNamespace> timer) throws Exception {
        goOn(timer.getKey(), null, now(timer.getTimestamp()));
    }

    @Override
    public void onProcessingTime(InternalTimer<String, VoidNamespace> timer) {
        throw new IllegalStateException("no such timer was set");
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        super.prepareSnapshotPreBarrier(checkpointId);
        putAway();
        store.save();
    }

    /** Puts what was gathered into the state, each with a timer for when it is over. */
    private void putAway() throws Exception {
        for (Map.Entry<Long, Map<String, OpenPane>> panes : gathered.entrySet()) {
            for (Map.Entry<String, OpenPane> entry : panes.getValue().entrySet()) {
                Subject subject = store.get(entry.getKey());
                subject.add(entry.getValue());
                wake(subject, panes.getKey());
                store.put(subject);
            }
        }
        gathered.clear();
        weightGathered = 0;
    }

    /** Takes a subject as far as `now`: closes what is over, measures it, and forgets what is long past. */
    private void goOn(String name, OpenPane part, long now) throws Exception {
        Subject subject = store.get(name);
        if (part != null) {
            subject.add(part);
        }
        long longPaneBefore = subject.longPaneEnd();
        subject.closeUntil(
                now,
                pane -> output.collect(row(name, pane, layout.ofShort.measures, subject::measure)),
                pane -> closeLong(subject, pane));
        if (subject.longPaneEnd() > longPaneBefore) {
            wake(subject, subject.longPaneEnd());
        }
        subject.forget(now);
        if (subject.lookAgainAt <= now) {
            if (subject.isForgotten(now)) {
                store.remove(subject);
                return;
            }
            subject.lookAgainAt = now + remembered();
            wake(subject, subject.lookAgainAt);
        }
        store.put(subject);
    }

    private void closeLong(Subject subject, Pane pane) {
        try {
            PaneHistory history = store.longHistory(subject);
            history.add(pane);
            history.forget(pane.end);
            subject.isLongHistoryChanged = true;
            output.collect(longPanes, row(subject.name, pane, layout.ofLong.measures, history::measure));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private long remembered() {
        return Math.max(layout.longestPauseMs, Math.max(layout.ofShort.longestMs, layout.ofLong.longestMs)) + layout.longMs;
    }

    private static StreamRecord<RowData> row(String name, Pane pane, Layout.Measure[] measures, Measuring measuring) {
        GenericRowData row = new GenericRowData(Columns.BEFORE_MEASURES + measures.length);
        long at = pane.end - 1;
        row.setField(0, TimestampData.fromEpochMillis(at));
        row.setField(1, StringData.fromString(name));
        row.setField(2, StringData.fromString(pane.firstSample));
        row.setField(3, StringData.fromString(pane.lastSample));
        for (int place = 0; place < measures.length; place++) {
            row.setField(Columns.BEFORE_MEASURES + place, measuring.of(measures[place]));
        }
        return new StreamRecord<>(row, at);
    }

    private void wake(Subject subject, long end) {
        setCurrentKey(subject.name);
        timers.registerEventTimeTimer(VoidNamespace.INSTANCE, end - 1);
    }

    /** Returns until when everything is over: the watermark stands just before. */
    private static long now(long watermark) {
        return watermark == Long.MAX_VALUE ? watermark : watermark + 1;
    }

    /** Measures a subject's panes. */
    private interface Measuring {
        Object of(Layout.Measure measure);
    }
}
