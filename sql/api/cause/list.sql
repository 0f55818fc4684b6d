-- statement: cause/list
-- purpose: The business actions that may stand behind a change.
-- roles: all
-- rows: many
-- key: position
-- sort: position
-- search: zh
-- watch: words
select c.position::bigint as position, c.code, c.zh, c.en
from firebreak.cause c
where c.active
