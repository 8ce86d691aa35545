/**
 * The names that Google gives folders, in the language of the account. Google publishes no list; these are from immich-go,
 * GooglePhotosTakeoutHelper (and its fork Neo), google-photos-migrate, Ente, and reports of their users, completed by Google Photos' own
 * words in the same languages. An apostrophe is a `_` in exports: `Foto_s van 2019`.
 */
const list = (names: string): string[] => names.split('|').map(fold);

/** Returns a name as it is compared: without case, in form NFC, with one kind of apostrophe and of blank. */
export function fold(name: string): string {
  return name.normalize('NFC').toLowerCase().replace(/['’_]/gu, '_').replace(/\s+/gu, ' ').trim();
}

/** What stands before the year. */
const beforeYear = new Set([
  ...list('Photos from|Fotos von|Fotos aus|Fotos del|Fotos de|Fotos del año|Fotos do ano|Fotos de l_any'),
  ...list('Photos de|Photos du|Photos de l_année|Photos datant de|Foto dal|Foto da|Foto del|Foto di'),
  ...list(
    "Foto's van|Foto's uit|Foto van|Foto uit|Zdjęcia z|Zdjęcia z roku|Fotografie z roku|Fotografie z|Fotky z roku|Fotky z",
  ),
  ...list(
    'Фотографии за|Фотографии с|Фотографии из|Фото за|Фото с|Фото из|Снимки за|Снимки от|Фотографії за|Фото з',
  ),
  ...list(
    'Foton från|Bilder från|Foton från år|Billeder fra|Fotos fra|Bilder fra|Kuvat vuodelta|Valokuvat vuodelta',
  ),
  ...list(
    'Fotografii din|Fotografije iz|Slike iz|Fotók ebből az évből:|Φωτογραφίες από το|Φωτογραφίες από|Foto dari|Foto daripada',
  ),
  ...list(
    'Ảnh từ năm|Ảnh từ|รูปภาพจากปี|รูปภาพจาก|ภาพถ่ายจากปี|写真:|写真|照片|相片|사진|صور من عام|صور من|תמונות משנת|תמונות מ-',
  ),
]);

/** What stands after it. */
const afterYear = new Set(
  list(
    '年の写真|年に撮影した写真|年的照片|年的相片|年照片|년의 사진|년 사진|년에 찍은 사진|fotoğrafları|yılından fotoğraflar|yılına ait fotoğraflar|fotói|. évi fotók',
  ),
);
/** In Chinese and Vietnamese a word before the year can go with one after it. */
const aroundYear = /^(?:来自|來自|摄于|攝於) ?(\d{4}) ?年的?(?:照片|相片)$/u;

/** Returns the year of a folder that holds the photos of one year, by its name. */
export function yearOfName(name: string): number | undefined {
  const folded = fold(name);
  const around = aroundYear.exec(folded)?.[1];
  if (around !== undefined) return plausibleYear(around);
  const [, before = '', year, after = ''] = /^(.*?)(\d{4})(?!\d)(.*)$/su.exec(folded) ?? [];
  if (year === undefined) return undefined;
  const isKnown =
    (after === '' && beforeYear.has(before.trim())) || (before === '' && afterYear.has(after.trim()));
  return isKnown ? plausibleYear(year) : undefined;
}

export function plausibleYear(text: string): number | undefined {
  const year = Number(text);
  return year >= 1826 && year <= 2200 ? year : undefined;
}

/** Google Photos itself: the folder that has all others in it. */
const rootWords =
  /^(?:google[ _]?(?:photos?|fotos?|foto_s|foton|фото|снимки|фотографии|фотографії|фотки|foto_er|fotky|fotografie|zdjęcia|kuvat|billeder|bilder|fotók|φωτογραφίες|fotoğraflar|相册|相簿|照片|フォト|포토|ảnh|รูปภาพ|photos .*)|(?:photos|fotos|zdjęcia|фото|صور|תמונות|ảnh|รูปภาพ) google)$/u;
export const isRootName = (name: string): boolean => rootWords.test(fold(name));

/** Only directly below `Takeout`: alone, these words are the names of many a folder. */
const bareRootWords = new Set(list('Photos|Fotos|Foto|Foto_s|Фото|Снимки|Zdjęcia|相册|相簿|フォト|포토'));
export const isBareRootName = (name: string): boolean => bareRootWords.has(fold(name));

/** A word for photos in most languages that Google Photos has. */
const photoWord =
  /(?:ph|f)oto|фото|снимк|zdjęci|bilder|bilde|billed|kuva|fotók|fényk|kép|slike|snímk|φωτο|resim|gambar|写真|照片|相片|相册|相簿|フォト|사진|포토|ảnh|รูป|ภาพ|صور|תמונות|चित्र|फ़ोटो|ছবি|படங்கள்/u;
export const hasPhotoWord = (name: string): boolean => photoWord.test(fold(name));

const specialNames = {
  trash: new Set([
    ...list(
      'Trash|Bin|Papierkorb|Corbeille|Papelera|Papelera de reciclaje|Cestino|Lixeira|Lixo|Reciclagem|Prullenbak|Kosz|Корзина|Кошик',
    ),
    ...list(
      'Koš|Kôš|Papirkurv|Papirkurven|Papperskorg|Papperskorgen|Roskakori|Kuka|Lomtár|Coș de gunoi|Coș|Paperera|Çöp Kutusu|Çöp|Smeće|Otpad',
    ),
    ...list(
      'Кошче|Κάδος|Κάδος απορριμμάτων|ゴミ箱|回收站|垃圾桶|垃圾箱|휴지통|Thùng rác|ถังขยะ|Sampah|Tong Sampah|المهملات|אשפה',
    ),
  ]),
  archive: new Set([
    ...list(
      'Archive|Archived|Archiv|Archivieren|Archivo|Archivados|Archivadas|Archivio|Arquivo|Arquivados|Archiver|Archives|Archivées|Archief',
    ),
    ...list(
      'Archiveren|Gearchiveerd|Archiwum|Архив|Архів|Arkiv|Arkivet|Arkisto|Archív|Archivum|Archívum|Arhivă|Arhiva|Arxiu|Arşiv|Αρχείο',
    ),
    ...list(
      'アーカイブ|归档|归档文件|已归档|档案|封存|封存檔|보관함|보관처리|Lưu trữ|Kho lưu trữ|เก็บถาวร|ที่เก็บถาวร|Arsip|Arkib|الأرشيف|ארכיון',
    ),
  ]),
  locked: new Set([
    ...list(
      'Locked Folder|Gesperrter Ordner|Dossier verrouillé|Carpeta privada|Carpeta con contraseña|Carpeta bloqueada|Cartella bloccata',
    ),
    ...list(
      'Cartella privata|Pasta trancada|Pasta com senha|Pasta bloqueada|Pasta protegida|Vergrendelde map|Vergrendelde folder|Folder zablokowany',
    ),
    ...list(
      'Zablokowany folder|Личная папка|Папка с защитой|Закрытая папка|Захищена папка|Uzamčená složka|Uzamknutý priečinok|Låst mappe',
    ),
    ...list(
      'Låst mapp|Lukittu kansio|Zárolt mappa|Dosar blocat|Carpeta bloquejada|Kilitli Klasör|Κλειδωμένος φάκελος|鍵付きフォルダ|ロックされたフォルダ',
    ),
    ...list(
      '已锁定的文件夹|锁定的文件夹|上锁的文件夹|已鎖定的資料夾|上鎖的資料夾|잠긴 폴더|Thư mục khóa|Thư mục đã khóa|โฟลเดอร์ที่ล็อก|Folder Terkunci',
    ),
  ]),
  'failed-videos': new Set([
    ...list(
      'Failed Videos|Fehlerhafte Videos|Fehlgeschlagene Videos|Vidéos non traitées|Vidéos en échec|Échec des vidéos|Vídeos con errores',
    ),
    ...list(
      'Vídeos fallidos|Video non riusciti|Video non elaborati|Vídeos com falha|Vídeos com falhas|Mislukte video_s|Nieudane filmy|Неудачные видео',
    ),
    ...list(
      'Не удалось обработать видео|Misslyckade videor|Mislykkede videoer|失败的视频|失敗的影片|失敗した動画|실패한 동영상',
    ),
  ]),
};
export type SpecialKind = keyof typeof specialNames;

/** Returns what a folder with one of Google's own names is for; a number after it, as of a repeated name, does not count. */
export function specialKindOf(name: string): SpecialKind | undefined {
  const folded = withoutNumber(fold(name));
  return (Object.keys(specialNames) as SpecialKind[]).find((kind) => specialNames[kind].has(folded));
}

const untitledNames = new Set([
  ...list(
    'Untitled|Unknown|Unbenannt|Ohne Titel|Unbekannt|Sans titre|Inconnu|Sin título|Desconocido|Sem título|Desconhecido|Senza titolo',
  ),
  ...list(
    'Senza nome|Sconosciuto|Naamloos|Zonder titel|Onbekend|Bez tytułu|Bez nazwy|Nieznany|Без названия|Неизвестный|Без назви|Bez názvu',
  ),
  ...list(
    'Uden titel|Uden navn|Uten tittel|Utan titel|Namnlös|Namnlöst|Nimetön|Névtelen|Cím nélkül|Fără titlu|Sense títol|Desconegut|Adsız|Başlıksız',
  ),
  ...list(
    'Χωρίς τίτλο|Без заглавие|Bez naslova|無題|不明|タイトルなし|无标题|無標題|未命名|未知|제목 없음|Chưa có tiêu đề|Không có tiêu đề|ไม่มีชื่อ|Tanpa judul|Tiada Tajuk|بدون عنوان|ללא כותרת',
  ),
]);

/** Returns whether a folder has the name that Google gives albums without one: `Untitled`, `Untitled(1)`. */
export const isUntitledName = (name: string): boolean => untitledNames.has(withoutNumber(fold(name)));

const withoutNumber = (folded: string): string => folded.replace(/ ?\(\d+\)$/, '');
