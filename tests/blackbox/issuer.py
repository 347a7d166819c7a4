"""An OpenID provider that says whatever a test wants."""

import base64
import http.server
import json
import threading
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from client import Server
from support import OnBoth, new_postgres


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def query(location):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))


class Site:
    """A web site of one's own, in this process."""

    def serve(self, handler):
        handler.log_message = lambda *_: None
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Issuer(Site):
    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.head, self.claims, self.sign, self.asked = {}, {}, self.rs256, []
        # What is told instead at a path, what the description says besides, and what came in forms.
        self.said, self.more, self.forms, self.heads = {}, {}, [], []
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                issuer.heads.append({name.lower(): value for name, value in self.headers.items()})
                self.tell(issuer.description() if "configuration" in self.path else issuer.keys() if "jwks" in self.path else issuer.profile())

            def do_POST(self):
                issuer.asked.append(self.path)
                form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                issuer.forms.append((self.headers.get("Authorization"), dict(urllib.parse.parse_qsl(form))))
                self.tell({"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": issuer.token()})

            def tell(self, usual):
                value = issuer.said.get(self.path, usual)
                body = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/jwt" if isinstance(value, str) else "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.serve(Handler)

    def settings(self, name):
        return f'[[providers]]\nid = "{name}"\nkind = "oidc"\nname = "{name}"\nclient_id = "c"\nissuer = "{self.url}"\n'

    def description(self):
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks", "userinfo_endpoint": "me"}
        return {"issuer": self.url, **{name: f"{self.url}/{path}" for name, path in places.items()}, **self.more}

    def modulus(self):
        return self.key.public_key().public_numbers().n.to_bytes(256, "big")

    def keys(self):
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k", "n": b64(self.modulus()), "e": "AQAB"}]}

    def profile(self):
        return {name: self.claims[name] for name in ("sub", "email", "email_verified", "name") if name in self.claims}

    def rs256(self, text):
        return self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())

    def token(self, **claims):
        now = int(time.time())
        head = {"alg": "RS256", "kid": "k", **self.head}
        claims = {"iss": self.url, "aud": "c", "iat": now, "exp": now + 300, **(claims or self.claims)}
        text = ".".join(b64(json.dumps({k: v for k, v in part.items() if v is not None}).encode()) for part in (head, claims))
        return f"{text}.{b64(self.sign(text.encode()))}"

    def come_back(self, browser, provider, head=None, sign=None, **claims):
        """To this issuer by the sign-in page and back, with an ID token of these claims."""
        asked = query(browser.start(provider).header("Location"))
        self.claims, self.head, self.sign = {"nonce": asked["nonce"], **claims}, head or {}, sign or self.rs256
        return browser.get(f"/sign-in/{provider}/callback?" + urllib.parse.urlencode({"code": "x", "state": asked["state"]}))


class AtIssuer(OnBoth):
    """Subclasses have a server that signs in at an issuer of their own."""

    def setUp(self):
        self.issuer = Issuer()
        self.addCleanup(self.issuer.close)
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Server(database=self.url, toml=self.issuer.settings("corp"))
        self.addCleanup(self.server.__exit__)
