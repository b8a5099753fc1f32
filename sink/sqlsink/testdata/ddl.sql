-- PostgreSQL
CREATE TABLE IF NOT EXISTS "dynasink_tombstones" ("table_name" VARCHAR(255) COLLATE "C" NOT NULL, "row_key" VARCHAR(64) COLLATE "C" NOT NULL, "sequence" CHAR(40) COLLATE "C" NOT NULL, "deleted_at" TIMESTAMPTZ NOT NULL, PRIMARY KEY ("table_name", "row_key"))
CREATE INDEX IF NOT EXISTS "dynasink_tombstones_table_name_sequence_idx" ON "dynasink_tombstones" ("table_name", "sequence")
CREATE TABLE IF NOT EXISTS "dynasink_inbox" ("name" VARCHAR(255) COLLATE "C" NOT NULL, "event_key" VARCHAR(64) COLLATE "C" NOT NULL, "token" VARCHAR(64) COLLATE "C" NOT NULL, "applied_at" TIMESTAMPTZ NOT NULL, PRIMARY KEY ("name", "event_key"))
CREATE TABLE IF NOT EXISTS "dynasink_newest" ("name" VARCHAR(255) COLLATE "C" NOT NULL, "row_key" VARCHAR(64) COLLATE "C" NOT NULL, "sequence" CHAR(40) COLLATE "C" NOT NULL, "changed_at" TIMESTAMPTZ NOT NULL, PRIMARY KEY ("name", "row_key"))
CREATE TABLE IF NOT EXISTS "kinds" ("id" TEXT NOT NULL, "sort" BYTEA NOT NULL, "n" BIGINT NOT NULL, "i8" INTEGER NOT NULL, "i32" INTEGER NOT NULL, "i64" BIGINT NOT NULL, "u16" INTEGER NOT NULL, "u32" BIGINT NOT NULL, "u64" NUMERIC(20) NOT NULL, "f32" DOUBLE PRECISION NOT NULL, "f64" DOUBLE PRECISION NOT NULL, "b" BOOLEAN NOT NULL, "octets" BYTEA, "always" BYTEA NOT NULL, "hash" BYTEA NOT NULL, "t" TIMESTAMPTZ NOT NULL, "pointer" TIMESTAMPTZ, "null" INTEGER, "generic" BOOLEAN, "json" JSONB, "map" JSONB, "slice" JSONB, "array" JSONB NOT NULL, "struct" JSONB NOT NULL, "text" TEXT NOT NULL, "big" NUMERIC, "any" TEXT, "valuer" TEXT, "declared" NUMERIC(20,4) NOT NULL, "both" VARCHAR(9) NOT NULL, PRIMARY KEY ("id", "sort", "n"))
CREATE TABLE IF NOT EXISTS "shop"."two" ("a" TEXT NOT NULL, "b" TEXT NOT NULL, "stream_sequence" CHAR(40) COLLATE "C", PRIMARY KEY ("a", "b"))
CREATE TABLE IF NOT EXISTS "three" ("a" TEXT NOT NULL, "b" TEXT NOT NULL, "c" BIGINT NOT NULL, "d" TEXT NOT NULL, "e" CHAR(36) NOT NULL, "gone" TIMESTAMPTZ, "seq" CHAR(40) COLLATE "C", PRIMARY KEY ("a", "b", "c", "d", "e"))
CREATE TABLE IF NOT EXISTS "versioned" ("id" TEXT NOT NULL, "v" NUMERIC(40) NOT NULL, PRIMARY KEY ("id"))
CREATE TABLE IF NOT EXISTS "parts" ("a" TEXT NOT NULL, "b" BIGINT NOT NULL, "n" BIGINT NOT NULL, PRIMARY KEY ("a", "b", "n"))
CREATE TABLE IF NOT EXISTS "main"."bag of parts" ("a" TEXT NOT NULL, "b" BIGINT NOT NULL, "v" TEXT NOT NULL)
CREATE INDEX IF NOT EXISTS "bag of parts_a_b_idx" ON "main"."bag of parts" ("a", "b")
CREATE TABLE IF NOT EXISTS "history" ("a" TEXT NOT NULL, "b" TEXT NOT NULL, "stream_event" CHAR(64) NOT NULL, PRIMARY KEY ("stream_event"))
CREATE TABLE IF NOT EXISTS "full history" ("a" TEXT NOT NULL, "b" TEXT NOT NULL, "e" CHAR(64) NOT NULL, "s" CHAR(40) COLLATE "C", "n" VARCHAR(6), PRIMARY KEY ("e"))

-- MySQL
CREATE TABLE IF NOT EXISTS `dynasink_tombstones` (`table_name` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, `row_key` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, `sequence` CHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, `deleted_at` DATETIME(6) NOT NULL, PRIMARY KEY (`table_name`, `row_key`), INDEX (`deleted_at`), INDEX (`table_name`, `sequence`))
CREATE TABLE IF NOT EXISTS `dynasink_inbox` (`name` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, `event_key` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, `token` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, `applied_at` DATETIME(6) NOT NULL, PRIMARY KEY (`name`, `event_key`), INDEX (`applied_at`))
CREATE TABLE IF NOT EXISTS `dynasink_newest` (`name` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, `row_key` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, `sequence` CHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, `changed_at` DATETIME(6) NOT NULL, PRIMARY KEY (`name`, `row_key`), INDEX (`changed_at`))
CREATE TABLE IF NOT EXISTS `kinds` (`id` VARBINARY(2048) NOT NULL, `sort` VARBINARY(1008) NOT NULL, `n` BIGINT NOT NULL, `i8` INTEGER NOT NULL, `i32` INTEGER NOT NULL, `i64` BIGINT NOT NULL, `u16` INTEGER NOT NULL, `u32` BIGINT NOT NULL, `u64` BIGINT UNSIGNED NOT NULL, `f32` DOUBLE NOT NULL, `f64` DOUBLE NOT NULL, `b` BOOLEAN NOT NULL, `octets` MEDIUMBLOB NULL, `always` MEDIUMBLOB NOT NULL, `hash` MEDIUMBLOB NOT NULL, `t` DATETIME(6) NOT NULL, `pointer` DATETIME(6) NULL, `null` INTEGER NULL, `generic` BOOLEAN NULL, `json` JSON NULL, `map` JSON NULL, `slice` JSON NULL, `array` JSON NOT NULL, `struct` JSON NOT NULL, `text` MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL, `big` DECIMAL(65) NULL, `any` MEDIUMTEXT CHARACTER SET utf8mb4 NULL, `valuer` MEDIUMTEXT CHARACTER SET utf8mb4 NULL, `declared` NUMERIC(20,4) NOT NULL, `both` VARCHAR(9) NOT NULL, PRIMARY KEY (`id`, `sort`, `n`))
CREATE TABLE IF NOT EXISTS `shop`.`two` (`a` VARBINARY(2048) NOT NULL, `b` VARBINARY(1024) NOT NULL, `stream_sequence` CHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL, PRIMARY KEY (`a`, `b`))
CREATE TABLE IF NOT EXISTS `three` (`a` VARBINARY(2048) NOT NULL, `b` VARBINARY(496) NOT NULL, `c` BIGINT NOT NULL, `d` VARBINARY(496) NOT NULL, `e` CHAR(36) NOT NULL, `gone` DATETIME(6) NULL, `seq` CHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL, PRIMARY KEY (`a`, `b`, `c`, `d`, `e`))
CREATE TABLE IF NOT EXISTS `versioned` (`id` VARBINARY(2048) NOT NULL, `v` DECIMAL(40) NOT NULL, PRIMARY KEY (`id`))
CREATE TABLE IF NOT EXISTS `parts` (`a` VARBINARY(2048) NOT NULL, `b` BIGINT NOT NULL, `n` BIGINT NOT NULL, PRIMARY KEY (`a`, `b`, `n`))
CREATE TABLE IF NOT EXISTS `main`.`bag of parts` (`a` VARBINARY(2048) NOT NULL, `b` BIGINT NOT NULL, `v` MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL, INDEX (`a`, `b`))
CREATE TABLE IF NOT EXISTS `history` (`a` MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL, `b` MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL, `stream_event` CHAR(64) NOT NULL, PRIMARY KEY (`stream_event`))
CREATE TABLE IF NOT EXISTS `full history` (`a` MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL, `b` MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL, `e` CHAR(64) NOT NULL, `s` CHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL, `n` VARCHAR(6) NULL, PRIMARY KEY (`e`))

-- SQLite
CREATE TABLE IF NOT EXISTS "dynasink_tombstones" ("table_name" TEXT NOT NULL, "row_key" TEXT NOT NULL, "sequence" TEXT NOT NULL, "deleted_at" TIMESTAMP NOT NULL, PRIMARY KEY ("table_name", "row_key")) WITHOUT ROWID
CREATE INDEX IF NOT EXISTS "dynasink_tombstones_table_name_sequence_idx" ON "dynasink_tombstones" ("table_name", "sequence")
CREATE TABLE IF NOT EXISTS "dynasink_inbox" ("name" TEXT NOT NULL, "event_key" TEXT NOT NULL, "token" TEXT NOT NULL, "applied_at" TIMESTAMP NOT NULL, PRIMARY KEY ("name", "event_key")) WITHOUT ROWID
CREATE TABLE IF NOT EXISTS "dynasink_newest" ("name" TEXT NOT NULL, "row_key" TEXT NOT NULL, "sequence" TEXT NOT NULL, "changed_at" TIMESTAMP NOT NULL, PRIMARY KEY ("name", "row_key")) WITHOUT ROWID
CREATE TABLE IF NOT EXISTS "kinds" ("id" TEXT NOT NULL, "sort" BLOB NOT NULL, "n" INTEGER NOT NULL, "i8" INTEGER NOT NULL, "i32" INTEGER NOT NULL, "i64" INTEGER NOT NULL, "u16" INTEGER NOT NULL, "u32" INTEGER NOT NULL, "u64" INTEGER NOT NULL, "f32" REAL NOT NULL, "f64" REAL NOT NULL, "b" BOOLEAN NOT NULL, "octets" BLOB, "always" BLOB NOT NULL, "hash" BLOB NOT NULL, "t" TIMESTAMP NOT NULL, "pointer" TIMESTAMP, "null" INTEGER, "generic" BOOLEAN, "json" TEXT, "map" TEXT, "slice" TEXT, "array" TEXT NOT NULL, "struct" TEXT NOT NULL, "text" TEXT NOT NULL, "big" TEXT, "any" TEXT, "valuer" TEXT, "declared" NUMERIC(20,4) NOT NULL, "both" VARCHAR(9) NOT NULL, PRIMARY KEY ("id", "sort", "n"))
CREATE TABLE IF NOT EXISTS "shop"."two" ("a" TEXT NOT NULL, "b" TEXT NOT NULL, "stream_sequence" CHAR(40), PRIMARY KEY ("a", "b"))
CREATE TABLE IF NOT EXISTS "three" ("a" TEXT NOT NULL, "b" TEXT NOT NULL, "c" INTEGER NOT NULL, "d" TEXT NOT NULL, "e" CHAR(36) NOT NULL, "gone" TIMESTAMP, "seq" CHAR(40), PRIMARY KEY ("a", "b", "c", "d", "e"))
CREATE TABLE IF NOT EXISTS "versioned" ("id" TEXT NOT NULL, "v" INTEGER NOT NULL, PRIMARY KEY ("id"))
CREATE TABLE IF NOT EXISTS "parts" ("a" TEXT NOT NULL, "b" INTEGER NOT NULL, "n" INTEGER NOT NULL, PRIMARY KEY ("a", "b", "n"))
CREATE TABLE IF NOT EXISTS "main"."bag of parts" ("a" TEXT NOT NULL, "b" INTEGER NOT NULL, "v" TEXT NOT NULL)
CREATE INDEX IF NOT EXISTS "main"."bag of parts_a_b_idx" ON "bag of parts" ("a", "b")
CREATE TABLE IF NOT EXISTS "history" ("a" TEXT NOT NULL, "b" TEXT NOT NULL, "stream_event" CHAR(64) NOT NULL, PRIMARY KEY ("stream_event"))
CREATE TABLE IF NOT EXISTS "full history" ("a" TEXT NOT NULL, "b" TEXT NOT NULL, "e" CHAR(64) NOT NULL, "s" CHAR(40), "n" VARCHAR(6), PRIMARY KEY ("e"))

