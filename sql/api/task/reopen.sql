-- statement: task/reopen
-- purpose: A task that you closed is open again.
-- roles: all
-- args: task_id bigint
-- rows: one
-- changes: task audit
-- undo: none
select id, org_code from api.task_reopen(:task_id)
