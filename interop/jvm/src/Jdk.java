import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** {@code java.net.http.WebSocket}, which comes with Java. */
final class Jdk extends Client {
    private final WebSocket socket;

    private Jdk(String url, Trust trust, String origin) {
        HttpClient.Builder client = HttpClient.newBuilder();
        if (trust != null) {
            client.sslContext(trust.context());
        }
        WebSocket.Builder builder = client.build().newWebSocketBuilder();
        if (origin != null) {
            builder.header("Origin", origin);
        }
        socket = builder.buildAsync(URI.create(url), new Listener()).join();
    }

    static Jdk open(String url, Trust trust) {
        return new Jdk(url, trust, null);
    }

    /** The status that a handshake is refused with, or 101. */
    static int status(String url, Trust trust, String origin) {
        try {
            new Jdk(url, trust, origin).close();
            return 101;
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof WebSocketHandshakeException refused) {
                return refused.getResponse().statusCode();
            }
            throw failed;
        }
    }

    void piece(String text, boolean last) {
        socket.sendText(text, last).join();
    }

    void ping(String payload) {
        socket.sendPing(StandardCharsets.UTF_8.encode(payload)).join();
    }

    @Override
    void say(String text) {
        socket.sendText(text, true).join();
    }

    @Override
    void say(byte[] bytes) {
        socket.sendBinary(ByteBuffer.wrap(bytes), true).join();
    }

    @Override
    void end(int code, String reason) {
        socket.sendClose(code, reason).join();
    }

    @Override
    public void close() {
        socket.abort();
    }

    /** Puts the parts together that the library hands out. */
    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();
        private final ByteArrayOutputStream binary = new ByteArrayOutputStream();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                hear(new Text(text.toString()));
                text.setLength(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean last) {
            byte[] bytes = new byte[part.remaining()];
            part.get(bytes);
            binary.writeBytes(bytes);
            if (last) {
                hear(new Binary(binary.toByteArray()));
                binary.reset();
            }
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onPing(WebSocket from, ByteBuffer payload) {
            hear(new Ping());
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onPong(WebSocket from, ByteBuffer payload) {
            hear(new Pong(StandardCharsets.UTF_8.decode(payload).toString()));
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            hear(new Closed(code));
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            hear(new Failed(error.toString()));
        }
    }
}
