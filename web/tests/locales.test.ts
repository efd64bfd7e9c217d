/** Words: both languages have the same keys and gaps, every key that the code asks for exists, and none is left over. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import de from "~/locales/de.json";
import en from "~/locales/en.json";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, path = ""): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([name, value]) => {
      const here = path ? `${path}.${name}` : name;
      return typeof value === "string" ? [[here, value]] : Object.entries(flat(value, here));
    }),
  );
}

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.tsx?$/.test(name) ? [readFileSync(path, "utf8")] : [];
  });
}

const german = flat(de);
const english = flat(en);
const code = sources("src").join("\n");
const gaps = (text: string) => [...text.matchAll(/\{\{?([a-z_]+)\}?\}/g)].map((found) => found[1]).sort();

describe("words", () => {
  it("stand in both languages", () => {
    expect(Object.keys(english).sort()).toEqual(Object.keys(german).sort());
  });

  it("have the same gaps in both languages", () => {
    for (const [key, text] of Object.entries(german)) expect(gaps(english[key] ?? ""), key).toEqual(gaps(text));
  });

  it("exist for every key that the code names", () => {
    const named = [...code.matchAll(/\bt\(\s*"([a-zA-Z_.]+)"/g)].map((found) => found[1] ?? "");
    expect(named.length).toBeGreaterThan(200);
    for (const key of named) {
      const there = key in german || Object.keys(german).some((each) => each.startsWith(`${key}_`));
      expect(there, key).toBe(true);
    }
  });

  it("are all used", () => {
    const patterns = [...code.matchAll(/`([a-zA-Z]+\.[a-zA-Z_]*)\$\{/g)].map((found) => found[1] ?? "");
    const unused = Object.keys(german).filter((key) => {
      const plain = key.replace(/_(one|other|all|some|by|self)$/, "");
      return !code.includes(`"${plain}"`) && !patterns.some((start) => key.startsWith(start));
    });
    expect(unused).toEqual([]);
  });

  it("use real quotation marks and the polite form", () => {
    for (const [key, text] of Object.entries(german)) {
      expect(text, key).not.toMatch(/["']/);
      expect(text, key).not.toMatch(/\b(du|dich|dir|dein|deine|deinen)\b/i);
    }
    for (const [key, text] of Object.entries(english)) expect(text, key).not.toMatch(/"/);
  });
});
