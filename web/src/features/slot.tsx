/** The control for one field of a schema, small enough to stand inside a sentence. */

import { useTranslation } from "react-i18next";
import { type Schema, useTexts } from "~/api/meta";
import type { NumberSpec } from "~/api/model";
import { useSection } from "~/api/records";
import { phone } from "~/kit/phone";
import { TargetSlot, TargetsSlot } from "~/kit/picker";
import { ChoiceSlot, NumberSlot } from "~/kit/sentence";

interface Props {
  company: string;
  schema: Schema;
  label: string;
  /** The key of the field's words: `set.forwarding.busy.to`; choices are `<name>=<choice>`. */
  name: string;
  /** The owner's own numbers, where one of them is to be chosen. */
  numbers: NumberSpec[];
  value: unknown;
  disabled?: boolean;
  onChange: (value: unknown) => void;
}

export function Slot(props: Props) {
  const { schema, label, value, disabled, onChange, company } = props;
  if (schema["x-target"]) {
    return (
      <TargetSlot
        company={company}
        label={label}
        value={value as string | null}
        disabled={disabled}
        onChange={onChange}
      />
    );
  }
  if (schema.type === "array" && schema.items?.["x-target"]) {
    const most = schema.maxItems ?? 10;
    return (
      <TargetsSlot
        company={company}
        label={label}
        value={(value as string[]) ?? []}
        most={most}
        disabled={disabled}
        onChange={onChange}
      />
    );
  }
  if (schema["x-ref"]?.includes("schedule")) return <ScheduleSlot {...props} />;
  if (schema["x-number"]) return <OwnNumberSlot {...props} />;
  if (schema.enum) return <EnumSlot {...props} />;
  if (schema.type === "integer" || schema.type === "number") {
    return (
      <NumberSlot
        value={Number(value ?? 0)}
        min={schema.minimum}
        max={schema.maximum}
        label={label}
        disabled={disabled}
        onChange={onChange}
      />
    );
  }
  return (
    <input
      className="vz-slot vz-word"
      aria-label={label}
      value={String(value ?? "")}
      disabled={disabled}
      maxLength={schema.maxLength}
      onChange={(event) => onChange(event.currentTarget.value || null)}
    />
  );
}

function ScheduleSlot({ company, label, value, disabled, onChange }: Props) {
  const { t } = useTranslation();
  const schedules = useSection(company, "schedules").rows;
  const choices = [
    { value: "", text: t("times.always") },
    ...schedules.map((each) => ({ value: each.id, text: each.name })),
  ];
  return (
    <ChoiceSlot
      label={label}
      value={String(value ?? "")}
      choices={choices}
      disabled={disabled}
      onChange={(picked) => onChange(picked || null)}
    />
  );
}

function OwnNumberSlot({ label, numbers, value, disabled, onChange }: Props) {
  const { t } = useTranslation();
  const known = numbers.map((each) => ({ value: each.number, text: phone(each.number) }));
  const choices = [{ value: "", text: t("numbers.thePrimary") }, ...known];
  const chosen = String(value ?? "");
  if (chosen && !known.some((each) => each.value === chosen)) choices.push({ value: chosen, text: phone(chosen) });
  return (
    <ChoiceSlot
      label={label}
      value={chosen}
      choices={choices}
      disabled={disabled}
      onChange={(picked) => onChange(picked || null)}
    />
  );
}

function EnumSlot({ schema, label, name, value, disabled, onChange }: Props) {
  const { words } = useTexts();
  const choices = (schema.enum ?? [])
    .filter((each) => each !== null)
    .map((each) => ({ value: String(each), text: words(`${name}=${each}`) }));
  return (
    <ChoiceSlot label={label} value={String(value ?? "")} choices={choices} disabled={disabled} onChange={onChange} />
  );
}
