-- What staged rows become: references looked up, or the reason why not.

set role firebreak_owner;

-- What a key of the source stands for.
create view staging.known as
select entity, key, id, customer_id from firebreak.external_key
where source = current_setting('import.source');
create view staging.known_customer as
select k.key, k.customer_id, c.org_code, c.owner_id
from firebreak.customer_key k join firebreak.customer c using (customer_id)
where k.kind = current_setting('import.source');
create view staging.known_person as
select k.key, k.id as person_id, s.code, s.unit_id
from staging.known k join firebreak.seat s on s.person_id = k.id
where k.entity = 'person';
create view staging.pool as
select code_lo from firebreak.org_unit where parent_id is null;

create function staging.unknown(p_what text, p_key text) returns text
language sql immutable
as $$ select case when coalesce(p_key, '') = '' then p_what || ' is missing'
	else 'no ' || p_what || ' "' || p_key || '"' end $$;

-- The views: line, id, key, why (null: fine), then the target's columns by
-- their names.  A null leaves what is stored, or takes the default.
create view staging.ready_product as
select s.line, s.id, s.key, case
        when x.product_id is distinct from d.id and x.product_id is not null
            then 'another product has the code "' || x.code || '"'
        when row_number() over (partition by coalesce(s.code, s.key)
            order by s.line) > 1 then 'a line above has the code, too'
        end as why,
    coalesce(s.code, s.key) as code, s.name, s.series, s.price, s.extra
from staging.product s
left join firebreak.product x on x.code = coalesce(s.code, s.key)
left join staging.known d on d.entity = 'product' and d.key = s.key;

create view staging.ready_customer as
select s.line, s.id, s.key,
    case when s.owner is not null and p.person_id is null
        then staging.unknown('person', s.owner)
        when coalesce(p.person_id, o.person_id) is null and k.key is null
            then 'nobody owns it: map an owner, or import with --owner'
        when s.founded not between 0 and 32767 then 'founded is no year'
        end as why,
    coalesce(p.code, o.code) as org_code,
    coalesce(p.person_id, o.person_id) as owner_id, s.name, s.grade,
    s.industry, s.city, s.phone, s.website, s.tax_no, s.address, s.parent_name,
    s.employees, s.revenue, s.currency, s.founded::smallint, s.extra,
    coalesce(s.grams, firebreak.grams(s.name)) as name_grams,
    current_setting('import.source') as source, s.created_at
from staging.customer s
left join staging.known_person p on p.key = s.owner
left join firebreak.customer_key k on k.key = s.key
    and k.kind = current_setting('import.source')
left join (select code, person_id from firebreak.seat
    where person_id = nullif(current_setting('import.owner', true), '')::bigint) o
    on true;

create view staging.ready_contact as
select s.line, s.id, s.key, case when c.customer_id is null
        then staging.unknown('customer', s.customer) end as why,
    c.customer_id, c.org_code, s.name, s.title, s.department, s.phone, s.email,
    s.is_key, coalesce(s.grams, firebreak.grams(s.name)) as name_grams,
    s.extra, s.created_at
from staging.contact s left join staging.known_customer c on c.key = s.customer;

create view staging.ready_opportunity as
select s.line, s.id, s.key, case
        when c.customer_id is null then staging.unknown('customer', s.customer)
        when s.owner is not null and p.person_id is null
            then staging.unknown('person', s.owner)
        when s.product is not null and d.id is null
            then staging.unknown('product', s.product)
        when f.stage is null then 'no stage "' || s.stage || '"'
        when s.amount < 0 then 'the amount is negative' end as why,
    c.customer_id, coalesce(p.code, c.org_code) as org_code,
    coalesce(p.person_id, c.owner_id) as owner_id,
    coalesce(s.name, s.key) as name, f.stage, f.position as stage_position,
    case when f.kind <> 'open' then coalesce(s.closed_at, s.created_at)
        else s.created_at end as stage_entered_at,
    f.kind as state, f.valid_from_here as valid,
    case when f.valid_from_here then s.created_at end as valid_at,
    d.id as product_id, s.amount, s.currency,
    coalesce(s.expected_close, (s.closed_at at time zone
        current_setting('timezone'))::date) as expected_close,
    case when f.kind <> 'open' then coalesce(s.closed_at, s.created_at) end
        as closed_at,
    s.loss_reason, current_setting('import.source') as source,
    coalesce(s.grams, firebreak.grams(coalesce(s.name, s.key))) as name_grams,
    s.extra, s.created_at
from staging.opportunity s
left join staging.known_customer c on c.key = s.customer
left join staging.known_person p on p.key = s.owner
left join staging.known d on d.entity = 'product' and d.key = s.product
left join firebreak.stage_def f on f.pipeline = 'standard'
    and f.stage = s.stage;

create view staging.ready_activity as
select s.line, s.id, s.key, case
        when c.customer_id is null then staging.unknown('customer',
            coalesce(s.customer, s.contact))
        when s.person is not null and p.person_id is null
            then staging.unknown('person', s.person)
        when s.happened_at > clock.now() + interval '1 day'
            then 'it lies in the future' end as why,
    c.customer_id, s.happened_at, s.kind, coalesce(p.code, c.org_code)
        as org_code,
    coalesce(p.person_id, c.owner_id) as person_id,
    coalesce(s.on_site, s.kind in ('visit', 'demo', 'meeting')) as on_site,
    coalesce(s.effective, s.kind in ('visit', 'demo', 'meeting'))
        as effective, s.duration_s, s.summary
from staging.activity s
left join staging.known t on t.entity = 'contact' and t.key = s.contact
left join staging.known_customer k on k.key = s.customer
left join firebreak.customer c
    on c.customer_id = coalesce(k.customer_id, t.customer_id)
left join staging.known_person p on p.key = s.person;

create view staging.ready_order as
select s.line, s.id, s.key, case
        when c.customer_id is null then staging.unknown('customer', s.customer)
        when s.owner is not null and p.person_id is null
            then staging.unknown('person', s.owner) end as why,
    c.customer_id, coalesce(p.code, c.org_code) as org_code,
    coalesce(p.person_id, c.owner_id) as owner_id, s.number, s.ordered_at,
    s.amount, s.status, s.delivered_at, s.due_on, s.paid_at, s.extra
from staging."order" s
left join staging.known_customer c on c.key = s.customer
left join staging.known_person p on p.key = s.owner;

create view staging.ready_task as
select s.line, s.id, s.key, case
        when p.person_id is null and c.customer_id is null
            then staging.unknown('person', s.person) end as why,
    c.customer_id, coalesce(p.code, c.org_code) as org_code,
    coalesce(p.person_id, c.owner_id) as person_id, s.kind, s.what,
    coalesce(s.due_at, s.created_at) as due_at,
    case when s.done then 1::smallint when not s.done then 0::smallint end
        as state, s.created_at,
    current_setting('import.source') as origin
from staging.task s
left join staging.known t on t.entity = 'contact' and t.key = s.contact
left join staging.known_customer k on k.key = s.customer
left join firebreak.customer c
    on c.customer_id = coalesce(k.customer_id, t.customer_id)
left join staging.known_person p on p.key = s.person;

create view staging.ready_ticket as
select s.line, s.id, s.key, case
        when c.customer_id is null then staging.unknown('customer',
            coalesce(s.customer, s.contact))
        when s.priority not between 1 and 3 then 'priority is 1, 2 or 3'
        end as why,
    c.customer_id, c.org_code, coalesce(s.number, s.key) as number, s.kind,
    s.title, s.body, s.status, s.priority::smallint, s.opened_at, s.solved_at
from staging.ticket s
left join staging.known t on t.entity = 'contact' and t.key = s.contact
left join staging.known_customer k on k.key = s.customer
left join firebreak.customer c
    on c.customer_id = coalesce(k.customer_id, t.customer_id);

create view staging.ready_lead as
select s.line, s.id, s.key, case
        when s.person is not null and p.person_id is null
            then staging.unknown('person', s.person)
        when s.score not between 0 and 100 then 'score is 0 to 100' end as why,
    coalesce(p.code, u.code_lo) as org_code, u.unit_id, s.name, s.company,
    s.phone, coalesce(s.source, current_setting('import.source')) as source,
    s.score::smallint,
    case when p.person_id is null then 'pool' else 'accepted' end as status,
    p.person_id as assigned_to, s.extra, s.created_at
from staging.lead s
left join staging.known_person p on p.key = s.person
join firebreak.org_unit u on u.unit_id = coalesce(p.unit_id,
    (select unit_id from firebreak.org_unit where parent_id is null));

reset role;
