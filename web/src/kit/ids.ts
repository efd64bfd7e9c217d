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

/** Of the extensions that nobody has: the first after the last person's, so that neighbours stay together. */
export function nextExtension(
  rows: readonly { extension?: string | null }[],
  free: readonly string[],
): string | undefined {
  const highest = rows.reduce((most, row) => Math.max(most, Number(row.extension ?? 0)), 0);
  return free.find((each) => Number(each) > highest) ?? free[0];
}
