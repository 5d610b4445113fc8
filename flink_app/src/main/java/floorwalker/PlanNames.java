package floorwalker;

/** The names by which Flink finds the state of SQL's operators. */
public final class PlanNames {

    private PlanNames() {}

    /**
     * Numbers the operators of what `planner` plans next from the first.
     *
     * <p>Flink numbers all operators of a process, one plan after the other: a rule more in one plan would name those of
     * all plans behind it anew, and their state would not be found. The planner's classes have a loader of their own.
     */
    public static void fromTheFirst(Object planner) throws ReflectiveOperationException {
        planner.getClass()
                .getClassLoader()
                .loadClass("org.apache.flink.table.planner.plan.nodes.exec.ExecNodeContext")
                .getMethod("resetIdCounter")
                .invoke(null);
    }
}
