-- statement: task/drop
-- purpose: Drop a task that you wrote down yourself.
-- roles: all
-- args: task_id bigint
-- rows: one
-- changes: task audit
-- undo: task/reopen
select id, org_code from api.task_drop(:task_id)
