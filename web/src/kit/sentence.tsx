/** A sentence with gaps, filled by controls: `Meldet sich nach {after_s} Sekunden niemand: {to}`. */

import { Switch } from "@mantine/core";
import { Fragment, type ReactNode, useEffect, useState } from "react";

const GAP = /\{([a-z_]+)\}/g;

/** The names of the gaps, in the order of the sentence. */
export function gaps(text: string): string[] {
  return [...text.matchAll(GAP)].map((found) => found[1] ?? "");
}

export function Sentence({ text, slots }: { text: string; slots: Record<string, ReactNode> }) {
  const parts = text.split(GAP);
  return (
    <span className="vz-sentence">
      {parts.map((part, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence do not move
        index % 2 ? <Fragment key={index}>{slots[part] ?? `{${part}}`}</Fragment> : part,
      )}
    </span>
  );
}

/** One rule: a switch, its sentence, and what follows from it. */
export function Rule({
  on,
  label,
  disabled,
  onSwitch,
  children,
  notes,
}: {
  on?: boolean;
  label: string;
  disabled?: boolean;
  onSwitch?: (on: boolean) => void;
  children: ReactNode;
  notes?: ReactNode;
}) {
  return (
    <div className="vz-rule" data-off={on === false || undefined} data-plain={!onSwitch || undefined}>
      {onSwitch && (
        <div className="vz-switch">
          <Switch
            size="sm"
            withThumbIndicator={false}
            checked={on ?? false}
            disabled={disabled}
            aria-label={label}
            onChange={(event) => onSwitch(event.currentTarget.checked)}
          />
        </div>
      )}
      <div>{children}</div>
      {notes && <div className="vz-rulenote">{notes}</div>}
    </div>
  );
}

/** A number inside a sentence: taken when it is left or Enter is pressed, held between its limits. */
export function NumberSlot({
  value,
  min,
  max,
  label,
  disabled,
  onChange,
}: {
  value: number;
  min?: number;
  max?: number;
  label: string;
  disabled?: boolean;
  onChange: (value: number) => void;
}) {
  const [typed, setTyped] = useState(String(value));
  useEffect(() => setTyped(String(value)), [value]);
  const take = () => {
    const found = Number.parseInt(typed, 10);
    if (Number.isNaN(found)) return setTyped(String(value));
    const held = Math.min(max ?? found, Math.max(min ?? found, found));
    setTyped(String(held));
    if (held !== value) onChange(held);
  };
  return (
    <input
      className="vz-slot"
      inputMode="numeric"
      aria-label={min !== undefined && max !== undefined ? `${label} (${min}–${max})` : label}
      title={min !== undefined && max !== undefined ? `${min}–${max}` : undefined}
      value={typed}
      disabled={disabled}
      onChange={(event) => setTyped(event.currentTarget.value.replace(/\D/g, ""))}
      onBlur={take}
      onKeyDown={(event) => event.key === "Enter" && take()}
    />
  );
}

export function ChoiceSlot({
  value,
  choices,
  label,
  disabled,
  onChange,
}: {
  value: string;
  choices: { value: string; text: string }[];
  label: string;
  disabled?: boolean;
  onChange: (value: string) => void;
}) {
  return (
    <select
      className="vz-slot"
      aria-label={label}
      value={value}
      disabled={disabled}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      {choices.map((each) => (
        <option key={each.value} value={each.value}>
          {each.text}
        </option>
      ))}
    </select>
  );
}
