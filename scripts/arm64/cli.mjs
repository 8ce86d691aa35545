// The project's own command, run as a person would run it on another computer.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const command = fileURLToPath(new URL('../../packages/cli/bin/lazyphotos.js', import.meta.url));

/**
 * Returns a function that runs `lazyphotos … --json` and resolves to its document. It rejects when the command fails.
 * `folder` keeps the credentials between runs.
 */
export function createCli({ server, folder, password }) {
  const env = { ...process.env, LAZYPHOTOS_CONFIG_DIR: folder, LAZYPHOTOS_PASSWORD: password };
  return async (...args) => {
    const all = [command, '--server', server, '--json', ...args];
    const { stdout } = await promisify(execFile)(process.execPath, all, { env, maxBuffer: 1e8 }).catch(
      ({ message, stdout }) =>
        Promise.reject(new Error(`lazyphotos ${args.join(' ')}: ${message}\n${stdout}`)),
    );
    return JSON.parse(stdout);
  };
}
