"""Many recovery flows, one code guess each: a cap per account, not per flow; the newest code ends older ones."""

import concurrent.futures
import unittest

from client import Browser
from support import OnBoth, on_both, sql

CAP, FLOWS = 20, 200


@on_both
class CodeGuesses(OnBoth):
    toml = "[password]\nargon2_memory_kib = 64\nargon2_passes = 1\n[throttle]\nnetwork_tries = 100000\nnetwork_starts = 100000\n"
    flags = ("--trusted-proxy", "127.0.0.1/32")

    def tried(self):
        """Guesses that were compared with a code: wrong, and not because nothing was looked at any more."""
        return int(sql(self.server, self.url, "SELECT COUNT(*) FROM attempt WHERE evidence LIKE '%code_mismatch%'")[0])

    def guess(self, n, code):
        """In a flow, a browser and a network of its own."""
        b = Browser(self.server, **{"X-Forwarded-For": f"198.51.{n % 100}.{n % 250 + 1}"})
        form = b.get("/recover/code").form("/recover/code")
        return b.post(form["action"], {**form["fields"], "email": ("hana", "HANA@example.jp")[n % 2], "code": code})

    def test_a_guess_in_each_of_many_flows(self):
        s = self.server
        s.account("hana")
        owner = Browser(s, **{"X-Forwarded-For": "203.0.113.7"})
        form = owner.follow(owner.submit("/recover", email="hana")).form("/recover/code")
        code = s.code("hana@example.jp")
        wrong = [f"{n:06d}" for n in range(FLOWS + 1) if f"{n:06d}" != code][:FLOWS]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = [answer.status for answer in pool.map(self.guess, range(FLOWS), wrong)]
        self.assertEqual(set(answers), {401}, answers)
        self.assertEqual(self.tried(), CAP)
        # The right one is not looked at any more, whoever types it elsewhere; where it was asked for, it works.
        self.assertEqual(self.guess(999, code).status, 401)
        self.assertEqual(owner.post(form["action"], {**form["fields"], "code": code}).status, 303)

    def test_the_newest_code_ends_older_ones(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        b.get("/sign-in")
        first_form = b.follow(b.submit("/recover", email="hana")).form("/recover/code")
        first = s.code("hana@example.jp")
        second_form = b.follow(b.submit("/recover", email="HANA@example.jp")).form("/recover/code")
        second = s.code("hana@example.jp", nth=2)
        for form in (first_form, second_form):
            refused = b.post(form["action"], {**form["fields"], "code": first})
            self.assertEqual((refused.status, "code_superseded" in refused.marks("data-because")), (401, True))
        self.assertEqual(b.post("/recover/code", {**second_form["fields"], "code": second}).status, 303)
        self.assertEqual(b.post("/recover/code", {**second_form["fields"], "code": second}).status // 100, 4)


if __name__ == "__main__":
    unittest.main()
