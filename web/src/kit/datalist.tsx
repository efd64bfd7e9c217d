/** A list of any length: only the rows in sight exist. Searchable, sortable, walked by arrows, opened by Enter. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "./icons";

export interface Column<T> {
  key: string;
  label: string;
  /** A CSS grid width, such as `minmax(8rem, 2fr)`. */
  width: string;
  cell: (row: T) => ReactNode;
  sorts?: boolean;
  /** 1 is always there; higher ones go first where there is no room. */
  rank?: 1 | 2 | 3;
}
const ROW = 36;
const OVERSCAN = 12;
const HEAD = 28;

/** The columns' widths for each amount of room: what is not shown takes none. */
function widthsOf<T>(columns: Column<T>[]): Record<string, string> {
  const of = (most: number) =>
    columns
      .filter((column) => (column.rank ?? 1) <= most)
      .map((column) => column.width)
      .join(" ");
  return { "--vz-wide": of(3), "--vz-middle": of(2), "--vz-narrow": of(1) };
}

export interface ListProps<T> {
  label: string;
  rows: readonly T[];
  columns: Column<T>[];
  id: (row: T) => string;
  chosen?: string;
  open: (row: T) => void;
  sort?: string;
  down?: boolean;
  onSort?: (key: string) => void;
  empty: ReactNode;
}

export function DataList<T>({ label, rows, columns, id, chosen, open, sort, down, onSort, empty }: ListProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const widths = widthsOf(columns);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: OVERSCAN,
    scrollPaddingStart: HEAD,
    initialRect: { width: 800, height: 600 },
  });
  const at = chosen === undefined ? -1 : rows.findIndex((row) => id(row) === chosen);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is chosen is brought into sight once, not at every change of the list
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [chosen]);
  const focus = (index: number) => {
    if (index < 0 || index >= rows.length) return;
    virtual.scrollToIndex(index, { align: "auto" });
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-row="${index}"]`)?.focus());
  };
  const pressed = (event: KeyboardEvent) => {
    const from = Number((event.target as HTMLElement).closest<HTMLElement>("[data-row]")?.dataset.row ?? -1);
    const jump = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      Home: 0,
      End: rows.length - 1,
      PageDown: from + 15,
      PageUp: from - 15,
    }[event.key];
    if (from < 0 || jump === undefined) return;
    event.preventDefault();
    focus(Math.max(0, Math.min(jump, rows.length - 1)));
  };
  if (!rows.length) return <>{empty}</>;
  return (
    <div className="vz-table" role="table" aria-label={label} aria-rowcount={rows.length + 1} style={widths as never}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys walk between the rows, which are links themselves */}
      <div className="vz-rows" ref={box} onKeyDown={pressed}>
        <div role="rowgroup" className="vz-sticky">
          <div role="row" className="vz-row vz-rowhead" aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} down={down} onSort={onSort} />
            ))}
          </div>
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            const here = item.index === at;
            return (
              <div
                key={id(row)}
                role="row"
                aria-rowindex={item.index + 2}
                aria-current={here || undefined}
                data-row={item.index}
                tabIndex={here || (at < 0 && item.index === 0) ? 0 : -1}
                className="vz-row"
                style={{ transform: `translateY(${item.start}px)`, height: ROW }}
                onClick={() => open(row)}
                onKeyDown={(event) => {
                  if (event.key === "Enter" && event.target === event.currentTarget) open(row);
                }}
              >
                {columns.map((column) => (
                  <div key={column.key} role="cell" data-rank={column.rank ?? 1}>
                    {column.cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Head<T>({
  column,
  sort,
  down,
  onSort,
}: {
  column: Column<T>;
  sort?: string;
  down?: boolean;
  onSort?: (key: string) => void;
}) {
  const sorted = sort === column.key;
  if (!column.sorts || !onSort) {
    return (
      <div role="columnheader" data-rank={column.rank ?? 1}>
        {column.label || <span className="vz-sr">·</span>}
      </div>
    );
  }
  return (
    <div
      role="columnheader"
      data-rank={column.rank ?? 1}
      aria-sort={sorted ? (down ? "descending" : "ascending") : "none"}
    >
      <button type="button" className="vz-plain" onClick={() => onSort(column.key)}>
        {column.label}
        {sorted && <Icon name="down" size={12} />}
      </button>
    </div>
  );
}

/** The search field of a list: every key stroke narrows, Esc empties, arrow down goes into the list. */
export function Search({
  value,
  label,
  onChange,
}: {
  value: string;
  label: string;
  onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  const pressed = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Escape" && value) {
      event.preventDefault();
      onChange("");
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      document.querySelector<HTMLElement>("[data-row='0']")?.focus();
    }
  };
  return (
    <div className="vz-search">
      <Icon name="search" />
      <input
        data-search
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={pressed}
      />
      {!value && <kbd title={t("keys.search")}>/</kbd>}
    </div>
  );
}
