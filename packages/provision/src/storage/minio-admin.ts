import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import { reasonOf } from '@lazyphotos/database';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { ProvisionError } from '../errors.js';
import type { Credentials, StoreAddress } from './bucket.js';

interface AdminRequest {
  /** In words, for the error. */
  what: string;
  path: string;
  query?: Record<string, string>;
  body?: Buffer;
}

const TIMEOUT_MS = 15_000;
const PBKDF2_AES_GCM = 0x02;
const PBKDF2_ITERATIONS = 8192;
const LAST_FRAGMENT = 0x80;
const FRAGMENT_BYTES = 16_384;

/** Returns whether the store is a MinIO, which responds there without credentials. */
export async function isMinio(endpoint: string): Promise<boolean> {
  const response = await send('is it a MinIO', new URL('/minio/health/live', endpoint));
  await response.body?.cancel();
  return response.ok;
}

/**
 * The calls of MinIO's admin API that are needed here; the `minio` package has none of them. Each may be repeated. Their paths and
 * bodies are those of madmin-go v3 (`user-commands.go`, `policy-commands.go`, `config-kv-commands.go`).
 */
export class MinioAdmin {
  constructor(
    readonly endpoint: string,
    readonly address: StoreAddress,
  ) {}

  /** Makes the policy, or replaces it. */
  putPolicy(name: string, policy: object): Promise<void> {
    const body = Buffer.from(JSON.stringify(policy));
    return this.#put({ what: `the policy ${name}`, path: 'add-canned-policy', query: { name }, body });
  }

  /** Makes the user, or changes its secret. */
  putUser({ accessKeyId: accessKey, secretAccessKey }: Credentials): Promise<void> {
    const body = this.#encrypted(JSON.stringify({ secretKey: secretAccessKey, status: 'enabled' }));
    return this.#put({ what: 'a user', path: 'add-user', query: { accessKey }, body });
  }

  /** Makes this the user's only policy. */
  setPolicy(accessKeyId: string, policyName: string): Promise<void> {
    return this.#put({
      what: `the policy ${policyName} for its user`,
      path: 'set-user-or-group-policy',
      query: { policyName, userOrGroup: accessKeyId, isGroup: 'false' },
    });
  }

  /** Sets keys of a subsystem of the server's configuration: `api stale_uploads_expiry=720h`. */
  setConfig(line: string): Promise<void> {
    return this.#put({ what: 'its configuration', path: 'set-config-kv', body: this.#encrypted(line) });
  }

  async #put({ what, path, query = {}, body = Buffer.alloc(0) }: AdminRequest): Promise<void> {
    const parameters = new URLSearchParams(query).toString().replaceAll('+', '%20');
    const url = new URL(`/minio/admin/v3/${path}?${parameters}`, this.endpoint);
    const headers = await signedHeaders('PUT', url, body, this.address);
    const response = await send(what, url, { method: 'PUT', headers, body: Uint8Array.from(body) });
    const text = await response.text();
    if (response.ok) return;
    const temporary = response.status === 503;
    throw new ProvisionError(`MinIO refuses ${what}: ${reasonIn(response.status, text)}`, temporary);
  }

  #encrypted(body: string): Buffer {
    return encryptBody(this.address.admin.secretAccessKey, body);
  }
}

async function send(what: string, url: URL, request: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const { cause = error } = error as { cause?: unknown };
    throw new ProvisionError(`the object store does not respond (${what}): ${reasonOf(cause)}`, true, error);
  }
}

/** MinIO's errors are JSON here; a proxy in front of it may respond with anything. */
function reasonIn(status: number, text: string): string {
  try {
    const { Code, Message } = JSON.parse(text) as { Code?: string; Message?: string };
    return `${Message ?? `status ${status}`} (${Code ?? 'no code'})`;
  } catch {
    return `status ${status}`;
  }
}

/** Returns the headers of a request with the administrator's AWS Signature V4, which the admin API requires as S3 does. */
export async function signedHeaders(
  method: string,
  url: URL,
  body: Buffer,
  { region, admin }: StoreAddress,
): Promise<Record<string, string>> {
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: admin,
    sha256: Sha256,
    uriEscapePath: false,
  });
  const { headers } = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host },
    body,
  });
  return headers;
}

/**
 * Encrypts a body of up to 16 KiB under the administrator's secret, as `encrypt.go` of github.com/minio/madmin-go/v3 (DecryptData)
 * reads it:
 *
 *     salt (32) | algorithm (1) | nonce (8) | fragments of github.com/secure-io/sio-go
 *
 * Of its algorithms this is PBKDF2 with AES-256-GCM, the only one that Node has. A fragment of sio-go is sealed under the nonce followed
 * by its number (4 bytes, little-endian). Fragment 0 is empty; its tag, after a byte that marks the last fragment, is the additional data
 * of all others. Our bodies fit into one fragment.
 */
export function encryptBody(secret: string, body: string): Buffer {
  const text = Buffer.from(body);
  if (text.length > FRAGMENT_BYTES) throw new RangeError(`a body of ${text.length} bytes is too long`);
  const salt = randomBytes(32);
  const nonce = randomBytes(8);
  const key = pbkdf2Sync(secret, salt, PBKDF2_ITERATIONS, 32, 'sha256');
  const tag = seal(key, nonce, 0, Buffer.alloc(0), Buffer.alloc(0));
  const additional = Buffer.concat([Buffer.of(LAST_FRAGMENT), tag]);
  return Buffer.concat([salt, Buffer.of(PBKDF2_AES_GCM), nonce, seal(key, nonce, 1, additional, text)]);
}

function seal(key: Buffer, nonce: Buffer, number: number, additional: Buffer, text: Buffer): Buffer {
  const counter = Buffer.alloc(4);
  counter.writeUInt32LE(number);
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.concat([nonce, counter])).setAAD(additional);
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}
