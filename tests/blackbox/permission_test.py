"""Refresh tokens: whether a permission at a provider still holds, against the practice town."""

import os
import time
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from client import Town, Traveller
from support import new_postgres, on_both, sql

# What each asks for to be given one, and whether it gives another every time.
WANTS = {"google": ("access_type", "offline"), "x": ("scope", "offline.access"), "town": ("scope", "offline_access")}


class Permissions(unittest.TestCase):
    database = None

    def setUp(self):
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Town(database=self.url)
        self.addCleanup(lambda: self.server.__exit__())

    def sql(self, text):
        return sql(self.server, self.url, text)

    def settings(self, shop):
        """A settings file that names a stand-in of the town, and a provider whose tokens are not kept."""
        settings, secret = (os.path.join(self.server.data, name) for name in ("check.toml", "check.secret"))
        with open(secret, "w") as file:
            file.write("practice-secret-that-protects-nothing")
        with open(settings, "w") as file:
            url = f"http://127.0.0.1:{self.server.town_port}/{shop}"
            kind = {"town": "oidc", "club": "oauth2"}.get(shop, shop)
            file.write(f'[[providers]]\nid = "{shop}"\nkind = "{kind}"\nclient_id = "kagiya-practice"\nclient_secret_file = "check.secret"\n')
            file.write(f'issuer = "{url}"\nkeep_refresh_token = true\n')
            for key, path in (("authorize", "authorize"), ("token", "token"), ("jwks", "jwks"), ("userinfo", "userinfo")):
                file.write(f'{key}_url = "{url}/{path}"\n')
            file.write('[[providers]]\nid = "other"\nkind = "oidc"\nclient_id = "a"\nissuer = "https://login.example.jp"\n')
        return settings

    def check(self, shop, code=0, settings=None):
        done = self.server.run("--config", settings or self.settings(shop), "link", "check", shop, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def states(self, b):
        page = b.get("/account/links")
        return dict(zip(page.marks("data-link-provider"), page.marks("data-link-state"))), page.text

    def asked(self, location):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))

    def test_a_permission_that_was_taken_back_is_seen_told_and_mended(self):
        for shop in ("google", "apple", "x", "yahoo_japan", "line", "town", "club"):
            with self.subTest(shop):
                b = Traveller(self.server)
                asked = self.asked(b.start(shop).header("Location"))
                if shop in WANTS:
                    name, word = WANTS[shop]
                    self.assertIn(word, asked[name].split(" "))
                # Consent is asked for where that is what it takes, and once.
                self.assertEqual("consent" in asked.get("prompt", "").split(" "), shop in ("google", "town"))
                b = Traveller(self.server)
                self.assertEqual(b.go(shop).status, 303)
                again = self.asked(b.submit("/account/links", f"/account/links/{self.link(b, shop)}/relink").header("Location"))
                self.assertNotIn("consent", again.get("prompt", "").split(" "))
                self.assertEqual(self.check(shop).stdout, "permissions: 1 hold, 0 ended, 0 failed\n")
                # Asked twice, with a token that may have been replaced by the first time.
                self.assertEqual(self.check(shop).stdout, "permissions: 1 hold, 0 ended, 0 failed\n")
                self.assertEqual(self.states(b)[0][shop], "ok")
                # Trouble there, and our own fault, say nothing about the permission.
                for fault in ("token_down", "secret_expired"):
                    self.server.break_(shop, fault)
                    self.assertEqual(self.check(shop, 1).stdout, "")
                    self.assertEqual(self.states(b)[0][shop], "ok")
                self.server.break_(shop, "revoked")
                self.assertEqual(self.check(shop).stdout, "permissions: 0 hold, 1 ended, 0 failed\n")
                states, words = self.states(b)
                self.assertEqual(states[shop], "gone")
                self.assertIn("取り消されたか期限切れ", words)
                self.assertIn("当サービスからの確認の結果", words)
                # Nothing is left to ask with; nobody is signed out.
                self.assertEqual(self.check(shop).stdout, "permissions: 0 hold, 0 ended, 0 failed\n")
                self.assertEqual(b.get("/auth/check").status, 200)
                self.server.break_(shop)
                # Coming back by it mends it.
                again = Traveller(self.server)
                self.assertEqual(again.go(shop).status, 303)
                self.assertEqual(self.states(again)[0][shop], "ok")
                self.assertEqual(self.check(shop).stdout, "permissions: 1 hold, 0 ended, 0 failed\n")

    def link(self, b, shop):
        page = b.get("/account/links")
        return dict(zip(page.marks("data-link-provider"), page.marks("data-link")))[shop]

    def test_who_had_the_token_is_told_before_they_need_it(self):
        b = Traveller(self.server)
        b.go("google")
        self.server.break_("google", "revoked", "deny")
        self.check("google")
        b.cookies.pop("kagiya_session")
        refused = b.go("google", deny=True)
        why = self.server.run("why", refused.reference, "--json").stdout
        self.assertIn("link_lapsed", why)

    def test_tokens_lie_sealed_and_go_with_the_link(self):
        b = Traveller(self.server)
        b.go("google")
        b.go("line", path="/sign-in")
        tokens = self.sql("SELECT refresh_token FROM link WHERE refresh_token IS NOT NULL")
        self.assertEqual(len(tokens), 2)
        # Sealed: 24 bytes of nonce and 16 of tag are more than the town's own 22 characters.
        self.assertTrue(all(len(token) >= 80 for token in tokens), tokens)
        form = b.get("/account/links").form(f"/account/links/{self.link(b, 'google')}/remove")
        self.assertEqual(b.post(form["action"], form["fields"]).status, 303)
        self.assertEqual(len(self.sql("SELECT refresh_token FROM link WHERE refresh_token IS NOT NULL")), 1)
        # An identity that waits for a choice is no plain text either, and its token comes along.
        new = Traveller(self.server)
        page = new.follow(new.go("google", "newcomer"))
        self.assertEqual([row for row in self.sql("SELECT identity FROM authorization_session WHERE identity IS NOT NULL") if "newcomer" in row or "{" in row], [])
        form = next(f for f in page.page.forms if "login_id" in f["fields"])
        self.assertEqual(new.post(form["action"], {**form["fields"], "login_id": "newcomer"}).status, 303)
        self.assertEqual(self.check("google").stdout, "permissions: 1 hold, 0 ended, 0 failed\n")

    def test_when_nearly_everybodys_ends_at_once_nobodys_link_is_touched(self):
        people = []
        for n in range(6):
            b = Traveller(self.server)
            page = b.follow(b.go("line", f"member{n}"))
            form = next(f for f in page.page.forms if "login_id" in f["fields"])
            b.post(form["action"], {**form["fields"], "login_id": f"member{n}", "email": f"member{n}@example.jp"})
            b.submit("/sign-up/verify", "/sign-up/verify", code=self.server.code(f"member{n}@example.jp"))
            people.append(b)
        self.assertEqual(self.check("line").stdout, "permissions: 6 hold, 0 ended, 0 failed\n")
        self.server.break_("line", "revoked")
        for _ in range(2):
            told = self.check("line", 1)
            self.assertIn("6 of 11 are said", told.stderr)
        for b in people:
            self.assertEqual(self.states(b)[0]["line"], "ok")
        self.server.break_("line")
        self.assertEqual(self.check("line").stdout, "permissions: 6 hold, 0 ended, 0 failed\n")
        # One after the other, as they become due: a few are believed, then no more. The town forgets its tokens when it
        # is started anew, as a provider would that knows this client no longer.
        gone = []
        for n in range(6):
            self.sql(f"UPDATE link SET refresh_asked_at = refresh_asked_at - 90000000 WHERE subject = 'line-member{n}' RETURNING 1")
            self.server.stop()
            self.server.start()
            time.sleep(1)
            gone.append([self.states(b)[0]["line"] for b in people].count("gone"))
        self.assertEqual(gone, [1, 2, 3, 4, 4, 4])

    def test_it_is_asked_once_a_day_without_being_told_to(self):
        b = Traveller(self.server)
        b.go("apple")
        again = lambda: self.sql("SELECT refresh_asked_at FROM link WHERE refresh_token IS NOT NULL")[0]
        first = again()
        self.server.stop()
        self.server.start()
        time.sleep(1.5)
        self.assertEqual(again(), first, "less than a day ago")
        day = 24 * 60 * 60 * 1000
        self.sql(f"UPDATE link SET refresh_asked_at = refresh_asked_at - {day} WHERE provider = 'apple' RETURNING 1")
        # The town forgets its tokens when it is restarted: this one is worth nothing any more.
        self.server.stop()
        self.server.start()
        for _ in range(100):
            if self.sql("SELECT state FROM link WHERE state_source = 'check'") == ["gone"]:
                break
            time.sleep(0.1)
        self.assertEqual(self.sql("SELECT state FROM link WHERE state_source = 'check'"), ["gone"])
        self.assertEqual(self.states(b)[0]["apple"], "gone")

    def test_other_keys_lose_no_token(self):
        b = Traveller(self.server)
        b.go("google")
        other = os.path.join(self.server.data, "other-keys")
        done = self.server.run("--config", self.settings("google"), "--keys", other, "link", "check", "google", check=False)
        self.assertEqual((done.returncode, done.stdout), (1, "permissions: 0 hold, 0 ended, 1 failed\n"), done.stderr)
        self.assertEqual(self.check("google").stdout, "permissions: 1 hold, 0 ended, 0 failed\n")
        self.assertEqual(self.states(b)[0]["google"], "ok")

    def test_two_that_ask_at_once_spend_no_token_twice(self):
        # A token of this issuer is good for once: whoever came second would end the permission.
        b = Traveller(self.server)
        b.go("town")
        settings = self.settings("town")
        with ThreadPoolExecutor(4) as pool:
            for _ in range(5):
                told = [done.stdout for done in pool.map(lambda _: self.check("town", settings=settings), range(4))]
                self.assertTrue(all("0 ended, 0 failed" in words for words in told), told)
                self.assertTrue(any("1 hold" in words for words in told), told)
        self.assertEqual(self.states(b)[0]["town"], "ok")

    def test_what_cannot_be_asked_is_said(self):
        self.assertIn("no such provider", self.server.run("link", "check", "nobody", check=False).stderr)
        done = self.server.run("--config", self.settings("google"), "link", "check", "other", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("keep_refresh_token", done.stderr)


on_both(Permissions)
