package floorwalker;

import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * What a subject does in a pane that is not over. It may be in parts, of which each knows what it has seen: an event
 * that is sent again falls into the same pane, and counts once.
 */
final class OpenPane {

    final long end;
    // For each column that is counted: of which kinds the events were that had a value.
    private final Kinds[] kindsOf;
    private final Set<String>[] values;
    private String firstSample;
    private String lastSample;
    // The moments of events, in no order, some of them more than once.
    private long[] moments = new long[2];
    private int howMany;
    private int events;

    OpenPane(long end, Layout layout) {
        this.end = end;
        this.kindsOf = new Kinds[layout.counted.size()];
        Arrays.setAll(kindsOf, place -> new Kinds());
        this.values = Pane.noValues(layout);
    }

    void count(int place, String value, int kinds) {
        kindsOf[place].add(value, kinds);
    }

    void keep(int place, String value) {
        values[place] = Values.with(values[place], value);
    }

    /** Begins with an event: takes its id for a sample, if it is the first or the last. */
    void begin(String id) {
        events++;
        sample(id, id);
    }

    /** Returns how many events this part has seen, those sent again too, since it was last stored. */
    int events() {
        return events;
    }

    /** Returns how many ids, values and moments it holds. */
    int weight() {
        int weight = howMany;
        for (Kinds kinds : kindsOf) {
            weight += kinds.size();
        }
        for (Set<String> each : values) {
            weight += each.size();
        }
        return weight;
    }

    void moment(long at) {
        if (howMany == moments.length) {
            howMany = different();
            moments = Arrays.copyOf(moments, Math.max(2 * howMany, moments.length));
        }
        moments[howMany++] = at;
    }

    void add(OpenPane other) {
        for (int place = 0; place < kindsOf.length; place++) {
            kindsOf[place].add(other.kindsOf[place]);
        }
        for (int place = 0; place < values.length; place++) {
            for (String value : other.values[place]) {
                keep(place, value);
            }
        }
        for (int place = 0; place < other.howMany; place++) {
            moment(other.moments[place]);
        }
        sample(other.firstSample, other.lastSample);
    }

    /** Returns the pane, now that it is over. `before` is the moment of the subject's last event before it. */
    Pane close(long before, Layout layout) {
        Pane pane = new Pane(end, layout);
        for (int place = 0; place < layout.counts.length; place++) {
            pane.numbers[place] = kindsOf[layout.countedAt[place]].count(layout.counts[place].kind);
        }
        System.arraycopy(values, 0, pane.values, 0, values.length);
        if (layout.hasPauses()) {
            addPauses(before, layout, pane.numbers);
        }
        pane.sample(firstSample, lastSample);
        return pane;
    }

    /** Returns the moment of its last event; where moments are not kept, the one before. */
    long latest(long before) {
        howMany = different();
        return howMany == 0 ? before : moments[howMany - 1];
    }

    private void addPauses(long before, Layout layout, long[] numbers) {
        howMany = different();
        long previous = before;
        int first = layout.counts.length;
        for (int place = 0; place < howMany; place++) {
            long pause = previous == Long.MIN_VALUE ? 0 : moments[place] - previous;
            if (pause > 0 && pause <= layout.longestPauseMs) {
                numbers[first]++;
                numbers[first + 1] += pause;
                numbers[first + 2] += pause * pause;
                if (pause <= layout.quickPauseMs) {
                    numbers[first + 3]++;
                    numbers[first + 4] += pause;
                }
            }
            previous = moments[place];
        }
    }

    /** Puts the moments in order, each once; returns how many there are. */
    private int different() {
        Arrays.sort(moments, 0, howMany);
        int kept = 0;
        for (int place = 0; place < howMany; place++) {
            if (kept == 0 || moments[place] != moments[kept - 1]) {
                moments[kept++] = moments[place];
            }
        }
        return kept;
    }

    private void sample(String first, String last) {
        if (firstSample == null || first.compareTo(firstSample) < 0) {
            firstSample = first;
        }
        if (lastSample == null || last.compareTo(lastSample) > 0) {
            lastSample = last;
        }
    }

    void write(DataOutputView target) throws IOException {
        target.writeLong(end);
        for (Kinds kinds : kindsOf) {
            kinds.write(target);
        }
        for (Set<String> each : values) {
            Packed.writeStrings(each, target);
        }
        Packed.writeLong(howMany, target);
        for (int place = 0; place < howMany; place++) {
            target.writeLong(moments[place]);
        }
        Packed.writeString(firstSample, target);
        Packed.writeString(lastSample, target);
    }

    static OpenPane read(DataInputView source, Layout layout) throws IOException {
        OpenPane pane = new OpenPane(source.readLong(), layout);
        for (int place = 0; place < pane.kindsOf.length; place++) {
            pane.kindsOf[place] = Kinds.read(source);
        }
        for (int place = 0; place < pane.values.length; place++) {
            pane.values[place] = Packed.readStrings(source);
        }
        for (int left = Packed.readInt(source); left > 0; left--) {
            pane.moment(source.readLong());
        }
        pane.sample(Packed.readString(source), Packed.readString(source));
        return pane;
    }
}
