"""The platform's side: notices, the status page in its forms, and real faults of the database,
the disk and the mail server."""

import datetime
import glob
import json
import os
import subprocess
import tempfile
import threading
import time
import unittest
import xml.etree.ElementTree

from client import Browser, Server, free_port
from support import Cluster, OnBoth, SmallDisk, on_both

PASSWORD = "correct horse battery"
FAST = "[password]\nargon2_memory_kib = 64\nargon2_passes = 1\n"


def at(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat()


def until(wanted, seconds, every=0.25):
    """Waits for something to become true; how long it took."""
    begun = time.time()
    while time.time() - begun < seconds:
        found = wanted()
        if found:
            return time.time() - begun
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {wanted()}")


def level(server, component):
    parts = Browser(server).get("/api/v2/components.json").json["components"]
    return next(part["status"] for part in parts if part["id"] == component)


@on_both
class Notices(OnBoth):
    toml = FAST + '[status]\ncomponents = [{ id = "shop", name = "ショップ", name_en = "Shop" }]\nnews = [{ name = "公式ブログ", name_en = "Official blog", url = "https://blog.example.jp/" }]\n'

    def setUp(self):
        super().setUp()
        self.server.account("hana")

    def said(self, *words):
        return self.server.run(*words, check=False)

    def test_closed_for_maintenance(self):
        s = self.server
        member = Browser(s)
        self.assertEqual(member.sign_in("hana", PASSWORD).status, 303)
        ends = at(1800)
        made = s.run("maintenance", "start", "--ends", ends, "--message", "引っ越しです。詳しくは https://blog.example.jp/move", "--message-en", "We are moving.", "--json").stdout
        self.assertIn('"in_progress"', made)
        b = Browser(s)
        until(lambda: b.get("/sign-in").status == 503, 5)
        page = b.get("/sign-in?return_to=/account/sessions")
        self.assertEqual((page.status, page.cause), (503, "platform.maintenance"))
        self.assertTrue(1700 < int(page.header("Retry-After")) <= 1800)
        self.assertEqual(page.mark("data-notice"), "maintenance")
        self.assertIn("引っ越しです", page.text)
        self.assertIn('<a href="https://blog.example.jp/move"', page.text)
        self.assertEqual(page.marks("data-step")[0], "wait")
        for useless in ("password_reset", "retry"):
            self.assertIn(useless, page.marks("data-avoid"))
        # The form is there, and what is typed is kept.
        form = page.form("/sign-in")
        answer = b.post("/sign-in", {**form["fields"], "login": "hana", "password": PASSWORD})
        self.assertEqual((answer.status, answer.cause), (503, "platform.maintenance"))
        self.assertIn('value="hana"', answer.text)
        self.assertIn('value="/account/sessions"', answer.text)
        for path in ("/sign-up", "/recover", "/unlock"):
            page = b.get(path)
            self.assertEqual((page.status, page.cause), (503, "platform.maintenance"), path)
            self.assertIn("We are moving", Browser(s, **{"Accept-Language": "en"}).get(path).text)
        refused = b.api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD})
        self.assertEqual((refused.status, refused.json["cause"]), (503, "platform.maintenance"))
        self.assertEqual(int(refused.header("Retry-After")), refused.json["retry_after"])
        # Whoever is in goes on.
        self.assertEqual(member.get("/account").status, 200)
        self.assertEqual(member.get("/auth/check").status, 200)
        self.assertEqual(b.get("/readyz").status, 200)
        s.run("maintenance", "end", "--message", "終わりました")
        until(lambda: b.get("/sign-in").status == 200, 5)
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)

    def test_windows_begin_and_end_by_themselves(self):
        s, b = self.server, Browser(self.server)
        s.run("maintenance", "start", "--begins", at(3), "--ends", at(9), "--message", "短い作業")
        until(lambda: b.get("/sign-in").mark("data-notice") == "scheduled", 2)
        self.assertEqual(b.get("/sign-in").status, 200)
        planned = b.get("/api/v2/scheduled-maintenances/upcoming.json").json["scheduled_maintenances"]
        self.assertEqual([m["status"] for m in planned], ["scheduled"])
        until(lambda: b.get("/sign-in").status == 503, 6)
        until(lambda: b.get("/sign-in").status == 200, 20)
        until(lambda: not b.get("/api/v2/summary.json").json["scheduled_maintenances"], 10)
        over = b.get("/api/v2/scheduled-maintenances.json").json["scheduled_maintenances"]
        self.assertEqual(over[0]["status"], "completed")
        self.assertEqual([u["status"] for u in over[0]["incident_updates"]], ["completed", "in_progress", "scheduled"])

    def test_read_only(self):
        s, b = self.server, Browser(self.server)
        s.run("maintenance", "start", "--ends", at(600), "--mode", "read-only", "--message", "変更を止めています")
        until(lambda: b.get("/sign-up").status == 503, 5)
        self.assertEqual(b.get("/sign-in").status, 200)
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        page = b.get("/account/security")
        self.assertEqual(page.mark("data-notice"), "maintenance", "told before anything is typed")
        form = page.form("/account/security")
        refused = b.post("/account/security", {**form["fields"], "current_password": PASSWORD, "password": "another phrase 99"})
        self.assertEqual((refused.status, refused.cause), (503, "platform.maintenance"))
        form = refused.form("/account/emails")
        refused = b.post("/account/emails", {**form["fields"], "email": "neu@example.jp", "password": PASSWORD})
        self.assertEqual((refused.status, refused.cause), (503, "platform.maintenance"))
        self.assertEqual(refused.form("/account/emails")["fields"]["email"], "neu@example.jp", "nothing typed is lost")
        s.run("maintenance", "end")
        until(lambda: b.get("/sign-up").status == 200, 5)

    def test_incident_from_opening_to_history(self):
        s, b = self.server, Browser(self.server)
        english = Browser(s, **{"Accept-Language": "en"})
        s.run("incident", "open", "--message", "ログインしにくくなっています。", "--message-en", "Signing in is slow.", "--component", "password", "--next-update", at(900))
        until(lambda: b.get("/sign-in").mark("data-notice") == "incident", 5)
        page = b.get("/sign-in")
        self.assertEqual(page.status, 200)
        self.assertIn("ログインしにくくなっています", page.text)
        self.assertIn("Signing in is slow", english.get("/sign-in").text)
        self.assertNotIn("in Japanese only", english.get("/sign-in").text)
        # What fails meanwhile is ours: nobody is sent to a reset.
        refused = b.sign_in("hana", "not the password")
        self.assertEqual((refused.status, refused.cause), (401, "platform.outage"))
        self.assertFalse({"recover", "retype", "relink", "retry"} & set(refused.marks("data-step")))
        self.assertIn("password_reset", refused.marks("data-avoid"))
        summary = english.get("/api/v2/summary.json").json
        self.assertEqual(summary["status"]["indicator"], "major")
        incident = summary["incidents"][0]
        self.assertEqual((incident["name"], incident["status"], incident["impact"]), ("Signing in is slow", "investigating", "major"))
        self.assertEqual([c["id"] for c in incident["components"]], ["password"])
        self.assertEqual(level(s, "password"), "partial_outage")
        self.assertEqual(level(s, "shop"), "operational")
        s.run("incident", "update", "--status", "identified", "--message", "原因が分かりました")
        s.run("incident", "resolve", "--message", "直りました")
        until(lambda: not b.get("/api/v2/incidents/unresolved.json").json["incidents"], 5)
        past = b.get("/api/v2/incidents.json").json["incidents"][0]
        self.assertEqual([u["status"] for u in past["incident_updates"]], ["resolved", "identified", "investigating"])
        self.assertTrue(past["resolved_at"])
        status = b.get("/status")
        for words in ("直りました", "公式ブログ", "ショップ"):
            self.assertIn(words, status.text)
        self.assertEqual(b.sign_in("hana", "some other thing").cause, "credential.password")
        feed = xml.etree.ElementTree.fromstring(b.get("/status/feed.atom").text)
        atom = "{http://www.w3.org/2005/Atom}"
        self.assertEqual(feed.tag, atom + "feed")
        self.assertEqual(len(feed.findall(atom + "entry")), 1)

    def test_what_cannot_be_told(self):
        s = self.server
        s.run("maintenance", "start", "--begins", at(3600), "--ends", at(7200), "--message", "x")
        for words, names in [
            (("maintenance", "start", "--ends", "2030-01-01T00:00:00", "--message", "x"), ("--ends", "zone")),
            (("maintenance", "start", "--ends", "tomorrow", "--message", "x"), ("--ends", "RFC 3339")),
            (("maintenance", "start", "--begins", at(60), "--ends", at(30), "--message", "x"), ("--ends", "after")),
            (("maintenance", "start", "--ends", at(-5), "--message", "x"), ("--ends",)),
            (("maintenance", "start", "--begins", at(5000), "--ends", at(9000), "--message", "x"), ("--begins", "overlaps")),
            (("maintenance", "start", "--ends", at(60), "--message", "<script>x</script>"), ("--message", "HTML")),
            (("maintenance", "start", "--ends", at(60), "--message", " "), ("--message",)),
            (("incident", "open", "--message", "x", "--component", "moon"), ("--component:", "moon", "shop")),
            (("incident", "open", "--message", "x", "--next-update", at(-60)), ("--next-update",)),
            (("incident", "resolve"), ("no such notice",)),
        ]:
            done = self.said(*words)
            self.assertEqual(done.returncode, 2, (words, done.stdout))
            for name in names:
                self.assertIn(name, done.stderr, words)

    def test_shapes_that_existing_readers_know(self):
        s, b = self.server, Browser(self.server)
        for path, members in [
            ("summary", {"page", "components", "incidents", "scheduled_maintenances", "status"}),
            ("status", {"page", "status"}),
            ("components", {"page", "components"}),
            ("incidents", {"page", "incidents"}),
            ("scheduled-maintenances", {"page", "scheduled_maintenances"}),
        ]:
            answer = b.get(f"/api/v2/{path}.json")
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
            self.assertEqual(set(answer.json), members)
            self.assertEqual({"id", "name", "url", "time_zone", "updated_at"}, set(answer.json["page"]))
        self.assertEqual(b.get("/api/v2/status.json").json["status"]["indicator"], "none")


class DatabaseGone(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)
        self.url = self.cluster.database()
        self.server = Server(database=self.url, toml=FAST)
        self.addCleanup(self.server.__exit__)
        self.server.account("hana")
        self.member = Browser(self.server)
        self.assertEqual(self.member.sign_in("hana", PASSWORD).status, 303)
        self.assertEqual(self.member.get("/auth/check").status, 200)

    def gone(self, seconds=60):
        """Until it is told, how long; then what everybody sees."""
        s, b = self.server, Browser(self.server)
        took = until(lambda: level(s, "database") == "major_outage", seconds)
        begun = time.time()
        page = b.get("/sign-in?return_to=/account")
        self.assertLess(time.time() - begun, 1.0, "the page waits for nothing")
        self.assertEqual((page.status, page.cause), (503, "platform.outage"))
        self.assertTrue(page.header("Retry-After"))
        self.assertEqual(page.mark("data-notice"), "measured")
        self.assertNotIn("recover", page.marks("data-step"))
        form = page.form("/sign-in")
        for _ in range(12):
            answer = b.post("/sign-in", {**form["fields"], "login": "hana", "password": "wrong"})
            self.assertEqual((answer.status, answer.cause), (503, "platform.outage"))
        self.assertIn('value="hana"', answer.text)
        self.assertEqual(b.get("/readyz").status, 503)
        self.assertEqual(b.get("/healthz").status, 200)
        self.assertEqual(b.get("/status").mark("data-status"), "critical")
        return took

    def sessions_run_on(self):
        checked = self.member.get("/auth/check")
        self.assertEqual(checked.status, 200)
        self.assertEqual(checked.header("X-Kagiya-Login-Id"), "hana")
        self.assertTrue(checked.header("X-Kagiya-Unchecked-Since"))
        told = self.member.get("/api/v1/session")
        self.assertEqual(told.status, 200)
        self.assertTrue(told.json["session"]["unchecked_since"])

    def back(self):
        s, b = self.server, Browser(self.server)
        took = until(lambda: level(s, "database") == "operational" and level(s, "password") == "operational", 120)
        self.assertIsNone(self.member.get("/auth/check").header("X-Kagiya-Unchecked-Since"))
        # No lock is left behind, and the session is checked again.
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        self.assertEqual(self.member.get("/auth/check").status, 200)
        return took

    def test_stopped_and_restarted(self):
        self.cluster.stop()
        took = self.gone()
        self.sessions_run_on()
        self.cluster.start()
        back = self.back()
        print(f"database stopped: told after {took:.1f} s, over after {back:.1f} s")

    def test_killed(self):
        self.cluster.stop("immediate")
        self.gone()
        self.cluster.start()
        self.back()

    def test_frozen(self):
        # It answers nothing, and hangs up on nobody: the slowest that a database can be.
        self.cluster.freeze(True)
        try:
            self.gone()
            self.sessions_run_on()
        finally:
            self.cluster.freeze(False)
        self.back()

    def test_failing_over(self):
        act = self.cluster.fail_over()
        next(act)
        self.gone()
        self.sessions_run_on()
        next(act, None)
        self.back()
        # Nothing acknowledged is lost.
        self.assertEqual(self.member.get("/api/v1/session").json["account"]["login_id"], "hana")

    def test_out_of_connections(self):
        url = f"postgres://kagiya@127.0.0.1:{self.cluster.port}/postgres"
        self.cluster.stop()
        self.cluster.start("max_connections=4", "superuser_reserved_connections=0")
        hogs = [subprocess.Popen(["psql", "-qtA", url, "-c", "SELECT pg_sleep(600)"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(8)]
        try:
            self.gone()
        finally:
            for hog in hogs:
                hog.kill()
                hog.wait()
        self.cluster.stop("immediate")
        self.cluster.start()
        self.back()

    def test_started_without_it(self):
        url = self.cluster.database()
        self.cluster.stop()
        with Server(database=url, toml=FAST) as late:
            b = Browser(late)
            until(lambda: b.get("/sign-in").status == 503, 10)
            self.assertEqual(b.get("/sign-in").cause, "platform.outage")
            self.assertEqual(b.get("/status").status, 200)
            self.assertEqual(b.get("/readyz").status, 503)
            self.cluster.start()
            until(lambda: level(late, "database") == "operational" and b.get("/sign-in").status == 200, 120)
            late.account("keiko")
            self.assertEqual(Browser(late).sign_in("keiko", PASSWORD).status, 303)

    def test_a_database_that_does_not_exist_is_a_mistake(self):
        server = Server(database=self.cluster.database() + "x", toml=FAST, start=False)
        done = server.run("serve", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not exist", done.stderr)

    def test_what_ended_before_stays_ended(self):
        # A session that was ended just before is not believed from memory.
        self.member.submit("/sign-out")
        self.cluster.stop()
        self.gone()
        self.assertNotEqual(self.member.get("/auth/check").status, 200)


    def test_what_another_server_ended_before_stays_ended(self):
        with Server("--keys", os.path.join(self.server.data, "keys"), database=self.url, toml=FAST) as other:
            there = Browser(other)
            there.cookies = dict(self.member.cookies)
            self.assertEqual(there.get("/auth/check").status, 200)
            self.member.submit("/sign-out")
            time.sleep(2)
            self.cluster.stop()
            until(lambda: level(other, "database") == "major_outage", 60)
            self.assertNotEqual(there.get("/auth/check").status, 200)


class ClockJumps(unittest.TestCase):
    def test_ten_minutes_either_way(self):
        library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")[0]
        folder = tempfile.mkdtemp(prefix="kagiya-clock-")
        clock = os.path.join(folder, "clock")

        def set_clock(offset):
            with open(clock + ".new", "w") as file:
                file.write(f"{offset:+d}\n")
            os.rename(clock + ".new", clock)

        set_clock(0)
        env = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        with Server(toml=FAST, env=env) as s:
            s.account("hana")
            member = Browser(s)
            self.assertEqual(member.sign_in("hana", PASSWORD).status, 303)
            for offset in (600, -600, 0):
                before = Browser(s).get("/sign-in").form("/sign-in")
                set_clock(offset)
                time.sleep(1)
                self.assertEqual(member.get("/auth/check").status, 200, offset)
                b = Browser(s)
                for n in range(3):
                    b.sign_in("hana", f"wrong {n}")
                self.assertEqual(b.sign_in("hana", PASSWORD).status, 303, offset)
                # A page from before the jump leads to an answer, never to a fault.
                late = Browser(s).post("/sign-in", {**before["fields"], "login": "hana", "password": PASSWORD})
                self.assertLess(late.status, 500, offset)
                time.sleep(7)
                self.assertEqual(level(s, "password"), "operational", offset)
                self.assertEqual(level(s, "database"), "operational", offset)


class DiskFull(unittest.TestCase):
    def setUp(self):
        self.disk = SmallDisk()
        self.addCleanup(self.disk.close)
        mails = tempfile.mkdtemp(prefix="kagiya-mail-")
        self.server = Server(data=self.disk.path, mail=f"file:{mails}", toml=FAST)
        self.addCleanup(self.server.stop)
        self.server.account("hana")
        self.member = Browser(self.server)
        self.assertEqual(self.member.sign_in("hana", PASSWORD).status, 303)

    def trouble(self):
        s, b = self.server, Browser(self.server)
        took = until(lambda: level(s, "database") == "major_outage", 60)
        page = b.get("/sign-in")
        self.assertEqual((page.status, page.cause), (503, "platform.outage"))
        answer = b.post("/sign-in", {**page.form("/sign-in")["fields"], "login": "hana", "password": PASSWORD})
        self.assertEqual((answer.status, answer.cause), (503, "platform.outage"))
        # Reading goes on: whoever is in stays in.
        self.assertEqual(self.member.get("/auth/check").status, 200)
        self.assertEqual(self.member.get("/account").status, 200)
        return took

    def over(self):
        s = self.server
        took = until(lambda: level(s, "database") == "operational" and level(s, "password") == "operational", 120)
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
        return took

    def test_full(self):
        ready = lambda: Browser(self.server).get("/readyz").status
        failing = lambda: {c["check"] for c in json.loads(self.server.run("doctor", "--json", check=False).stdout)["checks"] if not c["ok"]}
        ends = {"data", "disk", "database"}
        self.assertEqual((ready(), failing() & ends), (200, set()))
        self.disk.fill()
        until(lambda: ready() == 503, 5)
        self.assertEqual(failing() & ends, ends)
        took = self.trouble()
        self.disk.free()
        print(f"disk full: told after {took:.1f} s, over after {self.over():.1f} s")



class Flooded(unittest.TestCase):
    def test_the_hashing_threads(self):
        # Hashes of a second each, and far more people than can be looked at.
        slow = "[password]\nargon2_memory_kib = 262144\nargon2_passes = 4\n[throttle]\nnetwork_tries = 100000\n"
        with Server(toml=slow) as s:
            s.account("hana")
            known = Browser(s)
            self.assertEqual(known.sign_in("hana", PASSWORD).status, 303)
            session = Browser(s)
            session.cookies = dict(known.cookies)
            stop, seen, lock = time.time() + 12, [], threading.Lock()

            def stranger(n):
                b = Browser(s)
                while time.time() < stop:
                    answer = b.api("POST", "/api/v1/sign-in", {"login": f"nobody-{n}", "password": "x" * 9})
                    with lock:
                        seen.append(answer)
                    time.sleep(0.2)

            threads = [threading.Thread(target=stranger, args=(n,)) for n in range(150)]
            for thread in threads:
                thread.start()
            time.sleep(3)
            begun = time.time()
            self.assertEqual(session.get("/auth/check").status, 200)
            self.assertLess(time.time() - begun, 1.0)
            # A known browser is let through before strangers.
            self.assertEqual(known.sign_in("hana", PASSWORD).status, 303)
            for thread in threads:
                thread.join()
            refused = [answer for answer in seen if answer.status == 503]
            self.assertTrue(refused)
            self.assertEqual({answer.json["cause"] for answer in refused}, {"platform.outage"})
            waits = {int(answer.header("Retry-After")) for answer in refused}
            self.assertGreater(len(waits), 5, "everybody is told to come back at another time")
            self.assertTrue(all(5 <= wait <= 30 for wait in waits))


class MailDown(unittest.TestCase):
    def test_nobody_listens(self):
        port = free_port()
        with Server(mail=f"smtp://127.0.0.1:{port}", toml=FAST) as s:
            b = Browser(s)
            for n in range(4):
                Browser(s).submit("/sign-up", login_id=f"member-{n}", email=f"m{n}@example.jp", password=PASSWORD)
            took = until(lambda: level(s, "mail") == "major_outage", 60)
            page = b.follow(b.submit("/sign-up", login_id="member-x", email="mx@example.jp", password=PASSWORD))
            form = page.form("/sign-up/verify")
            refused = b.post(form["action"], {**form["fields"], "code": "123456"})
            self.assertEqual(refused.cause, "platform.mail_delay")
            self.assertIn("resend", refused.marks("data-avoid"))
            print(f"mail down: told after {took:.1f} s")


if __name__ == "__main__":
    unittest.main()
