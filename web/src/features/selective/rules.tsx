/** Rules about callers as sentences: *Externe Anrufe in den Bürozeiten gehen an Bea.* The full form is one click away. */

import { Button, Checkbox, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Criterion } from "~/api/model";
import { useSection } from "~/api/records";
import { Icon } from "~/kit/icons";
import { TargetSlot } from "~/kit/picker";
import { ChoiceSlot, Rule, Sentence } from "~/kit/sentence";
import type { Owner } from "../section";

type Kind = "forward" | "accept" | "reject";
const CALLERS = ["any", "internal", "external", "listed"] as const;

interface Props {
  owner: Owner;
  kind: Kind;
  rules: Criterion[];
  onChange: (rules: Criterion[]) => void;
}

export function Rules({ owner, kind, rules, onChange }: Props) {
  const { t } = useTranslation();
  const put = (at: number, change: Partial<Criterion>) =>
    onChange(rules.map((rule, index) => (index === at ? { ...rule, ...change } : rule)));
  const add = () => {
    const names = new Set(rules.map((rule) => rule.name));
    let number = rules.length + 1;
    while (names.has(t("criterion.name", { number }))) number++;
    const fresh: Criterion = { name: t("criterion.name", { number }), active: true, callers: "external" };
    onChange([...rules, fresh]);
  };
  return (
    <>
      {rules.map((rule, index) => (
        <OneRule
          // biome-ignore lint/suspicious/noArrayIndexKey: a rule's name may be edited, its place is its identity
          key={index}
          owner={owner}
          kind={kind}
          rule={rule}
          put={(change) => put(index, change)}
          remove={() => onChange(rules.filter((_, at) => at !== index))}
        />
      ))}
      <div>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<Icon name="plus" size={14} />}
          disabled={owner.locked}
          onClick={add}
        >
          {t(`criterion.add_${kind}`)}
        </Button>
      </div>
    </>
  );
}

interface OneProps {
  owner: Owner;
  kind: Kind;
  rule: Criterion;
  put: (change: Partial<Criterion>) => void;
  remove: () => void;
}

function OneRule({ owner, kind, rule, put, remove }: OneProps) {
  const { t } = useTranslation();
  const [full, setFull] = useState(false);
  const slots: Record<string, ReactNode> = {
    callers: (
      <ChoiceSlot
        label={t("criterion.callers")}
        value={rule.callers ?? "any"}
        choices={CALLERS.map((value) => ({ value, text: t(`criterion.callers_${value}`) }))}
        disabled={owner.locked}
        onChange={(callers) => put({ callers: callers as Criterion["callers"] })}
      />
    ),
    schedule: <When owner={owner} value={rule.schedule} onChange={(schedule) => put({ schedule })} />,
    to: (
      <TargetSlot
        company={owner.company}
        label={t("criterion.to")}
        value={rule.to}
        disabled={owner.locked}
        onChange={(to) => put({ to })}
      />
    ),
  };
  const notes = (
    <>
      <span>{rule.name}</span>
      {rule.filter === false && <span>{t("criterion.exception")}</span>}
      <button type="button" className="vz-plain" aria-expanded={full} onClick={() => setFull((now) => !now)}>
        {full ? t("criterion.less") : t("criterion.more")}
      </button>
      <button type="button" className="vz-plain" onClick={remove} disabled={owner.locked}>
        {t("criterion.remove")}
      </button>
    </>
  );
  return (
    <Rule
      on={rule.active ?? true}
      label={rule.name}
      disabled={owner.locked}
      onSwitch={(active) => put({ active })}
      notes={notes}
    >
      <Sentence text={t(`criterion.says_${kind}`)} slots={slots} />
      {(full || rule.callers === "listed") && <Full rule={rule} put={put} full={full} />}
    </Rule>
  );
}

function When({
  owner,
  value,
  onChange,
}: {
  owner: Owner;
  value: string | null | undefined;
  onChange: (value: string | null) => void;
}) {
  const { t } = useTranslation();
  const schedules = useSection(owner.company, "schedules").rows;
  const choices = [
    { value: "", text: t("times.always") },
    ...schedules.map((each) => ({ value: each.id, text: t("criterion.within", { name: each.name }) })),
  ];
  return (
    <ChoiceSlot
      label={t("criterion.when")}
      value={value ?? ""}
      choices={choices}
      disabled={owner.locked}
      onChange={(picked) => onChange(picked || null)}
    />
  );
}

function Full({ rule, put, full }: { rule: Criterion; put: (change: Partial<Criterion>) => void; full: boolean }) {
  const { t } = useTranslation();
  const [numbers, setNumbers] = useState((rule.numbers ?? []).join(", "));
  const take = () => put({ numbers: numbers.split(/[\s,;]+/).filter(Boolean) });
  return (
    <div className="vz-form">
      {rule.callers === "listed" && (
        <TextInput
          label={t("criterion.numbers")}
          description={t("criterion.numbersHelp")}
          value={numbers}
          onChange={(event) => setNumbers(event.currentTarget.value)}
          onBlur={take}
        />
      )}
      {full && (
        <>
          <TextInput
            label={t("criterion.title")}
            maxLength={50}
            value={rule.name}
            onChange={(event) => put({ name: event.currentTarget.value })}
          />
          <Checkbox
            size="xs"
            label={t("criterion.exceptionLong")}
            checked={rule.filter === false}
            onChange={(event) => put({ filter: !event.currentTarget.checked })}
          />
          <Checkbox
            size="xs"
            label={t("criterion.anonymous")}
            checked={rule.anonymous ?? false}
            onChange={(event) => put({ anonymous: event.currentTarget.checked })}
          />
          <Checkbox
            size="xs"
            label={t("criterion.unavailable")}
            checked={rule.unavailable ?? false}
            onChange={(event) => put({ unavailable: event.currentTarget.checked })}
          />
        </>
      )}
    </div>
  );
}
