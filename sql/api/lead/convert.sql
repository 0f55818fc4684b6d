-- statement: lead/convert
-- purpose: A lead of yours becomes a customer.
-- roles: rep supervisor
-- args: lead_id bigint
-- rows: one
-- changes: lead customer audit
-- undo: none
select id, org_code, customer_id from api.lead_convert(:lead_id)
