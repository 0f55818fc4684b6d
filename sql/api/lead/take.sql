-- statement: lead/take
-- purpose: Take a lead from the pool; refused while new leads are stopped for you.
-- roles: rep
-- args: lead_id bigint
-- rows: one
-- changes: lead suspension audit
-- undo: lead/untake
select id, org_code, old_org_code from api.lead_take(:lead_id)
