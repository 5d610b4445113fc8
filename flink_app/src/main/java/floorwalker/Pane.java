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
    /** The sets change only while the pane is being made; later they are exchanged for empty ones. */
    final Set<String>[] values;
    // Null once the pane is over and told of.
    String firstSample;
    String lastSample;

    Pane(long end, Layout layout) {
        this.end = end;
        this.numbers = new long[layout.numbers];
        this.values = noValues(layout);
    }

    void add(Pane other) {
        for (int place = 0; place < numbers.length; place++) {
            numbers[place] += other.numbers[place];
        }
        for (int place = 0; place < values.length; place++) {
            for (String value : other.values[place]) {
                values[place] = Values.with(values[place], value);
            }
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

    void forgetSamples() {
        firstSample = null;
        lastSample = null;
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

    /** Writes all but the samples: of a pane that is over, nobody will ask for them. */
    void write(DataOutputView target) throws IOException {
        target.writeLong(end);
        for (long number : numbers) {
            Packed.writeLong(number, target);
        }
        for (Set<String> each : values) {
            Packed.writeStrings(each, target);
        }
    }

    static Pane read(DataInputView source, Layout layout) throws IOException {
        Pane pane = new Pane(source.readLong(), layout);
        for (int place = 0; place < pane.numbers.length; place++) {
            pane.numbers[place] = Packed.readLong(source);
        }
        for (int place = 0; place < pane.values.length; place++) {
            pane.values[place] = Packed.readStrings(source);
        }
        return pane;
    }
}
