-- tombstones
BEGIN Read Committed
SELECT count(pg_advisory_xact_lock((CAST(CAST('dynasink_tombstones' AS regclass) AS oid)::bigint << 32) + key)) FROM unnest(CAST(string_to_array($1, ',') AS bigint[])) AS key
SELECT a.attname, CAST(b.oid AS text), format_type(b.oid, -1) FROM pg_attribute AS a JOIN pg_type AS ty ON ty.oid = a.atttypid JOIN pg_type AS b ON b.oid = CASE ty.typtype WHEN 'd' THEN ty.typbasetype ELSE ty.oid END WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
DELETE FROM "shop"."orders" AS target USING unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[])), (SELECT CAST($3 AS text[]))) AS u(c0, c1, c2) WHERE target."a" = u.c0 AND target."b" = u.c1 AND (target."stream_sequence" IS NULL OR target."stream_sequence" COLLATE "C" <= CAST(u.c2 AS bpchar))
INSERT INTO "shop"."orders" AS target ("a", "b", "v", "n", "stream_sequence") SELECT u.c0, u.c1, u.c2, u.c3, u.c4 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[])), (SELECT CAST($3 AS text[])), (SELECT CAST($4 AS int8[])), (SELECT CAST($5 AS text[])), (SELECT CAST($6 AS text[]))) AS u(c0, c1, c2, c3, c4, c5) WHERE NOT (COALESCE((SELECT CAST(max(d.sequence) AS text) FROM dynasink_tombstones AS d WHERE d.table_name = $7), '') COLLATE "C" > $8 AND COALESCE((SELECT CAST(d.sequence AS text) FROM dynasink_tombstones AS d WHERE d.table_name = $9 AND d.row_key = u.c5), '') COLLATE "C" > CAST(u.c4 AS text)) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n", "stream_sequence" = excluded."stream_sequence" WHERE target."stream_sequence" IS NULL OR target."stream_sequence" COLLATE "C" <= excluded."stream_sequence"
INSERT INTO "dynasink_tombstones" AS target ("table_name", "row_key", "deleted_at", "sequence") SELECT u.c0, u.c1, u.c2, u.c3 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS text[])), (SELECT CAST($3 AS timestamptz[])), (SELECT CAST($4 AS text[]))) AS u(c0, c1, c2, c3) ON CONFLICT ("table_name", "row_key") DO UPDATE SET "deleted_at" = excluded."deleted_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" COLLATE "C" <= excluded."sequence"
COMMIT

-- version
BEGIN Read Committed
SELECT count(pg_advisory_xact_lock((CAST(CAST('dynasink_tombstones' AS regclass) AS oid)::bigint << 32) + key)) FROM unnest(CAST(string_to_array($1, ',') AS bigint[])) AS key
SELECT a.attname, CAST(b.oid AS text), format_type(b.oid, -1) FROM pg_attribute AS a JOIN pg_type AS ty ON ty.oid = a.atttypid JOIN pg_type AS b ON b.oid = CASE ty.typtype WHEN 'd' THEN ty.typbasetype ELSE ty.oid END WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
DELETE FROM "orders" AS target USING unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[])), (SELECT CAST($3 AS text[]))) AS u(c0, c1, c2) WHERE target."a" = u.c0 AND target."b" = u.c1 AND (target."n" IS NULL OR target."n" <= CAST(u.c2 AS bigint))
INSERT INTO "orders" AS target ("a", "b", "v", "n") SELECT u.c0, u.c1, u.c2, u.c3 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[])), (SELECT CAST($3 AS text[])), (SELECT CAST($4 AS int8[])), (SELECT CAST($5 AS text[])), (SELECT CAST($6 AS text[]))) AS u(c0, c1, c2, c3, c4, c5) WHERE NOT (COALESCE((SELECT CAST(d.sequence AS text) FROM dynasink_tombstones AS d WHERE d.table_name = $7 AND d.row_key = u.c4), '') COLLATE "C" >= CAST(u.c5 AS text)) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n" WHERE target."n" IS NULL OR target."n" <= excluded."n"
INSERT INTO "dynasink_tombstones" AS target ("table_name", "row_key", "deleted_at", "sequence") SELECT u.c0, u.c1, u.c2, u.c3 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS text[])), (SELECT CAST($3 AS timestamptz[])), (SELECT CAST($4 AS text[]))) AS u(c0, c1, c2, c3) ON CONFLICT ("table_name", "row_key") DO UPDATE SET "deleted_at" = excluded."deleted_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" COLLATE "C" <= excluded."sequence"
COMMIT

-- soft delete
BEGIN Read Committed
INSERT INTO "orders" AS target ("a", "b", "gone", "seq") SELECT u.c0, u.c1, u.c2, u.c3 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[])), (SELECT CAST($3 AS timestamptz[])), (SELECT CAST($4 AS numeric[]))) AS u(c0, c1, c2, c3) ON CONFLICT ("a", "b") DO UPDATE SET "gone" = excluded."gone", "seq" = excluded."seq" WHERE target."seq" IS NULL OR target."seq" <= excluded."seq"
INSERT INTO "orders" AS target ("a", "b", "v", "n", "gone", "seq") SELECT u.c0, u.c1, u.c2, u.c3, u.c4, u.c5 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[])), (SELECT CAST($3 AS text[])), (SELECT CAST($4 AS int8[])), (SELECT CAST($5 AS timestamptz[])), (SELECT CAST($6 AS numeric[]))) AS u(c0, c1, c2, c3, c4, c5) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n", "gone" = excluded."gone", "seq" = excluded."seq" WHERE target."seq" IS NULL OR target."seq" <= excluded."seq"
COMMIT

-- unguarded
BEGIN Read Committed
DELETE FROM "orders" AS target USING unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[]))) AS u(c0, c1) WHERE target."a" = u.c0 AND target."b" = u.c1
INSERT INTO "orders" AS target ("a", "b", "v", "n") SELECT u.c0, u.c1, u.c2, u.c3 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[])), (SELECT CAST($3 AS text[])), (SELECT CAST($4 AS int8[]))) AS u(c0, c1, c2, c3) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n"
COMMIT

-- key only
BEGIN Read Committed
SELECT a.attname, CAST(b.oid AS text), format_type(b.oid, -1) FROM pg_attribute AS a JOIN pg_type AS ty ON ty.oid = a.atttypid JOIN pg_type AS b ON b.oid = CASE ty.typtype WHEN 'd' THEN ty.typbasetype ELSE ty.oid END WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
INSERT INTO "Odd"."key only" AS target ("id") SELECT u.c0 FROM unnest((SELECT CAST($1 AS text[]))) AS u(c0) ON CONFLICT ("id") DO NOTHING
COMMIT

-- children
BEGIN Read Committed
INSERT INTO "dynasink_newest" AS target ("name", "row_key", "changed_at", "sequence") SELECT u.c0, u.c1, u.c2, u.c3 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS text[])), (SELECT CAST($3 AS timestamptz[])), (SELECT CAST($4 AS text[]))) AS u(c0, c1, c2, c3) ON CONFLICT ("name", "row_key") DO UPDATE SET "changed_at" = excluded."changed_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" COLLATE "C" <= excluded."sequence"
SELECT row_key, sequence FROM dynasink_newest WHERE name = $1 AND row_key = ANY(CAST($2 AS text[]))
SELECT a.attname, CAST(b.oid AS text), format_type(b.oid, -1) FROM pg_attribute AS a JOIN pg_type AS ty ON ty.oid = a.atttypid JOIN pg_type AS b ON b.oid = CASE ty.typtype WHEN 'd' THEN ty.typbasetype ELSE ty.oid END WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
DELETE FROM "parts" AS target USING unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[]))) AS u(c0, c1) WHERE target."a" = u.c0 AND target."b" = u.c1
INSERT INTO "parts" ("a", "b", "n") SELECT u.c0, u.c1, u.c2 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[])), (SELECT CAST($3 AS int8[]))) AS u(c0, c1, c2)
COMMIT

-- once
BEGIN Read Committed
INSERT INTO "dynasink_inbox" ("name", "event_key", "token", "applied_at") SELECT u.c0, u.c1, u.c2, u.c3 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS text[])), (SELECT CAST($3 AS text[])), (SELECT CAST($4 AS timestamptz[]))) AS u(c0, c1, c2, c3) ON CONFLICT (name, event_key) DO NOTHING RETURNING event_key
COMMIT

-- newest
BEGIN Read Committed
INSERT INTO "dynasink_newest" AS target ("name", "row_key", "changed_at", "sequence") SELECT u.c0, u.c1, u.c2, u.c3 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS text[])), (SELECT CAST($3 AS timestamptz[])), (SELECT CAST($4 AS text[]))) AS u(c0, c1, c2, c3) ON CONFLICT ("name", "row_key") DO UPDATE SET "changed_at" = excluded."changed_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" COLLATE "C" <= excluded."sequence"
SELECT row_key, sequence FROM dynasink_newest WHERE name = $1 AND row_key = ANY(CAST($2 AS text[]))
COMMIT

