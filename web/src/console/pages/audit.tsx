import { useInfiniteQuery } from "@tanstack/react-query";
import { api, ok } from "../../shared/api/client.ts";
import { formatMoment } from "../../shared/format.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Card, Empty, Skeleton, Table } from "../../ui/surface.tsx";
import { differences } from "../audit-diff.ts";
import css from "../console.module.css";
import { More, toLocalField, Unread } from "../forms.tsx";
import { useFilters } from "../use-filters.ts";
import { sayCode } from "../words.ts";

const FILTERS = ["who", "what", "target", "address", "from", "to"] as const;

export function AuditPage() {
  const { asked, find, key } = useFilters(FILTERS);
  const rows = useInfiniteQuery({
    queryKey: ["admin", "audit", asked],
    queryFn: ({ pageParam }) => ok(api.GET("/api/admin/audit", { params: { query: { ...asked, limit: 50, ...(pageParam === null ? {} : { cursor: pageParam }) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const list = rows.data?.pages.flatMap((page) => page.data);
  return (
    <>
      <PageHead title="Audit" />
      <div className="stack">
        <Card>
          <form key={key} className={css["filters"]} role="search" onSubmit={find}>
            <TextField label="Who" name="who" placeholder="E-mail, id or system" defaultValue={asked.who ?? ""} />
            <TextField label="What" name="what" placeholder="product_created" defaultValue={asked.what ?? ""} />
            <TextField label="Target" name="target" defaultValue={asked.target ?? ""} />
            <TextField label="Address" name="address" defaultValue={asked.address ?? ""} />
            <TextField label="From" name="from" type="datetime-local" defaultValue={toLocalField(asked.from)} />
            <TextField label="To" name="to" type="datetime-local" defaultValue={toLocalField(asked.to)} />
            <Button type="submit" variant="primary">
              Find
            </Button>
          </form>
        </Card>
        {rows.isError && <Unread error={rows.error} again={() => void rows.refetch()} />}
        {rows.isPending && <Skeleton height="16rem" />}
        {list?.length === 0 && <Empty title="Nothing was done that matches" />}
        {list !== undefined && list.length > 0 && (
          <Table label="Audit trail">
            <thead>
              <tr>
                <th>When</th>
                <th>Who</th>
                <th>What</th>
                <th>Target</th>
                <th>Before → after</th>
                <th>From</th>
              </tr>
            </thead>
            <tbody>
              {list.map((row) => (
                <tr key={row.sequence}>
                  <td>{formatMoment(row.when)}</td>
                  <td>{row.who_email ?? (row.who || "nobody")}</td>
                  <td>{sayCode(row.what)}</td>
                  <td className="mono">{row.target}</td>
                  <td className={css["wrap"]}>
                    <ul className={css["diff"]}>
                      {differences(row.before, row.after).map(({ name, before, after }) => (
                        <li key={name}>
                          {name !== "" && <span className="quiet">{name} </span>}
                          {before !== null && <del>{before}</del>} {after !== null && <>{before !== null && "→ "}<ins>{after}</ins></>}
                        </li>
                      ))}
                    </ul>
                  </td>
                  <td className="mono">{row.from}</td>
                </tr>
              ))}
            </tbody>
          </Table>
        )}
        <More shown={rows.hasNextPage} busy={rows.isFetchingNextPage} onMore={() => void rows.fetchNextPage()} />
      </div>
    </>
  );
}
