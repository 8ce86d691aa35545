import { describe, expect, test } from '@jest/globals';
import { matchXmp, pairVideos } from '../src/index.js';

const files = (names: readonly string[]) => names.map((name, id) => ({ id, name }));

/** Pictures by their videos. */
function pair(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    pairVideos(files(names)).map(({ videoId, pictureId }) => [names[videoId], names[pictureId]]),
  );
}

describe('rule 9: videos of live and motion photos', () => {
  test.each([
    [['IMG_4573.HEIC', 'IMG_4573.MOV'], { 'IMG_4573.MOV': 'IMG_4573.HEIC' }],
    [['IMG_4573.MP4', 'IMG_4573.jpg'], { 'IMG_4573.MP4': 'IMG_4573.jpg' }],
    [
      ['IMG_1(1).HEIC', 'IMG_1(1).MOV', 'IMG_1.HEIC', 'IMG_1.MOV'],
      { 'IMG_1.MOV': 'IMG_1.HEIC', 'IMG_1(1).MOV': 'IMG_1(1).HEIC' },
    ],
    [['IMG_1.HEIC', 'IMG_1(1).MOV'], {}],
    [['IMG_1.JPG', 'IMG_1.HEIC', 'IMG_1.MOV'], { 'IMG_1.MOV': 'IMG_1.HEIC' }],
    [['img_1.heic', 'IMG_1.mov'], { 'IMG_1.mov': 'img_1.heic' }],
    [['PXL_1.MP', 'PXL_1.MP.jpg'], { 'PXL_1.MP': 'PXL_1.MP.jpg' }],
    [['PXL_1.MP(1).jpg', 'PXL_1(1).MP'], { 'PXL_1(1).MP': 'PXL_1.MP(1).jpg' }],
    [
      ['PXL_1.MP', 'PXL_1.MP~2', 'PXL_1.MP.jpg', 'PXL_1.MP~2.jpg'],
      { 'PXL_1.MP': 'PXL_1.MP.jpg', 'PXL_1.MP~2': 'PXL_1.MP~2.jpg' },
    ],
    [['MVIMG_1.jpg', 'MVIMG_1.MP4'], { 'MVIMG_1.MP4': 'MVIMG_1.jpg' }],
    [['PXL_1.MP.jpg', 'PXL_1.MP4'], { 'PXL_1.MP4': 'PXL_1.MP.jpg' }],
    [['VID_1.mp4', 'IMG_1.jpg', 'a.mov'], {}],
    [['a.gif', 'a.mp4'], {}],
    [
      [`${'x'.repeat(46)}.HEIC`, `${'x'.repeat(47)}.MP4`],
      { [`${'x'.repeat(47)}.MP4`]: `${'x'.repeat(46)}.HEIC` },
    ],
  ])('%j', (names, expected) => {
    expect(pair(...names)).toEqual(expected);
    expect(pair(...[...names].reverse())).toEqual(expected);
  });

  test('a picture has one video', () => {
    expect(Object.keys(pair('a.heic', 'a.mov', 'a.mp4'))).toEqual(['a.mov']);
  });
});

describe('XMP sidecars of a folder', () => {
  test.each([
    [['IMG.jpg'], ['IMG.jpg.xmp'], { 'IMG.jpg': ['IMG.jpg.xmp', 'exact'] }],
    [['IMG.jpg'], ['IMG.xmp'], { 'IMG.jpg': ['IMG.xmp', 'extension'] }],
    [
      ['IMG.jpg', 'IMG.CR2'],
      ['IMG.xmp'],
      { 'IMG.jpg': ['IMG.xmp', 'extension'], 'IMG.CR2': ['IMG.xmp', 'extension'] },
    ],
    [
      ['IMG.jpg', 'IMG.CR2'],
      ['IMG.xmp', 'IMG.CR2.xmp'],
      { 'IMG.jpg': ['IMG.xmp', 'extension'], 'IMG.CR2': ['IMG.CR2.xmp', 'exact'] },
    ],
    [['img.JPG'], ['IMG.jpg.XMP'], { 'img.JPG': ['IMG.jpg.XMP', 'exact'] }],
    [
      ['a.jpg', 'A.jpg'],
      ['A.jpg.xmp', 'a.jpg.xmp'],
      { 'a.jpg': ['a.jpg.xmp', 'exact'], 'A.jpg': ['A.jpg.xmp', 'exact'] },
    ],
    [['IMG_10.jpg'], ['IMG_1.xmp', 'IMG_1.jpg.xmp', 'IMG_10.png.xmp'], {}],
  ])('%j with %j', (media, sidecars, expected) => {
    const found = matchXmp(files(media), files(sidecars));
    expect(
      Object.fromEntries(
        found.map(({ mediaId, sidecarId, rule }) => [media[mediaId], [sidecars[sidecarId], rule]]),
      ),
    ).toEqual(expected);
  });
});
