-- statement: reason/list
-- purpose: Why an opportunity may be lost.
-- roles: all
-- rows: many
-- key: position
-- sort: position
-- search: zh
-- watch: words
select c.position::bigint as position, c.code, c.zh, c.en
from firebreak.loss_reason c
