/** All devices of the company: who has them, whether they are there. */

import { NativeSelect } from "@mantine/core";
import { Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useRegistrations } from "~/api/live";
import type { Device } from "~/api/model";
import { useSection } from "~/api/records";
import { type Column, Search } from "~/kit/datalist";
import { Count, FoundList } from "~/kit/found";
import { type ListOf, useList } from "~/kit/liststate";
import { useNames } from "~/kit/names";
import { PageHead, Split } from "~/kit/page";
import { Sign } from "~/kit/sign";
import { Empty } from "~/kit/states";

const LIST: ListOf<Device> = {
  words: (row) => [row.id, row.name, row.username, row.owner, row.profile],
  sorts: { device: (row) => row.name || row.id, owner: (row) => row.owner },
  first: "device",
};

export function Devices() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  const { id } = useParams({ strict: false }) as { id?: string };
  const search = useSearch({ from: "/c/$company/devices" });
  const navigate = useNavigate();
  const devices = useSection(company, "devices");
  const registrations = useRegistrations(company).data;
  const names = useNames(company);
  const keep = useCallback(
    (row: Device) => {
      const there = Boolean(registrations?.get(row.id)?.length);
      return search.show === "there"
        ? there
        : search.show === "away"
          ? !there && (row.enabled ?? true)
          : !(row.enabled ?? true);
    },
    [registrations, search.show],
  );
  const list = useList(devices.rows, search, LIST, search.show ? keep : undefined);
  const columns = useMemo<Column<Device>[]>(
    () => [
      {
        key: "device",
        label: t("field.device"),
        width: "minmax(9rem, 2fr)",
        sorts: true,
        cell: (row) => (
          <>
            <Sign state={registrations?.get(row.id)?.length ? "free" : "unregistered"} />
            <span>{row.name || row.id}</span>
          </>
        ),
      },
      {
        key: "owner",
        label: t("field.owner"),
        width: "minmax(8rem, 2fr)",
        sorts: true,
        cell: (row) => <span>{names(row.owner)}</span>,
      },
      {
        key: "agent",
        label: t("field.model"),
        width: "minmax(8rem, 2fr)",
        rank: 2,
        cell: (row) => <span>{registrations?.get(row.id)?.[0]?.agent ?? ""}</span>,
      },
      {
        key: "username",
        label: t("device.username"),
        width: "minmax(8rem, 2fr)",
        rank: 3,
        cell: (row) => <span>{row.username ?? ""}</span>,
      },
    ],
    [t, registrations, names],
  );
  const show = (["there", "away", "off"] as const).map((value) => ({ value, label: t(`device.show_${value}`) }));
  return (
    <Split
      chosen={id !== undefined}
      detail={<Outlet />}
      list={
        <>
          <PageHead title={t("device.title")} note={<Count shown={list.shown.length} total={devices.total} />} />
          <div className="vz-bar">
            <Search value={list.typed} label={t("device.search")} onChange={list.onSearch} />
            <NativeSelect
              aria-label={t("device.show")}
              data={[{ value: "", label: t("device.show_all") }, ...show]}
              value={search.show ?? ""}
              onChange={(event) => list.narrow({ show: event.currentTarget.value || undefined })}
            />
          </div>
          <FoundList
            query={devices}
            list={list}
            total={devices.total}
            label={t("device.title")}
            columns={columns}
            id={(row) => row.id}
            chosen={id}
            open={(row) =>
              navigate({
                to: "/c/$company/devices/$id",
                params: { company, id: row.id },
                search: (old) => old as never,
              })
            }
            none={<Empty title={t("device.empty")} help={t("device.emptyHelp")} />}
          />
        </>
      }
    />
  );
}
