"""Webhook, `jwks_uri`, description and profile addresses that lead inside, by redirect or by name: blocked."""

import http.server
import time
import unittest

from client import Browser, Server, Traveller
from issuer import Issuer, Site
from support import OnBoth, new_postgres, on_both

INWARD = (
    "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://0/", "https://0.0.0.0/", "https://127.0.0.1:443/",
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[fe80::1]/", "https://[fd00::1]/",
    "https://169.254.169.254/latest/meta-data", "https://[fd00:ec2::254]/", "https://metadata.google.internal/", "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.0.1/", "https://100.64.0.1/",
    "https://198.18.0.1/", "https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://printer/", "https://１２７.０.０.１/", "https://127。0。0。1/", "http://example.com/",
    "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://example.com/", "//127.0.0.1/", "https://", "https://user:pass@127.0.0.1/", "https://example.com@127.0.0.1/", "https://127.0.0.1#@example.com/", "https:\\\\127.0.0.1/",
)


class Host(Site):
    """Keeps what it was asked; sends everybody on to `to`."""

    def __init__(self, to=None):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked.append(self.path)
                self.send_response(307 if to else 200)
                self.send_header("Location" if to else "X", to or "x")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

        self.serve(Handler)


@on_both
class Inward(OnBoth):
    def setUp(self):
        self.inner, self.issuer = Host(), Issuer()
        self.bounce = Host(self.inner.url + "/inside")
        for host in (self.inner, self.issuer, self.bounce):
            self.addCleanup(host.close)
        # Before the server starts: what a provider describes is read then, and kept.
        inside = {"jwks_uri": f"{self.inner.url}/keys", "userinfo_endpoint": f"{self.inner.url}/me"}
        self.issuer.description = lambda: {**Issuer.description(self.issuer), **inside}
        lost = self.issuer.settings("lost").replace(self.issuer.url, self.bounce.url)
        toml = f'[status]\nwebhook_hosts = ["{self.bounce.url}"]\n' + self.issuer.settings("corp") + lost
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Server(database=self.url, toml=toml)
        self.addCleanup(self.server.__exit__)

    def test_webhooks(self):
        s, b = self.server, Browser(self.server)
        for url in INWARD + (self.inner.url, self.bounce.url.replace("127.0.0.1", "localhost"), self.issuer.url + "/hook"):
            answer = b.submit("/status", "/status/subscribe", url=url)
            self.assertEqual(answer.status, 422, url)
        # A host that may be asked sends on to one that may not.
        self.assertEqual(b.submit("/status", "/status/subscribe", url=f"{self.bounce.url}/hook").status, 200)
        until = time.time() + 15
        while "/hook" not in self.bounce.asked and time.time() < until:
            time.sleep(0.1)
        self.assertIn("/hook", self.bounce.asked)
        time.sleep(1)
        self.assertEqual(self.inner.asked, [])

    def test_what_a_provider_names(self):
        i = self.issuer
        answer = i.come_back(Traveller(self.server), "corp", sub="1", picture=f"{self.inner.url}/picture", profile=f"{self.inner.url}/p")
        self.assertGreaterEqual(answer.status, 400)
        b = Traveller(self.server)
        form = b.get("/sign-in").form("/sign-in/corp")["fields"]
        self.assertNotEqual(b.post("/sign-in/lost", form).status, 500)
        time.sleep(0.5)
        self.assertEqual(self.inner.asked, [])


if __name__ == "__main__":
    unittest.main()
