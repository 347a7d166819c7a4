"""A second OpenID provider that we did not write (Python's oidc-provider-mock, on Authlib)."""

import http.client
import http.server
import json
import logging
import os
import pathlib
import threading
import unittest
import urllib.parse
import warnings

warnings.simplefilter("ignore")

from oidc_provider_mock import User, run_server_in_thread

from client import Server, Traveller, free_port


class Foreign(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore")
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        logging.getLogger("oidc_provider_mock").setLevel(logging.CRITICAL)
        users = [
            User(sub="mei", claims={"email": "mei@example.jp", "email_verified": True, "name": "芽衣"}),
            User(sub="text", claims={"email": "text@example.jp", "email_verified": "false"}),
        ]
        cls.issuer_port = free_port()
        cls.running = run_server_in_thread(port=cls.issuer_port, user_claims=users)
        cls.running.__enter__()
        data = __import__("tempfile").mkdtemp(prefix="kagiya-test-")
        with open(os.path.join(data, "secret"), "w") as file:
            file.write("any")
        toml = (
            '[[providers]]\nid = "mock"\nkind = "oidc"\nname = "Mock"\nclient_id = "kagiya"\nclient_secret_file = "secret"\n'
            f'issuer = "http://localhost:{cls.issuer_port}"\n'
        )
        cls.server = Server(data=data, toml=toml)
        cls.server.own_data = True

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.running.__exit__(None, None, None)

    def authorize(self, location, **form):
        url = urllib.parse.urlsplit(location)
        self.assertEqual(url.port, self.issuer_port)
        connection = http.client.HTTPConnection("localhost", self.issuer_port, timeout=30)
        body = urllib.parse.urlencode(form)
        connection.request("POST", f"{url.path}?{url.query}", body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        self.assertEqual(answer.status, 302)
        return answer.getheader("Location").split(f":{self.server.port}", 1)[1]

    def go(self, **form):
        b = Traveller(self.server)
        begun = b.start("mock", return_to="/account/links")
        return b, b.get(self.authorize(begun.header("Location"), **form))

    def test_no_refresh_token_is_asked_for_unless_it_is_kept(self):
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(Traveller(self.server).start("mock").header("Location")).query))
        self.assertNotIn("prompt", asked)
        self.assertNotIn("offline_access", asked["scope"])

    def test_signs_up_and_in(self):
        b, answer = self.go(sub="mei")
        page = b.follow(answer)
        self.assertIn("m•••@e•••.jp", page.text)
        form = next(f for f in page.page.forms if "login_id" in f["fields"])
        made = b.post(form["action"], {**form["fields"], "login_id": "mei"})
        self.assertEqual((made.status, made.header("Location")), (303, "/account/links"), made.text[:600])
        _, again = self.go(sub="mei")
        self.assertEqual((again.status, again.header("Location")), (303, "/account/links"))

    def test_a_text_that_says_false_vouches_for_nothing(self):
        for sub in ("text", "unheard@example.jp"):
            b, answer = self.go(sub=sub)
            page = b.follow(answer)
            self.assertTrue(any("email" in f["fields"] for f in page.page.forms), sub)

    def test_its_refusal_forgets_the_state_and_is_understood(self):
        _, answer = self.go(action="deny")
        self.assertEqual((answer.status, answer.cause), (403, "external.cancelled"))
        self.assertRegex(answer.text, "return_to=(%2F|/)account(%2F|/)links")

    def test_a_code_that_it_does_not_know(self):
        b = Traveller(self.server)
        state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(b.start("mock").header("Location")).query))["state"]
        answer = b.get(f"/sign-in/mock/callback?code=made-up&state={state}")
        self.assertEqual(answer.cause, "external.handshake")

    def test_a_sign_in_costs_two_calls_goes_on_without_discovery_and_leaves_no_token_behind(self):
        # Between the server and the issuer stands a counter.
        asked, shut, secrets = [], [], []

        class Counter(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.split("?")[0]
                asked.append(path)
                if any(word in path for word in shut):
                    self.send_response(503)
                    self.end_headers()
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                beyond = http.client.HTTPConnection("localhost", Foreign.issuer_port, timeout=30)
                beyond.request(self.command, self.path, body, dict(self.headers))
                answer = beyond.getresponse()
                text = answer.read()
                if "token" in path:
                    sent, told = urllib.parse.parse_qs(body.decode()), json.loads(text)
                    secrets.extend(sent[name][0] for name in ("code", "code_verifier"))
                    secrets.extend(value for name, value in told.items() if name.endswith("_token"))
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                beyond.close()

            do_POST = do_GET

            def log_message(self, *_):
                pass

        front = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counter)
        threading.Thread(target=front.serve_forever, daemon=True).start()
        self.addCleanup(front.server_close)
        self.addCleanup(front.shutdown)
        toml = (
            '[[providers]]\nid = "mock"\nkind = "oidc"\nclient_id = "kagiya"\nclient_secret_file = "secret"\n'
            f'issuer = "http://localhost:{front.server_port}"\n'
        )
        data = __import__("tempfile").mkdtemp(prefix="kagiya-test-")
        with open(os.path.join(data, "secret"), "w") as file:
            file.write("any")
        with Server(data=data, toml=toml, env={"KAGIYA_LOG": "trace,hyper=debug,h2=info,tokio=info,mio=info"}) as server:
            server.own_data = True
            for turn in range(3):
                if turn == 2:
                    # The description and the keys are gone; what was read of them still holds.
                    shut.extend(["openid-configuration", "jwks"])
                b = Traveller(server)
                url = urllib.parse.urlsplit(b.start("mock").header("Location"))
                self.assertEqual(url.port, front.server_port)
                asked.clear()
                issuer = http.client.HTTPConnection("localhost", Foreign.issuer_port, timeout=30)
                headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": f"localhost:{front.server_port}"}
                issuer.request("POST", f"{url.path}?{url.query}", "sub=mei", headers)
                answer = issuer.getresponse()
                answer.read()
                issuer.close()
                back = b.get(answer.getheader("Location").split(f":{server.port}", 1)[1])
                self.assertEqual(back.status, 303, back.text[:500])
                self.assertEqual(sum("token" in path for path in asked), 1, asked)
                self.assertLessEqual(len(asked), 2, asked)
                secrets.append(dict(urllib.parse.parse_qsl(url.query))["nonce"])
            server.stop()
            self.assertGreaterEqual(len(secrets), 3 * 5, "code, verifier, access token, ID token, nonce")
            for path in pathlib.Path(data).glob("[ks]*"):
                if path.is_file():
                    found = [secret for secret in secrets if secret.encode() in path.read_bytes()]
                    self.assertEqual(found, [], path.name)

    def test_doctor_knows_it(self):
        checks = __import__("json").loads(self.server.run("doctor", "--json", check=False).stdout)["checks"]
        provider = next(c for c in checks if c["check"] == "provider")
        self.assertTrue(provider["ok"], provider)
