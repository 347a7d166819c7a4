"""10,000 failures against a member: the member's own device still signs in, recovery works."""

import concurrent.futures
import http.client
import json
import time
import unittest

from client import Browser, code_of
from support import OnBoth, on_both

PASSWORD, NEW = "correct horse battery", "an entirely new passphrase"
FAILURES, SECONDS = 10_000, 8


@on_both
class FloodedMember(OnBoth):
    toml = "[password]\nargon2_memory_kib = 64\nargon2_passes = 1\n[throttle]\nnetwork_tries = 1000000\n"
    flags = ("--trusted-proxy", "127.0.0.1/32")

    def flood(self, part):
        """Wrong passwords over one line from ever other addresses; ends by itself."""
        line, done, until = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30), 0, time.time() + SECONDS
        while done < FAILURES // 8 and time.time() < until:
            body = json.dumps({"login": ("hana", "hana@example.jp")[done % 2], "password": f"guess {part} {done}"})
            headers = {"Content-Type": "application/json", "X-Forwarded-For": f"198.{part}.{done // 250}.{done % 250 + 1}"}
            try:
                line.request("POST", "/api/v1/sign-in", body, headers)
                answer = line.getresponse()
                answer.read()
            except (http.client.HTTPException, OSError):
                line.close()
                continue
            self.assertIn(answer.status, (401, 429, 503))
            done += 1
        line.close()
        return done

    def test_the_owner_is_kept_out_by_nobody(self):
        s = self.server
        own = Browser(s, **{"X-Forwarded-For": "203.0.113.7"})
        own.sign_up("hana", "hana@example.jp", PASSWORD)
        with concurrent.futures.ThreadPoolExecutor(9) as pool:
            floods = [pool.submit(self.flood, part) for part in range(8)]
            # While it goes on, too: whoever is signed in stays in.
            while not all(flood.done() for flood in floods):
                self.assertEqual(own.get("/auth/check").status, 200)
                time.sleep(0.3)
        self.assertGreater(sum(flood.result() for flood in floods), 300)
        # Wrong codes and mails that strangers ask for, from many places.
        for n in range(12):
            stranger = Browser(s, **{"X-Forwarded-For": f"198.51.{n}.9"})
            stranger.submit("/recover", email="hana")
            form = stranger.get("/recover/code").form("/recover/code")
            stranger.post("/recover/code", {**form["fields"], "email": "hana", "code": f"{n:06d}"})
        self.assertEqual(Browser(s, **{"X-Forwarded-For": "198.51.100.9"}).sign_in("hana", PASSWORD).status, 429)
        self.assertEqual(own.sign_in("hana", PASSWORD).status, 303, "the own device")
        self.assertEqual(own.api("POST", "/api/v1/sign-in", {"login": "hana@example.jp", "password": PASSWORD}).status, 200)
        # Recovery in a browser that nobody knows yet, from a network that has asked for nothing.
        s.code("hana@example.jp", nth=13)
        fresh = Browser(s, **{"X-Forwarded-For": "203.0.113.99"})
        form = fresh.follow(fresh.submit("/recover", email="hana@example.jp")).form("/recover/code")
        s.code("hana@example.jp", nth=14)
        page = fresh.follow(fresh.post(form["action"], {**form["fields"], "code": s.code("hana@example.jp")}))
        form = page.form("/recover/password")
        self.assertEqual(fresh.post(form["action"], {**form["fields"], "password": NEW}).status, 303)
        self.assertEqual(fresh.sign_in("hana", NEW).status, 303, "a reset ends the lock")

    def test_mails_that_strangers_ask_for_leave_the_own_device_its_own(self):
        s = self.server
        own = Browser(s, **{"X-Forwarded-For": "203.0.113.7"})
        own.sign_up("hana", "hana@example.jp", PASSWORD)
        for n in range(40):
            Browser(s, **{"X-Forwarded-For": f"198.{n}.51.9"}).submit(("/recover", "/unlock")[n % 2], **{("email", "login")[n % 2]: "hana"})
        time.sleep(2)
        before = len([m for m in s.mails("hana@example.jp") if code_of(m)])
        self.assertLessEqual(before, 25, "nobody's mailbox is filled")
        form = own.follow(own.submit("/recover", email="hana")).form("/recover/code")
        self.assertEqual(own.post(form["action"], {**form["fields"], "code": s.code("hana@example.jp", nth=before + 1)}).status, 303)


if __name__ == "__main__":
    unittest.main()
