-- statement: alert/unmute
-- purpose: No longer quiet.
-- roles: supervisor ops
-- args: alert_id bigint
-- rows: one
-- changes: alert audit
-- undo: none
select id, org_code from api.alert_mute(:alert_id, null, null)
