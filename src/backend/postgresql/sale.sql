-- The sale in PostgreSQL, version 1. Times are milliseconds since 1970 (UTC), ids are ULIDs as uuids (they sort
-- alike), numbers for outcomes and states are those of src/domain/command.hpp and src/domain/order.hpp.

CREATE TABLE products (
  ref         int4 PRIMARY KEY CHECK (ref BETWEEN 0 AND 65534),  -- dense, in order of creation, never reused
  slug        text NOT NULL CONSTRAINT products_slug UNIQUE,
  currency    text NOT NULL,
  name        text NOT NULL,
  description text NOT NULL,
  image_url   text NOT NULL,
  list_price  int8
);

-- What every batch reads and changes: one narrow row a product. Its lock puts all batches about the product in
-- order; it is taken before anything else is read, several in order of ref.
CREATE TABLE stock (
  ref            int4 PRIMARY KEY,
  price          int8 NOT NULL,
  starts_at      int8,
  ends_at        int8,
  per_user_limit int8 NOT NULL,
  paused         bool NOT NULL DEFAULT false,
  removed        bool NOT NULL DEFAULT false,
  total          int8 NOT NULL CHECK (total BETWEEN 0 AND 1000000000),
  available      int8 NOT NULL CHECK (available >= 0),
  held           int8 NOT NULL DEFAULT 0 CHECK (held >= 0),
  sold           int8 NOT NULL DEFAULT 0 CHECK (sold >= 0),
  sequence       int8 NOT NULL,  -- of the last record about it; the first is 1
  last_at        int8 NOT NULL,  -- the last record's time
  accepted       int8 NOT NULL DEFAULT 0,  -- orders ever
  earned         numeric NOT NULL DEFAULT 0,  -- of orders that are confirmed; of those that were refunded
  given_back     numeric NOT NULL DEFAULT 0,
  CONSTRAINT stock_no_oversell CHECK (held + sold <= total),
  CONSTRAINT stock_conserved CHECK (available + held + sold = total)
) WITH (fillfactor = 20);  -- so that a new version of a row fits beside the old ones

-- Every change of a product by an administrator: total is the sum of delta.
CREATE TABLE product_records (
  product  int4 NOT NULL,
  sequence int8 NOT NULL,
  at       int8 NOT NULL,
  kind     text NOT NULL,  -- created, changed, removed, adjusted, paused, resumed
  delta    int8 NOT NULL DEFAULT 0,
  reason   text NOT NULL DEFAULT '',
  PRIMARY KEY (product, sequence)
);

-- One number a batch of buys; an order's is that plus its place in the batch: orders in order of acceptance.
CREATE SEQUENCE acceptance INCREMENT BY 65536 MINVALUE 0 START WITH 65536;

CREATE TABLE orders (
  number            int8 NOT NULL,
  sequence          int8 NOT NULL,  -- the product's, of the record that accepted it
  price             int8 NOT NULL,
  created_at        int8 NOT NULL,
  -- The end of the hold; NULL once nothing is left to do. One index serves what expires and what the sweeper looks
  -- for, and no change of an order but the last touches an index.
  due               int8,
  begun_at          int8,
  ended_at          int8,
  refunded_at       int8,
  fence             int8 NOT NULL DEFAULT 0,
  id                uuid NOT NULL,
  buyer             uuid NOT NULL,
  key               uuid,           -- the digest of the idempotency key
  product           int4 NOT NULL,
  quantity          int2 NOT NULL CHECK (quantity BETWEEN 1 AND 10),
  status            int2 NOT NULL DEFAULT 0,
  reason            int2 NOT NULL DEFAULT 0,
  invoice           int2 NOT NULL DEFAULT 0,  -- 0 open, 1 finished, 2 skipped
  mail              int2 NOT NULL DEFAULT 0,
  parked_step       int2,           -- not NULL: a dead letter
  parked_attempts   int8,
  parked_at         int8,
  parked_reason     text,
  payment_reference text,
  CONSTRAINT orders_due CHECK ((due IS NOT NULL) = (status <= 1 OR (status = 2 AND (invoice = 0 OR mail = 0))))
) WITH (fillfactor = 55);  -- an order has four more versions, soon: they find room on its page
ALTER TABLE orders ADD CONSTRAINT orders_id PRIMARY KEY (id);
-- Also how a buyer's orders are found. Orders without a key (NULL) differ from each other.
ALTER TABLE orders ADD CONSTRAINT orders_key UNIQUE (buyer, key);
CREATE INDEX orders_due_index ON orders (due, number) WHERE due IS NOT NULL;
CREATE INDEX orders_parked_index ON orders (number) WHERE parked_step IS NOT NULL;

-- Decides buys in order, exactly as Ledger::decide(const Reserve&) does, and makes orders of those that succeed.
-- refs: the products, ascending, each once. Buy i is about refs[slot[i]] and, for the cap, the pair number
-- pair[i] of (pair_buyer, pair_slot). No two buys share an order id, nor buyer and key: the caller starts another
-- call for those. check_ids: look for order ids that exist; without it such an id is an error (orders_id).
-- Rows: place 0: each product, as it is now; place i: buy i, unless it was simply done.
CREATE FUNCTION reserve_v1(
  at int8, check_ids bool, refs int4[], ids uuid[], buyers uuid[], keys uuid[], slot int4[], quantity int8[],
  hold int8[], pair int4[], pair_buyer uuid[], pair_slot int4[],
  OUT place int4, OUT outcome int4, OUT ref int4, OUT id uuid, OUT amount int8, OUT price int8, OUT sequence int8,
  OUT final bool, OUT last_at int8, OUT total int8, OUT available int8, OUT held int8, OUT sold int8)
RETURNS SETOF record LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  n       CONSTANT int4 := cardinality(ids);
  wanted  int8[];   -- by slot
  refusal int4[];
  units   int8[];
  holding int8[];
  cap     int8[];
  used    int8[];   -- by pair
  verdict int4[];   -- by buy; 1: its key was used before
  fits    bool;
  capped  bool;
  sound   bool;
  known   int4 := 0;
  base    int8;
  s       int4;
BEGIN
  PERFORM FROM stock WHERE ref = ANY (refs) ORDER BY ref FOR UPDATE;
  -- From here on nobody else changes these products or their orders, and every statement sees them as they are.
  SELECT array_agg(w.units ORDER BY w.k) INTO wanted
    FROM (SELECT b.k, sum(b.q) FROM unnest(slot, quantity) AS b(k, q) GROUP BY b.k) AS w(k, units);
  SELECT array_agg(CASE
           WHEN t.ref IS NULL OR t.removed THEN 3
           WHEN t.paused THEN 4
           WHEN greatest(at, t.last_at) < t.starts_at THEN 5
           WHEN greatest(at, t.last_at) >= t.ends_at THEN 6
           ELSE 0 END ORDER BY p.k),
         array_agg(coalesce(t.available, 0) ORDER BY p.k), array_agg(coalesce(t.held, 0) ORDER BY p.k),
         array_agg(coalesce(t.per_user_limit, 0) ORDER BY p.k),
         bool_and(coalesce(t.available >= wanted[p.k], false)), bool_or(t.per_user_limit > 0)
    INTO refusal, units, holding, cap, fits, capped
    FROM unnest(refs) WITH ORDINALITY AS p(ref, k) LEFT JOIN stock t ON t.ref = p.ref;
  verdict := array_fill(0, ARRAY[n]);

  FOR place, outcome, ref, id, amount, price, sequence IN
    SELECT b.i, CASE WHEN o.product = refs[b.k] AND o.quantity = b.q THEN 1 ELSE 2 END, o.product, o.id, o.quantity,
           o.price, o.sequence
      FROM unnest(buyers, keys, slot, quantity) WITH ORDINALITY AS b(buyer, key, k, q, i)
      JOIN orders o ON o.buyer = b.buyer AND o.key = b.key
     WHERE b.key IS NOT NULL
  LOOP
    verdict[place] := outcome;
    known := known + 1;
    RETURN NEXT;
  END LOOP;

  IF capped THEN
    SELECT array_agg(CASE WHEN cap[p.k] = 0 THEN 0 ELSE
             (SELECT coalesce(sum(o.quantity), 0) FROM orders o
               WHERE o.buyer = p.buyer AND o.product = refs[p.k] AND o.status <= 2) END ORDER BY p.i)
      INTO used FROM unnest(pair_buyer, pair_slot) WITH ORDINALITY AS p(buyer, k, i);
    fits := fits AND NOT EXISTS (
      SELECT FROM unnest(pair, slot, quantity) AS b(p, k, q) GROUP BY b.p, b.k
      HAVING cap[b.k] > 0 AND used[b.p] + sum(b.q) > cap[b.k]);
  ELSE
    used := array_fill(0::int8, ARRAY[cardinality(pair_buyer)]);
  END IF;

  -- Not everything fits as a whole, or there is something to look at: one by one.
  IF NOT fits OR 0 <> ANY (refusal) OR known > 0 OR check_ids OR 1 > ANY (quantity) OR 10 < ANY (quantity)
     OR array_position(ids, NULL) IS NOT NULL OR array_position(buyers, NULL) IS NOT NULL THEN
    FOR i IN 1..n LOOP
      CONTINUE WHEN verdict[i] <> 0;
      s := slot[i];
      sound := quantity[i] BETWEEN 1 AND 10 AND ids[i] IS NOT NULL AND buyers[i] IS NOT NULL;
      IF refusal[s] <> 0 THEN
        outcome := refusal[s];
      ELSIF units[s] < quantity[i] THEN
        outcome := 7;
      ELSIF cap[s] > 0 AND used[pair[i]] + quantity[i] > cap[s] THEN
        outcome := 8;
      ELSIF (check_ids OR NOT sound) AND EXISTS (SELECT FROM orders o WHERE o.id = ids[i]) THEN
        outcome := 10;
      ELSIF NOT sound THEN
        outcome := 13;
      ELSE
        units[s] := units[s] - quantity[i];
        holding[s] := holding[s] + quantity[i];
        used[pair[i]] := used[pair[i]] + quantity[i];
        CONTINUE;
      END IF;
      verdict[i] := outcome;
      place := i;
      final := outcome = 7 AND holding[s] = 0;
      RETURN NEXT;
    END LOOP;
  END IF;

  IF 0 = ANY (verdict) THEN
    base := nextval('acceptance');
    INSERT INTO orders (number, sequence, price, created_at, due, id, buyer, key, product, quantity)
    SELECT base + b.i, t.sequence + row_number() OVER (PARTITION BY b.k ORDER BY b.i), t.price,
           greatest(at, t.last_at), greatest(at, t.last_at) + b.hold, b.id, b.buyer, b.key, t.ref, b.q
      FROM unnest(ids, buyers, keys, slot, quantity, hold, verdict) WITH ORDINALITY
             AS b(id, buyer, key, k, q, hold, v, i)
      JOIN stock t ON t.ref = refs[b.k]
     WHERE b.v = 0
     ORDER BY b.buyer, b.key;  -- two batches that meet at several keys wait for each other in one direction only
    UPDATE stock t SET available = t.available - w.units, held = t.held + w.units, sequence = t.sequence + w.records,
                       accepted = t.accepted + w.records, last_at = greatest(at, t.last_at)
      FROM (SELECT refs[b.k], sum(b.q), count(*)
              FROM unnest(slot, quantity, verdict) AS b(k, q, v) WHERE b.v = 0 GROUP BY b.k) AS w(ref, units, records)
     WHERE t.ref = w.ref;
  END IF;
  RETURN QUERY SELECT 0, 0, t.ref, NULL::uuid, NULL::int8, t.price, t.sequence, NULL::bool, t.last_at, t.total, t.available,
                      t.held, t.sold FROM stock t WHERE t.ref = ANY (refs);
END
$$;
