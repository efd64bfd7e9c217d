/** The devices of one owner: registered or not, on or off, and a new one. */

import { Button, Modal, Switch } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useRegistrations } from "~/api/live";
import { useChanges, useSection } from "~/api/records";
import { complain, say } from "~/app/undo";
import { Icon } from "~/kit/icons";
import { Badge } from "~/kit/page";
import { Sign } from "~/kit/sign";
import { NewSecret, type Secret, secretOf } from "./secret";

export function DeviceLines({ company, owner, edits }: { company: string; owner: string; edits: boolean }) {
  const { t } = useTranslation();
  const devices = useSection(company, "devices");
  const registrations = useRegistrations(company).data;
  const [secret, setSecret] = useState<Secret | null>(null);
  const { change, create } = useChanges(company, "devices");
  const mine = devices.rows.filter((each) => each.owner === owner);
  const add = async () => {
    const base = `${owner.slice(owner.indexOf(":") + 1)}-telefon`;
    let id = base;
    for (let number = 2; devices.byId.has(id); number++) id = `${base}-${number}`;
    try {
      setSecret(secretOf(await create.mutateAsync({ id, owner, kind: "sip" })));
    } catch (problem) {
      complain((problem as Error).message);
    }
  };
  const flip = async (id: string, enabled: boolean) => {
    try {
      await change.mutateAsync({ id, patch: { enabled } });
      say(enabled ? t("device.isOn") : t("device.isOff"), () =>
        change.mutateAsync({ id, patch: { enabled: !enabled } }),
      );
    } catch (problem) {
      complain((problem as Error).message);
    }
  };
  return (
    <>
      {!mine.length && <p className="vz-dim">{t("device.none")}</p>}
      <ul className="vz-lines">
        {mine.map((each) => {
          const contacts = registrations?.get(each.id) ?? [];
          const on = each.enabled ?? true;
          return (
            <li key={each.id}>
              <Sign state={on && contacts.length ? "free" : "unregistered"} />
              <span className="vz-grow">
                <Link to="/c/$company/devices/$id" params={{ company, id: each.id }}>
                  {each.name || each.id}
                </Link>{" "}
                <span className="vz-dim">{contacts[0]?.agent ?? (on ? t("device.notRegistered") : "")}</span>
              </span>
              {!on && <Badge tone="warn">{t("device.off")}</Badge>}
              {edits && (
                <Switch
                  size="sm"
                  withThumbIndicator={false}
                  checked={on}
                  aria-label={t("device.switch", { name: each.name || each.id })}
                  onChange={(event) => flip(each.id, event.currentTarget.checked)}
                />
              )}
            </li>
          );
        })}
      </ul>
      {edits && (
        <div>
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<Icon name="plus" size={14} />}
            loading={create.isPending}
            onClick={add}
          >
            {t("device.add")}
          </Button>
        </div>
      )}
      <Modal
        opened={secret !== null}
        onClose={() => setSecret(null)}
        size="lg"
        title={t("device.ready")}
        closeButtonProps={{ "aria-label": t("page.close") }}
      >
        {secret && <NewSecret company={company} secret={secret} />}
      </Modal>
    </>
  );
}
