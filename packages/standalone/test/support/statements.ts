import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeFolder, NodeProcess } from './node-process.js';

export interface SentStatement {
  database: string;
  text: string;
}

export interface CountedNode {
  node: NodeProcess;
  /** Resolves to the statements that the node has sent since the last call. */
  statements(): Promise<SentStatement[]>;
}

/** Statements that do not come from work, but at fixed times. */
const HOUSEKEEPING = [
  /pgboss\.version/,
  /^SELECT count\(\*\), \(SELECT id FROM outbox_messages/,
  /pg_listening_channels/,
  /FROM imports WHERE status IN/,
  /^(LISTEN|UNLISTEN|SET)\b/,
  /^SELECT 1$/,
];

/** Starts a node that writes down each statement that it sends to PostgreSQL. */
export async function startCounted(
  folder: NodeFolder,
  env: Record<string, string> = {},
): Promise<CountedNode> {
  const file = join(folder.path, 'statements.jsonl');
  const preload = new URL('count-statements.mjs', import.meta.url).href;
  const node = await folder.start({
    ...env,
    NODE_OPTIONS: `--import ${preload}`,
    LAZYPHOTOS_TEST_STATEMENTS: file,
    LAZYPHOTOS_VALIDATE_ANSWERS: 'false',
  });
  let read = 0;
  return {
    node,
    statements: async () => {
      const text = await readFile(file, 'utf8');
      const fresh = text.slice(read);
      read = text.length;
      return fresh
        .split('\n')
        .filter((line) => line !== '')
        .map((line): SentStatement => JSON.parse(line))
        .filter((sent) => !HOUSEKEEPING.some((pattern) => pattern.test(sent.text)));
    },
  };
}

/** Returns how many statements each database got, and each statement with its number, the most frequent first. */
export function summaryOf(statements: readonly SentStatement[]): string {
  const counts = new Map<string, number>();
  for (const { database, text } of statements) {
    const key = `${database}: ${text.slice(0, 160)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([key, count]) => `${count} × ${key}`)
    .join('\n');
}
