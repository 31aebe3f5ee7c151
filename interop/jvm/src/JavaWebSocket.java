import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.java_websocket.WebSocket;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.drafts.Draft;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.enums.Opcode;
import org.java_websocket.extensions.permessage_deflate.PerMessageDeflateExtension;
import org.java_websocket.framing.Framedata;
import org.java_websocket.framing.PingFrame;
import org.java_websocket.handshake.ServerHandshake;

/** {@code org.java_websocket.client.WebSocketClient}, which many Android applications use. */
final class JavaWebSocket extends Client {
    private static final Pattern STATUS = Pattern.compile("Invalid status code received: (\\d+)");

    private final WebSocketClient socket;

    JavaWebSocket(String url, Trust trust, Draft draft, Map<String, String> headers) {
        socket = new WebSocketClient(URI.create(url), draft, headers, 10_000) {
            @Override
            public void onOpen(ServerHandshake answer) {
                hear(new Opened(answer.getFieldValue("Sec-WebSocket-Extensions")));
            }

            @Override
            public void onMessage(String text) {
                hear(new Text(text));
            }

            @Override
            public void onMessage(ByteBuffer bytes) {
                byte[] all = new byte[bytes.remaining()];
                bytes.get(all);
                hear(new Binary(all));
            }

            @Override
            public void onWebsocketPing(WebSocket from, Framedata frame) {
                super.onWebsocketPing(from, frame);
                hear(new Ping());
            }

            @Override
            public void onWebsocketPong(WebSocket from, Framedata frame) {
                hear(new Pong(StandardCharsets.UTF_8.decode(frame.getPayloadData()).toString()));
            }

            @Override
            public void onClose(int code, String reason, boolean remote) {
                Matcher status = STATUS.matcher(reason);
                hear(status.find() ? new Refused(Integer.parseInt(status.group(1))) : new Closed(code));
            }

            @Override
            public void onError(Exception error) {
                hear(new Failed(error.toString()));
            }
        };
        if (trust != null && url.startsWith("wss:")) {
            socket.setSocketFactory(trust.context().getSocketFactory());
        }
        socket.connect();
    }

    static JavaWebSocket open(String url, Trust trust) throws Exception {
        JavaWebSocket client = new JavaWebSocket(url, trust, new Draft_6455(), Map.of());
        client.next(Opened.class);
        return client;
    }

    static Draft withDeflate() {
        PerMessageDeflateExtension deflate = new PerMessageDeflateExtension();
        deflate.setThreshold(0);
        return new Draft_6455(deflate);
    }

    void piece(String text, boolean last) {
        socket.sendFragmentedFrame(Opcode.TEXT, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), last);
    }

    void ping(String payload) {
        PingFrame frame = new PingFrame();
        frame.setPayload(ByteBuffer.wrap(payload.getBytes(StandardCharsets.UTF_8)));
        socket.sendFrame(frame);
    }

    @Override
    void say(String text) {
        socket.send(text);
    }

    @Override
    void say(byte[] bytes) {
        socket.send(bytes);
    }

    @Override
    void end(int code, String reason) {
        socket.close(code, reason);
    }

    @Override
    public void close() {
        socket.closeConnection(1006, "let go");
    }
}
