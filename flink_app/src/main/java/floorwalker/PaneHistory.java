package floorwalker;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.table.data.StringData;

/** The panes of a subject that are over, the oldest first, as long as something is still measured of them. */
final class PaneHistory {

    private final Layout layout;
    private final Layout.Windows windows;
    private final List<Pane> panes = new ArrayList<>();
    // Of each column of sets, in how many of the oldest panes its values are forgotten.
    private final int[] forgotten;
    private int weight;

    PaneHistory(Layout layout, Layout.Windows windows) {
        this.layout = layout;
        this.windows = windows;
        this.forgotten = new int[windows.valuesNeededMs.length];
    }

    boolean isEmpty() {
        return panes.isEmpty();
    }

    void add(Pane pane) {
        panes.add(pane);
        weight += pane.weight();
        // One value of state: a name that thousands share, or that comes from ever new addresses, must not outgrow it.
        for (int place = 0; weight > layout.mostKept && place < panes.size() - 1; place++) {
            weight -= panes.get(place).forgetValues();
        }
    }

    /** Forgets what no window that ends at `now` or later reaches. */
    void forget(long now) {
        int past = 0;
        while (past < panes.size() && panes.get(past).end <= now - windows.longestMs) {
            weight -= panes.get(past++).weight();
        }
        if (past > 0) {
            panes.subList(0, past).clear();
        }
        for (int column = 0; column < forgotten.length; column++) {
            long needed = now - windows.valuesNeededMs[column];
            int done = Math.max(0, forgotten[column] - past);
            for (; done < panes.size() && panes.get(done).end <= needed; done++) {
                Pane pane = panes.get(done);
                weight -= pane.values[column].size();
                pane.values[column] = Set.of();
            }
            forgotten[column] = done;
        }
    }

    /** Returns what is measured over the windows that end with the last pane, as Flink's tables hold it. */
    Object measure(Layout.Measure measure) {
        long end = panes.get(panes.size() - 1).end;
        List<Pane> window = after(end - measure.windowMs);
        switch (measure.how) {
            case SUM:
                return sum(window, measure.column);
            case SUM_BEFORE:
                return sum(after(end - measure.habitMs), measure.column) - sum(window, measure.column);
            case PANES:
                return (long) window.size();
            case DIFFERENT:
                return (long) Values.ofAll(window, measure.column).size();
            case JOINED:
                return StringData.fromString(
                        Values.ofAll(window, measure.column).stream().sorted().limit(layout.mostJoined).collect(Collectors.joining(",")));
            case NEW:
                List<Pane> habit = after(end - measure.habitMs);
                Set<String> usual = Values.ofAll(habit.subList(0, habit.size() - window.size()), measure.column);
                if (usual.isEmpty()) {
                    return 0L; // where nothing was known before, nothing is new
                }
                Set<String> found = new HashSet<>(Values.ofAll(window, measure.column));
                found.removeAll(usual);
                return (long) found.size();
            default:
                throw new IllegalStateException(measure.how.name());
        }
    }

    private List<Pane> after(long time) {
        int first = 0;
        int behind = panes.size();
        while (first < behind) {
            int middle = (first + behind) >>> 1;
            if (panes.get(middle).end > time) {
                behind = middle;
            } else {
                first = middle + 1;
            }
        }
        return panes.subList(first, panes.size());
    }

    /** Returns how many panes and values it holds. */
    int weight() {
        return weight;
    }

    private static long sum(List<Pane> window, int column) {
        long sum = 0;
        for (Pane pane : window) {
            sum += pane.numbers[column];
        }
        return sum;
    }

    void write(DataOutputView target) throws IOException {
        Packed.writeLong(panes.size(), target);
        for (Pane pane : panes) {
            pane.write(target);
        }
    }

    void read(DataInputView source) throws IOException {
        for (int left = Packed.readInt(source); left > 0; left--) {
            add(Pane.read(source, layout));
        }
    }
}
