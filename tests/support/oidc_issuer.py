"""A real OpenID Connect issuer on loopback: discovery, keys, and tokens that it signs."""

import base64
import http.server
import json
import ssl
import threading
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.support.certificates import Authority, new_key

_BYTES = 32
"""Of a coordinate, and of half a signature, on P-256."""


def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value):
    return _base64(value.to_bytes(_BYTES))


def signed(key, claims, **header):
    """A JSON Web Token with these claims, signed with an ECDSA key."""
    parts = [{"alg": "ES256", "typ": "JWT", **header}, claims]
    text = ".".join(_base64(json.dumps(part).encode()) for part in parts)
    der = key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    halves = [half.to_bytes(_BYTES) for half in decode_dss_signature(der)]
    return f"{text}.{_base64(b''.join(halves))}"


class OidcIssuer:
    """Serves until it is closed.

    Args:
        folder: Where its certificate goes.
        address: What it listens to, and the host in its URL.
    """

    def __init__(self, folder, address="127.0.0.1"):
        self.authority = Authority("login")
        self.key = new_key()
        self._server = http.server.ThreadingHTTPServer((address, 0), self._handler())
        self.address, self.port = address, self._server.server_address[1]
        self.url = f"https://{address}:{self.port}"
        pair = folder / "issuer.pem"
        pair.touch(mode=0o600)
        pair.write_text("".join(self.authority.issue("login", names=[address])))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def token(self, key=None, **claims):
        """A token for an hour; claims that are given win."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": "kubernetes", "iat": now, "exp": now + 3600}
        return signed(key or self.key, usual | claims, kid="1")

    def _documents(self):
        public = self.key.public_key().public_numbers()
        key = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1"}
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "authorization_endpoint": f"{self.url}/authorize",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            },
            "/keys": {"keys": [key | {"x": _number(public.x), "y": _number(public.y)}]},
        }

    def _handler(self):
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                document = issuer._documents().get(self.path)
                body = json.dumps(document).encode()
                self.send_response(200 if document else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler
