-- tombstones
BEGIN Read Committed
SELECT pg_advisory_xact_lock((CAST(CAST('dynasink_tombstones' AS regclass) AS oid)::bigint << 32) + key) FROM unnest(CAST(string_to_array($1, ',') AS bigint[])) AS key
INSERT INTO "dynasink_tombstones" AS target ("table_name", "row_key", "deleted_at", "sequence") VALUES ($1, $2, $3, $4) ON CONFLICT ("table_name", "row_key") DO UPDATE SET "deleted_at" = excluded."deleted_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" <= excluded."sequence"
SELECT row_key, sequence FROM dynasink_tombstones WHERE table_name = $1 AND row_key IN ($2, $3)
DELETE FROM "shop"."orders" AS target WHERE (target."a" = $1 AND target."b" = $2 AND (target."stream_sequence" IS NULL OR target."stream_sequence" <= $3))
INSERT INTO "shop"."orders" AS target ("a", "b", "v", "n", "stream_sequence") VALUES ($1, $2, $3, $4, $5), ($6, $7, $8, $9, $10) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n", "stream_sequence" = excluded."stream_sequence" WHERE target."stream_sequence" IS NULL OR target."stream_sequence" <= excluded."stream_sequence"
COMMIT

-- version
BEGIN Read Committed
SELECT pg_advisory_xact_lock((CAST(CAST('dynasink_tombstones' AS regclass) AS oid)::bigint << 32) + key) FROM unnest(CAST(string_to_array($1, ',') AS bigint[])) AS key
INSERT INTO "dynasink_tombstones" AS target ("table_name", "row_key", "deleted_at", "sequence") VALUES ($1, $2, $3, $4) ON CONFLICT ("table_name", "row_key") DO UPDATE SET "deleted_at" = excluded."deleted_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" <= excluded."sequence"
SELECT row_key, sequence FROM dynasink_tombstones WHERE table_name = $1 AND row_key IN ($2, $3)
DELETE FROM "orders" AS target WHERE (target."a" = $1 AND target."b" = $2 AND (target."n" IS NULL OR target."n" <= $3))
INSERT INTO "orders" AS target ("a", "b", "v", "n") VALUES ($1, $2, $3, $4), ($5, $6, $7, $8) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n" WHERE target."n" IS NULL OR target."n" <= excluded."n"
COMMIT

-- soft delete
BEGIN Read Committed
INSERT INTO "orders" AS target ("a", "b", "gone", "seq") VALUES ($1, $2, $3, $4) ON CONFLICT ("a", "b") DO UPDATE SET "gone" = excluded."gone", "seq" = excluded."seq" WHERE target."seq" IS NULL OR target."seq" <= excluded."seq"
INSERT INTO "orders" AS target ("a", "b", "v", "n", "gone", "seq") VALUES ($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n", "gone" = excluded."gone", "seq" = excluded."seq" WHERE target."seq" IS NULL OR target."seq" <= excluded."seq"
COMMIT

-- unguarded
BEGIN Read Committed
DELETE FROM "orders" AS target WHERE (target."a" = $1 AND target."b" = $2)
INSERT INTO "orders" AS target ("a", "b", "v", "n") VALUES ($1, $2, $3, $4), ($5, $6, $7, $8) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n"
COMMIT

-- key only
BEGIN Read Committed
INSERT INTO "Odd"."key only" AS target ("id") VALUES ($1) ON CONFLICT ("id") DO NOTHING
COMMIT

-- children
BEGIN Read Committed
INSERT INTO "dynasink_newest" AS target ("name", "row_key", "changed_at", "sequence") VALUES ($1, $2, $3, $4) ON CONFLICT ("name", "row_key") DO UPDATE SET "changed_at" = excluded."changed_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" <= excluded."sequence"
SELECT row_key, sequence FROM dynasink_newest WHERE name = $1 AND row_key IN ($2)
DELETE FROM "parts" AS target WHERE (target."a" = $1 AND target."b" = $2)
INSERT INTO "parts" ("a", "b", "n") VALUES ($1, $2, $3), ($4, $5, $6)
COMMIT

-- once
BEGIN Read Committed
INSERT INTO dynasink_inbox (name, event_key, token, applied_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name, event_key) DO NOTHING RETURNING event_key
COMMIT

-- newest
BEGIN Read Committed
INSERT INTO "dynasink_newest" AS target ("name", "row_key", "changed_at", "sequence") VALUES ($1, $2, $3, $4) ON CONFLICT ("name", "row_key") DO UPDATE SET "changed_at" = excluded."changed_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" <= excluded."sequence"
SELECT row_key, sequence FROM dynasink_newest WHERE name = $1 AND row_key IN ($2)
COMMIT

-- DDL
CREATE TABLE IF NOT EXISTS dynasink_tombstones (table_name VARCHAR(255) NOT NULL, row_key VARCHAR(64) NOT NULL, sequence CHAR(40) NOT NULL, deleted_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (table_name, row_key))
CREATE TABLE IF NOT EXISTS dynasink_inbox (name VARCHAR(255) NOT NULL, event_key VARCHAR(64) NOT NULL, token VARCHAR(64) NOT NULL, applied_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (name, event_key))
CREATE TABLE IF NOT EXISTS dynasink_newest (name VARCHAR(255) NOT NULL, row_key VARCHAR(64) NOT NULL, sequence CHAR(40) NOT NULL, changed_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (name, row_key))
