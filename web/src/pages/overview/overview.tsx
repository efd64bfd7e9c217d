/** What needs attention, which calls there are now, how the day went. Everything moves by itself. */

import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCompany } from "~/api/company";
import {
  type LiveCall,
  seconds,
  stateOf,
  useHistory,
  useLiveCalls,
  useRegistrations,
  useTrunkStates,
} from "~/api/live";
import { useSection } from "~/api/records";
import { administers, useMe } from "~/api/session";
import { Icon } from "~/kit/icons";
import { useWho } from "~/kit/names";
import { Page, Part } from "~/kit/page";
import { Sign } from "~/kit/sign";
import { Failed, Waiting } from "~/kit/states";
import { lasted, useWhen } from "~/kit/when";

export function Overview() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  return (
    <Page title={t("nav.overview")}>
      <Attention company={company} />
      <Now company={company} />
      <Today company={company} />
    </Page>
  );
}

function Attention({ company }: { company: string }) {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const admin = administers(me);
  const users = useSection(company, "users");
  const devices = useSection(company, "devices");
  const trunks = useSection(company, "trunks", admin);
  const registrations = useRegistrations(company);
  const states = useTrunkStates(company, admin);
  const switchedOn = devices.rows.filter((each) => each.enabled ?? true);
  const there = switchedOn.filter((each) => registrations.data?.get(each.id)?.length).length;
  const owners = new Set(devices.rows.map((each) => each.owner));
  const phoneless = users.rows.filter((each) => !owners.has(`user:${each.id}`));
  const down = trunks.rows.filter((each) => (each.enabled ?? true) && states.data && !states.data.get(each.id)?.up);
  if (devices.isPending || users.isPending) return <Waiting />;
  const calm = !down.length && !phoneless.length && users.total > 0;
  return (
    <>
      <div className="vz-figures">
        <Figure value={String(users.total)} label={t("overview.people")} to="/c/$company/people" company={company} />
        <Figure
          value={`${there} / ${switchedOn.length}`}
          label={t("overview.devices")}
          to="/c/$company/devices"
          company={company}
        />
        {admin && (
          <Figure
            value={`${trunks.rows.filter((each) => states.data?.get(each.id)?.up).length} / ${trunks.rows.filter((each) => each.enabled ?? true).length}`}
            label={t("overview.lines")}
            to="/c/$company/lines"
            company={company}
          />
        )}
      </div>
      <Part title={t("overview.attention")}>
        {calm && (
          <p className="vz-sign" data-state="free">
            <Icon name="check" />
            <span>{t("overview.calm")}</span>
          </p>
        )}
        <ul className="vz-lines">
          {down.map((each) => (
            <li key={each.id}>
              <Icon name="warn" />
              <span className="vz-grow">
                {t("overview.lineDown", { name: each.name || each.id, why: states.data?.get(each.id)?.why ?? "" })}
              </span>
              <Link to="/c/$company/lines" params={{ company }}>
                {t("overview.look")}
              </Link>
            </li>
          ))}
          {phoneless.length > 0 && (
            <li>
              <Icon name="info" />
              <span className="vz-grow">
                {t("overview.phoneless", {
                  count: phoneless.length,
                  names: phoneless
                    .slice(0, 3)
                    .map((each) => each.name)
                    .join(", "),
                })}
              </span>
              <Link to="/c/$company/people" params={{ company }}>
                {t("overview.look")}
              </Link>
            </li>
          )}
          {users.total === 0 && (
            <li>
              <Icon name="info" />
              <span className="vz-grow">{t("people.emptyHelp")}</span>
              <Link to="/c/$company/people" params={{ company }}>
                {t("people.add")}
              </Link>
            </li>
          )}
        </ul>
      </Part>
    </>
  );
}

function Figure({
  value,
  label,
  to,
  company,
}: {
  value: string;
  label: string;
  to: "/c/$company/people" | "/c/$company/devices" | "/c/$company/lines";
  company: string;
}) {
  return (
    <div className="vz-figure">
      <strong>{value}</strong>
      <Link to={to} params={{ company }}>
        {label}
      </Link>
    </div>
  );
}

/** Seconds that go by while calls last. */
function useTick(on: boolean): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => setNow(Date.now() / 1000), 1000);
    return () => clearInterval(timer);
  }, [on]);
  return now;
}

function Now({ company }: { company: string }) {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useLiveCalls(company);
  const now = useTick(Boolean(data?.length));
  return (
    <Part title={t("overview.now")}>
      {isPending ? (
        <Waiting />
      ) : error ? (
        <Failed error={error} again={refetch} />
      ) : data.length ? (
        <ul className="vz-lines" aria-live="polite">
          {data.map((each) => (
            <Live key={each.id} company={company} call={each} now={now} />
          ))}
        </ul>
      ) : (
        <p className="vz-dim">{t("overview.noCalls")}</p>
      )}
    </Part>
  );
}

function Live({ company, call, now }: { company: string; call: LiveCall; now: number }) {
  const { t } = useTranslation();
  const who = useWho();
  const parties = call.parties.filter((party) => party.name && party.who !== call.from.ref).map((party) => party.name);
  const whom = [...new Set(parties)].join(", ") || who(call.to);
  return (
    <li>
      <Sign state={stateOf(call.state)} word />
      <span className="vz-grow">
        {who(call.from)} → {whom}
      </span>
      <Link to="/c/$company/why" params={{ company }} search={{ call: call.id }}>
        {t("leads.why")}
      </Link>
      <span className="vz-dim vz-mono">{lasted(now - seconds(call.answered ?? call.started))}</span>
    </li>
  );
}

function Today({ company }: { company: string }) {
  const { t } = useTranslation();
  const zone = useCompany(company).timezone;
  const when = useWhen(zone);
  const { data, error } = useHistory(company);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `when` is made anew at every drawing and says the same
  const hours = useMemo(() => {
    const found = Array.from({ length: 24 }, () => 0);
    for (const call of data?.pages.flatMap((page) => page.items) ?? []) {
      if (!when.isToday(seconds(call.started))) continue;
      const hour = when.hour(seconds(call.started));
      found[hour] = (found[hour] ?? 0) + 1;
    }
    return found;
  }, [data, zone]);
  if (error) return null;
  const total = hours.reduce((sum, each) => sum + each, 0);
  const most = Math.max(...hours, 1);
  return (
    <Part title={t("overview.today")} note={<span className="vz-dim">{t("overview.calls", { count: total })}</span>}>
      <div
        className="vz-bars"
        role="img"
        aria-label={
          hours
            .map((count, hour) => (count ? t("overview.atHour", { hour, count }) : ""))
            .filter(Boolean)
            .join(", ") || t("overview.noCalls")
        }
      >
        {hours.map((count, hour) => (
          <i
            // biome-ignore lint/suspicious/noArrayIndexKey: an hour is its place
            key={hour}
            style={{ height: `${(count / most) * 100}%`, opacity: count ? 1 : 0.25 }}
            title={t("overview.atHour", { hour, count })}
          />
        ))}
      </div>
      <div className="vz-barlabels" aria-hidden="true">
        {[0, 6, 12, 18, 24].map((hour) => (
          <span key={hour}>{hour}</span>
        ))}
      </div>
    </Part>
  );
}
