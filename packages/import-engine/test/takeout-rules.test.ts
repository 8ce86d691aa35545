import { describe, expect, test } from '@jest/globals';
import { classifyFolders, matchSidecars, splitPath } from '../src/index.js';
import { type Given, matchNames, matchOne } from './matching.js';

// Names from the tests and issues of immich-go, GooglePhotosTakeoutHelper and Ente.

describe('rule 1: one folder for the files of all parts', () => {
  test('a photo and its sidecar are paired by their names alone', () => {
    const media = [{ id: 'part 4', name: 'IMG_4573.HEIC' }];
    const sidecars = [{ id: 'part 3', name: 'IMG_4573.HEIC.json' }];
    expect(matchSidecars(media, sidecars)).toEqual([
      { mediaId: 'part 4', sidecarId: 'part 3', rule: 'exact' },
    ]);
  });

  test('files that parts repeat have the same sidecar', () => {
    const media = [
      { id: 1, name: '20160105_121621_LLS.jpg' },
      { id: 3, name: '20160105_121621_LLS.jpg' },
    ];
    const sidecars = [
      { id: 4, name: '20160105_121621_LLS.jpg.json' },
      { id: 2, name: '20160105_121621_LLS.jpg.json' },
    ];
    expect(matchSidecars(media, sidecars)).toEqual([
      { mediaId: 1, sidecarId: 2, rule: 'exact' },
      { mediaId: 3, sidecarId: 2, rule: 'exact' },
    ]);
  });
});

describe('rule 2: both names of sidecars', () => {
  test.each(['PXL_20211013_220651983.jpg.json', 'PXL_20211013_220651983.jpg.supplemental-metadata.json'])(
    '%s',
    (sidecar) => {
      expect(matchOne('PXL_20211013_220651983.jpg', sidecar)).toBe('exact');
      expect(matchOne('PXL_20211013_220651958.jpg', sidecar)).toBeUndefined();
    },
  );

  test('both in one folder', () => {
    expect(matchNames(['a.jpg', 'b.jpg'], ['a.jpg.json', 'b.jpg.supplemental-metadata.json'])).toEqual({
      'a.jpg': ['a.jpg.json', 'exact'],
      'b.jpg': ['b.jpg.supplemental-metadata.json', 'exact'],
    });
  });
});

describe('rule 3: a sidecar is cut at 46 characters and .json', () => {
  const suffix = '.supplemental-metadata';
  test.each(Array.from(suffix, (_, index) => suffix.slice(0, index + 1)))(
    '%s is left of the suffix',
    (end) => {
      const name = `${'x'.repeat(46 - end.length - 4)}.jpg`;
      expect(matchOne(name, `${name}${end}.json`)).toBe('exact');
      expect(matchOne(name.replace('.jpg', '(2).jpg'), `${name}${end}(2).json`)).toBe('number');
    },
  );

  test('only the dot is left', () => {
    const name = 'PXL_20230814_201154491.LONG_EXPOSURE-01.CO.jpg';
    expect(matchOne(name.slice(1), `${name.slice(1)}..json`)).toBe('exact');
  });

  test('the dot is that of the extension', () => {
    const sidecar = 'PXL_20230814_201154491.LONG_EXPOSURE-01.COVER..json';
    expect(matchOne('PXL_20230814_201154491.LONG_EXPOSURE-01.COVER.jpg', sidecar)).toBeDefined();
  });

  test('names of 53 characters', () => {
    const stem = 'IMG_20200920_131207_a_name_somewhat_longer_than_th';
    expect(matchOne(`${stem}_others.jpg`, `${stem.slice(0, 48)}.json`)).toBe('cut');
  });
});

describe('rule 4: the name of the photo loses its end as well', () => {
  test.each([
    [
      '05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jpg',
      '05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jp.json',
    ],
    [
      'PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINA.jpg',
      'PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGIN.json',
    ],
    [
      '13039_327707840323_537645323_9470255_27214_n(1).jpg',
      '13039_327707840323_537645323_9470255_27214_n.j(1).json',
    ],
    [
      '13039_327707840323_537645323_9470255_27214_n.jpg',
      '13039_327707840323_537645323_9470255_27214_n.j.json',
    ],
    [
      'Screenshot_20190919-053857646_com.snapchat.andr.jpg',
      'Screenshot_20190919-053857646_com.snapchat.and.json',
    ],
    ['Screenshot_20190919-053857_com.snapchat.jpg', 'Screenshot_20190919-053857_com.snapcha.json'],
    [
      '😀😃😄😁😆😅😂🤣🥲☺️😊😇🙂🙃😉😌😍🥰😘😗😙😚😋😛.jpg',
      '😀😃😄😁😆😅😂🤣🥲☺️😊😇🙂🙃😉😌😍🥰😘😗😙😚😋.json',
    ],
    [
      'Urlaub-Gruppenfoto mit der ganzen Familie 2003-1.jpg',
      'Urlaub-Gruppenfoto mit der ganzen Familie 2003.json',
    ],
  ])('%s', (media, sidecar) => {
    expect(matchOne(media, sidecar)).toMatch(/cut|number|extension/);
  });

  test('46 code points are kept, of 92 units', () => {
    const title = '🌻'.repeat(60);
    const sidecar = `${'🌻'.repeat(46)}.json`;
    expect(matchOne(`${[...title].slice(0, 47).join('')}.jpg`, sidecar)).toBe('cut');
  });

  test('a surrogate pair is cut apart', () => {
    expect(matchOne(`x${'😀'.repeat(23)}.jpg`, `x${'😀'.repeat(22)}\uFFFD.json`)).toBe('cut');
    expect(matchOne(`x${'😀'.repeat(23)}.jpg`, `x${'😀'.repeat(22)}?.json`)).toBe('cut');
  });

  test('the sidecar has lost the accent of its last letter', () => {
    const start = 'Ausflug in die Berge bei Garmisch, schoen wa';
    expect(matchOne(`${start}ru${'\u0308'}m.jpg`.normalize('NFC'), `${start}ru.json`)).toBe('cut');
  });

  test('a short name is not the beginning of a longer one', () => {
    expect(matchOne('IMG_10.jpg', 'IMG_1.json')).toBeUndefined();
    expect(matchOne('IMG_10.jpg', 'IMG_1.jpg.json')).toBeUndefined();
    expect(matchOne('IMG_20190919_053857_2.jpg', 'IMG_20190919_053857_.json')).toBeUndefined();
  });

  test('of two photos that are cut to one sidecar, the title decides which is meant', () => {
    const start = 'Backyard_ceremony_wedding_photography_xxxxxxx_';
    const sidecars = [
      { name: `${start}.json`, title: `${start}n-2.jpg` },
      { name: `${start}(1).json`, title: `${start}m-1.jpg` },
    ];
    expect(matchNames([`${start}m.jpg`, `${start}n.jpg`], sidecars)).toEqual({
      [`${start}n.jpg`]: [`${start}.json`, 'cut'],
      [`${start}m.jpg`]: [`${start}(1).json`, 'title'],
    });
  });
});

describe('rule 5: the number moves', () => {
  test('names that were cut to one, with titles that were made unrecognisable', () => {
    const start = 'Backyard_ceremony_wedding_photography_xxxxxxx_';
    const numbers = ['', '(1)', '(494)'];
    const end = ['xxxxxxx_magnoliastudios-371', 'xxxxxxx_magnoliastudios-181', 'markham_magnoliastudios-19'];
    const sidecars = numbers.map((number, index) => ({
      name: `${start}${number}.json`,
      title: `Backyard_ceremony_wedding_photography_${end[index]}.jpg`,
    }));
    const found = matchNames(
      numbers.map((number) => `${start}m${number}.jpg`),
      sidecars,
    );
    expect(numbers.map((number) => found[`${start}m${number}.jpg`]?.[0])).toEqual(
      sidecars.map(({ name }) => name),
    );
  });

  test.each([
    ['DSC_0101(1).JPG', 'DSC_0101.JPG(1).json'],
    ['2015-02-04(1).jpg', '2015-02-04.jpg(1).json'],
    ['IMG_2710(1).HEIC', 'IMG_2710.HEIC(1).json'],
    ['IMG(1).jpg', 'IMG.jpg.supplemental-metadata(1).json'],
    ['IMG(1).jpg', 'IMG.jpg.suppl(1).json'],
    ['IMG(1).jpg', 'IMG.jpg(1).supplemental-metadata.json'],
    ['x (2).jpg', 'x (2).jpg.supplemental-metadata.json'],
    ['x(2).jpg', 'x(2).supplemental-metadata.json'],
    ['x(2).jpg', 'x(2).jpg.json'],
    ['holiday (3)(1).jpg', 'holiday (3).jpg(1).json'],
    ['IMG_0012(12).JPG', 'IMG_0012.JPG(12).json'],
    [
      'Backyard_ceremony_wedding_photography_xxxxxxx_m(494).jpg',
      'Backyard_ceremony_wedding_photography_xxxxxxx_(494).json',
    ],
  ])('%s belongs to %s', (media, sidecar) => {
    expect(matchOne(media, sidecar)).toBeDefined();
  });

  test.each([
    ['DSC_0102(1).JPG', 'DSC_0102.JPG(2).json'],
    ['DSC_0103.JPG', 'DSC_0103.JPG(1).json'],
    ['DSC_0104(1).JPG', 'DSC_0104.JPG.json'],
    ['DSC_0104(1).JPG', 'DSC_0104.JPG.supplemental-metadata.json'],
    ['DSC_0104(1).JPG', 'DSC_0104.json'],
    ['DSC_0104(1)(2).JPG', 'DSC_0104.JPG(2).json'],
    ['IMG-edited(1).jpg', 'IMG.jpg.json'],
    ['IMG(1)-edited.jpg', 'IMG.jpg.json'],
    ['IMG(1).MP4', 'IMG.HEIC.json'],
    [
      'Backyard_ceremony_wedding_photography_xxxxxxx_m(185).jpg',
      'Backyard_ceremony_wedding_photography_xxxxxxx_(494).json',
    ],
  ])('%s does not belong to %s', (media, sidecar) => {
    expect(matchOne(media, sidecar)).toBeUndefined();
  });

  test('all numbers of one name', () => {
    const sidecars = ['IMG_3479.JPG.json', 'IMG_3479.JPG(1).json', 'IMG_3479.JPG(2).json'];
    expect(matchNames(['IMG_3479(2).JPG', 'IMG_3479.JPG', 'IMG_3479(1).JPG'], sidecars)).toEqual({
      'IMG_3479.JPG': [sidecars[0], 'exact'],
      'IMG_3479(1).JPG': [sidecars[1], 'number'],
      'IMG_3479(2).JPG': [sidecars[2], 'number'],
    });
  });
});

describe('rule 6: forgotten duplicates use the sidecar of the first', () => {
  const start = 'original_1d4caa6f-16c6-4c3d-901b-9387de10e528_';

  test('the photo and its duplicate', () => {
    expect(matchNames([`${start}P(1).jpg`, `${start}P.jpg`], [`${start}.json`])).toEqual({
      [`${start}P.jpg`]: [`${start}.json`, 'cut'],
      [`${start}P(1).jpg`]: [`${start}.json`, 'forgotten-duplicate'],
    });
  });

  test('an export that numbers sidecars of this name has forgotten none', () => {
    const media = [`${start}P.jpg`, `${start}P(1).jpg`, `${start}P(2).jpg`];
    const found = matchNames(media, [`${start}.json`, `${start}(2).json`]);
    expect(found[`${start}P(1).jpg`]).toBeUndefined();
    expect(found[`${start}P(2).jpg`]).toEqual([`${start}(2).json`, 'cut']);
  });

  test('ten characters more are another photo', () => {
    expect(matchOne(`${start}PXL_2021(1).jpg`, `${start}.json`)).toBeUndefined();
  });
});

describe('rule 7: edited copies use the sidecar of the original', () => {
  const suffixes = [
    ...[
      'edited',
      'edytowane',
      'bearbeitet',
      'bewerkt',
      '編集済み',
      '编辑',
      'modificato',
      'modifié',
      'ha editado',
    ],
    ...[
      'editado',
      'editat',
      'muokattu',
      'redigeret',
      'upravené',
      'отредактировано',
      'відредаговано',
      '편집됨',
    ],
    ...['effects', 'smile', 'mix', 'motion', 'animation', 'collage'],
  ];

  test.each(suffixes)('-%s', (suffix) => {
    const media = ['IMG_1.jpg', `IMG_1-${suffix}.jpg`, 'IMG_1(1).jpg', `IMG_1-${suffix}(1).jpg`];
    expect(matchNames(media, ['IMG_1.jpg.supplemental-metadata.json', 'IMG_1.jpg(1).json'])).toEqual({
      'IMG_1.jpg': ['IMG_1.jpg.supplemental-metadata.json', 'exact'],
      [`IMG_1-${suffix}.jpg`]: ['IMG_1.jpg.supplemental-metadata.json', 'edited'],
      'IMG_1(1).jpg': ['IMG_1.jpg(1).json', 'number'],
      [`IMG_1-${suffix}(1).jpg`]: ['IMG_1.jpg(1).json', 'edited'],
    });
  });

  test('an original that is not in the folder', () => {
    expect(
      matchOne('PXL_20220405_090123740.PORTRAIT-modifié.jpg', 'PXL_20220405_090123740.PORTRAIT.jpg.json'),
    ).toBe('edited');
    expect(
      matchOne('PXL_20220405_090123741.PORTRAIT-modifié.jpg', 'PXL_20220405_090123740.PORTRAIT.jpg.json'),
    ).toBeUndefined();
  });

  test('an original of another type', () => {
    expect(matchNames(['IMG_1.HEIC', 'IMG_1-edited.jpg'], ['IMG_1.HEIC.json'])['IMG_1-edited.jpg']).toEqual([
      'IMG_1.HEIC.json',
      'edited',
    ]);
  });

  test('a word that no list has, beside its original', () => {
    const found = matchNames(['IMG_1.jpg', 'IMG_1-rediģēts.jpg'], ['IMG_1.jpg.json']);
    expect(found['IMG_1-rediģēts.jpg']).toEqual(['IMG_1.jpg.json', 'edited']);
    expect(matchOne('Anna-Maria.jpg', 'Anna.jpg.json')).toBeUndefined();
  });

  test.each(['-ed', '-ha', '-', '-edite', '-bearb'])('a word that was cut to %s', (end) => {
    const original = '12345678912345678912345678912345678912345678912'.slice(0, 47 - end.length);
    const sidecar = `${`${original}.JPG.supplemental-metadata`.slice(0, 46)}.json`;
    const media = [`${original}.JPG`, `${original}${end}.JPG`];
    const found = matchNames(media, [sidecar]);
    expect(found[`${original}.JPG`]?.[0]).toBe(sidecar);
    expect(found[`${original}${end}.JPG`]).toEqual([sidecar, 'edited']);
  });

  test('a sidecar that was cut goes to the original, also where only the edited copy is left', () => {
    const original = 'x'.repeat(40);
    const sidecar = `${original}.jpg.s.json`;
    expect(matchOne(`${original}-edited.jpg`, sidecar)).toBe('edited');
    const long = 'y'.repeat(46);
    expect(matchOne(`${long}-.jpg`, `${long}.json`)).toBe('edited');
  });

  test('an edited copy with a sidecar of its own uses that', () => {
    const sidecars = ['IMG_1.jpg.json', 'IMG_1-edited.jpg.json'];
    expect(matchNames(['IMG_1.jpg', 'IMG_1-edited.jpg'], sidecars)['IMG_1-edited.jpg']).toEqual([
      'IMG_1-edited.jpg.json',
      'exact',
    ]);
  });
});

describe('rule 8: originals without an extension', () => {
  test.each([
    ['20030616.jpg', '20030616.json', 'extension'],
    ['20030616', '20030616.json', 'exact'],
    ['27_06_12 - 2.jpg', '27_06_12 - 2.json', 'extension'],
    ['2234567890123.jpg', '2234567890123.supplemental-metadata.json', 'extension'],
    ['2234567890123-edited.jpg', '2234567890123.supplemental-metadata.json', 'edited'],
  ])('%s', (media, sidecar, rule) => {
    expect(matchOne(media, sidecar)).toBe(rule);
  });

  test('a whole name goes before one without its extension', () => {
    expect(matchNames(['a.gif', 'a.jpg'], ['a.json', 'a.jpg.json'])).toEqual({
      'a.jpg': ['a.jpg.json', 'exact'],
      'a.gif': ['a.json', 'extension'],
    });
  });
});

describe('rule 9: motion and live photos have one sidecar', () => {
  test.each<[string[], Given[], Record<string, string>]>([
    [
      ['PXL_20221228_185930354.MP', 'PXL_20221228_185930354.MP.jpg'],
      ['PXL_20221228_185930354.MP.jpg.json'],
      { 'PXL_20221228_185930354.MP': 'PXL_20221228_185930354.MP.jpg.json' },
    ],
    [
      ['PXL_1.MP', 'PXL_1.MP~2', 'PXL_1.MP~2.jpg', 'PXL_1.MP.jpg'],
      ['PXL_1.MP~2.jpg.json', 'PXL_1.MP.jpg.json'],
      {
        'PXL_1.MP': 'PXL_1.MP.jpg.json',
        'PXL_1.MP~2': 'PXL_1.MP~2.jpg.json',
        'PXL_1.MP~2.jpg': 'PXL_1.MP~2.jpg.json',
      },
    ],
    [['PXL_1.MP', 'PXL_1.MP~2'], ['PXL_1.MP.jpg.json'], { 'PXL_1.MP~2': 'PXL_1.MP.jpg.json' }],
    [['PXL_1.jpg', 'PXL_1~2.jpg'], ['PXL_1.jpg.json'], { 'PXL_1~2.jpg': 'PXL_1.jpg.json' }],
    [['IMG_4573.HEIC', 'IMG_4573.MP4'], ['IMG_4573.HEIC.json'], { 'IMG_4573.MP4': 'IMG_4573.HEIC.json' }],
    [
      ['IMG_1.heif', 'IMG_1.MOV'],
      ['IMG_1.heif.supplemental-metadata.json'],
      { 'IMG_1.MOV': 'IMG_1.heif.supplemental-metadata.json' },
    ],
    [
      ['20231227_152817.jpg', '20231227_152817.MP4'],
      ['20231227_152817.jpg.json'],
      { '20231227_152817.MP4': '20231227_152817.jpg.json' },
    ],
    [
      ['IMG_1(1).HEIC', 'IMG_1(1).MP4'],
      ['IMG_1.HEIC(1).json', 'IMG_1.HEIC.json'],
      { 'IMG_1(1).MP4': 'IMG_1.HEIC(1).json' },
    ],
    [
      ['IMG_0170.HEIC', 'IMG_0170.JPG', 'IMG_0170.MP4'],
      ['IMG_0170.JPG.json', 'IMG_0170.HEIC.json'],
      { 'IMG_0170.JPG': 'IMG_0170.JPG.json', 'IMG_0170.HEIC': 'IMG_0170.HEIC.json' },
    ],
    [
      ['MVIMG_20190101_101010.MP4', 'MVIMG_20190101_101010.jpg'],
      ['MVIMG_20190101_101010.jpg.json'],
      { 'MVIMG_20190101_101010.MP4': 'MVIMG_20190101_101010.jpg.json' },
    ],
  ])('%j', (media, sidecars, expected) => {
    const found = matchNames(media, sidecars);
    expect(Object.keys(found).sort()).toEqual([...media].sort());
    for (const [name, sidecar] of Object.entries(expected)) expect(found[name]?.[0]).toBe(sidecar);
  });

  test('a motion video with a sidecar of its own uses that', () => {
    const found = matchNames(['X.MP', 'X.MP.jpg'], ['X.MP.json', 'X.MP.jpg.json']);
    expect(found).toEqual({ 'X.MP': ['X.MP.json', 'exact'], 'X.MP.jpg': ['X.MP.jpg.json', 'exact'] });
  });

  test('a sidecar that was cut to the name of the video serves the picture, too', () => {
    const video = `${'x'.repeat(43)}.MP`;
    const found = matchNames([video, `${video}.jpg`], [`${video}.json`]);
    expect(Object.keys(found)).toHaveLength(2);
  });

  test('a video with a sidecar of its own uses that', () => {
    const found = matchNames(['IMG_1.HEIC', 'IMG_1.MP4'], ['IMG_1.HEIC.json', 'IMG_1.MP4.json']);
    expect(found['IMG_1.MP4']).toEqual(['IMG_1.MP4.json', 'exact']);
  });

  test('names that were cut: the picture has the sidecar, the video uses it', () => {
    const stem = 'a_name_of_a_live_photo_that_is_longer_than_it_should';
    const picture = `${stem.slice(0, 46)}.HEIC`;
    const video = `${stem.slice(0, 47)}.MP4`;
    const sidecar = { name: `${stem.slice(0, 46)}.json`, title: `${stem}.HEIC` };
    expect(matchNames([video, picture], [sidecar])).toMatchObject({
      [picture]: [sidecar.name, 'extension'],
      [video]: [sidecar.name, 'motion'],
    });
  });
});

describe('rule 10: names in form NFD', () => {
  test('are the same as in form NFC', () => {
    const { name } = splitPath('Takeout/Google Fotos/Fotos von 2011/Bei den Landungsbru\u0308cken.png');
    expect(matchOne(name, 'Bei den Landungsbrücken.png.json')).toBe('exact');
    expect(matchOne('u\u0308.png', '\u00fc.png.json')).toBe('exact');
    expect(matchOne('\u00fc(1).png', 'u\u0308.png(1).json')).toBe('number');
  });
});

describe('rule 11: the order of the rules', () => {
  test('exact, number, cut, forgotten duplicate, edited, title', () => {
    const start = 'original_1d4caa6f-16c6-4c3d-901b-9387de10e528_';
    const media = ['a.jpg', 'a(1).jpg', `${start}P.jpg`, `${start}P(1).jpg`, 'a-edited.jpg', 'what_.jpg'];
    const sidecars = ['a.jpg.json', 'a.jpg(1).json', `${start}.json`, { name: 'x.json', title: 'what?.jpg' }];
    expect(Object.values(matchNames(media, sidecars)).map(([, rule]) => rule)).toEqual([
      ...['exact', 'number', 'cut', 'forgotten-duplicate', 'edited', 'title'],
    ]);
  });

  test.each([
    ['27_06_12 - 1.mov', '27/06/12 - 1.mov'],
    ['Tom _ Jerry.jpg', 'Tom & Jerry.jpg'],
    ['Bob_s.jpg', "Bob's.jpg"],
    ['a_b_c_d_e_f_g_h_i.jpg', 'a\\b/c:d*e?f"g<h>i.jpg'],
    ['Foto.jpg', 'foto.JPG'],
  ])('a title has characters that names of files have not: %s', (media, title) => {
    expect(matchOne(media, { name: 'something else.json', title })).toBe('title');
  });

  test('a title that is cut to another name is that of another photo', () => {
    const start = 'Backyard_ceremony_wedding_photography_xxxxxxx_';
    expect(matchOne(`${start}m.jpg`, { name: `${start}.json`, title: `${start}magnolia.jpg` })).toBe('cut');
    expect(
      matchOne(`${start}m.jpg`, { name: `${start}.json`, title: `${start}narcissus.jpg` }),
    ).toBeUndefined();
  });

  test('a title that two sidecars have is none', () => {
    const sidecars = ['x.json', 'y.json'].map((name) => ({ name, title: 'a.jpg' }));
    expect(matchNames(['a.jpg'], sidecars)).toEqual({});
  });

  test('a sidecar is used for one ordinary photo', () => {
    const found = matchNames(['a.jpg', 'a.png', 'a.gif'], ['a.json']);
    expect(Object.keys(found)).toHaveLength(1);
    expect(
      matchNames(['image000000.gif', 'image000000.jpg'], ['image000000.jpg.json', 'image000000.jpg(1).json']),
    ).toEqual({
      'image000000.jpg': ['image000000.jpg.json', 'exact'],
    });
  });

  test('a converted picture uses the sidecar that no other file has', () => {
    expect(matchOne('IMG_1.jpg', 'IMG_1.HEIC.json')).toBe('extension');
    expect(matchNames(['IMG_1.HEIC', 'IMG_1.jpg'], ['IMG_1.HEIC.json'])).toEqual({
      'IMG_1.HEIC': ['IMG_1.HEIC.json', 'exact'],
    });
    expect(matchOne('IMG_1.png', 'IMG_1.jpg.json')).toBeUndefined();
  });
});

describe('rule 17: photos without a sidecar', () => {
  test('have no match, and are not an error', () => {
    expect(matchNames(['IMG_1.jpg'], [])).toEqual({});
    expect(matchNames([], ['IMG_1.jpg.json'])).toEqual({});
    expect(classifyFolders([])).toEqual(new Map());
  });
});
