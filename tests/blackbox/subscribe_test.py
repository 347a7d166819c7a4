"""Who asked hears of it: by mail, by webhook, once when it works again; and amends after our own faults."""

import http.server
import json
import re
import socket
import threading
import time
import unittest

from standardwebhooks import Webhook

from client import Browser, Server, free_port
from platform_test import FAST, PASSWORD, at, level, until
from support import Cluster, OnBoth, new_postgres, on_both


class Receiver:
    """An app that takes webhooks, and refuses the first `refuse` of them."""

    def __init__(self, refuse=0, echo=True):
        calls = self.calls = []
        left = [refuse]

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if left[0] > 0:
                    left[0] -= 1
                    self.send_response(500)
                    self.end_headers()
                    return
                calls.append((dict(self.headers.items()), body))
                said = json.loads(body).get("challenge", "").encode() if echo else b""
                self.send_response(200)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def link_in(mail, path):
    text = mail.get_body(("plain",)).get_content()
    return re.search(rf"(/status/{path}\?token=[0-9a-f]+)", text).group(1)


@on_both
class Subscriptions(OnBoth):
    def setUp(self):
        self.receiver = Receiver(refuse=1)
        self.addCleanup(self.receiver.close)
        self.toml = FAST + f'[status]\nwebhook_hosts = ["http://127.0.0.1:{self.receiver.port}"]\n'
        super().setUp()

    def test_by_mail(self):
        s, b = self.server, Browser(self.server)
        self.assertEqual(b.submit("/status", "/status/subscribe", email="hana@example.jp").status, 303)
        asked = s.wait_mails("hana@example.jp", 1)[0]
        s.run("incident", "open", "--message", "まだ確認していません")
        path = link_in(asked, "confirm")
        page = b.get(path)
        self.assertEqual(page.status, 200)
        # Looking at the page confirms nothing.
        form = page.form("/status/confirm")
        token = form["fields"]["token"]
        wrong = token[:-1] + ("1" if token[-1] == "0" else "0")
        self.assertEqual(b.post("/status/confirm", {"token": wrong}).status, 404)
        self.assertEqual(b.post("/status/confirm", form["fields"]).mark("data-done"), "subscribe-confirmed")
        s.run("incident", "update", "--message", "原因が分かりました。", "--status", "identified")
        told = s.wait_mails("hana@example.jp", 2)[1]
        self.assertIn("まだ確認していません", told["Subject"])
        self.assertIn("原因が分かりました", told.get_body(("plain",)).get_content())
        self.assertEqual(told["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        # One press, as mail programs send it.
        end = link_in(told, "unsubscribe")
        self.assertIn(end, told["List-Unsubscribe"])
        self.assertEqual(Browser(s).post(end, {"List-Unsubscribe": "One-Click"}).status, 200)
        s.run("incident", "resolve", "--message", "直りました")
        time.sleep(2)
        self.assertEqual(len(s.mails("hana@example.jp")), 2)

    def test_by_webhook(self):
        s, b = self.server, Browser(self.server)
        page = b.submit("/status", "/status/subscribe", url=f"http://127.0.0.1:{self.receiver.port}/hook")
        self.assertEqual(page.status, 200)
        secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.text).group(0)
        until(lambda: self.receiver.calls, 30)
        s.run("incident", "open", "--message", "つながりません", "--component", "mail")
        until(lambda: len(self.receiver.calls) == 2, 15)
        headers, body = self.receiver.calls[1]
        told = Webhook(secret).verify(body.decode(), {k.lower(): v for k, v in headers.items()})
        self.assertEqual(told["type"], "incident.investigating")
        self.assertEqual(told["data"]["components"], ["mail"])
        self.assertEqual(json.loads(self.receiver.calls[0][1])["type"], "subscription.test")

    def test_no_stranger_keeps_the_owner_of_a_url_from_subscribing(self):
        mute = Receiver(echo=False)
        self.addCleanup(mute.close)
        url = new_postgres() if self.database == "postgres" else None
        toml = FAST + f'[status]\nwebhook_hosts = ["http://127.0.0.1:{mute.port}"]\n'
        with Server("--trusted-proxy", "127.0.0.1/32", database=url, toml=toml) as s:
            ask = lambda address: Browser(s, **{"X-Forwarded-For": address}).submit("/status", "/status/subscribe", url=f"http://127.0.0.1:{mute.port}/hook").status
            self.assertEqual([ask("203.0.113.7") for _ in range(8)], [200] * 5 + [422] * 3)
            self.assertEqual(ask("192.0.2.1"), 200)

    def test_a_challenge_is_of_one_wish(self):
        """An endpoint that gives everybody the answer that its owner's wish wanted confirms nobody else's."""
        first = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                first.append(told.get("challenge") or first[0])
                kinds.append(told["type"])
                self.send_response(200)
                self.end_headers()
                self.wfile.write(first[0].encode())

            def log_message(self, *_):
                pass

        kinds, endpoint = [], http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(endpoint.server_close)
        self.addCleanup(endpoint.shutdown)
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{endpoint.server_address[1]}"
        database = new_postgres() if self.database == "postgres" else None
        with Server(database=database, toml=FAST + f'[status]\nwebhook_hosts = ["{place}"]\n') as s:
            for _ in range(2):
                self.assertEqual(Browser(s).submit("/status", "/status/subscribe", url=f"{place}/hook").status, 200)
                seen = len(kinds)
                until(lambda: len(kinds) > seen, 30)
                time.sleep(1)
            s.run("incident", "open", "--message", "つながりません")
            until(lambda: "incident.investigating" in kinds, 20)
            time.sleep(3)
            self.assertEqual(kinds.count("incident.investigating"), 1, kinds)

    def test_endpoints_that_say_nothing_hold_no_others_call_up(self):
        silent = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.addCleanup(silent.close)
        good = Receiver()
        self.addCleanup(good.close)
        mute = f"http://127.0.0.1:{silent.getsockname()[1]}"
        database = new_postgres() if self.database == "postgres" else None
        toml = FAST + f'[status]\nwebhook_hosts = ["{mute}", "http://127.0.0.1:{good.port}"]\n'
        with Server(database=database, toml=toml) as s:
            for n in range(40):
                self.assertEqual(Browser(s).submit("/status", "/status/subscribe", url=f"{mute}/{n}").status, 200)
            begun = time.monotonic()
            self.assertEqual(Browser(s).submit("/status", "/status/subscribe", url=f"http://127.0.0.1:{good.port}/hook").status, 200)
            until(lambda: good.calls, 20)
            self.assertLess(time.monotonic() - begun, 4)

    def test_a_host_that_does_not_say_the_challenge_back_is_told_nothing(self):
        # Anybody can type the address of somebody else's host.
        s, mute = self.server, Receiver(echo=False)
        self.addCleanup(mute.close)
        allowed = FAST + f'[status]\nwebhook_hosts = ["http://127.0.0.1:{mute.port}"]\n'
        url = new_postgres() if self.database == "postgres" else None
        with Server(database=url, toml=allowed) as s:
            self.assertEqual(Browser(s).submit("/status", "/status/subscribe", url=f"http://127.0.0.1:{mute.port}/").status, 200)
            until(lambda: mute.calls, 30)
            s.run("incident", "open", "--message", "つながりません")
            time.sleep(4)
            self.assertEqual({json.loads(body)["type"] for _, body in mute.calls}, {"subscription.test"})

    def test_hosts_of_our_own_probes_are_no_hosts_for_webhooks(self):
        inner = Receiver()
        self.addCleanup(inner.close)
        toml = FAST + f'[[status.components]]\nid = "shop"\nname = "x"\nprobe_url = "http://127.0.0.1:{inner.port}/health"\n'
        with Server(toml=toml) as s:
            page = Browser(s).submit("/status", "/status/subscribe", url=f"http://127.0.0.1:{inner.port}/hook")
            self.assertEqual(page.status, 422)

    def test_webhooks_that_point_inward(self):
        b = Browser(self.server)
        for url in ("http://127.0.0.1:1/", "https://10.0.0.1/x", "https://[::1]/", "https://localhost/", "http://169.254.169.254/latest", "file:///etc/passwd", "x", "http://example.com/"):
            page = b.submit("/status", "/status/subscribe", url=url)
            self.assertEqual(page.status, 422, url)
            # The reason stands at the field, and what was typed in it.
            self.assertIn('href="#url"', page.text)
            self.assertIn('id="url-error"', page.text)
            self.assertIn(f'value="{url}"', page.text)


class TellMe(unittest.TestCase):
    def test_when_it_works_already(self):
        with Server(toml=FAST) as s:
            b = Browser(s)
            done = b.submit("/notify", "/notify", email="hana@example.jp")
            self.assertEqual((done.status, done.mark("data-done")), (200, "notify-now"))
            time.sleep(1)
            self.assertEqual(s.mails("hana@example.jp"), [])

    def test_when_it_works_again(self):
        cluster = Cluster()
        self.addCleanup(cluster.close)
        with Server(database=cluster.database(), toml=FAST) as s:
            b = Browser(s)
            cluster.stop()
            until(lambda: level(s, "database") == "major_outage", 60)
            page = b.get("/sign-in")
            path = next(a for a in re.findall(r'href="(/notify[^"]*)"', page.text))
            # Even now the wish is taken.
            self.assertEqual(b.submit(path, "/notify", email="hana@example.jp").mark("data-done"), "notify-done")
            b.submit(path, "/notify", email="hana@example.jp")
            self.assertEqual(b.submit(path, "/notify", email="nowhere").status, 422)
            cluster.start()
            mails = s.wait_mails("hana@example.jp", 1, 120)
            self.assertIn("また使える", mails[0]["Subject"])
            time.sleep(8)
            self.assertEqual(len(s.mails("hana@example.jp")), 1)


@on_both
class Amends(OnBoth):
    toml = FAST

    def lock(self, b, tries=12):
        for n in range(tries):
            answer = b.sign_in("hana", f"wrong {n}")
        return answer

    def test_a_lock_of_our_own_making_is_undone(self):
        s = self.server
        s.account("hana")
        since = at(-60)
        self.assertEqual(self.lock(Browser(s)).status, 429)
        s.wait_mails("hana@example.jp", 1)
        s.run("incident", "open", "--message", "正しいパスワードでもログインできない不具合です", "--component", "password", "--since", since)
        time.sleep(1.5)
        # While it is told, failures are counted apart: nobody is locked by what came before.
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
        s.run("incident", "resolve", "--message", "直りました")
        time.sleep(1.5)
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
        told = lambda: [m for m in s.mails("hana@example.jp") if "解除" in m["Subject"]]
        # Beside the notice of the new browser, in whichever order.
        until(told, 15)
        self.assertEqual(len(told()), 1)

    def locked_meanwhile(self):
        s = self.server
        s.account("hana")
        s.run("incident", "open", "--message", "調べています", "--component", "password")
        time.sleep(1.5)
        self.lock(Browser(s))
        return s

    def test_failures_meanwhile_leave_no_lock(self):
        s = self.locked_meanwhile()
        s.run("incident", "resolve", "--message", "直りました")
        time.sleep(1.5)
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)

    def test_a_lock_of_the_trouble_can_be_ended_meanwhile(self):
        s = self.locked_meanwhile()
        self.assertNotEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
        s.run("account", "unlock", "hana")
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)

    def test_strangers_who_flood_get_no_new_tries(self):
        # What is measured makes nobody's lock go away: only staff's word counts failures apart.
        s = self.server
        s.account("hana")
        self.assertEqual(self.lock(Browser(s)).status, 429)
        s.run("incident", "open", "--message", "遅くなっています", "--component", "password", "--impact", "minor")
        time.sleep(1.5)
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 429)
        # Nor does the end of what was minor.
        s.run("incident", "resolve")
        time.sleep(1.5)
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 429)

    def test_signed_in_but_unreadable(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        b.sign_in("hana", PASSWORD)
        page = b.get("/account/trouble")
        self.assertEqual((page.status, page.cause), (503, "platform.account_data"))
        self.assertIn("成功", page.text)
        self.assertIn("password_reset", page.marks("data-avoid"))
        self.assertEqual(s.why_cause(page.reference), "platform.account_data")


if __name__ == "__main__":
    unittest.main()
