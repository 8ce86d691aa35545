import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { cleanEnvironment, repository, run } from '@lazyphotos/testkit';

const imageFolder = join(repository, 'deploy/image');

/** The name of the image of a program. */
const imageOf = (folder: string): string => folder.slice(folder.indexOf('/') + 1);

/** deploy/image/prune.mjs runs outside of jest's modules, as in a build. */
const SORTER = `
  import { isSuperfluous, isUnused } from '${join(imageFolder, 'prune.mjs')}';
  import { readFileSync } from 'node:fs';
  const result = { pruned: [], kept: [] };
  for (const file of JSON.parse(readFileSync(0, 'utf8'))) {
    const inside = file.slice(file.lastIndexOf('/node_modules/') + '/node_modules/'.length).split('/');
    const name = inside.splice(0, inside[0].startsWith('@') ? 2 : 1).join('/');
    const superfluous = isUnused(name, process.argv[1]) || inside.some((_, index) => isSuperfluous(name, inside.slice(0, index + 1).join('/')));
    result[superfluous ? 'pruned' : 'kept'].push(file);
  }
  console.log(JSON.stringify(result));
`;

/** Sorts files below a node_modules folder by the verdict on them and on the folders that they are in. */
async function sorted(files: string[], service = 'upload'): Promise<{ pruned: string[]; kept: string[] }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', SORTER, service], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(files));
  return JSON.parse(await text(child.stdout));
}

/** The files of packages that a program loads at its start, until it finds that it has no settings. */
async function loadedBy(folder: string): Promise<string[]> {
  const hook = fileURLToPath(new URL('loaded-files.mjs', import.meta.url));
  const child = spawn(process.execPath, ['--import', hook, join(repository, folder, 'dist/main.js')], {
    env: cleanEnvironment({}),
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const files = await text(child.stdio[3] as Readable);
  return files.trim().split('\n');
}

describe('what is taken out of an image', () => {
  const programs = [...SERVICE_NAMES.map((name) => `services/${name}`), 'packages/provision'];

  test.each(programs)('is nothing that %s loads', async (folder) => {
    const files = await loadedBy(folder);
    expect(files.length).toBeGreaterThan(100);
    const { pruned } = await sorted(files, imageOf(folder));
    expect(pruned).toEqual([]);
  });

  test('is nothing that is loaded later', async () => {
    const later = [
      ['services/catalog', '@prisma/client/runtime/query_compiler_fast_bg.postgresql.mjs'],
      ['services/catalog', '@prisma/client/runtime/query_compiler_fast_bg.postgresql.wasm-base64.mjs'],
      ['services/media-worker', 'libheif-js/libheif-wasm/libheif-bundle.js'],
      ['services/media-worker', 'exiftool-vendored/dist/index.js'],
      ['services/media-worker', 'exiftool-vendored.pl/bin/exiftool'],
      ['services/media-worker', 'exiftool-vendored.pl/bin/lib/Image/ExifTool/Canon.pm'],
    ];
    const files = later.map(([from = '', path = '']) => join(repository, from, 'node_modules', path));
    const { pruned, kept } = await sorted(files);
    expect(pruned).toEqual([]);
    expect(kept).toHaveLength(later.length);
  });

  test('is the client of S3 where no store is opened', async () => {
    const file = '/app/node_modules/@aws-sdk/client-s3/dist-cjs/index.js';
    for (const folder of programs) {
      const main = await readFile(join(repository, folder, 'src/main.ts'), 'utf8');
      const hasStore = /'(store|readOnlyStore)'/.test(main);
      const { kept } = await sorted([file], imageOf(folder));
      expect({ folder, kept: kept.length > 0 }).toEqual({ folder, kept: hasStore });
    }
  });

  test('is what is for other databases, browsers and developers', async () => {
    const client = join(repository, 'services/catalog/node_modules/@prisma/client');
    const others = globSync('runtime/*{mysql,sqlite,sqlserver,cockroachdb}*', { cwd: client });
    expect(others.length).toBeGreaterThan(10);
    const files = [
      ...others.map((path) => join(client, path)),
      '/app/node_modules/@types/node/index.js',
      '/app/node_modules/express/README.md',
      '/app/node_modules/zod/index.d.ts',
      '/app/node_modules/pg/lib/index.js.map',
      '/app/node_modules/qs/test/parse.js',
    ];
    expect(await sorted(files)).toEqual({ pruned: files, kept: [] });
    const needed = ['/app/node_modules/express/LICENSE.md', '/app/node_modules/send/lib/test/index.js'];
    expect(await sorted(needed)).toEqual({ pruned: [], kept: needed });
  });
});

describe('a deployed folder', () => {
  let folder: string;
  const write = async (path: string, content = '') => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lazyphotos-deployed-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('is pruned in place, down to the packages of packages', async () => {
    const kept = [
      'dist/main.js',
      'package.json',
      'prisma/migrations/1/migration.sql',
      'assets/page.css',
      'assets/docs.js',
      'dist/viewer/redoc.js',
      'dist/viewer/redoc.js.gz',
      'dist/viewer/LICENSE',
      'node_modules/.pnpm/a@1.0.0/node_modules/a/index.js',
      'node_modules/.pnpm/a@1.0.0/node_modules/a/node_modules/@b/c/lib/docs/index.js',
    ];
    const pruned = [
      'src/main.ts',
      'tsconfig.json',
      'dist/main.js.map',
      'node_modules/.pnpm/a@1.0.0/node_modules/a/README.md',
      'node_modules/.pnpm/a@1.0.0/node_modules/a/node_modules/@b/c/docs/index.js',
      'node_modules/.pnpm/@smithy+x@1.0.0/node_modules/@smithy/x/dist-cjs/index.js',
      'node_modules/.pnpm/luxon@1.0.0/node_modules/luxon/build/es6/luxon.js',
    ];
    for (const path of [...kept, ...pruned, 'node_modules/.pnpm/lock.yaml']) await write(path);
    const program = join(imageFolder, 'prune.mjs');
    expect(await run(process.execPath, [program, folder, 'auth'], {})).toMatchObject({ code: 0 });
    expect(kept.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
    expect(pruned.filter((path) => existsSync(join(folder, path)))).toEqual([]);
  });

  test('is refused when a package lacks its part for the processor', async () => {
    const store = 'node_modules/.pnpm/sharp@1.0.0/node_modules';
    const native = {
      '@img/sharp-linux-arm64': '1',
      '@img/sharp-linuxmusl-arm64': '1',
      '@img/sharp-linux-x64': '1',
    };
    await write(
      `${store}/sharp/package.json`,
      JSON.stringify({ name: 'sharp', optionalDependencies: native }),
    );
    const check = () => run(process.execPath, [join(imageFolder, 'check-native.mjs'), folder, 'arm64'], {});
    expect(await check()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Missing: @img/sharp-linux-arm64\n'),
    });
    await write(`${store}/@img/sharp-linux-arm64/package.json`, '{ "name": "@img/sharp-linux-arm64" }');
    expect(await check()).toMatchObject({ code: 0 });
  });
});
