-- statement: visit/record
-- purpose: Log a visit; on site counts, confirmed says that the key fields were checked.
-- roles: rep supervisor technical service
-- args: customer_id bigint, happened_at timestamptz?, on_site bool?, photos smallint?, duration_min bigint?, attendees text?, summary text, opportunity_id bigint?, confirmed bool?
-- rows: one
-- changes: activity customer audit
-- undo: activity/retract
select id, org_code, id as activity_id from api.visit_record(:customer_id,
	:happened_at, :on_site, :photos, :duration_min, :attendees, :summary,
	:opportunity_id, :confirmed)
