// What `npm run bench upload` compares with: other ways of getting the same files to the same disk.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a durable backup has to do at least: read, hash, write, sync. */
export async function copyDurably(photo, folder) {
  const hash = createHash('sha256');
  const file = await open(join(folder, basename(photo.path)), 'w');
  for await (const bytes of createReadStream(photo.path)) {
    hash.update(bytes);
    await file.write(bytes);
  }
  await file.sync();
  await file.close();
  hash.digest();
}

/** As clients of tus do: one request creates the upload, the next sends the bytes. */
export async function sendToTus(url, photo) {
  const headers = { 'Tus-Resumable': '1.0.0' };
  const created = await fetch(`${url}/files`, {
    method: 'POST',
    headers: { ...headers, 'Upload-Length': String(photo.bytes) },
  });
  await sendBody(created.headers.get('location'), 'PATCH', photo, {
    ...headers,
    'Upload-Offset': '0',
    'Content-Type': 'application/offset+octet-stream',
  });
}

export const sendToPipe = (url, photo) => sendBody(url, 'PUT', photo, {});

async function sendBody(url, method, photo, headers) {
  const body = createReadStream(photo.path);
  const { status } = await fetch(url, { method, headers, body, duplex: 'half' });
  if (status !== 204) throw new Error(`${url} responded with ${status}`);
}

/** Starts `<name>-server.mjs` in a process of its own; it stores below `folder`. */
export async function startPeer(name, folder) {
  await mkdir(folder);
  const script = fileURLToPath(new URL(`${name}-server.mjs`, import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = await once(child.stdout, 'data');
  return { url: `http://127.0.0.1:${String(port).trim()}`, stop: () => child.kill() };
}
