/** How I sign in: password, passkeys, codes of an app, and where I am signed in now. */

import { Button, Modal, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCompany } from "~/api/company";
import { call, type Problem, read } from "~/api/http";
import { makePasskey, passkeysWork } from "~/api/passkeys";
import type { Api } from "~/api/types";
import { complain, say } from "~/app/undo";
import { Icon } from "~/kit/icons";
import { Badge, Part } from "~/kit/page";
import { Refused } from "~/kit/states";
import { useWhen } from "~/kit/when";
import { Qr } from "../devices/secret";
import { fault } from "../people/form";

/** Times as the company's, like everywhere. */
function useZone() {
  const { company = "" } = useParams({ strict: false }) as { company?: string };
  return useWhen(useCompany(company).timezone);
}

const failed = (error: unknown) =>
  complain(error instanceof DOMException ? "" : `${(error as Problem).message}. ${(error as Problem).detail ?? ""}`);

export function Access() {
  const { t } = useTranslation();
  return (
    <Part title={t("access.title")}>
      <div className="vz-features">
        <Block title={t("access.password")}>
          <Password />
        </Block>
        {passkeysWork() && (
          <Block title={t("access.passkeys")}>
            <Passkeys />
          </Block>
        )}
        <Block title={t("access.codes")}>
          <Codes />
        </Block>
        <Block title={t("access.sessions")}>
          <Sessions />
        </Block>
      </div>
    </Part>
  );
}

function Block({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="vz-feature" aria-label={title}>
      <div className="vz-featurehead">
        <h4>{title}</h4>
      </div>
      <div className="vz-stack">{children}</div>
    </section>
  );
}

function Password() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [old, setOld] = useState("");
  const [password, setPassword] = useState("");
  const change = useMutation<unknown, Problem>({
    mutationFn: () => call("PUT", "/session/password", { body: { old, password } }),
    onSuccess: () => {
      say(t("access.passwordChanged"));
      setOpen(false);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const eye = { "aria-label": t("signin.showPassword") };
  return (
    <div>
      <Button variant="default" onClick={() => setOpen(true)}>
        {t("access.changePassword")}
      </Button>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={t("access.changePassword")}
        closeButtonProps={{ "aria-label": t("page.close") }}
      >
        <form className="vz-stack" onSubmit={submit}>
          <PasswordInput
            data-autofocus
            label={t("access.old")}
            autoComplete="current-password"
            visibilityToggleButtonProps={eye}
            value={old}
            error={fault(change.error, "old")}
            onChange={(event) => setOld(event.currentTarget.value)}
          />
          <PasswordInput
            label={t("ticket.password")}
            description={t("ticket.passwordHelp")}
            autoComplete="new-password"
            visibilityToggleButtonProps={eye}
            value={password}
            error={fault(change.error, "password")}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Refused problem={change.error} />
          <div className="vz-acts">
            <Button type="submit" disabled={!password} loading={change.isPending}>
              {t("save.save")}
            </Button>
          </div>
        </form>
      </Modal>
    </div>
  );
}

function Passkeys() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const when = useZone();
  const list = useQuery<Api["PasskeyRow"][], Problem>({
    queryKey: ["passkeys"],
    queryFn: () => read<Api["PasskeyRow"][]>("/session/passkeys"),
  });
  const again = () => client.invalidateQueries({ queryKey: ["passkeys"] });
  const add = useMutation<unknown, Problem>({
    mutationFn: async () => {
      const begun = (await call<Api["PasskeyOptions"]>("POST", "/session/passkeys/options")).data;
      const credential = await makePasskey(begun);
      const made = (
        await call<Api["Registered"]>("POST", "/session/passkeys", {
          body: { ticket: begun.ticket, credential, label: "" },
        })
      ).data;
      if (made.recovery_codes.length) client.setQueryData(["recovery"], made.recovery_codes);
      return again();
    },
    onError: failed,
  });
  const drop = (id: string) => call("DELETE", `/session/passkeys/${encodeURIComponent(id)}`).then(again, failed);
  return (
    <>
      <ul className="vz-lines">
        {list.data?.map((each) => (
          <li key={each.id}>
            <Icon name="key" />
            <span className="vz-grow">{each.label || t("access.passkey")}</span>
            <span className="vz-dim">{when.short(Date.parse(each.created) / 1000)}</span>
            <Button variant="subtle" color="gray" size="compact-xs" onClick={() => drop(each.id)}>
              {t("numbers.remove")}
            </Button>
          </li>
        ))}
      </ul>
      <div>
        <Button variant="default" loading={add.isPending} onClick={() => add.mutate()}>
          {t("access.addPasskey")}
        </Button>
      </div>
      <Recovery />
    </>
  );
}

/** Codes to be written down, shown this once. */
function Recovery() {
  const { t } = useTranslation();
  const { data } = useQuery<string[] | null>({ queryKey: ["recovery"], queryFn: () => null, enabled: false });
  if (!data?.length) return null;
  return (
    <div className="vz-stack">
      <p>{t("access.recovery")}</p>
      <pre className="vz-ladder">{data.join("\n")}</pre>
    </div>
  );
}

function Codes() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const methods = useQuery<Api["Methods"], Problem>({
    queryKey: ["methods"],
    queryFn: () => read<Api["Methods"]>("/session/methods"),
  });
  const [enrolment, setEnrolment] = useState<Api["Enrolment"] | null>(null);
  const [code, setCode] = useState("");
  const again = () => client.invalidateQueries({ queryKey: ["methods"] });
  const begin = useMutation<unknown, Problem>({
    mutationFn: async () => setEnrolment((await call<Api["Enrolment"]>("POST", "/session/totp")).data),
    onError: failed,
  });
  const confirm = useMutation<unknown, Problem>({
    mutationFn: async () => {
      const { codes } = (
        await call<Api["RecoveryCodes"]>("POST", "/session/totp/confirm", { body: { code: code.trim() } })
      ).data;
      if (codes.length) client.setQueryData(["recovery"], codes);
      setEnrolment(null);
      return again();
    },
  });
  const drop = () => call("DELETE", "/session/totp").then(again, failed);
  if (enrolment) {
    return (
      <form
        className="vz-stack"
        onSubmit={(event) => {
          event.preventDefault();
          confirm.mutate();
        }}
      >
        <p>{t("access.scan")}</p>
        <Qr text={enrolment.uri} label={t("access.scan")} />
        <TextInput
          label={t("signin.code")}
          autoComplete="one-time-code"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Refused problem={confirm.error} />
        <div className="vz-acts">
          <Button variant="subtle" color="gray" onClick={() => setEnrolment(null)}>
            {t("save.drop")}
          </Button>
          <Button type="submit" disabled={!code} loading={confirm.isPending}>
            {t("ticket.go")}
          </Button>
        </div>
      </form>
    );
  }
  return methods.data?.code ? (
    <div className="vz-acts">
      <Badge tone="ok">{t("access.codesOn")}</Badge>
      <Button variant="subtle" color="gray" size="compact-xs" onClick={drop}>
        {t("access.codesDrop")}
      </Button>
    </div>
  ) : (
    <div>
      <Button variant="default" loading={begin.isPending} onClick={() => begin.mutate()}>
        {t("access.codesBegin")}
      </Button>
    </div>
  );
}

function Sessions() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const when = useZone();
  const list = useQuery<Api["SessionRow"][], Problem>({
    queryKey: ["sessions"],
    queryFn: () => read<Api["SessionRow"][]>("/session/sessions"),
  });
  const end = (id: string) =>
    call("DELETE", `/session/sessions/${encodeURIComponent(id)}`).then(
      () => client.invalidateQueries({ queryKey: ["sessions"] }),
      failed,
    );
  return (
    <ul className="vz-lines">
      {list.data?.map((each) => (
        <li key={each.id}>
          <span className="vz-grow">
            {browserOf(each.agent)} <span className="vz-dim vz-mono">{each.address}</span>
          </span>
          <span className="vz-dim">{when.short(Date.parse(each.seen) / 1000)}</span>
          {each.current ? (
            <Badge>{t("access.here")}</Badge>
          ) : (
            <Button variant="subtle" color="gray" size="compact-xs" onClick={() => end(each.id)}>
              {t("access.end")}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The browser's own name out of what it says of itself. */
function browserOf(agent: string): string {
  return (
    /(Firefox|Edg|OPR|Chrome|Safari)\/\d+/.exec(agent)?.[0].replace("/", " ").replace("Edg", "Edge") ??
    agent.slice(0, 40)
  );
}
