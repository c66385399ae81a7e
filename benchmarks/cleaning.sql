-- The cleaning of messy_stays.csv written by hand for DuckDB, to hold the project's cleaning against: same rejections with their reasons, same merging with
-- its places, same gaps filled and values left open, same pseudonyms (keyed twice), same columns and small tables, stays by academic year in the order of
-- lines, changes counted, stays checked, and the project's own way to read each distinct date and country once. It takes the file's layout on trust, knows
-- only the words and dates that the benchmark writes, and suggests no names. $line, $rows, $out and words(kind, text, code) are given.
create macro clean_text(t) as nullif(trim(t, e' \t\n\x0B\f\r' || chr(160) || chr(8199) || chr(8239) || chr(12288) || chr(65279)), '');
create macro month_only(s) as regexp_matches(s, '^[0-9]{4}年[0-9]{1,2}月$');
create macro day_of(s) as coalesce(
  try_cast(case
    when regexp_matches(s, '^[0-9]{4}[-/年][0-9]{1,2}[-/月][0-9]{1,2}日?$') then regexp_replace(regexp_replace(s, '[/年月]', '-', 'g'), '日$', '')
    when regexp_matches(s, '^[0-9]{4}[-/年][0-9]{1,2}月?$') then regexp_replace(regexp_replace(s, '[/年]', '-', 'g'), '月$', '') || '-1'
    when regexp_matches(s, '^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}$') then regexp_extract(s, '([0-9]{4})$', 1) || '-' || regexp_extract(s, '\.([0-9]+)\.', 1) || '-' || regexp_extract(s, '^([0-9]+)', 1)
  end as date),
  case when regexp_matches(s, '^[0-9]{5}$') and try_cast(s as int) between 18264 and 54788 then date '1899-12-30' + try_cast(s as int) end);

create table cells as select $line as line, * from $rows;
create table days as
select text, start, start_by_month, year(start) * 12 + month(start) as ym, starts, ends,
  case when start_by_month then 'month' when regexp_matches(text, '^[0-9]{5}$') then 'serial' when contains(text, '年') then '年月日'
    when contains(text, '.') then 'day.month.year' when contains(text, '/') then 'year/month/day' else 'year-month-day' end as style,
  case when month(start) >= 9 then year(start) || '/' || right((year(start) + 1)::varchar, 2) else (year(start) - 1) || '/' || right(year(start)::varchar, 2) end as academic_year,
  case when month(start) >= 9 then year(start) + 1 else year(start) end as year
from (
  select text, day_of(clean_text(text)) as start, month_only(clean_text(text)) as start_by_month, sum(starts) as starts, sum(ends) as ends
  from (select "From" as text, count(*) as starts, 0 as ends from cells group by all union all select "To", 0, count(*) from cells group by all)
  where text is not null group by text
);
create table countries as select written, n, code
  from (select "Country" as written, count(*) as n from cells group by all) left join words on kind = 'country' and text = lower(clean_text(written)) where written is not null;
create table modes as select written, n, code
  from (select "Mode" as written, count(*) as n from cells group by all) left join words on kind = 'mode' and text = lower(clean_text(written)) where written is not null;
create table levels as select written, n, code
  from (select "Level" as written, count(*) as n from cells group by all) left join words on kind = 'level' and text = lower(clean_text(written)) where written is not null;
create table genders as select written, n, code
  from (select "Sex" as written, count(*) as n from cells group by all) left join words on kind = 'gender' and text = lower(clean_text(written)) where written is not null;
create table funders as select written, n, code
  from (select "Funding" as written, count(*) as n from cells group by all) left join words on kind = 'funder' and text = lower(clean_text(written)) where written is not null;
create table read as
with parsed as (
  select line, clean_text("Student") as student_id, "Country" as country_text, clean_text("Institution") as home_institution, "Mode" as mode_text,
    "Level" as level_text, "From" as start_text, "To" as end_text, "Sex" as gender_text, "Funding" as funder_text,
    c.code as origin, m.code as mode, l.code as level, g.code as gender, f.code as funder, s.start, s.start_by_month, s.ym, s.academic_year, s.year, e.start as "end",
    try_cast("Born" as int) as birth_year, try_cast(replace("Grant", ',', '') as double) as grant_amount
  from cells
  left join countries c on c.written = "Country"
  left join modes m on m.written = "Mode"
  left join levels l on l.written = "Level"
  left join genders g on g.written = "Sex"
  left join funders f on f.written = "Funding"
  left join days s on s.text = "From"
  left join days e on e.text = "To"
)
select * exclude (student_id), left(sha256('outer key' || left(sha256('inner key' || student_id), 16)), 16) as student_key,
  case when origin is null then 'origin' when start is null then 'start' when student_id is null then 'student_id'
       when "end" < start then 'end' else '' end as bad
from parsed;
create view good as select * from read where bad = '';
create table several as select student_key, origin, ym, min(line) as first from good group by all having count(*) > 1;
create table together as
select good.*, first from good join several using (student_key, origin, ym);
create table filled as
select min(line) as line, arg_min(start, (start_by_month, line)) as start, bool_and(start_by_month) as start_by_month,
  arg_min("end", line) filter ("end" is not null) as "end", arg_min(home_institution, line) filter (home_institution is not null) as home_institution,
  arg_min(mode, line) filter (mode is not null) as mode, arg_min(level, line) filter (level is not null) as level,
  arg_min(gender, line) filter (gender is not null) as gender, arg_min(birth_year, line) filter (birth_year is not null) as birth_year,
  arg_min(funder, line) filter (funder is not null) as funder, arg_min(grant_amount, line) filter (grant_amount is not null) as grant_amount,
  any_value(academic_year) as academic_year, any_value(year) as year, student_key, origin
from together group by student_key, origin, ym;

create table stays as
with all_kept as (
  select line, student_key, origin, home_institution, mode, level, start, "end", gender, birth_year, funder, grant_amount, start_by_month, academic_year, year
    from good anti join several using (student_key, origin, ym)
  union all select line, student_key, origin, home_institution, mode, level, start, case when "end" >= start then "end" end, gender, birth_year, funder, grant_amount,
    start_by_month, academic_year, year from filled
)
select left(sha256(concat_ws('|', 'messy', student_key, 'inbound', origin, start::varchar)), 16) as stay_id, student_key, 'inbound' as direction,
  origin, 'CHN' as destination, home_institution, 'Benchmark University' as host_institution, mode, level, start, "end",
  round((date_diff('day', start, "end") + 1) / 30.4375, 1) as months,
  academic_year, year,
  gender, birth_year, funder, grant_amount, start_by_month, null::varchar as agreement_id, null::varchar as field, null::varchar as home_field,
  null::varchar as currency, null::varchar as language_test, null::varchar as language_entry, null::varchar as language_exit, null::double as credits_attempted,
  null::double as credits_recognised, null::boolean as dual_supervised, null::timestamp as visa_applied, null::timestamp as visa_decided, null::varchar as visa_result,
  null::varchar as outcome, null::bigint as degrees_awarded, null::bigint as joint_publications, null::double as satisfaction, 'messy' as source, 'stays.csv' as file, line, 'citizenship' as origin_basis
from all_kept;
copy (select * from stays order by line) to ($out || '/stays.parquet')
  (format parquet, compression zstd, compression_level 1, partition_by (academic_year), write_partition_columns true, overwrite);
copy (select 'messy' as source, 'stays.csv' as file, line, bad as column, coalesce(case bad when 'origin' then country_text when 'start' then start_text when 'end' then end_text end, '') as value,
  bad as reason from read where bad <> '') to ($out || '/rejected.parquet') (format parquet);
copy (select line, first as into_line from together where line <> first order by line) to ($out || '/merged.parquet') (format parquet);
copy (
  select line, 'mode' as column, mode_text as value from read where bad = '' and mode_text is not null and mode is null
  union all select line, 'level', level_text from read where bad = '' and level_text is not null and level is null
  union all select line, 'gender', gender_text from read where bad = '' and gender_text is not null and gender is null
  union all select line, 'funder', funder_text from read where bad = '' and funder_text is not null and funder is null
  union all select line, 'end', end_text from read where bad = '' and end_text is not null and "end" is null
) to ($out || '/unresolved.parquet') (format parquet);
copy (select home_institution as name, origin as country, count(*) as stays from stays where home_institution is not null group by all)
  to ($out || '/institutions.parquet') (format parquet);
copy (
  select 'origin' as column, 'country by name or code' as rule, sum(n) as rows from countries where code is not null
  union all select 'mode', 'by vocabulary', sum(n) from modes where code is not null
  union all select 'level', 'by vocabulary', sum(n) from levels where code is not null
  union all select 'gender', 'by vocabulary', sum(n) from genders where code is not null
  union all select 'funder', 'by vocabulary', sum(n) from funders where code is not null
  union all select 'start', style, sum(starts) from days where start is not null and starts > 0 group by style
  union all select 'end', style, sum(ends) from days where start is not null and ends > 0 group by style
  union all select 'end', 'gap filled', count(*) from filled join good using (line) where filled."end" is not null and good."end" is null
  union all select 'grant_amount', 'gap filled', count(*) from filled join good using (line) where filled.grant_amount is not null and good.grant_amount is null
) to ($out || '/changes.parquet') (format parquet);
copy (
  select count(*) as stays, count(*) filter (credits_recognised > credits_attempted) as credits, count(*) filter (visa_decided < visa_applied) as visa_before,
    count(*) filter (visa_decided > "end") as visa_after, count(*) filter (degrees_awarded > 0 and outcome in ('withdrawn', 'ongoing')) as degrees,
    count(*) filter (months > 120) as longer, count(*) filter (grant_amount > 0 and currency is null) as without_currency
  from stays
) to ($out || '/checks.parquet') (format parquet);
select case when count(*) > 0 then error('a stay breaks the contract') end from stays
where stay_id is null or student_key is null or not regexp_matches(student_key, '^[0-9a-f]{16}$') or origin is null or start is null or academic_year is null
  or not regexp_matches(academic_year, '^[0-9]{4}/[0-9]{2}$') or line is null or not coalesce(months between 0 and 121, true)
  or not coalesce(birth_year between 1860 and 2049, true) or not coalesce(grant_amount between 0 and 1e8, true) or not year between 1950 and 2050;
copy (select (select count(*) from read) rows_read, (select count(*) from stays) rows_kept, (select count(*) from read where bad <> '') rows_rejected)
  to ($out || '/ledger.parquet') (format parquet);
select case when count(*) <> count(distinct hash(stay_id)) then error('an id occurs twice') end from stays;
