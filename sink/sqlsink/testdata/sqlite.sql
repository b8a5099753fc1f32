-- tombstones
BEGIN Default
DELETE FROM dynasink_tombstones WHERE table_name = '' AND row_key = ''
DELETE FROM "shop"."orders" AS target WHERE (target."a" = ? AND target."b" = ? AND (target."stream_sequence" IS NULL OR target."stream_sequence" <= ?))
SELECT row_key FROM dynasink_tombstones WHERE table_name = ? AND sequence > ? LIMIT 1
INSERT INTO "shop"."orders" AS target ("a", "b", "v", "n", "stream_sequence") VALUES (?, ?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n", "stream_sequence" = excluded."stream_sequence" WHERE target."stream_sequence" IS NULL OR target."stream_sequence" <= excluded."stream_sequence"
INSERT INTO "shop"."orders" AS target ("a", "b", "v", "n", "stream_sequence") VALUES (?, ?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n", "stream_sequence" = excluded."stream_sequence" WHERE target."stream_sequence" IS NULL OR target."stream_sequence" <= excluded."stream_sequence"
INSERT INTO "dynasink_tombstones" AS target ("table_name", "row_key", "deleted_at", "sequence") VALUES (?, ?, ?, ?) ON CONFLICT ("table_name", "row_key") DO UPDATE SET "deleted_at" = excluded."deleted_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" <= excluded."sequence"
COMMIT

-- version
BEGIN Default
DELETE FROM dynasink_tombstones WHERE table_name = '' AND row_key = ''
DELETE FROM "orders" AS target WHERE (target."a" = ? AND target."b" = ? AND (target."n" IS NULL OR target."n" <= ?))
SELECT row_key, sequence FROM dynasink_tombstones WHERE table_name = ? AND row_key IN (?, ?)
INSERT INTO "orders" AS target ("a", "b", "v", "n") VALUES (?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n" WHERE target."n" IS NULL OR target."n" <= excluded."n"
INSERT INTO "orders" AS target ("a", "b", "v", "n") VALUES (?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n" WHERE target."n" IS NULL OR target."n" <= excluded."n"
INSERT INTO "dynasink_tombstones" AS target ("table_name", "row_key", "deleted_at", "sequence") VALUES (?, ?, ?, ?) ON CONFLICT ("table_name", "row_key") DO UPDATE SET "deleted_at" = excluded."deleted_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" <= excluded."sequence"
COMMIT

-- soft delete
BEGIN Default
INSERT INTO "orders" AS target ("a", "b", "v", "n", "gone", "seq") VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n", "gone" = excluded."gone", "seq" = excluded."seq" WHERE target."seq" IS NULL OR target."seq" <= excluded."seq"
INSERT INTO "orders" AS target ("a", "b", "v", "n", "gone", "seq") VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n", "gone" = excluded."gone", "seq" = excluded."seq" WHERE target."seq" IS NULL OR target."seq" <= excluded."seq"
INSERT INTO "orders" AS target ("a", "b", "gone", "seq") VALUES (?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "gone" = excluded."gone", "seq" = excluded."seq" WHERE target."seq" IS NULL OR target."seq" <= excluded."seq"
COMMIT

-- unguarded
BEGIN Default
DELETE FROM "orders" AS target WHERE (target."a" = ? AND target."b" = ?)
INSERT INTO "orders" AS target ("a", "b", "v", "n") VALUES (?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n"
INSERT INTO "orders" AS target ("a", "b", "v", "n") VALUES (?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n"
COMMIT

-- key only
BEGIN Default
INSERT INTO "Odd"."key only" AS target ("id") VALUES (?) ON CONFLICT ("id") DO NOTHING
COMMIT

-- children
BEGIN Default
INSERT INTO "dynasink_newest" AS target ("name", "row_key", "changed_at", "sequence") VALUES (?, ?, ?, ?) ON CONFLICT ("name", "row_key") DO UPDATE SET "changed_at" = excluded."changed_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" <= excluded."sequence"
SELECT row_key, sequence FROM dynasink_newest WHERE name = ? AND row_key IN (?)
DELETE FROM "parts" AS target WHERE (target."a" = ? AND target."b" = ?)
INSERT INTO "parts" ("a", "b", "n") VALUES (?, ?, ?)
INSERT INTO "parts" ("a", "b", "n") VALUES (?, ?, ?)
COMMIT

-- once
BEGIN Default
INSERT INTO "dynasink_inbox" ("name", "event_key", "token", "applied_at") VALUES (?, ?, ?, ?) ON CONFLICT (name, event_key) DO NOTHING RETURNING event_key
COMMIT

-- newest
BEGIN Default
INSERT INTO "dynasink_newest" AS target ("name", "row_key", "changed_at", "sequence") VALUES (?, ?, ?, ?) ON CONFLICT ("name", "row_key") DO UPDATE SET "changed_at" = excluded."changed_at", "sequence" = excluded."sequence" WHERE target."sequence" IS NULL OR target."sequence" <= excluded."sequence"
SELECT row_key, sequence FROM dynasink_newest WHERE name = ? AND row_key IN (?)
COMMIT

