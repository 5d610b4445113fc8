package floorwalker;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.operators.ProcessingTimeService.ProcessingTimeCallback;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.io.network.api.writer.ResultPartitionWriter;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.util.clock.SystemClock;

/**
 * Passes rows on with the watermarks of {@link SlowestShard}, each with whether it is late.
 *
 * <p>Unlike Flink's own, it remembers what it knew: after a restart, what was late before would otherwise be on time.
 */
final class EventTimeOperator extends AbstractStreamOperator<RowData>
        implements OneInputStreamOperator<RowData, RowData>, ProcessingTimeCallback {

    private static final long serialVersionUID = 1L;
    private static final long LOOK_EVERY_MS = 200;

    private final int shardColumn;
    private final int rowtimeColumn;
    private final long latenessMs;
    private final long paneMs;
    private final long idleMs;

    private transient SlowestShard time;
    private transient long given;
    private transient ListState<Tuple2<String, Long>> progress;
    private transient ListState<Long> watermark;

    EventTimeOperator(int shardColumn, int rowtimeColumn, long latenessMs, long paneMs, long idleMs) {
        this.shardColumn = shardColumn;
        this.rowtimeColumn = rowtimeColumn;
        this.latenessMs = latenessMs;
        this.paneMs = paneMs;
        this.idleMs = idleMs;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        progress =
                context.getOperatorStateStore()
                        .getListState(new ListStateDescriptor<>("shards", Types.TUPLE(Types.STRING, Types.LONG)));
        watermark = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("watermark", Types.LONG));
        time = new SlowestShard(latenessMs, paneMs, idleMs, SystemClock.getInstance());
        given = Long.MIN_VALUE;
        for (long reached : watermark.get()) {
            Map<String, Long> known = new HashMap<>();
            for (Tuple2<String, Long> shard : progress.get()) {
                known.put(shard.f0, shard.f1);
            }
            time.resume(known, reached);
        }
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        time.forgetEnded();
        progress.clear();
        for (Map.Entry<String, Long> shard : time.progress().entrySet()) {
            progress.add(Tuple2.of(shard.getKey(), shard.getValue()));
        }
        watermark.update(List.of(time.watermark()));
    }

    @Override
    public void open() throws Exception {
        super.open();
        lookAgainLater();
    }

    @Override
    public void processElement(StreamRecord<RowData> element) {
        give();
        RowData row = element.getValue();
        String shard = row.isNullAt(shardColumn) ? SlowestShard.NO_SHARDS : row.getString(shardColumn).toString();
        long rowtime = row.getTimestamp(rowtimeColumn, 3).getMillisecond();
        boolean late = time.see(shard, rowtime);
        output.collect(element.replace(new JoinedRowData(row.getRowKind(), row, GenericRowData.of(late))));
        give();
    }

    @Override
    public void onProcessingTime(long timestamp) {
        if (isHeldUp()) {
            time.pause();
        } else {
            time.look();
            give();
        }
        lookAgainLater();
    }

    @Override
    public void processWatermark(Watermark mark) {
        if (mark.getTimestamp() == Long.MAX_VALUE) {
            output.emitWatermark(mark); // the input is at its end
        }
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) {
        // Nobody behind hears of idleness.
    }

    /** Returns whether those behind take no more rows: then none is read, and the timer goes on all the same. */
    private boolean isHeldUp() {
        for (ResultPartitionWriter writer : getContainingTask().getEnvironment().getAllWriters()) {
            if (!writer.isAvailable()) {
                return true;
            }
        }
        return false;
    }

    private void give() {
        if (time.watermark() > given) {
            given = time.watermark();
            output.emitWatermark(new Watermark(given));
        }
    }

    private void lookAgainLater() {
        long now = getProcessingTimeService().getCurrentProcessingTime();
        getProcessingTimeService().registerTimer(now + LOOK_EVERY_MS, this);
    }
}
