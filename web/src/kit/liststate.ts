/** What a list shows: search and order out of its address, applied without asking the server. */

import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import type { ListSearch } from "~/app/router";
import { fold } from "./fold";

/** After so long without a key stroke the search goes into the address. */
const SETTLED_MS = 300;

/** Folded texts of rows, made once per row and forgotten with it. */
const folded = new WeakMap<object, string>();

function textOf<T extends object>(row: T, words: (row: T) => (string | null | undefined)[]): string {
  let text = folded.get(row);
  if (text === undefined) {
    text = fold(words(row).filter(Boolean).join("\n"));
    folded.set(row, text);
  }
  return text;
}

export interface ListOf<T> {
  words: (row: T) => (string | null | undefined)[];
  /** What a column sorts by: text is folded, numbers are compared as such. */
  sorts: Record<string, (row: T) => string | number | null | undefined>;
  first: string;
}

function ordered<T>(rows: readonly T[], by: (row: T) => string | number | null | undefined, down: boolean): T[] {
  const keyed = rows.map((row) => {
    const value = by(row);
    return { row, key: typeof value === "string" ? fold(value) : value };
  });
  const sign = down ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key === b.key) return 0;
    if (a.key === null || a.key === undefined || a.key === "") return 1;
    if (b.key === null || b.key === undefined || b.key === "") return -1;
    return a.key < b.key ? -sign : sign;
  });
  return keyed.map((each) => each.row);
}

/** Rows as searched and sorted; `typed` follows the keyboard at once, the rows as soon as there is time. */
export function useList<T extends object>(
  rows: readonly T[],
  search: ListSearch,
  of: ListOf<T>,
  keep?: (row: T) => boolean,
) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState(search.q ?? "");
  const wanted = useDeferredValue(typed);
  const sort = search.sort ?? of.first;
  const down = search.down ?? false;
  const sorted = useMemo(() => {
    const by = of.sorts[sort] ?? of.sorts[of.first];
    return by ? ordered(rows, by, down) : [...rows];
  }, [rows, of, sort, down]);
  const shown = useMemo(() => {
    const parts = fold(wanted.trim()).split(/\s+/).filter(Boolean);
    if (!parts.length && !keep) return sorted;
    return sorted.filter((row) => {
      if (keep && !keep(row)) return false;
      if (!parts.length) return true;
      const text = textOf(row, of.words);
      return parts.every((part) => text.includes(part));
    });
  }, [sorted, wanted, keep, of]);
  const narrow = (change: Partial<ListSearch>) => {
    navigate({ to: ".", search: ((old: ListSearch) => ({ ...old, ...change })) as never, replace: true });
  };
  const due = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(due.current), []);
  const onSearch = (q: string) => {
    setTyped(q);
    clearTimeout(due.current);
    due.current = setTimeout(() => narrow({ q: q || undefined }), SETTLED_MS);
  };
  const onSort = (key: string) =>
    narrow(key === sort ? { sort: key, down: !down || undefined } : { sort: key, down: undefined });
  return { shown, typed, onSearch, sort, down, onSort, narrow };
}
