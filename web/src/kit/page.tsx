/** The shape of a page: a title with what can be done, and a detail that opens beside a list, not instead of it. */

import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "./icons";

function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – Vorzimmer`;
  }, [title]);
}

export function PageHead({ title, note, children }: { title: string; note?: ReactNode; children?: ReactNode }) {
  useTitle(title);
  return (
    <div className="vz-head">
      <h1>{title}</h1>
      {note && <span className="vz-dim">{note}</span>}
      <div className="vz-acts">{children}</div>
    </div>
  );
}

/** A page of one column. */
export function Page({
  title,
  note,
  acts,
  children,
}: {
  title: string;
  note?: ReactNode;
  acts?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="vz-page">
      <PageHead title={title} note={note}>
        {acts}
      </PageHead>
      <div className="vz-scroll">{children}</div>
    </div>
  );
}

/** A list with the detail of what is chosen beside it; on a narrow screen the detail covers the list. */
export function Split({ list, detail, chosen }: { list: ReactNode; detail: ReactNode; chosen: boolean }) {
  return (
    <div className="vz-split" data-chosen={chosen || undefined}>
      <div className="vz-list">{list}</div>
      {chosen && <div className="vz-detail">{detail}</div>}
    </div>
  );
}

/** The detail of one thing. Esc closes it (keys.ts); the way back keeps the list's filters. */
export function Detail({
  title,
  sign,
  note,
  back,
  params,
  acts,
  children,
}: {
  title: string;
  sign?: ReactNode;
  note?: ReactNode;
  back: "/c/$company/people" | "/c/$company/devices" | "/c/$company/times" | "/c/$company/history";
  params: { company: string };
  acts?: ReactNode;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  useTitle(title);
  return (
    <section className="vz-one" aria-label={title}>
      <div className="vz-onehead">
        <Link
          to={back}
          params={params}
          search={(search) => search as never}
          className="vz-back"
          aria-label={t("page.back")}
        >
          <Icon name="back" size={18} />
        </Link>
        {sign}
        <div className="vz-onetitle">
          <h2>{title}</h2>
          {note && <span className="vz-dim">{note}</span>}
        </div>
        <div className="vz-acts">{acts}</div>
        <Link
          to={back}
          params={params}
          search={(search) => search as never}
          className="vz-x"
          aria-label={t("page.close")}
        >
          <Icon name="close" size={18} />
        </Link>
      </div>
      <div className="vz-onebody">{children}</div>
    </section>
  );
}

/** A titled part of a detail. */
export function Part({
  title,
  note,
  acts,
  children,
}: {
  title: string;
  note?: ReactNode;
  acts?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="vz-part">
      <div className="vz-parthead">
        <h3>{title}</h3>
        {note}
        {acts && <div className="vz-acts">{acts}</div>}
      </div>
      {children}
    </section>
  );
}

/** Facts as label and value. */
export function Facts({ rows }: { rows: [label: string, value: ReactNode][] }) {
  return (
    <dl className="vz-facts">
      {rows.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value || <span className="vz-dim">–</span>}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Badge({
  tone = "plain",
  children,
  title,
}: {
  tone?: "plain" | "ok" | "warn" | "bad" | "ring";
  children: ReactNode;
  title?: string;
}) {
  return (
    <span className="vz-badge" data-tone={tone} title={title}>
      {children}
    </span>
  );
}
