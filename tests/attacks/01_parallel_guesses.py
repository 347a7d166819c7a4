"""200 parallel wrong passwords and one right: at most the budget is evaluated."""

import concurrent.futures
import unittest

from client import Browser
from support import OnBoth, on_both, sql

PASSWORD = "correct horse battery"
BUDGET = 10


@on_both
class ParallelGuesses(OnBoth):
    toml = f"[password]\nargon2_memory_kib = 64\nargon2_passes = 1\n[throttle]\nstranger_tries = {BUDGET}\nnetwork_tries = 100000\n"

    def looked_at(self):
        # Only a password that was looked at leaves this fact; what is hidden or locked leaves none.
        return int(sql(self.server, self.url, "SELECT COUNT(*) FROM attempt WHERE evidence LIKE '%password_mismatch%'")[0])

    def test_two_hundred_wrong_and_one_right(self):
        s = self.server
        s.account("hana")
        names = ("hana", "HANA", "ｈａｎａ", "hana@example.jp", "@hana", "https://blog.example/hana/")

        def guess(n):
            b = Browser(s)
            login, password = names[n % len(names)], PASSWORD if n == 150 else f"guess number {n}"
            if n % 2:
                return b.api("POST", "/api/v1/sign-in", {"login": login, "password": password}).status
            return b.sign_in(login, password).status

        with concurrent.futures.ThreadPoolExecutor(48) as pool:
            answers = list(pool.map(guess, range(201)))
        self.assertLessEqual(set(answers), {200, 303, 401, 429, 503}, answers)
        got_in = [a for a in answers if a in (200, 303)]
        # A right one that was early enough to be looked at begins the count anew, once.
        self.assertLessEqual(self.looked_at(), BUDGET * (1 + len(got_in)))
        before = self.looked_at()
        self.assertNotEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
        self.assertNotEqual(Browser(s).sign_in("hana@example.jp", PASSWORD).status, 303)
        self.assertEqual(self.looked_at(), before)


if __name__ == "__main__":
    unittest.main()
