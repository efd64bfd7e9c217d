/** Links from letters: an invitation, a new password, the first account of a server. The ticket stands behind the #, so
 * that it reaches no log. */

import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { call, type Problem } from "~/api/http";
import { language } from "~/app/i18n";
import { Refused, Waiting } from "~/kit/states";
import { fault } from "../people/form";
import { DoorPage, useEntered } from "./signin";

const ticketOf = (): string => location.hash.slice(1);

interface Whose {
  login: string;
  name: string;
}

export function Welcome() {
  const { t } = useTranslation();
  const [ticket] = useState(ticketOf);
  const whose = useQuery<Whose, Problem>({
    queryKey: ["ticket", ticket],
    queryFn: async () => (await call<Whose>("POST", "/signin/invitation", { body: { ticket } })).data,
    retry: false,
  });
  return (
    <DoorPage title={t("ticket.welcome")}>
      {whose.isPending ? (
        <Waiting />
      ) : whose.error ? (
        <Refused problem={whose.error} />
      ) : (
        <>
          <p>{t("ticket.welcomeHelp", { name: whose.data.name, login: whose.data.login })}</p>
          <NewPassword path="/signin/invitation/accept" ticket={ticket} login={whose.data.login} />
        </>
      )}
    </DoorPage>
  );
}

export function Reset() {
  const { t } = useTranslation();
  const [ticket] = useState(ticketOf);
  return (
    <DoorPage title={t("ticket.reset")}>
      <NewPassword path="/signin/reset/accept" ticket={ticket} />
    </DoorPage>
  );
}

function NewPassword({ path, ticket, login = "" }: { path: string; ticket: string; login?: string }) {
  const { t } = useTranslation();
  const entered = useEntered();
  const [password, setPassword] = useState("");
  const accept = useMutation<unknown, Problem>({
    mutationFn: () => call("POST", path, { body: { ticket, password } }),
    onSuccess: entered,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    accept.mutate();
  };
  return (
    <form onSubmit={submit}>
      <input type="text" name="username" autoComplete="username" value={login} readOnly hidden />
      <Password value={password} onChange={setPassword} problem={accept.error} />
      <Refused problem={accept.error} />
      <Button type="submit" size="sm" loading={accept.isPending}>
        {t("ticket.go")}
      </Button>
    </form>
  );
}

function Password({
  value,
  onChange,
  problem,
}: {
  value: string;
  onChange: (value: string) => void;
  problem: Problem | null;
}) {
  const { t } = useTranslation();
  return (
    <PasswordInput
      label={t("ticket.password")}
      description={t("ticket.passwordHelp")}
      autoComplete="new-password"
      required
      visibilityToggleButtonProps={{ "aria-label": t("signin.showPassword") }}
      value={value}
      error={fault(problem, "password")}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

export function SetUp() {
  const { t } = useTranslation();
  const [ticket] = useState(ticketOf);
  const entered = useEntered();
  const [form, setForm] = useState({ name: "", login: "", password: "" });
  const go = useMutation<unknown, Problem>({
    mutationFn: () =>
      call("POST", "/signin/setup", {
        body: { ticket, ...form, email: form.login.includes("@") ? form.login : "", language: language() },
      }),
    onSuccess: entered,
  });
  const put = (name: keyof typeof form, value: string) => setForm((now) => ({ ...now, [name]: value }));
  return (
    <DoorPage title={t("ticket.setup")}>
      <p className="vz-dim">{t("ticket.setupHelp")}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go.mutate();
        }}
      >
        <TextInput
          label={t("ticket.yourName")}
          autoComplete="name"
          autoFocus
          value={form.name}
          onChange={(event) => put("name", event.currentTarget.value)}
        />
        <TextInput
          label={t("signin.login")}
          autoComplete="username"
          required
          value={form.login}
          error={fault(go.error, "login")}
          onChange={(event) => put("login", event.currentTarget.value)}
        />
        <Password value={form.password} onChange={(value) => put("password", value)} problem={go.error} />
        <Refused problem={go.error} />
        <Button type="submit" size="sm" loading={go.isPending}>
          {t("ticket.go")}
        </Button>
      </form>
    </DoorPage>
  );
}
