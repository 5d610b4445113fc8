package floorwalker;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a subject's panes hold and what is measured of them, ready to be used for each event. */
final class Layout implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Changes whenever what is stored of a subject is written in another way. */
    private static final int FORMAT = 2;

    /** The numbers that pauses between events are counted in; sums of whole milliseconds are exact in any order. */
    static final List<String> PAUSES = List.of("gaps", "gap_ms", "gap_ms_squared", "quick_gaps", "quick_gap_ms");

    /** How a number is made of the panes of a window. */
    enum How {
        /** The sum of a number. */
        SUM,
        /** The sum over the time of the habit before the window. */
        SUM_BEFORE,
        /** How many different values there are. */
        DIFFERENT,
        /** How many of them the habit before the window has not; none where that has none at all. */
        NEW,
        /** The different values themselves, the first of them by order, joined by commas. */
        JOINED,
        /** In how many panes there was an event. */
        PANES;

        boolean isOfValues() {
            return this == DIFFERENT || this == NEW || this == JOINED;
        }
    }

    final long shortMs;
    final long longMs;
    /** How many values are joined at most. */
    final int mostJoined;
    /** How many panes and values of one subject are kept; of those beyond it the values of the oldest panes go. */
    final int mostKept;
    /** Columns of numbers; those of pauses come after them. */
    final Column[] counts;
    /** The columns of events that these count, each once, and for each of the numbers the place among them. */
    final List<String> counted;
    final int[] countedAt;
    /** Columns of sets. */
    final Column[] values;
    /** How many numbers a pane holds. */
    final int numbers;
    /** Zero where pauses are not counted. */
    final long longestPauseMs;
    final long quickPauseMs;
    final Windows ofShort;
    final Windows ofLong;
    /** Changes with what is stored and for how long: what another layout has stored cannot be read, or is not enough. */
    final int signature;

    Layout(
            long shortMs,
            long longMs,
            int mostJoined,
            int mostKept,
            List<Column> counts,
            List<Column> values,
            long longestPauseMs,
            long quickPauseMs,
            List<Measure> ofShort,
            List<Measure> ofLong) {
        this.shortMs = shortMs;
        this.longMs = longMs;
        this.mostJoined = mostJoined;
        this.mostKept = mostKept;
        this.counts = counts.toArray(new Column[0]);
        this.counted = counts.stream().map(column -> column.of).distinct().collect(Collectors.toList());
        this.countedAt = counts.stream().mapToInt(column -> counted.indexOf(column.of)).toArray();
        this.values = values.toArray(new Column[0]);
        this.numbers = counts.size() + (longestPauseMs > 0 ? PAUSES.size() : 0);
        this.longestPauseMs = longestPauseMs;
        this.quickPauseMs = quickPauseMs;
        this.ofShort = new Windows(ofShort, values.size());
        this.ofLong = new Windows(ofLong, values.size());
        String columns = Stream.concat(counts.stream(), values.stream()).map(Column::toString).collect(joined());
        Stream<Object> kept = Stream.of(
                FORMAT, shortMs, longMs, longestPauseMs, quickPauseMs, counts.size(), columns,
                this.ofShort.reach(), this.ofLong.reach());
        this.signature = kept.map(String::valueOf).collect(joined()).hashCode();
    }

    boolean hasPauses() {
        return longestPauseMs > 0;
    }

    boolean hasLongPanes() {
        return ofLong.measures.length > 0;
    }

    private static Collector<CharSequence, ?, String> joined() {
        return Collectors.joining(";");
    }

    /** A column of each pane: of the events of a kind, the column `of`. */
    static final class Column implements Serializable {
        private static final long serialVersionUID = 1L;
        final String name;
        final String of;
        final int kind;

        Column(String name, String of, int kind) {
            this.name = name;
            this.of = of;
            this.kind = kind;
        }

        @Override
        public String toString() {
            return name + "," + of + "," + kind;
        }
    }

    /** A column measured over a window of panes. */
    static final class Measure implements Serializable {
        private static final long serialVersionUID = 1L;
        final String name;
        final How how;
        final int column;
        final long windowMs;
        final long habitMs;

        Measure(String name, How how, int column, long windowMs, long habitMs) {
            this.name = name;
            this.how = how;
            this.column = column;
            this.windowMs = windowMs;
            this.habitMs = habitMs;
        }

        long reach() {
            return Math.max(windowMs, habitMs);
        }
    }

    /** All that is measured of panes of one length. */
    static final class Windows implements Serializable {
        private static final long serialVersionUID = 1L;
        final Measure[] measures;
        /** How long after a pane something may still be measured of it, and of each of its sets. */
        final long longestMs;
        final long[] valuesNeededMs;

        Windows(List<Measure> measures, int values) {
            this.measures = measures.toArray(new Measure[0]);
            this.longestMs = measures.stream().mapToLong(Measure::reach).max().orElse(0);
            this.valuesNeededMs = new long[values];
            for (Measure measure : measures) {
                if (measure.how.isOfValues()) {
                    valuesNeededMs[measure.column] = Math.max(valuesNeededMs[measure.column], measure.reach());
                }
            }
        }

        private String reach() {
            return longestMs + Arrays.toString(valuesNeededMs);
        }
    }
}
