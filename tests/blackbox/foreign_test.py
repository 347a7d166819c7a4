"""A second OpenID provider that we did not write (Python's oidc-provider-mock, on Authlib)."""

import http.client
import logging
import os
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

    def test_doctor_knows_it(self):
        checks = __import__("json").loads(self.server.run("doctor", "--json", check=False).stdout)["checks"]
        provider = next(c for c in checks if c["check"] == "provider")
        self.assertTrue(provider["ok"], provider)
