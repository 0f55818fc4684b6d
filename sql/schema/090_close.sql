-- PostgreSQL opens every new function to everybody.  Whatever the files before
-- this one made is open to whom they granted it, and to nobody else.

set role firebreak_owner;

revoke execute on all functions in schema firebreak, clock from public;

reset role;

set role firebreak_writer;

revoke execute on all functions in schema api from public;

reset role;
