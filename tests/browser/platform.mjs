// The platform's side in a real browser: the notice on the sign-in page, the status page, "tell me
// when it works", the staff's pages; in Japanese and English, on phone and desktop.
// Usage: KAGIYA_TEST_BINARY=… node platform.mjs [SHOTS_DIR]
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessible, check, end, launch } from "./harness.mjs";

const shots = process.argv[2];
if (shots) mkdirSync(shots, { recursive: true });
const binary = process.env.KAGIYA_TEST_BINARY;
const data = mkdtempSync(join(tmpdir(), "kagiya-platform-"));
const PASSWORD = "correct horse battery";

const run = (...words) => execFileSync(binary, ["--data", data, ...words], { input: PASSWORD, encoding: "utf8" });
const hours = (n) => new Date(Date.now() + n * 3_600_000).toISOString();

const server = spawn(binary, ["--data", data, "--listen", "127.0.0.1:0", "serve"], { stdio: ["ignore", "pipe", "ignore"] });
const origin = await new Promise((resolve) => {
  let text = "";
  server.stdout.on("data", (chunk) => {
    text += chunk;
    const found = /ready: (http\S+)/.exec(text);
    if (found) resolve(found[1]);
  });
});

const browser = await launch();
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

async function visit(page, name, path) {
  const errors = [];
  const listen = (message) => message.type() === "error" && errors.push(message.text());
  page.on("console", listen);
  const answer = await page.goto(origin + path);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
  check(`${name}: fits the width`, !wide);
  await accessible(page, name);
  const own = errors.filter((text) => !/status of (503|404)/.test(text));
  check(`${name}: nothing refused by the policy`, own.length === 0, own.join(" | "));
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  page.off("console", listen);
  return answer;
}

try {
  run("account", "create", "hana", "--email", "hana@example.jp", "--password-stdin");
  run("account", "create", "taro", "--email", "taro@example.jp", "--password-stdin");
  run("account", "grant", "taro");
  run("incident", "open", "--message", "パスワードでのログインがしにくくなっています。原因を調べています。", "--message-en", "Signing in with a password fails at times. We are looking into it.", "--component", "password", "--next-update", hours(1));
  run("maintenance", "start", "--begins", hours(24), "--ends", hours(27), "--message", "データベースの更新を行います。詳しくは https://blog.example.jp/news", "--message-en", "We update the database.");
  for (const [lang, words] of [["ja", "いま使えるログイン方法"], ["en", "Ways to sign in"]]) {
    for (const [size, viewport] of Object.entries(sizes)) {
      const context = await browser.newContext({ viewport, locale: lang === "ja" ? "ja-JP" : "en-US" });
      const page = await context.newPage();
      await page.waitForTimeout(lang === "ja" && size === "phone" ? 1500 : 0);
      await visit(page, `sign-in-${lang}-${size}`, "/sign-in");
      check(`notice ${lang} ${size}`, (await page.locator("[data-notice=incident]").count()) === 1);
      check(`what works ${lang} ${size}`, (await page.locator("aside.platform").innerText()).includes(lang === "ja" ? "ログイン方法" : "sign in"));
      await visit(page, `status-${lang}-${size}`, "/status");
      check(`components ${lang} ${size}`, (await page.locator("[data-component]").count()) === 4);
      await visit(page, `notify-${lang}-${size}`, "/notify?component=password");
      await page.fill("#email", "hana@example.jp");
      await page.click("button[data-once]");
      check(`told when it works ${lang} ${size}`, (await page.locator("[data-done=notify-done]").count()) === 1);
      // A wrong password meanwhile is ours first.
      await page.goto(`${origin}/sign-in`);
      await page.fill("#login", "hana");
      await page.fill("#password", "not the password");
      await page.click("button[data-once]");
      check(`ours first ${lang} ${size}`, (await page.locator("[data-verdict]").getAttribute("data-cause")) === "platform.outage");
      if (shots) await page.screenshot({ path: join(shots, `refused-${lang}-${size}.png`), fullPage: true });
      // Staff.
      await page.goto(`${origin}/sign-in?return_to=/staff`);
      await page.fill("#login", "taro");
      await page.fill("#password", PASSWORD);
      await page.click("button[data-once]");
      await page.waitForURL("**/staff");
      await visit(page, `staff-${lang}-${size}`, `/staff?lang=${lang}`);
      check(`chart ${lang} ${size}`, (await page.locator("[data-chart] svg").count()) === 1);
      await visit(page, `staff-notices-${lang}-${size}`, "/staff/notices");
      await visit(page, `staff-look-${lang}-${size}`, "/staff/look");
      await page.fill("#q", "hana");
      await page.fill("#reason", "case 4711");
      await page.click("form[action='/staff/look'] button");
      check(`member ${lang} ${size}`, (await page.locator("[data-member=hana]").count()) === 1);
      if (shots) await page.screenshot({ path: join(shots, `staff-member-${lang}-${size}.png`), fullPage: true });
      await page.goto(`${origin}/account/trouble`);
      check(`receipt ${lang} ${size}`, (await page.locator("[data-cause='platform.account_data']").count()) === 1);
      if (shots) await page.screenshot({ path: join(shots, `receipt-${lang}-${size}.png`), fullPage: true });
      await context.close();
    }
  }
  run("incident", "resolve", "--message", "直りました");
  run("maintenance", "end");
  run("maintenance", "start", "--ends", hours(2), "--message", "引っ越しをしています。", "--message-en", "We are moving.");
  const context = await browser.newContext({ viewport: sizes.phone, locale: "ja-JP" });
  const page = await context.newPage();
  await page.waitForTimeout(1500);
  const answer = await visit(page, "maintenance-ja-phone", "/sign-in");
  check("closed for maintenance", answer.status() === 503 && (await page.locator("[data-cause='platform.maintenance']").count()) === 1);
  await context.close();
} finally {
  await browser.close();
  server.kill("SIGTERM");
  await new Promise((resolve) => server.on("exit", resolve));
  rmSync(data, { recursive: true, force: true });
}
end("platform");
