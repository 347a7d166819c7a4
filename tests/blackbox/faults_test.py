"""Faults that are rarer, and worse to find: a disk that turned read-only, a database that is slow or
refuses writes, mail that is slow or refused, a provider that is gone, a broken release, new keys."""

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from aiosmtpd.controller import Controller

import client
from client import Browser, Server, Town, Traveller, free_port
from mail_test import Handler
from platform_test import FAST, PASSWORD, level, until
from crowd_test import incidents
from support import Cluster, new_postgres


class FailingDisk:
    """A file system that turns read-only under those who use it, as the kernel does on a disk error."""

    def __init__(self):
        self.sudo = [] if os.getuid() == 0 else ["sudo"]
        self.folder = tempfile.mkdtemp(prefix="kagiya-disk-")
        self.image, self.path = f"{self.folder}/image", f"{self.folder}/disk"
        os.mkdir(self.path)
        with open(self.image, "wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["/sbin/mkfs.ext4", "-q", "-F", self.image], check=True)
        self.mount()

    def mount(self):
        done = subprocess.run([*self.sudo, "mount", "-o", "loop", self.image, self.path], capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise unittest.SkipTest(f"this machine lends no loop device: {done.stderr.strip()}")
        subprocess.run([*self.sudo, "chmod", "777", self.path], check=True)

    def fail(self):
        subprocess.run([*self.sudo, "mount", "-o", "remount,abort", self.path], check=True)

    def unmount(self):
        subprocess.run([*self.sudo, "umount", self.path], check=False, capture_output=True)

    def close(self):
        self.unmount()
        shutil.rmtree(self.folder, ignore_errors=True)


class SlowWire:
    """A way to a database on which every answer takes its time."""

    def __init__(self, port):
        self.target, self.delay = port, 0.0
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.port = free_port()
        self.server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self.take, "127.0.0.1", self.port), self.loop).result()

    async def take(self, reader, writer):
        try:
            there, to = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return

        async def carry(source, sink, slowly):
            try:
                while data := await source.read(65536):
                    if slowly and self.delay:
                        await asyncio.sleep(self.delay)
                    sink.write(data)
                    await sink.drain()
            except OSError:
                pass
            finally:
                sink.close()

        await asyncio.gather(carry(reader, to, False), carry(there, writer, True))

    def close(self):
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)


class ReadOnlyDisk(unittest.TestCase):
    def test_under_a_running_server(self):
        disk = FailingDisk()
        self.addCleanup(disk.close)
        mails = tempfile.mkdtemp(prefix="kagiya-mail-")
        self.addCleanup(shutil.rmtree, mails, ignore_errors=True)
        s = Server(data=disk.path, mail=f"file:{mails}", toml=FAST)
        self.addCleanup(lambda: s.process.poll() is None and s.kill())
        s.account("hana")
        member = Browser(s)
        self.assertEqual(member.sign_in("hana", PASSWORD).status, 303)
        disk.fail()
        took = until(lambda: level(s, "database") == "major_outage", 60)
        print(f"disk read-only: told after {took:.1f} s")
        b = Browser(s)
        page = b.get("/sign-in")
        self.assertEqual((page.status, page.cause), (503, "platform.outage"))
        answer = b.post("/sign-in", {**page.form("/sign-in")["fields"], "login": "hana", "password": PASSWORD})
        self.assertEqual((answer.status, answer.cause), (503, "platform.outage"))
        self.assertNotEqual(b.get("/status").mark("data-status"), "none")
        self.assertEqual((b.get("/healthz").status, b.get("/readyz").status), (200, 503))
        # Reading goes on: whoever is in stays in.
        self.assertEqual(member.get("/auth/check").status, 200)
        self.assertEqual(member.get("/account").status, 200)
        # It can still be ended in good order, and nothing that was acknowledged is lost.
        s.stop()
        disk.unmount()
        disk.mount()
        s.start()
        self.assertEqual(member.get("/auth/check").status, 200)
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
        s.stop()


class Database(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)

    def setting(self, words):
        self.cluster.run("postgres", f"ALTER SYSTEM {words}")
        self.cluster.run("postgres", "SELECT pg_reload_conf()")

    def test_that_refuses_writes(self):
        # As a standby does to which somebody pointed us.
        with Server(database=self.cluster.database(), toml=FAST) as s:
            s.account("hana")
            member = Browser(s)
            self.assertEqual(member.sign_in("hana", PASSWORD).status, 303)
            self.setting("SET default_transaction_read_only = on")
            took = until(lambda: level(s, "database") == "major_outage", 60)
            b = Browser(s)
            page = b.get("/sign-in")
            self.assertEqual((page.status, page.cause), (503, "platform.outage"))
            self.assertEqual(b.get("/readyz").status, 503)
            for _ in range(12):
                answer = b.post("/sign-in", {**page.form("/sign-in")["fields"], "login": "hana", "password": "wrong"})
                self.assertEqual((answer.status, answer.cause), (503, "platform.outage"))
            self.assertEqual(member.get("/auth/check").status, 200)
            self.setting("RESET default_transaction_read_only")
            back = until(lambda: level(s, "database") == "operational" and level(s, "password") == "operational", 120)
            # No lock is left behind.
            self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
            print(f"writes refused: told after {took:.1f} s, over after {back:.1f} s")

    def test_that_is_slow(self):
        url = self.cluster.database()
        wire = SlowWire(self.cluster.port)
        self.addCleanup(wire.close)
        with Server(database=url.replace(f":{self.cluster.port}/", f":{wire.port}/"), toml=FAST) as s:
            s.account("hana")
            for _ in range(3):
                self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
            time.sleep(12)
            self.assertEqual(level(s, "database"), "operational")
            wire.delay = 0.4
            took = until(lambda: level(s, "database") == "degraded_performance", 60)
            self.assertNotEqual(Browser(s).get("/status").mark("data-status"), "none")
            # Slow is not broken: whoever waits gets in.
            self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
            wire.delay = 0.0
            back = until(lambda: level(s, "database") == "operational", 120)
            print(f"database slow: told after {took:.1f} s, over after {back:.1f} s")


class Mail(unittest.TestCase):
    def sign_up(self, s, n):
        return Browser(s).submit("/sign-up", login_id=f"member-{n}", email=f"m{n}@{n}.example.jp", password=PASSWORD)

    def in_trouble(self, s):
        """What a member of that time sees; how long until it is told."""
        for n in range(4):
            self.sign_up(s, n)
        took = until(lambda: level(s, "mail") != "operational", 60)
        b = Browser(s)
        page = b.follow(b.submit("/sign-up", login_id="member-x", email="mx@x.example.jp", password=PASSWORD))
        form = page.form("/sign-up/verify")
        refused = b.post(form["action"], {**form["fields"], "code": "123456"})
        self.assertEqual(refused.cause, "platform.mail_delay")
        self.assertIn("resend", refused.marks("data-avoid"))
        return took

    def test_a_server_that_says_nothing(self):
        # It takes the call and never greets.
        silent = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.addCleanup(silent.close)
        with Server(mail=f"smtp://127.0.0.1:{silent.getsockname()[1]}", toml=FAST) as s:
            print(f"mail silent: told after {self.in_trouble(s):.1f} s")
            until(lambda: incidents(s), 60)
            self.assertEqual((incidents(s)[0]["status"], incidents(s)[0]["slice"]), ("proposed", "component:mail"))
            # What staff drops is not proposed again for the same trouble.
            s.run("incident", "dismiss", incidents(s)[0]["id"])
            time.sleep(12)
            self.assertEqual((incidents(s), level(s, "mail")), ([], "major_outage"))
            # Nobody else waits for it.
            begun = time.time()
            self.assertEqual(Browser(s).get("/sign-in").status, 200)
            self.assertLess(time.time() - begun, 1.0)

    def test_a_server_that_puts_everything_off_and_takes_it_later(self):
        handler, port = Handler(), free_port()

        class Later(dict):
            def get(self, _):
                return "451 later"

        handler.answers = Later()
        smtp = Controller(handler, hostname="127.0.0.1", port=port)
        smtp.start()
        self.addCleanup(smtp.stop)
        with Server(mail=f"smtp://127.0.0.1:{port}", toml=FAST) as s:
            took = self.in_trouble(s)
            handler.answers = {}
            # Every mail comes after all.
            until(lambda: {to[0] for to, _ in handler.mails} >= {f"m{n}@{n}.example.jp" for n in range(4)}, 90)
            back = until(lambda: level(s, "mail") == "operational", 120)
            print(f"mail put off: told after {took:.1f} s, over after {back:.1f} s")


class ProviderGone(unittest.TestCase):
    def test_its_endpoints(self):
        with Town() as s:
            self.assertEqual(Traveller(s).go("google").status, 303)
            s.break_("google", "token_down")
            for _ in range(3):
                self.assertGreaterEqual(Traveller(s).go("google").status, 400)
            took = until(lambda: level(s, "google") in ("major_outage", "partial_outage"), 60)
            page = Browser(s).get("/sign-in")
            states = dict(zip(page.marks("data-provider"), page.marks("data-state")))
            self.assertEqual((page.status, states["google"], states["line"]), (200, "down", "ok"))
            self.assertNotEqual(Browser(s).get("/status").mark("data-status"), "none")
            self.assertEqual(level(s, "password"), "operational")
            s.break_("google")
            back = until(lambda: level(s, "google") == "operational", 120)
            self.assertEqual(Traveller(s).go("google").status, 303)
            print(f"provider gone: told after {took:.1f} s, over after {back:.1f} s")


class BrokenRelease(unittest.TestCase):
    """Two servers, one of a release whose sign-in page has a mistake in it."""

    def release(self):
        """A binary with another build's assets and a wrong field name in the form."""
        with open(client.BINARY, "rb") as file:
            binary = file.read()
        for right, wrong in ((b'name="password" type', b'name="passwerd" type'), (b"prefers-color-scheme", b"prefers-colour-schem")):
            self.assertIn(right, binary)
            binary = binary.replace(right, wrong)
        folder = tempfile.mkdtemp(prefix="kagiya-release-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        path = os.path.join(folder, "kagiya")
        with open(path, "wb") as file:
            file.write(binary)
        os.chmod(path, 0o700)
        return path

    def test_is_found_by_its_build(self):
        url = new_postgres()
        toml = FAST + "[throttle]\nnetwork_tries = 100000\n"
        with Server(database=url, toml=toml) as good:
            good.account("hana")
            right = client.BINARY
            client.BINARY = self.release()
            try:
                bad = Server("--keys", os.path.join(good.data, "keys"), database=url, toml=toml)
            finally:
                client.BINARY = right
            with bad:
                for _ in range(12):
                    self.assertEqual(Browser(good).sign_in("hana", PASSWORD).status, 303)
                    refused = Browser(bad).submit("/sign-in", login="hana", password="", passwerd=PASSWORD)
                    self.assertGreaterEqual(refused.status, 400)
                took = until(lambda: [i for i in incidents(good) if i["slice"].startswith("build:")], 60)
                found = incidents(good)[0]
                self.assertEqual((found["status"], found["slice"].split(":")[0]), ("proposed", "build"))
                good.run("incident", "publish", found["id"])
                hit = lambda: Browser(bad).submit("/sign-in", login="hana", password="", passwerd=PASSWORD)
                until(lambda: hit().cause == "platform.regression", 10)
                self.assertIn("password_reset", hit().marks("data-avoid"))
                # Whoever has the right page hears of their own slip only.
                self.assertEqual(Browser(good).sign_in("hana", "wrong").cause, "credential.password")
                # Nobody is locked by it.
                self.assertEqual(Browser(good).sign_in("hana", PASSWORD).status, 303)
                print(f"broken release: proposed after {took:.1f} s")


class NewKeys(unittest.TestCase):
    def test_the_older_one_still_verifies(self):
        s = Server(toml=FAST)
        self.addCleanup(s.__exit__)
        checks = lambda: [line for line in Browser(s).get("/metrics").text.splitlines() if line.startswith("kagiya_self_checks_total")]
        s.account("hana")
        member = Browser(s)
        self.assertEqual(member.sign_in("hana", PASSWORD).status, 303)
        until(lambda: checks(), 90)
        s.stop()
        keys = os.path.join(s.data, "keys")
        with open(keys) as file:
            lines = file.read().splitlines()
        with open(keys, "w") as file:
            file.write("\n".join([secrets.token_hex(32), *lines]) + "\n")
        s.start()
        until(lambda: checks(), 90)
        # The server's own sign-in is not shut out by the change.
        self.assertIn('outcome="well"', checks()[0])
        self.assertEqual(len(checks()), 1)
        self.assertEqual(level(s, "password"), "operational")
        self.assertEqual(member.get("/auth/check").status, 200)


if __name__ == "__main__":
    unittest.main()
