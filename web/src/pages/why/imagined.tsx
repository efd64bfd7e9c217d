/** A call that might be: who, which number, when. Nobody's phone rings. */

import { Button, NativeSelect, TextInput } from "@mantine/core";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Explanation, OUTSIDE, useExplain } from "~/api/explain";
import { type Problem, read } from "~/api/http";
import { useNames } from "~/kit/names";
import { Page } from "~/kit/page";
import { Picker, useTargets } from "~/kit/picker";
import { Empty, Failed, Waiting } from "~/kit/states";
import { Asked, Chain, Story } from "./story";

const STATES = ["", "idle", "busy", "unregistered"] as const;

export function ImaginedCall() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  const { call } = useSearch({ from: "/c/$company/why" });
  if (call) return <LiveWhy company={company} id={call} />;
  return (
    <Page title={t("why.imagined")}>
      <Tester company={company} />
    </Page>
  );
}

function Told({ company, told }: { company: string; told: UseQueryResult<Explanation, Problem> }) {
  if (told.isPending) return <Waiting />;
  if (told.error) return <Failed error={told.error} again={told.refetch} />;
  return (
    <div className="vz-stack" aria-live="polite">
      <Story company={company} told={told.data} />
      <Chain company={company} told={told.data} />
      <Asked company={company} told={told.data} />
    </div>
  );
}

/** A call that goes on: what was decided so far. Once it has ended it stands in the history. */
function LiveWhy({ company, id }: { company: string; id: string }) {
  const { t } = useTranslation();
  const path = `/companies/${encodeURIComponent(company)}/calls/${encodeURIComponent(id)}/explanation`;
  const told = useQuery<Explanation, Problem>({
    queryKey: ["calls", company, "why", id],
    queryFn: () => read<Explanation>(path),
    retry: false,
    placeholderData: (before) => before,
  });
  const over = told.error?.status === 404;
  return (
    <Page title={t("why.live")}>
      {over ? (
        <Empty title={t("why.over")}>
          <Link to="/c/$company/history/$id" params={{ company, id }}>
            {t("nav.history")}
          </Link>
        </Empty>
      ) : (
        <Told company={company} told={told} />
      )}
    </Page>
  );
}

export function Tester({ company }: { company: string }) {
  const { t } = useTranslation();
  const search = useSearch({ strict: false }) as { from?: string; to?: string; at?: string };
  const navigate = useNavigate();
  const names = useNames(company);
  const targets = useTargets(company, false).filter(
    (each) => each.value.startsWith("user:") || each.value.startsWith("phone:"),
  );
  const [typed, setTyped] = useState(search.to ?? "");
  const [state, setState] = useState<(typeof STATES)[number]>("");
  const from = search.from ?? OUTSIDE;
  const put = (change: { from?: string; to?: string; at?: string }) =>
    navigate({ to: ".", search: ((old: object) => ({ ...old, ...change })) as never, replace: true });
  const to = search.to ?? "";
  const told = useExplain(
    company,
    to ? { from, to, at: search.at, assume: state ? [`all=${state}`] : undefined } : null,
  );
  const callers = [{ value: "anonymous", text: t("target.anonymous"), icon: "people" as const }, ...targets];
  return (
    <>
      <form
        className="vz-bar"
        style={{ padding: 0, alignItems: "end" }}
        onSubmit={(event) => {
          event.preventDefault();
          put({ to: typed.trim() });
        }}
      >
        <div>
          <div className="vz-dim">{t("why.from")}</div>
          <Picker
            label={t("why.from")}
            shown={from === OUTSIDE ? t("why.outside") : names(from)}
            choices={callers}
            free
            onPick={(value) => put({ from: value.startsWith("0") ? `+49${value.slice(1)}` : value })}
          />
        </div>
        <TextInput
          label={t("why.to")}
          placeholder="141"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <TextInput
          type="datetime-local"
          label={t("why.at")}
          value={search.at ?? ""}
          onChange={(event) => put({ at: event.currentTarget.value || undefined })}
        />
        <NativeSelect
          label={t("why.assume")}
          data={STATES.map((value) => ({ value, label: t(`why.state_${value || "live"}`) }))}
          value={state}
          onChange={(event) => setState(event.currentTarget.value as typeof state)}
        />
        <Button type="submit">{t("why.ask")}</Button>
      </form>
      {!to ? <p className="vz-dim">{t("why.askHelp")}</p> : <Told company={company} told={told} />}
    </>
  );
}
