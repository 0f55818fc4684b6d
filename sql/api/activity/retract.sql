-- statement: activity/retract
-- purpose: Take back an activity of your own of the last day; the row stays, marked.
-- roles: rep supervisor technical service marketing
-- args: id bigint, customer_id bigint
-- rows: one
-- changes: activity customer team
-- undo: none
select id, org_code from api.activity_retract(:id, :customer_id)
