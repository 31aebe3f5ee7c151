import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Checks, each a sentence and a deadline. */
final class Check {
    interface Run {
        void run() throws Exception;
    }

    private static final int SECONDS = 20;
    private static final ExecutorService THREADS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    });
    private static int failures = 0;

    private Check() {}

    static void check(String sentence, Run run) {
        long started = System.nanoTime();
        try {
            THREADS.submit(() -> {
                run.run();
                return null;
            }).get(SECONDS, TimeUnit.SECONDS);
            long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
            System.out.println("  ok      " + sentence + " (" + took + " ms)");
        } catch (Exception failure) {
            failures++;
            System.out.println("  FAILED  " + sentence);
            failure.printStackTrace(System.out);
        }
    }

    static void that(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    static void same(Object wanted, Object got) {
        that(Objects.equals(wanted, got), "not " + wanted + " but " + got);
    }

    /** Ends the suite: the status says whether all passed. */
    static void finish() {
        System.out.println(failures == 0 ? "  all passed" : "  " + failures + " FAILED");
        System.exit(failures == 0 ? 0 : 1);
    }
}
