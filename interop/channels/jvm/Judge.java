import io.github.centrifugal.centrifuge.Client;
import io.github.centrifugal.centrifuge.ClientInfo;
import io.github.centrifugal.centrifuge.ConnectedEvent;
import io.github.centrifugal.centrifuge.DisconnectedEvent;
import io.github.centrifugal.centrifuge.EventListener;
import io.github.centrifugal.centrifuge.HistoryOptions;
import io.github.centrifugal.centrifuge.HistoryResult;
import io.github.centrifugal.centrifuge.JoinEvent;
import io.github.centrifugal.centrifuge.LeaveEvent;
import io.github.centrifugal.centrifuge.Options;
import io.github.centrifugal.centrifuge.PresenceResult;
import io.github.centrifugal.centrifuge.PresenceStatsResult;
import io.github.centrifugal.centrifuge.PublicationEvent;
import io.github.centrifugal.centrifuge.RPCResult;
import io.github.centrifugal.centrifuge.ReplyError;
import io.github.centrifugal.centrifuge.ResultCallback;
import io.github.centrifugal.centrifuge.ServerPublicationEvent;
import io.github.centrifugal.centrifuge.SubscribedEvent;
import io.github.centrifugal.centrifuge.Subscription;
import io.github.centrifugal.centrifuge.SubscriptionEventListener;
import io.github.centrifugal.centrifuge.UnsubscribedEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The Centrifuge SDK for Android and the JVM, which speaks Protobuf only, against the server at INTEROP_HOST. */
final class Judge {
    private static final String ENDPOINT = "ws://" + System.getenv("INTEROP_HOST") + "/connection/websocket";
    /** The longest that anything may take. */
    private static final int SECONDS = 20;

    private static int failures = 0;

    interface Run {
        void run() throws Exception;
    }

    private Judge() {}

    public static void main(String[] arguments) {
        check("what one publishes all hear, in order, whatever the bytes", Judge::talk);
        check("who was away misses nothing", Judge::recovery);
        check("history is read", Judge::history);
        check("presence, joins and leaves are told", Judge::presence);
        check("what is refused has its code", Judge::refusals);
        check("a token that is none is refused with 3500", Judge::badToken);
        check("a subscription of the token is heard", Judge::byToken);
        System.out.println(failures == 0 ? "  all passed" : "  " + failures + " FAILED");
        System.exit(failures == 0 ? 0 : 1);
    }

    private static void talk() throws Exception {
        Peer one = Peer.connected("");
        Peer two = Peer.connected("");
        Heard first = one.subscribe("open:jvm");
        Heard second = two.subscribe("open:jvm");
        for (int number = 0; number < 20; number++) {
            one.publish("open:jvm", "no JSON \u0000 한국어 🐟 " + number);
        }
        for (Heard heard : List.of(first, second)) {
            same(numbered("no JSON \u0000 한국어 🐟 ", 20), heard.texts(20));
        }
        one.close();
        two.close();
    }

    private static void recovery() throws Exception {
        Peer one = Peer.connected("");
        Peer two = Peer.connected("");
        Heard heard = one.subscribe("kept:jvm");
        one.client.disconnect();
        next(one.disconnected);
        for (int number = 0; number < 10; number++) {
            two.publish("kept:jvm", "\"" + number + "\"");
        }
        one.client.connect();
        SubscribedEvent again = next(heard.subscribed);
        that(again.wasRecovering() && again.getRecovered(), "not recovered");
        same(IntStream.range(0, 10).mapToObj(number -> "\"" + number + "\"").toList(), heard.texts(10));
        one.close();
        two.close();
    }

    private static void history() throws Exception {
        Peer one = Peer.connected("");
        for (int number = 0; number < 5; number++) {
            one.publish("kept:jvm-history", "" + number);
        }
        HistoryOptions all = new HistoryOptions.Builder().withLimit(-1).build();
        HistoryResult read = Judge.<HistoryResult>ask(done -> one.client.history("kept:jvm-history", all, done));
        List<String> texts = new ArrayList<>();
        read.getPublications().forEach(publication -> texts.add(text(publication.getData())));
        same(numbered("", 5), texts);
        same(5L, read.getOffset());
        one.close();
    }

    private static void presence() throws Exception {
        Peer one = Peer.connected(System.getenv("INTEROP_TOKEN_ONE"));
        Peer two = Peer.connected(System.getenv("INTEROP_TOKEN_TWO"));
        Heard seen = one.subscribe("seen:jvm");
        same("one", next(seen.joins).getUser());
        two.subscribe("seen:jvm");
        same("two", next(seen.joins).getUser());
        PresenceStatsResult stats = Judge.<PresenceStatsResult>ask(done -> one.client.presenceStats("seen:jvm", done));
        same(2, stats.getNumClients());
        PresenceResult present = Judge.<PresenceResult>ask(done -> one.client.presence("seen:jvm", done));
        same(Set.of("one", "two"),
            present.getClients().values().stream().map(ClientInfo::getUser).collect(Collectors.toSet()));
        two.close();
        same("two", next(seen.leaves).getUser());
        one.close();
    }

    private static void refusals() throws Exception {
        Peer one = Peer.connected("");
        Heard nowhere = one.listen("nowhere:room");
        same(102, next(nowhere.unsubscribed).getCode());
        try {
            Judge.<RPCResult>ask(done -> one.client.rpc("method", bytes("{}"), done));
            throw new AssertionError("an rpc was answered");
        } catch (ExecutionException refused) {
            same(108, ((ReplyError) refused.getCause()).getCode());
        }
        one.close();
    }

    private static void badToken() throws Exception {
        Peer one = new Peer("a.b.c");
        one.client.connect();
        same(3500, next(one.disconnected).getCode());
    }

    private static void byToken() throws Exception {
        Peer one = Peer.connected(System.getenv("INTEROP_TOKEN_CHANNELS"));
        Peer two = Peer.connected("");
        two.publish("open:jvm-token", "hello");
        same("hello", text(next(one.publications).getData()));
        one.close();
        two.close();
    }

    private static List<String> numbered(String text, int count) {
        return IntStream.range(0, count).mapToObj(number -> text + number).toList();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(SECONDS, TimeUnit.SECONDS);
        that(next != null, "waited for " + SECONDS + " s");
        return next;
    }

    private static <T> T ask(Consumer<ResultCallback<T>> question) throws Exception {
        CompletableFuture<T> answer = new CompletableFuture<>();
        question.accept((error, result) -> {
            if (error == null) {
                answer.complete(result);
            } else {
                answer.completeExceptionally(error);
            }
        });
        return answer.get(SECONDS, TimeUnit.SECONDS);
    }

    private static void check(String sentence, Run run) {
        long started = System.nanoTime();
        try {
            run.run();
            long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
            System.out.println("  ok      JVM: " + sentence + " (" + took + " ms)");
        } catch (Exception | AssertionError failure) {
            failures++;
            System.out.println("  FAILED  JVM: " + sentence);
            failure.printStackTrace(System.out);
        }
    }

    private static void that(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    private static void same(Object wanted, Object got) {
        that(Objects.equals(wanted, got), "not " + wanted + " but " + got);
    }

    /** A client whose events can be waited for. */
    private static final class Peer extends EventListener {
        final BlockingQueue<ConnectedEvent> connected = new LinkedBlockingQueue<>();
        final BlockingQueue<DisconnectedEvent> disconnected = new LinkedBlockingQueue<>();
        final BlockingQueue<ServerPublicationEvent> publications = new LinkedBlockingQueue<>();
        final Client client;

        Peer(String token) {
            Options options = new Options();
            options.setToken(token);
            options.setMinReconnectDelay(20);
            options.setMaxReconnectDelay(200);
            client = new Client(ENDPOINT, options, this);
        }

        static Peer connected(String token) throws Exception {
            Peer peer = new Peer(token);
            peer.client.connect();
            next(peer.connected);
            return peer;
        }

        Heard listen(String channel) throws Exception {
            Heard heard = new Heard();
            client.newSubscription(channel, heard).subscribe();
            return heard;
        }

        Heard subscribe(String channel) throws Exception {
            Heard heard = listen(channel);
            next(heard.subscribed);
            return heard;
        }

        void publish(String channel, String text) throws Exception {
            Judge.ask(done -> client.publish(channel, bytes(text), done::onDone));
        }

        void close() throws InterruptedException {
            client.close(0);
        }

        @Override
        public void onConnected(Client client, ConnectedEvent event) {
            connected.add(event);
        }

        @Override
        public void onDisconnected(Client client, DisconnectedEvent event) {
            disconnected.add(event);
        }

        @Override
        public void onPublication(Client client, ServerPublicationEvent event) {
            publications.add(event);
        }
    }

    /** A subscription whose events can be waited for. */
    private static final class Heard extends SubscriptionEventListener {
        final BlockingQueue<SubscribedEvent> subscribed = new LinkedBlockingQueue<>();
        final BlockingQueue<UnsubscribedEvent> unsubscribed = new LinkedBlockingQueue<>();
        final BlockingQueue<PublicationEvent> publications = new LinkedBlockingQueue<>();
        final BlockingQueue<ClientInfo> joins = new LinkedBlockingQueue<>();
        final BlockingQueue<ClientInfo> leaves = new LinkedBlockingQueue<>();

        List<String> texts(int count) throws InterruptedException {
            List<String> texts = new ArrayList<>();
            while (texts.size() < count) {
                texts.add(text(next(publications).getData()));
            }
            return texts;
        }

        @Override
        public void onSubscribed(Subscription subscription, SubscribedEvent event) {
            subscribed.add(event);
        }

        @Override
        public void onUnsubscribed(Subscription subscription, UnsubscribedEvent event) {
            unsubscribed.add(event);
        }

        @Override
        public void onPublication(Subscription subscription, PublicationEvent event) {
            publications.add(event);
        }

        @Override
        public void onJoin(Subscription subscription, JoinEvent event) {
            joins.add(event.getInfo());
        }

        @Override
        public void onLeave(Subscription subscription, LeaveEvent event) {
            leaves.add(event.getInfo());
        }
    }
}
