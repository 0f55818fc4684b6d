-- statement: commitment/restore
-- purpose: Take back your last figure for two weeks.
-- roles: rep supervisor
-- args: audit_id bigint
-- rows: one
-- changes: commitment audit
-- undo: none
select id, org_code from api.commitment_restore(:audit_id)
