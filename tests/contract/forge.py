"""Access tokens taken apart and put together again, as an attacker would, and as somebody who knows the key could."""
import base64
import hashlib
import hmac
import json

# Known to the tests so that they can sign what the server never would.
SECRET = "Yk3v9QzT1uR7xWm5Lc0HdPbN8sJf2Ga6EiOoUyVt4Bn1MqZs"
MISSING = object()


def encode(data):
    data = data if isinstance(data, bytes) else data.encode() if isinstance(data, str) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def parts(token):
    """(header, claims) as objects."""
    header, claims, _ = token.split(".")
    return json.loads(decode(header)), json.loads(decode(claims))


def sign(header, claims, secret=SECRET, digest=hashlib.sha256):
    """Header and claims may be objects, or text to be taken as it is."""
    text = f"{encode(header)}.{encode(claims)}"
    return f"{text}.{encode(hmac.new(secret.encode(), text.encode(), digest).digest())}"


def changed(genuine, header=None, claims=None, secret=SECRET, digest=hashlib.sha256):
    """The genuine token with members replaced (MISSING removes one), signed with `secret`."""
    new = []
    for old, changes in zip(parts(genuine), (header, claims)):
        old.update(changes or {})
        new.append({name: value for name, value in old.items() if value is not MISSING})
    return sign(*new, secret=secret, digest=digest)
