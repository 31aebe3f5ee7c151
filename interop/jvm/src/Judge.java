import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.java_websocket.drafts.Draft_6455;

/** Java-WebSocket, OkHttp and the JDK's own client, as judges of Sockeye: each for itself, and all in one room. */
final class Judge {
    private static final int MIB = 1 << 20;
    private static final String TEXT = "안녕하세요, 연어 여러분 🐟🏳️‍🌈 \uffff";
    private static final String ELSEWHERE = "https://elsewhere.example";

    interface Opener {
        Client open(String url) throws Exception;
    }

    private Judge() {}

    public static void main(String[] arguments) throws Exception {
        Trust trust = Trust.ofEnvironment();
        List<String> bases = new ArrayList<>(List.of(System.getenv("INTEROP_WS")));
        String secure = System.getenv("INTEROP_WSS");
        if (secure != null && !secure.isEmpty()) {
            bases.add(secure);
        }
        for (String base : bases) {
            String scheme = base.substring(0, base.indexOf(':'));
            openers(trust).forEach((name, opener) -> all(name + ", " + scheme + ": ", base, opener));
            javaWebSocket("Java-WebSocket, " + scheme + ": ", base, trust);
            okHttp("OkHttp, " + scheme + ": ", base, trust);
            jdk("JDK, " + scheme + ": ", base, trust);
            room(scheme + ": ", base, trust);
        }
        Check.check("all: a server that is stopped says 1001", () -> stop(bases, trust));
        Check.finish();
    }

    private static Map<String, Opener> openers(Trust trust) {
        return Map.of(
            "Java-WebSocket", url -> JavaWebSocket.open(url, trust),
            "OkHttp", url -> OkHttp.open(url, trust),
            "JDK", url -> Jdk.open(url, trust));
    }

    /** What every client must find. */
    private static void all(String who, String base, Opener opener) {
        Check.check(who + "Korean, emoji and the last character of the BMP come back", () -> {
            try (Client client = opener.open(base + "/echo")) {
                for (String text : List.of(TEXT, "", "x".repeat(70_000))) {
                    client.say(text);
                    client.expect(text);
                }
            }
        });
        Check.check(who + "1 MiB of binary comes back, one byte more is refused with 1009", () -> {
            try (Client client = opener.open(base + "/echo")) {
                byte[] bytes = new byte[MIB];
                new Random(1).nextBytes(bytes);
                client.say(bytes);
                client.expect(bytes);
                client.say(new byte[MIB + 1]);
                Check.same(1009, client.next(Client.Closed.class).code());
            }
        });
        for (int code : new int[] {1000, 4001}) {
            Check.check(who + "a close with " + code + " and a reason is answered with its code", () -> {
                try (Client client = opener.open(base + "/echo")) {
                    client.end(code, "moved on");
                    Check.same(code, client.next(Client.Closed.class).code());
                }
            });
        }
    }

    private static void javaWebSocket(String who, String base, Trust trust) {
        Check.check(who + "a message in fragments comes back whole, with a ping between them answered", () -> {
            try (JavaWebSocket client = JavaWebSocket.open(base + "/echo", trust)) {
                client.piece("안녕", false);
                client.ping("between");
                client.piece("하세", false);
                client.piece("요", true);
                Check.same("between", client.next(Client.Pong.class).payload());
                client.expect("안녕하세요");
            }
        });
        Check.check(who + "a client that answers the server's pings stays", () -> {
            try (JavaWebSocket client = JavaWebSocket.open(base + "/echo", trust)) {
                client.next(Client.Ping.class);
                client.next(Client.Ping.class);
                client.say("still here");
                client.expect("still here");
            }
        });
        Check.check(who + "permessage-deflate is agreed on and used", () -> {
            try (JavaWebSocket client = new JavaWebSocket(base + "/echo", trust, JavaWebSocket.withDeflate(), Map.of())) {
                deflated(client);
            }
        });
        Check.check(who + "a page of another origin is refused with 403", () -> {
            Map<String, String> headers = Map.of("Origin", ELSEWHERE);
            try (JavaWebSocket client = new JavaWebSocket(base + "/say", trust, new Draft_6455(), headers)) {
                Check.same(403, client.next(Client.Refused.class).status());
            }
        });
    }

    private static void okHttp(String who, String base, Trust trust) {
        Check.check(who + "permessage-deflate is agreed on by default, and used", () -> {
            try (OkHttp client = new OkHttp(base + "/echo", trust, null)) {
                deflated(client);
            }
        });
        // It tells of neither pings nor pongs, but fails when a pong is missing. Another client's ears measure the time.
        Check.check(who + "a client with pings of its own, that answers the server's, stays", () -> {
            try (OkHttp client = OkHttp.open(base + "/echo", trust); Jdk clock = Jdk.open(base + "/echo", trust)) {
                clock.next(Client.Ping.class);
                clock.next(Client.Ping.class);
                client.say("still here");
                client.expect("still here");
            }
        });
        Check.check(who + "a page of another origin is refused with 403", () -> {
            try (OkHttp client = new OkHttp(base + "/say", trust, ELSEWHERE)) {
                Check.same(403, client.next(Client.Refused.class).status());
            }
        });
    }

    private static void jdk(String who, String base, Trust trust) {
        Check.check(who + "a message in fragments comes back whole, with a ping between them answered", () -> {
            try (Jdk client = Jdk.open(base + "/echo", trust)) {
                client.piece("안녕", false);
                client.ping("between");
                client.piece("하세", false);
                client.piece("요", true);
                Check.same("between", client.next(Client.Pong.class).payload());
                client.expect("안녕하세요");
            }
        });
        Check.check(who + "a page of another origin is refused with 403",
            () -> Check.same(403, Jdk.status(base + "/say", trust, ELSEWHERE)));
    }

    private static void deflated(Client client) throws Exception {
        String extensions = client.next(Client.Opened.class).extensions();
        Check.that(extensions.contains("permessage-deflate"), "agreed on " + extensions);
        String text = "연어 ".repeat(100_000);
        for (int n = 0; n < 3; n++) {
            client.say(text);
            client.expect(text);
        }
    }

    private static void room(String who, String base, Trust trust) {
        Check.check(who + "all three hear each other at /say, text and binary, in order", () -> {
            List<Client> room = new ArrayList<>();
            for (Opener opener : openers(trust).values()) {
                room.add(opener.open(base + "/say"));
            }
            // Who has its 101 may not be among those who hear yet: who hears itself is.
            for (int n = 0; n < room.size(); n++) {
                String here = n + " is here";
                room.get(n).say(here);
                for (Client listener : room.subList(0, n + 1)) {
                    listener.await(here);
                }
            }
            byte[] picture = new byte[MIB / 2];
            new Random(2).nextBytes(picture);
            for (Client speaker : room) {
                speaker.say(TEXT);
                speaker.say(picture);
                for (Client listener : room) {
                    listener.expect(TEXT);
                    listener.expect(picture);
                }
            }
            room.forEach(Client::close);
        });
    }

    private static void stop(List<String> bases, Trust trust) throws Exception {
        List<Client> clients = new ArrayList<>();
        for (String base : bases) {
            for (Opener opener : openers(trust).values()) {
                clients.add(opener.open(base + "/say"));
            }
        }
        for (String server : System.getenv("INTEROP_SERVERS").split(" ")) {
            ProcessHandle.of(Long.parseLong(server)).orElseThrow().destroy();
        }
        for (Client client : clients) {
            Check.same(1001, client.next(Client.Closed.class).code());
        }
    }
}
