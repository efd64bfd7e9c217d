/** Weekly blocks of a schedule as a week to be drawn, and back. Blocks may go over midnight. */

export const DAYS = ["mo", "tu", "we", "th", "fr", "sa", "su"] as const;
export type Day = (typeof DAYS)[number];
export interface Block {
  day: number;
  from: number;
  to: number;
}

const minutes = (text: string): number => {
  const [hours, rest] = text.split(":");
  return Number(hours) * 60 + Number(rest);
};
export const clock = (value: number): string =>
  `${String(Math.floor(value / 60)).padStart(2, "0")}:${String(value % 60).padStart(2, "0")}`;

/** `mo-th` or `mo,we` as numbers of days, Monday 0; a range may go over Sunday. */
export function daysOf(text: string): number[] {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [first, last] = part.split("-");
    const start = DAYS.indexOf(first as Day);
    const end = DAYS.indexOf((last ?? first) as Day);
    if (start < 0 || end < 0) continue;
    for (let step = 0; step <= (((end - start) % 7) + 7) % 7; step++) found.add((start + step) % 7);
  }
  return [...found].sort((a, b) => a - b);
}

/** The blocks of a week by day, in the order of time; what goes over midnight is two blocks. */
export function blocksOf(weekly: Record<string, string[]> | undefined): Block[] {
  const found: Block[] = [];
  for (const [days, blocks] of Object.entries(weekly ?? {})) {
    for (const day of daysOf(days)) {
      for (const block of blocks) {
        const [start = "", end = ""] = block.split("-");
        const [from, to] = [minutes(start), minutes(end)];
        if (to > from) found.push({ day, from, to });
        else {
          found.push({ day, from, to: 1440 });
          if (to > 0) found.push({ day: (day + 1) % 7, from: 0, to });
        }
      }
    }
  }
  return found.sort((a, b) => a.day - b.day || a.from - b.from);
}

/** Texts of blocks by day as the shortest file form: equal days stand together. */
export function weeklyOf(byDay: readonly string[][]): Record<string, string[]> {
  const groups = new Map<string, number[]>();
  byDay.forEach((blocks, day) => {
    if (!blocks.length) return;
    const key = blocks.join(" ");
    groups.set(key, [...(groups.get(key) ?? []), day]);
  });
  return Object.fromEntries([...groups].map(([blocks, days]) => [named(days), blocks.split(" ")]));
}

function named(days: readonly number[]): string {
  const runs: number[][] = [];
  for (const day of days) {
    const run = runs.at(-1);
    if (run && run.at(-1) === day - 1) run.push(day);
    else runs.push([day]);
  }
  return runs
    .map((run) =>
      run.length > 2 ? `${DAYS[run[0] ?? 0]}-${DAYS[run.at(-1) ?? 0]}` : run.map((day) => DAYS[day]).join(","),
    )
    .join(",");
}

/** The blocks of each day as they are typed: `08:00-12:00 13:00-17:00`. */
export function byDay(weekly: Record<string, string[]> | undefined): string[][] {
  const found: string[][] = DAYS.map(() => []);
  for (const [days, blocks] of Object.entries(weekly ?? {}))
    for (const day of daysOf(days)) found[day]?.push(...blocks);
  return found.map((blocks) => blocks.sort());
}

const TYPED = /^([01]?\d|2[0-3])(?::?([0-5]\d))?\s*[-–]\s*([01]?\d|2[0-4])(?::?([0-5]\d))?$/;

/** What people type as blocks: `8-17`, `08:00-12:00, 13-17`. Null for what cannot be read. */
export function readBlocks(text: string): string[] | null {
  const parts = text
    .split(/[,;]|\s(?=\d)/)
    .map((part) => part.trim())
    .filter(Boolean);
  const found: string[] = [];
  for (const part of parts) {
    const hit = TYPED.exec(part);
    if (!hit) return null;
    const time = (hours: string | undefined, rest: string | undefined) =>
      `${(hours ?? "0").padStart(2, "0")}:${rest ?? "00"}`;
    found.push(`${time(hit[1], hit[2])}-${time(hit[3], hit[4])}`);
  }
  return found;
}
