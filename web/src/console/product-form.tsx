// Creates a product or changes one. The server's rules are the rules; what it says stands at the field.
import { type FormEvent, useState } from "react";
import { api, ok } from "../shared/api/client.ts";
import type { Product } from "../shared/api/types.ts";
import { minorDigits, parseMoney } from "../shared/format.ts";
import { Button } from "../ui/button.tsx";
import { TextArea, TextField } from "../ui/field.tsx";
import css from "./console.module.css";
import { fromLocalField, NO_REFUSAL, RefusalNotice, refusalOf, toLocalField, useAct } from "./forms.tsx";

const FIELDS = ["id", "name", "description", "image_url", "total", "currency", "sale_price_minor", "list_price_minor", "starts_at", "ends_at", "per_user_limit"];

const priceField = (minor: number | null | undefined, currency: string) => (minor == null ? "" : (minor / 10 ** minorDigits(currency)).toFixed(minorDigits(currency)));

export function ProductForm({ product, onDone }: { product: Product | null; onDone: () => void }) {
  const { act, busy } = useAct();
  const [refusal, setRefusal] = useState(NO_REFUSAL);

  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const currency = product?.currency ?? text("currency").toUpperCase();
    const wrong: Record<string, string> = {};
    if (!/^[A-Z]{3}$/.test(currency)) wrong["currency"] = "Three letters, such as EUR.";
    const price = (name: string) => {
      if (text(name) === "" || wrong["currency"] !== undefined) return null;
      const minor = parseMoney(text(name), currency);
      if (minor === null) wrong[name] = `This is not an amount in ${currency}.`;
      return minor;
    };
    const whole = (name: string) => {
      if (text(name) === "") return null;
      if (!/^\d{1,10}$/.test(text(name))) wrong[name] = "This is not a whole number.";
      return Number(text(name));
    };
    const sale = price("sale_price_minor");
    if (text("sale_price_minor") === "") wrong["sale_price_minor"] = "A price is needed.";
    const terms = {
      name: text("name"),
      description: text("description"),
      image_url: text("image_url"),
      sale_price_minor: sale ?? 0,
      list_price_minor: price("list_price_minor"),
      starts_at: fromLocalField(text("starts_at")),
      ends_at: fromLocalField(text("ends_at")),
      per_user_limit: whole("per_user_limit"),
    };
    const total = product === null ? (whole("total") ?? 0) : 0;
    setRefusal({ fields: wrong, whole: null });
    if (Object.keys(wrong).length > 0) return;
    try {
      await act(
        () =>
          product === null
            ? ok(api.POST("/api/admin/products", { body: { ...terms, id: text("id"), currency, total } }))
            : ok(api.PATCH("/api/admin/products/{id}", { params: { path: { id: product.id } }, body: terms })),
        product === null ? `${terms.name} created` : `${terms.name} saved`,
        true,
      );
      onDone();
    } catch (error) {
      setRefusal(refusalOf(error, FIELDS));
    }
  };

  const at = (name: string) => ({ name, error: refusal.fields[name] });
  return (
    <form className="stack" noValidate onSubmit={(event) => void save(event)}>
      {product === null && <TextField label="Id" hint="Small letters, digits and dashes; part of its address, and stays." {...at("id")} />}
      <TextField label="Name" {...at("name")} defaultValue={product?.name ?? ""} />
      <TextArea label="Description" {...at("description")} defaultValue={product?.description ?? ""} />
      <TextField label="Picture" hint="A path of this shop, or an https address." {...at("image_url")} defaultValue={product?.image_url ?? ""} />
      <div className={css["two"]}>
        {product === null && <TextField label="Units for sale" inputMode="numeric" {...at("total")} />}
        {product === null && <TextField label="Currency" {...at("currency")} defaultValue="EUR" />}
        <TextField label="Price in the sale" inputMode="decimal" suffix={product?.currency} {...at("sale_price_minor")} defaultValue={product ? priceField(product.sale_price_minor, product.currency) : ""} />
        <TextField label="Price before" inputMode="decimal" suffix={product?.currency} {...at("list_price_minor")} defaultValue={product ? priceField(product.list_price_minor, product.currency) : ""} />
        <TextField label="Starts" type="datetime-local" step={1} hint="Your time; empty: now." {...at("starts_at")} defaultValue={toLocalField(product?.starts_at)} />
        <TextField label="Ends" type="datetime-local" step={1} hint="Empty: when sold out." {...at("ends_at")} defaultValue={toLocalField(product?.ends_at)} />
        <TextField label="Units a buyer may have" inputMode="numeric" hint="Empty: no limit." {...at("per_user_limit")} defaultValue={product?.per_user_limit == null ? "" : String(product.per_user_limit)} />
      </div>
      <RefusalNotice of={refusal} />
      <div className="row">
        <Button type="submit" variant="primary" busy={busy}>
          {product === null ? "Create product" : "Save changes"}
        </Button>
      </div>
    </form>
  );
}

export function RestockForm({ product, onDone }: { product: Product; onDone: () => void }) {
  const { act, busy } = useAct();
  const [refusal, setRefusal] = useState(NO_REFUSAL);
  const change = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = String(form.get("delta")).trim();
    if (!/^[+-]?\d{1,10}$/.test(text)) return setRefusal({ fields: { delta: "A whole number, such as 50 or -3." }, whole: null });
    const delta = Number(text);
    try {
      await act(
        () => ok(api.POST("/api/admin/products/{id}/stock", { params: { path: { id: product.id } }, body: { delta, reason: String(form.get("reason")).trim() } })),
        `${product.name}: ${delta > 0 ? "+" : ""}${delta} units`,
        true,
      );
      onDone();
    } catch (error) {
      setRefusal(refusalOf(error, ["delta", "reason"]));
    }
  };
  return (
    <form className="stack" noValidate onSubmit={(event) => void change(event)}>
      <TextField label="Change" name="delta" inputMode="text" hint={`Units to add, or with a minus to take away. ${product.available} are left now.`} error={refusal.fields["delta"]} />
      <TextField label="Reason" name="reason" hint="Goes into the audit trail." error={refusal.fields["reason"]} />
      <RefusalNotice of={refusal} />
      <div className="row">
        <Button type="submit" variant="primary" busy={busy}>
          Change stock
        </Button>
      </div>
    </form>
  );
}
