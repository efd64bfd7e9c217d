/** A new person, with a phone if wanted: one dialog from nothing to somebody who can be called. */

import { Button, Checkbox, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Problem, read } from "~/api/http";
import { useChanges, useSection } from "~/api/records";
import { administers, useMe } from "~/api/session";
import type { Api } from "~/api/types";
import { say } from "~/app/undo";
import { idFrom, nextExtension } from "~/kit/ids";
import { Refused } from "~/kit/states";
import { NewSecret, type Secret, secretOf } from "../devices/secret";
import { type Draft, PersonForm } from "./form";

export function NewPerson({ company, close }: { company: string; close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data: me } = useMe();
  const users = useSection(company, "users");
  const sites = useSection(company, "sites").rows;
  const free = useQuery<Api["FreeNumbers"], Problem>({
    queryKey: ["free", company],
    queryFn: () => read<Api["FreeNumbers"]>(`/companies/${encodeURIComponent(company)}/free-numbers`),
    staleTime: 0,
  });
  const next = useMemo(() => nextExtension(users.rows, free.data?.extensions ?? []), [users.rows, free.data]);
  const [draft, setDraft] = useState<Draft>({});
  const [phone, setPhone] = useState(true);
  const [secret, setSecret] = useState<Secret | null>(null);
  const { create } = useChanges(company, "users");
  const devices = useChanges(company, "devices");
  const value: Draft = { extension: next, site: sites.length === 1 ? sites[0]?.id : undefined, ...draft };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const id = idFrom(value.name ?? "", new Set(users.byId.keys()));
    const given = Object.fromEntries(
      Object.entries(value).filter(([, each]) => each !== null && each !== undefined && each !== ""),
    );
    try {
      const made = await create.mutateAsync({ id, ...given });
      say(t("people.added", { name: made.data.name }));
      navigate({ to: "/c/$company/people/$id", params: { company, id: made.data.id } });
      if (!phone) return close();
      const device = await devices.create.mutateAsync({
        id: `${made.data.id}-telefon`,
        owner: `user:${made.data.id}`,
        kind: "sip",
      });
      setSecret(secretOf(device));
    } catch {
      // What was refused stands beside the form.
    }
  };
  return (
    <Modal
      opened
      onClose={close}
      size="lg"
      title={secret ? t("device.ready") : t("people.add")}
      closeButtonProps={{ "aria-label": t("page.close") }}
    >
      {secret ? (
        <div className="vz-stack">
          <NewSecret company={company} secret={secret} />
          <div className="vz-acts">
            <Button onClick={close}>{t("device.noted")}</Button>
          </div>
        </div>
      ) : (
        <form className="vz-stack" onSubmit={save}>
          <PersonForm
            company={company}
            value={value}
            problem={create.error}
            roles={administers(me)}
            onChange={(change) => setDraft((now) => ({ ...now, ...change }))}
          />
          <Checkbox
            size="xs"
            label={t("people.withPhone")}
            checked={phone}
            onChange={(event) => setPhone(event.currentTarget.checked)}
          />
          <Refused problem={create.error ?? devices.create.error} />
          <div className="vz-acts">
            <Button variant="subtle" color="gray" onClick={close}>
              {t("save.drop")}
            </Button>
            <Button type="submit" disabled={!value.name} loading={create.isPending || devices.create.isPending}>
              {t("people.create")}
            </Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
