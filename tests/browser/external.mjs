// External accounts in a real browser: an OpenID provider that we did not write (npm's oidc-provider)
// with its own sign-in, consent and errors, and the practice town's pages.
// Usage: KAGIYA_TEST_BINARY=… node external.mjs [SHOTS_DIR]
import { spawn } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Provider from "oidc-provider";
import { accessible, check, end, freePort, launch } from "./harness.mjs";
import { decode } from "./mail.mjs";

const shots = process.argv[2];
if (shots) mkdirSync(shots, { recursive: true });

// The foreign issuer.
function rsaKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

// The refresh tokens that it gave.
const given = [];

async function issuer(port, kagiya, key) {
  const quiet = console.warn;
  console.warn = () => {};
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [
      {
        client_id: "kagiya",
        client_secret: "a-secret-of-thirty-two-characters!",
        redirect_uris: [`${kagiya}/sign-in/corp/callback`],
        grant_types: ["authorization_code", "refresh_token"],
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ["for a test"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
    // Every use of a refresh token gives another, and ends the one before.
    rotateRefreshToken: true,
    ttl: { RefreshToken: 3600, Session: 3600, Grant: 3600, Interaction: 3600, AccessToken: 600, AuthorizationCode: 60, IdToken: 600 },
    findAccount: async (_, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, email: `${id}@example.jp`, email_verified: id !== "doubtful", name: id }),
    }),
  });
  console.warn = quiet;
  provider.on("refresh_token.saved", (token) => given.push(token));
  const server = provider.listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
}

const folder = mkdtempSync(join(tmpdir(), "kagiya-external-"));
const [issuerPort, kagiyaPort, demoPort, townPort] = [await freePort(), await freePort(), await freePort(), await freePort()];
const base = `http://127.0.0.1:${kagiyaPort}`;
const demo = `http://127.0.0.1:${demoPort}`;
const town = `http://127.0.0.1:${townPort}`;
writeFileSync(join(folder, "secret"), "a-secret-of-thirty-two-characters!");
writeFileSync(
  join(folder, "kagiya.toml"),
  `[[providers]]\nid = "corp"\nkind = "oidc"\nname = "Corp ID"\nclient_id = "kagiya"\nclient_secret_file = "secret"\nissuer = "http://127.0.0.1:${issuerPort}"\nkeep_refresh_token = true\n` +
    `[[providers]]\nid = "gone"\nkind = "oidc"\nname = "Gone ID"\nclient_id = "stranger"\nclient_secret_file = "secret"\nissuer = "http://127.0.0.1:${issuerPort}"\n`,
);

const processes = [];
function kagiya(port, ...words) {
  const data = join(folder, String(port));
  const child = spawn(process.env.KAGIYA_TEST_BINARY, ["--data", data, "--listen", `127.0.0.1:${port}`, ...words], { stdio: ["ignore", "pipe", "ignore"] });
  processes.push(child);
  return new Promise((resolve) => child.stdout.once("data", () => resolve(join(data, "mail"))));
}

async function code(mails, address) {
  for (let i = 0; i < 200; i += 1) {
    for (const name of readdirSync(mails).filter((n) => n.endsWith(".eml")).sort().reverse()) {
      const raw = readFileSync(join(mails, name), "utf8");
      const found = raw.includes(`To: ${address}`) && /^\s*(\d{6})\s*$/m.exec(decode(raw));
      if (found) return found[1];
    }
    await new Promise((r) => setTimeout(r, 50));
  }
  throw new Error(`no code for ${address}`);
}

async function look(page, name) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(`${name}: no sideways scrolling`, overflow <= 0, `${overflow}px`);
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  await accessible(page, name);
}

const press = (page, name) => page.click(`form[data-provider="${name}"] button`);
const isIn = (page) => page.locator("[data-in]").count();

// At the foreign issuer: its own sign-in and consent pages.
async function atIssuer(page, login) {
  await page.waitForURL(/\/interaction\//);
  if (await page.locator('input[name="login"]').count()) {
    await page.fill('input[name="login"]', login);
    await page.fill('input[name="password"]', "anything");
    await page.click('button[type="submit"]');
  }
  await page.waitForLoadState();
  if (/\/interaction\//.test(page.url())) await page.click('button[type="submit"]');
}

let close;
let browser;
try {
  close = await issuer(issuerPort, base, rsaKey());
  const mails = await kagiya(kagiyaPort, "--config", join(folder, "kagiya.toml"), "serve");
  const demoMails = await kagiya(demoPort, "demo", "--town", `127.0.0.1:${townPort}`);
  browser = await launch();
  const desktop = { viewport: { width: 1200, height: 900 }, locale: "ja-JP" };
  const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, locale: "ja-JP" };

  // 1. A foreign issuer: new account, back again, key rotation, refusal, its own error page.
  let context = await browser.newContext(desktop);
  let page = await context.newPage();
  await page.goto(`${base}/sign-in?return_to=/account/links`);
  await press(page, "corp");
  await atIssuer(page, "yuki");
  await page.waitForURL(/\/sign-in\/corp\/choose/);
  check("foreign issuer: the choice", (await page.textContent("[data-identity]")).includes("y•••@e•••.jp"));
  await look(page, "choose-ja-desktop");
  await page.fill("#login_id", "yuki");
  await page.click("form[data-new] button.button");
  await page.waitForURL(/\/account\/links/);
  check("foreign issuer: new account, destination kept", (await page.locator('[data-link-state="ok"]').count()) === 1);
  await look(page, "links-ja-desktop");
  await page.click('form[action$="/test"] button');
  await page.waitForURL(/done=tested/);
  check("foreign issuer: the link is tested without a page", (await isIn(page)) === 1);
  await page.goto(`${base}/account/methods`);
  await look(page, "methods-ja-desktop");
  await context.clearCookies({ name: "kagiya_session" });
  await page.goto(`${base}/sign-in`);
  check("foreign issuer: last used", (await page.locator("[data-last]").getAttribute("data-provider")) === "corp");
  await press(page, "corp");
  await page.waitForURL(`${base}/`);
  check("foreign issuer: back in with one press", (await isIn(page)) === 1);

  // The permission is looked after with its refresh token, which changes each time, until it is taken back there.
  const asked = () =>
    new Promise((resolve) => {
      const words = ["--data", join(folder, String(kagiyaPort)), "--config", join(folder, "kagiya.toml"), "link", "check", "corp"];
      let told = "";
      const child = spawn(process.env.KAGIYA_TEST_BINARY, words, { stdio: ["ignore", "pipe", "inherit"] });
      child.stdout.on("data", (text) => (told += text));
      child.on("close", () => resolve(told));
    });
  const before = given.length;
  check("foreign issuer: a refresh token was given", before > 0);
  for (const turn of [1, 2]) {
    const told = await asked();
    check(`foreign issuer: the permission holds (${turn})`, told === "permissions: 1 hold, 0 ended, 0 failed\n", told);
  }
  check("foreign issuer: a token for each time", given.length === before + 2, `${given.length - before}`);
  for (const token of given) await token.destroy();
  const told = await asked();
  check("foreign issuer: the permission was taken back", told === "permissions: 0 hold, 1 ended, 0 failed\n", told);
  await page.goto(`${base}/account/links`);
  check("foreign issuer: the link says so", (await page.locator('[data-link-state="gone"]').count()) === 1);
  await look(page, "links-lapsed-ja-desktop");
  await context.clearCookies({ name: "kagiya_session" });
  await page.goto(`${base}/sign-in?return_to=/account/links`);
  await press(page, "corp");
  await page.waitForURL(/\/interaction\/|\/account\/links/);
  if (/\/interaction\//.test(page.url())) await atIssuer(page, "yuki");
  await page.waitForURL(/\/account\/links/);
  check("foreign issuer: coming back mends the link", (await page.locator('[data-link-state="ok"]').count()) === 1);
  check("foreign issuer: and there is a token again", (await asked()) === "permissions: 1 hold, 0 ended, 0 failed\n");
  // Keys change there; its sessions go with the restart.
  await close();
  close = await issuer(issuerPort, base, rsaKey());
  await context.clearCookies({ name: "kagiya_session" });
  await page.goto(`${base}/sign-in`);
  await press(page, "corp");
  await atIssuer(page, "yuki");
  await page.waitForURL(`${base}/`);
  check("foreign issuer: rotated keys", (await isIn(page)) === 1);
  await context.close();

  context = await browser.newContext(phone);
  page = await context.newPage();
  await page.goto(`${base}/sign-in?return_to=/account/links`);
  await look(page, "sign-in-providers-ja-phone");
  await press(page, "corp");
  await page.waitForURL(/\/interaction\//);
  await page.click('a[href$="/abort"]');
  await page.waitForURL(/\/sign-in\/corp\/callback/);
  check("foreign issuer: cancelled", (await page.locator('[data-cause="external.cancelled"]').count()) === 1);
  check("foreign issuer: the destination is kept", (await page.locator('a[href*="return_to"]').count()) > 0);
  await look(page, "cancelled-ja-phone");
  // A client that it does not know: its own error page, which never comes back.
  await page.goto(`${base}/sign-in`);
  await press(page, "gone");
  await page.waitForURL(new RegExp(`:${issuerPort}/`));
  check("foreign issuer: its own error page", (await page.textContent("body")).includes("invalid_client"));
  await page.waitForTimeout(5200);
  await page.goto(`${base}/sign-in`);
  await press(page, "gone");
  await page.waitForSelector("[data-question]");
  check("foreign issuer: asked what was seen", (await page.locator('[data-cause="external.no_return"]').count()) === 1);
  await look(page, "question-ja-phone");
  await page.check('input[value="our_fault"]');
  await page.click("[data-question] button");
  await page.waitForSelector('[data-cause="external.config"]');
  check("foreign issuer: the answer is evidence", true);
  await look(page, "question-answered-ja-phone");
  await context.close();

  // An address that an account has already, and one that nobody vouches for.
  context = await browser.newContext({ ...phone, locale: "en-GB" });
  page = await context.newPage();
  await page.goto(`${base}/sign-in`);
  await press(page, "corp");
  await atIssuer(page, "doubtful");
  await page.waitForURL(/\/choose/);
  await look(page, "choose-en-phone");
  check("foreign issuer: an unverified address is asked for", (await page.locator("#email").count()) === 1);
  await page.fill("#login_id", "doubtful");
  await page.fill("#email", "surely@example.jp");
  await page.click("form[data-new] button.button");
  await page.waitForURL(/\/sign-up\/verify/);
  await page.fill("#code", await code(mails, "surely@example.jp"));
  await page.click("button.button");
  await page.waitForSelector("[data-in]");
  check("foreign issuer: in after a code", true);
  await page.goto(`${base}/account/links`);
  await look(page, "links-en-phone");
  await context.close();

  // 2. The practice town: Apple's form from another site, in a browser that means SameSite.
  context = await browser.newContext(desktop);
  page = await context.newPage();
  for (const shop of ["apple", "google", "x", "yahoo_japan", "line", "club"]) {
    await context.clearCookies();
    await page.goto(`${demo}/sign-in`);
    await press(page, shop);
    await page.waitForURL(`${town}/**`);
    await page.click('button[value="hana"]');
    await page.waitForURL(`${demo}/`);
    check(`town: ${shop} signs in`, (await isIn(page)) === 1);
  }
  // Break something and read the verdict.
  await page.goto(town);
  const form = page.locator("form", { has: page.locator('input[name="shop"][value="line"]') });
  await form.locator("select").selectOption("token_down");
  await form.locator("button").first().click();
  await context.clearCookies();
  await page.goto(`${demo}/sign-in`);
  for (let i = 0; i < 3; i += 1) {
    await page.goto(`${demo}/sign-in`);
    await press(page, "line");
    await page.click('button[value="hana"]');
    await page.waitForSelector('[data-cause="external.outage"]');
  }
  check("town: a broken provider is told", true);
  await page.goto(`${demo}/sign-in`);
  check("town: the button says so", (await page.locator('form[data-provider="line"][data-state="down"]').count()) === 1);
  await look(page, "sign-in-down-ja-desktop");
  // The server's own faults.
  await page.goto(town);
  await page.locator("form", { has: page.locator('input[value="stale_cookie"]') }).locator("button").click();
  await page.goto(`${demo}/sign-in`);
  check("town: a stale cookie is noticed", (await page.locator('[role="status"]').count()) >= 1);
  await page.goto(town);
  await page.locator("form", { has: page.locator('input[value="blocked_cookies"]') }).locator("button").click();
  await page.goto(`${demo}/sign-in`);
  await page.fill("#login", "hana");
  await page.fill("#password", "practice makes keys");
  await page.click('form[action="/sign-in"] button.button');
  await page.waitForSelector('[data-cause="browser.cookie_blocked"]');
  check("town: blocked cookies are told", true);
  await page.goto(town);
  await page.locator("form", { has: page.locator('input[value="blocked_cookies"]') }).locator("button").click();
  // The way in for once, for a member without a password.
  await page.goto(`${demo}/recover`);
  await page.fill("#email", "taro@example.jp");
  await page.click("button.button");
  await page.waitForURL(/\/recover\/code/);
  await page.fill("#code", await code(demoMails, "taro@example.jp"));
  await page.click("button.button");
  await page.waitForURL(/\/recover\/password/);
  await look(page, "way-in-ja-desktop");
  await page.click("[data-once-in] button");
  await page.waitForURL(/\/account\/links/);
  check("town: in for once without a password", true);
  await page.locator("details summary").click();
  await page.click("button.danger");
  await page.waitForSelector('[data-cause="credential.no_password"]');
  check("town: the last way in is kept", true);
  await look(page, "last-way-in-ja-desktop");
  await context.close();
} catch (error) {
  check("the walk goes to its end", false, error.stack);
} finally {
  await browser?.close();
  await close?.();
  for (const child of processes) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
end("external");
