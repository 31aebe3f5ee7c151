import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;

/**
 * The three clients in a room with others. What each is to do comes in as a line, what it hears goes out as one:
 * who, what, and what with; texts and bytes in base64.
 */
final class Guests {
    private Guests() {}

    public static void main(String[] arguments) throws Exception {
        Trust trust = arguments[0].startsWith("wss:") ? Trust.ofEnvironment() : null;
        Map<String, Client> guests = Map.of(
            "Java-WebSocket", JavaWebSocket.open(arguments[0], trust),
            "OkHttp", OkHttp.open(arguments[0], trust),
            "JDK", Jdk.open(arguments[0], trust));
        guests.forEach((who, guest) -> {
            tell(who, "opened", "");
            Thread ears = new Thread(() -> listen(who, guest));
            ears.setDaemon(true);
            ears.start();
        });
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ", -1);
            obey(guests.get(words[0]), words[1], words[2]);
        }
        System.exit(0);
    }

    private static void obey(Client guest, String what, String with) throws Exception {
        switch (what) {
            case "text" -> guest.say(new String(Base64.getDecoder().decode(with), StandardCharsets.UTF_8));
            case "bytes" -> guest.say(Base64.getDecoder().decode(with));
            case "close" -> guest.end(Integer.parseInt(with), "moved on");
            case "ping" -> {
                if (guest instanceof JavaWebSocket client) {
                    client.ping(with);
                } else if (guest instanceof Jdk client) {
                    client.ping(with);
                }
            }
            default -> throw new IllegalArgumentException(what);
        }
    }

    private static void listen(String who, Client guest) {
        try {
            while (true) {
                report(who, guest.any());
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static void report(String who, Client.Heard heard) {
        if (heard instanceof Client.Text text) {
            tell(who, "text", base64(text.text().getBytes(StandardCharsets.UTF_8)));
        } else if (heard instanceof Client.Binary binary) {
            tell(who, "bytes", base64(binary.bytes()));
        } else if (heard instanceof Client.Ping) {
            tell(who, "ping", "");
        } else if (heard instanceof Client.Pong pong) {
            tell(who, "pong", pong.payload());
        } else if (heard instanceof Client.Closed closed) {
            tell(who, "closed", String.valueOf(closed.code()));
        } else {
            tell(who, "failed", heard.toString());
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static synchronized void tell(String who, String what, String with) {
        System.out.println(who + " " + what + " " + with);
    }
}
