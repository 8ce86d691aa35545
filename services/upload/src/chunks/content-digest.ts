import { createHash } from 'node:crypto';
import { ProblemError } from '@lazyphotos/service-kit';

export interface DigestCheck {
  update(bytes: Uint8Array): void;
  /** @throws ProblemError `chunk_digest_mismatch` */
  verify(): void;
}

const NAMES_SHA256 = /(?:^|,)\s*sha-256\s*(?:[=;,]|$)/;
const SHA256 = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/;

/**
 * The check that an optional `Content-Digest` header (RFC 9530) asks for. Other algorithms are ignored, as the standard wants;
 * a header that names sha-256 and is malformed is refused.
 */
export function digestCheck(header: string | undefined): DigestCheck | undefined {
  if (header === undefined || !NAMES_SHA256.test(header)) return undefined;
  const expected = SHA256.exec(header)?.[1];
  if (!expected) throw new ProblemError('invalid_request', 'Content-Digest must be sha-256=:<base64>:.');
  const hash = createHash('sha256');
  return {
    update: (bytes) => hash.update(bytes),
    verify: () => {
      if (hash.digest('base64') !== expected) {
        throw new ProblemError('chunk_digest_mismatch', 'The chunk changed on its way; send it again.');
      }
    },
  };
}
