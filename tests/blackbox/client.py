"""A scripted browser and a running server, for tests that drive the binary through the contract."""

import email
import email.policy
import html.parser
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

BINARY = os.environ["KAGIYA_TEST_BINARY"]


class Forms(html.parser.HTMLParser):
    """Forms, verdict attributes and text of a page."""

    def __init__(self, page):
        super().__init__()
        self.forms, self.marks, self._form = [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self._form = {"action": attrs.get("action", ""), "method": attrs.get("method", "get"), "fields": {}}
            self.forms.append(self._form)
        if tag == "input" and self._form is not None and attrs.get("name"):
            if attrs.get("type") not in ("checkbox", "radio"):
                self._form["fields"][attrs["name"]] = attrs.get("value", "")
        for name, value in attrs.items():
            if name.startswith("data-"):
                self.marks.append((name, value))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.text = body.decode("utf-8", "replace")

    def header(self, name):
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def page(self):
        return Forms(self.text)

    def mark(self, name):
        return next((v for k, v in self.page.marks if k == name), None)

    def marks(self, name):
        return [v for k, v in self.page.marks if k == name]

    @property
    def cause(self):
        return self.mark("data-cause")

    @property
    def reference(self):
        return self.mark("data-reference")

    def form(self, action):
        for form in self.page.forms:
            if form["action"].split("?")[0] == action and form["method"] == "post":
                return form
        raise AssertionError(f"no form for {action} in {self.text[:2000]}")


class Browser:
    """Keeps cookies, fills forms by field name. Sends no Origin, as a plain script does."""

    def __init__(self, server, **headers):
        self.server, self.cookies, self.keep = server, {}, True
        self.headers = {"Accept-Language": "ja", "User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0.0.0 Safari/537.36"}
        self.headers.update(headers)

    def send(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        all_headers = dict(self.headers)
        if self.cookies:
            all_headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        all_headers.update(headers or {})
        try:
            connection.request(method, path, body=body, headers=all_headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()
        if self.keep:
            for name, value in answer.headers:
                if name.lower() == "set-cookie":
                    pair, *rest = value.split(";")
                    key, _, text = pair.partition("=")
                    if any(r.strip().lower() == "max-age=0" for r in rest):
                        self.cookies.pop(key, None)
                    else:
                        self.cookies[key] = text
        return answer

    def get(self, path, **headers):
        return self.send("GET", path, headers=headers)

    def post(self, path, fields, **headers):
        body = urllib.parse.urlencode(fields)
        return self.send("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def api(self, method, path, value=None, **headers):
        body = None if value is None else json.dumps(value)
        return self.send(method, path, body, {"Content-Type": "application/json", **headers})

    def submit(self, page_path, action=None, **fields):
        """GETs a page, fills its form, submits it with its hidden inputs."""
        form = self.get(page_path).form(action or page_path.split("?")[0])
        return self.post(form["action"], {**form["fields"], **fields})

    def follow(self, answer):
        assert answer.status in (302, 303), (answer.status, answer.cause, answer.text[:1500])
        return self.get(answer.header("Location"))

    def sign_in(self, login, password, path="/sign-in", **fields):
        return self.submit(path, "/sign-in", login=login, password=password, **fields)

    def sign_up(self, login_id, address, password):
        answer = self.submit("/sign-up", login_id=login_id, email=address, password=password)
        page = self.follow(answer)
        form = page.form("/sign-up/verify")
        code = self.server.code(address)
        return self.post(form["action"], {**form["fields"], "code": code})


class Server:
    """The binary on a port of its own, with its data in a folder of its own."""

    command = ("serve",)

    def __init__(self, *flags, data=None, port=None, database=None, mail=None, toml="", start=True, env=None):
        self.own_data = data is None
        self.data = data or tempfile.mkdtemp(prefix="kagiya-test-")
        self.port = port or free_port()
        self.flags = ["--data", self.data, "--listen", f"127.0.0.1:{self.port}"]
        if database:
            self.flags += ["--database", database]
        if mail:
            self.flags += ["--mail", mail]
        if toml:
            path = os.path.join(self.data, "kagiya.toml")
            with open(path, "w") as file:
                file.write(toml)
            self.flags += ["--config", path]
        self.flags += list(flags)
        self.env = {**os.environ, **(env or {})}
        self.process = None
        if start:
            self.start()

    def start(self):
        self.log = open(os.path.join(self.data, "server.log"), "ab")
        self.process = subprocess.Popen([BINARY, *self.flags, *self.command], stdout=subprocess.PIPE, stderr=self.log, env=self.env, text=True)
        line = self.process.stdout.readline()
        assert "ready" in line, (line, open(os.path.join(self.data, "server.log")).read()[-3000:])
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(30)
            self.process.stdout.close()
            self.log.close()
            assert code == 0, code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        if self.own_data:
            shutil.rmtree(self.data, ignore_errors=True)

    def run(self, *words, check=True, stdin=None):
        done = subprocess.run([BINARY, *self.flags, *words], capture_output=True, text=True, env=self.env, timeout=60, input=stdin)
        if check:
            assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done

    def metric(self, name):
        """The value of a counter without labels."""
        text = Browser(self).get("/metrics").text
        found = re.search(rf"^{name} (\S+)$", text, re.M)
        return float(found.group(1)) if found else 0.0

    def why(self, reference):
        return json.loads(self.run("why", reference, "--json").stdout)

    def why_cause(self, reference):
        """The cause at the staff's tier."""
        return self.why(reference)["cause"]

    def account(self, login_id, address=None, password="correct horse battery"):
        self.run("account", "create", login_id, "--email", address or f"{login_id}@example.jp", "--password-stdin", stdin=password)

    def mails(self, address=None):
        folder = os.path.join(self.data, "mail")
        found = []
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name.endswith(".eml"):
                with open(os.path.join(folder, name), "rb") as file:
                    message = email.message_from_binary_file(file, policy=email.policy.default)
                if address is None or address in message["To"]:
                    found.append((name, message))
        return [message for _, message in sorted(found, key=lambda pair: pair[0])]

    def wait_mails(self, address, count, seconds=10):
        until = time.time() + seconds
        while time.time() < until:
            mails = self.mails(address)
            if len(mails) >= count:
                return mails
            time.sleep(0.03)
        raise AssertionError(f"{len(self.mails(address))} of {count} mails to {address}")

    def code(self, address, nth=None, seconds=10):
        """The code of the newest mail to an address that has one."""
        until = time.time() + seconds
        while time.time() < until:
            codes = [c for c in map(code_of, self.mails(address)) if c]
            if codes and (nth is None or len(codes) >= nth):
                return codes[-1] if nth is None else codes[nth - 1]
            time.sleep(0.03)
        raise AssertionError(f"no code for {address}: {[m['Subject'] for m in self.mails()]}")


class Town(Server):
    """The same with the practice town beside it."""

    def __init__(self, *flags, **more):
        self.town_port = free_port()
        self.command = ("demo", "--town", f"127.0.0.1:{self.town_port}")
        super().__init__(*flags, **more)

    def town(self, path, fields):
        """A form to the town; faults and pushes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.town_port, timeout=30)
        body = urllib.parse.urlencode(fields)
        connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read())
        connection.close()
        return answer

    def break_(self, shop, *faults):
        assert self.town("/", [("shop", shop), *(("fault", fault) for fault in faults)]).status in (302, 303)

    def push(self, shop, what, person):
        assert self.town(f"/push/{shop}", {"what": what, "person": person}).status in (302, 303)

    def decide(self, location, **answer):
        """What a person decides at the provider: where it leads, and with which form."""
        url = urllib.parse.urlsplit(location)
        assert url.port == self.town_port, location
        shop = url.path.split("/")[1]
        told = self.town(f"/{shop}/decide", [*urllib.parse.parse_qsl(url.query), *answer.items()])
        if told.status in (302, 303):
            return told.header("Location"), None
        form = told.page.forms[0]
        return form["action"], form["fields"]


class Traveller(Browser):
    """A browser that goes to providers and comes back."""

    def start(self, shop, path="/sign-in", **fields):
        return self.submit(path, f"/sign-in/{shop}", **fields)

    def back(self, place, form):
        path = place.split(f":{self.server.port}", 1)[-1]
        if form is None:
            return self.get(path)
        # A form from another site comes without cookies of SameSite=Lax, and sets none.
        stranger = Browser(self.server)
        answer = stranger.post(path, form)
        assert "set-cookie" not in {k.lower() for k, _ in answer.headers}, answer.headers
        return self.get(answer.header("Location")) if answer.status == 303 else answer

    def go(self, shop, person="hana", deny=False, path="/sign-in", **fields):
        """To the provider and back."""
        begun = self.start(shop, path, **fields)
        assert begun.status == 303, (begun.status, begun.cause, begun.text[:800])
        decision = {"deny": "1"} if deny else {"person": person}
        return self.back(*self.server.decide(begun.header("Location"), **decision))


def text_of(message):
    return message.get_body(("plain",)).get_content()


def code_of(message):
    found = re.search(r"^\s*(\d{6})\s*$", text_of(message), re.M)
    return found and found.group(1)


def free_port():
    """A port below those that outgoing connections take, so that none of them gets it first."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
