/** One schedule: its week to look at and to type, its holidays, and who uses it. */

import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schedule } from "~/api/model";
import { useChanges, useRecord } from "~/api/records";
import { complain, say } from "~/app/undo";
import { Icon } from "~/kit/icons";
import { Detail, Part } from "~/kit/page";
import { Failed, Refused, Waiting } from "~/kit/states";
import { blocksOf, byDay, clock, DAYS, readBlocks, weeklyOf } from "./week";
import { useScheduleWords } from "./words";

const REGIONS = ["BW", "BY", "BE", "BB", "HB", "HH", "HE", "MV", "NI", "NW", "RP", "SL", "SN", "ST", "SH", "TH"];

export function SchedulePage() {
  const { company, id } = useParams({ from: "/c/$company/times/$id" });
  const { data, error, isPending, refetch } = useRecord(company, "schedules", id);
  if (isPending) return <Waiting />;
  if (error) return <Failed error={error} again={refetch} />;
  return <Shown key={data.etag ?? id} company={company} schedule={data.data} />;
}

function Shown({ company, schedule }: { company: string; schedule: Schedule }) {
  const { t } = useTranslation();
  const words = useScheduleWords();
  return (
    <Detail title={schedule.name} note={words(schedule)} back="/c/$company/times" params={{ company }}>
      <Part title={t("times.week")}>
        <Week weekly={schedule.weekly} />
        <WeekForm company={company} schedule={schedule} />
      </Part>
      <Holidays company={company} schedule={schedule} />
    </Detail>
  );
}

/** The week as a calendar; words beside it say the same to those who do not see it. */
export function Week({ weekly }: { weekly: Schedule["weekly"] }) {
  const { t } = useTranslation();
  const blocks = useMemo(() => blocksOf(weekly), [weekly]);
  return (
    <div className="vz-week" aria-hidden="true">
      <div className="vz-dayname" />
      {DAYS.map((day) => (
        <div key={day} className="vz-dayname">
          {t(`day.${day}`)}
        </div>
      ))}
      <div className="vz-hours">
        {[4, 8, 12, 16, 20].map((hour) => (
          <span key={hour} style={{ top: `${(hour / 24) * 100}%` }}>
            {hour}
          </span>
        ))}
      </div>
      {DAYS.map((day, index) => (
        <div key={day} className="vz-day">
          {blocks
            .filter((block) => block.day === index)
            .map((block) => (
              <div
                key={block.from}
                className="vz-block"
                style={{ top: `${(block.from / 1440) * 100}%`, height: `${((block.to - block.from) / 1440) * 100}%` }}
              >
                {clock(block.from)}
              </div>
            ))}
        </div>
      ))}
    </div>
  );
}

function WeekForm({ company, schedule }: { company: string; schedule: Schedule }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(() => byDay(schedule.weekly).map((blocks) => blocks.join(", ")));
  const { change } = useChanges(company, "schedules");
  const read = typed.map(readBlocks);
  const bad = read.some((each) => each === null);
  const dirty =
    typed.join("|") !==
    byDay(schedule.weekly)
      .map((blocks) => blocks.join(", "))
      .join("|");
  const save = async () => {
    const weekly = weeklyOf(read.map((each) => each ?? []));
    const gone = Object.fromEntries(Object.keys(schedule.weekly ?? {}).map((days) => [days, null]));
    try {
      await change.mutateAsync({ id: schedule.id, patch: { weekly: { ...gone, ...weekly } } });
    } catch {
      return;
    }
    const back = { ...Object.fromEntries(Object.keys(weekly).map((days) => [days, null])), ...schedule.weekly };
    say(t("save.saved", { what: schedule.name }), () =>
      change.mutateAsync({ id: schedule.id, patch: { weekly: back } }),
    );
  };
  return (
    <>
      <p className="vz-dim">{t("times.typeHelp")}</p>
      <div className="vz-form">
        {DAYS.map((day, index) => (
          <TextInput
            key={day}
            label={t(`dayLong.${day}`)}
            placeholder={t("times.closed")}
            value={typed[index] ?? ""}
            error={read[index] === null ? t("times.unreadable") : undefined}
            onChange={(event) => {
              const value = event.currentTarget.value;
              setTyped((now) => now.with(index, value));
            }}
          />
        ))}
      </div>
      <Refused problem={change.error} />
      {dirty && (
        <div className="vz-acts">
          <Button
            variant="subtle"
            color="gray"
            onClick={() => setTyped(byDay(schedule.weekly).map((blocks) => blocks.join(", ")))}
          >
            {t("save.drop")}
          </Button>
          <Button disabled={bad} loading={change.isPending} onClick={save}>
            {t("save.save")}
          </Button>
        </div>
      )}
    </>
  );
}

function Holidays({ company, schedule }: { company: string; schedule: Schedule }) {
  const { t, i18n } = useTranslation();
  const [day, setDay] = useState("");
  const { change } = useChanges(company, "schedules");
  const region = schedule.holidays?.region ?? "";
  const also = schedule.holidays?.also ?? [];
  const format = new Intl.DateTimeFormat(i18n.language, {
    weekday: "short",
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  const put = async (holidays: { region: string | null; also: string[] }) => {
    const was = { region: region || null, also };
    try {
      await change.mutateAsync({ id: schedule.id, patch: { holidays } });
      say(t("save.saved", { what: t("times.holidays") }), () =>
        change.mutateAsync({ id: schedule.id, patch: { holidays: was } }),
      );
    } catch (problem) {
      complain((problem as Error).message);
    }
  };
  return (
    <Part title={t("times.holidays")}>
      <div className="vz-form">
        <NativeSelect
          label={t("times.region")}
          data={[
            { value: "", label: t("times.noRegion") },
            ...REGIONS.map((value) => ({ value, label: t(`region.${value}` as "region.BY") })),
          ]}
          value={region}
          onChange={(event) => put({ region: event.currentTarget.value || null, also })}
        />
      </div>
      <ul className="vz-lines">
        {also.map((each) => (
          <li key={each}>
            <span className="vz-grow">{format.format(new Date(`${each}T00:00:00Z`))}</span>
            <button
              type="button"
              className="vz-plain"
              aria-label={t("times.dropDay", { day: each })}
              onClick={() => put({ region: region || null, also: also.filter((other) => other !== each) })}
            >
              <Icon name="close" size={14} />
            </button>
          </li>
        ))}
      </ul>
      <div className="vz-bar" style={{ padding: 0 }}>
        <TextInput
          type="date"
          aria-label={t("times.ownDay")}
          value={day}
          onChange={(event) => setDay(event.currentTarget.value)}
        />
        <Button
          variant="default"
          disabled={!day || also.includes(day)}
          onClick={() => {
            put({ region: region || null, also: [...also, day].sort() });
            setDay("");
          }}
        >
          {t("times.addDay")}
        </Button>
      </div>
    </Part>
  );
}
