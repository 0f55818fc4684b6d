-- statement: alert/escalate
-- purpose: One step up the organisation.
-- roles: all
-- args: alert_id bigint, note text?
-- rows: one
-- changes: alert audit
-- undo: none
select id, org_code from api.alert_escalate(:alert_id, :note)
