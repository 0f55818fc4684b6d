-- statement: device/revoke
-- purpose: A device may no longer come in; it is disconnected at once.
-- roles: all
-- args: device_id bigint
-- rows: one
-- changes: device people audit
-- undo: none
select id, org_code, person_id from api.device_revoke(:device_id)
