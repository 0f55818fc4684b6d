-- statement: lead/untake
-- purpose: A lead that you took goes back to the pool.
-- roles: rep
-- args: lead_id bigint
-- rows: one
-- changes: lead audit
-- undo: none
select id, org_code, old_org_code from api.lead_untake(:lead_id)
