-- statement: alert/comment
-- purpose: Write a comment to an alert.
-- roles: all
-- args: alert_id bigint, body text
-- rows: one
-- changes: alert audit
-- undo: none
select id, org_code from api.alert_comment(:alert_id, :body)
