/** A call that was: the story, the rules, the timeline, and the ladder of messages for experts. */

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCompany } from "~/api/company";
import type { Explanation } from "~/api/explain";
import { type Problem, read } from "~/api/http";
import { seconds } from "~/api/live";
import type { Api } from "~/api/types";
import { useNames, useWho } from "~/kit/names";
import { Detail, Facts, Part } from "~/kit/page";
import { Failed, Waiting } from "~/kit/states";
import { lasted, useWhen } from "~/kit/when";
import { Outcome } from "../history/outcome";
import { Asked, Chain, Story } from "./story";

type Whole = Api["PastCallDetail"];
type Leg = Api["CallLeg"];

function One({ company, id }: { company: string; id: string }) {
  const path = `/companies/${encodeURIComponent(company)}/history/${encodeURIComponent(id)}`;
  const call = useQuery<Whole, Problem>({
    queryKey: ["history", company, "one", id],
    queryFn: () => read<Whole>(path),
  });
  const told = useQuery<Explanation, Problem>({
    queryKey: ["explain", company, "past", id],
    queryFn: () => read<Explanation>(`${path}/explanation`),
  });
  if (call.isPending || told.isPending) return <Waiting />;
  if (call.error || told.error)
    return <Failed error={call.error ?? told.error} again={() => [call.refetch(), told.refetch()]} />;
  return <Shown company={company} call={call.data} told={told.data} path={path} />;
}

export function PastCall() {
  const { company, id } = useParams({ from: "/c/$company/history/$id" });
  return <One key={id} company={company} id={id} />;
}

function Shown({ company, call, told, path }: { company: string; call: Whole; told: Explanation; path: string }) {
  const { t } = useTranslation();
  const who = useWho();
  const when = useWhen(useCompany(company).timezone);
  return (
    <Detail
      title={`${who(call.from)} → ${who(call.to)}`}
      note={when.long(seconds(call.started))}
      back="/c/$company/history"
      params={{ company }}
      acts={<Outcome call={call} />}
    >
      <Story company={company} told={told} caller={who(call.from)} />
      <Facts
        rows={[
          [t("history.answeredBy"), call.answered_by && who(call.answered_by)],
          [t("history.lasted"), call.answered ? lasted(call.seconds) : ""],
        ]}
      />
      <Chain company={company} told={told} />
      <Timeline company={company} call={call} told={told} />
      <Asked company={company} told={told} />
      <Ladder path={path} />
    </Detail>
  );
}

function Timeline({ company, call, told }: { company: string; call: Whole; told: Explanation }) {
  const { t } = useTranslation();
  const names = useNames(company);
  const when = useWhen(useCompany(company).timezone);
  const [start, end] = [seconds(call.started), seconds(call.ended)];
  const length = Math.max(end - start, 0.001);
  const until = call.answered ? seconds(call.answered) : end;
  const name = (leg: Leg) => leg.name ?? (leg.who ? names(leg.who) : (leg.number ?? t("target.outside")));
  return (
    <Part title={t("why.timeline")}>
      <div className="vz-tracks">
        <Track
          kind="ring"
          name={t("why.ringing")}
          from={0}
          to={(until - start) / length}
          lasted={lasted(until - start)}
        />
        {call.legs.map((leg) => {
          const [from, to] = [seconds(leg.joined) - start, seconds(leg.left) - start];
          return (
            <Track
              key={`${leg.device}${leg.joined}`}
              kind="talk"
              name={name(leg)}
              from={from / length}
              to={to / length}
              lasted={lasted(to - from)}
            />
          );
        })}
      </div>
      <ol className="vz-lines">
        {happened(told).map((each, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: what happened has no other name
          <li key={index}>
            <span className="vz-mono vz-dim">{each.at ? when.exact(seconds(each.at)) : ""}</span>
            <span className="vz-grow">
              {t(`why.what_${known(each.what)}`)}
              {each.text && each.what !== "answered" && ` – ${each.text}`}
            </span>
            <span className="vz-dim">
              {(each.phones ?? [])
                .map((one) => `${names(String(one.target ?? ""))}: ${String(one.text ?? one.outcome ?? "")}`)
                .join(", ")}
            </span>
          </li>
        ))}
      </ol>
    </Part>
  );
}

/** What happened, each thing once: an answer is told by the step and by the call. */
function happened(told: Explanation): Api["Happening"][] {
  const all = told.timeline ?? [];
  return all.filter(
    (each) =>
      each.step != null || !all.some((other) => other.step != null && other.what === each.what && other.at === each.at),
  );
}

const HAPPENINGS = ["started", "answered", "ended", "forwarded", "announced", "refused", "transferred"] as const;
const known = (what: string): (typeof HAPPENINGS)[number] | "other" =>
  HAPPENINGS.find((each) => each === what) ?? "other";

function Track({
  kind,
  name,
  from,
  to,
  lasted,
}: {
  kind: "ring" | "talk";
  name: string;
  from: number;
  to: number;
  lasted: string;
}) {
  const { t } = useTranslation();
  const share = (value: number) => `${Math.min(100, Math.max(0, value * 100))}%`;
  return (
    <>
      <span>{name}</span>
      <div className="vz-track" role="img" aria-label={t("why.lasted", { what: name, seconds: lasted })}>
        <i data-kind={kind} style={{ left: share(from), width: share(Math.max(to - from, 0.005)) }} />
      </div>
    </>
  );
}

function Ladder({ path }: { path: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const ladder = useQuery<Api["Trace"], Problem>({
    queryKey: ["ladder", path],
    queryFn: () => read<Api["Trace"]>(`${path}/trace`),
    enabled: open,
    retry: false,
  });
  return (
    <Part
      title={t("why.ladder")}
      acts={
        open && (
          <a href={`/api/v1${path}/trace.pcap`} download>
            {t("why.capture")}
          </a>
        )
      }
    >
      {!open && (
        <div>
          <Button variant="default" onClick={() => setOpen(true)}>
            {t("why.showLadder")}
          </Button>
        </div>
      )}
      {open && ladder.isPending && <Waiting />}
      {ladder.error && (
        <p className="vz-dim">{ladder.error.status === 404 ? t("why.noLadder") : ladder.error.message}</p>
      )}
      {ladder.data && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must take the focus
        <pre className="vz-ladder" tabIndex={0}>
          {ladder.data.lines.join("\n") || t("why.noLadder")}
        </pre>
      )}
    </Part>
  );
}
