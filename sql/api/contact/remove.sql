-- statement: contact/remove
-- purpose: Remove a contact entered within the last day and not changed since.
-- roles: rep supervisor
-- args: customer_id bigint, contact_id bigint
-- rows: one
-- changes: contact customer audit
-- undo: none
select id, org_code from api.contact_remove(:customer_id, :contact_id)
