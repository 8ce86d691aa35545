import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as auth from '@lazyphotos/auth/events';
import * as catalog from '@lazyphotos/catalog/events';
import { eventSchemas, topology } from '@lazyphotos/contracts';
import * as feed from '@lazyphotos/feed/events';
import * as gateway from '@lazyphotos/gateway/events';
import * as mediaWorker from '@lazyphotos/media-worker/events';
import { repository } from '@lazyphotos/testkit';
import * as upload from '@lazyphotos/upload/events';

const services: Record<string, { CONSUMES: readonly string[]; PUBLISHES: readonly string[] }> = {
  gateway,
  auth,
  upload,
  'media-worker': mediaWorker,
  catalog,
  feed,
};

/** Every source file below a folder of the repository, with its text. */
function sources(folder: string): { file: string; text: string }[] {
  return readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path.includes('/src/') && !/\/(node_modules|generated|dist)\//.test(path))
    .map((path) => ({ file: relative(repository, path), text: readFileSync(path, 'utf8') }));
}

const imported = (text: string): string[] =>
  [...text.matchAll(/(?:from|import\()\s*'(@lazyphotos\/[^']+)'/g)].map((match) => String(match[1]));

describe('services and events', () => {
  test('each queue has the consumer that its name says, and each event a publisher', () => {
    const consumed = Object.entries(services).flatMap(([name, { CONSUMES }]) => {
      for (const queue of CONSUMES) expect(queue.startsWith(`${name}.`)).toBe(true);
      return CONSUMES;
    });
    expect([...consumed].sort()).toEqual(Object.keys(topology).sort());
    const published = Object.values(services).flatMap(({ PUBLISHES }) => PUBLISHES);
    expect([...published].sort()).toEqual(Object.keys(eventSchemas).sort());
  });

  test('docs/architecture.md shows just these', () => {
    const lines = readFileSync(join(repository, 'docs/architecture.md'), 'utf8').split('\n');
    for (const [name, { CONSUMES, PUBLISHES }] of Object.entries(services)) {
      const row = lines.find((line) => line.startsWith(`| ${name} |`));
      const [, , , consumesCell = '', publishesCell = ''] = row?.split('|').map((cell) => cell.trim()) ?? [];
      const expected = CONSUMES.map(
        (queue) => `\`${queue}\`: ${topology[queue as keyof typeof topology].join(', ')}`,
      );
      expect({ name, consumes: consumesCell }).toEqual({ name, consumes: expected.join(' · ') });
      expect({ name, publishes: publishesCell }).toEqual({ name, publishes: PUBLISHES.join(', ') });
    }
  });
});

describe('imports point inward', () => {
  const names = Object.keys(services).map((name) => `@lazyphotos/${name}`);
  const isService = (specifier: string) =>
    names.some((name) => specifier === name || specifier.startsWith(`${name}/`));

  test('a service imports no service, and no package but the one that composes them does', () => {
    const wrong = [...sources('services'), ...sources('packages')]
      .filter(({ file }) => !file.startsWith('packages/standalone/'))
      .filter(({ text }) => imported(text).some(isService));
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  test('contracts imports nothing of ours', () => {
    expect(sources('packages/contracts').filter(({ text }) => imported(text).length > 0)).toEqual([]);
  });

  test('no service and no program in an image depends on the tool that writes migrations', () => {
    const manifests = ['packages', 'services'].flatMap((parent) =>
      readdirSync(join(repository, parent)).map((name) =>
        JSON.parse(readFileSync(join(repository, parent, name, 'package.json'), 'utf8')),
      ),
    );
    const dependents = manifests.filter(({ dependencies = {} }) =>
      Object.keys(dependencies).some((name) =>
        /^(prisma|@prisma\/schema-engine-wasm|@lazyphotos\/migrations)$/.test(name),
      ),
    );
    expect(dependents.map(({ name }) => name)).toEqual(['@lazyphotos/migrations']);
  });

  test('the environment is read by entry points, config and tests’ helpers only', () => {
    const allowed = /\/(main|config|dead-letters|new-migration)\.ts$|^packages\/testkit\//;
    const readers = [...sources('services'), ...sources('packages')]
      .filter(({ text }) => /process\.env\b/.test(text))
      .map(({ file }) => file)
      .filter((file) => !allowed.test(file));
    expect(readers).toEqual([]);
  });

  test('every Prisma schema with a client has a script that generates it', () => {
    for (const name of Object.keys(services)) {
      const schema = readFileSync(join(repository, 'services', name, 'prisma/schema.prisma'), 'utf8');
      const { scripts } = JSON.parse(
        readFileSync(join(repository, 'services', name, 'package.json'), 'utf8'),
      );
      expect({ name, generates: scripts.generate !== undefined }).toEqual({
        name,
        generates: schema.includes('generator client'),
      });
    }
  });
});

test('module constants that are values are in upper case', () => {
  // Lists, sets, maps, numbers, texts and patterns; objects may be schemas, settings or adapters.
  const declaration =
    /^(?:export )?const ([a-z]\w*)(?: *:[^=\n]+)? = *(?:\[|new Set\b|new Map\b|['"`\d]|\/[^/*])/gm;
  // The values of examples have the names of the fields that they fill.
  const files = [...sources('packages'), ...sources('services')].filter(
    ({ file }) => !file.includes('/examples/'),
  );
  const found = files.flatMap(({ file, text }) =>
    [...text.matchAll(declaration)].map(([, name]) => `${file}: ${name}`),
  );
  expect(found).toEqual([]);
});
