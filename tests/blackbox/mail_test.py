"""Mail to a real SMTP server: refusing, deferring, down and back; and what becomes of it."""

import asyncio
import concurrent.futures
import datetime
import os
import shutil
import socket
import ssl
import tempfile
import time
import unittest

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from client import Browser, Server, code_of, free_port
from support import OnBoth, on_both
import email
import email.policy

PASSWORD = "correct horse battery"


TLS = object()


class Secure(Controller):
    def _trigger_server(self):
        # aiosmtpd's own first knock takes the server's side of TLS for the client's.
        with socket.create_connection(("127.0.0.1", self.port), 1) as plain:
            if self.ssl_context:
                knock = ssl.create_default_context()
                knock.check_hostname, knock.verify_mode = False, ssl.CERT_NONE
                plain = knock.wrap_socket(plain)
            plain.recv(1024)
            plain.close()


def certificate(folder):
    """A certificate for localhost that vouches for itself, with its key; and alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    ).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    whole, alone = os.path.join(folder, "whole.pem"), os.path.join(folder, "alone.pem")
    for path, text in ((whole, secret + made), (alone, made)):
        with open(path, "wb") as file:
            file.write(text)
    return whole, alone


class Handler:
    def __init__(self):
        self.mails, self.answers, self.ways, self.takes = [], {}, set(), 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.answers.get(address)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.takes)
        # `ssl` is what STARTTLS leaves; from the first byte on, the transport knows.
        tls = session.ssl or server.transport.get_extra_info("ssl_object")
        self.ways.add("TLS" if tls else "plain")
        self.mails.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 taken"

    def code(self, address, seconds=15):
        until = time.time() + seconds
        while time.time() < until:
            codes = [code_of(m) for to, m in self.mails if (address is None or address in to) and code_of(m)]
            if codes:
                return codes[-1]
            time.sleep(0.05)
        raise AssertionError("no code")


@on_both
class SlowMail(OnBoth):
    flags = ("--trusted-proxy", "127.0.0.1/32")

    def setUp(self):
        self.handler, port = Handler(), free_port()
        smtp = Controller(self.handler, hostname="127.0.0.1", port=port)
        smtp.start()
        self.addCleanup(smtp.stop)
        self.flags = (*self.flags, "--mail", f"smtp://127.0.0.1:{port}")
        super().setUp()

    def test_a_members_code_is_not_late_for_what_many_networks_ask_for_others(self):
        self.server.account("hana")
        self.handler.takes = 1.5

        def ask(n):
            b = Browser(self.server, **{"X-Forwarded-For": f"198.51.{n}.7"})
            form = b.get("/status").form("/status/subscribe")
            return [b.post(form["action"], {**form["fields"], "email": f"n{n}-{k}@example.jp"}).status for k in range(8)]

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            self.assertEqual({status for all in pool.map(ask, range(60)) for status in all}, {303})
        owner = Browser(self.server, **{"X-Forwarded-For": "192.0.2.1"})
        self.assertEqual(owner.submit("/recover", email="hana").status, 303)
        self.handler.code("hana@example.jp", seconds=5)
        self.assertLess(len(self.handler.mails), 300, "the others still wait")


class Mail(unittest.TestCase):
    def setUp(self):
        self.port, self.handler = free_port(), Handler()
        self.start()
        self.server = Server(mail=f"smtp://127.0.0.1:{self.port}")
        self.addCleanup(self.server.__exit__)
        self.addCleanup(self.end)

    def start(self):
        self.smtp = Controller(self.handler, hostname="127.0.0.1", port=self.port)
        self.smtp.start()

    def end(self):
        if self.smtp:
            self.smtp.stop()
            self.smtp = None

    def test_delivered_with_both_parts(self):
        b = Browser(self.server)
        form = b.follow(b.submit("/sign-up", login_id="hana", email="da..me@docomo.ne.jp", password=PASSWORD)).form("/sign-up/verify")
        code = self.handler.code(None)
        self.assertEqual(b.post("/sign-up/verify", {**form["fields"], "code": code}).status, 303)
        to, message = self.handler.mails[0]
        self.assertIn("da..me", to[0])
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertIn(code, message.get_body(("html",)).get_content())
        self.assertNotIn(code, message["Subject"])

    def test_refused_becomes_code_undelivered_then_contact_lost(self):
        s = self.server
        s.account("hana")
        self.handler.answers["hana@example.jp"] = "550 no such mailbox"
        b = Browser(s)
        form = b.follow(b.submit("/recover", email="hana")).form("/recover/code")
        time.sleep(1)
        r = b.post("/recover/code", {**form["fields"], "code": "123456"})
        self.assertEqual(r.cause, "credential.code_wrong", "anyone hears no more")
        self.assertEqual(s.why(r.reference)["cause"], "credential.code_undelivered")
        for _ in range(3):
            Browser(s).submit("/recover", email="hana")
            time.sleep(0.4)
        r = b.post("/recover/code", {**form["fields"], "code": "123456"})
        self.assertEqual(s.why(r.reference)["cause"], "credential.contact_lost")
        r = b.post("/recover/code", {**form["fields"], "lost": "1"})
        self.assertEqual((r.status, r.cause), (403, "credential.contact_lost"))

    def test_deferred_and_down_are_tried_again(self):
        s = self.server
        s.account("hana")
        self.handler.answers["hana@example.jp"] = "451 later"
        b = Browser(s)
        form = b.follow(b.submit("/recover", email="hana")).form("/recover/code")
        time.sleep(1)
        self.end()
        self.handler.answers.clear()
        time.sleep(5)
        self.start()
        code = self.handler.code("hana@example.jp", 30)
        self.assertEqual(b.post("/recover/code", {**form["fields"], "code": code}).status, 303)

    def test_a_mail_server_that_refuses_us_says_nothing_of_addresses(self):
        # The password of the setting ran out: every letter is refused with 535, whoever it is for.
        self.end()
        allowed = []
        self.smtp = Controller(
            self.handler, hostname="127.0.0.1", port=self.port, auth_require_tls=False, auth_required=True,
            authenticator=lambda *_: AuthResult(success=bool(allowed), handled=False),
        )
        self.smtp.start()
        with Server(mail=f"smtp://kagiya:secret@127.0.0.1:{self.port}") as s:
            s.account("hana")
            b = Browser(s)
            form = b.follow(b.submit("/recover", email="hana")).form("/recover/code")
            time.sleep(2)
            r = b.post("/recover/code", {**form["fields"], "code": "123456"})
            self.assertNotIn(s.why(r.reference)["cause"], ("credential.code_undelivered", "credential.contact_lost"))
            # Mended, and nothing is lost.
            allowed.append(True)
            code = self.handler.code("hana@example.jp", 30)
            self.assertEqual(b.post("/recover/code", {**form["fields"], "code": code}).status, 303)

    def secure(self, **how):
        """A mail server with TLS in the place of the first; the file by which its certificate is trusted."""
        self.end()
        folder = tempfile.mkdtemp(prefix="kagiya-mail-")
        self.addCleanup(shutil.rmtree, folder)
        whole, trusted = certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(whole)
        self.smtp = Secure(
            self.handler, hostname="127.0.0.1", port=self.port, auth_required=True,
            authenticator=lambda *_: AuthResult(success=True), **{name: context if want is TLS else want for name, want in how.items()},
        )
        self.smtp.start()
        return trusted

    def recovered(self, url, trusted, seconds=15):
        """Whether a code comes by such a setting."""
        env = {"SSL_CERT_FILE": trusted} if trusted else {}
        with Server(mail=url, env=env) as s:
            s.account("hana")
            Browser(s).submit("/recover", email="hana")
            try:
                return bool(self.handler.code("hana@example.jp", seconds))
            except AssertionError:
                return False

    def test_starttls_comes_before_the_password_and_the_mail(self):
        trusted = self.secure(tls_context=TLS, require_starttls=True)
        url = f"smtp://kagiya:secret@localhost:{self.port}?tls=required"
        self.assertTrue(self.recovered(url, trusted))
        self.assertEqual(self.handler.ways, {"TLS"})
        self.handler.mails.clear()
        self.assertFalse(self.recovered(url, None, 4), "nobody vouches for that certificate")

    def test_a_mail_server_without_starttls_hears_no_password_where_it_is_required(self):
        url = f"smtp://kagiya:secret@localhost:{self.port}?tls=required"
        heard = []
        self.end()
        self.smtp = Controller(
            self.handler, hostname="127.0.0.1", port=self.port, auth_require_tls=False,
            authenticator=lambda *words: heard.append(words) or AuthResult(success=True),
        )
        self.smtp.start()
        self.assertFalse(self.recovered(url, None, 4))
        self.assertEqual((heard, self.handler.mails), ([], []))
        # The same server, where it is not.
        self.assertTrue(self.recovered(url.replace("required", "opportunistic"), None))
        self.assertTrue(heard)

    def test_tls_from_the_first_byte(self):
        trusted = self.secure(ssl_context=TLS, auth_require_tls=False)
        self.assertTrue(self.recovered(f"smtps://kagiya:secret@localhost:{self.port}", trusted))
        self.assertEqual(self.handler.ways, {"TLS"})

    def test_a_password_in_the_mail_setting_is_never_logged(self):
        s = self.server
        done = s.run("--mail", f"smtp://user:topsecret@127.0.0.1:{self.port}", "doctor", check=False)
        self.assertNotIn("topsecret", done.stdout + done.stderr)


class MailPage(unittest.TestCase):
    """`/mail`: whoever tries this on their own machine reads what was sent, and nobody else does."""

    def test_the_last_mails_are_read_on_this_machine_alone(self):
        with Server() as s:
            b = Browser(s)
            page = b.follow(b.submit("/sign-up", login_id="hana", email="hana@example.jp", password=PASSWORD))
            self.assertIn('href="/mail"', page.text)
            s.wait_mails("hana@example.jp", 1)
            code = s.code("hana@example.jp")
            shown = Browser(s).get("/mail")
            self.assertEqual((shown.status, code in shown.text, "hana@example.jp" in shown.text), (200, True, True))
            # A name of somebody else's that points here reads nothing.
            other = Browser(s).send("GET", "/mail", headers={"Host": f"evil.example:{s.port}"})
            self.assertEqual((other.status, code in other.text), (404, False))
            # A proxy in front of it, or a page of another name: then it is over.
            b.send("GET", "/", headers={"X-Forwarded-For": "203.0.113.7"})
            self.assertEqual(Browser(s).get("/mail").status, 404)
            # As it lies in the folder it can be read with an editor.
            [name] = [n for n in os.listdir(os.path.join(s.data, "mail")) if n.endswith(".eml")]
            with open(os.path.join(s.data, "mail", name), encoding="utf-8") as file:
                raw = file.read()
            self.assertIn(code, raw)
            self.assertIn("確認コード", raw)

    def test_a_form_of_another_name_ends_it(self):
        with Server() as s:
            b = Browser(s)
            self.assertEqual(b.get("/mail").status, 200)
            for own in (f"http://127.0.0.1:{s.port}", "http://localhost:3000", "http://[::1]:3000", "null"):
                b.send("GET", "/", headers={"Origin": own})
                self.assertEqual(b.get("/mail").status, 200, own)
            b.send("POST", "/recover", body="email=x", headers={"Origin": "https://login.example.jp"})
            self.assertEqual(b.get("/mail").status, 404)

    def test_where_others_may_come_it_is_not_there(self):
        for flags in (
            ["--public-url", "https://login.example.jp"],
            ["--mail", f"smtp://127.0.0.1:{free_port()}"],
        ):
            with Server(*flags) as s:
                b = Browser(s)
                page = b.follow(b.submit("/recover", email="hana@example.jp"))
                self.assertEqual(b.get("/mail").status, 404)
                self.assertNotIn('href="/mail"', page.text)

if __name__ == "__main__":
    unittest.main()
