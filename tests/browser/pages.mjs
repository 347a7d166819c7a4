// What a page shows first: each state of each page on a phone and on a desktop, in both languages and colours, against
// the practice town.
// Usage: KAGIYA_TEST_BINARY=… node pages.mjs [SHOTS_DIR]
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessible, check, end, freePort, launch } from "./harness.mjs";

const shots = process.argv[2];
if (shots) mkdirSync(shots, { recursive: true });

const work = mkdtempSync(join(tmpdir(), "kagiya-pages-"));
const [port, townPort] = [await freePort(), await freePort()];
const base = `http://127.0.0.1:${port}`;
const server = spawn(
  process.env.KAGIYA_TEST_BINARY,
  ["demo", "--data", join(work, "data"), "--listen", `127.0.0.1:${port}`, "--town", `127.0.0.1:${townPort}`],
  { cwd: work, stdio: ["ignore", "pipe", "ignore"] },
);
await new Promise((resolve, reject) => {
  server.stdout.on("data", (text) => String(text).includes("ready") && resolve());
  server.once("exit", () => reject(new Error("the server ended")));
});
const browser = await launch();

const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 800 };

// The lowest edge of what can be done first, in pixels from the top of the page.
const lowest = (page, selector) =>
  page.evaluate((s) => {
    const found = [...document.querySelectorAll(s)].find((e) => e.checkVisibility());
    return found ? Math.round(found.getBoundingClientRect().bottom + scrollY) : null;
  }, selector);

// `first`: what has to stand in the first screen.
async function look(page, name, first, { error = false, verdict } = {}) {
  const lang = await page.getAttribute("html", "lang");
  for (const size of [DESK, PHONE]) {
    await page.setViewportSize(size);
    const bottom = await lowest(page, first);
    check(`${name}, ${size.width}: ${first} stands in the first screen`, bottom !== null && bottom <= size.height, `${bottom}`);
    if (shots) await page.screenshot({ path: join(shots, `${name}-${size.width}.png`) });
  }
  await page.setViewportSize({ width: 320, height: 640 });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(`${name}: no sideways scrolling at 320`, over <= 0, `${over}px`);
  await page.setViewportSize(PHONE);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary")]
      .filter((e) => e.checkVisibility() && !e.closest("p, .skip, .hidden, [aria-hidden], .candidates, .updates") && !e.matches(".skip"))
      .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
      .filter(([, box]) => box.height < 24 && box.width > 0)
      .map(([html]) => html));
  check(`${name}: what is pressed is at least 24 px high`, small.length === 0, small.join(" "));
  const title = await page.title();
  check(`${name}: the title says whether it is an error`, /^(エラー|Error): /.test(title) === error, title);
  const heads = await page.evaluate(() => [...document.querySelectorAll("h1, h2, h3")].filter((e) => e.checkVisibility()).map((e) => Number(e.tagName[1])));
  check(`${name}: one first heading, none left out`, heads[0] === 1 && heads.filter((h) => h === 1).length === 1 && heads.every((h, i) => i === 0 || h <= heads[i - 1] + 1), heads.join());
  if (verdict) check(`${name}: the verdict`, (await page.getAttribute("[data-verdict]", "data-cause")) === verdict, await page.getAttribute("[data-verdict]", "data-cause"));
  // Words of menus stand as they are in the menus.
  const words = await page.evaluate(() => {
    const copy = document.querySelector("main").cloneNode(true);
    copy.querySelectorAll(".key, .checks, select").forEach((e) => e.remove());
    return copy.textContent;
  });
  const kana = (words.match(/[ぁ-ん]/g) ?? []).length;
  check(`${name}: words of its language`, lang === "ja" ? kana > 10 : kana === 0, words.slice(0, 200));
  const astray = await page.evaluate(() => [...document.querySelectorAll('main a[href^="#"]')].map((a) => a.getAttribute("href")).filter((href) => !document.querySelector(href)));
  check(`${name}: each link within the page leads somewhere`, astray.length === 0, astray.join(" "));
  for (const colorScheme of ["dark", "light"]) await accessible(page, name, colorScheme);
}

async function person(lang, options = {}) {
  const context = await browser.newContext({ locale: lang === "ja" ? "ja-JP" : "en-US", viewport: PHONE, ...options });
  return context.newPage();
}

const submit = (page) => page.click("form.main-form > button.button");
async function tries(page, login, password) {
  await page.goto(`${base}/sign-in`);
  await page.fill("#login", login);
  await page.fill("#password", password);
  await page.click('form[action="/sign-in"] button.button');
}

async function walk(lang) {
  const name = (state) => `${lang}-${state}`;
  let page = await person(lang);
  await page.goto(`${base}/sign-in`);
  await look(page, name("sign-in"), 'form[action="/sign-in"] button.button');

  // One wrong password: the field with which it is mended, the login kept.
  await tries(page, "hana", "not the password");
  await look(page, name("wrong"), "#password", { error: true, verdict: "credential.password" });
  check(`${name("wrong")}: the login is kept`, (await page.inputValue("#login")) === "hana");
  check(`${name("wrong")}: the rest is one press away`, !(await page.isVisible("[data-avoid]")) && (await page.isVisible("details.more > summary")));
  await page.click("details.more > summary");
  check(`${name("wrong")}: then all of it is there`, (await page.isVisible("[data-avoid]")) && (await page.isVisible("[data-because]")) && (await page.isVisible("form.confirm button")));

  // The same again: the step is a button.
  await tries(page, "hana", "not the password");
  await look(page, name("again"), ".now .act", { error: true });
  check(`${name("again")}: and the field stays in view`, (await lowest(page, "#password")) <= PHONE.height, await lowest(page, "#password"));

  // Nothing typed: said at the fields, without a number to keep and without a mail.
  await page.goto(`${base}/sign-in`);
  await submit(page);
  await look(page, name("empty"), "#password", { error: true });
  check(`${name("empty")}: no number, no mail`, (await page.locator(".reference, form.confirm").count()) === 0);
  const summary = await page.evaluate(() => [...document.querySelectorAll(".now a")].map((a) => a.getAttribute("href")));
  check(`${name("empty")}: each line of the summary leads to its field`, summary.join() === "#login,#password", summary.join());
  check(`${name("empty")}: each field says what it wants`, (await page.locator("[aria-invalid]").count()) === 2 && (await page.locator(".field .error").count()) === 2);

  // Locked: unlocking is the button, waiting stands beside it, the form is folded.
  const locked = await person(lang);
  for (let n = 0; n < 12; n += 1) {
    await locked.goto(`${base}/sign-in`);
    await locked.fill("#login", `nobody-${lang}`);
    await locked.fill("#password", `wrong number ${n}`);
    await locked.click('form[action="/sign-in"] button.button');
    if (await locked.locator("details.fold").count()) break;
  }
  await look(locked, name("locked"), ".now .act", { error: true, verdict: "credential.locked" });
  check(`${name("locked")}: wait and unlock in view, the form away`, (await locked.isVisible('[data-step="wait"]')) && (await locked.isVisible('[data-step="unlock"] a.act')) && !(await locked.isVisible("#password")));

  // Codes.
  await page.goto(`${base}/recover`);
  await look(page, name("recover"), "#email");
  await page.fill("#email", "hana@example.jp");
  await submit(page);
  await look(page, name("code"), "form.main-form > button.button");
  await page.fill("#code", "000000");
  await submit(page);
  await look(page, name("code-wrong"), "#code", { error: true, verdict: "credential.code_wrong" });
  check(`${name("code-wrong")}: the field is marked`, (await page.getAttribute("#code", "aria-invalid")) === "true" && (await page.isVisible("#code-error")));
  await page.goto(`${base}/sign-up`);
  await look(page, name("sign-up"), 'form[action^="/sign-in/"] button');
  await page.click('form[action="/sign-up"] button.button');
  await look(page, name("sign-up-empty"), "#login_id", { error: true });
  const lines = await page.evaluate(() => [...document.querySelectorAll(".now a")].map((a) => a.getAttribute("href")));
  check(`${name("sign-up-empty")}: each line of the summary leads to its field`, lines.join() === "#login_id,#email,#password", lines.join());
  await page.goto(`${base}/unlock`);
  await look(page, name("unlock"), "#login");

  // Lost at a provider: asked at once, in one line.
  const lost = await person(lang);
  await lost.goto(`${base}/sign-in`);
  await lost.click('form[data-provider="yahoo_japan"] button');
  await lost.goto(`${base}/sign-in`);
  await look(lost, name("lost"), "details.notice > summary");
  check(`${name("lost")}: names whom it asks about`, (await lost.innerText("details.notice > summary")).includes("Yahoo! JAPAN"));
  check(`${name("lost")}: no verdict yet`, (await lost.locator("[data-verdict]").count()) === 0);
  await lost.click("details.notice > summary");
  await lost.check('input[name="saw"][value="frozen"]');
  await lost.click("form[data-question] button");
  await look(lost, name("frozen"), ".now .act", { verdict: "external.frozen" });

  // Checked, helped.
  // By somebody who was refused nothing: what was is told first, and is no matter of the browser.
  await page.context().close();
  page = await person(lang);
  await page.goto(`${base}/check`);
  await page.waitForURL(/case=/);
  await look(page, name("check"), "[data-verdict] .act");
  check(`${name("check")}: what is fine is folded`, !(await page.isVisible('[data-result="ok"]')) && (await page.locator('[data-result="ok"]').count()) > 8);
  await page.goto(`${base}/help`);
  await look(page, name("help"), "#q");
  check(`${name("help")}: six symptoms first`, (await page.locator("ul.links li").count()) === 6);
  await page.fill("#q", lang === "ja" ? "エラー 403: disallowed_useragent" : "Error 403: disallowed_useragent");
  await page.click('form[role="search"] button');
  check(`${name("help")}: a provider's code is found`, (await page.getAttribute("[data-found] [data-candidate]", "data-candidate")) === "browser.in_app");
  await look(page, name("help-found"), "[data-found] a");
  await page.goto(`${base}/help?q=xyzzy`);
  check(`${name("help")}: and what is unknown is said to be`, (await page.getAttribute("[data-found]", "data-found")) === "0");
  await look(page, name("help-none"), "[data-found] a.button");
  await page.goto(`${base}/help/browser.cookie_blocked`);
  await look(page, name("help-cause"), 'a.button[href="/help/how/cookies"]');
  await page.click('a[href="/help/how/cookies"]');
  await look(page, name("how-cookies"), "[data-own] li");
  check(`${name("how-cookies")}: this very browser's`, (await page.getAttribute("[data-own]", "data-guide")) === "chrome_desktop");
  for (const topic of ["clear", "addon", "clock", "update", "open", "mail"]) {
    await page.goto(`${base}/help/how/${topic}`);
    await look(page, name(`how-${topic}`), "[data-guide]");
  }
  await page.goto(`${base}/help/how/mail?at=ezweb.ne.jp`);
  check(`${name("how-mail")}: this very mailbox's`, (await page.getAttribute("[data-own]", "data-guide")) === "au");
  const iphone = await person(lang, {
    userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1 Line/15.2.0",
  });
  await iphone.goto(`${base}/help/how/open`);
  check(`${name("how-open")}: this very app's`, (await iphone.getAttribute("[data-own]", "data-guide")) === "line");
  await page.goto(`${base}/repair`);
  await look(page, name("repair"), "form button");
  await page.goto(`${base}/status`);
  await look(page, name("status"), ".overall");
  await page.goto(`${base}/nowhere`);
  await look(page, name("nowhere"), "a.button");
  for (const each of [page, locked, lost, iphone]) await each.context().close();
}

try {
  await walk("ja");
  await walk("en");
} catch (error) {
  check("the walk goes to its end", false, error.stack);
} finally {
  await browser.close();
  server.kill();
  await new Promise((resolve) => server.once("exit", resolve));
  rmSync(work, { recursive: true, force: true });
}
end("pages");
