import type { FileId, NamedFile, VideoPair } from '../types.js';
import { isMotionName, MEDIA_CUT, type Reading, readMediaName, splitExtension } from './names.js';

/** The pictures of live photos, the likeliest first, and what their videos are. */
const PICTURE_EXTENSIONS = ['.heic', '.heif', '.hif', '.jpg', '.jpeg', '.avif', '.dng', '.png', '.webp'];
const LIVE_EXTENSIONS = ['.mov', '.mp4', '.m4v'];

/**
 * Returns which videos of a folder are parts of pictures: `X.MOV` or `X.MP4` beside `X.HEIC` or `X.jpg` (live photos of Apple and others), and
 * `X.MP` or `X.MP~2` beside `X.MP.jpg` or `X.MP~2.jpg` (motion photos of Pixel phones). Case does not matter; numbers do: `X(1).MOV` belongs
 * to `X(1).HEIC`. A picture has one video at most.
 */
export function pairVideos<Id extends FileId>(media: readonly NamedFile<Id>[]): VideoPair<Id>[] {
  const pictures = new PictureIndex(media);
  const taken = new Set<NamedFile<Id>>();
  const videos = media.filter(({ name }) => videoRank(name) >= 0).sort(byRank(videoRank));
  return videos.flatMap((video) => {
    const picture = candidatesOf(video.name)
      .flatMap((key) => pictures.with(key))
      .find((candidate) => !taken.has(candidate));
    if (!picture) return [];
    taken.add(picture);
    return [{ videoId: video.id, pictureId: picture.id }];
  });
}

class PictureIndex<Id extends FileId> {
  private readonly byKey = new Map<string, NamedFile<Id>[]>();

  constructor(media: readonly NamedFile<Id>[]) {
    for (const file of media.filter(({ name }) => pictureRank(name) >= 0).sort(byRank(pictureRank))) {
      for (const { name, number } of readMediaName(file.name)) {
        const key = keyOf(splitExtension(name)[0], number);
        const list = this.byKey.get(key) ?? [];
        this.byKey.set(key, list);
        if (list.length < PICTURE_EXTENSIONS.length) list.push(file);
      }
    }
  }

  with(key: string): readonly NamedFile<Id>[] {
    return this.byKey.get(key) ?? [];
  }
}

/** What the picture of a video is called, without its extension. */
function candidatesOf(name: string): string[] {
  const isMotion = isMotionName(name);
  return readMediaName(name).flatMap((reading: Reading) => {
    const [stem] = splitExtension(reading.name);
    // Where the name is cut, the longer extension of the picture has left one character less of it.
    const shorter = name.length >= MEDIA_CUT ? [stem.slice(0, -1)] : [];
    const stems = isMotion
      ? [reading.name, reading.name.replace(/~\d+$/, ''), stem]
      : [stem, `${stem}.MP`, ...shorter];
    return stems.map((picture) => keyOf(picture, reading.number));
  });
}

const keyOf = (stem: string, number: string): string => `${number}\0${stem.normalize('NFC').toLowerCase()}`;

const rankIn = (extensions: readonly string[], name: string): number =>
  extensions.indexOf(splitExtension(name)[1].toLowerCase());
const pictureRank = (name: string): number => rankIn(PICTURE_EXTENSIONS, name);
const videoRank = (name: string): number => (isMotionName(name) ? 0 : rankIn(LIVE_EXTENSIONS, name));

function byRank<Id extends FileId>(rank: (name: string) => number) {
  return (a: NamedFile<Id>, b: NamedFile<Id>): number =>
    rank(a.name) - rank(b.name) || (a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1);
}
