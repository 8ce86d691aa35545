import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { type Exit, repository, run } from '@lazyphotos/testkit';

export const setupProgram = join(repository, 'scripts/setup');

export interface Machine {
  /** With a blank in its path, as a disk may have one in its name. */
  folder: string;
  envFile: string;
  dataPath: string;
  /** Runs scripts/setup for this folder. */
  setup(...options: string[]): Promise<Exit>;
  /** The same although a check fails, such as the one for Docker. @throws Error with what it said */
  forcedSetup(...options: string[]): Promise<void>;
  /** What .env says. */
  env(): Promise<Record<string, string>>;
  /** The files of the secrets: their names and contents. */
  secrets(): Promise<Record<string, string>>;
  remove(): Promise<void>;
}

/** A place for a node's .env and data. Nothing is there yet. */
export async function createMachine(): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos set-up '));
  const envFile = join(folder, '.env');
  const dataPath = join(folder, 'data');
  const secretsFolder = join(dataPath, 'secrets');
  const setup = (...options: string[]) =>
    run(setupProgram, ['--env-file', envFile, '--data-path', dataPath, ...options], {});
  return {
    folder,
    envFile,
    dataPath,
    setup,
    forcedSetup: async (...options) => {
      const { code, stdout, stderr } = await setup('--force', '--yes', ...options);
      if (code !== 0) throw new Error(`${stdout}${stderr}`);
    },
    env: async () => parseEnv(await readFile(envFile, 'utf8')) as Record<string, string>,
    secrets: async () => {
      const names = await readdir(secretsFolder);
      const contents = names.map(async (name) => [name, await readFile(join(secretsFolder, name), 'utf8')]);
      return Object.fromEntries(await Promise.all(contents));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
