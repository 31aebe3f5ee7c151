// uWebSockets, called from Node.js: echo on /, fan-out of every message to all on /broadcast, one process.
// Called with `--listen HOST:PORT`, as the other servers are.
'use strict';

const uWS = require('uwebsockets');

const at = process.argv.indexOf('--listen');
const [, host, port] = /^(.*):(\d+)$/.exec(process.argv[at + 1] ?? '') ?? [];
if (at < 0 || port === undefined) {
  console.error('usage: server.js --listen HOST:PORT');
  process.exit(2);
}

const limits = {
  maxPayloadLength: 16 * 1024 * 1024,
  // Past the default of 64 KiB a message that can't be sent at once would be dropped.
  maxBackpressure: 64 * 1024 * 1024,
  compression: uWS.DISABLED,
};

const app = uWS.App();
app.ws('/broadcast', {
  ...limits,
  open: (ws) => ws.subscribe('all'),
  // The app publishes to all; a socket would leave itself out.
  message: (ws, message, isBinary) => app.publish('all', message, isBinary),
});
app.ws('/deflate', {
  ...limits,
  compression: uWS.SHARED_COMPRESSOR | uWS.SHARED_DECOMPRESSOR,
  message: (ws, message, isBinary) => ws.send(message, isBinary, true),
});
app.ws('/deflate-context', {
  ...limits,
  compression: uWS.DEDICATED_COMPRESSOR | uWS.DEDICATED_DECOMPRESSOR,
  message: (ws, message, isBinary) => ws.send(message, isBinary, true),
});
app.ws('/', {
  ...limits,
  message: (ws, message, isBinary) => ws.send(message, isBinary),
});
app.get('/page', (res) => res.end('ok'));
app.listen(host, Number(port), (socket) => {
  if (!socket) process.exit(1);
});
