/** Sites and departments: where people are, and what an emergency call from there shows. */

import { Button, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Department, Site } from "~/api/model";
import { useChanges, useSection } from "~/api/records";
import { say } from "~/app/undo";
import { Icon } from "~/kit/icons";
import { idFrom } from "~/kit/ids";
import { Badge, Part } from "~/kit/page";
import { phone } from "~/kit/phone";
import { Refused, Waiting } from "~/kit/states";
import { fault } from "../people/form";

export function Sites({ company }: { company: string }) {
  const { t } = useTranslation();
  const sites = useSection(company, "sites");
  const people = useSection(company, "users").rows;
  const [editing, setEditing] = useState<Site | "new" | null>(null);
  return (
    <Part title={t("places.sites")} acts={<Add label={t("places.addSite")} act={() => setEditing("new")} />}>
      {sites.isPending && <Waiting />}
      <ul className="vz-lines">
        {sites.rows.map((each) => (
          <li key={each.id}>
            <Icon name="site" />
            <span className="vz-grow">
              <button type="button" className="vz-plain" onClick={() => setEditing(each)}>
                <strong>{each.name}</strong>
              </button>{" "}
              <span className="vz-dim">{each.address}</span>
            </span>
            {each.emergency?.number ? (
              <span className="vz-dim">{t("places.emergency", { number: phone(each.emergency.number) })}</span>
            ) : (
              <Badge tone="warn">{t("places.noEmergency")}</Badge>
            )}
            <span className="vz-dim">
              {t("places.people", { count: people.filter((person) => person.site === each.id).length })}
            </span>
          </li>
        ))}
      </ul>
      {editing && (
        <SiteForm company={company} site={editing === "new" ? null : editing} close={() => setEditing(null)} />
      )}
    </Part>
  );
}

function Add({ label, act }: { label: string; act: () => void }) {
  return (
    <Button variant="default" size="compact-sm" leftSection={<Icon name="plus" size={14} />} onClick={act}>
      {label}
    </Button>
  );
}

function SiteForm({ company, site, close }: { company: string; site: Site | null; close: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState({
    name: site?.name ?? "",
    address: site?.address ?? "",
    number: site?.emergency?.number ?? "",
  });
  const known = useSection(company, "sites").byId;
  const { change, create } = useChanges(company, "sites");
  const problem = site ? change.error : create.error;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const values = {
      name: form.name,
      address: form.address,
      emergency: { number: form.number.replace(/[ /()-]/g, "") || null },
    };
    try {
      if (site) await change.mutateAsync({ id: site.id, patch: values });
      else await create.mutateAsync({ id: idFrom(form.name, new Set(known.keys())), ...values });
    } catch {
      return;
    }
    say(t("save.saved", { what: form.name }));
    close();
  };
  const field = (name: keyof typeof form, label: string, error?: string) => (
    <TextInput
      label={label}
      value={form[name]}
      error={error}
      onChange={(event) => {
        const { value } = event.currentTarget;
        setForm((now) => ({ ...now, [name]: value }));
      }}
    />
  );
  return (
    <Modal
      opened
      onClose={close}
      title={site?.name ?? t("places.addSite")}
      closeButtonProps={{ "aria-label": t("page.close") }}
    >
      <form className="vz-stack" onSubmit={save}>
        {field("name", t("field.name"), fault(problem, "name"))}
        {field("address", t("places.address"), fault(problem, "address"))}
        {field("number", t("places.emergencyNumber"), fault(problem, "emergency/number"))}
        <p className="vz-dim">{t("places.emergencyHelp")}</p>
        <Refused problem={problem} />
        <div className="vz-acts">
          <Button type="submit" disabled={!form.name} loading={change.isPending || create.isPending}>
            {t("save.save")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

export function Departments({ company }: { company: string }) {
  const { t } = useTranslation();
  const departments = useSection(company, "departments");
  const people = useSection(company, "users").rows;
  const [name, setName] = useState("");
  const { create, remove } = useChanges(company, "departments");
  const add = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await create.mutateAsync({ id: idFrom(name, new Set(departments.byId.keys())), name });
      setName("");
    } catch {
      // The refusal stands below.
    }
  };
  const drop = async (each: Department) => {
    try {
      await remove.mutateAsync(each.id);
      say(t("places.removed", { name: each.name }), () => create.mutateAsync({ ...each }));
    } catch {
      // The refusal stands below.
    }
  };
  return (
    <Part title={t("places.departments")}>
      <ul className="vz-lines">
        {departments.rows.map((each) => (
          <li key={each.id}>
            <span className="vz-grow">{each.name}</span>
            <span className="vz-dim">
              {t("places.people", { count: people.filter((person) => person.department === each.id).length })}
            </span>
            <button
              type="button"
              className="vz-plain"
              aria-label={t("places.remove", { name: each.name })}
              onClick={() => drop(each)}
            >
              <Icon name="trash" size={14} />
            </button>
          </li>
        ))}
      </ul>
      <form className="vz-bar" style={{ padding: 0 }} onSubmit={add}>
        <TextInput
          aria-label={t("places.newDepartment")}
          placeholder={t("places.newDepartment")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={!name} loading={create.isPending}>
          {t("places.add")}
        </Button>
      </form>
      <Refused problem={create.error ?? remove.error} />
    </Part>
  );
}
