package floorwalker;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** What is known of one subject. Its long panes that are over are stored apart: they are needed less often. */
final class Subject {

    final String name;
    private final Layout layout;
    private final PaneHistory recent;
    // Parts of panes that are not over, the earliest first.
    private final List<OpenPane> open = new ArrayList<>();
    private long lastMoment = Long.MIN_VALUE;
    private Pane longPane;
    private long lastLongPaneEnd = Long.MIN_VALUE;
    /** When to look whether there is still something to remember; 0 for not yet told. */
    long lookAgainAt;

    // What the store notes.
    /** The long panes that are over; null while they were not read from the state. */
    PaneHistory longHistory;
    boolean isChanged;
    boolean isLongHistoryChanged;
    /** What it weighed when it was last put into memory; 0 while it is not there. */
    int weighed;

    Subject(String name, Layout layout) {
        this.name = name;
        this.layout = layout;
        this.recent = new PaneHistory(layout, layout.ofShort);
    }

    void add(OpenPane part) {
        int place = open.size();
        while (place > 0 && open.get(place - 1).end > part.end) {
            place--;
        }
        if (place > 0 && open.get(place - 1).end == part.end) {
            open.get(place - 1).add(part);
        } else {
            open.add(place, part);
        }
    }

    /** Closes the short panes that are over at `now`, and the long one, in the order of their ends. */
    void closeUntil(long now, Consumer<Pane> whenShort, Consumer<Pane> whenLong) {
        while (!open.isEmpty() && open.get(0).end <= now) {
            OpenPane part = open.remove(0);
            Pane pane = part.close(lastMoment, layout);
            lastMoment = part.latest(lastMoment);
            if (layout.hasLongPanes()) {
                addToLong(pane, whenLong);
            }
            recent.add(pane);
            recent.forget(pane.end);
            whenShort.accept(pane);
            pane.forgetSamples();
        }
        if (longPane != null && longPane.end <= now) {
            closeLong(whenLong);
        }
    }

    /** Returns the end of the long pane that is being made; Long.MIN_VALUE for none. */
    long longPaneEnd() {
        return longPane == null ? Long.MIN_VALUE : longPane.end;
    }

    Object measure(Layout.Measure measure) {
        return recent.measure(measure);
    }

    void forget(long now) {
        recent.forget(now);
    }

    /** Returns whether nothing of it can matter any more. */
    boolean isForgotten(long now) {
        boolean rests =
                lastMoment < now - layout.longestPauseMs && lastLongPaneEnd <= now - layout.ofLong.longestMs;
        return recent.isEmpty() && open.isEmpty() && longPane == null && rests;
    }

    /** Returns how many panes and values it holds. */
    int weight() {
        int weight = 1 + recent.weight() + (longPane == null ? 0 : longPane.weight());
        for (OpenPane part : open) {
            weight += part.weight();
        }
        return weight + (longHistory == null ? 0 : longHistory.weight());
    }

    private void addToLong(Pane pane, Consumer<Pane> whenLong) {
        long end = Math.floorDiv(pane.end - 1, layout.longMs) * layout.longMs + layout.longMs;
        if (longPane != null && longPane.end < end) {
            closeLong(whenLong);
        }
        if (longPane == null) {
            longPane = new Pane(end, layout);
        }
        longPane.add(pane);
    }

    private void closeLong(Consumer<Pane> whenLong) {
        Pane over = longPane;
        longPane = null;
        lastLongPaneEnd = over.end;
        whenLong.accept(over);
        over.forgetSamples();
    }

    void write(DataOutputSerializer target) throws IOException {
        target.writeLong(lookAgainAt);
        target.writeLong(lastMoment);
        target.writeLong(lastLongPaneEnd);
        recent.write(target);
        Packed.writeLong(open.size(), target);
        for (OpenPane part : open) {
            part.write(target);
        }
        target.writeBoolean(longPane != null);
        if (longPane != null) {
            longPane.write(target);
            Packed.writeString(longPane.firstSample, target);
            Packed.writeString(longPane.lastSample, target);
        }
    }

    void read(DataInputDeserializer source) throws IOException {
        lookAgainAt = source.readLong();
        lastMoment = source.readLong();
        lastLongPaneEnd = source.readLong();
        recent.read(source);
        for (int left = Packed.readInt(source); left > 0; left--) {
            open.add(OpenPane.read(source, layout));
        }
        if (source.readBoolean()) {
            longPane = Pane.read(source, layout);
            longPane.sample(Packed.readString(source), Packed.readString(source));
        }
    }
}
