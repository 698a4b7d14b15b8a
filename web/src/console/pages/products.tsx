import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "../../shared/api/client.ts";
import type { Product } from "../../shared/api/types.ts";
import { formatCount, formatDateTime, formatMoney } from "../../shared/format.ts";
import { ProductBadge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog, Dialog } from "../../ui/dialog.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Empty, Skeleton, Table } from "../../ui/surface.tsx";
import css from "../console.module.css";
import { Unread, useAct } from "../forms.tsx";
import { ProductForm, RestockForm } from "../product-form.tsx";

type Open = { deed: "edit" | "restock" | "remove"; product: Product } | { deed: "create" } | null;

export function ProductsPage() {
  const products = useQuery({ queryKey: ["admin", "products"], queryFn: () => ok(api.GET("/api/admin/products")), refetchInterval: 3_000 });
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const list = products.data?.data;
  return (
    <>
      <PageHead
        title="Products"
        actions={
          <Button variant="primary" onClick={() => setOpen({ deed: "create" })}>
            New product
          </Button>
        }
      />
      {products.isError && <Unread error={products.error} again={() => void products.refetch()} />}
      {products.isPending && <Skeleton height="16rem" />}
      {list?.length === 0 && <Empty title="No products yet">Create the first one; it can be scheduled.</Empty>}
      {list !== undefined && list.length > 0 && (
        <Table label="Products">
          <thead>
            <tr>
              <th>Product</th>
              <th>State</th>
              <th className="number">Price</th>
              <th className="number">Left</th>
              <th className="number">Held</th>
              <th className="number">Sold</th>
              <th>From – to</th>
              <th>
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.map((product) => (
              <Row key={product.id} product={product} onOpen={(deed) => setOpen({ deed, product })} />
            ))}
          </tbody>
        </Table>
      )}
      <Dialog open={open?.deed === "create"} onOpenChange={close} title="New product">
        <ProductForm product={null} onDone={close} />
      </Dialog>
      <Dialog open={open?.deed === "edit"} onOpenChange={close} title={open?.deed === "edit" ? open.product.name : ""}>
        {open?.deed === "edit" && <ProductForm product={open.product} onDone={close} />}
      </Dialog>
      <Dialog open={open?.deed === "restock"} onOpenChange={close} title={open?.deed === "restock" ? `Stock of ${open.product.name}` : ""}>
        {open?.deed === "restock" && <RestockForm product={open.product} onDone={close} />}
      </Dialog>
      <Removal product={open?.deed === "remove" ? open.product : null} onDone={close} />
    </>
  );
}

function Row({ product, onOpen }: { product: Product; onOpen: (deed: "edit" | "restock" | "remove") => void }) {
  const { act, busy } = useAct();
  const path = { params: { path: { id: product.id } } };
  const isPaused = product.state === "paused";
  const turn = () =>
    act(() => ok(isPaused ? api.POST("/api/admin/products/{id}/resume", path) : api.POST("/api/admin/products/{id}/pause", path)), `${product.name} ${isPaused ? "resumed" : "paused"}`).catch(() => undefined);
  const of = (word: string) => ({ "aria-label": `${word} ${product.name}`, size: "s" as const });
  return (
    <tr>
      <td>
        {product.name}
        <span className={`${css["sub"]} mono`}>{product.id}</span>
      </td>
      <td>
        <ProductBadge state={product.state} />
      </td>
      <td className="number">{formatMoney(product.sale_price_minor, product.currency)}</td>
      <td className="number">
        {formatCount(product.available)} <span className="quiet">of {formatCount(product.total)}</span>
      </td>
      <td className="number">{formatCount(product.held)}</td>
      <td className="number">{formatCount(product.sold)}</td>
      <td>
        {product.starts_at ? formatDateTime(product.starts_at) : "at once"}
        <span className={css["sub"]}>{product.ends_at ? `until ${formatDateTime(product.ends_at)}` : "until sold out"}</span>
      </td>
      <td>
        <div className="row" style={{ flexWrap: "nowrap", justifyContent: "end" }}>
          <Button {...of(isPaused ? "Resume" : "Pause")} busy={busy} onClick={() => void turn()}>
            {isPaused ? "Resume" : "Pause"}
          </Button>
          <Button {...of("Restock")} onClick={() => onOpen("restock")}>
            Restock
          </Button>
          <Button {...of("Edit")} onClick={() => onOpen("edit")}>
            Edit
          </Button>
          <Button {...of("Delete")} variant="quiet" onClick={() => onOpen("remove")}>
            Delete
          </Button>
        </div>
      </td>
    </tr>
  );
}

function Removal({ product, onDone }: { product: Product | null; onDone: () => void }) {
  const { act } = useAct();
  return (
    <ConfirmDialog
      open={product !== null}
      onOpenChange={onDone}
      title={`Delete ${product?.name ?? ""}?`}
      action="Delete product"
      danger
      onConfirm={async () => {
        if (product !== null) await act(() => ok(api.DELETE("/api/admin/products/{id}", { params: { path: { id: product.id } } })), `${product.name} deleted`);
      }}
    >
      It leaves the shop. This cannot be undone, and is refused while orders hold units of it.
    </ConfirmDialog>
  );
}
