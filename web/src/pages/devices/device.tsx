/** One device: whose it is, where it is registered, a new password, and how it is set up. */

import { Button, Modal, NativeSelect, Switch } from "@mantine/core";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useRegistrations } from "~/api/live";
import type { Device } from "~/api/model";
import { useChanges, useRecord } from "~/api/records";
import { complain, say } from "~/app/undo";
import { Icon } from "~/kit/icons";
import { useNames } from "~/kit/names";
import { Badge, Detail, Facts, Part } from "~/kit/page";
import { Sign } from "~/kit/sign";
import { Failed, Refused, Waiting } from "~/kit/states";
import { Guide } from "./guide";
import { NewSecret, type Secret } from "./secret";

const PROFILES = ["generic", "snom", "yealink", "poly", "cisco", "mitel", "browser"];
const PROFILE_NAMES: Record<string, string> = {
  snom: "Snom",
  yealink: "Yealink",
  poly: "Poly",
  cisco: "Cisco",
  mitel: "Mitel",
};

export function DevicePage() {
  const { company, id } = useParams({ from: "/c/$company/devices/$id" });
  const { data, error, isPending, refetch } = useRecord(company, "devices", id);
  if (isPending) return <Waiting />;
  if (error) return <Failed error={error} again={refetch} />;
  return <Shown key={id} company={company} device={data.data} />;
}

function Shown({ company, device }: { company: string; device: Device }) {
  const { t } = useTranslation();
  const names = useNames(company);
  const contacts = useRegistrations(company).data?.get(device.id) ?? [];
  const { change } = useChanges(company, "devices");
  const on = device.enabled ?? true;
  const put = async (patch: Partial<Device>, note: string) => {
    const back = Object.fromEntries(
      Object.keys(patch).map((name) => [name, device[name] ?? (name === "enabled" ? true : null)]),
    );
    try {
      await change.mutateAsync({ id: device.id, patch });
      say(note, () => change.mutateAsync({ id: device.id, patch: back }));
    } catch (problem) {
      complain((problem as Error).message);
    }
  };
  const [kind, owner] = device.owner.split(":");
  return (
    <Detail
      title={device.name || device.id}
      sign={<Sign state={on && contacts.length ? "free" : "unregistered"} />}
      note={names(device.owner)}
      back="/c/$company/devices"
      params={{ company }}
    >
      <Part title={t("device.use")} note={!on && <Badge tone="warn">{t("device.off")}</Badge>}>
        <Switch
          size="sm"
          withThumbIndicator={false}
          label={t("device.enabled")}
          checked={on}
          onChange={(event) =>
            put(
              { enabled: event.currentTarget.checked },
              event.currentTarget.checked ? t("device.isOn") : t("device.isOff"),
            )
          }
        />
        <Facts
          rows={[
            [
              t("field.owner"),
              kind === "user" ? (
                <Link to="/c/$company/people/$id" params={{ company, id: owner ?? "" }}>
                  {names(device.owner)}
                </Link>
              ) : (
                names(device.owner)
              ),
            ],
            [t("device.username"), device.username],
          ]}
        />
        <div className="vz-form">
          <NativeSelect
            label={t("device.profile")}
            data={[
              { value: "", label: t("device.profileAuto") },
              ...PROFILES.map((value) => ({
                value,
                label:
                  PROFILE_NAMES[value] ?? t(value === "browser" ? "device.profileBrowser" : "device.profileGeneric"),
              })),
            ]}
            value={device.profile ?? ""}
            onChange={(event) =>
              put(
                { profile: (event.currentTarget.value || null) as Device["profile"] },
                t("save.saved", { what: t("device.profile") }),
              )
            }
          />
          <NativeSelect
            label={t("device.srtp")}
            data={(["off", "optional", "required"] as const).map((value) => ({
              value,
              label: t(`device.srtp_${value}`),
            }))}
            value={device.srtp ?? "optional"}
            onChange={(event) =>
              put({ srtp: event.currentTarget.value as Device["srtp"] }, t("save.saved", { what: t("device.srtp") }))
            }
          />
        </div>
      </Part>
      <Part title={t("device.registrations")}>
        {!contacts.length && <p className="vz-dim">{t("device.notRegisteredHelp")}</p>}
        <ul className="vz-lines">
          {contacts.map((each) => (
            <li key={each.contact}>
              <span className="vz-grow">{each.agent || each.contact}</span>
              <span className="vz-dim vz-mono">
                {[each.transport.toUpperCase(), each.address].filter(Boolean).join(" · ")}
              </span>
            </li>
          ))}
        </ul>
      </Part>
      <Password company={company} device={device} />
      <Guide company={company} device={device} />
      <Remove company={company} device={device} />
    </Detail>
  );
}

const LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/** Twenty letters that cannot be mistaken for each other. */
function madeUp(): string {
  const drawn = crypto.getRandomValues(new Uint32Array(20));
  return [...drawn].map((each) => LETTERS[each % LETTERS.length]).join("");
}

function Password({ company, device }: { company: string; device: Device }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const [secret, setSecret] = useState<Secret | null>(null);
  const { change } = useChanges(company, "devices");
  const renew = async () => {
    const password = madeUp();
    try {
      await change.mutateAsync({ id: device.id, patch: { password: { value: password } } });
    } catch {
      return;
    }
    setSecret({ device: device.id, username: device.username ?? "", password });
    setAsking(false);
  };
  return (
    <Part title={t("device.password")}>
      {secret ? (
        <NewSecret company={company} secret={secret} />
      ) : asking ? (
        <div className="vz-stack">
          <p>{t("device.renewHelp")}</p>
          <Refused problem={change.error} />
          <div className="vz-acts">
            <Button variant="subtle" color="gray" onClick={() => setAsking(false)}>
              {t("save.drop")}
            </Button>
            <Button loading={change.isPending} onClick={renew}>
              {t("device.renew")}
            </Button>
          </div>
        </div>
      ) : (
        <div>
          <Button variant="default" leftSection={<Icon name="key" size={14} />} onClick={() => setAsking(true)}>
            {t("device.renew")}
          </Button>
        </div>
      )}
    </Part>
  );
}

function Remove({ company, device }: { company: string; device: Device }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const { remove } = useChanges(company, "devices");
  const go = async () => {
    try {
      await remove.mutateAsync(device.id);
    } catch {
      return;
    }
    say(t("device.removed", { name: device.name || device.id }));
    navigate({ to: "/c/$company/devices", params: { company }, search: (old) => old as never });
  };
  return (
    <div>
      <Button
        variant="subtle"
        color="red"
        leftSection={<Icon name="trash" size={14} />}
        onClick={() => setAsking(true)}
      >
        {t("device.remove")}
      </Button>
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={t("device.removeAsk", { name: device.name || device.id })}
        closeButtonProps={{ "aria-label": t("page.close") }}
      >
        <div className="vz-stack">
          <p>{t("device.removeHelp")}</p>
          <Refused problem={remove.error} />
          <div className="vz-acts">
            <Button variant="subtle" color="gray" data-autofocus onClick={() => setAsking(false)}>
              {t("save.drop")}
            </Button>
            <Button color="red" loading={remove.isPending} onClick={go}>
              {t("device.remove")}
            </Button>
          </div>
        </div>
      </Modal>
    </div>
  );
}
