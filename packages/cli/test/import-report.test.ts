import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ReportEntry } from '@lazyphotos/contracts';
import { storedZip } from '@lazyphotos/testkit';
import { printableLines } from '../src/output.js';
import { addFile, importEnded, sha256, signedInCli, temporaryFolder, until } from './helpers.js';

/** The command, and an import that has ended, of an archive of these files. */
async function withReport(...paths: string[]) {
  const cli = await signedInCli();
  const archive = storedZip(Object.fromEntries(paths.map((path) => [path, Buffer.from('a letter')])));
  await addFile(cli.client, 'takeout-001.zip', archive);
  const hashes = [sha256(archive)];
  const { importJobId: id } = await cli.client.createImport({ body: { source: 'takeout', hashes } });
  await importEnded(cli.client, id);
  return { ...cli, id, folder: await temporaryFolder() };
}

const many = Array.from({ length: 5000 }, (_, number) => `${String(number).padStart(4, '0')} é.txt`);

describe('import report', () => {
  test('prints JSON or CSV, whatever its length', async () => {
    const { run, id } = await withReport(...many);
    for (const mode of [[], ['--json'], ['--quiet']]) {
      const { code, stdout, stderr } = await run(['import', 'report', id.slice(0, 8), ...mode]);
      expect([code, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout).entries.map(({ path }: ReportEntry) => path)).toEqual(many);
    }
    const csv = await run(['import', 'report', id, '--format', 'csv']);
    const [head, ...lines] = csv.stdout.trimEnd().split('\r\n');
    // Reading it as text has taken the byte order mark away.
    expect(head).toMatch(/^path,archive,sizeBytes,outcome,/);
    expect(lines.map((line) => line.split(',', 4))).toEqual(
      many.map((path) => [path, 'takeout-001.zip', '8', 'ignored']),
    );
  });

  test('names keep their characters, and none of them is obeyed by a terminal', async () => {
    const evil = 'evil \u001b[2J\u009b2J\u202egpj.jpg';
    const { run, id } = await withReport(evil);
    const { stdout } = await run(['import', 'report', id]);
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
    expect(JSON.parse(stdout)).toMatchObject({ entries: [{ path: evil }] });
    expect(printableLines(`${evil}\r\nnext`)).toBe('evil ?[2J?2J?gpj.jpg\r\nnext');
  });

  test('goes into a file, in the format of its name, and replaces no other one by accident', async () => {
    const { run, id, folder } = await withReport('a.txt');
    const file = join(folder, 'report.csv');
    const first = await run(['import', 'report', id, '--output', file, '--json']);
    expect(first).toMatchObject({ code: 0, json: { import: id, file, format: 'csv' } });
    expect(await readFile(file, 'utf8')).toMatch(/^\ufeffpath,.*\r\na\.txt,takeout-001\.zip,8,ignored,/);
    await writeFile(file, 'mine');
    const args = ['import', 'report', id, '--output', file, '--format', 'json'];
    expect(await run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect((await run([...args, '--force'])).code).toBe(0);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ entries: [{ path: 'a.txt' }] });
    expect(await readdir(folder)).toEqual(['report.csv']);
  });

  test('one that is cut off or interrupted leaves no file, and is an error', async () => {
    const { node, run, id, folder } = await withReport(...many);
    const args = ['import', 'report', id, '--output', join(folder, 'report.json')];
    node.fail({ on: `GET /imports/${id}/report`, effect: { cutAfterBytes: 20_000 } });
    const cut = await run([...args, '--json']);
    expect([cut.code, cut.json.error.message]).toMatchObject([1, expect.stringContaining('connection')]);
    node.fail({ on: `GET /imports/${id}/report`, effect: { until: new Promise(() => undefined) } });
    const stopped = await run(args, {
      meanwhile: async (kill) => {
        await until(() => node.count(`GET /imports/${id}/report`) === 2);
        kill('SIGINT');
      },
    });
    expect(stopped.code).toBe(130);
    expect(await readdir(folder)).toEqual([]);
  });

  test('--json with CSV on standard output is refused', async () => {
    const { run, id } = await withReport('a.txt');
    expect((await run(['import', 'report', id, '--format', 'csv', '--json'])).code).toBe(2);
    expect((await run(['import', 'report', id, '--format', 'xml'])).code).toBe(2);
  });
});
