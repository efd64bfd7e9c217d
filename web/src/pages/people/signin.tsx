/** How somebody gets into the portal: invited by mail or by a link to be handed over. */

import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCompany } from "~/api/company";
import { call, type Problem, read } from "~/api/http";
import type { Person } from "~/api/model";
import type { Api } from "~/api/types";
import { complain, say } from "~/app/undo";
import { Badge, Part } from "~/kit/page";
import { Refused } from "~/kit/states";
import { useWhen } from "~/kit/when";

export function PortalAccess({ company, person }: { company: string; person: Person }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const when = useWhen(useCompany(company).timezone);
  const [link, setLink] = useState("");
  const path = `/companies/${encodeURIComponent(company)}/users/${encodeURIComponent(person.id)}/sign-in`;
  const key = ["access", company, person.id];
  const access = useQuery<Api["AccessView"], Problem>({
    queryKey: key,
    queryFn: () => read<Api["AccessView"]>(path),
    retry: false,
  });
  const invite = useMutation<Api["InvitationMade"], Problem, "mail" | "link">({
    mutationFn: async (delivery) => {
      const login = access.data?.login ?? person.email ?? person.id;
      return (await call<Api["InvitationMade"]>("POST", `${path}/invitation`, { body: { delivery, login } })).data;
    },
    onSuccess: (made) => {
      if (made.link) setLink(made.link);
      else say(t("invite.sent", { address: person.email ?? made.login }));
      client.invalidateQueries({ queryKey: key });
    },
  });
  const end = () =>
    call("DELETE", `${path}/sessions`).then(
      () => client.invalidateQueries({ queryKey: key }),
      (problem: Problem) => complain(problem.message),
    );
  if (access.error) return null;
  const has = access.data;
  const last = has?.last_signed_in ? when.short(Date.parse(has.last_signed_in) / 1000) : "";
  return (
    <Part
      title={t("invite.title")}
      note={
        has?.account ? (
          <Badge tone={has.password ? "ok" : "plain"}>{has.password ? t("invite.active") : t("invite.invited")}</Badge>
        ) : null
      }
    >
      {has?.account ? (
        <p className="vz-dim">{t("invite.as", { login: has.login ?? "", last: last || "–" })}</p>
      ) : (
        <p className="vz-dim">{t("invite.help")}</p>
      )}
      {link && (
        <div className="vz-secret">
          <code>{link}</code>
        </div>
      )}
      <Refused problem={invite.error} />
      <div className="vz-bar" style={{ padding: 0 }}>
        {person.email && (
          <Button variant="default" loading={invite.isPending} onClick={() => invite.mutate("mail")}>
            {t("invite.mail")}
          </Button>
        )}
        <Button variant="default" loading={invite.isPending} onClick={() => invite.mutate("link")}>
          {t("invite.link")}
        </Button>
        {Boolean(has?.sessions) && (
          <Button variant="subtle" color="gray" onClick={end}>
            {t("invite.end", { count: has?.sessions ?? 0 })}
          </Button>
        )}
      </div>
    </Part>
  );
}
