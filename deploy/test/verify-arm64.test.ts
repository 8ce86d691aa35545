import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository, run } from '@lazyphotos/testkit';

const script = join(repository, 'scripts/verify-arm64');
const parts = join(repository, 'scripts/arm64');
const standIns = join(repository, 'deploy/stand-ins');

async function shellScripts(): Promise<string[]> {
  const files = await Promise.all(
    [parts, standIns].map(async (folder) =>
      (await readdir(folder, { recursive: true })).map((name) => join(folder, name)),
    ),
  );
  return [script, ...files.flat().filter((file) => file.endsWith('.sh'))];
}

/** The script itself takes minutes and wants root. Here is what can be said about it at once. */
describe('scripts/verify-arm64', () => {
  test('says how it is used', async () => {
    const { code, stdout } = await run(script, ['--help'], {});
    expect(code).toBe(0);
    for (const option of ['--no-compose', '--services', '--keep', '--report', '--fresh']) {
      expect(stdout).toContain(option);
    }
  });

  test('refuses what it does not know, before it touches anything', async () => {
    const { code, stdout, stderr } = await run(script, ['--everything'], {});
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: scripts/verify-arm64');
  });

  test('is made of scripts that bash can read', async () => {
    const files = await shellScripts();
    expect(files.length).toBeGreaterThan(8);
    for (const file of files)
      expect(await run('bash', ['-n', file], {})).toMatchObject({ code: 0, stderr: '' });
  });

  test('writes what was measured into its report', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-report-'));
    try {
      const facts = join(folder, 'facts.tsv');
      await writeFile(
        facts,
        'architecture\tx86_64\nstand-ins\tyes\nimage.feed.megabytes\t211\nseconds.build-feed\t31.6\nmemory.feed\t97\n',
      );
      const { stdout } = await run(process.execPath, [join(parts, 'report.mjs'), facts], {});
      expect(stdout).toContain('| feed | 211 MB | 32 s |');
      expect(stdout).toContain('| feed | 97 MB |');
      expect(stdout).toContain('| rabbitmq | RabbitMQ');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
