-- Whence the shop in these tables was copied, version 1 (src/port/shop_copy.hpp): at most one row, which came with it.

CREATE TABLE migration (
  one    bool NOT NULL DEFAULT true CONSTRAINT migration_one PRIMARY KEY CHECK (one),
  digest text NOT NULL,  -- over the whole shop, as it was
  head   int8 NOT NULL,  -- its last record
  place  text NOT NULL,
  at     int8 NOT NULL
);
