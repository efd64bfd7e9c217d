/** A part of a sentence that names somebody: a button that opens a list one can type in. */

import { Popover } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCards } from "~/api/directory";
import { fold } from "./fold";
import { type Hit, Hits } from "./hits";
import { Icon, type IconName } from "./icons";
import { useNames } from "./names";
import { phone } from "./phone";

export interface Choice {
  value: string;
  text: string;
  note?: string;
  icon?: IconName;
}
const MOST = 40;
const NUMBER = /^\+?[0-9][0-9 /()-]{1,24}$/;

interface PickerProps {
  label: string;
  shown: string;
  empty?: boolean;
  disabled?: boolean;
  choices: Choice[];
  /** Whether a number that nobody in the list has may be taken too. */
  free?: boolean;
  onPick: (value: string) => void;
}

export function Picker({ label, shown, empty, disabled, choices, free, onPick }: PickerProps) {
  const [open, setOpen] = useState(false);
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-start"
      width={280}
      trapFocus
      shadow="md"
      transitionProps={{ duration: 80 }}
    >
      <Popover.Target>
        <button
          type="button"
          className="vz-slot"
          data-empty={empty || undefined}
          disabled={disabled}
          aria-label={`${label}: ${shown}`}
          onClick={() => setOpen((now) => !now)}
        >
          <span>{shown}</span>
          <Icon name="down" size={12} />
        </button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label={label}>
        <Choices
          label={label}
          choices={choices}
          free={free}
          onPick={(value) => {
            setOpen(false);
            onPick(value);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

function Choices({ label, choices, free, onPick }: Pick<PickerProps, "label" | "choices" | "free" | "onPick">) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const found = useMemo(() => {
    const wanted = fold(typed.trim());
    const hits = choices
      .filter((each) => !wanted || fold(`${each.text} ${each.note ?? ""}`).includes(wanted))
      .slice(0, MOST)
      .map(({ value, ...shown }): Hit => ({ key: value, ...shown }));
    if (free && NUMBER.test(typed.trim())) {
      const number = typed.replace(/[ /()-]/g, "");
      hits.unshift({ key: number, text: t("target.number", { number: phone(number) }), icon: "numbers" });
    }
    return hits;
  }, [choices, typed, free, t]);
  return (
    <Hits
      small
      label={label}
      found={label}
      placeholder={free ? t("target.searchOrNumber") : t("target.search")}
      typed={typed}
      hits={found}
      onType={setTyped}
      onTake={(hit) => onPick(hit.key)}
    />
  );
}

const KINDS: Record<string, IconName> = { user: "people", phone: "device", hunt: "groups", attendant: "speak" };

/** Everybody and everything that a call can be led to. */
export function useTargets(company: string, mailbox: boolean): Choice[] {
  const { t } = useTranslation();
  const cards = useCards(company);
  return useMemo(() => {
    const found: Choice[] = mailbox ? [{ value: "voicemail", text: t("target.voicemail"), icon: "speak" }] : [];
    for (const each of cards) {
      const icon = KINDS[each.kind];
      if (icon) found.push({ value: each.ref, text: each.name, note: each.extension ?? "", icon });
    }
    return found;
  }, [cards, mailbox, t]);
}

interface TargetProps {
  company: string;
  label: string;
  value: string | null | undefined;
  mailbox?: boolean;
  disabled?: boolean;
  onChange: (value: string) => void;
}

export function TargetSlot({ company, label, value, mailbox = true, disabled, onChange }: TargetProps) {
  const { t } = useTranslation();
  const names = useNames(company);
  const choices = useTargets(company, mailbox);
  const shown = value ? names(value) : t("target.choose");
  return (
    <Picker label={label} shown={shown} empty={!value} disabled={disabled} choices={choices} free onPick={onChange} />
  );
}

/** Several targets one after the other: each with its own way out, and one more. */
export function TargetsSlot({
  company,
  label,
  value,
  most,
  disabled,
  onChange,
}: Omit<TargetProps, "value" | "onChange" | "mailbox"> & {
  value: string[];
  most: number;
  onChange: (value: string[]) => void;
}) {
  const { t } = useTranslation();
  const names = useNames(company);
  const choices = useTargets(company, false);
  return (
    <>
      {value.map((each) => (
        <button
          key={each}
          type="button"
          className="vz-slot"
          disabled={disabled}
          aria-label={t("target.remove", { name: names(each) })}
          onClick={() => onChange(value.filter((other) => other !== each))}
        >
          <span>{names(each)}</span>
          <Icon name="close" size={12} />
        </button>
      ))}
      {value.length < most && (
        <Picker
          label={label}
          shown={value.length ? t("target.more") : t("target.choose")}
          empty
          disabled={disabled}
          choices={choices.filter((each) => !value.includes(each.value))}
          free
          onPick={(picked) => onChange([...value, picked])}
        />
      )}
    </>
  );
}
