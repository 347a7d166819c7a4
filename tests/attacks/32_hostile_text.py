"""Notice, login ID, provider's display name, ticket text with HTML, script, ANSI, CRLF, bidi controls: inert everywhere."""

import os
import time
import unittest
import urllib.parse

from client import Browser, Traveller, text_of
from issuer import AtIssuer, query
from support import on_both

MARKUP = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'><svg/onload=alert(1)>", "</textarea><script>alert(1)</script>")
HIDDEN = ("\x1b[31mred", "\x9b31mred", "\u202egpj.exe", "\u2066x\u2069", "\x07bell", "\r\nBcc: evil@example.jp", "\u2028line")
RAW = ("<script>alert", "<img src=x", "<svg/onload", "\x1b[", "\x9b", "\u202e", "\u2066", "\x07")

# What a terminal obeys; markup is only text there.
TERMINAL = [word for word in RAW if not word.startswith("<")]


@on_both
class HostileText(AtIssuer):
    def inert(self, text, where, raw=RAW):
        for word in raw:
            self.assertNotIn(word, text, where)

    def everywhere(self):
        """Logs, mails and what the command line prints."""
        s = self.server
        with open(os.path.join(s.data, "server.log"), errors="replace") as file:
            self.inert(file.read(), "log")
        for mail in s.mails():
            self.assertNotIn("evil@example.jp", str(mail["Bcc"]) + mail["To"])
            self.inert("".join(f"{k}: {v}\n" for k, v in mail.items()) + text_of(mail) + mail.get_body(("html",)).get_content(), mail["Subject"])

    def test_the_name_and_the_ticket_of_a_provider(self):
        s = self.server
        for n, word in enumerate(MARKUP + HIDDEN):
            b = Traveller(s)
            page = b.follow(self.issuer.come_back(b, "corp", sub=f"s{n}", name=word, preferred_username=word))
            self.inert(page.text, repr(word))
            form, address = next(f for f in page.page.forms if "login_id" in f["fields"]), f"a{n}@example.jp"
            page = b.follow(b.post(form["action"], {**form["fields"], "login_id": f"member-{n}", "email": address}))
            form = page.form("/sign-up/verify")
            self.assertEqual(b.post(form["action"], {**form["fields"], "code": s.code(address)}).status, 303)
            for path in ("/account/links", "/account", "/account/methods?save=1"):
                self.inert(b.get(path).text, (path, repr(word)))
            self.inert(s.run("account", "show", f"member-{n}").stdout, repr(word), TERMINAL)
            b.cookies.clear()
            state = query(b.start("corp").header("Location") or "").get("state", "x")
            told = b.get("/sign-in/corp/callback?" + urllib.parse.urlencode({"state": state, "error": word, "error_description": word, "error_uri": word}))
            self.inert(told.text, repr(word))
            self.assertNotIn("Bcc", [name for name, _ in told.headers])
            if told.reference:
                self.inert(s.run("why", told.reference).stdout, repr(word), TERMINAL)
        self.everywhere()

    def test_what_a_visitor_types(self):
        s = self.server
        for word in MARKUP + HIDDEN:
            b = Browser(s)
            for path, fields in (("/sign-in", ("login", "password")), ("/sign-up", ("login_id", "email", "password")), ("/recover", ("email",)), ("/unlock", ("login",))):
                answer = b.submit(path, **{field: f"{word}@example.jp" if field == "email" else word for field in fields})
                self.inert(answer.text, (path, repr(word)), RAW[:3])
                if answer.status == 303:
                    self.inert(b.follow(answer).text, (path, repr(word)), RAW[:3])
                self.assertNotIn("Bcc", [name for name, _ in answer.headers])
                if answer.reference:
                    self.inert(s.run("why", answer.reference).stdout, (path, repr(word)), TERMINAL)
            self.inert(b.get("/sign-in?" + urllib.parse.urlencode({"login": word, "lang": word, "done": word, "return_to": word})).text, repr(word), RAW[:3])
        self.everywhere()

    def test_text_from_an_address_shows_no_directions(self):
        # Whoever sends a link decides what stands in the page: controls of terminal and direction are left out.
        for word in HIDDEN[:4]:
            self.inert(Browser(self.server).get("/sign-in?" + urllib.parse.urlencode({"login": word})).text, repr(word))

    def test_a_notice(self):
        s = self.server
        for word in MARKUP + HIDDEN[:5]:
            done = s.run("incident", "open", "--message", f"調べています {word}", check=False)
            if done.returncode == 0:
                for _ in range(60):
                    if "調べています" in Browser(s).get("/status").text:
                        break
                    time.sleep(0.1)
                for path in ("/status", "/sign-in", "/status/feed.atom", "/api/v2/summary.json"):
                    self.inert(Browser(s).get(path).text, (path, repr(word)))
                s.run("incident", "resolve", "--message", "直りました")
        self.everywhere()


if __name__ == "__main__":
    unittest.main()
