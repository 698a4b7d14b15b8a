-- The orders to be searched, version 1: indexes beside those of sale.sql, for the console. All end with the id, so that
-- pages go on where they stopped. None has a column that changes while an order goes well: its four changes stay on its
-- page (see sale.sql).

CREATE INDEX orders_product_index ON orders (product, id);
-- Those that did not go well, by the way they ended, which follows from the reason: never paid (1: failed or expired),
-- cancelled (3), refunded (5). The numbers are those of StatusReason.
CREATE INDEX orders_ended_index ON orders ((CASE WHEN reason IN (1, 2, 4) THEN 1 ELSE reason END), id)
  WHERE reason <> 0;
CREATE INDEX orders_ended_of_index ON orders (product, (CASE WHEN reason IN (1, 2, 4) THEN 1 ELSE reason END), id)
  WHERE reason <> 0;
