/** A call that was: the story, the rules, the timeline, and the ladder of messages for experts. */

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Explanation } from "~/api/explain";
import { type Problem, read } from "~/api/http";
import type { PastCall as Call } from "~/api/live";
import { useRecord } from "~/api/records";
import { useNames } from "~/kit/names";
import { Detail, Facts, Part } from "~/kit/page";
import { Failed, Waiting } from "~/kit/states";
import { lasted, useWhen } from "~/kit/when";
import { Outcome } from "../history/outcome";
import { Asked, Chain, Story } from "./story";

interface Leg {
  id: string;
  party?: { ref?: string | { kind: string; id: string } | null; device?: string | null };
  outgoing?: boolean;
  joined?: number;
  left?: number;
}
type Whole = Call & { legs?: Leg[]; explanation?: Explanation };

export function One({ company, id }: { company: string; id: string }) {
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
  const names = useNames(company);
  const when = useWhen(useRecord(company, "company", company).data?.data.timezone);
  return (
    <Detail
      title={`${names(call.from)} → ${names(call.to)}`}
      note={when.long(call.started)}
      back="/c/$company/history"
      params={{ company }}
      acts={<Outcome call={call} />}
    >
      <Story company={company} told={told} />
      <Facts
        rows={[
          [t("history.answeredBy"), names(call.answered_by)],
          [t("history.lasted"), call.answered ? lasted(call.ended - call.answered) : ""],
          [t("history.over"), call.trunk],
        ]}
      />
      <Chain company={company} told={told} />
      <Timeline company={company} call={call} />
      <Asked company={company} told={told} />
      <Ladder path={path} />
    </Detail>
  );
}

function refOf(leg: Leg): string {
  const ref = leg.party?.ref;
  if (ref && typeof ref === "object") return `${ref.kind}:${ref.id}`;
  return ref ?? (leg.party?.device ? `device:${leg.party.device}` : "");
}

function Timeline({ company, call }: { company: string; call: Whole }) {
  const { t } = useTranslation();
  const names = useNames(company);
  const when = useWhen(useRecord(company, "company", company).data?.data.timezone);
  const length = Math.max(call.ended - call.started, 0.001);
  const share = (moment: number) => `${Math.min(100, Math.max(0, ((moment - call.started) / length) * 100))}%`;
  const width = (from: number, to: number) => `${Math.max(0.5, ((to - from) / length) * 100)}%`;
  const until = call.answered ?? call.ended;
  return (
    <Part title={t("why.timeline")}>
      <div className="vz-tracks">
        <span>{t("why.ringing")}</span>
        <div
          className="vz-track"
          role="img"
          aria-label={t("why.lasted", { what: t("why.ringing"), seconds: lasted(until - call.started) })}
        >
          <i style={{ left: 0, width: width(call.started, until) }} />
        </div>
        {(call.legs ?? []).map((leg) => {
          const [from, to] = [leg.joined ?? call.started, leg.left ?? call.ended];
          const name = names(refOf(leg)) || t("target.outside");
          return (
            <Track
              key={leg.id}
              name={name}
              label={t("why.lasted", { what: name, seconds: lasted(to - from) })}
              left={share(from)}
              width={width(from, to)}
            />
          );
        })}
      </div>
      <div className="vz-barlabels">
        <span className="vz-mono">{when.exact(call.started)}</span>
        <span className="vz-mono">{when.exact(call.ended)}</span>
      </div>
    </Part>
  );
}

function Track({ name, label, left, width }: { name: string; label: string; left: string; width: string }) {
  return (
    <>
      <span>{name}</span>
      <div className="vz-track" role="img" aria-label={label}>
        <i data-kind="talk" style={{ left, width }} />
      </div>
    </>
  );
}

function Ladder({ path }: { path: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const ladder = useQuery<{ lines?: string[]; text?: string }, Problem>({
    queryKey: ["ladder", path],
    queryFn: () => read(`${path}/ladder`),
    enabled: open,
    retry: false,
  });
  return (
    <Part title={t("why.ladder")}>
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
          {ladder.data.text ?? ladder.data.lines?.join("\n")}
        </pre>
      )}
    </Part>
  );
}
