/** The frame around every page of a company: where one can go, who one is, whether the server is there. */

import { ActionIcon, Menu } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useParams, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCompany } from "~/api/company";
import { useEvents } from "~/api/events";
import { onSignedOut } from "~/api/http";
import { meKey, signOut, useMe } from "~/api/session";
import { Icon } from "~/kit/icons";
import { useConnection } from "./connection";
import { useKeys } from "./keys";
import { Looks } from "./looks";
import { PLACES } from "./nav";
import { Notes } from "./undo";

const Commands = lazy(() => import("./commands"));
const KeyHelp = lazy(() => import("./keyhelp"));

export function Shell() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  const [open, setOpen] = useState(false);
  const [layer, setLayer] = useState<"commands" | "keys" | null>(null);
  const navigate = useNavigate();
  const client = useQueryClient();
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEvents(company);
  useKeys(company, setLayer);
  useEffect(() => {
    onSignedOut(() => {
      client.removeQueries({ queryKey: meKey });
      navigate({ to: "/signin", search: { to: location.pathname + location.search } });
    });
  }, [client, navigate]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a visit to another page closes the drawer
  useEffect(() => setOpen(false), [path]);
  return (
    <div className="vz-frame" data-open={open || undefined}>
      <a className="vz-skip" href="#main">
        {t("frame.skip")}
      </a>
      <Side company={company} find={() => setLayer("commands")} />
      <button type="button" className="vz-veil" aria-label={t("frame.closeMenu")} onClick={() => setOpen(false)} />
      <div className="vz-body">
        <header className="vz-top">
          <ActionIcon variant="subtle" color="gray" aria-label={t("frame.menu")} onClick={() => setOpen(true)}>
            <Icon name="menu" size={20} />
          </ActionIcon>
          <span className="vz-brand">Vorzimmer</span>
        </header>
        <Banner />
        <main id="main" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <Notes />
      <Suspense>
        {layer === "commands" && <Commands company={company} close={() => setLayer(null)} />}
        {layer === "keys" && <KeyHelp close={() => setLayer(null)} />}
      </Suspense>
    </div>
  );
}

function Banner() {
  const { t } = useTranslation();
  const lost = useConnection() === "lost";
  return (
    <div role="status" aria-live="assertive">
      {lost && (
        <div className="vz-banner">
          <Icon name="warn" />
          <span>{t("frame.lost")}</span>
        </div>
      )}
    </div>
  );
}

function Side({ company, find }: { company: string; find: () => void }) {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const name = useCompany(company).name;
  return (
    <div className="vz-side">
      <div className="vz-brand">
        <span className="vz-door" aria-hidden="true" />
        Vorzimmer
      </div>
      <div className="vz-company">{name ?? company}</div>
      <button type="button" className="vz-find" onClick={find}>
        <Icon name="search" />
        <span>{t("frame.find")}</span>
        <kbd>{t("keys.ctrl")} K</kbd>
      </button>
      <nav aria-label={t("frame.pages")}>
        {PLACES.filter((place) => place.for(me)).map((place) => (
          <Link
            key={place.key}
            to={place.to}
            params={{ company }}
            activeOptions={{ exact: place.key === "overview", includeSearch: false }}
            className="vz-navlink"
          >
            <Icon name={place.icon} size={18} />
            {t(`nav.${place.key}`)}
          </Link>
        ))}
      </nav>
      <Account />
    </div>
  );
}

function Account() {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    await signOut(client);
    navigate({ to: "/signin" });
  };
  return (
    <div className="vz-account">
      <Menu position="top-start" width={220}>
        <Menu.Target>
          <button type="button" className="vz-who">
            <strong>{me?.name ?? t("role.provider")}</strong>
            <span>{t(`role.${me?.role ?? "user"}`)}</span>
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {me?.role === "provider" && (
            <Menu.Item component={Link} to="/companies">
              {t("frame.companies")}
            </Menu.Item>
          )}
          <Menu.Item leftSection={<Icon name="out" />} onClick={leave}>
            {t("frame.signOut")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Looks />
    </div>
  );
}
