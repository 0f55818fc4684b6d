-- statement: import/list
-- purpose: Imports: what came in, what was rejected and where that is written.
-- roles: ops
-- rows: many
-- key: import_id
-- sort: started_at
-- from: r import_run
-- watch: import people
select r.import_id, r.file, r.mapping, r.person_id, p.name as person, r.status,
	r.started_at, r.finished_at, r.rows_in, r.inserted, r.updated,
	r.unchanged, r.rejected, r.reject_file, r.message
from firebreak.import_run r
	left join firebreak.person p on p.person_id = r.person_id
