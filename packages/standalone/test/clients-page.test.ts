import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sampleArchiveBytes } from '@lazyphotos/contracts/examples';
import { describeWithTools, ownSamplePhotos, repository, run } from '@lazyphotos/testkit';
import { claim, password } from './support/api.js';
import { createNodeFolder, type NodeFolder, type NodeProcess } from './support/node-process.js';

const page = join(repository, 'docs/clients.md');
const EMAIL = 'you@example.org';

/** Requests that the node refuses end the script. */
const beginning = `set -euo pipefail
shopt -s inherit_errexit
curl() { command curl --fail-with-body "$@"; }
`;

/** The examples of the page, one after the other; that of the generator is what scripts/verify-clients does. */
async function examplesFor(node: NodeProcess): Promise<string> {
  const blocks = [...(await readFile(page, 'utf8')).matchAll(/^```sh\n(.*?)^```$/gms)].map(
    ([, text = '']) => text,
  );
  const examples = blocks.filter((text) => !text.includes('openapi-generator'));
  expect(examples.length).toBeGreaterThan(8);
  return examples.join('\n').replace('http://localhost:8080', node.url);
}

describeWithTools(['jq'], 'docs/clients.md', () => {
  let folder: NodeFolder;
  let node: NodeProcess;

  beforeAll(async () => {
    folder = await createNodeFolder();
    node = await folder.start();
    await claim(node.url, node.claimCode(), EMAIL);
    const picture = ownSamplePhotos().folder('good/jpeg')[0]?.path ?? '';
    await copyFile(picture, join(folder.path, 'picture.jpg'));
    await writeFile(join(folder.path, 'takeout-001.zip'), Buffer.from(sampleArchiveBytes, 'base64'));
  });
  afterAll(() => folder?.remove());

  test('has examples that work as they stand, one after the other', async () => {
    const examples = await examplesFor(node);
    for (const credential of [EMAIL, password]) expect(examples).toContain(credential);
    const result = await run('bash', ['-c', beginning + examples], {}, folder.path);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).not.toMatch(/^(null|40\d|50\d)$/m);
    for (const line of [
      '206',
      '304',
      '"By the sea"',
      '"ok"',
      'picture.jpg',
      '204',
      '{"month":',
      'sunset.png,takeout-001.zip',
    ])
      expect(result.stdout).toContain(line);
  });
});
