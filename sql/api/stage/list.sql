-- statement: stage/list
-- purpose: The stages of every pipeline.
-- roles: all
-- rows: many
-- key: place
-- sort: place
-- search: zh
-- watch: words
select row_number() over (order by d.pipeline, d.position) as place, d.pipeline,
	d.stage, d.position, d.kind, d.probability, d.zh, d.en
from firebreak.stage_def d
