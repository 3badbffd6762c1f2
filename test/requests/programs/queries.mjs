// Queries of knex and drizzle run once, although their builders run one at each then().

import { deepStrictEqual, strictEqual } from 'node:assert';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import createKnex from 'knex';
import { attachThread, trackRequests } from 'schedhint';

const thread = attachThread({ map: '/nonexistent/schedhint' });
const tracker = trackRequests({ thread });
const urgent = { urgency: 900 };
const idle = () => strictEqual(tracker.inFlight + thread.hints.urgency, 0);

const knex = createKnex({
  client: 'better-sqlite3',
  connection: { filename: ':memory:' },
  useNullAsDefault: true,
});
await knex.schema.createTable('orders', (table) => {
  table.increments('id');
  table.text('name');
});
let queries = 0;
knex.on('query', ({ sql }) => {
  queries++;
  strictEqual(tracker.inFlight, 1, sql);
});

// The builder is what the function returns, and what the caller goes on with.
const insert = (name) => tracker.run(urgent, () => knex('orders').insert({ name }));
deepStrictEqual(await insert('tea').returning('id'), [{ id: 1 }]);
idle();
await insert('coffee');
idle();
strictEqual(queries, 2);
deepStrictEqual(await tracker.run(urgent, () => knex('orders').pluck('name')), ['tea', 'coffee']);
strictEqual(await tracker.run(urgent, () => knex('nothing')).catch(() => 'failed'), 'failed');
idle();
await knex.destroy();

const client = new Database(':memory:');
client.exec('create table orders (id integer primary key, name text)');
const orders = sqliteTable('orders', { id: integer('id').primaryKey(), name: text('name') });
const statements = [];
const db = drizzle(client, { logger: { logQuery: (query) => statements.push(query) } });

const place = (name) => tracker.run(urgent, () => db.insert(orders).values({ name }));
strictEqual((await place('tea')).changes, 1);
idle();
await place('coffee').onConflictDoNothing();
idle();
strictEqual(statements.length, 2);
const rows = await tracker.run(urgent, () => db.select({ name: orders.name }).from(orders));
deepStrictEqual(rows, [{ name: 'tea' }, { name: 'coffee' }]);
idle();
client.close();
tracker.stop();
