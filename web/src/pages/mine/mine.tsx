/** My telephone: the same building blocks, for oneself. */

import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useHistory, usePresence } from "~/api/live";
import { useRecord } from "~/api/records";
import { administers, useMe } from "~/api/session";
import { LeadsTo } from "~/kit/leads";
import { Page, Part } from "~/kit/page";
import { Sign } from "~/kit/sign";
import { Failed, Waiting } from "~/kit/states";
import { CallLines } from "../history/lines";
import { Contact, Reached } from "../people/person";
import { Access } from "./access";

export function Mine() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  const { data: me } = useMe();
  const id = me?.user ?? "";
  const { data, error, isPending, refetch } = useRecord(company, "users", id);
  const state = usePresence(company).data?.get(`user:${id}`) ?? "unknown";
  const history = useHistory(company, { person: `user:${id}` });
  const calls = history.data?.pages.flatMap((page) => page.items).slice(0, 10) ?? [];
  return (
    <Page title={t("nav.mine")} note={<Sign state={state} word />}>
      {isPending ? (
        <Waiting />
      ) : error ? (
        <Failed error={error} again={refetch} />
      ) : (
        <div className="vz-stack vz-mine">
          <Part title={t("leads.title")}>
            <div className="vz-rulenote">
              <LeadsTo company={company} to={`user:${id}`} />
            </div>
          </Part>
          <Reached company={company} person={data.data} edits />
          <Contact company={company} person={data.data} edits={administers(me)} roles={false} />
          <Access />
          <Part title={t("person.history")}>
            {calls.length ? (
              <CallLines company={company} calls={calls} of={`user:${id}`} />
            ) : (
              <p className="vz-dim">{t("person.noCalls")}</p>
            )}
          </Part>
        </div>
      )}
    </Page>
  );
}
