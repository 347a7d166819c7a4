"""Copies of the status page elsewhere, and parts of the service that the operator names."""

import http.server
import json
import os
import shutil
import tempfile
import threading
import unittest

from client import Browser, Server
from platform_test import FAST, level, until
from support import Cluster


class Store:
    """Takes what is put. No object store can be had here: this one checks no signature, only that there is one."""

    def __init__(self, status=200):
        objects = self.objects = {}
        self.status = status
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                path, _, query = self.path.partition("?")
                if "X-Amz-Signature=" in query and "X-Amz-Credential=key" in query:
                    objects[path] = (self.headers["Content-Type"], body)
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return file.read()


class Export(unittest.TestCase):
    def folder(self):
        folder = tempfile.mkdtemp(prefix="kagiya-export-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def test_by_command(self):
        folder = self.folder()
        with Server(toml=FAST) as s:
            s.run("incident", "open", "--message", "調べています", "--message-en", "We are looking into it")
            s.run("status", "export", folder)
            ja, en = (read(folder, name) for name in ("index.html", "index.en.html"))
            self.assertIn("調べています", ja)
            self.assertIn("We are looking into it", en)
            for page in (ja, en):
                # It stands by itself: no form, and nothing loaded from us.
                self.assertNotIn("<form", page)
                self.assertNotIn('src="/', page)
                self.assertNotIn('href="/', page)
            summary = json.loads(read(folder, "api/v2/summary.json"))
            self.assertEqual(len(summary["incidents"]), 1)
            self.assertTrue(os.path.exists(os.path.join(folder, "feed.atom")))
            self.assertTrue(os.path.exists(os.path.join(folder, "status.css")))

    def test_kept_fresh_while_the_database_is_gone(self):
        folder = self.folder()
        cluster = Cluster()
        self.addCleanup(cluster.close)
        with Server(database=cluster.database(), toml=FAST + f'[status.export]\nfolder = "{folder}"\n') as s:
            page = os.path.join(folder, "index.html")
            until(lambda: os.path.exists(page), 20)
            self.assertIn('data-status="none"', read(page))
            cluster.stop()
            until(lambda: 'data-status="critical"' in read(page), 60)

    def test_to_a_bucket(self):
        store = Store()
        self.addCleanup(store.close)
        secret = os.path.join(self.folder(), "secret")
        with open(secret, "w") as file:
            file.write("hush\n")
        toml = FAST + f'[status.export]\nendpoint = "{store.url}"\nbucket = "status"\naccess_key = "key"\nsecret_key_file = "{secret}"\nprefix = "kagiya/"\n'
        with Server(toml=toml):
            until(lambda: len(store.objects) >= 9, 20)
        kind, body = store.objects["/status/kagiya/index.html"]
        self.assertEqual(kind, "text/html; charset=utf-8")
        self.assertIn("稼働状況", body.decode())

    def test_settings_that_cannot_be(self):
        for toml, words in [
            ('[status.export]\nbucket = "x"\n', "secret_key_file"),
            ('[[status.components]]\nid = "Shop!"\nname = "x"\n', "status.components.id"),
            ('[[status.components]]\nid = "mail"\nname = "x"\n', "no other component"),
            ('[[status.news]]\nname = "x"\nurl = "javascript:1"\n', "status.news.url"),
            ('[status]\ncolour = 1\n', "colour"),
            ('[status]\nregions = [{ id = "Kansai!", networks = [] }]\n', "status.regions.id"),
            ('[status]\nregions = [{ id = "kansai", networks = ["203.0.113.0/99"] }]\n', "expected a network"),
        ]:
            server = Server(toml=toml, start=False)
            done = server.run("account", "list", check=False)
            self.assertEqual(done.returncode, 2, toml)
            self.assertIn(words, done.stderr)

    def test_a_part_that_the_operator_names(self):
        shop = Store()
        self.addCleanup(shop.close)
        toml = FAST + f'[[status.components]]\nid = "shop"\nname = "ショップ"\nprobe_url = "{shop.url}/health"\n'
        with Server(toml=toml) as s:
            self.assertEqual(level(s, "shop"), "operational")
            shop.status = 503
            until(lambda: level(s, "shop") == "major_outage", 60)
            # It is the shop that is out, and nobody is kept from signing in.
            self.assertEqual(Browser(s).get("/sign-in").status, 200)
            shop.status = 200
            until(lambda: level(s, "shop") == "operational", 120)


if __name__ == "__main__":
    unittest.main()
