"""Mail to a real SMTP server: refusing, deferring, down and back; and what becomes of it."""

import os
import socket
import time
import unittest

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from client import Browser, Server, code_of, free_port
import email
import email.policy

PASSWORD = "correct horse battery"


class Handler:
    def __init__(self):
        self.mails, self.answers = [], {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.answers.get(address)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
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

    def test_a_password_in_the_mail_setting_is_never_logged(self):
        s = self.server
        done = s.run("--mail", f"smtp://user:topsecret@127.0.0.1:{self.port}", "doctor", check=False)
        self.assertNotIn("topsecret", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
