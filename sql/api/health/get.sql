-- statement: health/get
-- purpose: The state of the database: size, queue, seals, connections.
-- roles: ops
-- rows: one
-- watch: audit import people
select h.database_bytes, h.queue, h.oldest_queued, h.unsealed,
	h.oldest_unsealed, h.seals, h.last_seal, h.connections, h.results,
	h.restamps, h.partitions, h.server_version, h.started_at
from firebreak.health() h
