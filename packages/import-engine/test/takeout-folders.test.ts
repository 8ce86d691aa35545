import { describe, expect, test } from '@jest/globals';
import { type AlbumFacts, classifyFolders, type FolderRole } from '../src/index.js';

const album = (title: string, description?: string): AlbumFacts => ({
  kind: 'album',
  title,
  ...(description !== undefined && { description }),
});

/** Roles by path; a folder is its path, or its path and the titles of its album JSON files. */
function classify(...folders: (string | [path: string, ...titles: string[]])[]): Record<string, FolderRole> {
  const given = folders.map((folder) => (typeof folder === 'string' ? [folder] : folder));
  return Object.fromEntries(
    classifyFolders(
      given.map(([path = '', ...titles]) => ({ path, albums: titles.map((title) => album(title)) })),
    ),
  );
}

const roleOf = (path: string, ...titles: string[]): FolderRole | undefined =>
  classify([path, ...titles])[path];

describe('rule 12: folders', () => {
  test.each([
    'Google Photos/Photos from 2015',
    'Google Fotos/Fotos von 2015',
    'Google Fotos/Fotos del 2015',
    'Google Fotos/Fotos de 2015',
    'Google Photos/Photos de 2015',
    'Google Foto/Foto dal 2015',
    'Google Foto/Foto da 2015',
    'Google Foto_s/Foto_s van 2015',
    "Google Foto's/Foto's uit 2015",
    'Google Zdjęcia/Zdjęcia z 2015',
    'Google Фото/Фотографии за 2015',
    'Google フォト/2015 年の写真',
    'Google 相册/2015 年的照片',
    'Google 相册/Photos from 2015',
    'Google 포토/2015년 사진',
    'GoogleFotos/Fotos von 2015',
    'Google Bildoj/PHOTOS FROM 2015',
  ])('the year folder %s', (path) => {
    expect(roleOf(`Takeout/${path}`)).toEqual({ kind: 'year', year: 2015 });
    expect(roleOf(`a/b/takeout-20230720T065335Z-001/Takeout/${path}`)).toEqual({ kind: 'year', year: 2015 });
  });

  test('a year folder of an old export has an album JSON with its own name', () => {
    expect(roleOf('Takeout/Google Photos/Photos from 2015', 'Photos from 2015')).toEqual({
      kind: 'year',
      year: 2015,
    });
    expect(roleOf('Takeout/Google Photos/Photos from 2015', '')).toEqual({ kind: 'year', year: 2015 });
    expect(roleOf('Takeout/Google Photos/2016-06-16 #2', '2016-06-16')).toBeDefined();
    expect(roleOf('Takeout/Google Photos/2016-06-16')).toEqual({ kind: 'year', year: 2016 });
    expect(roleOf('Takeout/Google Photos/2016-06-16', 'Thursday in Berlin')).toMatchObject({ kind: 'album' });
  });

  test('its album JSON is in another language', () => {
    expect(roleOf('Takeout/Google Fotos/Fotos von 2015', 'Photos from 2015')).toEqual({
      kind: 'year',
      year: 2015,
    });
    expect(roleOf('Takeout/Google Fotos/Fotos von 2015', 'Photos from 2016')).toMatchObject({
      kind: 'album',
    });
  });

  test('the folders of a Chinese account', () => {
    const root = 'Takeout/Google 相册';
    const names = ['Photos from 2018', 'Photos from 2019', '归档文件', '无标题', '无标题(1)', '无标题(2)'];
    expect(
      Object.values(classify(...names.map((name) => `${root}/${name}`))).map(({ kind }) => kind),
    ).toEqual([...['year', 'year', 'archive', 'untitled', 'untitled', 'untitled']]);
  });

  test('a year folder that was packed without those around it', () => {
    expect(roleOf('Photos from 2015')).toEqual({ kind: 'year', year: 2015 });
    expect(roleOf('Takeout/Photos from 2015')).toEqual({ kind: 'year', year: 2015 });
  });

  test('year folders of a language that is not known, by their siblings', () => {
    const root = 'Takeout/Google Photos';
    const roles = classify(`${root}/Fotoj de la jaro 2015`, `${root}/Fotoj de la jaro 2016`, [
      `${root}/Ferioj`,
      'Ferioj',
    ]);
    expect(roles[`${root}/Fotoj de la jaro 2015`]).toEqual({ kind: 'year', year: 2015 });
    expect(roles[`${root}/Fotoj de la jaro 2016`]).toEqual({ kind: 'year', year: 2016 });
    expect(roles[`${root}/Ferioj`]).toEqual({ kind: 'album', name: 'Ferioj' });
  });

  test('the same with album JSONs, and in a root of that language', () => {
    const root = 'Takeout/Google Bildoj';
    const roles = classify(
      [`${root}/Fotoj de 2015`, 'Fotoj de 2015'],
      [`${root}/Fotoj de 2016`, 'Fotoj de 2016'],
    );
    expect(Object.values(roles)).toEqual([
      { kind: 'year', year: 2015 },
      { kind: 'year', year: 2016 },
    ]);
  });

  test('albums with years in their names stay albums', () => {
    const root = 'Takeout/Google Photos';
    expect(
      Object.values(
        classify([`${root}/Christmas 2018`, 'Christmas 2018'], [`${root}/Christmas 2019`, 'Christmas 2019']),
      ),
    ).toMatchObject([{ kind: 'album' }, { kind: 'album' }]);
    expect(
      Object.values(classify(`${root}/Photos from 2019`, `${root}/Trip 2018`, `${root}/Trip 2019`)),
    ).toMatchObject([{ kind: 'year' }, { kind: 'album', name: 'Trip 2018' }, { kind: 'album' }]);
    expect(roleOf(`${root}/Photos from 2015`, 'Photos from our year abroad')).toMatchObject({
      kind: 'album',
    });
    expect(roleOf(`${root}/Photos from 20156`)).toMatchObject({ kind: 'album' });
    expect(roleOf(`${root}/Photos from 2015 and later`)).toMatchObject({ kind: 'album' });
  });

  test.each<[FolderRole['kind'], string[]]>([
    [
      'trash',
      [
        'Trash',
        'Bin',
        'Papierkorb',
        'Corbeille',
        'Papelera',
        'Cestino',
        'Lixeira',
        'Prullenbak',
        'Корзина',
        'Kosz',
        'ゴミ箱',
      ],
    ],
    [
      'archive',
      ['Archive', 'Archiv', 'Archivo', 'Archivio', 'Arquivo', 'Archief', 'Архив', 'アーカイブ', '归档文件'],
    ],
    [
      'locked',
      ['Locked Folder', 'Locked folder', 'Gesperrter Ordner', 'Carpeta privada', 'Dossier verrouillé'],
    ],
    ['failed-videos', ['Failed Videos', 'failed videos']],
    [
      'untitled',
      [
        'Untitled',
        'Untitled(1)',
        'Untitled(12)',
        'Unbenannt',
        'Unbenannt(2)',
        'Sans titre',
        'Sin título',
        'Senza titolo',
        'Sem título',
        'Naamloos',
        '无标题(1)',
        'Без названия',
      ],
    ],
  ])('%s', (kind, names) => {
    for (const name of names) {
      expect([name, roleOf(`Takeout/Google Photos/${name}`)]).toEqual([name, { kind }]);
      // The words mean something only in Google Photos.
      expect([name, roleOf(`Camera/${name}`)]).toEqual([name, { kind: 'plain' }]);
    }
  });

  test('untitled albums have JSON files without a title, or with that of their folder', () => {
    expect(roleOf('Takeout/Google Photos/Untitled(1)', '', '')).toEqual({ kind: 'untitled' });
    expect(roleOf('Takeout/Google Photos/Untitled(1)', 'Untitled')).toEqual({ kind: 'untitled' });
    expect(roleOf('Takeout/Google Photos/Untitled', 'Our garden')).toEqual({
      kind: 'album',
      name: 'Our garden',
    });
  });

  test('an album with the name of a special folder', () => {
    expect(roleOf('Takeout/Google Photos/Archive', 'Archive')).toEqual({ kind: 'album', name: 'Archive' });
  });
});

describe('rule 13: albums', () => {
  test('the title is the name', () => {
    expect(roleOf('Takeout/Google Photos/What_ No', 'What? No')).toEqual({ kind: 'album', name: 'What? No' });
    expect(
      classifyFolders([{ path: 'Takeout/Google Photos/a', albums: [album('a', 'Our trip')] }]).get(
        'Takeout/Google Photos/a',
      ),
    ).toEqual({ kind: 'album', name: 'a', description: 'Our trip' });
  });

  test('an empty title, and no JSON', () => {
    expect(roleOf('Takeout/Google Photos/2016-01-05 - _3', '')).toEqual({
      kind: 'album',
      name: '2016-01-05 - _3',
    });
    expect(roleOf('Takeout/Google Photos/Holiday(1)')).toEqual({ kind: 'album', name: 'Holiday(1)' });
  });

  test('parts that repeat the JSON, in any order', () => {
    const path = 'Takeout/Google Photos/Berlin';
    const albums = [album('Berlin'), album('Athens'), album('Berlin', 'spring')];
    const roles = [albums, [...albums].reverse()].map((given) =>
      classifyFolders([{ path, albums: given }]).get(path),
    );
    expect(roles[0]).toEqual(roles[1]);
    expect(roles[0]).toMatchObject({ kind: 'album', name: 'Berlin' });
  });

  test('an album that was packed by itself', () => {
    expect(roleOf('Berlin', 'Berlin 2016')).toEqual({ kind: 'album', name: 'Berlin 2016' });
  });

  test('names too long for an album', () => {
    const role = roleOf('Takeout/Google Photos/x', '🌻'.repeat(300));
    expect(role?.kind === 'album' && [...role.name]).toHaveLength(200);
  });
});

describe('folders that are none of Google Photos', () => {
  test('other products of a Takeout', () => {
    const roles = classify(
      ['Takeout/Google Photos/Photos from 2015'],
      ['Takeout/Drive/Scans', 'Scans'],
      ['Takeout/Drive/Photos from 2015'],
      ['Takeout/Keep', 'Shopping'],
      ['Takeout/YouTube and YouTube Music/videos'],
      ['Takeout/Google Photos'],
      ['Takeout'],
      [''],
    );
    expect(Object.values(roles).map(({ kind }) => kind)).toEqual([
      'year',
      ...Array.from({ length: 7 }, () => 'plain'),
    ]);
  });

  test('Drive alone', () => {
    expect(Object.values(classify('Takeout/Drive/Fotos de 2019', 'Takeout/Drive/Work'))).toEqual([
      { kind: 'plain' },
      { kind: 'plain' },
    ]);
  });

  test('a plain archive', () => {
    expect(
      Object.values(classify('', 'DCIM', 'DCIM/100CANON', 'Archive', '2015', 'Holiday 2015', 'Holiday 2016')),
    ).toEqual(Array.from({ length: 7 }, () => ({ kind: 'plain' })));
  });
});
