package floorwalker;

import java.util.ArrayList;
import java.util.List;

/**
 * Says what is counted of a subject's events in each pane, and what is measured over the panes of a window.
 *
 * <p>Which events count for a column, the events say themselves: they carry a number with a bit for each kind of event.
 */
public final class LayoutBuilder {

    private final long shortMs;
    private final long longMs;
    private final int mostJoined;
    private final int mostKept;
    private final List<Layout.Column> counts = new ArrayList<>();
    private final List<Layout.Column> values = new ArrayList<>();
    private final List<Layout.Measure> ofShort = new ArrayList<>();
    private final List<Layout.Measure> ofLong = new ArrayList<>();
    private long longestPauseMs;
    private long quickPauseMs;

    /**
     * Panes of two lengths, in milliseconds; each long one is made of whole short ones. Of values so many are joined; of
     * one subject so many panes and values are kept.
     */
    public LayoutBuilder(long shortMs, long longMs, int mostJoined, int mostKept) {
        this.shortMs = shortMs;
        this.longMs = longMs;
        this.mostJoined = mostJoined;
        this.mostKept = mostKept;
    }

    /** Counts the different `of` among the events of a kind. */
    public LayoutBuilder count(String name, String of, int kind) {
        counts.add(new Layout.Column(name, of, kind));
        return this;
    }

    /** Keeps the different values of a column of the events of a kind: the same one may come again in another pane. */
    public LayoutBuilder values(String name, String of, int kind) {
        values.add(new Layout.Column(name, of, kind));
        return this;
    }

    /**
     * Counts, in columns of their own, the pauses between one moment with an event and the next: those not longer than
     * `longestMs`, and of these the quick ones, not longer than `quickMs`.
     */
    public LayoutBuilder pauses(long longestMs, long quickMs) {
        longestPauseMs = longestMs;
        quickPauseMs = quickMs;
        return this;
    }

    /** Measures a column, to be named before, over windows that end with each pane; `habitMs` ends with it too. */
    public LayoutBuilder measure(String name, boolean isLong, String how, String column, long windowMs, long habitMs) {
        Layout.How known = Layout.How.valueOf(how);
        int place = known == Layout.How.PANES ? -1 : place(column, known.isOfValues());
        (isLong ? ofLong : ofShort).add(new Layout.Measure(name, known, place, windowMs, habitMs));
        return this;
    }

    Layout build() {
        return new Layout(
                shortMs, longMs, mostJoined, mostKept, counts, values, longestPauseMs, quickPauseMs, ofShort, ofLong);
    }

    private int place(String name, boolean ofValues) {
        List<String> names = new ArrayList<>();
        (ofValues ? values : counts).forEach(column -> names.add(column.name));
        if (!ofValues && longestPauseMs > 0) {
            names.addAll(Layout.PAUSES);
        }
        int place = names.indexOf(name);
        if (place < 0) {
            throw new IllegalArgumentException("no column " + name + " among " + names);
        }
        return place;
    }
}
