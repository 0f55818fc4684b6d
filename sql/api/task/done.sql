-- statement: task/done
-- purpose: A task is done; some ask for one of their outcomes.
-- roles: all
-- args: task_id bigint, outcome text?, note text?
-- rows: one
-- changes: task audit
-- undo: task/reopen
select id, org_code from api.task_done(:task_id, :outcome, :note)
