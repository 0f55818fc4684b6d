-- statement: lead/pool
-- purpose: Leads of your unit that nobody has yet.
-- roles: rep
-- rows: many
-- key: lead_id
-- sort: created_at score
-- watch: lead people unit
select l.lead_id, l.name, l.company, l.source, l.score, l.unit, l.created_at
from firebreak.lead_pool() l
