"""What ends a session is true on every server from the moment at which it is said: a history of checks proves it."""

import http.client
import random
import signal
import socket
import threading
import time
import unittest

from client import Browser, Server, free_port
from support import CHEAP, new_postgres

PASSWORD = "correct horse battery"


class Line:
    """A line to PostgreSQL that can stand still, and be cut."""

    def __init__(self, url):
        scheme, rest = url.split("://")
        authority, name = rest.split("/")
        user, place = authority.split("@")
        host, port = place.split(":")
        self.target, self.port = (host, int(port)), free_port()
        self.url = f"{scheme}://{user}@127.0.0.1:{self.port}/{name}"
        self.flows, self.answers, self.ends, self.gone = threading.Event(), threading.Event(), [], False
        self.flows.set(), self.answers.set()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.gone:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(self.target)
            except OSError:
                return
            self.ends += [near, far]
            for ends in ((near, far, self.flows), (far, near, self.answers)):
                threading.Thread(target=self.carry, args=ends, daemon=True).start()

    def carry(self, source, sink, free):
        try:
            while data := source.recv(65536):
                self.flows.wait(), free.wait()
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stand_still(self, seconds):
        self.flows.clear()
        time.sleep(seconds)
        self.flows.set()

    def hold_answers(self, seconds):
        """What is asked arrives; what is answered lies on the way meanwhile, and grows old."""
        self.answers.clear()
        time.sleep(seconds)
        self.answers.set()

    def cut(self):
        for end in self.ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.ends = []

    def close(self):
        self.gone = True
        self.flows.set(), self.answers.set()
        self.listener.close()
        self.cut()


class History:
    """Checks that are made without pause on several servers, and endings with the moment at which each was said."""

    def __init__(self, servers, tokens):
        self.servers, self.tokens = servers, tokens
        self.said, self.checks, self.over = {}, [], threading.Event()
        self.threads = [threading.Thread(target=self.watch, args=(server,)) for server in servers for _ in range(2)]
        for thread in self.threads:
            thread.start()

    def watch(self, server):
        dice, connection = random.Random(), None
        while not self.over.is_set():
            token = dice.choice(self.tokens)
            begun = time.monotonic()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                connection.request("GET", "/auth/check", headers={"Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                connection = None
                continue
            checked = not answer.getheader("X-Kagiya-Unchecked-Since")
            self.checks.append((begun, token, server.port, answer.status, checked))

    def end(self, token, server):
        """Signs out, and notes when that was said; `None` when it was not."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        begun = time.monotonic()
        try:
            connection.request("DELETE", "/api/v1/session", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if answer.status != 204:
            return None
        now = time.monotonic()
        # Of two who are told, the first was told the truth already.
        self.said[token] = min(now, self.said.get(token, now))
        return now - begun

    def close(self):
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    def accepted_after(self):
        """Checks that began after the ending was said and were answered as if it had not been."""
        late = [c for c in self.checks if c[1] in self.said and c[0] > self.said[c[1]]]
        return len(late), [c for c in late if c[3] == 200 and c[4]]


class Endings(unittest.TestCase):
    def setUp(self):
        url = new_postgres()
        self.line = Line(url)
        self.addCleanup(self.line.close)
        self.one = Server(database=url, toml=CHEAP)
        self.addCleanup(self.one.__exit__)
        self.two = Server("--config", f"{self.one.data}/kagiya.toml", data=self.one.data, database=self.line.url)
        self.addCleanup(self.two.stop)

    def tokens(self, count):
        self.one.account("hana")
        found = []
        for _ in range(count):
            answer = Browser(self.one).api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD, "token": True})
            self.assertEqual(answer.status, 200, answer.text)
            found.append(answer.json["session"]["token"])
        return found

    def history(self, count):
        history = History((self.one, self.two), self.tokens(count))
        self.addCleanup(history.close)
        # Every token is in the memory of both.
        time.sleep(1)
        return history

    def prove(self, history, least=200):
        time.sleep(1)
        history.close()
        late, wrong = history.accepted_after()
        self.assertEqual(wrong, [])
        self.assertGreater(late, least, "the history looked at something")

    def test_nothing_is_accepted_after_its_ending_was_said(self):
        history = self.history(60)
        took = [history.end(token, server) for token, server in zip(history.tokens[:40], (self.one, self.two) * 20)]
        self.assertNotIn(None, took)
        self.prove(history)
        # The others were never in doubt.
        kept = set(history.tokens[40:])
        self.assertEqual({c[3] for c in history.checks if c[1] in kept}, {200})

    def test_nor_when_two_press_at_once(self):
        history = self.history(40)
        for token in history.tokens[:24]:
            presses = [threading.Thread(target=history.end, args=(token, server)) for server in (self.one, self.two, self.one)]
            for press in presses:
                press.start()
                time.sleep(0.004)
            for press in presses:
                press.join()
        self.prove(history)

    def test_nor_while_a_server_freezes_and_thaws(self):
        history = self.history(40)
        rest = list(history.tokens[:24])
        for _ in range(4):
            self.two.process.send_signal(signal.SIGSTOP)
            for _ in range(6):
                self.assertIsNotNone(history.end(rest.pop(), self.one), "a frozen server keeps nobody waiting")
            self.two.process.send_signal(signal.SIGCONT)
            time.sleep(0.3)
        self.prove(history)

    def test_nor_by_an_answer_that_was_long_on_its_way(self):
        history = self.history(40)
        rest = list(history.tokens[:32])
        for _ in range(8):
            late = threading.Thread(target=self.line.hold_answers, args=(0.4,))
            late.start()
            for _ in range(4):
                self.assertIsNotNone(history.end(rest.pop(), self.one))
            late.join()
            time.sleep(0.1)
        self.prove(history)

    def test_nor_while_a_server_loses_the_database(self):
        history = self.history(40)
        rest = list(history.tokens[:30])
        for how in (lambda: self.line.stand_still(0.4), self.line.cut, lambda: self.line.stand_still(3), self.line.cut):
            trouble = threading.Thread(target=how)
            trouble.start()
            for _ in range(6):
                self.assertIsNotNone(history.end(rest.pop(), self.one))
            trouble.join()
            # Said by the server that is cut off: either it is true everywhere, or it was not said.
            history.end(rest.pop(), self.two)
        time.sleep(2)
        self.prove(history)

    def test_nor_after_the_command_line_has_locked_an_account(self):
        history = self.history(30)
        self.one.account("taro")
        took = Browser(self.one).api("POST", "/api/v1/sign-in", {"login": "taro", "password": PASSWORD, "token": True})
        history.tokens.append(took.json["session"]["token"])
        time.sleep(0.5)
        self.one.run("account", "lock", "hana")
        for token in history.tokens[:30]:
            history.said[token] = time.monotonic()
        self.prove(history)
        self.assertEqual({c[3] for c in history.checks if c[1] == history.tokens[-1]}, {200})


if __name__ == "__main__":
    unittest.main()
