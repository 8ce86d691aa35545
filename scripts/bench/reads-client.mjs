// How `npm run bench reads` asks: through HTTP, and by `pg` with the SQL of the same request.
import { perItem } from './processes.mjs';

/** A page through HTTP: resolves to its JSON. */
export function clientOf(url, token) {
  const headers = { authorization: `Bearer ${token}` };
  return async (path) => {
    const response = await fetch(url + path, { headers });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  };
}

/** A service by itself in this process, from which to learn what SQL a request takes, so that `pg` can send it alone. */
export async function startTeacher(start, database, user) {
  const query = database.pool.query.bind(database.pool);
  let sent = [];
  database.pool.query = (...args) => {
    // Not the polls of the outbox, which belong to no request.
    if (!JSON.stringify(args[0]).includes('outbox_messages')) sent.push(args);
    return query(...args);
  };
  const service = await start(database);
  const get = clientOf(service.url, service.tokenFor(user));
  return {
    /** Resolves to a function that sends the statements of the request again, one after the other. */
    learn: async (path) => {
      sent = [];
      await get(path);
      const statements = sent;
      return async () => {
        for (const statement of statements) await query(...statement);
      };
    },
    stop: service.stop,
  };
}

/** Milliseconds of each process for one request, of so many one after the other. */
export async function processorTimeOf(system, requests, ask) {
  const before = await system.processorTimes();
  for (let at = 0; at < requests; at += 1) await ask();
  return perItem(before, await system.processorTimes(), requests);
}
