#!/usr/bin/env python3
"""storm.py URL cheap|login RATE SECONDS: sends RATE requests a second to a loopback server, whether it answers or not
(64 connections), prints "ready" when connected and at the end which answers came.

login: wrong passwords for accounts that do not exist, which cost the server a full argon2id unless it refuses to.
cheap: the same bytes to a route that is refused at once, for comparison."""
import collections
import select
import socket
import sys
import time
from urllib.parse import urlparse

CONNECTIONS = 64
IN_FLIGHT_MAX = 64  # A connection with more unanswered requests than that sits out.


def request(url, route, number):
    body = f'{{"email":"nobody{number:07d}@example.com","password":"not the password"}}'
    path = "/api/auth/login" if route == "login" else "/api/auth/lagin"
    return (f"POST {path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def main():
    url, route, rate, seconds = urlparse(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    if url.hostname != "127.0.0.1":
        sys.exit("storm.py: loopback only")
    epoll, sockets, waiting = select.epoll(), {}, {}
    for _ in range(CONNECTIONS):
        connection = socket.create_connection((url.hostname, url.port))
        connection.setblocking(False)
        sockets[connection.fileno()] = connection
        waiting[connection.fileno()] = 0
        epoll.register(connection.fileno(), select.EPOLLIN)
    print("ready", flush=True)
    answers, sent, order = collections.Counter(), 0, list(sockets)
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < seconds:
        while sent < rate * passed:
            at = order[sent % len(order)]
            if at in sockets and waiting[at] < IN_FLIGHT_MAX:
                sockets[at].send(request(url, route, sent))
                waiting[at] += 1
            sent += 1
        for fd, _ in epoll.poll(0.002, 64):
            data = sockets[fd].recv(1 << 18)
            for part in data.split(b"HTTP/1.1 ")[1:]:
                answers[part[:3].decode()] += 1
                waiting[fd] -= 1
            if not data:
                epoll.unregister(fd)
                sockets.pop(fd).close()
    print(f"due {sent} answers {dict(answers)} closed {CONNECTIONS - len(sockets)}")


main()
