/** Moments and lengths in words, in the company's time zone. */

import { useTranslation } from "react-i18next";

export function useWhen(zone?: string) {
  const { i18n } = useTranslation();
  const of = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(i18n.language, { timeZone: zone, ...options });
  const time = of({ hour: "2-digit", minute: "2-digit" });
  const exact = of({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const day = of({ weekday: "short", day: "2-digit", month: "2-digit" });
  const long = of({
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
  const key = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
  return {
    time: (seconds: number) => time.format(seconds * 1000),
    exact: (seconds: number) => exact.format(seconds * 1000),
    long: (seconds: number) => long.format(seconds * 1000),
    /** The time alone for today, with the day for every other. */
    short: (seconds: number) => {
      const today = key.format(Date.now()) === key.format(seconds * 1000);
      return today ? time.format(seconds * 1000) : `${day.format(seconds * 1000)} ${time.format(seconds * 1000)}`;
    },
    hour: (seconds: number) =>
      Number(
        new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", hour12: false }).format(seconds * 1000),
      ) % 24,
    isToday: (seconds: number) => key.format(Date.now()) === key.format(seconds * 1000),
  };
}

/** 75 as 1:15. */
export function lasted(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${rest}`
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}
