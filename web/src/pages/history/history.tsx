/** The calls of the company, the newest first; beside each: why it went where it went. */

import { Button } from "@mantine/core";
import { Link, Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useCompany } from "~/api/company";
import { type PastCall, seconds, useHistory } from "~/api/live";
import { type Column, Search } from "~/kit/datalist";
import { FoundList } from "~/kit/found";
import { Icon } from "~/kit/icons";
import { type ListOf, useList } from "~/kit/liststate";
import { useWho } from "~/kit/names";
import { PageHead, Split } from "~/kit/page";
import { Empty } from "~/kit/states";
import { lasted, useWhen } from "~/kit/when";
import { Outcome } from "./outcome";

interface Row extends PastCall {
  who: string;
  whom: string;
}
const LIST: ListOf<Row> = {
  words: (row) => [row.who, row.whom, row.from.number, row.to.number, row.outcome_text, row.id],
  sorts: { when: (row) => -seconds(row.started), from: (row) => row.who, to: (row) => row.whom },
  first: "when",
};

export function History() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  const { id } = useParams({ strict: false }) as { id?: string };
  const search = useSearch({ from: "/c/$company/history" });
  const navigate = useNavigate();
  const who = useWho();
  const when = useWhen(useCompany(company).timezone);
  const history = useHistory(company);
  // biome-ignore lint/correctness/useExhaustiveDependencies: names change with the language only
  const rows = useMemo(
    () =>
      (history.data?.pages ?? [])
        .flatMap((page) => page.items)
        .map((call) => ({ ...call, who: who(call.from), whom: who(call.answered_by ?? call.to) })),
    [history.data, t],
  );
  const list = useList(rows, search, LIST);
  const columns: Column<Row>[] = [
    {
      key: "when",
      label: t("history.when"),
      width: "minmax(4.5rem, 7.5rem)",
      sorts: true,
      cell: (row) => <span className="vz-mono">{when.short(seconds(row.started))}</span>,
    },
    {
      key: "from",
      label: t("history.caller"),
      width: "minmax(7rem, 2fr)",
      sorts: true,
      cell: (row) => <span>{row.who}</span>,
    },
    {
      key: "to",
      label: t("history.called"),
      width: "minmax(7rem, 2fr)",
      sorts: true,
      cell: (row) => <span>{row.whom}</span>,
    },
    { key: "outcome", label: t("history.outcome"), width: "8rem", rank: 2, cell: (row) => <Outcome call={row} /> },
    {
      key: "lasted",
      label: t("history.lasted"),
      width: "4.5rem",
      rank: 3,
      cell: (row) => <span className="vz-mono">{row.answered ? lasted(row.seconds) : ""}</span>,
    },
  ];
  return (
    <Split
      chosen={id !== undefined}
      detail={<Outlet />}
      list={
        <>
          <PageHead title={t("nav.history")}>
            <Button
              component={Link}
              variant="default"
              leftSection={<Icon name="why" size={14} />}
              to="/c/$company/why"
              params={{ company } as never}
            >
              {t("why.imagine")}
            </Button>
          </PageHead>
          <div className="vz-bar">
            <Search value={list.typed} label={t("history.search")} onChange={list.onSearch} />
          </div>
          <FoundList
            query={history}
            list={list}
            total={rows.length}
            label={t("nav.history")}
            columns={columns}
            id={(row) => row.id}
            chosen={id}
            open={(row) =>
              navigate({
                to: "/c/$company/history/$id",
                params: { company, id: row.id },
                search: (old) => old as never,
              })
            }
            none={<Empty title={t("history.empty")} help={t("history.emptyHelp")} />}
          />
          {history.hasNextPage && (
            <div className="vz-bar">
              <Button variant="subtle" loading={history.isFetchingNextPage} onClick={() => history.fetchNextPage()}>
                {t("history.older")}
              </Button>
            </div>
          )}
        </>
      }
    />
  );
}
