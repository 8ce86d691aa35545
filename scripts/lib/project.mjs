/** Where things are. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The folders of the workspace's packages, relative to the root. */
export function workspaceFolders() {
  const grouped = ['packages', 'services'].flatMap((group) => {
    const names = existsSync(join(root, group)) ? readdirSync(join(root, group)).sort() : [];
    return names.map((name) => `${group}/${name}`);
  });
  return [...grouped, 'deploy'].filter((folder) => existsSync(join(root, folder, 'package.json')));
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The pinned Node itself: the npm package `node` brings it. The shims of node_modules/.bin would add a shell. */
export function pinnedNode() {
  return join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** How a tool of the workspace is run by the pinned version of pnpm, which npx fetches once and keeps. */
export function pnpm(...args) {
  const { devEngines } = readJson(join(root, 'package.json'));
  return ['npx', '--yes', `pnpm@${devEngines.packageManager.version}`, ...args];
}
