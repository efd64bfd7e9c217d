/** Every number and extension, whose it is, and where it leads at this moment; what is still free. */

import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useSection } from "~/api/records";
import { type Column, Search } from "~/kit/datalist";
import { Count, FoundList } from "~/kit/found";
import { LeadsTo } from "~/kit/leads";
import { type ListOf, useList } from "~/kit/liststate";
import { useNames } from "~/kit/names";
import { Badge, PageHead } from "~/kit/page";
import { phone } from "~/kit/phone";
import { Empty } from "~/kit/states";
import { free, type NumberRow, numbersOf } from "./rows";

const LIST: ListOf<NumberRow> = {
  words: (row) => [row.number, row.label, row.name, row.owner],
  sorts: { number: (row) => row.number, owner: (row) => row.name },
  first: "number",
};

export function Numbers() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  const search = useSearch({ from: "/c/$company/numbers" });
  const navigate = useNavigate();
  const users = useSection(company, "users");
  const phones = useSection(company, "phones").rows;
  const groups = useSection(company, "hunt_groups").rows;
  const menus = useSection(company, "attendants").rows;
  const trunks = useSection(company, "trunks").rows;
  const names = useNames(company);
  const rows = useMemo(
    () =>
      numbersOf([
        ["user", users.rows],
        ["phone", phones],
        ["hunt", groups],
        ["attendant", menus],
      ]),
    [users.rows, phones, groups, menus],
  );
  const ranges = useMemo(() => free(trunks, rows), [trunks, rows]);
  const list = useList(rows, search, LIST);
  const columns = useMemo<Column<NumberRow>[]>(
    () => [
      {
        key: "number",
        label: t("field.number"),
        width: "minmax(9rem, 12rem)",
        sorts: true,
        cell: (row) => <span className="vz-mono">{row.number.startsWith("+") ? phone(row.number) : row.number}</span>,
      },
      {
        key: "owner",
        label: t("field.owner"),
        width: "minmax(8rem, 1fr)",
        sorts: true,
        cell: (row) => (
          <>
            <span>{names(row.owner)}</span>
            {row.label && <Badge>{row.label}</Badge>}
          </>
        ),
      },
      {
        key: "leads",
        label: t("leads.title"),
        width: "minmax(12rem, 2fr)",
        rank: 2,
        cell: (row) => (
          <LeadsTo
            company={company}
            to={row.number.startsWith("+") ? `number:${row.number}` : row.number}
            why={false}
          />
        ),
      },
    ],
    [t, names, company],
  );
  return (
    <div className="vz-page vz-list">
      <PageHead title={t("nav.numbers")} note={<Count shown={list.shown.length} total={rows.length} />} />
      <div className="vz-bar">
        <Search value={list.typed} label={t("numbers.search")} onChange={list.onSearch} />
      </div>
      {ranges.length > 0 && (
        <div className="vz-bar">
          <span className="vz-dim">{t("numbers.free")}</span>
          {ranges.map((each) => (
            <Badge key={each.from} title={each.trunk}>
              {each.from === each.to ? phone(each.from) : `${phone(each.from)} – ${each.to.slice(-each.tail)}`} (
              {each.count})
            </Badge>
          ))}
        </div>
      )}
      <FoundList
        query={users}
        list={list}
        total={rows.length}
        label={t("nav.numbers")}
        columns={columns}
        id={(row) => `${row.owner} ${row.number}`}
        open={(row) => navigate({ to: "/c/$company/why", params: { company }, search: { to: row.number } })}
        none={
          <Empty title={t("numbers.empty")} help={t("numbers.emptyHelp")}>
            <Link to="/c/$company/people" params={{ company }}>
              {t("nav.people")}
            </Link>
          </Empty>
        }
      />
    </div>
  );
}
