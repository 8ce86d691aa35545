import type { NamedFile, VideoPair } from '../types.js';
import { splitExtension } from './names.js';

export function pairVideos<Id extends string | number | bigint>(
  media: readonly NamedFile<Id>[],
): VideoPair<Id>[] {
  const pictures = new Map<string, Id>();
  for (const { id, name } of media) {
    const [stem, extension] = splitExtension(name);
    if (/^\.(heic|heif|jpe?g)$/i.test(extension)) pictures.set(stem, id);
  }
  return media.flatMap(({ id, name }) => {
    const [stem, extension] = splitExtension(name);
    const pictureId = /^\.(mov|mp4)$/i.test(extension) ? pictures.get(stem) : pictures.get(name);
    return pictureId === undefined || pictureId === id ? [] : [{ videoId: id, pictureId }];
  });
}
