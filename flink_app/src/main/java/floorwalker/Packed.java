package floorwalker;

import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.StringValue;

/** Numbers and texts in few bytes: most numbers of a pane are small, and most sets hold next to nothing. */
final class Packed {

    private Packed() {}

    /** Writes a number that is not negative, seven bits a byte, the lowest first. */
    static void writeLong(long number, DataOutputView target) throws IOException {
        long rest = number;
        while (rest >= 0x80) {
            target.writeByte((int) (rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        target.writeByte((int) rest);
    }

    static long readLong(DataInputView source) throws IOException {
        long number = 0;
        for (int shift = 0; ; shift += 7) {
            byte part = source.readByte();
            number |= (long) (part & 0x7f) << shift;
            if (part >= 0) {
                return number;
            }
        }
    }

    static int readInt(DataInputView source) throws IOException {
        return Math.toIntExact(readLong(source));
    }

    static void writeString(String text, DataOutputView target) throws IOException {
        StringValue.writeString(text, target);
    }

    static String readString(DataInputView source) throws IOException {
        return StringValue.readString(source);
    }

    static void writeStrings(Collection<String> texts, DataOutputView target) throws IOException {
        writeLong(texts.size(), target);
        for (String text : texts) {
            writeString(text, target);
        }
    }

    static Set<String> readStrings(DataInputView source) throws IOException {
        int howMany = readInt(source);
        if (howMany < 2) {
            return howMany == 0 ? Set.of() : Set.of(readString(source));
        }
        Set<String> texts = new HashSet<>(2 * howMany);
        for (int place = 0; place < howMany; place++) {
            texts.add(readString(source));
        }
        return texts;
    }
}
