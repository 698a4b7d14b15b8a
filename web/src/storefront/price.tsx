import { formatMoney, savingPercent } from "../shared/format.ts";
import type { Product } from "../shared/api/types.ts";
import styles from "./price.module.css";

type Priced = Pick<Product, "sale_price_minor" | "list_price_minor" | "currency">;

export function Price({ product, large = false }: { product: Priced; large?: boolean }) {
  const { sale_price_minor: sale, list_price_minor: list, currency } = product;
  const saving = savingPercent(list, sale);
  return (
    <p className={styles["price"]} data-large={large || undefined}>
      <span className={styles["sale"]}>{formatMoney(sale, currency)}</span>
      {saving !== null && (
        <>
          <s className={styles["list"]}>
            <span className="visually-hidden">instead of </span>
            {formatMoney(list!, currency)}
          </s>
          <span className={styles["saving"]}>{saving}% off</span>
        </>
      )}
    </p>
  );
}
