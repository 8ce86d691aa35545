// `npm run bench [what]`: runs scripts/bench/<what>.mjs; without an argument, the node as a whole. Helpers have a hyphen in their name.
import { readdir } from 'node:fs/promises';

const folder = new URL('.', import.meta.url);
const what = process.argv[2] ?? 'node';
const names = (await readdir(folder)).map((file) => /^([a-z]+)\.mjs$/.exec(file)?.[1]);
const known = names.filter((name) => name !== undefined && name !== 'run');
if (!known.includes(what)) {
  process.stderr.write(`There is no benchmark called ${what}. There are: ${known.join(', ')}\n`);
  process.exit(2);
}
await import(new URL(`${what}.mjs`, folder).href);
