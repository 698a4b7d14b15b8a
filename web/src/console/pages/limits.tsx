import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok } from "../../shared/api/client.ts";
import { formatCount } from "../../shared/format.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Skeleton, Table } from "../../ui/surface.tsx";
import css from "../console.module.css";
import { NO_REFUSAL, refusalOf, Unread, useAct } from "../forms.tsx";

const POLICIES = { flash_buy: "Buying", login: "Logging in, by account", login_address: "Logging in, by address", register: "Registering", default: "Everything else" } as const;
type Policy = keyof typeof POLICIES;
const COUNTED = { user: "users", account: "accounts", address: "addresses" } as const;

export function LimitsPage() {
  const limits = useQuery({ queryKey: ["admin", "limits"], queryFn: () => ok(api.GET("/api/admin/rate-limits")), refetchInterval: 2_000 });
  const states = limits.data?.data;
  return (
    <>
      <PageHead title="Rate limits">
        <p className="quiet">Changes hold at once and over restarts. Who is limited is counted, never named.</p>
      </PageHead>
      <div className="stack">
        {limits.isError && <Unread error={limits.error} again={() => void limits.refetch()} />}
        {limits.isPending && <Skeleton height="14rem" />}
        {states !== undefined && (
          <Table label="Rate limits">
            <thead>
              <tr>
                <th>For</th>
                <th>Limit</th>
                <th className="number">Refused in the last minute</th>
                <th className="number">From</th>
                <th className="number">Largest share</th>
                <th className="number">Refused</th>
                <th className="number">Allowed</th>
                <th className="number">Watched</th>
              </tr>
            </thead>
            <tbody>
              {(Object.keys(POLICIES) as Policy[]).map((policy) => {
                const state = states[policy];
                const { refused, distinct, largest_share: share } = state.last_minute;
                return (
                  <tr key={policy}>
                    <td>{POLICIES[policy]}</td>
                    <td>{policy === "login_address" ? <span className="quiet">{state.limit}, follows the one above</span> : <Limit policy={policy} value={state.limit} />}</td>
                    <td className="number">{formatCount(refused)}</td>
                    <td className="number">
                      {formatCount(distinct)} {COUNTED[state.counts]}
                    </td>
                    <td className="number">{share === null ? "–" : `${Math.round(share * 100)} %`}</td>
                    <td className="number">{formatCount(state.refused)}</td>
                    <td className="number">{formatCount(state.allowed)}</td>
                    <td className="number">{formatCount(state.buckets)}</td>
                  </tr>
                );
              })}
            </tbody>
          </Table>
        )}
        <p className="quiet small">A share near 100 % is one bot; many with small shares are a limit that is too tight. A limit is “20/60s”, “20/60s,burst=40” or “off”.</p>
      </div>
    </>
  );
}

function Limit({ policy, value }: { policy: Exclude<Policy, "login_address">; value: string }) {
  const { act, busy } = useAct();
  const [refusal, setRefusal] = useState(NO_REFUSAL);
  const change = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const limit = String(new FormData(event.currentTarget).get(policy)).trim();
    try {
      await act(() => ok(api.PUT("/api/admin/rate-limits", { body: { [policy]: limit } })), `${POLICIES[policy]}: ${limit}`, true);
      setRefusal(NO_REFUSAL);
    } catch (error) {
      const { fields, whole } = refusalOf(error, [policy]);
      setRefusal({ fields: whole === null ? fields : { [policy]: whole }, whole: null });
    }
  };
  return (
    <form className={css["inline"]} noValidate onSubmit={(event) => void change(event)}>
      <TextField key={value} label={`Limit: ${POLICIES[policy]}`} bare name={policy} defaultValue={value} error={refusal.fields[policy]} />
      <Button type="submit" busy={busy} aria-label={`Set limit: ${POLICIES[policy]}`}>
        Set
      </Button>
    </form>
  );
}
