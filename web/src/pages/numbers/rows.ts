/** Numbers of a company as rows, and the ranges of its trunks that nobody has yet. */

import type { NumberSpec, Trunk } from "~/api/model";

export interface NumberRow {
  number: string;
  label: string;
  owner: string;
  name: string;
}
interface Dialable {
  id: string;
  name: string;
  extension?: string | null;
  numbers?: NumberSpec[];
}

export function numbersOf(kinds: [kind: string, rows: readonly Dialable[]][]): NumberRow[] {
  const found: NumberRow[] = [];
  for (const [kind, rows] of kinds) {
    for (const row of rows) {
      const owner = `${kind}:${row.id}`;
      if (row.extension) found.push({ number: row.extension, label: "", owner, name: row.name });
      for (const each of row.numbers ?? [])
        found.push({ number: each.number, label: each.label ?? "", owner, name: row.name });
    }
  }
  return found;
}

export interface Range {
  trunk: string;
  from: string;
  to: string;
  count: number;
  /** How many digits at the end differ between both ends. */
  tail: number;
}
const MOST = 8;

/** Free ranges, the longest first. A range of a trunk has equally long numbers. */
export function free(trunks: readonly Trunk[], rows: readonly NumberRow[]): Range[] {
  const taken = rows.filter((row) => row.number.startsWith("+")).map((row) => BigInt(row.number.slice(1)));
  taken.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const found: Range[] = [];
  for (const trunk of trunks) {
    for (const spec of trunk.numbers ?? []) {
      const first = spec.number ?? spec.from;
      const last = spec.number ?? spec.to;
      if (first && last)
        found.push(...gaps(trunk.name || trunk.id, BigInt(first.slice(1)), BigInt(last.slice(1)), taken));
    }
  }
  const once = new Map(found.map((each) => [each.from, each]));
  return [...once.values()].sort((a, b) => b.count - a.count).slice(0, MOST);
}

function gaps(trunk: string, first: bigint, last: bigint, taken: readonly bigint[]): Range[] {
  const found: Range[] = [];
  let from = first;
  const put = (to: bigint) => {
    if (to < from) return;
    const [start, end] = [`+${from}`, `+${to}`];
    let same = 0;
    while (same < start.length && start[same] === end[same]) same++;
    found.push({ trunk, from: start, to: end, count: Number(to - from) + 1, tail: start.length - same });
  };
  for (const each of taken) {
    if (each < from || each > last) continue;
    put(each - 1n);
    from = each + 1n;
  }
  put(last);
  return found;
}
