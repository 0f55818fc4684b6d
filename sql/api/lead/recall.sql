-- statement: lead/recall
-- purpose: A lead goes back to the pool.
-- roles: supervisor ops marketing
-- args: lead_id bigint
-- rows: one
-- changes: lead audit
-- undo: none
select id, org_code, old_org_code from api.lead_recall(:lead_id)
