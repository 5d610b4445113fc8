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
    private int weight;

    PaneHistory(Layout layout, Layout.Windows windows) {
        this.layout = layout;
        this.windows = windows;
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
        panes.subList(0, past).clear();
        for (Pane pane : panes) {
            for (int place = 0; place < windows.valuesNeededMs.length; place++) {
                if (pane.end <= now - windows.valuesNeededMs[place]) {
                    weight -= pane.values[place].size();
                    pane.values[place] = Set.of();
                }
            }
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
                return (long) different(window, measure.column).size();
            case JOINED:
                return StringData.fromString(
                        different(window, measure.column).stream().sorted().limit(layout.mostJoined).collect(Collectors.joining(",")));
            case NEW:
                List<Pane> habit = after(end - measure.habitMs);
                Set<String> usual = different(habit.subList(0, habit.size() - window.size()), measure.column);
                if (usual.isEmpty()) {
                    return 0L; // where nothing was known before, nothing is new
                }
                Set<String> found = new HashSet<>(different(window, measure.column));
                found.removeAll(usual);
                return (long) found.size();
            default:
                throw new IllegalStateException(measure.how.name());
        }
    }

    private List<Pane> after(long time) {
        int first = panes.size();
        while (first > 0 && panes.get(first - 1).end > time) {
            first--;
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

    private static Set<String> different(List<Pane> window, int column) {
        if (window.size() == 1) {
            return window.get(0).values[column];
        }
        Set<String> found = new HashSet<>();
        for (Pane pane : window) {
            found.addAll(pane.values[column]);
        }
        return found;
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
