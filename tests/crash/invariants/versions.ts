import type { Database } from '@comptoir/runtime'
import type { Check } from './check.ts'

/** The tables of versions, on the write side and in the read model: the key of each, and what no version has otherwise than another. */
const kinds = {
  'store.orders': ['id', 'status, reason, payment_id, version'],
  'store.stocks': ['product_id', 'quantity, version'],
  'store_view.orders': ['order_id', 'status, reason, payment_id, version'],
  'store_view.stock': ['product_id', 'quantity, version'],
} as const

/** What a witness must have seen in a run that means something (I24). */
export const witnessedTables: readonly string[] = Object.keys(kinds)

const rows = (row: string, columns: string) =>
  columns
    .split(', ')
    .map((column) => `${row}.${column}`)
    .join(', ')

const attach = (table: string, [key, columns]: readonly [string, string]) => `
  create trigger witnessed_first after insert on ${table} for each row execute function witness.note('${key}');
  create trigger witnessed after update on ${table} for each row
    when ((${rows('old', columns)}) is distinct from (${rows('new', columns)})) execute function witness.note('${key}');`

/** What the tables are that a rebuild of the read model has made. */
const remade = Object.entries(kinds)
  .filter(([table]) => table.startsWith('store_view.'))
  .map(([table, kind]) => [table.replace('.', '_next.'), kind] as const)

/**
 * Has a store's database keep every version that it ever has of each order and each level, on both sides. What rolls back
 * leaves nothing; a row's versions come in the order of its locks. The store must be there.
 *
 * @param rebuilds also of the tables that rebuilds will make; only a server has what that takes
 */
export async function witnessVersions(db: Database, rebuilds: boolean): Promise<void> {
  await db.script(`
    create schema witness;
    create table witness.version (
      n bigint generated always as identity primary key, relation oid not null, name text not null, id bigint not null, version int not null
    );
    create function witness.note() returns trigger language plpgsql security definer as $$ begin
      insert into witness.version (relation, name, id, version)
      values (tg_relid, tg_table_schema || '.' || tg_table_name, (to_jsonb(new) ->> tg_argv[0])::bigint, new.version);
      return null;
    end $$;
    ${Object.entries(kinds)
      .map(([table, kind]) => attach(table, kind))
      .join('')}`)
  if (!rebuilds) return
  await db.script(`
    create function witness.follow() returns event_trigger language plpgsql security definer as $$ declare made text; begin
      for made in select object_identity from pg_event_trigger_ddl_commands() where command_tag = 'CREATE TABLE' loop
        ${remade.map(([table, kind]) => `if made = '${table}' then ${attach(table, kind)} end if;`).join('\n')}
      end loop;
    end $$;
    create event trigger witness on ddl_command_end when tag in ('CREATE TABLE') execute function witness.follow();`)
}

/** I10, in a database with a witness. */
export const versionsAlways: readonly Check[] = [
  {
    invariant: 'I10',
    rule: 'versions of an order and of a level strictly increase, on the write side and in the read model',
    sql: `
      select name, id, before, version from (
        select *, lag(version) over (partition by relation, id order by n) as before from witness.version
      ) as w where version <= before`,
  },
]
