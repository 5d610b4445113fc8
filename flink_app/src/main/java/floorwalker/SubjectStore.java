package floorwalker;

import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * All subjects: those lately busy in memory, every one in Flink's state once it was {@link #save saved}.
 *
 * <p>Whoever acts is likely to act again, within seconds or minutes: most need not be read from the state each time.
 */
final class SubjectStore {

    private final Layout layout;
    private final int mostInMemory;
    private final Consumer<String> key;
    private final ValueState<byte[]> subjects;
    private final ValueState<byte[]> longHistories;
    private final Map<String, Subject> inMemory = new LinkedHashMap<>(1024, 0.75f, true);
    private final DataOutputSerializer target = new DataOutputSerializer(256);
    private final DataInputDeserializer source = new DataInputDeserializer();
    private int weightInMemory;

    /** Keeps subjects in the state of `context`; `key` sets the key that the state is read and written with. */
    SubjectStore(Layout layout, int mostInMemory, RuntimeContext context, Consumer<String> key) {
        this.layout = layout;
        this.mostInMemory = mostInMemory;
        this.key = key;
        this.subjects = context.getState(bytes("subjects"));
        this.longHistories = context.getState(bytes("long panes"));
    }

    /** Returns the subject, a new one if nothing is known. Whoever changes it says so by {@link #put}. */
    Subject get(String name) throws IOException {
        Subject known = inMemory.get(name);
        if (known != null) {
            return known;
        }
        key.accept(name);
        Subject subject = new Subject(name, layout);
        byte[] stored = subjects.value();
        if (stored == null) {
            subject.longHistory = new PaneHistory(layout, layout.ofLong); // there is none in the state either
        } else if (isOfThisLayout(stored)) {
            subject.read(source);
        }
        return subject;
    }

    /** Takes note that the subject has changed. */
    void put(Subject subject) throws IOException {
        subject.isChanged = true;
        if (subject.weighed == 0) {
            inMemory.put(subject.name, subject);
        }
        weightInMemory -= subject.weighed;
        subject.weighed = subject.weight();
        weightInMemory += subject.weighed;
        if (weightInMemory > mostInMemory) {
            makeRoom();
        }
    }

    /** Forgets the subject altogether. */
    void remove(Subject subject) {
        weightInMemory -= subject.weighed;
        subject.weighed = 0;
        inMemory.remove(subject.name);
        key.accept(subject.name);
        subjects.clear();
        longHistories.clear();
    }

    /** Returns the subject's long panes that are over. */
    PaneHistory longHistory(Subject subject) throws IOException {
        if (subject.longHistory == null) {
            subject.longHistory = new PaneHistory(layout, layout.ofLong);
            key.accept(subject.name);
            byte[] stored = longHistories.value();
            if (stored != null && isOfThisLayout(stored)) {
                subject.longHistory.read(source);
            }
        }
        return subject.longHistory;
    }

    /** Writes all that changed into the state. */
    void save() throws IOException {
        for (Subject subject : inMemory.values()) {
            if (subject.isChanged) {
                write(subject);
            }
        }
    }

    private void makeRoom() throws IOException {
        Iterator<Subject> eldest = inMemory.values().iterator();
        while (weightInMemory > mostInMemory / 2) {
            Subject subject = eldest.next();
            if (subject.isChanged) {
                write(subject);
            }
            weightInMemory -= subject.weighed;
            subject.weighed = 0;
            eldest.remove();
        }
    }

    private void write(Subject subject) throws IOException {
        key.accept(subject.name);
        start();
        subject.write(target);
        subjects.update(target.getCopyOfBuffer());
        if (subject.isLongHistoryChanged) {
            start();
            subject.longHistory.write(target);
            longHistories.update(target.getCopyOfBuffer());
        }
        subject.isChanged = false;
        subject.isLongHistoryChanged = false;
    }

    private void start() throws IOException {
        target.clear();
        target.writeInt(layout.signature);
    }

    /** Returns whether this layout can read what is stored; if so, `source` stands at its beginning. */
    private boolean isOfThisLayout(byte[] stored) throws IOException {
        source.setBuffer(stored);
        return source.readInt() == layout.signature;
    }

    private static ValueStateDescriptor<byte[]> bytes(String name) {
        return new ValueStateDescriptor<>(name, BytePrimitiveArraySerializer.INSTANCE);
    }
}
