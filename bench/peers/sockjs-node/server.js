// The peer for SockJS: echo on /sockjs/echo, fan-out of every message to all on /sockjs/broadcast, one process.
// Called with `--listen HOST:PORT`, as the other servers are.
'use strict';

const http = require('node:http');
const sockjs = require('sockjs');

const at = process.argv.indexOf('--listen');
const [, host, port] = /^(.*):(\d+)$/.exec(process.argv[at + 1] ?? '') ?? [];
if (at < 0 || port === undefined) {
  console.error('usage: server.js --listen HOST:PORT');
  process.exit(2);
}

// Writing a line for each request would cost more than the request.
const options = { log: () => {} };

const echo = sockjs.createServer(options);
echo.on('connection', (connection) => {
  connection.on('data', (message) => connection.write(message));
});

const everyone = new Set();
const broadcast = sockjs.createServer(options);
broadcast.on('connection', (connection) => {
  everyone.add(connection);
  connection.on('data', (message) => {
    for (const one of everyone) one.write(message);
  });
  connection.on('close', () => everyone.delete(connection));
});

const server = http.createServer();
// The default of 5 s may end a connection in the very moment the generator uses it again.
server.keepAliveTimeout = 600_000;
echo.installHandlers(server, { prefix: '/sockjs/echo' });
broadcast.installHandlers(server, { prefix: '/sockjs/broadcast' });
// Room for all connections that a row opens at once.
server.listen({ host, port: Number(port), backlog: 4096 });
