-- The cleaning of messy_stays.csv written by hand for DuckDB, to hold the project's cleaning against: same rejections, same merging, same gaps
-- filled, same columns, the same small tables, stays by academic year. $line, $rows, $out and the table words(kind, text, code) are given.
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
create table read as
with raw as (
  select line,
    clean_text("Student") student_id, clean_text("Country") country_text, lower(clean_text("Country")) country_key,
    clean_text("Institution") home_institution, clean_text("Mode") mode_text, clean_text("Level") level_text, clean_text("From") start_text,
    clean_text("To") end_text, clean_text("Sex") gender_text, clean_text("Born") born_text, clean_text("Funding") funder_text,
    clean_text("Grant") grant_text
  from cells
), parsed as (
  select raw.*, c.code origin, m.code mode, l.code level, g.code gender, f.code funder,
    day_of(start_text) as start, month_only(start_text) start_by_month, day_of(end_text) as "end",
    try_cast(born_text as int) birth_year, try_cast(replace(grant_text, ',', '') as double) grant_amount
  from raw
  left join words c on c.kind = 'country' and c.text = country_key
  left join words m on m.kind = 'mode' and m.text = lower(mode_text)
  left join words l on l.kind = 'level' and l.text = lower(level_text)
  left join words g on g.kind = 'gender' and g.text = lower(gender_text)
  left join words f on f.kind = 'funder' and f.text = lower(funder_text)
)
select *,
  case when origin is null then 'origin' when start is null then 'start' when student_id is null then 'student_id'
       when "end" < start then 'end' else '' end as bad,
  year(start) * 12 + month(start) as ym
from parsed;

create table pseudonyms as
select student_id, left(sha256('a key' || student_id), 16) student_key from (select distinct student_id from read where student_id is not null);

create table good as select read.*, student_key from read left join pseudonyms using (student_id) where bad = '';
create table several as select student_key, origin, ym from good group by all having count(*) > 1;
create table together as
select good.* from good semi join several using (student_key, origin, ym);
create table filled as
select min(line) as line, arg_min(start, (start_by_month, line)) as start, bool_and(start_by_month) as start_by_month,
  arg_min("end", line) filter ("end" is not null) as "end", arg_min(home_institution, line) filter (home_institution is not null) home_institution,
  arg_min(mode, line) filter (mode is not null) mode, arg_min(level, line) filter (level is not null) level,
  arg_min(gender, line) filter (gender is not null) gender, arg_min(birth_year, line) filter (birth_year is not null) birth_year,
  arg_min(funder, line) filter (funder is not null) funder, arg_min(grant_amount, line) filter (grant_amount is not null) grant_amount,
  student_key, origin
from together group by student_key, origin, ym;

create table stays as
with all_kept as (
  select line, student_key, origin, home_institution, mode, level, start, "end", gender, birth_year, funder, grant_amount, start_by_month
    from good anti join several using (student_key, origin, ym)
  union all by name select * from filled
)
select left(sha256(concat_ws('|', student_key, 'inbound', origin, start::varchar, line::varchar)), 16) as stay_id, student_key, 'inbound' direction,
  origin, 'CHN' destination, home_institution, 'Benchmark University' host_institution, mode, level, start, "end",
  round((date_diff('day', start, "end") + 1) / 30.4375, 1) as months,
  case when month(start) >= 9 then year(start) || '/' || right((year(start) + 1)::varchar, 2) else (year(start) - 1) || '/' || right(year(start)::varchar, 2) end as academic_year,
  case when month(start) >= 9 then year(start) + 1 else year(start) end as year,
  gender, birth_year, funder, grant_amount, start_by_month, 'messy' source, 'stays.csv' file, line, 'citizenship' origin_basis
from all_kept;
copy (select * from stays order by line) to ($out || '/stays.parquet')
  (format parquet, compression zstd, compression_level 1, partition_by (academic_year), write_partition_columns true, overwrite);
copy (select line, bad as column, coalesce(case bad when 'origin' then country_text when 'start' then start_text when 'end' then end_text end, '') as value,
  bad as reason from read where bad <> '') to ($out || '/rejected.parquet') (format parquet);
copy (
  select line, 'mode' as column, mode_text as value from read where bad = '' and mode_text is not null and mode is null
  union all select line, 'level', level_text from read where bad = '' and level_text is not null and level is null
  union all select line, 'gender', gender_text from read where bad = '' and gender_text is not null and gender is null
  union all select line, 'funder', funder_text from read where bad = '' and funder_text is not null and funder is null
  union all select line, 'end', end_text from read where bad = '' and end_text is not null and "end" is null
) to ($out || '/unresolved.parquet') (format parquet);
copy (select home_institution as name, origin as country, count(*) as stays from stays where home_institution is not null group by all)
  to ($out || '/institutions.parquet') (format parquet);
copy (select (select count(*) from read) rows_read, (select count(*) from stays) rows_kept, (select count(*) from read where bad <> '') rows_rejected)
  to ($out || '/ledger.parquet') (format parquet);
