import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { repository } from '@lazyphotos/testkit';
import { parse } from 'yaml';

const read = (path: string) => readFileSync(join(repository, path), 'utf8');

const dockerfile = read('deploy/Dockerfile');
const instructions = dockerfile.replaceAll('\\\n', ' ').split('\n');
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

describe('deploy/Dockerfile', () => {
  test('runs nothing on the processor of the target', () => {
    expect(lastStage[0]).toContain('--platform=$TARGETPLATFORM');
    expect(lastStage.filter((line) => line.startsWith('RUN'))).toEqual([]);
    const stages = instructions.filter((line) => line.startsWith('FROM '));
    const ofTarget = stages.filter((line) => line.includes('$TARGETPLATFORM'));
    // The other one is only there to be copied from.
    expect(ofTarget).toHaveLength(2);
    const foreign = instructions.indexOf(ofTarget[0] ?? '');
    expect(instructions[foreign + 2]).toMatch(/^FROM /);
  });

  test('makes images that run without root, are watched, and say what they are', () => {
    expect(lastStage).toContain('USER 1000:1000');
    expect(lastStage).toContain('ENTRYPOINT ["tini", "--"]');
    expect(lastStage.find((line) => line.startsWith('HEALTHCHECK'))).toMatch(
      /--timeout=1\ds .*--start-period=[23]\ds/,
    );
    const label = lastStage.find((line) => line.startsWith('LABEL')) ?? '';
    for (const name of ['title', 'description', 'version', 'revision', 'source', 'licenses']) {
      expect(label).toContain(`org.opencontainers.image.${name}=`);
    }
  });

  test('takes the Node that everything is tested with', () => {
    expect(dockerfile).toContain(`ARG NODE_IMAGE=node:${read('.node-version').trim()}-`);
  });
});

describe('deploy/docker-bake.hcl', () => {
  const bake = read('deploy/docker-bake.hcl');

  test('builds the six services and the provisioning, for both processors', () => {
    const list = /service = \[(.*)\]/.exec(bake)?.[1] ?? '';
    expect(JSON.parse(`[${list}]`).sort()).toEqual([...SERVICE_NAMES, 'provision'].sort());
    expect(bake).toContain('platforms  = ["linux/arm64", "linux/amd64"]');
  });

  test('gives the images the names that the compose file asks for', () => {
    const { version } = JSON.parse(read('package.json'));
    expect(bake).toMatch(new RegExp(`variable "LAZYPHOTOS_VERSION" \\{\\s*default = "${version}"`));
    const tag = /tags\s*= \["(.*)"\]/.exec(bake)?.[1] ?? '';
    expect(tag.replaceAll(/\$\{(\w+)\}/g, '<$1>')).toBe(
      '<LAZYPHOTOS_IMAGE_PREFIX>lazyphotos-<service>:<LAZYPHOTOS_VERSION>',
    );
  });
});

describe('.github/workflows/images.yml', () => {
  const { on, permissions, jobs } = parse(read('.github/workflows/images.yml'));

  test('publishes on a tag, with no more rights than that takes', () => {
    expect(on).toEqual({ push: { tags: ['v*'] } });
    expect(permissions).toEqual({ contents: 'read' });
    expect(jobs.images.permissions).toEqual({ contents: 'read', packages: 'write' });
  });

  test('pins each action to a commit, and attests what it builds', () => {
    const steps: { uses?: string; with?: object }[] = jobs.images.steps;
    const used = steps.flatMap(({ uses }) => uses ?? []);
    expect(used.length).toBeGreaterThan(3);
    expect(used.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([]);
    const bake = steps.find(({ uses }) => uses?.startsWith('docker/bake-action@'));
    expect(bake?.with).toMatchObject({ provenance: 'mode=max', sbom: true, push: true });
  });
});

test('the build context has no secrets and no history in it', () => {
  const ignored = read('.dockerignore').split('\n');
  // Everything that begins with a dot: .env and .git among it.
  expect(ignored).toContain('.*');
  expect(ignored.filter((line) => line.startsWith('!'))).toEqual([
    '!.tsconfig.base.json',
    '!deploy/image',
    '!deploy/package.json',
  ]);
});
