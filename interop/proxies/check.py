"""Clients of the program behind nginx and HAProxy: one check a line, and a status.

Proxies reach the program from 127.0.0.1, which it trusts. Each client has an address of its own in 127.0.0.0/8, which it
does not: the program's log tells which one it took for the client.
"""

import base64
import os
import pathlib
import re
import socket
import ssl
import struct
import sys
import threading
import time

LOGS = pathlib.Path(sys.argv[1])
FORGED = "203.0.113.66"
PATIENCE = 10
IDLE = 7  # more than twice the timeouts of the proxies
CUT = (2, 6)  # when those end a connection that nothing is said on


class Client:
    """A connection from an address of its own, over TLS if asked."""

    def __init__(self, source, port, tls=False):
        self.io = socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))
        if tls:
            trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            trust.load_verify_locations(LOGS / "cert.pem")
            trust.check_hostname = False
            self.io = trust.wrap_socket(self.io, server_hostname="chat.test")
        self.read = b""

    def ask(self, host, origin=None, more=()):
        """Asks for a session; returns the status, None for a connection that was cut."""
        lines = ["GET /echo HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
        key = base64.b64encode(os.urandom(16)).decode()
        lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", *more]
        if origin:
            lines.append(f"Origin: {origin}")
        try:
            self.io.sendall("\r\n".join([*lines, "", ""]).encode())
            while b"\r\n\r\n" not in self.read:
                self.fill()
        except (EOFError, ConnectionError):
            return None
        head, _, self.read = self.read.partition(b"\r\n\r\n")
        return int(head.split()[1])

    def fill(self):
        got = self.io.recv(65536)
        if not got:
            raise EOFError
        self.read += got

    def take(self, count):
        while len(self.read) < count:
            self.fill()
        taken, self.read = self.read[:count], self.read[count:]
        return taken

    def send(self, opcode, payload):
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self.io.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)

    def frame(self):
        """The next frame; a ping is answered."""
        first, length = self.take(2)
        if length == 126:
            (length,) = struct.unpack(">H", self.take(2))
        opcode, payload = first & 0x0F, self.take(length)
        if opcode == 9:
            self.send(10, payload)
        return opcode, payload

    def message(self):
        """The next text."""
        while True:
            opcode, payload = self.frame()
            if opcode == 1:
                return payload.decode()
            if opcode == 8:
                raise EOFError

    def echoes(self, text):
        self.send(1, text.encode())
        return self.message() == text

    def lives(self, seconds):
        """Says nothing but pongs for a time; returns how long it was not cut."""
        begin = time.monotonic()
        while (left := begin + seconds - time.monotonic()) > 0:
            self.io.settimeout(left)
            try:
                opcode, _ = self.frame()
            except TimeoutError:
                break
            except (EOFError, OSError):
                opcode = 8
            if opcode == 8:
                return time.monotonic() - begin
        self.io.settimeout(PATIENCE)
        return seconds


failed = []
lock = threading.Lock()


def check(name, holds, seen=""):
    with lock:
        print(f"{'ok    ' if holds else 'FAILED'}  {name}{'' if holds else f': {seen}'}", flush=True)
        if not holds:
            failed.append(name)


def peers(server):
    log = (LOGS / f"{server}.log").read_text()
    return re.findall(r"session opened .*\bpeer=(\S+)", log)


def knows(server, address):
    """Waits until the server's log names a client; says whether it did."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if any(peer.rsplit(":", 1)[0] == address for peer in peers(server)):
            return True
        time.sleep(0.05)
    return False


def ready(port):
    until = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                sys.exit(f"nothing listens on {port}")
            time.sleep(0.05)


class Behind:
    """One way through a proxy."""

    def __init__(self, name, number, port, server, tls):
        self.name, self.port, self.server, self.tls = name, port, server, tls
        self.source = f"127.0.0.{number}"
        self.host = f"chat.test:{port}"
        self.own = f"{'https' if tls else 'http'}://{self.host}"
        self.other = f"{'http' if tls else 'https'}://{self.host}"

    def ask(self, origin, more=(), host=None):
        client = Client(self.source, self.port, self.tls)
        return client, client.ask(host or self.host, origin, more)

    def check(self):
        forged = [f"X-Forwarded-For: {FORGED}", f"Forwarded: for={FORGED}"]
        client, status = self.ask(self.own, forged)
        check(f"{self.name}: a page of its own origin gets a session", status == 101, status)
        if status != 101:
            return
        check(f"{self.name}: what is said comes back", client.echoes("grüß Gott"))
        known = knows(self.server, self.source)
        check(f"{self.name}: the client is known by its address", known, peers(self.server))
        forged = ["X-Forwarded-Host: evil.test", "Forwarded: host=evil.test"]
        for origin, more in [
            ("https://evil.test", ()),
            ("https://evil.test", forged),
            (f"{self.own.rsplit(':', 1)[0]}:1", ()),
        ]:
            _, status = self.ask(origin, more)
            words = "that the client forged into headers " if more else ""
            check(f"{self.name}: a page of {origin} {words}is refused", status == 403, status)
        lived = client.lives(IDLE)
        check(f"{self.name}: heartbeats bridge its idle timeout", lived == IDLE, f"{lived:.1f} s")
        check(f"{self.name}: and then what is said comes back", lived == IDLE and client.echoes("hi"))

    def check_scheme(self):
        _, status = self.ask(self.other)
        check(f"{self.name}: a page of {self.other} is refused", status == 403, status)

    def check_control(self):
        client, status = self.ask(self.own)
        lived = client.lives(IDLE) if status == 101 else -1
        check(
            f"{self.name}: without heartbeats it cuts an idle session",
            CUT[0] < lived < CUT[1],
            f"{lived:.1f} s",
        )


def direct():
    """Who comes past the proxies is believed nothing."""
    client = Client("127.0.0.40", 18401)
    status = client.ask("chat.test", "https://chat.test", [f"X-Forwarded-For: {FORGED}"])
    known = status == 101 and knows(18401, "127.0.0.40")
    check("past the proxies: forged headers change nothing", known, status)
    for header in [b"", b"PROXY TCP4 203.0.113.66 127.0.0.1 1 2\r\n"]:
        client = Client("127.0.0.41", 18404)
        client.io.sendall(header)
        status = client.ask("chat.test")
        words = "a forged PROXY header" if header else "no PROXY header"
        check(f"past the proxies: {words} is cut", status is None, status)


def injected(way):
    """A quote in `Host` must not end the string that HAProxy puts it into."""
    _, status = way.ask(None, host=f'a", for="{FORGED}')
    check(f"{way.name}: a Host with a quote is refused", status == 400, status)


def main():
    ways = [
        Behind("nginx", 11, 18411, 18401, tls=False),
        Behind("nginx, TLS", 12, 18412, 18401, tls=True),
        Behind("HAProxy, TLS, X-Forwarded", 13, 18421, 18401, tls=True),
        Behind("HAProxy, TLS, Forwarded", 14, 18422, 18403, tls=True),
    ]
    blind = [
        Behind("HAProxy, send-proxy", 15, 18424, 18404, tls=False),
        Behind("HAProxy, TLS, send-proxy-v2", 16, 18425, 18404, tls=True),
    ]
    controls = [
        Behind("nginx", 21, 18413, 18402, tls=False),
        Behind("HAProxy, http", 22, 18423, 18402, tls=False),
        Behind("HAProxy, tcp", 23, 18426, 18405, tls=False),
    ]
    for port in [18401, 18402, 18403, 18404, 18405]:
        ready(port)
    for way in ways + blind + controls:
        ready(way.port)
    tasks = [direct, lambda: injected(ways[3])]
    tasks += [way.check for way in ways + blind]
    tasks += [way.check_scheme for way in ways]
    tasks += [way.check_control for way in controls]
    threads = [threading.Thread(target=guarded, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    forged = [peer for server in (18401, 18403, 18404) for peer in peers(server) if FORGED in peer]
    check("nobody was taken for a forged address", not forged, forged)
    print(f"{len(failed)} failed")
    sys.exit(bool(failed))


def guarded(task):
    try:
        task()
    except Exception as error:  # whatever it is, it is a check that did not pass
        check(f"{task}", False, repr(error))


main()
