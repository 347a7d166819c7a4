"""`kill -9` in the middle of sign-ups, resets and revocations: what was acknowledged is there."""

import concurrent.futures
import random
import time
import unittest

from client import Browser, Server
from support import OnBoth, new_postgres, on_both, sql

PASSWORD = "correct horse battery"
FAST = "[password]\nargon2_memory_kib = 64\nargon2_passes = 1\n[throttle]\nnetwork_tries = 100000\n"


@on_both
class Crash(OnBoth):
    toml = FAST

    def test_kill_in_the_middle_of_a_load(self):
        s = self.server
        created, reset, revoked, cookies, failures = [], {}, [], {}, []

        def sign_up(n):
            b = Browser(s)
            r = b.sign_up(f"member-{n}", f"member-{n}@example.jp", PASSWORD)
            if r.status == 303:
                created.append(n)
                cookies[n] = dict(b.cookies)
                if n % 3 == 0 and b.submit("/sign-out").status == 303:
                    revoked.append(n)
                if n % 3 == 1:
                    r = b.submit("/recover", email=f"member-{n}@example.jp")
                    form = b.follow(r).form("/recover/code")
                    r = b.post("/recover/code", {**form["fields"], "code": s.code(f"member-{n}@example.jp", nth=2)})
                    form = b.follow(r).form("/recover/password")
                    phrase = f"changed pass phrase {n}"
                    if b.post("/recover/password", {**form["fields"], "password": phrase}).status == 303:
                        reset[n] = phrase

        def careful(n):
            try:
                sign_up(n)
            except Exception as error:
                failures.append(repr(error)[:300])

        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            jobs = [pool.submit(careful, n) for n in range(400)]
            until = time.time() + 60
            while (len(created) < 30 or len(reset) < 4) and time.time() < until:
                time.sleep(0.1)
            time.sleep(random.random())
            s.kill()
            for job in jobs:
                job.cancel()
        self.assertGreater(len(created), 15, failures[:3])
        self.assertGreater(len(reset), 2)
        s.start()
        for n in created:
            b = Browser(s)
            answer = b.sign_in(f"member-{n}", reset.get(n, PASSWORD))
            # A reset under way when the power went may or may not have happened; one acknowledged has.
            if answer.status != 303 and n not in reset and n % 3 == 1:
                answer = b.sign_in(f"member-{n}", f"changed pass phrase {n}")
            self.assertEqual(answer.status, 303, n)
        for n in revoked + list(reset):
            b = Browser(s)
            b.cookies = cookies[n]
            self.assertEqual(b.get("/auth/check").status, 401, n)
        # At least once: a mail that was in hand when the power went comes when its lease is over.
        until = time.time() + 60
        for subject, numbers in (("登録完了", created), ("変更しました", reset)):
            for n in numbers:
                while not any(subject in m["Subject"] for m in s.mails(f"member-{n}@example.jp")):
                    self.assertLess(time.time(), until, (subject, n))
                    time.sleep(0.2)
        listed = s.run("account", "list").stdout.splitlines()
        self.assertGreaterEqual(len(listed), len(created))


@on_both
class Versions(OnBoth):
    def setUp(self):
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Server(database=self.url, start=False)
        self.addCleanup(self.server.__exit__)

    def test_two_processes_may_migrate_at_once_and_a_newer_schema_is_refused(self):
        s = self.server
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: s.run("migrate"), range(4)))
        later = "INSERT INTO _sqlx_migrations SELECT 9999, 'later', installed_on, success, checksum, 0 FROM _sqlx_migrations LIMIT 1"
        sql(s, self.url, later)
        for order in ("migrate", "serve"):
            done = s.run(order, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("newer Kagiya", done.stderr)


if __name__ == "__main__":
    unittest.main()
