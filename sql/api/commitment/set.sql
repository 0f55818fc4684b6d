-- statement: commitment/set
-- purpose: Your own figure for the two weeks that contain a day.
-- roles: rep supervisor
-- args: amount bigint, day date?
-- rows: one
-- changes: commitment audit
-- undo: commitment/restore
select id, org_code, audit_id from api.commitment_set(:amount, :day)
