-- statement: lead/dispatch
-- purpose: Give a lead to somebody; refused while new leads are stopped for them.
-- roles: supervisor ops marketing
-- args: lead_id bigint, person_id bigint
-- rows: one
-- changes: lead suspension audit
-- undo: lead/recall
select id, org_code, old_org_code from api.lead_dispatch(:lead_id, :person_id)
