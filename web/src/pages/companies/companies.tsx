/** The provider's companies. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type Problem, read } from "~/api/http";
import { Looks } from "~/app/looks";
import { Icon } from "~/kit/icons";
import { Empty, Failed, Waiting } from "~/kit/states";

interface Summary {
  id: string;
  name: string;
}

export function Companies() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useQuery<Summary[], Problem>({
    queryKey: ["companies"],
    queryFn: async () => {
      const got = await read<Summary[] | { items: Summary[] }>("/companies");
      return Array.isArray(got) ? got : got.items;
    },
  });
  return (
    <main className="vz-door-page">
      <div className="vz-door-card">
        <div className="vz-brand">
          <span className="vz-door" aria-hidden="true" />
          Vorzimmer
        </div>
        <h1>{t("frame.companies")}</h1>
        {isPending ? (
          <Waiting />
        ) : error ? (
          <Failed error={error} again={refetch} />
        ) : data.length ? (
          <ul className="vz-lines">
            {data.map((each) => (
              <li key={each.id}>
                <Icon name="site" />
                <Link className="vz-grow" to="/c/$company" params={{ company: each.id }}>
                  {each.name}
                </Link>
              </li>
            ))}
          </ul>
        ) : (
          <Empty title={t("companies.empty")} help={t("companies.emptyHelp")} />
        )}
        <Looks />
      </div>
    </main>
  );
}
