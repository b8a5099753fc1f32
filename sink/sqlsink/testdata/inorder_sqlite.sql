-- append
BEGIN Default
INSERT INTO "shop"."history" AS target ("item", "total", "stream_event") VALUES (?, ?, ?) ON CONFLICT ("stream_event") DO NOTHING
INSERT INTO "shop"."history" AS target ("item", "total", "stream_event") VALUES (?, ?, ?) ON CONFLICT ("stream_event") DO NOTHING
COMMIT

-- append with all columns
BEGIN Default
INSERT INTO "history" AS target ("item", "total", "event", "seq", "name") VALUES (?, ?, ?, ?, ?) ON CONFLICT ("event") DO NOTHING
INSERT INTO "history" AS target ("item", "total", "event", "seq", "name") VALUES (?, ?, ?, ?, ?) ON CONFLICT ("event") DO NOTHING
COMMIT

-- every change
BEGIN Default
DELETE FROM "orders" AS target WHERE (target."a" = ? AND target."b" = ?)
INSERT INTO "orders" AS target ("a", "b", "v", "n") VALUES (?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n"
INSERT INTO "orders" AS target ("a", "b", "v", "n") VALUES (?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n"
INSERT INTO "orders" AS target ("a", "b", "v", "n") VALUES (?, ?, ?, ?) ON CONFLICT ("a", "b") DO UPDATE SET "v" = excluded."v", "n" = excluded."n"
DELETE FROM "orders" AS target WHERE (target."a" = ? AND target."b" = ?)
COMMIT

