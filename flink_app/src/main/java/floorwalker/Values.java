package floorwalker;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Sets of texts, of which most hold one or none: those are of Java's unchangeable kind, a tenth of the size. */
final class Values {

    private Values() {}

    /** Returns the set with the value too; it may be the same, changed: whoever calls must be its only owner. */
    static Set<String> with(Set<String> values, String value) {
        if (values.isEmpty()) {
            return Set.of(value);
        }
        if (values instanceof HashSet) {
            values.add(value);
            return values;
        }
        return values.contains(value) ? values : both(values, Set.of(value));
    }

    /** Returns the values of all panes in one column. It is not to be changed: it may be that of a pane. */
    static Set<String> ofAll(List<Pane> panes, int column) {
        Set<String> found = Set.of();
        boolean isOwn = false;
        for (Pane pane : panes) {
            Set<String> more = pane.values[column];
            if (isOwn) {
                found.addAll(more);
            } else if (!found.containsAll(more)) {
                isOwn = !more.containsAll(found);
                found = isOwn ? both(found, more) : more;
            }
        }
        return found;
    }

    private static Set<String> both(Set<String> one, Set<String> other) {
        Set<String> both = new HashSet<>(2 * (one.size() + other.size()));
        both.addAll(one);
        both.addAll(other);
        return both;
    }
}
