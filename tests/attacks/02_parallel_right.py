"""20 parallel right sign-ins: all succeed, no failure recorded."""

import concurrent.futures
import unittest

from client import Browser
from support import CHEAP, OnBoth, on_both, sql

PASSWORD = "correct horse battery"


@on_both
class ParallelRight(OnBoth):
    # A budget smaller than the crowd: right ones in flight must not be taken for failures.
    toml = "[throttle]\nstranger_tries = 6\ndevice_tries = 6\n" + CHEAP

    def test_twenty_right_ones(self):
        s = self.server
        s.account("hana")
        known = Browser(s)
        self.assertEqual(known.sign_in("hana", PASSWORD).status, 303)
        people = [Browser(s) for _ in range(20)]
        for n, person in enumerate(people):
            person.get("/sign-in")
            if n % 2:
                person.cookies["kagiya_device"] = known.cookies["kagiya_device"]
        forms = [p.get("/sign-in").form("/sign-in")["fields"] for p in people]
        # Under one name: tries in flight under another are not waited for, or the wait would tell that both are one account.
        logins = ("hana", "HANA", "ｈａｎａ")

        def enter(n):
            if n % 5 == 0:
                return people[n].api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD}).status
            return people[n].post("/sign-in", {**forms[n], "login": logins[n % 3], "password": PASSWORD}).status

        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(enter, range(20)))
        self.assertEqual(answers, [200 if n % 5 == 0 else 303 for n in range(20)])
        # Neither a refusal nor a lock is kept.
        kept = "SELECT COUNT(*) FROM attempt JOIN account ON account.id = attempt.account_id WHERE login_id = 'hana' AND outcome = 'refused'"
        self.assertEqual(sql(s, self.url, kept), ["0"])
        self.assertEqual(sql(s, self.url, "SELECT COALESCE(SUM(locks), 0) FROM throttle"), ["0"])
        self.assertEqual(len({p.cookies.get("kagiya_session") for p in people}), 20)
        # The whole budget is left: five wrong ones, and the right one still opens.
        stranger = Browser(s)
        for n in range(5):
            self.assertEqual(stranger.sign_in("hana", f"wrong {n}").status, 401)
        self.assertEqual(stranger.sign_in("hana", PASSWORD).status, 303)


if __name__ == "__main__":
    unittest.main()
