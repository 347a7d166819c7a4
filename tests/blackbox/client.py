"""A scripted browser and a running server, for tests that drive the binary through the contract."""

import email
import email.policy
import html.parser
import http.client
import json
import os
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
        self.process = subprocess.Popen([BINARY, *self.flags, "serve"], stdout=subprocess.PIPE, stderr=self.log, env=self.env, text=True)
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


def text_of(message):
    return message.get_body(("plain",)).get_content()


def code_of(message):
    found = re.search(r"^\s*(\d{6})\s*$", text_of(message), re.M)
    return found and found.group(1)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
