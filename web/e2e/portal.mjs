/** Journeys through the portal against a running server: `node e2e/portal.mjs ADDRESS ACCOUNTS [FOLDER FOR PICTURES]`.
 *
 * ACCOUNTS is the demo's accounts.txt. Prints one line of JSON per check; the tests of the server read them.
 */

import { readFileSync } from "node:fs";
import jsQR from "jsqr";
import { PNG } from "pngjs";
import { arrived, flaws, latest, launch, settled, signIn, violations, visitor } from "./browser.mjs";

const [base, accounts, pictures] = process.argv.slice(2);
const lines = readFileSync(accounts, "utf8").split("\n");
const password = (login) => lines.find((line) => line.startsWith(`${login} `))?.split(/\s+/)[1] ?? "";
const C = "/c/musterbau";
const PAGES = [
  "",
  "/people",
  "/people/anna",
  "/devices",
  "/devices/anna-tisch",
  "/numbers",
  "/groups",
  "/times",
  "/times/buerozeiten",
  "/lines",
  "/rules",
  "/history",
  "/why?to=%22141%22",
  "/settings",
  "/me",
];

const browser = await launch();
let failed = 0;

async function check(name, act) {
  const started = performance.now();
  let faults = [];
  try {
    faults = (await act()) ?? [];
  } catch (error) {
    await picture(latest.page, `failed ${name}`).catch(() => undefined);
    const line = /portal\.mjs:(\d+)/.exec(error.stack ?? "")?.[1] ?? "?";
    faults = [`line ${line}: ${String(error.message ?? error).slice(0, 600)}`];
  }
  if (faults.length) failed++;
  console.log(JSON.stringify({ check: name, faults, ms: Math.round(performance.now() - started) }));
}

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: `${pictures}/${name.replace(/[^a-z0-9]+/gi, "-")}.png` });
}

/** Every page in one language and scheme: accessible, whole, translated. */
async function pages(lang, scheme, width) {
  const who = await visitor(browser, base, { lang, scheme, width });
  await signIn(who, "admin", password("admin"));
  const found = [];
  for (const path of PAGES) {
    await who.go(C + path);
    await picture(who.page, `${path || "overview"} ${lang} ${scheme} ${width}`);
    const faults = [
      ...(await flaws(who.page)),
      ...(width > 400 || path === "/people/anna" ? await violations(who.page) : []),
    ];
    found.push(...faults.map((fault) => `${path || "/"}: ${fault}`));
  }
  await who.context.close();
  return [...found, ...who.complaints];
}

await check("sign-in is accessible and tells nobody which half was wrong", async () => {
  const who = await visitor(browser, base);
  await who.go("/signin");
  const found = [...(await violations(who.page)), ...(await flaws(who.page))];
  await who.page.fill("input[name=username]", "admin");
  await who.page.fill("input[name=password]", "falsch-und-lang-genug");
  await who.page.click("button[type=submit]");
  await who.page.waitForSelector("[role=alert]");
  await picture(who.page, "signin refused");
  await who.context.close();
  return found;
});

if (!process.env.ONLY) await check("pages de light 1280", () => pages("de", "light", 1280));
if (!process.env.ONLY) await check("pages en dark 1280", () => pages("en", "dark", 1280));
if (!process.env.ONLY) await check("pages de light 320", () => pages("de", "light", 320));

await check("keys: g p, search, arrows, Enter, Esc, Ctrl K", async () => {
  const who = await visitor(browser, base);
  const { page } = who;
  await signIn(who, "admin", password("admin"));
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await arrived(page, `${C}/people`);
  await page.waitForSelector("[data-row='0']");
  await page.keyboard.press("/");
  await page.keyboard.type("lindner");
  await page.waitForFunction(() => document.querySelectorAll("[data-row]").length === 1);
  await page.waitForFunction(() => location.search.includes("q=lindner"));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await arrived(page, `${C}/people/bea`);
  await page.keyboard.press("Escape");
  await arrived(page, `${C}/people`);
  await page.keyboard.press("Control+k");
  await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "combobox");
  await page.keyboard.type("carl");
  await page.waitForFunction(() => document.querySelector("[role=option]")?.textContent?.includes("Carl"));
  const found = await violations(page);
  await page.keyboard.press("Enter");
  await arrived(page, `${C}/people/carl`);
  await who.context.close();
  return [...found, ...who.complaints];
});

await check("a user forwards all calls, sees where that leads, and takes it back", async () => {
  const who = await visitor(browser, base);
  const { page } = who;
  await signIn(who, "anna", password("anna"));
  await arrived(page, `${C}/me`);
  const feature = page.locator(".vz-feature").filter({ hasText: "Weiterleitung" }).first();
  const always = feature.locator(".vz-rule").first();
  await always.locator("button.vz-slot").click();
  await page.waitForSelector("[role=listbox]");
  await page.keyboard.type("Carl");
  await page.keyboard.press("Enter");
  await feature.locator(".vz-savebar").waitFor();
  await feature.locator(".vz-diff .vz-hop").nth(1).waitFor();
  await picture(page, "forwarding before saving");
  const found = await violations(page);
  await feature.getByRole("button", { name: "Sichern" }).click();
  await feature.locator(".vz-savebar").waitFor({ state: "detached" });
  await always.locator("input[type=checkbox]").click({ force: true });
  await page.waitForFunction(() => document.querySelector(".vz-rule input[type=checkbox]")?.checked);
  const set = await who.context.request.get(`${base}/api/v1${"/companies/musterbau"}/users/anna`);
  const { always: now } = (await set.json()).forwarding;
  if (!now.enabled || now.to !== "user:carl") found.push(`not saved: ${JSON.stringify(now)}`);
  await picture(page, "forwarding on");
  await page.locator(".vz-note").last().getByRole("button", { name: "Rückgängig" }).click();
  await page.waitForFunction(() => document.querySelector(".vz-rule input[type=checkbox]")?.checked === false);
  await who.context.close();
  return [...found, ...who.complaints];
});

await check("a new person has a phone whose code can be scanned", async () => {
  const who = await visitor(browser, base);
  const { page } = who;
  await signIn(who, "admin", password("admin"));
  await who.go(`${C}/people`);
  await page.getByRole("button", { name: "Person hinzufügen" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Jörg Prüfer");
  const found = await violations(page);
  await page.getByRole("dialog").getByRole("button", { name: "Anlegen" }).click();
  await page.waitForSelector(".vz-qr");
  await page.waitForTimeout(200);
  await picture(page, "a new phone");
  found.push(...(await violations(page)));
  const shot = PNG.sync.read(await page.locator(".vz-qr").screenshot());
  const read = jsQR(new Uint8ClampedArray(shot.data), shot.width, shot.height);
  const secret = await page.locator(".vz-secret code").innerText();
  if (!read) found.push("the code cannot be scanned");
  else if (!/^sip:[^:]+:[^@]+@musterbau\.example$/.test(read.data) || !read.data.includes(encodeURIComponent(secret)))
    found.push(`the code says ${read.data}`);
  await page.getByRole("button", { name: "Ich habe es notiert" }).click();
  await settled(page);
  await page.getByRole("button", { name: "Mehr" }).click();
  await page.getByRole("menuitem", { name: "Person entfernen" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Person entfernen" }).click();
  await arrived(page, `${C}/people`);
  await who.context.close();
  return [...found, ...who.complaints];
});

await check("why a call went where it went, in 30 seconds", async () => {
  const who = await visitor(browser, base);
  const { page } = who;
  await signIn(who, "admin", password("admin"));
  await page.keyboard.press("g");
  await page.keyboard.press("h");
  await arrived(page, `${C}/history`);
  await page.waitForSelector("[data-row='0']", { timeout: 45_000 });
  await page.click("[data-row='0']");
  await page.waitForSelector(".vz-story");
  await page.getByRole("button", { name: "Für Fachleute zeigen" }).click();
  await page.waitForSelector(".vz-ladder");
  await picture(page, "why");
  const story = await page.locator(".vz-story").innerText();
  const found = await violations(page);
  if (story.length < 30) found.push(`no story: ${story}`);
  if (!(await page.locator(".vz-ladder").innerText()).includes("INVITE")) found.push("no ladder");
  await who.context.close();
  return [...found, ...who.complaints];
});

/** People that exist in this test only: the list is as long as a large company's. */
function crowd(count) {
  const first = ["Anna", "Bernd", "Çağla", "Dörte", "Emil", "Franziska", "Günther", "Hanna", "İlker", "Jürgen"];
  const last = ["Müller", "Groß", "Schneider", "Łukasz", "Weiß", "Öztürk", "Vogt", "Krämer", "Nowak", "Sørensen"];
  return Array.from({ length: count }, (_, n) => ({
    id: `p${n}`,
    name: `${first[n % 10]} ${last[Math.floor(n / 10) % 10]} ${n}`,
    extension: String(10000 + n),
    numbers: [{ number: `+4989999${100000 + n}`, label: "" }],
    email: `p${n}@musterbau.example`,
    site: "muenchen",
  }));
}

await check("10,000 people are scrolled and searched, and only rows in sight are drawn", async () => {
  const who = await visitor(browser, base);
  const { page } = who;
  const people = crowd(10_000);
  await page.route("**/companies/musterbau/users?*", (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
    const next = from + 200 < people.length ? String(from + 200) : null;
    return route.fulfill({ json: { items: people.slice(from, from + 200), next, total: people.length } });
  });
  await signIn(who, "admin", password("admin"));
  await who.go(`${C}/people`);
  await page.waitForFunction(
    () => document.querySelector("[role=table]")?.getAttribute("aria-rowcount") === "10001",
    undefined,
    { timeout: 40_000 },
  );
  await page.waitForTimeout(500);
  await page.evaluate(() => {
    window.long = [];
    new PerformanceObserver((list) =>
      window.long.push(...list.getEntries().map((entry) => Math.round(entry.duration))),
    ).observe({ type: "longtask" });
  });
  await page.mouse.move(500, 500);
  for (let step = 0; step < 40; step++) await page.mouse.wheel(0, 1500);
  await page.waitForTimeout(300);
  await page.locator("[data-search]").pressSequentially("muller 1", { delay: 40 });
  await page.waitForFunction(
    () => Number(document.querySelector("[role=table]")?.getAttribute("aria-rowcount")) < 1500,
  );
  await page.waitForTimeout(300);
  const rows = await page.locator("[data-row]").count();
  const long = await page.evaluate(() => window.long);
  await who.context.close();
  const found = rows > 80 ? [`${rows} rows are drawn`] : [];
  console.log(
    JSON.stringify({ figure: "longest tasks of 10,000 rows (ms)", value: long.sort((a, b) => b - a).slice(0, 5) }),
  );
  return [...found, ...who.complaints];
});

await browser.close();
process.exit(failed ? 1 : 0);
