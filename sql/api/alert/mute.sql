-- statement: alert/mute
-- purpose: Quiet for so many hours, with a reason; still shown.
-- roles: supervisor ops
-- args: alert_id bigint, hours bigint, reason text?
-- rows: one
-- changes: alert audit
-- undo: alert/unmute
select id, org_code from api.alert_mute(:alert_id, :hours, :reason)
