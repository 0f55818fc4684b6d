-- statement: activity/record
-- purpose: Log a call, mail, demo, meeting or note; answered says it was two-way.
-- roles: rep supervisor technical service marketing
-- args: customer_id bigint, kind text, happened_at timestamptz?, answered bool?, duration_min bigint?, attendees text?, summary text, opportunity_id bigint?, confirmed bool?
-- rows: one
-- changes: activity customer audit
-- undo: activity/retract
select id, org_code, id as activity_id from api.activity_record(:customer_id,
	:kind, :happened_at, :answered, :duration_min, :attendees, :summary,
	:opportunity_id, :confirmed)
