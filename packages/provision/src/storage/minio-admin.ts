import { createHash } from 'node:crypto';
import { reasonOf } from '@lazyphotos/database';
import { signV4 } from 'minio/dist/esm/signing.mjs';
import { ProvisionError } from '../errors.js';
import { encryptBody } from './encrypt.js';
import type { Credentials, StoreAddress } from './options.js';

const TIMEOUT_MS = 15_000;

/** The few calls of MinIO's admin API that are needed here; the `minio` package has none. Each may be repeated. */
export interface MinioAdmin {
  /** Makes the policy, or replaces it. */
  putPolicy(name: string, policy: object): Promise<void>;
  /** Makes the user, or gives it this secret. */
  putUser(user: Credentials): Promise<void>;
  /** Makes this the user's one policy. */
  setPolicy(accessKeyId: string, policyName: string): Promise<void>;
  /** Sets keys of a subsystem of the server's configuration: `api stale_uploads_expiry=720h`. */
  setConfig(line: string): Promise<void>;
}

async function ask(what: string, url: URL, request: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const { cause = error } = error as { cause?: unknown };
    throw new ProvisionError(`the object store does not answer (${what}): ${reasonOf(cause)}`, true, error);
  }
}

/** Whether it is a MinIO, which answers there and asks nobody who they are. */
export async function isMinio(endpoint: string): Promise<boolean> {
  const reply = await ask('is it a MinIO', new URL('/minio/health/live', endpoint));
  await reply.body?.cancel();
  return reply.ok;
}

interface AdminRequest {
  /** In words, for the error. */
  what: string;
  path: string;
  query?: Record<string, string>;
  body?: Buffer;
}

/** MinIO's errors are JSON here; a proxy before it may answer anything. */
function refusal(status: number, text: string): string {
  try {
    const { Code, Message } = JSON.parse(text) as { Code?: string; Message?: string };
    return `${Message ?? `status ${status}`} (${Code ?? 'no code'})`;
  } catch {
    return `status ${status}`;
  }
}

/** AWS Signature V4, with which the admin API is asked as well. */
function signedHeaders(url: URL, body: Buffer, { region, admin }: StoreAddress): Record<string, string> {
  const now = new Date();
  const digest = createHash('sha256').update(body).digest('hex');
  const headers = {
    host: url.host,
    'x-amz-content-sha256': digest,
    'x-amz-date': now.toISOString().replaceAll(/[-:]|\.\d+/g, ''),
  };
  const request = { protocol: url.protocol, method: 'PUT', path: `${url.pathname}${url.search}`, headers };
  const { accessKeyId, secretAccessKey } = admin;
  return { ...headers, authorization: signV4(request, accessKeyId, secretAccessKey, region, now, digest) };
}

/** The paths and bodies are those of madmin-go v3 (`user-commands.go`, `policy-commands.go`, `config-kv-commands.go`). */
export function createMinioAdmin(endpoint: string, address: StoreAddress): MinioAdmin {
  const send = async ({ what, path, query = {}, body = Buffer.alloc(0) }: AdminRequest): Promise<void> => {
    const parameters = new URLSearchParams(query).toString().replaceAll('+', '%20');
    const url = new URL(`/minio/admin/v3/${path}?${parameters}`, endpoint);
    const headers = signedHeaders(url, body, address);
    const reply = await ask(what, url, { method: 'PUT', headers, body: Uint8Array.from(body) });
    const text = await reply.text();
    if (reply.ok) return;
    const starting = reply.status === 503;
    throw new ProvisionError(`MinIO refuses ${what}: ${refusal(reply.status, text)}`, starting);
  };
  const encrypted = (body: string): Buffer => encryptBody(address.admin.secretAccessKey, body);

  return {
    putPolicy: (name, policy) =>
      send({
        what: `the policy ${name}`,
        path: 'add-canned-policy',
        query: { name },
        body: Buffer.from(JSON.stringify(policy)),
      }),
    putUser: ({ accessKeyId, secretAccessKey }) =>
      send({
        what: 'a user',
        path: 'add-user',
        query: { accessKey: accessKeyId },
        body: encrypted(JSON.stringify({ secretKey: secretAccessKey, status: 'enabled' })),
      }),
    setPolicy: (accessKeyId, policyName) =>
      send({
        what: `the policy ${policyName} for its user`,
        path: 'set-user-or-group-policy',
        query: { policyName, userOrGroup: accessKeyId, isGroup: 'false' },
      }),
    setConfig: (line) => send({ what: 'its configuration', path: 'set-config-kv', body: encrypted(line) }),
  };
}
