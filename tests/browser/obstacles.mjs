// What stands in a browser's way, in a real browser: blocked and planted cookies, an old service
// worker, blocked script, skewed clock, tabs, back button, double click, in-app browsers.
// Usage: KAGIYA_TEST_BINARY=… node obstacles.mjs [SHOTS_DIR]
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessible, check, end, launch, launchPersistent } from "./harness.mjs";

const shots = process.argv[2];
if (shots) mkdirSync(shots, { recursive: true });
const binary = process.env.KAGIYA_TEST_BINARY;
const data = mkdtempSync(join(tmpdir(), "kagiya-obstacles-"));
const PASSWORD = "correct horse battery";

// A proxy of our own stands before the server, so that an earlier site's worker can be planted.
let backend = 0;
const OLD_WORKER = `self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));
self.addEventListener("fetch", () => {});`;
const proxy = http.createServer((request, response) => {
  if (request.url === "/old/worker.js") {
    response.writeHead(200, { "Content-Type": "text/javascript", "Service-Worker-Allowed": "/" });
    response.end(OLD_WORKER);
    return;
  }
  const onward = http.request({ host: "127.0.0.1", port: backend, path: request.url, method: request.method, headers: request.headers, maxHeaderSize: 256 * 1024 }, (answer) => {
    response.writeHead(answer.statusCode, answer.rawHeaders);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
});
proxy.maxHeadersCount = 0;
await new Promise((done) => proxy.listen(0, "127.0.0.1", done));
const base = `http://127.0.0.1:${proxy.address().port}`;
const probe = http.createServer();
await new Promise((done) => probe.listen(0, "127.0.0.1", done));
backend = probe.address().port;
await new Promise((done) => probe.close(done));
const flags = ["--data", data, "--listen", `127.0.0.1:${backend}`, "--public-url", base, "--trusted-proxy", "127.0.0.1"];
const server = spawn(binary, [...flags, "serve"], { stdio: ["ignore", "pipe", "ignore"] });
await new Promise((done) => server.stdout.once("data", done));
function order(words, stdin) {
  return new Promise((done, fail) => {
    const child = spawn(binary, [...flags, ...words], { stdio: ["pipe", "pipe", "pipe"] });
    let out = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.on("close", (code) => (code === 0 ? done(out) : fail(new Error(`${words}: ${code}`))));
    child.stdin.end(stdin ?? "");
  });
}
await order(["account", "create", "hana", "--email", "hana@example.jp", "--password-stdin"], PASSWORD);
const why = async (reference) => JSON.parse(await order(["why", reference, "--json"]));

const browser = await launch();

// Chromium sometimes takes minutes to close a context that had a service worker.
const closed = (thing) => Promise.race([thing.close(), new Promise((done) => setTimeout(done, 5000))]);
async function inPage(name, options, work) {
  const context = await browser.newContext({ locale: "ja-JP", viewport: { width: 390, height: 800 }, ...options });
  const page = await context.newPage();
  try {
    await work(page, context);
  } catch (error) {
    check(name, false, String(error).slice(0, 600));
  }
  await page.goto("about:blank").catch(() => {});
  await closed(context);
}
const submit = (page) => page.click("form.main-form > button.button");
async function signIn(page, path = "/sign-in", password = PASSWORD) {
  if (path) await page.goto(`${base}${path}`);
  await page.fill("#login", "hana");
  await page.fill("#password", password);
  await submit(page);
  await page.waitForLoadState("load");
}
const cause = (page) => page.getAttribute("[data-verdict]", "data-cause");
const because = (page) => page.locator("[data-because]").evaluateAll((all) => all.map((one) => one.dataset.because));
const line = (page, id) => page.getAttribute(`[data-check=${id}]`, "data-result");
async function look(page, name) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(`${name}: no sideways scrolling`, overflow <= 0, `${overflow}px`);
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  await accessible(page, name);
}

await inPage("a browser in order", {}, async (page) => {
  await page.goto(`${base}/check`);
  await page.waitForURL(/case=/);
  check("in order: nothing found", (await cause(page)) === "other.undetermined", JSON.stringify(await because(page)));
  const results = await page.locator("[data-check]").evaluateAll((all) => all.map((one) => `${one.dataset.check}=${one.dataset.result}`));
  check("in order: every line is fine", results.every((one) => one.endsWith("=ok")), results.join(" "));
  await look(page, "check-ja");
  await page.goto(`${base}/check?lang=en`);
  await page.waitForURL(/case=/);
  await look(page, "check-en");
  await page.goto(`${base}/repair`);
  await look(page, "repair-en");
});

for (const [lang, viewport] of [["ja", { width: 360, height: 740 }], ["en", { width: 1280, height: 800 }]]) {
  await inPage(`the one question ${lang}`, { locale: lang, viewport }, async (page) => {
    await page.goto(`${base}/check`);
    await page.waitForURL(/case=/);
    const first = page.url();
    await page.check("input[value=blank]");
    await submit(page);
    await page.waitForURL((url) => String(url) !== first);
    check(`question ${lang}: asked`, (await page.getAttribute("[data-ask]", "data-ask")) === "elsewhere");
    await look(page, `question-${lang}`);
    const before = await cause(page);
    await page.click("[data-ask=elsewhere] button[value=works]");
    await page.waitForURL(/said=answer/);
    check(`question ${lang}: the answer is evidence`, (await because(page)).includes("works_elsewhere"), before);
    check(`question ${lang}: and not asked again`, (await page.locator("[data-ask=elsewhere]").count()) === 0);
    await look(page, `answered-${lang}`);
  });
}

// The browser's own setting: no site may keep cookies.
const profile = mkdtempSync(join(tmpdir(), "kagiya-profile-"));
mkdirSync(join(profile, "Default"));
writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
const strict = await launchPersistent(profile, { locale: "ja-JP", viewport: { width: 390, height: 800 } });
await (async () => {
  const page = await strict.newPage();
  await signIn(page, "/sign-in?return_to=%2Faccount");
  check("cookies blocked: named", (await cause(page)) === "browser.cookie_blocked");
  check("cookies blocked: login and destination stay", (await page.inputValue("#login")) === "hana" && (await page.inputValue("input[name=return_to]")) === "/account");
  await look(page, "cookies-blocked-ja");
  await page.goto(`${base}/check`);
  check("cookies blocked: the check says so", (await line(page, "cookies")) === "problem");
  await page.goto(`${base}/repair`);
  await submit(page);
  await page.waitForURL(/done=repaired/);
  check("cookies blocked: the repair says so", (await page.textContent(".notice")).includes("Cookie"));
})().catch((error) => check("cookies blocked", false, String(error).slice(0, 600)));
await closed(strict);
rmSync(profile, { recursive: true, force: true });

await inPage("script off", { javaScriptEnabled: false }, async (page) => {
  await page.goto(`${base}/check`);
  check("script off: the check works", (await line(page, "cookies")) === "ok");
  await submit(page);
  check("script off: and knows it", (await page.locator("[data-check=script]").textContent()).includes("オフ"), page.url());
  await signIn(page, "/sign-in?return_to=%2Faccount%2Fsecurity");
  check("script off: in", page.url() === `${base}/account/security`, page.url());
});

await inPage("duplicate cookies", {}, async (page, context) => {
  const url = base;
  await context.addCookies([
    { name: "kagiya_session", value: "A".repeat(43), domain: "127.0.0.1", path: "/sign-in" },
    { name: "kagiya_session", value: "broken", domain: "127.0.0.1", path: "/account" },
  ]);
  await signIn(page, "/sign-in?return_to=%2Faccount%2Fsecurity");
  check("duplicate cookies: a right password gets in", page.url() === `${url}/account/security`, page.url());
  await page.goto(`${base}/repair`);
  await submit(page);
  await page.waitForURL(/done=repaired/);
  const left = (await context.cookies(`${base}/account/x`)).filter((one) => one.name === "kagiya_session");
  check("duplicate cookies: the repair removes every scope", left.length === 0, JSON.stringify(left));
  check("duplicate cookies: the device stays known", (await context.cookies(base)).some((one) => one.name === "kagiya_device"));
});

await inPage("old service worker", {}, async (page) => {
  await page.goto(`${base}/sign-in`);
  await page.evaluate(async () => {
    await navigator.serviceWorker.register("/old/worker.js", { scope: "/" });
    await navigator.serviceWorker.ready;
    await caches.open("old-site");
  });
  await page.goto(`${base}/check`);
  await page.waitForURL(/case=/);
  check("old worker: found", (await cause(page)) === "browser.cache" && (await line(page, "service_worker")) === "problem", await cause(page));
  await look(page, "check-worker-ja");
  await page.goto(`${base}/repair?return_to=%2Faccount`);
  await submit(page);
  await page.waitForURL(/done=repaired/);
  const left = await page.evaluate(async () => [(await navigator.serviceWorker.getRegistrations()).length, (await caches.keys()).length]);
  check("old worker: gone with its cache", left[0] === 0 && left[1] === 0, JSON.stringify(left));
  await signIn(page, null);
  check("old worker: in, where I wanted", page.url() === `${base}/account`, page.url());
});

await inPage("back button and old page", {}, async (page) => {
  await signIn(page, "/sign-in?return_to=%2Faccount%2Fsecurity");
  await page.waitForURL(/account\/security/);
  await page.goBack();
  await page.waitForTimeout(300);
  check("back button: goes on", page.url().includes("/account/security") || (await page.locator("[data-signed-in]").count()) > 0, page.url());
  await page.goto(`${base}/sign-in`);
  check("signed in already: offers to go on", (await page.locator("[data-signed-in]").count()) === 1);
});

await inPage("two tabs", {}, async (page, context) => {
  const other = await context.newPage();
  await page.goto(`${base}/sign-in?return_to=%2Faccount%2Fsessions`);
  await signIn(other, "/sign-in");
  check("two tabs: the second is in", other.url() === `${base}/`, other.url());
  await page.bringToFront();
  await page.waitForURL(`${base}/account/sessions`, { timeout: 5000 });
  check("two tabs: the first goes on", true);
});

await inPage("an old tab still works", {}, async (page, context) => {
  const other = await context.newPage();
  await page.goto(`${base}/recover`);
  await signIn(other, "/sign-in");
  await page.fill("#email", "hana@example.jp");
  await submit(page);
  check("old tab: its own flow goes on", page.url().includes("/recover/code"), page.url());
});

for (const script of [true, false]) {
  await inPage("double click", { javaScriptEnabled: script }, async (page) => {
    await page.goto(`${base}/sign-in`);
    await page.fill("#login", "hana");
    await page.fill("#password", PASSWORD);
    const before = JSON.parse(await order(["account", "show", "hana", "--json"]));
    await page.locator("form.main-form > button.button").dblclick();
    // The second press replaces the first one's navigation, which is then aborted.
    await page.waitForURL(`${base}/`).catch(() => page.waitForURL(`${base}/`));
    await page.goto(`${base}/account/sessions`);
    check(`double click, script ${script}: still in`, page.url().endsWith("/account/sessions"), page.url());
    check("double click: the account is there", before.login_id === "hana");
  });
}

await inPage("skewed clock", {}, async (page) => {
  await page.clock.install({ time: Date.now() + 2 * 3_600_000 });
  await page.goto(`${base}/check`);
  await page.waitForURL(/case=/);
  check("skewed clock: named", (await cause(page)) === "browser.clock", await cause(page));
  check("skewed clock: in minutes", (await page.locator("[data-check=clock]").textContent()).includes("120"), await page.locator("[data-check=clock]").textContent());
  await signIn(page, "/sign-in?return_to=%2Faccount");
  check("skewed clock: no reason to fail", page.url() === `${base}/account`, page.url());
});

await inPage("script blocked by an add-on", {}, async (page) => {
  await page.route("**/assets/app-*.js", (route) => route.abort());
  await signIn(page, "/sign-in", "a wrong password");
  check("script blocked: seen", (await because(page)).includes("heartbeat_missing") || (await why(await page.getAttribute("[data-verdict]", "data-reference"))).evidence.some((fact) => fact.key === "heartbeat_missing"));
  await page.goto(`${base}/check`);
  await submit(page);
  check("script blocked: named", (await cause(page)) === "browser.interference", await cause(page));
  check("script blocked: on its line", (await line(page, "script")) === "problem");
  await signIn(page, "/sign-in");
  check("script blocked: no reason to fail", page.url() === `${base}/`, page.url());
});

const inApp = (mark) => `Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 ${mark}`;
for (const [app, mark] of [["LINE", "Safari Line/15.1.0"], ["Instagram", "Instagram 350.0"], ["Facebook", "[FBAN/FBIOS;FBAV/480.0]"], ["X", "Twitter for iPhone/10.0"], ["Yahoo", "jp.co.yahoo.ipn.appli/4.0"]]) {
  await inPage(`in ${app}`, { userAgent: inApp(mark) }, async (page) => {
    await page.goto(`${base}/sign-in?return_to=%2Faccount`);
    check(`in ${app}: warned`, (await page.locator("[data-in-app]").count()) === 1, page.url());
    check(`in ${app}: the link keeps the destination`, (await page.inputValue("#outside")) === `${base}/sign-in?return_to=%2Faccount`, await page.inputValue("#outside"));
    check(`in ${app}: left by itself only in LINE`, page.url().includes("openExternalBrowser=1") === (app === "LINE"), page.url());
    if (app === "Instagram") await look(page, "in-app-ja");
  });
}

await inPage("an expired form left open", {}, async (page, context) => {
  await page.goto(`${base}/sign-in?return_to=%2Faccount`);
  await page.evaluate(() => (document.querySelector("form.main-form input[name=form]").value = "A".repeat(60)));
  await signIn(page, null);
  check("expired form: renewed without a word", page.url() === `${base}/account`, page.url());
  await context.clearCookies();
  await page.goto(`${base}/sign-in`);
  await page.goto(`${base}/sign-in?return_to=%2Faccount`);
  await context.clearCookies();
  await signIn(page, null);
  check("cookies cleared meanwhile: in all the same", page.url() === `${base}/account`, page.url());
});

await inPage("32 KiB of cookies", {}, async (page, context) => {
  await context.addCookies(Array.from({ length: 8 }, (_, n) => ({ name: `shop_${n}`, value: "x".repeat(4000), domain: "127.0.0.1", path: "/" })));
  await signIn(page, "/sign-in?return_to=%2Faccount");
  check("32 KiB of cookies: in", page.url() === `${base}/account`, page.url());
  await page.goto(`${base}/check`);
  await page.waitForURL(/case=/);
  check("32 KiB of cookies: named", (await cause(page)) === "browser.cookie_overflow", await cause(page));
  check("32 KiB of cookies: whose", (await page.textContent("[data-verdict]")).includes("shop_"));
});

await inPage("session revoked elsewhere", {}, async (page) => {
  await signIn(page);
  const second = await browser.newContext({ locale: "en-US" });
  const other = await second.newPage();
  await signIn(other);
  await other.goto(`${base}/account/sessions`);
  await other.locator("form:has(button[value=others]) button[value=others], button[name=others]").first().click();
  await page.goto(`${base}/account/security`);
  check("revoked elsewhere: told why", (await because(page)).includes("ended_session") && page.url().includes("return_to"), page.url());
  await look(page, "revoked-ja");
  await signIn(page, null);
  check("revoked elsewhere: in again, where I wanted", page.url() === `${base}/account/security`, page.url());
  await second.close();
});

await inPage("another device", {}, async (page) => {
  await page.goto(`${base}/check`);
  await page.waitForURL(/case=/);
  const reference = await page.getAttribute("[data-verdict]", "data-reference");
  const second = await browser.newContext({ locale: "en-US", viewport: { width: 1200, height: 800 } });
  const other = await second.newPage();
  await other.goto(`${base}/check/${reference}`);
  await other.waitForURL(/joined=/);
  await look(other, "check-joined-en");
  await other.click("button[value=works]");
  await other.waitForURL((url) => !url.search.includes("joined"));
  await second.close();
  check("another device: its word is evidence", (await why(reference)).evidence.some((fact) => fact.key === "works_elsewhere"));
});

await closed(browser);
server.kill("SIGTERM");
await new Promise((done) => server.once("close", done));
proxy.closeAllConnections();
proxy.close();
rmSync(data, { recursive: true, force: true });
end("obstacles");
