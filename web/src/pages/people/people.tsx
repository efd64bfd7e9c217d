/** Everybody of the company: searched as one types, sorted, filtered; the detail opens beside. */

import { Button, NativeSelect } from "@mantine/core";
import { Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePresence } from "~/api/live";
import type { Person } from "~/api/model";
import { useSection } from "~/api/records";
import { manages, useMe } from "~/api/session";
import { type Column, Search } from "~/kit/datalist";
import { Count, FoundList } from "~/kit/found";
import { Icon } from "~/kit/icons";
import { type ListOf, useList } from "~/kit/liststate";
import { PageHead, Split } from "~/kit/page";
import { phone } from "~/kit/phone";
import { Sign } from "~/kit/sign";
import { Empty } from "~/kit/states";
import { NewPerson } from "./new";

const LIST: ListOf<Person> = {
  words: (row) => [
    row.name,
    row.extension,
    row.email,
    row.mobile,
    row.id,
    ...(row.numbers ?? []).flatMap((each) => [each.number, each.label]),
  ],
  sorts: {
    name: (row) => row.name,
    extension: (row) => row.extension,
    site: (row) => row.site,
    department: (row) => row.department,
  },
  first: "name",
};

export function People() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  const { id } = useParams({ strict: false }) as { id?: string };
  const search = useSearch({ from: "/c/$company/people" });
  const navigate = useNavigate();
  const { data: me } = useMe();
  const people = useSection(company, "users");
  const [adding, setAdding] = useState(false);
  const keep = useCallback(
    (row: Person) =>
      (!search.site || row.site === search.site) && (!search.department || row.department === search.department),
    [search.site, search.department],
  );
  const list = useList(people.rows, search, LIST, search.site || search.department ? keep : undefined);
  const columns = useColumns(company);
  const open = useCallback(
    (row: Person) =>
      navigate({ to: "/c/$company/people/$id", params: { company, id: row.id }, search: (old) => old as never }),
    [navigate, company],
  );
  return (
    <>
      <Split
        chosen={id !== undefined}
        detail={<Outlet />}
        list={
          <>
            <PageHead title={t("nav.people")} note={<Count shown={list.shown.length} total={people.total} />}>
              {manages(me) && (
                <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(true)}>
                  {t("people.add")}
                </Button>
              )}
            </PageHead>
            <div className="vz-bar">
              <Search value={list.typed} label={t("people.search")} onChange={list.onSearch} />
              <Filters company={company} site={search.site} department={search.department} narrow={list.narrow} />
            </div>
            <FoundList
              query={people}
              list={list}
              total={people.total}
              label={t("nav.people")}
              columns={columns}
              id={(row) => row.id}
              chosen={id}
              open={open}
              none={
                <Empty title={t("people.empty")} help={t("people.emptyHelp")}>
                  {manages(me) && <Button onClick={() => setAdding(true)}>{t("people.add")}</Button>}
                </Empty>
              }
            />
          </>
        }
      />
      {adding && <NewPerson company={company} close={() => setAdding(false)} />}
    </>
  );
}

interface FilterProps {
  company: string;
  site?: string;
  department?: string;
  narrow: (change: { site?: string; department?: string }) => void;
}

function Filters({ company, site, department, narrow }: FilterProps) {
  const { t } = useTranslation();
  const sites = useSection(company, "sites").rows;
  const departments = useSection(company, "departments").rows;
  const of = (rows: { id: string; name: string }[], all: string) => [
    { value: "", label: all },
    ...rows.map((each) => ({ value: each.id, label: each.name })),
  ];
  return (
    <>
      {sites.length > 1 && (
        <NativeSelect
          aria-label={t("field.site")}
          data={of(sites, t("people.allSites"))}
          value={site ?? ""}
          onChange={(event) => narrow({ site: event.currentTarget.value || undefined })}
        />
      )}
      {departments.length > 1 && (
        <NativeSelect
          aria-label={t("field.department")}
          data={of(departments, t("people.allDepartments"))}
          value={department ?? ""}
          onChange={(event) => narrow({ department: event.currentTarget.value || undefined })}
        />
      )}
    </>
  );
}

function useColumns(company: string): Column<Person>[] {
  const { t } = useTranslation();
  const presence = usePresence(company).data;
  const sites = useSection(company, "sites").byId;
  const departments = useSection(company, "departments").byId;
  return useMemo(
    () => [
      {
        key: "name",
        label: t("field.name"),
        width: "minmax(9rem, 3fr)",
        sorts: true,
        cell: (row) => (
          <>
            <Sign state={presence?.get(`user:${row.id}`) ?? "unknown"} />
            <span>{row.name}</span>
          </>
        ),
      },
      {
        key: "extension",
        label: t("field.extension"),
        width: "5rem",
        sorts: true,
        cell: (row) => <span className="vz-mono">{row.extension}</span>,
      },
      {
        key: "number",
        label: t("field.number"),
        width: "minmax(8rem, 2fr)",
        rank: 2,
        cell: (row) => <span className="vz-mono">{phone(row.numbers?.[0]?.number)}</span>,
      },
      {
        key: "department",
        label: t("field.department"),
        width: "minmax(6rem, 2fr)",
        rank: 3,
        sorts: true,
        cell: (row) => <span>{departments.get(row.department ?? "")?.name ?? ""}</span>,
      },
      {
        key: "site",
        label: t("field.site"),
        width: "minmax(6rem, 2fr)",
        rank: 3,
        sorts: true,
        cell: (row) => <span>{sites.get(row.site ?? "")?.name ?? ""}</span>,
      },
    ],
    [t, presence, sites, departments],
  );
}
