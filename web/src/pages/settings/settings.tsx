/** The company itself: name, language, numbering, sites, departments, and the policies with their locks. */

import { Button, NativeSelect, Switch, TextInput } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Problem } from "~/api/http";
import { useMeta, useTexts } from "~/api/meta";
import type { Company } from "~/api/model";
import { useChanges, useRecord } from "~/api/records";
import { complain, say } from "~/app/undo";
import { Badge, Page, Part } from "~/kit/page";
import { Failed, Refused, Waiting } from "~/kit/states";
import { fault } from "../people/form";
import { Departments, Sites } from "./places";

export function Settings() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  const { data, error, isPending, refetch } = useRecord(company, "company", company);
  return (
    <Page title={t("nav.settings")}>
      {isPending ? (
        <Waiting />
      ) : error ? (
        <Failed error={error} again={refetch} />
      ) : (
        <>
          <CompanyForm key={data.etag} company={company} record={data.data} />
          <Sites company={company} />
          <Departments company={company} />
          <Policies company={company} record={data.data} />
        </>
      )}
    </Page>
  );
}

type Draft = Partial<Company>;
const ZONES = ["Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/London", "UTC"];

function CompanyForm({ company, record }: { company: string; record: Company }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<Draft>({});
  const { change } = useChanges(company, "company");
  const value = { ...record, ...draft };
  const text = (name: "name" | "sip_domain" | "area_code" | "outside_prefix" | "main_number", more: object = {}) => (
    <TextInput
      label={t(`company.${name}`)}
      value={value[name] ?? ""}
      error={fault(change.error as Problem | null, name)}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        setDraft((now) => ({
          ...now,
          [name]: typed || (name === "outside_prefix" || name === "main_number" ? null : ""),
        }));
      }}
      {...more}
    />
  );
  const save = async () => {
    const back = Object.fromEntries(Object.keys(draft).map((name) => [name, record[name] ?? null]));
    try {
      await change.mutateAsync({ id: company, patch: draft });
    } catch {
      return;
    }
    say(t("save.saved", { what: t("company.title") }), () => change.mutateAsync({ id: company, patch: back }));
  };
  return (
    <Part title={t("company.title")}>
      <div className="vz-form">
        {text("name")}
        {text("sip_domain")}
        {text("main_number", { placeholder: "+4989…" })}
        {text("area_code", { inputMode: "numeric", placeholder: "89" })}
        {text("outside_prefix", { inputMode: "numeric", placeholder: t("company.noPrefix") })}
        <NativeSelect
          label={t("field.language")}
          data={[
            { value: "de", label: "Deutsch" },
            { value: "en", label: "English" },
          ]}
          value={value.language ?? "de"}
          onChange={(event) => {
            const typed = event.currentTarget.value as "de" | "en";
            setDraft((now) => ({ ...now, language: typed }));
          }}
        />
        <NativeSelect
          label={t("company.timezone")}
          data={[...new Set([value.timezone ?? "Europe/Berlin", ...ZONES])]}
          value={value.timezone ?? "Europe/Berlin"}
          onChange={(event) => {
            const typed = event.currentTarget.value;
            setDraft((now) => ({ ...now, timezone: typed }));
          }}
        />
      </div>
      <Refused problem={change.error} />
      {Object.keys(draft).length > 0 && (
        <div className="vz-acts">
          <Button variant="subtle" color="gray" onClick={() => setDraft({})}>
            {t("save.drop")}
          </Button>
          <Button loading={change.isPending} onClick={save}>
            {t("save.save")}
          </Button>
        </div>
      )}
    </Part>
  );
}

/** What the company allows: on or off, and whether sites and people may decide otherwise. */
function Policies({ company, record }: { company: string; record: Company }) {
  const { t } = useTranslation();
  const { words, has } = useTexts();
  const { change } = useChanges(company, "company");
  const keys = useMeta().data?.keys ?? [];
  const policies = Object.entries(record.policies ?? {}).filter(([, each]) => each && typeof each === "object");
  if (!policies.length) return null;
  const put = async (name: string, field: "enabled" | "locked", value: boolean) => {
    try {
      await change.mutateAsync({ id: company, patch: { policies: { [name]: { [field]: value } } } });
      say(t("save.saved", { what: title(name) }), () =>
        change.mutateAsync({ id: company, patch: { policies: { [name]: { [field]: !value } } } }),
      );
    } catch (problem) {
      complain((problem as Error).message);
    }
  };
  const title = (name: string) => (has(`page.${name}`) ? words(`page.${name}`) : name);
  return (
    <Part title={t("policies.title")}>
      <p className="vz-dim">{t("policies.help")}</p>
      <ul className="vz-lines">
        {policies.map(([name, each]) => (
          <li key={name}>
            <span className="vz-grow">
              {title(name)}{" "}
              {keys.find((key) => key.name === "policies")?.acts === false && (
                <Badge tone="warn">{t("person.notYet")}</Badge>
              )}
            </span>
            <Switch
              size="sm"
              withThumbIndicator={false}
              label={t("policies.enabled")}
              checked={each.enabled ?? true}
              onChange={(event) => put(name, "enabled", event.currentTarget.checked)}
            />
            <Switch
              size="sm"
              withThumbIndicator={false}
              label={t("policies.locked")}
              checked={each.locked ?? false}
              onChange={(event) => put(name, "locked", event.currentTarget.checked)}
            />
          </li>
        ))}
      </ul>
    </Part>
  );
}
