-- statement: activity/retract
-- purpose: Take back an activity of your own of the last day; the row stays, marked.
-- roles: rep supervisor technical service marketing
-- args: activity_id bigint, customer_id bigint
-- rows: one
-- changes: activity customer audit
-- undo: none
select id, org_code from api.activity_retract(:activity_id, :customer_id)
