import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';

/**
 * The encryption of bodies to MinIO's admin API, as `encrypt.go` of github.com/minio/madmin-go/v3 (DecryptData) reads it:
 *
 *     salt (32) | algorithm (1) | nonce (8) | fragments of github.com/secure-io/sio-go
 *
 * Of its algorithms this is PBKDF2 with AES-256-GCM, the one that Node brings along. A fragment of sio-go is sealed under the nonce
 * followed by its number (4 bytes, little-endian); number 0 seals nothing, and its tag, behind a byte that tells the last fragment,
 * is the additional data of all others. What we send fits one fragment.
 */
const PBKDF2_AES_GCM = 0x02;
const PBKDF2_ITERATIONS = 8192;
const LAST_FRAGMENT = 0x80;
const FRAGMENT_BYTES = 16_384;

function seal(key: Buffer, nonce: Buffer, number: number, additional: Buffer, text: Buffer): Buffer {
  const counter = Buffer.alloc(4);
  counter.writeUInt32LE(number);
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.concat([nonce, counter])).setAAD(additional);
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** Encrypts up to 16 KiB under the administrator's secret. */
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
