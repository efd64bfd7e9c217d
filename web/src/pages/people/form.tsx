/** The fields of a person, for a new one and for one that is there. */

import { NativeSelect, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Problem } from "~/api/http";
import type { Person } from "~/api/model";
import { useSection } from "~/api/records";

export type Draft = Partial<
  Pick<Person, "name" | "extension" | "email" | "mobile" | "site" | "department" | "role" | "language">
>;

/** What the server says about one field. */
export function fault(problem: Problem | null | undefined, field: string): string | undefined {
  return problem?.errors.find((each) => each.pointer === `/${field}` || each.pointer?.startsWith(`/${field}/`))?.detail;
}

interface Props {
  company: string;
  value: Draft;
  problem: Problem | null | undefined;
  roles: boolean;
  onChange: (change: Draft) => void;
}

export function PersonForm({ company, value, problem, roles, onChange }: Props) {
  const { t } = useTranslation();
  const sites = useSection(company, "sites").rows;
  const departments = useSection(company, "departments").rows;
  const of = (rows: { id: string; name: string }[]) => [
    { value: "", label: "–" },
    ...rows.map((each) => ({ value: each.id, label: each.name })),
  ];
  const text = (name: "name" | "extension" | "email" | "mobile", more: object = {}) => (
    <TextInput
      label={t(`field.${name}`)}
      value={value[name] ?? ""}
      error={fault(problem, name)}
      onChange={(event) => onChange({ [name]: event.currentTarget.value || (name === "name" ? "" : null) })}
      {...more}
    />
  );
  return (
    <div className="vz-form">
      {text("name", { required: true, maxLength: 80, "data-autofocus": true })}
      {text("extension", { inputMode: "numeric" })}
      {text("email", { type: "email" })}
      {text("mobile", { type: "tel", placeholder: "+49171…" })}
      <NativeSelect
        label={t("field.site")}
        data={of(sites)}
        value={value.site ?? ""}
        error={fault(problem, "site")}
        onChange={(event) => onChange({ site: event.currentTarget.value || null })}
      />
      <NativeSelect
        label={t("field.department")}
        data={of(departments)}
        value={value.department ?? ""}
        error={fault(problem, "department")}
        onChange={(event) => onChange({ department: event.currentTarget.value || null })}
      />
      <NativeSelect
        label={t("field.language")}
        data={[
          { value: "", label: t("field.companyLanguage") },
          { value: "de", label: "Deutsch" },
          { value: "en", label: "English" },
        ]}
        value={value.language ?? ""}
        onChange={(event) => onChange({ language: (event.currentTarget.value || null) as Draft["language"] })}
      />
      {roles && (
        <NativeSelect
          label={t("field.role")}
          data={(["user", "site_admin", "company_admin"] as const).map((role) => ({
            value: role,
            label: t(`role.${role}`),
          }))}
          value={value.role ?? "user"}
          error={fault(problem, "role")}
          onChange={(event) => onChange({ role: event.currentTarget.value as Draft["role"] })}
        />
      )}
    </div>
  );
}
