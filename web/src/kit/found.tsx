/** The rows that a list's search has found, or why there are none; and how many of them are shown. */

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { DataList, type ListProps } from "./datalist";
import { Empty, Failed, Waiting } from "./states";

interface Props<T> extends Omit<ListProps<T>, "rows" | "sort" | "down" | "onSort" | "empty"> {
  query: { isPending: boolean; error: unknown; refetch: () => void };
  /** What `useList` has found. */
  list: Pick<ListProps<T>, "sort" | "down" | "onSort"> & { shown: readonly T[] };
  /** How many there are before the search. */
  total: number;
  /** What stands there while there are none at all. */
  none: ReactNode;
}

export function FoundList<T>({ query, list, total, none, ...rest }: Props<T>) {
  const { t } = useTranslation();
  if (query.isPending) return <Waiting />;
  if (query.error) return <Failed error={query.error} again={query.refetch} />;
  const { shown, sort, down, onSort } = list;
  const empty = total ? <Empty title={t("list.nothing")} help={t("list.nothingHelp")} /> : none;
  return <DataList {...rest} rows={shown} sort={sort} down={down} onSort={onSort} empty={empty} />;
}

/** *12 of 100*, or just *100*. */
export function Count({ shown, total }: { shown: number; total: number }) {
  const { t } = useTranslation();
  return <>{t("list.count", { shown, total, context: shown === total ? "all" : "some" })}</>;
}
