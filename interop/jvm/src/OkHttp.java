import java.util.concurrent.TimeUnit;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okio.ByteString;

/** {@code okhttp3.WebSocket}. It offers permessage-deflate by itself. */
final class OkHttp extends Client {
    /** How often it sends a ping, and the longest it waits for the pong. */
    private static final int PING_MILLISECONDS = Integer.getInteger("interop.ping", 1500);

    private final WebSocket socket;

    OkHttp(String url, Trust trust, String origin) {
        OkHttpClient.Builder client = new OkHttpClient.Builder().pingInterval(PING_MILLISECONDS, TimeUnit.MILLISECONDS);
        if (trust != null) {
            client.sslSocketFactory(trust.context().getSocketFactory(), trust.manager());
        }
        Request.Builder request = new Request.Builder().url(url);
        if (origin != null) {
            request.header("Origin", origin);
        }
        socket = client.build().newWebSocket(request.build(), new WebSocketListener() {
            @Override
            public void onOpen(WebSocket from, Response response) {
                hear(new Opened(String.valueOf(response.header("Sec-WebSocket-Extensions"))));
            }

            @Override
            public void onMessage(WebSocket from, String text) {
                hear(new Text(text));
            }

            @Override
            public void onMessage(WebSocket from, ByteString bytes) {
                hear(new Binary(bytes.toByteArray()));
            }

            @Override
            public void onClosing(WebSocket from, int code, String reason) {
                from.close(1000, null);
            }

            @Override
            public void onClosed(WebSocket from, int code, String reason) {
                hear(new Closed(code));
            }

            @Override
            public void onFailure(WebSocket from, Throwable error, Response response) {
                hear(response != null ? new Refused(response.code()) : new Failed(error.toString()));
            }
        });
    }

    static OkHttp open(String url, Trust trust) throws Exception {
        OkHttp client = new OkHttp(url, trust, null);
        client.next(Opened.class);
        return client;
    }

    @Override
    void say(String text) {
        Check.that(socket.send(text), "the text is not taken");
    }

    @Override
    void say(byte[] bytes) {
        Check.that(socket.send(ByteString.of(bytes)), "the bytes are not taken");
    }

    @Override
    void end(int code, String reason) {
        Check.that(socket.close(code, reason), "the close is not taken");
    }

    @Override
    public void close() {
        socket.cancel();
    }
}
