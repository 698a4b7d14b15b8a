#!/usr/bin/env python3
"""viewers.py URL COUNT SECONDS: opens COUNT event streams on a loopback URL, prints "ready" when all are open, reads
what comes for SECONDS, and prints how many events that was."""
import select
import socket
import sys
import time
from urllib.parse import urlparse


def main():
    url, count, seconds = urlparse(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    if url.hostname != "127.0.0.1":
        sys.exit("viewers.py: loopback only")
    request = f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode()
    epoll, sockets = select.epoll(), {}
    for _ in range(count):
        viewer = socket.create_connection((url.hostname, url.port))
        viewer.sendall(request)
        viewer.setblocking(False)
        sockets[viewer.fileno()] = viewer
        epoll.register(viewer.fileno(), select.EPOLLIN)
    print("ready", flush=True)
    events = gone = 0
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for fd, _ in epoll.poll(min(left, 0.5), 1024):
            data = sockets[fd].recv(65536)
            events += data.count(b"event: stock")
            if not data:
                gone += 1
                epoll.unregister(fd)
                sockets.pop(fd).close()
    print(f"events {events} gone {gone}")


main()
