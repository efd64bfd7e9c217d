/** The door: name and password, then a code or a passkey where one is set; or a passkey alone. */

import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { call, Problem } from "~/api/http";
import { passkeysWork, showPasskey } from "~/api/passkeys";
import { meKey } from "~/api/session";
import { Looks } from "~/app/looks";
import { Icon } from "~/kit/icons";
import { Refused } from "~/kit/states";

interface Second {
  state: "second_factor";
  ticket: string;
  factors: ("code" | "passkey" | "recovery")[];
}
interface SignedIn {
  state: "signed_in";
}
type Entered = Second | SignedIn;

export function DoorPage({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} – Vorzimmer`;
  }, [title]);
  return (
    <main className="vz-door-page">
      <div className="vz-door-card">
        <div className="vz-door-foot">
          <div className="vz-brand">
            <span className="vz-door" aria-hidden="true" />
            Vorzimmer
          </div>
          <Looks />
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

/** What happens once the server has let somebody in. */
export function useEntered(to?: string) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    client.removeQueries({ queryKey: meKey });
    await navigate({ href: to ?? "/" });
  };
}

async function byPasskey(ticket?: string): Promise<Entered> {
  const begun = (
    await call<{ ticket: string; options: Record<string, unknown> }>("POST", "/signin/passkey/options", {
      body: ticket ? { ticket } : {},
    })
  ).data;
  const credential = await showPasskey(begun);
  return (await call<SignedIn>("POST", "/signin/passkey", { body: { ticket: begun.ticket, credential } })).data;
}

export function SignIn() {
  const { t } = useTranslation();
  const { to } = useSearch({ from: "/signin" });
  const [second, setSecond] = useState<Second | null>(null);
  const entered = useEntered(to);
  const done = (answer: Entered) => (answer.state === "second_factor" ? setSecond(answer) : entered());
  return (
    <DoorPage title={second ? t("signin.second") : t("signin.title")}>
      {second ? <SecondStep second={second} done={done} back={() => setSecond(null)} /> : <FirstStep done={done} />}
    </DoorPage>
  );
}

type Done = (answer: Entered) => unknown;

function usePasskey(done: Done, ticket?: string) {
  const { t } = useTranslation();
  return useMutation<Entered, Problem>({
    mutationFn: async () => {
      try {
        return await byPasskey(ticket);
      } catch (error) {
        if (error instanceof DOMException) throw new Problem(400, "", t("signin.noPasskey"), t("signin.noPasskeyHelp"));
        throw error;
      }
    },
    onSuccess: done,
  });
}

function FirstStep({ done }: { done: Done }) {
  const { t } = useTranslation();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const ways = useQuery<{ setup: boolean; reset: boolean }, Problem>({
    queryKey: ["ways"],
    queryFn: async () => (await call<{ setup: boolean; reset: boolean }>("GET", "/signin")).data,
    retry: false,
  });
  const enter = useMutation<Entered, Problem>({
    mutationFn: async () => (await call<Entered>("POST", "/signin/password", { body: { login, password } })).data,
    onSuccess: done,
  });
  const passkey = usePasskey(done);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    enter.mutate();
  };
  return (
    <>
      {ways.data?.setup && <p className="vz-dim">{t("signin.setup")}</p>}
      <form onSubmit={submit}>
        <TextInput
          label={t("signin.login")}
          name="username"
          autoComplete="username webauthn"
          autoFocus
          required
          value={login}
          onChange={(event) => setLogin(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("signin.password")}
          name="password"
          autoComplete="current-password"
          required
          visibilityToggleButtonProps={{ "aria-label": t("signin.showPassword") }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Refused problem={enter.error ?? passkey.error ?? ways.error} />
        <Button type="submit" size="sm" loading={enter.isPending}>
          {t("signin.enter")}
        </Button>
      </form>
      {passkeysWork() && (
        <>
          <div className="vz-or">{t("signin.or")}</div>
          <Button
            variant="default"
            size="sm"
            leftSection={<Icon name="key" />}
            loading={passkey.isPending}
            onClick={() => passkey.mutate()}
          >
            {t("signin.passkey")}
          </Button>
        </>
      )}
      {ways.data?.reset && <Forgotten login={login} />}
    </>
  );
}

function Forgotten({ login }: { login: string }) {
  const { t } = useTranslation();
  const ask = useMutation<unknown, Problem>({ mutationFn: () => call("POST", "/signin/reset", { body: { login } }) });
  if (ask.isSuccess) return <p role="status">{t("signin.letterSent")}</p>;
  return (
    <>
      <Button variant="subtle" color="gray" disabled={!login} loading={ask.isPending} onClick={() => ask.mutate()}>
        {t("signin.forgotten")}
      </Button>
      <Refused problem={ask.error} />
    </>
  );
}

function SecondStep({ second, done, back }: { second: Second; done: Done; back: () => void }) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const enter = useMutation<Entered, Problem>({
    mutationFn: async () =>
      (await call<Entered>("POST", "/signin/code", { body: { ticket: second.ticket, code: code.trim() } })).data,
    onSuccess: done,
    onError: (problem) => problem.type.endsWith("begin-again") && back(),
  });
  const passkey = usePasskey(done, second.ticket);
  return (
    <>
      {second.factors.includes("code") && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            enter.mutate();
          }}
        >
          <TextInput
            label={t("signin.code")}
            description={t("signin.codeHelp")}
            name="code"
            autoComplete="one-time-code"
            autoFocus
            required
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
          <Button type="submit" size="sm" loading={enter.isPending}>
            {t("signin.enter")}
          </Button>
        </form>
      )}
      {second.factors.includes("passkey") && (
        <Button
          variant="default"
          size="sm"
          leftSection={<Icon name="key" />}
          loading={passkey.isPending}
          onClick={() => passkey.mutate()}
        >
          {t("signin.passkey")}
        </Button>
      )}
      <Refused problem={enter.error ?? passkey.error} />
      <Button variant="subtle" color="gray" onClick={back}>
        {t("signin.back")}
      </Button>
    </>
  );
}
