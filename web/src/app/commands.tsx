/** Ctrl K: whatever one types, people, numbers and pages are two keys away. */

import { Modal } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSection } from "~/api/records";
import { useMe } from "~/api/session";
import { fold } from "~/kit/fold";
import { type Hit, Hits } from "~/kit/hits";
import { phone } from "~/kit/phone";
import { PLACES } from "./nav";

interface Command extends Hit {
  go: () => void;
}
const MOST = 8;
const DIALLED = /^[+0-9*#][0-9*# /()-]{1,24}$/;

export default function Commands({ company, close }: { company: string; close: () => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const hits = useHits(company, useDeferredValue(typed));
  const act = (hit: Command) => {
    close();
    hit.go();
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
      <Hits
        label={t("frame.find")}
        found={t("commands.found")}
        placeholder={t("commands.placeholder")}
        typed={typed}
        hits={hits}
        onType={setTyped}
        onTake={act}
      />
    </Modal>
  );
}

function useHits(company: string, typed: string): Command[] {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const navigate = useNavigate();
  const people = useSection(company, "users");
  return useMemo(() => {
    const wanted = fold(typed.trim());
    const found: Command[] = [];
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
