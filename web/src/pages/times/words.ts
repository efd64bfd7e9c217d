/** A schedule in words: *Mo–Do 08:00–17:00, Fr 08:00–15:00*. */

import { useTranslation } from "react-i18next";
import type { Schedule } from "~/api/model";
import type { DAYS } from "./week";

export function useScheduleWords(): (schedule: Schedule) => string {
  const { t } = useTranslation();
  const day = (text: string) =>
    text
      .replace(/[a-z]{2}/g, (each) => t(`day.${each as (typeof DAYS)[number]}`))
      .replaceAll("-", "–")
      .replaceAll(",", ", ");
  return (schedule) => {
    const week = Object.entries(schedule.weekly ?? {}).map(
      ([days, blocks]) => `${day(days)} ${blocks.map((each) => each.replace("-", "–")).join(", ")}`,
    );
    const { region, also } = schedule.holidays ?? {};
    if (region) week.push(t("times.publicIn", { region }));
    if (also?.length) week.push(t("times.also", { count: also.length }));
    return week.join("; ") || t("times.never");
  };
}
