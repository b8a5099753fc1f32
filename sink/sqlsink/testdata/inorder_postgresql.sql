-- append
BEGIN Read Committed
SELECT a.attname, CAST(b.oid AS text), format_type(b.oid, -1) FROM pg_attribute AS a JOIN pg_type AS ty ON ty.oid = a.atttypid JOIN pg_type AS b ON b.oid = CASE ty.typtype WHEN 'd' THEN ty.typbasetype ELSE ty.oid END WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
INSERT INTO "shop"."history" AS target ("item", "total", "stream_event") SELECT u.c0, u.c1, u.c2 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int8[])), (SELECT CAST($3 AS text[]))) AS u(c0, c1, c2) ON CONFLICT ("stream_event") DO NOTHING
COMMIT

-- append with all columns
BEGIN Read Committed
SELECT a.attname, CAST(b.oid AS text), format_type(b.oid, -1) FROM pg_attribute AS a JOIN pg_type AS ty ON ty.oid = a.atttypid JOIN pg_type AS b ON b.oid = CASE ty.typtype WHEN 'd' THEN ty.typbasetype ELSE ty.oid END WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
INSERT INTO "history" AS target ("item", "total", "event", "seq", "name") SELECT u.c0, u.c1, u.c2, u.c3, u.c4 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int8[])), (SELECT CAST($3 AS text[])), (SELECT CAST($4 AS numeric[])), (SELECT CAST($5 AS text[]))) AS u(c0, c1, c2, c3, c4) ON CONFLICT ("event") DO NOTHING
COMMIT

-- every change
BEGIN Read Committed
SELECT a.attname, CAST(b.oid AS text), format_type(b.oid, -1) FROM pg_attribute AS a JOIN pg_type AS ty ON ty.oid = a.atttypid JOIN pg_type AS b ON b.oid = CASE ty.typtype WHEN 'd' THEN ty.typbasetype ELSE ty.oid END WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
DELETE FROM "orders" AS target USING unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[]))) AS u(c0, c1) WHERE target."a" = u.c0 AND target."b" = u.c1
INSERT INTO "orders" AS target ("a", "b", "v", "n") SELECT u.c0, u.c1, u.c2, u.c3 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[])), (SELECT CAST($3 AS text[])), (SELECT CAST($4 AS int8[]))) AS u(c0, c1, c2, c3) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n"
INSERT INTO "orders" AS target ("a", "b", "v", "n") SELECT u.c0, u.c1, u.c2, u.c3 FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[])), (SELECT CAST($3 AS text[])), (SELECT CAST($4 AS int8[]))) AS u(c0, c1, c2, c3) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n"
DELETE FROM "orders" AS target USING unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS int4[]))) AS u(c0, c1) WHERE target."a" = u.c0 AND target."b" = u.c1
COMMIT

