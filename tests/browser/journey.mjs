// The whole journey in a real browser: Japanese and English, script on and off, phone and desktop.
// Usage: node journey.mjs BASE_URL MAIL_DIR [SHOTS_DIR]
import { readFileSync, readdirSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { accessible, check, end, launch } from "./harness.mjs";
import { decode } from "./mail.mjs";

const [base, mailDir, shots] = process.argv.slice(2);
if (shots) mkdirSync(shots, { recursive: true });

async function newestCode(address, after) {
  for (let i = 0; i < 200; i += 1) {
    const names = readdirSync(mailDir).filter((n) => n.endsWith(".eml")).sort().reverse();
    for (const name of names) {
      if (name <= after) break;
      const raw = readFileSync(join(mailDir, name), "utf8");
      if (!raw.includes(`To: ${address}`)) continue;
      const code = /^\s*(\d{6})\s*$/m.exec(decode(raw));
      if (code) return { code: code[1], name };
    }
    await new Promise((r) => setTimeout(r, 50));
  }
  throw new Error(`no code for ${address}`);
}

async function look(page, name, axe = true) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(`${name}: no sideways scrolling`, overflow <= 0, `${overflow}px`);
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  if (!axe) return;
  for (const colorScheme of ["dark", "light"]) {
    await accessible(page, name, colorScheme);
  }
}

const browser = await launch();

async function journey({ name, lang, script, width, dark }) {
  const context = await browser.newContext({
    locale: lang === "ja" ? "ja-JP" : "en-US",
    javaScriptEnabled: script,
    viewport: { width, height: 800 },
    colorScheme: dark ? "dark" : "light",
  });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (e) => errors.push(String(e)));
  page.on("console", (m) => m.type() === "error" && /Content Security|Refused/.test(m.text()) && errors.push(m.text()));
  const axe = script;
  const id = `taro-${name.replace(/[^a-z]/g, "")}`;
  const address = `${id}@example.jp`;
  const submit = () => page.click("form.main-form > button.button");

  await page.goto(`${base}/account/security`);
  check(`${name}: the destination is kept`, page.url().includes("return_to=%2Faccount%2Fsecurity"), page.url());
  check(`${name}: language`, (await page.getAttribute("html", "lang")) === lang);
  await look(page, `${name}-sign-in`, axe);
  await page.click("ul.links li:nth-child(3) a");
  await look(page, `${name}-sign-up`, axe);
  await page.fill("#login_id", "x");
  await page.fill("#email", address);
  await page.fill("#password", "short");
  await submit();
  check(`${name}: field errors are tied to fields`, (await page.locator("[aria-invalid]").count()) === 2);
  check(`${name}: what was typed stays`, (await page.inputValue("#email")) === address);
  await look(page, `${name}-sign-up-refused`, axe);
  await page.fill("#login_id", id);
  await page.fill("#password", "correct horse battery");
  await submit();
  const first = await newestCode(address, "");
  await look(page, `${name}-code`, axe);
  await page.fill("#code", first.code.replace(/./g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)));
  await submit();
  check(`${name}: signed in, at the destination`, page.url() === `${base}/account/security`, page.url());
  await look(page, `${name}-security`, axe);
  await page.goto(`${base}/`);
  check(`${name}: My Page`, (await page.textContent(".receipt")).includes(id));
  await look(page, `${name}-home`, axe);
  await page.goto(`${base}/account/sessions`);
  await look(page, `${name}-sessions`, axe);
  await page.goto(`${base}/`);
  await page.click("form[action='/sign-out'] button");
  check(`${name}: signed out`, page.url().includes("/sign-in"));

  await page.fill("#login", id);
  await page.fill("#password", "wrong horse battery");
  await submit();
  check(`${name}: refused with a verdict`, (await page.getAttribute("[data-verdict]", "data-cause")) === "credential.password");
  check(`${name}: the login stays, the password does not`, (await page.inputValue("#login")) === id && (await page.inputValue("#password")) === "");
  await look(page, `${name}-refused`, axe);
  const reference = await page.getAttribute("[data-verdict]", "data-reference");
  await page.click("details.more > summary");
  await page.click("form.confirm button");
  const confirm = await newestCode(address, first.name);
  await page.fill("#code", confirm.code);
  await submit();
  check(`${name}: lifted to the owner`, (await page.getAttribute("[data-verdict]", "data-audience")) === "owner", page.url());
  check(`${name}: same reference`, (await page.getAttribute("[data-verdict]", "data-reference")) === reference);
  await look(page, `${name}-why`, axe);

  await page.goto(`${base}/recover`);
  await look(page, `${name}-recover`, axe);
  await page.fill("#email", address);
  await submit();
  const second = await newestCode(address, confirm.name);
  await page.fill("#code", "000000");
  await submit();
  check(`${name}: a wrong code has a verdict`, (await page.getAttribute("[data-verdict]", "data-cause")) === "credential.code_wrong");
  await look(page, `${name}-code-wrong`, axe);
  await page.fill("#code", second.code);
  await submit();
  await look(page, `${name}-new-password`, axe);
  await page.fill("#password", "a brand new pass phrase");
  await submit();
  check(`${name}: the login is filled in`, (await page.inputValue("#login")) === id, page.url());
  await page.fill("#password", "a brand new pass phrase");
  if (script) {
    const button = page.locator("[data-show]");
    await button.click();
    check(`${name}: the password can be shown`, (await page.getAttribute("#password", "type")) === "text");
    await page.fill("#password", "ａ brand new pass phrase");
    check(`${name}: a hint on full-width typing`, (await page.textContent("#password-typing")).length > 0);
  }
  await submit();
  check(`${name}: in with the new password`, page.url() === `${base}/`, page.url());
  await page.goto(`${base}/help/credential.old_password`);
  await look(page, `${name}-help`, axe);
  check(`${name}: no script errors`, errors.length === 0, errors.join("\n"));
  await context.close();
}

// Whoever has no mouse: everything by Tab, Space and Enter, and always to be seen where one is.
async function keyboardAlone() {
  const context = await browser.newContext({ locale: "ja-JP", viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  const here = () => page.evaluate(() => {
    const at = document.activeElement;
    const style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    const seen = box.width > 0 && box.height > 0 && box.top >= 0 && box.bottom <= innerHeight;
    const marked = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
    return { what: at.id || at.getAttribute("href") || at.name || at.className || at.tagName, seen: seen && marked };
  });
  // Goes on until that is reached; every stop on the way must be seen.
  const to = async (what) => {
    const stops = [];
    for (let i = 0; i < 30; i += 1) {
      await page.keyboard.press("Tab");
      const at = await here();
      stops.push(at.what);
      check(`keyboard: ${at.what} is seen when it is reached`, at.seen);
      if (at.what.split(" ").includes(what)) return;
    }
    check(`keyboard: ${what} is reached`, false, stops.join(" "));
  };

  await page.goto(`${base}/sign-in`);
  await page.keyboard.press("Tab");
  check("keyboard: the first stop skips to the text", (await here()).what === "#main" && (await here()).seen);
  await page.keyboard.press("Enter");
  await to("login");
  await page.keyboard.type("taro-japhone");
  await to("password");
  await page.keyboard.type("not this one");
  await to("remember");
  await page.keyboard.press("Space");
  check("keyboard: a box is ticked", await page.isChecked("input[name=remember]"));
  await to("button");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  check("keyboard: refused with a verdict", (await page.locator("[data-verdict]").count()) === 1);
  await to("password");
  await page.keyboard.type("a brand new pass phrase");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  check("keyboard: signed in", page.url() === `${base}/`, page.url());
  await to("/account/sessions");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  check("keyboard: and on", page.url() === `${base}/account/sessions`, page.url());
  await context.close();
}

async function cookiesBlocked() {
  const context = await browser.newContext({ locale: "ja-JP" });
  const page = await context.newPage();
  await page.goto(`${base}/sign-in`);
  await context.clearCookies();
  await page.route("**/sign-in", (route) => route.continue({ headers: { ...route.request().headers(), cookie: "" } }));
  await page.fill("#login", "somebody");
  await page.fill("#password", "something else");
  await page.click("form.main-form > button.button");
  check("cookies blocked: named", (await page.getAttribute("[data-verdict]", "data-cause")) === "browser.cookie_blocked");
  check("cookies blocked: the login stays", (await page.inputValue("#login")) === "somebody");
  await look(page, "cookie-blocked");
  await context.close();
}

await journey({ name: "ja-phone", lang: "ja", script: true, width: 320, dark: false });
await journey({ name: "en-desktop", lang: "en", script: true, width: 1200, dark: false });
await journey({ name: "ja-dark-noscript", lang: "ja", script: false, width: 390, dark: true });
await journey({ name: "en-noscript", lang: "en", script: false, width: 360, dark: false });
await cookiesBlocked();
await keyboardAlone();
await browser.close();
end("browser");
