-- append
BEGIN Read Committed
INSERT INTO `shop`.`history` (`item`, `total`, `stream_event`) VALUES (?, ?, ?), (?, ?, ?) ON DUPLICATE KEY UPDATE `stream_event` = IF(`stream_event` = VALUES(`stream_event`), `stream_event`, (SELECT NULL UNION ALL SELECT NULL))
COMMIT

-- append with all columns
BEGIN Read Committed
INSERT INTO `history` (`item`, `total`, `event`, `seq`, `name`) VALUES (?, ?, ?, ?, ?), (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `event` = IF(`event` = VALUES(`event`), `event`, (SELECT NULL UNION ALL SELECT NULL))
COMMIT

-- every change
BEGIN Read Committed
DELETE FROM `orders` WHERE (`a` = ? AND `b` = ?)
INSERT INTO `orders` (`a`, `b`, `v`, `n`) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `v` = VALUES(`v`), `n` = VALUES(`n`)
INSERT INTO `orders` (`a`, `b`, `v`, `n`) VALUES (?, ?, ?, ?), (?, ?, ?, ?) ON DUPLICATE KEY UPDATE `a` = IF(`a` = VALUES(`a`) AND `b` = VALUES(`b`), `a`, (SELECT NULL UNION ALL SELECT NULL)), `v` = VALUES(`v`), `n` = VALUES(`n`)
DELETE FROM `orders` WHERE (`a` = ? AND `b` = ?)
COMMIT

