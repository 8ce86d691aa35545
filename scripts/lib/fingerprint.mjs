/** Cheap checks for changes since the last build, which run on each start. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { readJson, root, workspaceFolders } from './project.mjs';

/** What an install depends on: few small files, so by content. Another machine's modules do not run here either. */
export function installFingerprint() {
  const manifests = ['', ...workspaceFolders()].map((folder) => join(folder, 'package.json'));
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}\n`);
  for (const file of [...manifests, 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    hash.update(`${file}\n`).update(existsSync(join(root, file)) ? readFileSync(join(root, file)) : 'none');
  }
  return hash.digest('hex');
}

const ROOT_INPUTS = ['.tsconfig.base.json', 'turbo.json', 'package.json'];
const PACKAGE_INPUTS = ['src', 'bin', 'prisma', 'prisma.config.ts', 'package.json', 'tsconfig.json'];

/** What a build depends on: many files, so by size and time. Generated sources are outputs. */
export function buildFingerprint() {
  const hash = createHash('sha256').update(installFingerprint());
  for (const input of ROOT_INPUTS) addTree(hash, input);
  for (const folder of workspaceFolders()) {
    for (const input of PACKAGE_INPUTS) addTree(hash, `${folder}/${input}`);
  }
  return hash.digest('hex');
}

function addTree(hash, path) {
  const info = statSync(join(root, path), { throwIfNoEntry: false });
  if (!info || path.endsWith('/src/generated')) return;
  if (!info.isDirectory()) {
    hash.update(`${path} ${info.size} ${info.mtimeMs}\n`);
    return;
  }
  for (const name of readdirSync(join(root, path)).sort()) addTree(hash, `${path}/${name}`);
}

/** Whether every package has what its build makes: someone may have wiped it. */
export function isBuilt() {
  return workspaceFolders().every((folder) => {
    const { scripts = {} } = readJson(join(root, folder, 'package.json'));
    const has = (path) => existsSync(join(root, folder, path));
    return (!scripts.build || has('dist')) && (!scripts.generate || has('src/generated'));
  });
}

/** A stamp says with which fingerprint a step was last finished. Inside node_modules, to go away with it. */
export function readStamp(name) {
  const file = stampFile(name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

export function writeStamp(name, fingerprint) {
  const file = stampFile(name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, fingerprint);
  renameSync(`${file}.new`, file);
}

export function removeStamp(name) {
  rmSync(stampFile(name), { force: true });
}

function stampFile(name) {
  return join(root, 'node_modules', `.lazyphotos-${name}`);
}
