-- statement: task/create
-- purpose: A task for yourself or for somebody in your unit.
-- roles: all
-- args: kind text?, what text, due_at timestamptz, person_id bigint?, customer_id bigint?, opportunity_id bigint?
-- rows: one
-- changes: task audit
-- undo: task/drop
select id, org_code, id as task_id from api.task_create(:kind, :what, :due_at,
	:person_id, :customer_id, :opportunity_id)
