/** One person: who they are, which numbers and phones they have, how they are reached, which calls they had. */

import { Button, Menu, Modal } from "@mantine/core";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useHistory, usePresence } from "~/api/live";
import type { Person } from "~/api/model";
import { useChanges, useRecord, useSection } from "~/api/records";
import { administers, manages, useMe } from "~/api/session";
import { say } from "~/app/undo";
import { Features, NotActing } from "~/features/registry";
import { Icon } from "~/kit/icons";
import { LeadsTo } from "~/kit/leads";
import { Badge, Detail, Facts, Part } from "~/kit/page";
import { PhoneNumber } from "~/kit/phone";
import { Sign } from "~/kit/sign";
import { Failed, Refused, Waiting } from "~/kit/states";
import { DeviceLines } from "../devices/lines";
import { CallLines } from "../history/lines";
import { type Draft, PersonForm } from "./form";
import { NumbersForm } from "./numbers";
import { PortalAccess } from "./signin";

export function PersonPage() {
  const { company, id } = useParams({ from: "/c/$company/people/$id" });
  const { data, error, isPending, refetch } = useRecord(company, "users", id);
  if (isPending) return <Waiting />;
  if (error) return <Failed error={error} again={refetch} />;
  return <Shown key={id} company={company} person={data.data} />;
}

function Shown({ company, person }: { company: string; person: Person }) {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const state = usePresence(company).data?.get(`user:${person.id}`) ?? "unknown";
  const may = manages(me);
  return (
    <Detail
      title={person.name}
      sign={<Sign state={state} />}
      note={[person.extension, t(`sign.${state}`)].filter(Boolean).join(" · ")}
      back="/c/$company/people"
      params={{ company }}
      acts={may && <More company={company} person={person} />}
    >
      <Part title={t("leads.title")}>
        <div className="vz-rulenote">
          <LeadsTo company={company} to={`user:${person.id}`} />
        </div>
      </Part>
      <Contact company={company} person={person} edits={may} roles={administers(me)} />
      <Reached company={company} person={person} edits={may || me?.user === person.id} />
      {may && <PortalAccess company={company} person={person} />}
      <Calls company={company} person={person} />
    </Detail>
  );
}

/** *How I am reached*, the same for oneself and for those who look after others. */
export function Reached({ company, person, edits }: { company: string; person: Person; edits: boolean }) {
  const { t } = useTranslation();
  const owner = {
    company,
    section: "users" as const,
    kind: "user" as const,
    id: person.id,
    record: person,
    locked: !edits,
  };
  return (
    <>
      <Part title={t("person.reach")}>
        <Features owner={owner} place="reach" />
      </Part>
      <Part title={t("person.ownCalls")}>
        <Features owner={owner} place="calls" />
      </Part>
      <NotActing owner={owner} />
    </>
  );
}

export function Contact({
  company,
  person,
  edits,
  roles,
}: {
  company: string;
  person: Person;
  edits: boolean;
  roles: boolean;
}) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState(false);
  const sites = useSection(company, "sites").byId;
  const departments = useSection(company, "departments").byId;
  const number = (value: string | null | undefined) => value && <PhoneNumber number={value} />;
  return (
    <>
      <Part
        title={t("person.contact")}
        note={person.role && person.role !== "user" && <Badge>{t(`role.${person.role}`)}</Badge>}
        acts={
          edits && (
            <Button
              variant="default"
              size="compact-sm"
              leftSection={<Icon name="edit" size={14} />}
              onClick={() => setEditing(true)}
            >
              {t("person.edit")}
            </Button>
          )
        }
      >
        <Facts
          rows={[
            [t("field.extension"), person.extension],
            [t("field.mobile"), number(person.mobile)],
            [t("field.email"), person.email && <a href={`mailto:${person.email}`}>{person.email}</a>],
            [t("field.site"), sites.get(person.site ?? "")?.name],
            [t("field.department"), departments.get(person.department ?? "")?.name],
          ]}
        />
        {editing && <Editing company={company} person={person} roles={roles} close={() => setEditing(false)} />}
      </Part>
      <Part title={t("person.numbers")}>
        <NumbersForm company={company} section="users" record={person} edits={edits} />
      </Part>
      <Part title={t("person.devices")}>
        <DeviceLines company={company} owner={`user:${person.id}`} edits={edits} />
      </Part>
    </>
  );
}

function Editing({
  company,
  person,
  roles,
  close,
}: {
  company: string;
  person: Person;
  roles: boolean;
  close: () => void;
}) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<Draft>({});
  const { change } = useChanges(company, "users");
  const save = async () => {
    const back = Object.fromEntries(Object.keys(draft).map((name) => [name, person[name] ?? null]));
    try {
      await change.mutateAsync({ id: person.id, patch: draft });
    } catch {
      return;
    }
    say(t("save.saved", { what: t("person.contact") }), () => change.mutateAsync({ id: person.id, patch: back }));
    close();
  };
  return (
    <Modal opened onClose={close} size="lg" title={person.name} closeButtonProps={{ "aria-label": t("page.close") }}>
      <div className="vz-stack">
        <PersonForm
          company={company}
          value={{ ...person, ...draft }}
          problem={change.error}
          roles={roles}
          onChange={(more) => setDraft((now) => ({ ...now, ...more }))}
        />
        <Refused problem={change.error} />
        <div className="vz-acts">
          <Button variant="subtle" color="gray" onClick={close}>
            {t("save.drop")}
          </Button>
          <Button disabled={!Object.keys(draft).length} loading={change.isPending} onClick={save}>
            {t("save.save")}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

function More({ company, person }: { company: string; person: Person }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const { remove } = useChanges(company, "users");
  const devices = useSection(company, "devices").rows.filter((each) => each.owner === `user:${person.id}`);
  const removing = useChanges(company, "devices").remove;
  const go = async () => {
    try {
      for (const each of devices) await removing.mutateAsync(each.id);
      await remove.mutateAsync(person.id);
    } catch {
      return;
    }
    say(t("people.removed", { name: person.name }));
    navigate({ to: "/c/$company/people", params: { company }, search: (old) => old as never });
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="subtle" color="gray" size="compact-sm" aria-label={t("page.more")}>
            <Icon name="more" size={18} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<Icon name="why" />}
            component={Link}
            to="/c/$company/why"
            params={{ company } as never}
            search={{ to: `user:${person.id}` } as never}
          >
            {t("person.try")}
          </Menu.Item>
          <Menu.Item color="red" leftSection={<Icon name="trash" />} onClick={() => setAsking(true)}>
            {t("people.remove")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={t("people.removeAsk", { name: person.name })}
        closeButtonProps={{ "aria-label": t("page.close") }}
      >
        <div className="vz-stack">
          <p>{t("people.removeHelp", { count: devices.length })}</p>
          <Refused problem={remove.error ?? removing.error} />
          <div className="vz-acts">
            <Button variant="subtle" color="gray" data-autofocus onClick={() => setAsking(false)}>
              {t("save.drop")}
            </Button>
            <Button color="red" loading={remove.isPending || removing.isPending} onClick={go}>
              {t("people.remove")}
            </Button>
          </div>
        </div>
      </Modal>
    </>
  );
}

function Calls({ company, person }: { company: string; person: Person }) {
  const { t } = useTranslation();
  const { data, error } = useHistory(company, { person: `user:${person.id}` });
  const calls = data?.pages.flatMap((page) => page.items).slice(0, 10) ?? [];
  if (error) return null;
  return (
    <Part title={t("person.history")}>
      {calls.length ? (
        <CallLines company={company} calls={calls} of={`user:${person.id}`} />
      ) : (
        <p className="vz-dim">{t("person.noCalls")}</p>
      )}
    </Part>
  );
}
