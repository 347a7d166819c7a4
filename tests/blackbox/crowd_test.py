"""How others fare, what stands out in one slice, and two servers of which one has wrong keys."""

import json
import os
import secrets
import tempfile
import time
import unittest

from client import Browser, Server
from platform_test import FAST, PASSWORD, level, until
from support import OnBoth, new_postgres, on_both

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def incidents(server, *more):
    return json.loads(server.run("incident", "list", "--json", *more).stdout)


@on_both
class Crowd(OnBoth):
    toml = 'trusted_proxy = ["127.0.0.0/8"]\n' + FAST + '[throttle]\nnetwork_tries = 100000\n[status]\nregions = [{ id = "kansai", networks = ["198.51.0.0/16"] }]\n'

    def blocked(self):
        """A browser that keeps no cookies."""
        b = Browser(self.server, **{"User-Agent": FIREFOX})
        form = b.get("/sign-in").form("/sign-in")
        b.cookies.clear()
        return b.post("/sign-in", {**form["fields"], "login": "hana", "password": PASSWORD})

    def test_a_browser_family_that_fails(self):
        s = self.server
        s.account("hana")
        for _ in range(13):
            self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
        wrong = lambda: Browser(s).sign_in("nobody", "x")
        until(lambda: wrong().mark("data-others") == "fine", 25, every=2)
        for n in range(13):
            answer = self.blocked()
            # Until it is known, it is the browser.
            self.assertEqual(answer.cause, "browser.cookie_blocked")
        until(lambda: incidents(s), 25)
        found = incidents(s)[0]
        self.assertEqual((found["status"], found["slice"]), ("proposed", "browser:Firefox"))
        # Nobody is told before staff says so.
        self.assertEqual(Browser(s).get("/api/v2/incidents.json").json["incidents"], [])
        self.assertNotIn("Firefox", Browser(s).get("/status").text)
        s.run("incident", "publish", found["id"])
        until(lambda: self.blocked().cause == "platform.regression", 5)
        answer = self.blocked()
        self.assertIn("slice_fails", answer.marks("data-because"))
        self.assertIn("password_reset", answer.marks("data-avoid"))
        # Others hear of it as a notice, not as their cause.
        self.assertEqual(wrong().cause, "credential.password")
        s.run("incident", "resolve", "--message", "直りました")
        until(lambda: self.blocked().cause != "platform.regression", 5)

    def test_a_region_that_fails(self):
        s = self.server
        s.account("hana")
        there = lambda n: {"X-Forwarded-For": f"198.51.{n}.7"}
        for n in range(13):
            self.assertEqual(Browser(s, **{"X-Forwarded-For": f"203.0.{n}.7"}).sign_in("hana", PASSWORD).status, 303)
        for n in range(13):
            b = Browser(s, **there(n))
            form = b.get("/sign-in").form("/sign-in")
            b.cookies.clear()
            b.post("/sign-in", {**form["fields"], "login": "hana", "password": PASSWORD})
        until(lambda: incidents(s), 25)
        found = incidents(s)[0]
        self.assertEqual((found["status"], found["slice"]), ("proposed", "region:kansai"))
        # What is told says it in words, and names neither network nor cause.
        self.assertNotIn("kansai", found["message"])
        self.assertNotIn("browser.", found["message"])
        # What staff drops does not come back by itself.
        s.run("incident", "dismiss", found["id"])
        time.sleep(12)
        self.assertEqual(incidents(s), [])

    def test_me_too(self):
        s = self.server
        s.account("hana")
        s.run("incident", "open", "--message", "調べています", "--component", "password")
        time.sleep(1.5)
        b = Browser(s)
        refused = b.sign_in("hana", "wrong")
        path = f"/why/{refused.reference}/me-too"
        done = b.post(path, refused.form(path)["fields"])
        self.assertEqual(done.status, 303)
        self.assertIn("ありがとう", b.follow(done).text)
        # Of small numbers nothing is said.
        self.assertIsNone(Browser(s).sign_in("hana", "wrong").mark("data-others"))
        # Another browser cannot speak for this one.
        self.assertEqual(Browser(s).post(path, refused.form(path)["fields"]).status // 100, 4)


class WrongKeys(unittest.TestCase):
    def test_one_of_two_servers(self):
        url = new_postgres()
        with Server(database=url, toml=FAST) as right:
            right.account("hana")
            folder = tempfile.mkdtemp()
            keys = os.path.join(folder, "keys")
            with open(os.path.join(right.data, "keys")) as file:
                lines = file.read().splitlines()
            with open(keys, "w") as file:
                file.write("\n".join(line if line.startswith("#") else secrets.token_hex(len(line) // 2) for line in lines) + "\n")
            os.chmod(keys, 0o600)
            time.sleep(6)
            with Server("--keys", keys, database=url, toml=FAST) as wrong:
                took = until(lambda: level(right, "password") == "partial_outage", 60)
                self.assertEqual(level(wrong, "password"), "partial_outage")
                self.assertEqual(Browser(right).get("/sign-in").status, 200)
                until(lambda: incidents(right), 60)
                self.assertEqual(incidents(right)[0]["slice"], "component:password")
                print(f"wrong keys on one of two: told after {took:.1f} s")
            until(lambda: level(right, "password") == "operational", 120)
            until(lambda: not incidents(right), 30)


if __name__ == "__main__":
    unittest.main()
