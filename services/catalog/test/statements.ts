import type { Database } from '@lazyphotos/database';

export interface Statement {
  /** Of a prepared statement. */
  name?: string | undefined;
  text: string;
  values: unknown[];
}

/** Writes down what is asked of the database from now on, on every connection that the pool opens. */
export function recordStatements(pool: Database['pool']) {
  let recorded: Statement[] = [];
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    const recording = (...args: unknown[]) => {
      const [config, values] = args;
      const {
        name,
        text,
        values: own,
      } = typeof config === 'string'
        ? { name: undefined, text: config, values: undefined }
        : (config as Statement);
      recorded.push({ name, text, values: (values as unknown[] | undefined) ?? own ?? [] });
      return query(...args);
    };
    client.query = recording as unknown as typeof client.query;
  });
  return {
    /** What `work` asks; the outbox relay's own looks are left out. */
    during: async (work: () => Promise<unknown>): Promise<Statement[]> => {
      recorded = [];
      await work();
      return recorded.filter(({ text }) => !/FROM outbox_messages|^(BEGIN|COMMIT)$/.test(text));
    },
  };
}
