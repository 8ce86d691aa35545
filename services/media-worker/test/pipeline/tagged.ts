import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll } from '@jest/globals';
import { ExifTool } from 'exiftool-vendored';
import sharp from 'sharp';

export type Format = 'jpeg' | 'png' | 'webp' | 'tiff' | 'avif';

const exiftool = new ExifTool({ maxProcs: 1 });
afterAll(() => exiftool.end());

/** Writes tags into a file as they are, also values that make no sense (`DateTimeOriginal=2004/12/24`). */
export async function writeTags(path: string, tags: readonly string[]): Promise<void> {
  const assignments = tags.map((tag) => `-${tag.replace('=', '#=')}`);
  await exiftool.write(path, {}, { writeArgs: ['-m', '-overwrite_original', ...assignments] });
}

/** A small picture with these tags. */
export async function taggedPicture(folder: string, tags: readonly string[], format: Format = 'jpeg') {
  const path = join(folder, `${crypto.randomUUID()}.${format}`);
  const picture = sharp({ create: { width: 80, height: 60, channels: 3, background: '#775533' } });
  writeFileSync(path, await picture.toFormat(format).toBuffer());
  if (tags.length > 0) await writeTags(path, tags);
  return path;
}

/** A small picture with an XMP packet of these attributes. */
export async function pictureWithXmp(
  folder: string,
  attributes: Record<string, string>,
  format: 'jpeg' | 'png' = 'jpeg',
) {
  const path = join(folder, `${crypto.randomUUID()}.${format}`);
  const picture = sharp({ create: { width: 80, height: 60, channels: 3, background: '#775533' } });
  writeFileSync(path, await picture.withXmp(xmpPacket(attributes)).toFormat(format).toBuffer());
  return path;
}

/** An XMP packet of these attributes. */
export function xmpPacket(attributes: Record<string, string>): string {
  const written = Object.entries(attributes).map(
    ([name, value]) => `${name}="${value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`,
  );
  return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
    xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
    ${written.join(' ')}/></rdf:RDF></x:xmpmeta>`;
}

/** One chunk of a PNG (PNG 3, 5.3). */
export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** Puts chunks into a PNG before its pixels or after them. */
export function addPngChunks(path: string, chunks: readonly Buffer[], place: 'before' | 'after' = 'before') {
  const png = readFileSync(path);
  const at = png.indexOf(place === 'before' ? 'IDAT' : 'IEND') - 4;
  writeFileSync(path, Buffer.concat([png.subarray(0, at), ...chunks, png.subarray(at)]));
}

/** Puts comments, then XMP (Adobe XMP specification, part 3: GIF) after the header of a GIF. */
export function gifWithXmp(gif: Buffer, comments: number, packet: string): Buffer {
  const flags = gif.readUInt8(10);
  // The screen descriptor ends at byte 13; bit 7 says whether a table of 3 * 2^(n + 1) bytes of colours follows.
  const at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 0x07) + 1) : 0);
  const comment = Buffer.concat([Buffer.from([0x21, 0xfe, 5]), Buffer.from('hello'), Buffer.from([0])]);
  // The trailer makes readers that follow the packet as blocks of a length arrive at the end of it.
  const trailer = Buffer.from([1, ...Array.from({ length: 256 }, (_, index) => 255 - index), 0]);
  const header = Buffer.concat([Buffer.from([0x21, 0xff, 11]), Buffer.from('XMP DataXMP')]);
  const extensions = [
    ...Array.from({ length: comments }, () => comment),
    header,
    Buffer.from(packet),
    trailer,
  ];
  return Buffer.concat([gif.subarray(0, at), ...extensions, gif.subarray(at)]);
}
