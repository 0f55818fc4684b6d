-- statement: alert/unack
-- purpose: Take back your own answer.
-- roles: all
-- args: alert_id bigint
-- rows: one
-- changes: alert audit
-- undo: none
select id, org_code from api.alert_unack(:alert_id)
