-- statement: product/list
-- purpose: Products and the stage of life they are in today.
-- roles: all
-- rows: many
-- key: product_id
-- sort: product_id
-- search: name
-- from: g product
-- watch: words
select g.product_id, g.code, g.name, g.series, g.price, g.currency,
	(select x.stage from firebreak.product_stage x
	    where x.product_id = g.product_id and x.from_on <= clock.today()
	    order by x.from_on desc limit 1) as life_stage
from firebreak.product g
