// What every walk through a browser needs: counting what held, free ports, the browser, accessibility.
import { createServer } from "node:net";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

let passed = 0;
let failed = 0;

export function check(name, ok, detail = "") {
  if (ok) passed += 1;
  else {
    failed += 1;
    console.error(`FAILED ${name} ${detail}`);
  }
}

// Says how it went, and ends.
export function end(walk) {
  console.log(`${walk}: ${passed} checks passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const settings = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
};

export const launch = () => chromium.launch(settings);

// As somebody's own browser, with what is kept in a folder.
export const launchPersistent = (folder, more) => chromium.launchPersistentContext(folder, { ...settings, ...more });

// What axe finds on a page in a colour scheme.
export async function accessible(page, name, colorScheme) {
  if (colorScheme) await page.emulateMedia({ colorScheme });
  const found = await new AxeBuilder({ page }).analyze();
  const what = JSON.stringify(found.violations.map((v) => [v.id, v.nodes.map((n) => n.html)]));
  check(`${name}: accessible${colorScheme ? `, ${colorScheme}` : ""}`, found.violations.length === 0, what);
}
