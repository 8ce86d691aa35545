import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithTools, http, ownSamplePhotos, pythonTool, repository, run } from '@lazyphotos/testkit';
import { parse, stringify } from 'yaml';
import { claim, password } from './support/api.js';
import { createNodeFolder, type NodeFolder, type NodeProcess } from './support/node-process.js';

const EMAIL = 'owner@example.org';
const SPARE_EMAIL = 'spare@example.org';
const settings = join(repository, 'packages/standalone/test/contract-fuzz');
const document = join(repository, 'docs/openapi-mvp.yaml');

/** Schemathesis sends what the document allows, and what it does not, to a real node and compares the responses with it. */
describeWithTools(['schemathesis'], 'a node under generated requests', () => {
  let folder: NodeFolder;
  let node: NodeProcess;
  let schemathesis: string;

  beforeAll(async () => {
    schemathesis = await pythonTool('schemathesis');
    folder = await createNodeFolder();
    node = await folder.start({
      LAZYPHOTOS_REGISTRATION: 'open',
      LAZYPHOTOS_REQUESTS_PER_MINUTE: '1000000',
      LAZYPHOTOS_SIGN_IN_ATTEMPTS: '100000',
    });
    await claim(node.url, node.claimCode(), EMAIL);
    await http(`${node.url}/auth/register`, { json: { email: SPARE_EMAIL, password } });
  });
  afterAll(() => folder?.remove());

  const fuzz = (file: string, ...options: string[]) => {
    const picture = ownSamplePhotos().folder('good/jpeg')[0];
    const env = {
      SCHEMATHESIS_HOOKS: join(settings, 'hooks.py'),
      FUZZ_URL: node.url,
      FUZZ_EMAIL: EMAIL,
      FUZZ_SPARE_EMAIL: SPARE_EMAIL,
      FUZZ_PASSWORD: password,
      FUZZ_PICTURE: picture?.path ?? '',
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const config = ['--config-file', join(settings, 'schemathesis.toml')];
    const checks = ['--url', node.url, '--checks', 'all', '--no-color'];
    return run(schemathesis, [...config, 'run', file, ...checks, ...options], env, folder.path);
  };

  /** How many requests to a route ended with a status. */
  const answered = async (method: string, route: string, status: number): Promise<number> => {
    const labels = `service="gateway",method="${method}",route="${route}",status="${status}"`;
    const line = (await http(node.metricsUrl)).text
      .split('\n')
      .find((one) => one.includes(`_count{${labels}}`));
    return Number(line?.split(' ').at(-1) ?? 0);
  };

  test('a document that leaves a status out is found out', async () => {
    const damaged = parse(await readFile(document, 'utf8'));
    delete damaged.paths['/auth/me'].get.responses['401'];
    const file = join(folder.path, 'damaged.yaml');
    await writeFile(file, stringify(damaged));
    const { code, stdout } = await fuzz(file, '--include-operation-id', 'me', '--phases', 'coverage,fuzzing');
    expect(stdout).toContain('Undocumented status code');
    expect(code).toBe(1);
  });

  test('gives only responses that the document describes, and no server error', async () => {
    const { code, stdout, stderr } = await fuzz(document);
    if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
    const { paths } = parse(await readFile(document, 'utf8'));
    const operations = Object.values<object>(paths).flatMap((methods) => Object.keys(methods));
    expect(stdout).toContain(`Tested: ${operations.length}`);
    expect(Number(/(\d+) generated/.exec(stdout)?.[1])).toBeGreaterThan(1000);

    // It has come to what matters, not only to 400 and 404.
    const chunks = '/upload-sessions/{id}/chunks';
    const media = '/media/{userId}/{photoId}/{variant}';
    const reached = [
      ['POST', '/upload-sessions', 415],
      ['PUT', chunks, 204],
      ['PUT', chunks, 409],
      ['POST', '/upload-sessions/{id}/complete', 200],
      ['POST', '/upload-sessions/{id}/complete', 409],
      ['DELETE', '/upload-sessions/{id}', 204],
      ['POST', '/photos/{id}/restore', 200],
      ['DELETE', '/photos/{id}', 204],
      ['PUT', '/albums/{id}', 200],
      ['POST', '/albums/{id}/items', 204],
      ['POST', '/auth/refresh', 200],
      ['POST', '/auth/logout-all', 204],
      ['GET', '/feed', 200],
      ['GET', '/search', 200],
      ['GET', '/photos/timeline', 200],
      ['GET', '/tags', 200],
      ['POST', '/photos/{id}/metadata', 200],
      ['POST', '/photos/metadata/batch', 200],
      ['POST', '/photos/delete/batch', 200],
      ['POST', '/photos/restore/batch', 200],
      ['GET', '/trash', 200],
      ['POST', '/trash/empty', 202],
      ['PUT', '/trash/retention', 200],
      ['GET', media, 206],
      ['GET', media, 304],
      ['GET', media, 416],
      ['POST', '/share-links', 201],
      ['PATCH', '/share-links/{id}', 200],
      ['DELETE', '/share-links/{id}', 204],
      ['GET', '/share-links/{token}/content', 200],
      ['POST', '/share-links/{token}/unlock', 200],
      ['GET', '/s/{token}', 200],
      ['POST', '/s/{token}/unlock', 303],
      ['GET', '/s/{token}/media/{handle}', 206],
      ['GET', '/s/{token}/media/{handle}', 416],
      ['GET', '/s/{token}/archive', 200],
      ['POST', '/imports', 200],
      ['POST', '/imports', 404],
      ['GET', '/imports', 200],
      ['GET', '/imports/{id}', 200],
      ['POST', '/imports/{id}/pause', 200],
      ['POST', '/imports/{id}/resume', 200],
      ['POST', '/imports/{id}/parts', 200],
      ['DELETE', '/imports/{id}', 204],
      ['GET', '/imports/{id}/report', 200],
      ['GET', '/archives', 200],
      ['DELETE', '/archives/{id}', 204],
    ] as const;
    for (const [method, route, status] of reached) {
      const count = await answered(method, route, status);
      expect([method, route, status, count > 0]).toEqual([method, route, status, true]);
    }
  });
});
