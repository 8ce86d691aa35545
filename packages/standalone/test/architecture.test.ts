import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  BUS_USERS,
  type EventType,
  eventSchemas,
  publishers,
  SERVICE_NAMES,
  topology,
} from '@lazyphotos/contracts';
import { repository } from '@lazyphotos/testkit';

/** Every source file of the packages in a folder of the repository, or of one package, with its text. */
function sources(folder: string): { file: string; text: string }[] {
  return globSync(['src/**/*.ts', '*/src/**/*.ts'], { cwd: join(repository, folder) })
    .filter((path) => !/(^|\/)(node_modules|generated)\//.test(path))
    .map((path) => ({
      file: join(folder, path),
      text: readFileSync(join(repository, folder, path), 'utf8'),
    }));
}

const imported = (text: string): string[] =>
  [...text.matchAll(/(?:from|import\()\s*'(@lazyphotos\/[^']+)'/g)].map((match) => String(match[1]));

/** What a pattern captures in the sources of a service, each once. */
const captured = (service: string, pattern: RegExp): string[] => {
  const found = sources(`services/${service}`).flatMap(({ text }) => [...text.matchAll(pattern)]);
  return [...new Set(found.map((match) => String(match[1])))].sort();
};
const services = SERVICE_NAMES.map((name) => ({
  name,
  consumes: captured(name, /\bbus\.consume\(\s*'([^']+)'/g),
  publishes: captured(name, /\b(?:emit|newEvent)\(\s*'([^']+)'/g),
}));

describe('services and events', () => {
  test('each queue has the consumer that its name says, and each event one publisher', () => {
    for (const { name, consumes } of services) {
      expect(consumes.filter((queue) => !queue.startsWith(`${name}.`))).toEqual([]);
    }
    const consumed = services.flatMap(({ consumes }) => consumes);
    expect(consumed.sort()).toEqual(Object.keys(topology).sort());
    const published = services.flatMap(({ publishes }) => publishes);
    expect(published.sort()).toEqual(Object.keys(eventSchemas).sort());
    // From these follow the rights on the bus.
    for (const { name, publishes } of services)
      expect(publishes.map((type) => [type, publishers[type as EventType]])).toEqual(
        publishes.map((type) => [type, name]),
      );
    const users = services.filter(({ consumes, publishes }) => consumes.length + publishes.length > 0);
    expect(users.map(({ name }) => name).sort()).toEqual([...BUS_USERS].sort());
  });

  test.each(services)('docs/architecture.md shows what $name consumes and publishes', (service) => {
    const lines = readFileSync(join(repository, 'docs/architecture.md'), 'utf8').split('\n');
    const row = lines.find((line) => line.startsWith(`| ${service.name} |`)) ?? '';
    const [, , , consumes = '', publishes = ''] = row.split('|').map((cell) => cell.trim());
    const listed = (cell: string, separator: string) => (cell === '' ? [] : cell.split(separator).sort());
    const expected = service.consumes.map(
      (queue) => `\`${queue}\`: ${topology[queue as keyof typeof topology].join(', ')}`,
    );
    expect(listed(consumes, ' · ')).toEqual(expected);
    expect(listed(publishes, ', ')).toEqual(service.publishes);
  });
});

describe('imports point inward', () => {
  const names = SERVICE_NAMES.map((name) => `@lazyphotos/${name}`);
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
    for (const name of SERVICE_NAMES) {
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
