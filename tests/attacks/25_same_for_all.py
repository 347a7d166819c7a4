"""Existing against missing logins at every door: the same bytes and headers, timings that cannot be told apart."""

import contextlib
import os
import random
import sqlite3
import subprocess
import time
import unittest
import uuid

from client import Browser
from safety_test import masked
from support import OnBoth, on_both, sql

MANY, BYTES = 200, 40
DOORS = ("sign-in", "api", "recover", "unlock", "elsewhere")


def rank(a, b):
    """How often one of `a` took longer than one of `b`: 0.5 when they cannot be told apart."""
    return sum((x > y) + (x == y) / 2 for x in a for y in b) / (len(a) * len(b))


@on_both
class ManyLogins(OnBoth):
    toml = "[password]\nargon2_memory_kib = 64\nargon2_passes = 1\n[throttle]\nnetwork_tries = 1000000\nnetwork_starts = 1000000\n"

    def setUp(self):
        super().setUp()
        # Accounts that copy one: a process for each would take longer than the test.
        s = self.server
        s.account("there")
        phc = sql(s, self.url, "SELECT phc FROM password JOIN account ON account.id = password.account_id WHERE login_id = 'there'")[0]
        lines, now = [], int(time.time() * 1000)
        for n in range(MANY):
            key, name = uuid.uuid4(), f"there-{n:04d}"
            shown, skeleton = f"'{key}'" if self.url else f"x'{key.hex}'", name.replace("0", "o").replace("1", "l")
            lines.append(f"INSERT INTO account (id, login_id, skeleton, state, credential_version, created_at, state_since, lang) VALUES ({shown}, '{name}', '{skeleton}', 'active', 1, {now}, {now}, 'ja');")
            lines.append(f"INSERT INTO email (address_key, address, account_id, verified_at, primary_since) VALUES ('{name}@example.jp', '{name}@example.jp', {shown}, {now}, {now});")
            lines.append(f"INSERT INTO password (account_id, phc, set_at) VALUES ({shown}, '{phc}', {now});")
        if self.url:
            subprocess.run(["psql", "-q", "-1", self.url], input="\n".join(lines), text=True, check=True)
        else:
            with contextlib.closing(sqlite3.connect(os.path.join(s.data, "kagiya.db"), timeout=30)) as db:
                db.executescript("BEGIN;" + "\n".join(lines) + "COMMIT;")

    def ask(self, door, login):
        """One answer, and how long it took: a browser of its own, on a page that was open."""
        b = Browser(self.server)
        if door == "api":
            ask = lambda: b.api("POST", "/api/v1/sign-in", {"login": login, "password": "quite a wrong one"})
        else:
            path = {"sign-in": "/sign-in", "recover": "/recover", "unlock": "/unlock", "elsewhere": "/recover/code"}[door]
            fields = {"login": login, "email": login, "password": "quite a wrong one", "code": "000000"}
            form = b.get(path).form(path)["fields"]
            ask = lambda: b.post(path, {**form, **fields})
        begun = time.perf_counter()
        answer = ask()
        return answer, time.perf_counter() - begun

    def test_bytes_and_timings(self):
        dice = random.Random(25)
        for door in DOORS:
            took = {"there": [], "nobo": []}
            for n in dice.sample(range(MANY), MANY):
                for again in (False, True):
                    seen = {}
                    for who in dice.sample(("there", "nobo"), 2):
                        login = f"{who}-{n:04d}" + ("@example.jp" if n % 2 else "")
                        answer, seconds = self.ask(door, login)
                        if not again:
                            took[who].append(seconds)
                        # `masked` takes what was typed out of the page, its encoded forms too.
                        seen[who] = masked(answer, login, login.replace("@", "%40"), login.replace("@", "&#x40;"))
                    # What is told of the server itself may have changed between the two: then they are asked once more.
                    if len(took["there"]) > BYTES or seen["there"] == seen["nobo"]:
                        break
                    self.assertFalse(again, (door, n, seen))
            # Four standard deviations of what is the same: (401 / (12 * 200 * 200)) ** 0.5 is 0.029.
            self.assertLess(abs(rank(took["there"], took["nobo"]) - 0.5), 0.12, door)


if __name__ == "__main__":
    unittest.main()
