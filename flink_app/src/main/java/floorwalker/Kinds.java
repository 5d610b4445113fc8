package floorwalker;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** The values that events had in one column, and of which kinds the events were: in most panes there is but one. */
final class Kinds {

    private String only;
    private int kindsOfOnly;
    // Null until there are two values; then all of them.
    private Map<String, Integer> all;

    /** Counts a value once, with the kinds of all events that had it. */
    void add(String value, int kinds) {
        if (all != null) {
            all.merge(value, kinds, (one, other) -> one | other);
        } else if (only == null || only.equals(value)) {
            only = value;
            kindsOfOnly |= kinds;
        } else {
            all = new HashMap<>();
            all.put(only, kindsOfOnly);
            add(value, kinds);
        }
    }

    void add(Kinds other) {
        if (other.all != null) {
            other.all.forEach(this::add);
        } else if (other.only != null) {
            add(other.only, other.kindsOfOnly);
        }
    }

    /** Returns how many values there are. */
    int size() {
        return all != null ? all.size() : only == null ? 0 : 1;
    }

    /** Returns how many values an event of that kind had. */
    int count(int kind) {
        if (all == null) {
            return (kindsOfOnly & kind) == 0 ? 0 : 1;
        }
        int count = 0;
        for (int kinds : all.values()) {
            if ((kinds & kind) != 0) {
                count++;
            }
        }
        return count;
    }

    void write(DataOutputView target) throws IOException {
        Packed.writeLong(size(), target);
        if (all != null) {
            for (Map.Entry<String, Integer> entry : all.entrySet()) {
                write(entry.getKey(), entry.getValue(), target);
            }
        } else if (only != null) {
            write(only, kindsOfOnly, target);
        }
    }

    static Kinds read(DataInputView source) throws IOException {
        Kinds kinds = new Kinds();
        for (int left = Packed.readInt(source); left > 0; left--) {
            kinds.add(Packed.readString(source), Packed.readInt(source));
        }
        return kinds;
    }

    private static void write(String value, int kinds, DataOutputView target) throws IOException {
        Packed.writeString(value, target);
        Packed.writeLong(kinds, target);
    }
}
