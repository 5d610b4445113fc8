package floorwalker;

import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** A pane that is over, or a long one that more short ones are still added to. */
final class Pane {

    final long end;
    final long[] numbers;
    /** Sets that others may hold too: they are exchanged, never changed. */
    final Set<String>[] values;
    String firstSample;
    String lastSample;

    Pane(long end, Layout layout) {
        this(end, new long[layout.numbers], noValues(layout), null, null);
    }

    private Pane(long end, long[] numbers, Set<String>[] values, String firstSample, String lastSample) {
        this.end = end;
        this.numbers = numbers;
        this.values = values;
        this.firstSample = firstSample;
        this.lastSample = lastSample;
    }

    void add(Pane other) {
        for (int place = 0; place < numbers.length; place++) {
            numbers[place] += other.numbers[place];
        }
        for (int place = 0; place < values.length; place++) {
            values[place] = Packed.union(values[place], other.values[place]);
        }
        sample(other.firstSample, other.lastSample);
    }

    void sample(String first, String last) {
        if (firstSample == null || first.compareTo(firstSample) < 0) {
            firstSample = first;
        }
        if (lastSample == null || last.compareTo(lastSample) > 0) {
            lastSample = last;
        }
    }

    /** Returns how many values it holds, itself counted as one. */
    int weight() {
        int weight = 1;
        for (Set<String> each : values) {
            weight += each.size();
        }
        return weight;
    }

    /** Forgets its values; returns how many there were. */
    int forgetValues() {
        int forgotten = weight() - 1;
        Arrays.fill(values, Set.of());
        return forgotten;
    }

    @SuppressWarnings("unchecked") // Java has no arrays of sets of texts
    static Set<String>[] noValues(Layout layout) {
        Set<String>[] values = new Set[layout.values.length];
        Arrays.fill(values, Set.of());
        return values;
    }

    void write(DataOutputView target) throws IOException {
        target.writeLong(end);
        for (long number : numbers) {
            Packed.writeLong(number, target);
        }
        for (Set<String> each : values) {
            Packed.writeStrings(each, target);
        }
        Packed.writeString(firstSample, target);
        Packed.writeString(lastSample, target);
    }

    static Pane read(DataInputView source, Layout layout) throws IOException {
        long end = source.readLong();
        long[] numbers = new long[layout.numbers];
        for (int place = 0; place < numbers.length; place++) {
            numbers[place] = Packed.readLong(source);
        }
        Set<String>[] values = noValues(layout);
        for (int place = 0; place < values.length; place++) {
            values[place] = Packed.readStrings(source);
        }
        return new Pane(end, numbers, values, Packed.readString(source), Packed.readString(source));
    }
}
