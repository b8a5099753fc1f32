-- tombstones
BEGIN Read Committed
SELECT row_key FROM dynasink_tombstones WHERE table_name = ? AND row_key IN (?, ?, ?) ORDER BY row_key FOR UPDATE
INSERT INTO `dynasink_tombstones` (`table_name`, `row_key`, `deleted_at`, `sequence`) VALUES (?, ?, ?, ?), (?, ?, ?, ?), (?, ?, ?, ?) ON DUPLICATE KEY UPDATE `table_name` = IF(`table_name` = VALUES(`table_name`) AND `row_key` = VALUES(`row_key`), `table_name`, (SELECT NULL UNION ALL SELECT NULL)), `deleted_at` = VALUES(`deleted_at`), `sequence` = VALUES(`sequence`)
DELETE FROM `shop`.`orders` WHERE (`a` = ? AND `b` = ? AND (`stream_sequence` IS NULL OR `stream_sequence` <= ?))
SELECT row_key FROM dynasink_tombstones WHERE table_name = ? AND sequence > ? LIMIT 1
INSERT INTO `shop`.`orders` (`a`, `b`, `v`, `n`, `stream_sequence`) VALUES (?, ?, ?, ?, ?), (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `v` = IF(`stream_sequence` IS NULL OR `stream_sequence` <= VALUES(`stream_sequence`), VALUES(`v`), `v`), `n` = IF(`stream_sequence` IS NULL OR `stream_sequence` <= VALUES(`stream_sequence`), VALUES(`n`), `n`), `stream_sequence` = IF(`stream_sequence` IS NULL OR `stream_sequence` <= VALUES(`stream_sequence`), VALUES(`stream_sequence`), `stream_sequence`)
INSERT INTO `dynasink_tombstones` (`table_name`, `row_key`, `deleted_at`, `sequence`) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE `table_name` = IF(`table_name` = VALUES(`table_name`) AND `row_key` = VALUES(`row_key`), `table_name`, (SELECT NULL UNION ALL SELECT NULL)), `deleted_at` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`deleted_at`), `deleted_at`), `sequence` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`sequence`), `sequence`)
COMMIT

-- version
BEGIN Read Committed
SELECT row_key FROM dynasink_tombstones WHERE table_name = ? AND row_key IN (?, ?, ?) ORDER BY row_key FOR UPDATE
INSERT INTO `dynasink_tombstones` (`table_name`, `row_key`, `deleted_at`, `sequence`) VALUES (?, ?, ?, ?), (?, ?, ?, ?), (?, ?, ?, ?) ON DUPLICATE KEY UPDATE `table_name` = IF(`table_name` = VALUES(`table_name`) AND `row_key` = VALUES(`row_key`), `table_name`, (SELECT NULL UNION ALL SELECT NULL)), `deleted_at` = VALUES(`deleted_at`), `sequence` = VALUES(`sequence`)
DELETE FROM `orders` WHERE (`a` = ? AND `b` = ? AND (`n` IS NULL OR `n` <= ?))
SELECT row_key, sequence FROM dynasink_tombstones WHERE table_name = ? AND row_key IN (?, ?)
INSERT INTO `orders` (`a`, `b`, `v`, `n`) VALUES (?, ?, ?, ?), (?, ?, ?, ?) ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `v` = IF(`n` IS NULL OR `n` <= VALUES(`n`), VALUES(`v`), `v`), `n` = IF(`n` IS NULL OR `n` <= VALUES(`n`), VALUES(`n`), `n`)
INSERT INTO `dynasink_tombstones` (`table_name`, `row_key`, `deleted_at`, `sequence`) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE `table_name` = IF(`table_name` = VALUES(`table_name`) AND `row_key` = VALUES(`row_key`), `table_name`, (SELECT NULL UNION ALL SELECT NULL)), `deleted_at` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`deleted_at`), `deleted_at`), `sequence` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`sequence`), `sequence`)
COMMIT

-- soft delete
BEGIN Read Committed
INSERT INTO `orders` (`a`, `b`, `gone`, `seq`) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `gone` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`gone`), `gone`), `seq` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`seq`), `seq`)
INSERT INTO `orders` (`a`, `b`, `v`, `n`, `gone`, `seq`) VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `v` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`v`), `v`), `n` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`n`), `n`), `gone` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`gone`), `gone`), `seq` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`seq`), `seq`)
COMMIT

-- unguarded
BEGIN Read Committed
DELETE FROM `orders` WHERE (`a` = ? AND `b` = ?)
INSERT INTO `orders` (`a`, `b`, `v`, `n`) VALUES (?, ?, ?, ?), (?, ?, ?, ?) ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `v` = VALUES(`v`), `n` = VALUES(`n`)
COMMIT

-- key only
BEGIN Read Committed
INSERT INTO `Odd`.`key only` (`id`) VALUES (?) ON DUPLICATE KEY UPDATE `id` = IF(`id` = VALUES(`id`), `id`, (SELECT NULL UNION ALL SELECT NULL))
COMMIT

-- children
BEGIN Read Committed
INSERT INTO `dynasink_newest` (`name`, `row_key`, `changed_at`, `sequence`) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE `name` = IF(`name` = VALUES(`name`) AND `row_key` = VALUES(`row_key`), `name`, (SELECT NULL UNION ALL SELECT NULL)), `changed_at` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`changed_at`), `changed_at`), `sequence` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`sequence`), `sequence`)
SELECT row_key, sequence FROM dynasink_newest WHERE name = ? AND row_key IN (?)
DELETE FROM `parts` WHERE (`a` = ? AND `b` = ?)
INSERT INTO `parts` (`a`, `b`, `n`) VALUES (?, ?, ?), (?, ?, ?)
COMMIT

-- once
BEGIN Read Committed
INSERT INTO `dynasink_inbox` (`name`, `event_key`, `token`, `applied_at`) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE event_key = dynasink_inbox.event_key
SELECT event_key FROM dynasink_inbox WHERE token = ? AND name = ? AND event_key IN (?)
COMMIT

-- newest
BEGIN Read Committed
INSERT INTO `dynasink_newest` (`name`, `row_key`, `changed_at`, `sequence`) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE `name` = IF(`name` = VALUES(`name`) AND `row_key` = VALUES(`row_key`), `name`, (SELECT NULL UNION ALL SELECT NULL)), `changed_at` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`changed_at`), `changed_at`), `sequence` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`sequence`), `sequence`)
SELECT row_key, sequence FROM dynasink_newest WHERE name = ? AND row_key IN (?)
COMMIT

