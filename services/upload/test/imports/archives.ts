import { buffer } from 'node:stream/consumers';
import { eventually } from '@lazyphotos/testkit';
import yazl from 'yazl';
import type { UploadNode } from '../harness.js';
import { fileOf, sha256, type User } from '../user.js';

/** What an archive of a test holds: paths with their content. */
export type Files = Record<string, Buffer | string | object>;

const bytesOf = (content: Files[string]): Buffer =>
  Buffer.isBuffer(content)
    ? content
    : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));

/** A ZIP of these files, in their order. */
export async function zipOf(files: Files): Promise<Buffer<ArrayBuffer>> {
  const zip = new yazl.ZipFile();
  for (const [path, content] of Object.entries(files))
    zip.addBuffer(bytesOf(content), path, { mtime: new Date(0) });
  zip.end();
  return Buffer.from(await buffer(zip.outputStream));
}

/** A photo that no other user has. */
export function photo(text: string, size = 1500): Buffer {
  const bytes = Buffer.alloc(size, `${text} `);
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  return bytes;
}

/** The first bytes of an MP4. */
export const video = (text: string): Buffer =>
  Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1'), Buffer.alloc(400, text)]);

/** A sidecar as Google writes them. */
export const sidecar = (title: string, taken: string, more: object = {}) => ({
  title,
  description: '',
  photoTakenTime: { timestamp: String(Date.parse(taken) / 1000), formatted: taken },
  geoData: { latitude: 0, longitude: 0, altitude: 0 },
  ...more,
});

/** Uploads an archive as a client does. Resolves to its hash. */
export async function sendArchive(
  user: User,
  bytes: Buffer<ArrayBuffer>,
  fileName = 'takeout-001.zip',
): Promise<string> {
  await user.upload(fileOf(bytes, 'application/zip'), { fileName });
  return sha256(bytes);
}

/** Starts an import. Resolves to its id. */
export async function startImport(user: User, body: object): Promise<string> {
  const reply = await user.call('/imports', { json: body });
  if (reply.status !== 200) throw new Error(`not started: ${reply.text}`);
  return reply.body.importJobId;
}

const ends = ['completed', 'failed', 'cancelled'];

/** Waits until an import has ended. Resolves to what it is then. */
export const ended = (user: User, id: string) =>
  eventually(async () => {
    const { body } = await user.call(`/imports/${id}`);
    if (!ends.includes(body.status)) throw new Error(`still ${JSON.stringify(body)}`);
    return body;
  });

/** The entries of the report, by path. */
export async function reportOf(user: User, id: string) {
  const { body } = await user.call(`/imports/${id}/report`);
  return Object.fromEntries(body.entries.map((entry: { path: string }) => [entry.path, entry]));
}

/** The keys of the originals that a user has in the store. */
export const originalsOf = async (node: UploadNode, user: { id: string }): Promise<string[]> =>
  (await node.keysOf(user.id)).filter((key) => key.startsWith('originals/'));

/** The archive with a table of contents whose last entry cannot be read. */
export function damaged(archive: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const copy = Buffer.from(archive);
  const last = copy.lastIndexOf('PK\x01\x02', undefined, 'latin1');
  copy.fill(0, last, last + 4);
  return copy;
}
