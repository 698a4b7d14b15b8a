-- Accounts in PostgreSQL, version 1. Times are milliseconds since 1970 (UTC), ids are ULIDs as uuids (they sort alike),
-- digests are SHA-256, numbers for roles and outcomes are those of src/domain/principal.hpp and
-- src/port/account_store.hpp. A request that changes something is one call of a function, so one transaction.
-- `changed` is the transaction that changed the row: what a gateway has not heard of yet is found by it, without
-- anybody's clock (changes_v1).

CREATE TABLE users (
  id       uuid NOT NULL CONSTRAINT users_id PRIMARY KEY,
  email    text NOT NULL,
  name     text NOT NULL,
  role     int2 NOT NULL CHECK (role IN (0, 1)),
  password text NOT NULL,  -- PHC string; empty: nobody can log in with a password
  disabled bool NOT NULL DEFAULT false,
  epoch    int8 NOT NULL DEFAULT 0,
  epoch_at int8,           -- when it last changed, as long as somebody may hold a token of an earlier one
  changed  int8,
  created  int8 NOT NULL
);
-- Whatever its case: addresses are ASCII.
CREATE UNIQUE INDEX users_email ON users (lower(email COLLATE "C"));
CREATE INDEX users_changed ON users (changed) WHERE changed IS NOT NULL;
CREATE INDEX users_epoch_at ON users (epoch_at) WHERE epoch_at IS NOT NULL;
CREATE INDEX users_admin ON users (id) WHERE role <> 0;

-- One login on one device each. A user's row is locked before several of its families are.
CREATE TABLE families (
  id      uuid NOT NULL CONSTRAINT families_id PRIMARY KEY,
  owner   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  secret  bytea NOT NULL CHECK (octet_length(secret) = 32),
  token   bytea NOT NULL CHECK (octet_length(token) = 32),
  created int8 NOT NULL,
  expires int8 NOT NULL,
  revoked int8,
  rotated int8,  -- when the token was last exchanged, and by which request
  request uuid
) WITH (fillfactor = 85);
CREATE INDEX families_owner ON families (owner, created);
CREATE INDEX families_expires ON families (expires);

-- Logins that ended one by one: their access tokens are void although their user's epoch is not over.
CREATE TABLE revoked (
  family  uuid NOT NULL CONSTRAINT revoked_family PRIMARY KEY,
  at      int8 NOT NULL,
  changed int8 NOT NULL
);
CREATE INDEX revoked_changed ON revoked (changed);
CREATE INDEX revoked_at ON revoked (at);

CREATE TABLE settings (
  key     text NOT NULL CONSTRAINT settings_key PRIMARY KEY,
  json    text NOT NULL,
  changed int8 NOT NULL
);

-- An entry is written with what it tells of, by many at once; afterwards somebody links it to the chain, in one order
-- for all (link_audit_v1). So no login waits for another one's commit.
CREATE TABLE audit_waiting (
  number int8 GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_waiting_number PRIMARY KEY,
  at     int8 NOT NULL,
  entry  text[] NOT NULL CHECK (cardinality(entry) = 6)  -- who, what, target, origin, before, after
);
CREATE TABLE audit (
  sequence int8 NOT NULL CONSTRAINT audit_sequence PRIMARY KEY,
  at       int8 NOT NULL,
  who      text NOT NULL,
  what     text NOT NULL,
  target   text NOT NULL,
  origin   text NOT NULL,
  before   text NOT NULL,
  after    text NOT NULL,
  hash     bytea NOT NULL CHECK (octet_length(hash) = 32)  -- src/port/audit_chain.hpp
);
-- The last row of the chain: its lock puts the linkers in order.
CREATE TABLE audit_head (
  one      bool PRIMARY KEY DEFAULT true CHECK (one),
  sequence int8 NOT NULL,
  hash     bytea NOT NULL
);
INSERT INTO audit_head VALUES (true, 0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION this_change() RETURNS int8 LANGUAGE sql AS 'SELECT pg_current_xact_id()::text::int8';

CREATE FUNCTION note_audit_v1(at int8, entry text[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO audit_waiting (at, entry) SELECT $1, $2 WHERE $2[2] <> ''
$$;

CREATE FUNCTION link_audit_v1(most int4) RETURNS int4 LANGUAGE plpgsql AS $$
DECLARE
  head    audit_head;
  waiting audit_waiting;
  linked  int8[] := '{}';
  bytes   bytea;
  field   text;
BEGIN
  SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
  FOR waiting IN SELECT * FROM audit_waiting ORDER BY number LIMIT most LOOP
    head.sequence := head.sequence + 1;
    bytes := head.hash || int8send(head.sequence) || int8send(waiting.at);
    FOREACH field IN ARRAY waiting.entry LOOP
      bytes := bytes || int8send(octet_length(convert_to(field, 'UTF8'))) || convert_to(field, 'UTF8');
    END LOOP;
    head.hash := sha256(bytes);
    INSERT INTO audit VALUES (head.sequence, waiting.at, waiting.entry[1], waiting.entry[2], waiting.entry[3],
                              waiting.entry[4], waiting.entry[5], waiting.entry[6], head.hash);
    linked := linked || waiting.number;
  END LOOP;
  IF cardinality(linked) > 0 THEN
    DELETE FROM audit_waiting WHERE number = ANY (linked);
    UPDATE audit_head h SET sequence = head.sequence, hash = head.hash;
  END IF;
  RETURN cardinality(linked);
END
$$;

-- 0 done, 2 email_taken. The same call again, after its answer was lost, is done again. family: NULL or a login.
CREATE FUNCTION create_account_v1(
  user_id uuid, email text, name text, role int4, password text, disabled bool, epoch int8, created int8,
  family uuid, secret bytea, token bytea, opened int8, expires int8, audit_at int8, audit text[])
RETURNS int4 LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
  INSERT INTO users AS u VALUES (user_id, email, name, role, password, disabled, epoch, NULL,
                                 CASE WHEN role <> 0 THEN this_change() END, created)
    ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN CASE WHEN EXISTS (SELECT FROM users u WHERE u.id = user_id AND u.email = email) THEN 0 ELSE 2 END;
  END IF;
  IF family IS NOT NULL THEN
    INSERT INTO families VALUES (family, user_id, secret, token, opened, expires);
  END IF;
  PERFORM note_audit_v1(audit_at, audit);
  RETURN 0;
END
$$;

-- A new epoch, and what is not NULL. expected: the password's hash must be this one, and the account not disabled.
-- Outcomes: 0 done, 1 not_found, 3 stale.
CREATE FUNCTION change_account_v1(
  user_id uuid, at int8, expected text, new_password text, new_disabled bool, new_role int4, end_logins bool, keep uuid,
  audit_at int8, audit text[], OUT outcome int4, OUT account users)
LANGUAGE plpgsql AS $$
BEGIN
  SELECT * INTO account FROM users u WHERE u.id = user_id FOR NO KEY UPDATE;
  outcome := CASE
    WHEN NOT FOUND OR (expected IS NOT NULL AND account.disabled) THEN 1
    WHEN expected IS NOT NULL AND account.password <> expected THEN 3
    ELSE 0 END;
  IF outcome <> 0 THEN
    RETURN;
  END IF;
  -- Their access tokens fall with the epoch, so these need not be remembered one by one.
  IF end_logins THEN
    UPDATE families f SET revoked = at WHERE f.owner = user_id AND f.id IS DISTINCT FROM keep AND f.revoked IS NULL;
  END IF;
  UPDATE users u
     SET password = coalesce(new_password, u.password), disabled = coalesce(new_disabled, u.disabled),
         role = coalesce(new_role, u.role), epoch = u.epoch + 1, epoch_at = at, changed = this_change()
   WHERE u.id = user_id
  RETURNING u.* INTO account;
  PERFORM note_audit_v1(audit_at, audit);
END
$$;

-- 0 done, 1 not_found, 3 stale. At most `most` logins a user: the oldest beyond that are gone, revoked or not.
CREATE FUNCTION open_family_v1(
  family uuid, user_id uuid, secret bytea, token bytea, opened int8, expires int8, at_epoch int8, most int4,
  audit_at int8, audit text[])
RETURNS int4 LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  account users;
BEGIN
  SELECT * INTO account FROM users u WHERE u.id = user_id FOR NO KEY UPDATE;
  IF NOT FOUND OR account.disabled THEN
    RETURN 1;
  ELSIF EXISTS (SELECT FROM families f WHERE f.id = family AND f.owner = user_id AND f.secret = secret) THEN
    RETURN 0;  -- the same call again
  ELSIF account.epoch <> at_epoch THEN
    RETURN 3;
  END IF;
  DELETE FROM families WHERE id IN (
    SELECT f.id FROM families f WHERE f.owner = user_id ORDER BY f.created DESC, f.id DESC OFFSET most - 1);
  INSERT INTO families VALUES (family, user_id, secret, token, opened, expires);
  PERFORM note_audit_v1(audit_at, audit);
  RETURN 0;
END
$$;

CREATE FUNCTION revoke_family_v1(family uuid, at int8, audit_at int8, audit text[])
RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
  UPDATE families f SET revoked = at WHERE f.id = family AND f.revoked IS NULL;
  INSERT INTO revoked VALUES (family, at, this_change()) ON CONFLICT DO NOTHING;
  PERFORM note_audit_v1(audit_at, audit);
END
$$;

-- A refresh token is good once: the family's row is locked, so of two uses one is the second. The same request again,
-- after its answer was lost between us and the database, is the same use; and so is a repetition that is forgiven.
-- Outcomes: 0 rotated, 1 unknown, 2 expired, 3 revoked, 4 reused, 5 disabled.
CREATE FUNCTION rotate_v1(
  family uuid, presented_secret bytea, presented bytea, next bytea, at int8, next_expires int8,
  repeats_since int8, this_request uuid, audit_at int8, audit text[], OUT outcome int4, OUT account users)
LANGUAGE plpgsql AS $$
DECLARE
  login    families;
  repeated bool;
BEGIN
  SELECT * INTO login FROM families f WHERE f.id = family FOR NO KEY UPDATE;
  IF NOT FOUND OR login.secret <> presented_secret THEN
    outcome := 1;
    RETURN;
  END IF;
  SELECT * INTO STRICT account FROM users u WHERE u.id = login.owner;
  repeated := login.token = next AND coalesce(login.rotated >= repeats_since OR login.request = this_request, false);
  outcome := CASE
    WHEN login.revoked IS NOT NULL THEN 3
    WHEN login.token <> presented AND NOT repeated THEN 4
    WHEN at >= login.expires THEN 2
    WHEN account.disabled THEN 5
    ELSE 0 END;
  IF outcome = 4 THEN
    PERFORM revoke_family_v1(family, at, audit_at, audit);
  ELSIF outcome = 0 AND NOT repeated THEN
    UPDATE families f SET token = next, expires = next_expires, rotated = at, request = this_request
     WHERE f.id = family;
  END IF;
END
$$;

CREATE FUNCTION put_setting_v1(key text, json text, audit_at int8, audit text[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO settings VALUES ($1, $2, this_change())
    ON CONFLICT ON CONSTRAINT settings_key DO UPDATE SET json = EXCLUDED.json, changed = EXCLUDED.changed;
  SELECT note_audit_v1($3, $4);
$$;

-- Forgets some of what ended before `before`. What somebody else has locked is left for another time.
CREATE FUNCTION prune_accounts_v1(before int8, most int4) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM families WHERE id IN (
    SELECT f.id FROM families f WHERE f.expires < before LIMIT most FOR UPDATE SKIP LOCKED);
  DELETE FROM revoked WHERE family IN (
    SELECT r.family FROM revoked r WHERE r.at < before LIMIT most FOR UPDATE SKIP LOCKED);
  UPDATE users SET epoch_at = NULL, changed = NULL WHERE id IN (
    SELECT u.id FROM users u WHERE u.epoch_at < before LIMIT most FOR NO KEY UPDATE SKIP LOCKED);
END
$$;

-- What transactions from `since` on have changed, and from where to ask next: the oldest one that was still under way.
-- One statement, so one snapshot. Kinds: 0 the next cursor (number); 1 a user's epoch (number) and whether it is an
-- administrator now (flag); 2 a login that was revoked; 3 a setting.
CREATE FUNCTION changes_v1(since int8, OUT kind int4, OUT id uuid, OUT number int8, OUT flag bool, OUT key text,
                           OUT json text)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
  SELECT 0, NULL::uuid, pg_snapshot_xmin(pg_current_snapshot())::text::int8, NULL::bool, NULL::text, NULL::text
  UNION ALL SELECT 1, u.id, u.epoch, u.role <> 0 AND NOT u.disabled, NULL, NULL FROM users u WHERE u.changed >= $1
  UNION ALL SELECT 2, r.family, NULL, NULL, NULL, NULL FROM revoked r WHERE r.changed >= $1
  UNION ALL SELECT 3, NULL, NULL, NULL, s.key, s.json FROM settings s WHERE s.changed >= $1
$$;
