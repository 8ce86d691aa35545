import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository, run } from '@lazyphotos/testkit';

const script = join(repository, 'scripts/verify-clients');
const parts = join(repository, 'scripts/clients');

/** The script itself takes minutes and wants a JDK and Maven. Here is what can be said about it at once. */
describe('scripts/verify-clients', () => {
  test('says how it is used', async () => {
    const { code, stdout } = await run(script, ['--help'], {});
    expect(code).toBe(0);
    for (const option of ['--document', '--keep', '--help']) expect(stdout).toContain(option);
  });

  test('refuses what it does not know, before it touches anything', async () => {
    const { code, stdout, stderr } = await run(script, ['--everything'], {});
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: scripts/verify-clients');
  });

  test('is made of scripts that bash can read', async () => {
    const shell = (await readdir(parts))
      .filter((file) => file.endsWith('.sh'))
      .map((file) => join(parts, file));
    expect(shell.length).toBeGreaterThan(2);
    for (const file of [script, ...shell])
      expect(await run('bash', ['-n', file], {})).toMatchObject({ code: 0, stderr: '' });
  });
});
