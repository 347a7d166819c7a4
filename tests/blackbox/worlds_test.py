"""Two worlds that differ in one account, walked through the same acts at the doors that need a provider, a session or a
network: every answer is the same. The doors of a server by itself are walked in `crates/testkit/tests/two_worlds.rs`."""

import difflib
import random
import re
import unittest

from client import Browser, Server, Traveller
from issuer import Issuer
from safety_test import masked
from support import OnBoth, new_postgres, on_both

PASSWORD = "correct horse battery"
LOGINS = ("hana", "hana@example.jp", "HANA@EXAMPLE.JP", "“hana”")


class World:
    def __init__(self, issuer, url, member):
        self.issuer, self.forms = issuer, []
        self.server = Server("--trusted-proxy", "127.0.0.1/32", database=url, toml=issuer.settings("corp"))
        if member:
            self.server.account("hana")
        at = lambda n: {"X-Forwarded-For": f"203.0.113.{n + 1}"}
        self.browsers = [Traveller(self.server, **at(n)) for n in range(3)]
        self.references = [None] * 3
        # Somebody with an account of her own is a stranger to every other.
        self.server.account("mallory")
        self.member = Browser(self.server, **at(9))
        assert self.member.sign_in("mallory", PASSWORD).status == 303

    def keep(self, browser, page, fits):
        self.forms += [(browser, form["action"], form["fields"]) for form in page.page.forms if fits(form)]

    def send(self, browser, form, **fields):
        return browser.post(form["action"], {**form["fields"], **fields})

    def act(self, kind, who, login, n):
        b = self.browsers[who]
        if kind in (0, 1):
            answer = self.issuer.come_back(b, "corp", sub=f"s{n % 4}", email="hana@example.jp", email_verified=False, name="Hana")
            if answer.status != 303:
                return [answer]
            page = b.follow(answer)
            self.chosen = b
            self.pages = [form for form in page.page.forms if form["action"].endswith("/choose")]
            return [answer, page]
        if kind in (2, 3, 4) and getattr(self, "pages", None):
            have = next((form for form in self.pages if "login" in form["fields"]), None)
            new = next((form for form in self.pages if "login_id" in form["fields"]), None)
            if kind == 2 and have:
                return [self.send(self.chosen, have, login=login, password=f"wrong {n % 3}")]
            form, more = (have, {"login": login, "mail": "1"}) if kind == 3 else (new, {"login_id": f"newcomer-{n}", "email": "hana@example.jp"})
            if form is None:
                return []
            answer = self.send(self.chosen, form, **more)
            page = self.chosen.follow(answer) if answer.status == 303 else answer
            self.keep(self.chosen, page, lambda form: "code" in form["fields"] or "resend" in page.text and "flow" in form["fields"])
            return [answer, page]
        if kind in (5, 6, 7) and self.forms:
            browser, action, fields = self.forms[n % len(self.forms)]
            more = {"code": f"{n * 7919 % 1_000_000:06}"} if kind < 7 else {"resend": "1"}
            return [browser.post(action, {**fields, **more})]
        if kind == 8:
            return [b.submit("/notify", "/notify", email="hana@example.jp")]
        if kind == 9:
            return [b.submit("/status", "/status/subscribe", email="hana@example.jp"), b.submit("/status", "/status/subscribe", url="https://127.0.0.1/x")]
        if kind == 10:
            api = lambda path: b.api("GET", path)
            return [b.get("/staff"), b.get("/staff/look"), api("/api/v1/staff/notices"), api("/api/v1/session"), b.get("/auth/check")]
        if kind == 11:
            answer = b.sign_in(login, f"wrong {n % 3}")
            self.references[who] = answer.reference
            return [answer]
        if kind == 12 and self.references[who]:
            return [b.get(f"/why/{self.references[who]}"), b.api("GET", f"/api/v1/attempts/{self.references[who]}")]
        if kind == 13:
            # Adding somebody else's address to an account of one's own, and typing codes for it.
            form = self.member.get("/account/security").form("/account/emails")
            answer = self.member.post(form["action"], {**form["fields"], "email": "hana@example.jp", "password": PASSWORD})
            page = self.member.follow(answer) if answer.status == 303 else answer
            self.keep(self.member, page, lambda form: "code" in form["fields"])
            return [answer, page]
        if kind == 14:
            # A right code, of one's own.
            stranger = Browser(self.server, **{"X-Forwarded-For": f"198.51.{n % 250}.{n % 200 + 1}"})
            name = f"own-{n}"
            begun = stranger.follow(stranger.submit("/sign-up", login_id=name, email=f"{name}@example.jp", password=PASSWORD)).form("/sign-up/verify")
            answer = stranger.post(begun["action"], {**begun["fields"], "code": self.server.code(f"{name}@example.jp")})
            return [answer, stranger.get("/account/methods")]
        if kind == 15:
            return [self.issuer.come_back(b, "corp", sub="other", email="hana@example.jp", email_verified="no")]
        if kind == 16:
            return [b.get("/sign-in/corp/callback?error=access_denied&state=x"), b.post("/sign-in/corp/events", {"logout_token": "x"})]
        return [b.get("/sign-in"), b.get("/check")]


@on_both
class TwoWorlds(OnBoth):
    def setUp(self):
        self.issuer = Issuer()
        self.addCleanup(self.issuer.close)

    def plain(self, answer):
        status, headers, text = masked(answer)
        text = re.sub(r"data:image/[^\"]*", "IMAGE", text)
        text = re.sub(r"\b[A-Z0-9]{4,6}\b(?=</)|data-(case|code)=\"[^\"]*\"|/check/[A-Za-z0-9]+|<svg.*?</svg>", "#", text, flags=re.S)
        text = re.sub(r"(?i)(127\.0\.0\.1|localhost):\d+", "HOST", text)
        headers = [(name, re.sub(r":\d{4,5}/", ":PORT/", re.sub(r"=[\w%.-]{20,}", "=#", value))) for name, value in headers if name != "retry-after"]
        text = re.sub(r"[A-Za-z0-9_-]{22,}|\b[0-9]{13}\b|\d{1,2}:\d\d(:\d\d)?|\d+ ?(秒|分)", "#", text)
        return status, [(n, re.sub(r"[A-Za-z0-9_-]{22,}|\b[0-9]{13}\b", "#", v)) for n, v in headers], text

    def walk(self, seed, acts):
        chance = random.Random(seed)
        worlds = [World(self.issuer, new_postgres() if self.database == "postgres" else None, member) for member in (True, False)]
        for world in worlds:
            self.addCleanup(world.server.__exit__)
        answered = 0
        for n in range(acts):
            kind, who, login = chance.randrange(18), chance.randrange(3), chance.choice(LOGINS)
            here, there = (world.act(kind, who, login, n) for world in worlds)
            about = f"seed {seed}, act {n} of kind {kind} by {who} with {login}"
            self.assertEqual(len(here), len(there), about)
            for a, b in zip(here, there):
                answered += 1
                a_plain, b_plain = self.plain(a), self.plain(b)
                if a_plain != b_plain:
                    lines = difflib.unified_diff(*(f"{p[0]}\n{p[1]}\n{p[2]}".splitlines() for p in (a_plain, b_plain)), lineterm="", n=1)
                    self.fail(about + "\n" + "\n".join(lines)[:3_000])
                waits = [int(answer.header("Retry-After") or 0) for answer in (a, b)]
                self.assertLess(abs(waits[0] - waits[1]), 5, about)
            self.assertEqual(*(len(world.forms) for world in worlds), about)
        self.assertGreater(answered, acts // 2)

    def test_no_answer_tells_whether_there_is_an_account(self):
        for seed in (1, 2):
            self.walk(seed, 120)


if __name__ == "__main__":
    unittest.main()
