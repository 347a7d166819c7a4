"""Recovery with forged Host, X-Forwarded-*, Forwarded: mails carry the configured origin only."""

import re
import unittest

from client import Browser
from support import OnBoth, on_both

PASSWORD = "correct horse battery"
EVIL = "evil.example"
FORGED = (
    {"Host": EVIL}, {"Host": f"{EVIL}:8080"}, {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "https"}, {"X-Forwarded-Server": EVIL},
    {"X-Host": EVIL, "X-Original-URL": f"https://{EVIL}/recover", "X-Forwarded-Prefix": f"//{EVIL}"}, {"Forwarded": f"host={EVIL};proto=https"},
    {"Host": EVIL, "X-Forwarded-Host": EVIL, "X-Forwarded-Port": "8080", "Forwarded": f'host="{EVIL}"', "Referer": f"https://{EVIL}/"},
)


class ForgedOrigin(OnBoth):
    def test_every_mail_that_anybody_can_cause(self):
        s = self.server
        s.account("hana")
        for n, forged in enumerate(FORGED):
            for path, fields in (
                ("/recover", {"email": "hana" if n % 2 else "hana@example.jp"}), ("/unlock", {"login": "hana"}), ("/recover", {"email": f"nobody{n}@example.jp"}),
                ("/sign-up", {"login_id": f"taro-{n}", "email": f"taro{n}@example.jp", "password": PASSWORD}),
            ):
                b = Browser(s)
                form = b.get(path).form(path)
                self.assertIn(b.post(path, {**form["fields"], **fields}, **forged).status, (303, 429), (path, forged))
            Browser(s).api("POST", "/api/v1/recover", {"email": f"keiko{n}@example.jp"}, **forged)
            b = Browser(s)
            form = b.get("/status").form("/status/subscribe")
            self.assertEqual(b.post(form["action"], {**form["fields"], "email": f"mei{n}@example.jp"}, **forged).status, 303)
            s.wait_mails(f"mei{n}@example.jp", 1)
            s.wait_mails(f"keiko{n}@example.jp", 1)
            s.wait_mails(f"taro{n}@example.jp", 1)
        self.assertGreater(len(s.mails()), 3 * len(FORGED))
        for mail in s.mails():
            text = "\n".join(f"{k}: {v}" for k, v in mail.items()) + "\n".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
            self.assertNotIn(EVIL, text)
            for url in re.findall(r"https?://[^\s\"'<>)]+", text):
                self.assertTrue(url.startswith((self.origin(), "http://www.w3.org/")), url)
        # Nor do redirects and cookies follow a forged name.
        for forged in FORGED:
            answer = Browser(s).get("/account", **forged)
            self.assertNotIn(EVIL, str(answer.headers) + answer.text)

    def origin(self):
        return f"http://127.0.0.1:{self.server.port}"


class BehindAProxy(ForgedOrigin):
    """The same where the proxy's word for the client counts: its word for our name never does."""

    flags = ("--trusted-proxy", "127.0.0.1/32", "--public-url", "http://localhost:9")

    def origin(self):
        return "http://localhost:9"


on_both(BehindAProxy)
on_both(ForgedOrigin)

if __name__ == "__main__":
    unittest.main()
