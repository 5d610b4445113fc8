package floorwalker;

import java.io.Serializable;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes apart the lines that most senders write: an object of nothing but texts under known names, without escapes, each
 * one that its field may hold. What a parser and a check for each field would find stands between the quotes. A line
 * that is not plain may be an event all the same: it is only judged the long way.
 */
public final class PlainLine implements Serializable {

    private static final long serialVersionUID = 1L;

    private final List<Field> fields = new ArrayList<>();
    private final Map<String, Integer> places = new HashMap<>();
    private final int mostMembers;
    private transient Matcher[] matchers;

    /** Of more members than `mostMembers` no line is plain. */
    public PlainLine(int mostMembers) {
        this.mostMembers = mostMembers;
    }

    /** Adds a field: what its whole value must match, null for any text, and how long it may be, 0 for any length. */
    public PlainLine field(String name, String pattern, int maxLength) {
        places.put(name, fields.size());
        fields.add(new Field(name, pattern, maxLength));
        return this;
    }

    /** Makes ready to take lines apart, once all fields are there. */
    public void prepare() {
        matchers = new Matcher[fields.size()];
        for (int place = 0; place < matchers.length; place++) {
            String pattern = fields.get(place).pattern;
            matchers[place] = pattern == null ? null : Pattern.compile(pattern).matcher("");
        }
    }

    /** Returns the value of each field, null where there is none or an empty one; null for a line that is not plain. */
    public String[] takeApart(String line) {
        int end = line.length() - 2;
        if (end < 2 || !line.startsWith("{\"") || !line.endsWith("\"}")) {
            return null;
        }
        String[] values = new String[fields.size()];
        int at = 2;
        for (int members = 1; members <= mostMembers; members++) {
            int nameEnd = line.indexOf('"', at);
            if (nameEnd < 0 || !line.startsWith("\":\"", nameEnd)) {
                return null;
            }
            int valueEnd = line.indexOf('"', nameEnd + 3);
            Integer place = places.get(line.substring(at, nameEnd));
            if (valueEnd < 0 || place == null) {
                return null;
            }
            String value = line.substring(nameEnd + 3, valueEnd);
            if (!mayHold(place, value)) {
                return null;
            }
            values[place] = value.isEmpty() ? null : value;
            if (valueEnd == end) {
                return values;
            }
            if (!line.startsWith("\",\"", valueEnd)) {
                return null;
            }
            at = valueEnd + 3;
        }
        return null;
    }

    List<String> names() {
        List<String> names = new ArrayList<>();
        fields.forEach(field -> names.add(field.name));
        return names;
    }

    /** Returns the moment that a text of the form 2019-10-01T00:00:00.000Z tells, in milliseconds. */
    static long instant(String text) {
        LocalDate day = LocalDate.of(number(text, 0, 4), number(text, 5, 7), number(text, 8, 10));
        long minutes = (day.toEpochDay() * 24 + number(text, 11, 13)) * 60 + number(text, 14, 16);
        int milliseconds = text.charAt(19) == '.' ? number(text, 20, 23) : 0;
        return (minutes * 60 + number(text, 17, 19)) * 1000 + milliseconds;
    }

    private static int number(String text, int from, int until) {
        return Integer.parseInt(text, from, until, 10);
    }

    private boolean mayHold(int place, String value) {
        Field field = fields.get(place);
        if (field.maxLength > 0 && value.length() > field.maxLength) {
            return false;
        }
        return matchers[place] == null ? isFree(value) : matchers[place].reset(value).matches();
    }

    /** Returns whether it has no escapes, control characters, brackets that are counted, nor what is not whole. */
    private static boolean isFree(String value) {
        for (int place = 0; place < value.length(); place++) {
            char one = value.charAt(place);
            boolean known = one >= ' ' && one <= '~' || one >= 0xA0 && one <= 0xFFFC && !Character.isSurrogate(one);
            if (!known || one == '\\' || one == '[' || one == '{') {
                return false;
            }
        }
        return true;
    }

    private static final class Field implements Serializable {
        private static final long serialVersionUID = 1L;
        private final String name;
        private final String pattern;
        private final int maxLength;

        private Field(String name, String pattern, int maxLength) {
            this.name = name;
            this.pattern = pattern;
            this.maxLength = maxLength;
        }
    }
}
