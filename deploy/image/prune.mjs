/**
 * Takes out of a deployed folder (`pnpm deploy`) what no service ever loads: declarations, source maps, tests, documents, and the
 * parts of large packages that are for other databases or for browsers.
 *
 *   node deploy/image/prune.mjs <folder> <service>
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Packages that hold nothing but types. */
const TYPES_ONLY = /^(@types\/|undici-types$|type-fest$|@typescript\/|typescript$)/;
/** Folders beside a package.json that are for its developers. */
const DEVELOPERS_FOLDERS =
  /^(test|tests|__tests__|spec|docs?|examples?|benchmarks?|coverage|\.github|\.vscode)$/;
/** Licences stay: they have to go with the code. */
const DOCUMENT = /^(?!.*licen[cs]e).*\.(md|markdown)$/i;
const SOURCE = /\.(map|[cm]?ts|tsx|flow|tsbuildinfo)$/;

/** What is left out of single packages, by the path inside the package. */
const PER_PACKAGE = [
  // The query compiler comes for five databases, in two sizes and two module formats. Ours is named in src/generated/prisma.
  {
    name: /^@prisma\/client$/,
    path: /^(generator-build|scripts)$|^runtime\/(?!(client|query_compiler_fast_bg\.postgresql(\.wasm-base64)?)\.m?js$)/,
  },
  // Node takes dist-cjs; dist-es is for bundlers.
  { name: /^@(aws-sdk|smithy|aws)\//, path: /^dist-(es|types)$/ },
  { name: /^luxon$/, path: /^build\/(amd|cjs-browser|es6|global)$/ },
  // The media worker loads the bundle; the others are its pieces, and the program without WebAssembly.
  { name: /^libheif-js$/, path: /^(libheif|libheif-wasm\/(?!libheif-bundle\.js$).*)$/ },
  { name: /^exiftool-vendored\.pl$/, path: /\.pod$|\/ExifTool\/Lang$/ },
  { name: /^@lazyphotos\//, path: /^(src|tsconfig.*\.json)$/ },
];

/** The services that open the object store. Every image gets its client, with the packages that define the settings. */
const STORE_SERVICES = ['gateway', 'upload', 'media-worker'];
const S3_CLIENT = /^@(aws-sdk|aws|smithy)\//;
/** Provisioning speaks to S3 with another client, and signs requests with these. */
const SIGNER = /^@smithy\//;

/** Whether a service never loads this package. */
export const isUnused = (name, service) =>
  S3_CLIENT.test(name) &&
  !STORE_SERVICES.includes(service) &&
  !(service === 'provision' && SIGNER.test(name));

/**
 * Whether a service does without it.
 * @param {string} name the package that it belongs to
 * @param {string} path where it is inside the package, with slashes
 */
export function isSuperfluous(name, path) {
  const base = path.slice(path.lastIndexOf('/') + 1);
  return (
    TYPES_ONLY.test(name) ||
    (base === path && DEVELOPERS_FOLDERS.test(base)) ||
    DOCUMENT.test(base) ||
    SOURCE.test(base) ||
    PER_PACKAGE.some((rule) => rule.name.test(name) && rule.path.test(path))
  );
}

/** Prunes one package's folder and the packages inside it, for the image of `service`. `path`: where `folder` is inside the package `name`. */
export function prune(folder, service, name, path = '') {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = join(folder, entry.name);
    const inside = path ? `${path}/${entry.name}` : entry.name;
    if (entry.name === 'node_modules') prunePackages(full, service);
    else if (isSuperfluous(name, inside)) rmSync(full, { recursive: true });
    else if (entry.isDirectory()) prune(full, service, name, inside);
  }
}

/** The packages of a node_modules folder. pnpm's are links into node_modules/.pnpm/<package>/node_modules, where the files are. */
function prunePackages(folder, service) {
  for (const name of foldersIn(folder)) {
    if (name === '.pnpm') {
      for (const stored of foldersIn(join(folder, name))) prune(join(folder, name, stored), service, '');
    } else if (name.startsWith('@')) {
      for (const scoped of foldersIn(join(folder, name))) {
        prunePackage(join(folder, name, scoped), service, `${name}/${scoped}`);
      }
    } else {
      prunePackage(join(folder, name), service, name);
    }
  }
}

function prunePackage(folder, service, name) {
  if (isUnused(name, service)) rmSync(folder, { recursive: true });
  else prune(folder, service, name);
}

/** Without links. */
function foldersIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, service] = process.argv.slice(2);
  if (!service) throw new Error('Usage: node prune.mjs <deployed folder> <service>');
  prune(folder, service, '@lazyphotos/deployed');
}
