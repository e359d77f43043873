-- Ranges: one kind of rows, one index. What is a point (or a day at most) and what is longer are asked for by themselves, each
-- by its own partial index that has all that is asked, so that PostgreSQL can take no other and reads no table. With the
-- predicate written, an index need not hold what follows from it. And each table of ranges has an index in order of v, for
-- searches that find so much that sorting it would take longer than looking at the newest rows until a page is full.

DROP INDEX sp_date_value, sp_date_long, sp_date_several;
CREATE INDEX sp_date_value ON sp_date (p, lo, v) INCLUDE (hi) WHERE alone AND hi - lo <= 86400000;
CREATE INDEX sp_date_several ON sp_date (p, lo, v) INCLUDE (hi) WHERE NOT alone AND hi - lo <= 86400000;
CREATE INDEX sp_date_long ON sp_date (p, lo, v) INCLUDE (hi, alone) WHERE hi - lo > 86400000;
CREATE INDEX sp_date_long_end ON sp_date (p, hi, v) INCLUDE (lo, alone) WHERE hi - lo > 86400000;
CREATE INDEX sp_date_recency ON sp_date (p, v) INCLUDE (lo, hi, alone);

DROP INDEX sp_qty_value, sp_qty_wide;
CREATE INDEX sp_qty_value ON sp_qty (p, unit, lo, v) INCLUDE (sys) WHERE hi = lo;
CREATE INDEX sp_qty_wide ON sp_qty (p, unit, lo, v) INCLUDE (hi, sys) WHERE hi > lo;
CREATE INDEX sp_qty_wide_end ON sp_qty (p, unit, hi, v) INCLUDE (lo, sys) WHERE hi > lo;
CREATE INDEX sp_qty_recency ON sp_qty (p, v) INCLUDE (unit, sys, lo, hi);

DROP INDEX sp_comp_value, sp_comp_wide;
CREATE INDEX sp_comp_value ON sp_comp (p, a, k, v) INCLUDE (asys, sys, unit, spoken) WHERE hi = k;
CREATE INDEX sp_comp_wide ON sp_comp (p, a, k, v) INCLUDE (hi, asys, sys, unit, spoken) WHERE hi > k;
CREATE INDEX sp_comp_wide_end ON sp_comp (p, a, hi, v) INCLUDE (k, asys, sys, unit, spoken) WHERE hi > k;
CREATE INDEX sp_comp_recency ON sp_comp (p, a, v) INCLUDE (k, hi, asys, sys, unit, spoken);
