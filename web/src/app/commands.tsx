/** Ctrl K: whatever one types, people, numbers and pages are two keys away. */

import { Modal } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useDeferredValue, useId, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSection } from "~/api/records";
import { useMe } from "~/api/session";
import { fold } from "~/kit/fold";
import { Icon, type IconName } from "~/kit/icons";
import { phone } from "~/kit/phone";
import { PLACES } from "./nav";

interface Hit {
  key: string;
  icon: IconName;
  text: string;
  note: string;
  go: () => void;
}
const MOST = 8;
const DIALLED = /^[+0-9*#][0-9*# /()-]{1,24}$/;

export default function Commands({ company, close }: { company: string; close: () => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const hits = useHits(company, useDeferredValue(typed));
  const list = useId();
  const act = (hit: Hit | undefined) => {
    if (!hit) return;
    close();
    hit.go();
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((now) => (now + step + hits.length) % Math.max(hits.length, 1));
    } else if (event.key === "Enter") act(hits[at]);
  };
  return (
    <Modal
      opened
      onClose={close}
      withCloseButton={false}
      padding={0}
      yOffset="12vh"
      centered={false}
      aria-label={t("frame.find")}
    >
      <div className="vz-command">
        <Icon name="search" size={18} />
        <input
          data-autofocus
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={hits[at] ? `${list}-${at}` : undefined}
          aria-label={t("frame.find")}
          placeholder={t("commands.placeholder")}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={pressed}
        />
      </div>
      <div className="vz-hits" id={list} role="listbox" aria-label={t("commands.found")}>
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
            onClick={() => act(hit)}
          >
            <Icon name={hit.icon} />
            <span>{hit.text}</span>
            <span className="vz-dim">{hit.note}</span>
          </div>
        ))}
        {!hits.length && <p className="vz-dim">{t("commands.none")}</p>}
      </div>
    </Modal>
  );
}

function useHits(company: string, typed: string): Hit[] {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const navigate = useNavigate();
  const people = useSection(company, "users");
  return useMemo(() => {
    const wanted = fold(typed.trim());
    const found: Hit[] = [];
    for (const place of PLACES.filter((each) => each.for(me))) {
      const text = t(`nav.${place.key}`);
      if (wanted && !fold(text).includes(wanted)) continue;
      const go = () => void navigate({ to: place.to, params: { company } });
      found.push({ key: place.key, icon: place.icon, text, note: `g ${place.letter}`, go });
    }
    if (DIALLED.test(typed.trim())) {
      const go = () => void navigate({ to: "/c/$company/why", params: { company }, search: { to: typed.trim() } });
      found.push({ key: "why", icon: "why", text: t("commands.leads", { number: typed.trim() }), note: "", go });
    }
    if (!wanted) return found;
    for (const row of people.rows) {
      if (found.length >= MOST) break;
      const direct = row.numbers?.[0]?.number ?? "";
      if (!fold(row.name).includes(wanted) && !row.extension?.startsWith(typed) && !direct.includes(typed)) continue;
      const go = () => void navigate({ to: "/c/$company/people/$id", params: { company, id: row.id } });
      found.push({ key: `user:${row.id}`, icon: "people", text: row.name, note: row.extension ?? phone(direct), go });
    }
    return found.slice(0, MOST + 2);
  }, [typed, people.rows, me, company, navigate, t]);
}
