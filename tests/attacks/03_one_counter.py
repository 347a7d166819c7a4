"""Guesses by ID, e-mail, case, full-width, spaces, look-alikes: one counter."""

import unittest

from client import Browser
from support import OnBoth, on_both, sql

PASSWORD = "correct horse battery"
BUDGET = 6
IDS = ("hello-world", "HELLO-WORLD", " hello-world ", "ｈｅｌｌｏ－ｗｏｒｌｄ", "he1lo_w0rld", "heIlo-world", "@hello-world",
       "hello\u200b-world", "\u3000hello-world", "https://blog.example/hello-world/entry", "blog.example/hello-world")
ADDRESSES = ("hello@example.jp", "HELLO@Example.JP", " hello@example.jp", "ｈｅｌｌｏ＠ｅｘａｍｐｌｅ．ｊｐ", "hello\u200b@example.jp", "zwei@example.jp")


@on_both
class OneCounter(OnBoth):
    toml = f"[password]\nargon2_memory_kib = 64\nargon2_passes = 1\n[throttle]\nstranger_tries = {BUDGET}\nnetwork_tries = 100000\n"

    def looked_at(self):
        return int(sql(self.server, self.url, "SELECT COUNT(*) FROM attempt WHERE evidence LIKE '%password_mismatch%'")[0])

    def test_every_way_to_write_it(self):
        s = self.server
        s.account("hello-world", "hello@example.jp")
        owner = Browser(s)
        owner.sign_in("hello-world", PASSWORD)
        form = owner.get("/account/security").form("/account/emails")
        page = owner.follow(owner.post(form["action"], {**form["fields"], "email": "zwei@example.jp", "password": PASSWORD}))
        form = page.form("/account/emails/verify")
        self.assertEqual(owner.post(form["action"], {**form["fields"], "code": s.code("zwei@example.jp")}).status, 303)
        # Every one of these is the account.
        for login in IDS + ADDRESSES:
            self.assertEqual(Browser(s).sign_in(login, PASSWORD).status, 303, login)
        for n, login in enumerate(IDS + ADDRESSES):
            for more in range(2):
                b = Browser(s)
                if n % 2:
                    b.api("POST", "/api/v1/sign-in", {"login": login, "password": f"guess {n} {more}"})
                else:
                    b.sign_in(login, f"guess {n} {more}")
        self.assertEqual(self.looked_at(), BUDGET)
        for login in IDS + ADDRESSES:
            self.assertIn(Browser(s).sign_in(login, PASSWORD).status, (401, 429), login)
        # The ways that are one text share what a stranger sees, too.
        waits = {Browser(s).sign_in(login, "x y z").status for login in IDS}
        self.assertEqual(waits, {429})


if __name__ == "__main__":
    unittest.main()
