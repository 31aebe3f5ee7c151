import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A WebSocket client, of whichever library: what it hears is kept in order until it is asked for. */
abstract class Client implements AutoCloseable {
    /** What came in. */
    interface Heard {}

    record Opened(String extensions) implements Heard {}

    record Text(String text) implements Heard {}

    record Binary(byte[] bytes) implements Heard {}

    record Ping() implements Heard {}

    record Pong(String payload) implements Heard {}

    record Closed(int code) implements Heard {}

    /** The handshake was answered with something else than 101. */
    record Refused(int status) implements Heard {}

    record Failed(String how) implements Heard {}

    private static final int SECONDS = 15;

    private final BlockingQueue<Heard> heard = new LinkedBlockingQueue<>();

    final void hear(Heard event) {
        heard.add(event);
    }

    /** Waits, however long, for whatever comes next. */
    final Heard any() throws InterruptedException {
        return heard.take();
    }

    /** Waits for the next of a kind; pings may come between, all else is a failure. */
    final <T extends Heard> T next(Class<T> kind) throws Exception {
        while (true) {
            Heard event = heard.poll(SECONDS, TimeUnit.SECONDS);
            if (kind.isInstance(event)) {
                return kind.cast(event);
            }
            if (!(event instanceof Ping)) {
                throw new AssertionError("not " + kind.getSimpleName() + " but " + event);
            }
        }
    }

    /** Hears on to a text; other texts may come before it. */
    final void await(String text) throws Exception {
        while (!text.equals(next(Text.class).text())) {}
    }

    final void expect(String text) throws Exception {
        Check.same(text, next(Text.class).text());
    }

    final void expect(byte[] bytes) throws Exception {
        Check.that(Arrays.equals(bytes, next(Binary.class).bytes()), "the bytes differ");
    }

    abstract void say(String text) throws Exception;

    abstract void say(byte[] bytes) throws Exception;

    /** Begins the closing handshake. */
    abstract void end(int code, String reason) throws Exception;

    /** Lets go, in whatever state. */
    @Override
    public abstract void close();
}
