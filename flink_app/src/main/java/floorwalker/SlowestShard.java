package floorwalker;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.util.clock.Clock;

/**
 * Event time as far as the slowest shard that is still being written to: all shards are read side by side, and after a
 * pause one may be hours behind another.
 *
 * <p>What is late is told shard by shard, by the order that the stream keeps. So it is the same however fast the shards
 * are read, and at every time that the same records are read again.
 *
 * <p>The watermark stands at ends of panes: between two of them nothing becomes due, and each wakes every operator. All
 * times are in milliseconds.
 */
public final class SlowestShard {

    /** Stands for all rows where there are no shards. */
    static final String NO_SHARDS = "";

    // How long the other shards have to show up when the first row comes, at a start or after a silence of all.
    private static final long GATHERING_MS = 3_000;
    // What passed while nobody looked was no silence of a shard: then the rows themselves were waiting.
    private static final long LONGEST_STEP_MS = 1_000;

    // How long after a restart the first row may take to come before the shards are taken for silent.
    private static final long STARTING_MS = 60_000;

    // A stream keeps records for a year at most, but those of a shard that has ended are seldom older than a week.
    private static final long LONGEST_KEPT_MS = 7 * 24 * 3_600_000L;

    private final long latenessMs;
    private final long paneMs;
    private final long idleMs;
    private final Clock clock;
    private final Map<String, Shard> shards = new HashMap<>();

    private long furthest = Long.MIN_VALUE;
    private long watermark = Long.MIN_VALUE;
    private boolean allSilent = true;
    private long gatheredAt = Long.MIN_VALUE;
    private long watchedMs;
    private long lookedAt;
    private long startingUntil = Long.MIN_VALUE;

    public SlowestShard(long latenessMs, long paneMs, long idleMs, Clock clock) {
        this.latenessMs = latenessMs;
        this.paneMs = paneMs;
        this.idleMs = idleMs;
        this.clock = clock;
        this.lookedAt = clock.relativeTimeMillis();
    }

    /**
     * Goes on from what was known: how far each shard had got, and the watermark. Every shard is waited for, those that
     * had been silent too, since they may have been written to meanwhile. The wait begins with the first row that is
     * read: until the source has found its place in each shard, none is silent.
     */
    public void resume(Map<String, Long> progress, long reached) {
        watermark = reached;
        progress.forEach((name, newest) -> shards.put(name, new Shard(newest)));
        furthest = progress.values().stream().mapToLong(each -> each).max().orElse(Long.MIN_VALUE);
        allSilent = shards.isEmpty();
        startingUntil = lookedAt + STARTING_MS;
        waitForAll(idleMs);
    }

    /**
     * Takes note of a row, and returns whether it is late: its pane is over, by what its own shard has shown before or
     * by the watermark. What is late, or of 1970, tells nothing about the time.
     */
    public boolean see(String name, long rowtime) {
        startingUntil = Long.MIN_VALUE;
        if (rowtime <= 0) {
            return false;
        }
        Shard shard = shards.get(name);
        if (rowtime <= watermark || shard != null && rowtime <= due(shard.newest)) {
            return true;
        }
        if (allSilent) {
            allSilent = false;
            gather(name);
        }
        if (shard == null) {
            shard = new Shard(rowtime);
            shards.put(name, shard);
        }
        shard.seenAt = watchedMs;
        shard.newest = Math.max(shard.newest, rowtime);
        furthest = Math.max(furthest, rowtime);
        if (due(rowtime) > watermark) {
            advance();
        }
        return false;
    }

    /** Takes note of the time that passes; to be called several times a second. */
    public void look() {
        long now = clock.relativeTimeMillis();
        if (now >= startingUntil) {
            watchedMs += Math.min(now - lookedAt, LONGEST_STEP_MS);
        }
        lookedAt = now;
        allSilent = shards.values().stream().allMatch(this::silent);
        advance();
    }

    /** Takes note of time that passes while rows wait to be taken: no shard is silent meanwhile. */
    public void pause() {
        lookedAt = clock.relativeTimeMillis();
    }

    /**
     * Forgets shards that no stream keeps records of any more: those that were split or merged would be waited for at
     * each restart, for ever. What is late stays late, by the watermark.
     */
    public void forgetEnded() {
        shards.values().removeIf(
                shard -> silent(shard) && due(shard.newest) <= watermark && furthest - shard.newest > LONGEST_KEPT_MS);
    }

    /** Returns until when everything may be judged; Long.MIN_VALUE for nothing yet. */
    public long watermark() {
        return watermark;
    }

    /** Returns how far each shard has got. */
    public Map<String, Long> progress() {
        Map<String, Long> found = new HashMap<>();
        shards.forEach((name, shard) -> found.put(name, shard.newest));
        return found;
    }

    private void gather(String first) {
        if (shards.isEmpty() && !first.equals(NO_SHARDS)) {
            gatheredAt = watchedMs + GATHERING_MS;
        }
        waitForAll(GATHERING_MS);
    }

    private void waitForAll(long howLongMs) {
        shards.values().forEach(shard -> shard.waitedForUntil = watchedMs + howLongMs);
    }

    private void advance() {
        if (watchedMs >= gatheredAt) {
            watermark = Math.max(watermark, due(slowest()));
        }
    }

    /** Returns how far the slowest has got that is not silent; when all are silent, how far any has. */
    private long slowest() {
        return shards.values().stream()
                .filter(shard -> !silent(shard))
                .mapToLong(shard -> shard.newest)
                .min()
                .orElse(furthest);
    }

    private boolean silent(Shard shard) {
        return watchedMs >= shard.waitedForUntil && watchedMs - shard.seenAt > idleMs;
    }

    /** Returns the end of the last pane for which nobody is waited for. */
    private long due(long rowtime) {
        return rowtime == Long.MIN_VALUE ? rowtime : Math.floorDiv(rowtime - latenessMs, paneMs) * paneMs - 1;
    }

    private static final class Shard {
        private long newest;
        private long seenAt;
        private long waitedForUntil;

        private Shard(long newest) {
            this.newest = newest;
        }
    }
}
