-- statement: alert/ack
-- purpose: Answer an alert: somebody is on it.
-- roles: all
-- args: alert_id bigint, note text?
-- rows: one
-- changes: alert audit
-- undo: alert/unack
select id, org_code from api.alert_ack(:alert_id, :note)
