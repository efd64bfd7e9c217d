/** A field that one types into and the hits below it: arrows walk, Enter and a click take one. */

import { type KeyboardEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Icon, type IconName } from "./icons";

export interface Hit {
  key: string;
  text: string;
  note?: string;
  icon?: IconName;
}

interface Props<T extends Hit> {
  /** What the field is for, and what the hits are. */
  label: string;
  found: string;
  placeholder: string;
  typed: string;
  hits: readonly T[];
  small?: boolean;
  onType: (typed: string) => void;
  onTake: (hit: T) => void;
}

export function Hits<T extends Hit>({ label, found, placeholder, typed, hits, small, onType, onTake }: Props<T>) {
  const { t } = useTranslation();
  const [at, setAt] = useState(0);
  const list = useId();
  const here = hits[at];
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((now) => (now + step + hits.length) % Math.max(hits.length, 1));
    } else if (event.key === "Enter" && here) {
      event.preventDefault();
      onTake(here);
    }
  };
  return (
    <>
      <div className={small ? "vz-command vz-pick" : "vz-command"}>
        <Icon name="search" size={small ? undefined : 18} />
        <input
          data-autofocus
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={here ? `${list}-${at}` : undefined}
          aria-label={label}
          placeholder={placeholder}
          value={typed}
          onChange={(event) => {
            onType(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={pressed}
        />
      </div>
      <div className="vz-hits" id={list} role="listbox" aria-label={found}>
        {hits.map((hit, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
          <div
            key={hit.key}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className="vz-hit"
            onMouseMove={() => setAt(index)}
            onClick={() => onTake(hit)}
          >
            {hit.icon && <Icon name={hit.icon} />}
            <span>{hit.text}</span>
            {hit.note && <span className="vz-dim">{hit.note}</span>}
          </div>
        ))}
        {!hits.length && <p className="vz-dim">{t("commands.none")}</p>}
      </div>
    </>
  );
}
