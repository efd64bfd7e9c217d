/** The lines to the outside: whether they work, how many calls they carry, which numbers they bring. */

import { Button, Modal, NativeSelect, PasswordInput, Switch, TextInput } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTrunkStates } from "~/api/live";
import type { Trunk } from "~/api/model";
import { useChanges, useSection } from "~/api/records";
import { complain, say } from "~/app/undo";
import { Icon } from "~/kit/icons";
import { idFrom } from "~/kit/ids";
import { Badge, Facts, Page } from "~/kit/page";
import { phone } from "~/kit/phone";
import { Empty, Failed, Refused, Waiting } from "~/kit/states";

export function Lines() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  const trunks = useSection(company, "trunks");
  const [adding, setAdding] = useState(false);
  const add = (
    <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(true)}>
      {t("lines.add")}
    </Button>
  );
  return (
    <Page title={t("nav.lines")} acts={add}>
      {trunks.isPending ? (
        <Waiting />
      ) : trunks.error ? (
        <Failed error={trunks.error} again={trunks.refetch} />
      ) : trunks.rows.length ? (
        <div className="vz-cards">
          {trunks.rows.map((each) => (
            <TrunkCard key={each.id} company={company} trunk={each} />
          ))}
        </div>
      ) : (
        <Empty title={t("lines.empty")} help={t("lines.emptyHelp")} />
      )}
      {adding && <NewTrunk company={company} close={() => setAdding(false)} />}
    </Page>
  );
}

function TrunkCard({ company, trunk }: { company: string; trunk: Trunk }) {
  const { t } = useTranslation();
  const state = useTrunkStates(company).data?.get(trunk.id);
  const { change } = useChanges(company, "trunks");
  const on = trunk.enabled ?? true;
  const name = trunk.name || trunk.id;
  const flip = async (enabled: boolean) => {
    try {
      await change.mutateAsync({ id: trunk.id, patch: { enabled } });
      say(enabled ? t("save.on", { what: name }) : t("save.off", { what: name }), () =>
        change.mutateAsync({ id: trunk.id, patch: { enabled: !enabled } }),
      );
    } catch (problem) {
      complain((problem as Error).message);
    }
  };
  const calls = state ? Object.values(state.calls).reduce<number>((sum, each) => sum + Number(each), 0) : 0;
  return (
    <section className="vz-card" aria-label={name}>
      <div className="vz-parthead">
        <h2>{name}</h2>
        {!on ? (
          <Badge>{t("lines.off")}</Badge>
        ) : !state ? (
          <Badge>{t("lines.unknown")}</Badge>
        ) : state.up ? (
          <Badge tone="ok">{t("lines.up")}</Badge>
        ) : (
          <Badge tone="bad">{t("lines.down")}</Badge>
        )}
        <div className="vz-acts">
          <Switch
            size="sm"
            withThumbIndicator={false}
            checked={on}
            aria-label={t("lines.switch", { name })}
            onChange={(event) => flip(event.currentTarget.checked)}
          />
        </div>
      </div>
      {on && state && !state.up && <p>{state.why}</p>}
      <Facts
        rows={[
          [t("lines.kind"), t(`lines.kind_${trunk.kind ?? "register"}`)],
          [t("lines.server"), trunk.registrar ?? trunk.proxy ?? trunk.peers?.join(", ")],
          [t("lines.calls"), `${calls}${trunk.channels?.total ? ` / ${trunk.channels.total}` : ""}`],
          [t("lines.registered"), state?.registered_s ? t("lines.seconds", { count: state.registered_s }) : ""],
          [
            t("lines.numbers"),
            (trunk.numbers ?? [])
              .map((each) => (each.number ? phone(each.number) : `${phone(each.from)} – ${phone(each.to)}`))
              .join(", "),
          ],
          [
            t("lines.protection"),
            `${(trunk.transport ?? "tls").toUpperCase()} · ${t(`device.srtp_${(trunk.srtp ?? "optional") as "off"}`)}`,
          ],
        ]}
      />
      <div>
        <Link to="/c/$company/why" params={{ company }} search={{ from: undefined, to: "+493023125222" }}>
          {t("lines.try")}
        </Link>
      </div>
    </section>
  );
}

function NewTrunk({ company, close }: { company: string; close: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState({
    name: "",
    registrar: "",
    username: "",
    password: "",
    number: "",
    transport: "tls",
  });
  const known = useSection(company, "trunks").byId;
  const { create } = useChanges(company, "trunks");
  const put = (name: keyof typeof form) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setForm((now) => ({ ...now, [name]: value }));
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const registrar = form.registrar.startsWith("sip") ? form.registrar : `sip:${form.registrar}`;
    const numbers = form.number ? [{ number: form.number.replace(/[ /()-]/g, "") }] : [];
    const { name, username, transport } = form;
    try {
      await create.mutateAsync({
        id: idFrom(name, new Set(known.keys())),
        name,
        kind: "register",
        registrar,
        username,
        password: { value: form.password },
        transport,
        numbers,
      });
    } catch {
      return;
    }
    say(t("lines.added", { name }));
    close();
  };
  return (
    <Modal opened onClose={close} title={t("lines.add")} closeButtonProps={{ "aria-label": t("page.close") }}>
      <form className="vz-stack" onSubmit={save}>
        <p className="vz-dim">{t("lines.addHelp")}</p>
        <TextInput data-autofocus label={t("field.name")} value={form.name} onChange={put("name")} />
        <TextInput
          label={t("lines.registrar")}
          placeholder="sip.example.com"
          value={form.registrar}
          onChange={put("registrar")}
        />
        <TextInput label={t("device.username")} value={form.username} onChange={put("username")} autoComplete="off" />
        <PasswordInput
          label={t("signin.password")}
          value={form.password}
          onChange={put("password")}
          autoComplete="new-password"
        />
        <TextInput label={t("lines.mainNumber")} placeholder="+4989…" value={form.number} onChange={put("number")} />
        <NativeSelect
          label={t("lines.transport")}
          data={["tls", "tcp", "udp"].map((value) => ({ value, label: value.toUpperCase() }))}
          value={form.transport}
          onChange={put("transport")}
        />
        <Refused problem={create.error} />
        <div className="vz-acts">
          <Button type="submit" disabled={!form.name || !form.registrar || !form.username} loading={create.isPending}>
            {t("people.create")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
