/** Ids and extensions that are still free. */

import { fold } from "./fold";

/** A readable id of a name: `Anna Schneider` -> `anna.schneider`, with a number where that is taken. */
export function idFrom(name: string, taken: ReadonlySet<string>): string {
  const umlauts = name.replace(/ä/gi, "ae").replace(/ö/gi, "oe").replace(/ü/gi, "ue");
  const base =
    fold(umlauts)
      .replace(/[^a-z0-9]+/g, ".")
      .replace(/^\.+|\.+$/g, "")
      .slice(0, 56) || "neu";
  if (!taken.has(base)) return base;
  for (let number = 2; ; number++) if (!taken.has(`${base}.${number}`)) return `${base}.${number}`;
}

/** The extension after the highest one, as long as the others. */
export function freeExtension(rows: readonly { extension?: string | null }[]): string | undefined {
  const used = new Set(rows.map((row) => row.extension).filter((each): each is string => Boolean(each)));
  let highest = -1;
  let length = 3;
  for (const each of used) {
    const value = Number(each);
    if (value > highest) {
      highest = value;
      length = each.length;
    }
  }
  if (highest < 0) return "100";
  for (let value = highest + 1; String(value).length <= length; value++)
    if (!used.has(String(value))) return String(value);
  for (let value = 10 ** (length - 1); value < highest; value++) if (!used.has(String(value))) return String(value);
  return undefined;
}
