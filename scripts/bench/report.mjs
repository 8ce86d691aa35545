// How all benchmarks print: a heading that says what was measured and on what, then Markdown tables.
import { execFile } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './rounds.mjs';

const say = (line) => process.stdout.write(`${line}\n`);

async function git(...args) {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const { stdout } = await promisify(execFile)('git', args, { cwd });
  return stdout.trim();
}

/** The commit of the working tree, and whether its files differ from it. */
async function commit() {
  try {
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return `${await git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

const load = () => loadavg()[0].toFixed(1);

/** @param options of the command line */
export async function heading(benchmark, { system = 'node', limits = false } = {}) {
  const processors = cpus();
  const facts = [
    `system: ${system}${limits ? ', each inside its memory limit' : ''}`,
    `commit: ${await commit()}`,
    `load at the start: ${load()}`,
    `${processors.length} × ${processors[0]?.model ?? 'processor'}`,
    `Node.js ${process.version}`,
  ];
  say(`\n## ${benchmark}\n\n${facts.join(' · ')}`);
}

/** Prints rows of cells under their columns. */
export function table(columns, rows) {
  const widths = columns.map((_, at) => Math.max(...[columns, ...rows].map((row) => String(row[at]).length)));
  const line = (cells) => `| ${cells.map((cell, at) => String(cell).padEnd(widths[at])).join(' | ')} |`;
  say(`\n${line(columns)}\n| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  for (const row of rows) say(line(row));
  say(`\nload at the end: ${load()}`);
}

export const remark = (text) => say(`\n${text}`);

/** All values by name together. */
export const sum = (parts) => Object.values(parts).reduce((total, value) => total + value, 0);

/** `71.2 (node 43.1, postgres 20.9, exiftool 7.2)` of values by name. */
export function withParts(parts, digits = 1) {
  const each = Object.entries(parts)
    .filter(([, value]) => value.toFixed(digits) !== (0).toFixed(digits))
    .sort(([, a], [, b]) => b - a);
  return `${sum(parts).toFixed(digits)} (${each.map(([name, value]) => `${name} ${value.toFixed(digits)}`).join(', ')})`;
}

/** The same for bytes, in MB. */
export const megabytes = (bytes) =>
  withParts(Object.fromEntries(Object.entries(bytes).map(([name, value]) => [name, value / 1e6])), 0);

/** The parts of the round whose sum is the median of all rounds. */
export function medianParts(rounds, digits = 1) {
  const middle = median(rounds.map(({ parts }) => sum(parts)));
  return withParts(rounds.find(({ parts }) => sum(parts) === middle).parts, digits);
}

/** The memory of a system at the end, and what its services have held where they have limits. */
export async function showMemory(system) {
  remark(`memory afterwards in MB: ${megabytes(await system.memory())}`);
  if (!system.limitReport) return;
  const { columns, rows } = await system.limitReport();
  table(columns, rows);
}
