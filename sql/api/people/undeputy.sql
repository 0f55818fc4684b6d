-- statement: people/undeputy
-- purpose: Nobody stands in any longer.
-- roles: ops supervisor
-- args: deputy_row bigint
-- rows: one
-- changes: people audit
-- undo: none
select id, org_code from api.people_deputy_end(:deputy_row)
