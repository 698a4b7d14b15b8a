"""As much of Redis' protocol as is needed to set servers up and to look at them."""
import socket


class RedisError(Exception):
    """The server refused, or did not answer."""


def say(host, port, *command, login=None, patience=3.0):
    """One command on a connection of its own; its answer as text, number, None or list. Errors are raised."""
    try:
        with socket.create_connection((host, port), timeout=patience) as connection:
            stream = connection.makefile("rwb")
            if login:
                _send(stream, "AUTH", *login)
                _read(stream)
            _send(stream, *command)
            return _read(stream)
    except OSError as why:
        raise RedisError(f"{host}:{port}: {why}") from why


def _send(stream, *words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    stream.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
    stream.flush()


def _read(stream):
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise RedisError("the connection ended")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest.decode()
    if kind == b"-":
        raise RedisError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if rest == b"-1" else stream.read(int(rest) + 2)[:-2].decode("utf-8", "replace")
    if kind == b"*":
        return None if rest == b"-1" else [_read(stream) for _ in range(int(rest))]
    raise RedisError(f"not understood: {line!r}")


def fields(text):
    """INFO's lines as a dictionary."""
    return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)
