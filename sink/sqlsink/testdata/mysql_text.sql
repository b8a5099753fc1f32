-- tombstones
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
START TRANSACTION;
SAVEPOINT dynasink;
INSERT INTO `dynasink_tombstones` (`table_name`, `row_key`, `deleted_at`, `sequence`) VALUES ('shop.orders', 'lock 108', '9999-12-31 00:00:00', '0'), ('shop.orders', 'lock 115', '9999-12-31 00:00:00', '0'), ('shop.orders', 'lock 133', '9999-12-31 00:00:00', '0') ON DUPLICATE KEY UPDATE `table_name` = IF(`table_name` = VALUES(`table_name`) AND `row_key` = VALUES(`row_key`), `table_name`, (SELECT NULL UNION ALL SELECT NULL)), `deleted_at` = VALUES(`deleted_at`), `sequence` = VALUES(`sequence`);
DELETE FROM `shop`.`orders` WHERE (`a` = 'x' AND `b` = 3 AND (`stream_sequence` IS NULL OR `stream_sequence` <= '0000000000000000000000000000000000000007'));
SELECT IF(EXISTS(SELECT 1 FROM dynasink_tombstones WHERE table_name = 'shop.orders' AND row_key IN ('cfcbe1eb22c0407efe9d0d0e0c34f6158196551f9bd325d0591df9afd413de06', '88f69b04885626652fd6d408a2ba419e84b6ab7824c88aeacc1577c30453bbc5') AND sequence > '0000000000000000000000000000000000000007'), (SELECT NULL UNION ALL SELECT NULL), 0);
INSERT INTO `shop`.`orders` (`a`, `b`, `v`, `n`, `stream_sequence`) VALUES ('x', 1, '', 0, '0000000000000000000000000000000000000007'), ('x', 2, '', 0, '0000000000000000000000000000000000000007') ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `v` = IF(`stream_sequence` IS NULL OR `stream_sequence` <= VALUES(`stream_sequence`), VALUES(`v`), `v`), `n` = IF(`stream_sequence` IS NULL OR `stream_sequence` <= VALUES(`stream_sequence`), VALUES(`n`), `n`), `stream_sequence` = IF(`stream_sequence` IS NULL OR `stream_sequence` <= VALUES(`stream_sequence`), VALUES(`stream_sequence`), `stream_sequence`);
INSERT INTO `dynasink_tombstones` (`table_name`, `row_key`, `deleted_at`, `sequence`) VALUES ('shop.orders', '211374d2fb510dd556aedffd461cd7c704d3054da299361dedb0c9efe9072d72', 'NOW', '0000000000000000000000000000000000000007') ON DUPLICATE KEY UPDATE `table_name` = IF(`table_name` = VALUES(`table_name`) AND `row_key` = VALUES(`row_key`), `table_name`, (SELECT NULL UNION ALL SELECT NULL)), `deleted_at` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`deleted_at`), `deleted_at`), `sequence` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`sequence`), `sequence`);
COMMIT

-- version
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
START TRANSACTION;
SAVEPOINT dynasink;
INSERT INTO `dynasink_tombstones` (`table_name`, `row_key`, `deleted_at`, `sequence`) VALUES ('orders', 'lock 108', '9999-12-31 00:00:00', '0'), ('orders', 'lock 115', '9999-12-31 00:00:00', '0'), ('orders', 'lock 133', '9999-12-31 00:00:00', '0') ON DUPLICATE KEY UPDATE `table_name` = IF(`table_name` = VALUES(`table_name`) AND `row_key` = VALUES(`row_key`), `table_name`, (SELECT NULL UNION ALL SELECT NULL)), `deleted_at` = VALUES(`deleted_at`), `sequence` = VALUES(`sequence`);
DELETE FROM `orders` WHERE (`a` = 'x' AND `b` = 3 AND (`n` IS NULL OR `n` <= '0000000000000000000000000000000000000005'));
SELECT IF(EXISTS(SELECT 1 FROM dynasink_tombstones WHERE table_name = 'orders' AND row_key IN ('cfcbe1eb22c0407efe9d0d0e0c34f6158196551f9bd325d0591df9afd413de06', '88f69b04885626652fd6d408a2ba419e84b6ab7824c88aeacc1577c30453bbc5') AND sequence >= '0000000000000000000000000000000000000000'), (SELECT NULL UNION ALL SELECT NULL), 0);
INSERT INTO `orders` (`a`, `b`, `v`, `n`) VALUES ('x', 1, '', 0), ('x', 2, '', 0) ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `v` = IF(`n` IS NULL OR `n` <= VALUES(`n`), VALUES(`v`), `v`), `n` = IF(`n` IS NULL OR `n` <= VALUES(`n`), VALUES(`n`), `n`);
INSERT INTO `dynasink_tombstones` (`table_name`, `row_key`, `deleted_at`, `sequence`) VALUES ('orders', '211374d2fb510dd556aedffd461cd7c704d3054da299361dedb0c9efe9072d72', 'NOW', '0000000000000000000000000000000000000005') ON DUPLICATE KEY UPDATE `table_name` = IF(`table_name` = VALUES(`table_name`) AND `row_key` = VALUES(`row_key`), `table_name`, (SELECT NULL UNION ALL SELECT NULL)), `deleted_at` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`deleted_at`), `deleted_at`), `sequence` = IF(`sequence` IS NULL OR `sequence` <= VALUES(`sequence`), VALUES(`sequence`), `sequence`);
COMMIT

-- soft delete
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
START TRANSACTION;
SAVEPOINT dynasink;
INSERT INTO `orders` (`a`, `b`, `gone`, `seq`) VALUES ('x', 3, 'NOW', '0000000000000000000000000000000000000007') ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `gone` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`gone`), `gone`), `seq` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`seq`), `seq`);
INSERT INTO `orders` (`a`, `b`, `v`, `n`, `gone`, `seq`) VALUES ('x', 1, '', 0, NULL, '0000000000000000000000000000000000000007'), ('x', 2, '', 0, NULL, '0000000000000000000000000000000000000007') ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `v` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`v`), `v`), `n` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`n`), `n`), `gone` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`gone`), `gone`), `seq` = IF(`seq` IS NULL OR `seq` <= VALUES(`seq`), VALUES(`seq`), `seq`);
COMMIT

-- unguarded
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
START TRANSACTION;
SAVEPOINT dynasink;
DELETE FROM `orders` WHERE (`a` = 'x' AND `b` = 3);
INSERT INTO `orders` (`a`, `b`, `v`, `n`) VALUES ('x', 1, '', 0), ('x', 2, '', 0) ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `v` = VALUES(`v`), `n` = VALUES(`n`);
COMMIT

-- key only
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
START TRANSACTION;
SAVEPOINT dynasink;
INSERT INTO `Odd`.`key only` (`id`) VALUES ('a') ON DUPLICATE KEY UPDATE `id` = IF(`id` = VALUES(`id`), `id`, (SELECT NULL UNION ALL SELECT NULL));
COMMIT

-- no removal
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
START TRANSACTION;
SAVEPOINT dynasink;
INSERT IGNORE INTO dynasink_tombstones (`table_name`, `row_key`, `deleted_at`, `sequence`) VALUES ('orders', 'lock 143', '9999-12-31 00:00:00', '0');
SELECT row_key FROM dynasink_tombstones WHERE table_name = 'orders' AND row_key IN ('lock 143') ORDER BY row_key LOCK IN SHARE MODE;
SELECT IF(EXISTS(SELECT 1 FROM dynasink_tombstones WHERE table_name = 'orders' AND row_key IN ('2bb2ce8d10041f1f641d02a1237f051109263b5635fe46a47be78b6eedd4bd35') AND sequence > '0000000000000000000000000000000000000007'), (SELECT NULL UNION ALL SELECT NULL), 0);
INSERT INTO `orders` (`a`, `b`, `v`, `n`, `stream_sequence`) VALUES (_utf8mb4 0x69742773, 0, '', 0, '0000000000000000000000000000000000000007') ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `v` = IF(`stream_sequence` IS NULL OR `stream_sequence` <= VALUES(`stream_sequence`), VALUES(`v`), `v`), `n` = IF(`stream_sequence` IS NULL OR `stream_sequence` <= VALUES(`stream_sequence`), VALUES(`n`), `n`), `stream_sequence` = IF(`stream_sequence` IS NULL OR `stream_sequence` <= VALUES(`stream_sequence`), VALUES(`stream_sequence`), `stream_sequence`);
COMMIT
