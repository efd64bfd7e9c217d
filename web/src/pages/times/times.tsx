/** Schedules: business hours and holidays, on a week and in words. */

import { Button, Modal, TextInput } from "@mantine/core";
import { Link, Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChanges, useSection } from "~/api/records";
import { Icon } from "~/kit/icons";
import { idFrom } from "~/kit/ids";
import { PageHead, Split } from "~/kit/page";
import { Empty, Failed, Refused, Waiting } from "~/kit/states";
import { useScheduleWords } from "./words";

export function Times() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  const { id } = useParams({ strict: false }) as { id?: string };
  const schedules = useSection(company, "schedules");
  const words = useScheduleWords();
  const [adding, setAdding] = useState(false);
  const add = (
    <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(true)}>
      {t("times.add")}
    </Button>
  );
  return (
    <>
      <Split
        chosen={id !== undefined}
        detail={<Outlet />}
        list={
          <>
            <PageHead title={t("nav.times")}>{add}</PageHead>
            <div className="vz-scroll">
              {schedules.isPending ? (
                <Waiting />
              ) : schedules.error ? (
                <Failed error={schedules.error} again={schedules.refetch} />
              ) : schedules.rows.length ? (
                <ul className="vz-lines">
                  {schedules.rows.map((each) => (
                    <li key={each.id}>
                      <Icon name="calendar" />
                      <Link className="vz-grow" to="/c/$company/times/$id" params={{ company, id: each.id }}>
                        {each.name}
                      </Link>
                      <span className="vz-dim">{words(each)}</span>
                    </li>
                  ))}
                </ul>
              ) : (
                <Empty title={t("times.empty")} help={t("times.emptyHelp")} />
              )}
            </div>
          </>
        }
      />
      {adding && <NewSchedule company={company} close={() => setAdding(false)} />}
    </>
  );
}

function NewSchedule({ company, close }: { company: string; close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const known = useSection(company, "schedules").byId;
  const { create } = useChanges(company, "schedules");
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const id = idFrom(name, new Set(known.keys()));
    try {
      await create.mutateAsync({ id, name, weekly: { "mo-fr": ["08:00-17:00"] } });
    } catch {
      return;
    }
    close();
    navigate({ to: "/c/$company/times/$id", params: { company, id } });
  };
  return (
    <Modal opened onClose={close} title={t("times.add")} closeButtonProps={{ "aria-label": t("page.close") }}>
      <form className="vz-stack" onSubmit={save}>
        <TextInput
          data-autofocus
          label={t("field.name")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Refused problem={create.error} />
        <div className="vz-acts">
          <Button type="submit" disabled={!name} loading={create.isPending}>
            {t("people.create")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
