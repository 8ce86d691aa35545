import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository, run } from '@lazyphotos/testkit';
import { parseAllDocuments } from 'yaml';
import { type Manifest, ofKind } from './manifests.js';

export const manifestsFolder = join(repository, 'deploy/k8s');
export const overlays = ['pi', 'cloud'] as const;
export type Overlay = (typeof overlays)[number];

/** Where the cloud's servers are, in the tests. */
export const outside = { postgres: '10.20.30.40', rabbitMq: '10.20.30.41', s3: '52.219.72.1' };

const PASSWORD = 'a-password-of-the-cloud';

const cloudAnswers = {
  ADMIN_DATABASE_URL: `postgresql://admin:${PASSWORD}@${outside.postgres}:5432/postgres?sslmode=require`,
  ADMIN_BUS_URL: `amqps://lazyphotos:${PASSWORD}@${outside.rabbitMq}:5671`,
  BUS_API_URL: `https://${outside.rabbitMq}:15671`,
  ...Object.fromEntries(
    ['ADMIN', 'GATEWAY', 'UPLOAD', 'MEDIA_WORKER'].flatMap((user) => [
      [`S3_${user}_ACCESS_KEY_ID`, `AKIA${user}`],
      [`S3_${user}_SECRET_ACCESS_KEY`, PASSWORD],
    ]),
  ),
};

/** What `create-secrets.mjs` writes for an overlay. */
export async function createSecrets(overlay: Overlay): Promise<Manifest[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-secrets-'));
  try {
    const file = join(folder, 'secrets.yaml');
    const program = join(manifestsFolder, 'create-secrets.mjs');
    const answers = overlay === 'cloud' ? cloudAnswers : {};
    const { code, stderr } = await run(process.execPath, [program, overlay, file], answers);
    if (code !== 0) throw new Error(stderr);
    const documents = parseAllDocuments(await readFile(file, 'utf8'));
    return documents.map((document) => document.toJS() as Manifest);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The contents of Secrets and ConfigMaps, by kind and name. */
export const contentsOf = (manifests: readonly Manifest[], kind: 'Secret' | 'ConfigMap') =>
  new Map(
    ofKind(manifests, kind).map(({ metadata, data, stringData }) => [
      metadata.name,
      { ...data, ...stringData },
    ]),
  );
