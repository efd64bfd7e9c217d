/** Debian's chromium driven by playwright-core: one page, and everything that it complained of. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The page that was opened last, for a picture of what went wrong. */
export const latest = { page: null };

export async function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS });
}

/** A visitor with a language and colours of their own; `complaints` is what went wrong on the way. */
export async function visitor(browser, base, { lang = "de", scheme = "light", width = 1280, height = 800 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale: lang });
  await context.addInitScript((kept) => localStorage.setItem("vorzimmer.language", kept), lang);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  latest.page = page;
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !/WebSocket|status of 4(00|01|22)/.test(message.text()))
      complaints.push(message.text());
  });
  page.on("response", (response) => {
    if (response.status() >= 500) complaints.push(`${response.status()} ${response.url()}`);
  });
  const go = async (path) => {
    const inside = page.url().startsWith(`${base}/c/`) && path.startsWith("/c/");
    if (inside) await page.evaluate((to) => history.pushState({}, "", to), path);
    else await page.goto(base + path);
    await settled(page);
  };
  return { page, context, complaints, go };
}

/** Until nothing waits any more. */
export async function settled(page) {
  await page.waitForFunction(
    () => document.querySelector("main h1, main h2, .vz-door-card h1") && !document.querySelector(".vz-waiting"),
  );
  await page.waitForTimeout(250);
}

export async function signIn({ page, go }, login, password) {
  await go("/signin");
  await page.fill("input[name=username]", login);
  await page.fill("input[name=password]", password);
  await page.click("button[type=submit]");
  await page.waitForURL((url) => !url.pathname.startsWith("/signin"));
  await settled(page);
}

/** Violations of WCAG 2.2 A and AA, as short lines. */
export async function violations(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const wanted = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const found = await window.axe.run(document, { runOnly: { type: "tag", values: wanted } });
    return found.violations.flatMap((rule) =>
      rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`),
    );
  });
}

/** What is too wide for the window, and words that are still keys. */
export async function flaws(page) {
  return page.evaluate(() => {
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth)
      found.push(`wider than the window: ${document.documentElement.scrollWidth}`);
    const text = document.body.innerText;
    const key =
      /\b(nav|frame|person|people|device|set|page|field|leads|why|story|times|lines|overview|criterion)\.[a-z_]+[a-zA-Z_.]*\b|\{\{?[a-z_]+\}?\}/.exec(
        text,
      );
    if (key) found.push(`not translated: ${key[0]}`);
    return found;
  });
}

/** Until the address is this one; nothing is loaded for it. */
export async function arrived(page, path) {
  await page.waitForFunction((wanted) => location.pathname === wanted, path);
}
