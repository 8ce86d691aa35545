/**
 * Makes a set of names that Google gives folders, in the language of the account, from a text with `|` and line ends between them. Google
 * publishes no list; these are from immich-go, GooglePhotosTakeoutHelper (and its fork Neo), google-photos-migrate, Ente, and reports of
 * their users, completed by Google Photos' own words in the same languages. An apostrophe is a `_` in exports: `Foto_s van 2019`.
 */
function nameSet(names: string): ReadonlySet<string> {
  return new Set(
    names
      .split(/[|\n]/)
      .map(fold)
      .filter((name) => name !== ''),
  );
}

/** Returns a name for comparison: in lower case and form NFC, with one kind of apostrophe and of blank. */
export function fold(name: string): string {
  return name.normalize('NFC').toLowerCase().replace(/['’_]/gu, '_').replace(/\s+/gu, ' ').trim();
}

/** What comes before the year. */
const BEFORE_YEAR = nameSet(`
    Photos from|Fotos von|Fotos aus|Fotos del|Fotos de|Fotos del año|Fotos do ano|Fotos de l_any
    Photos de|Photos du|Photos de l_année|Photos datant de|Foto dal|Foto da|Foto del|Foto di
    Foto's van|Foto's uit|Foto van|Foto uit|Zdjęcia z|Zdjęcia z roku|Fotografie z roku|Fotografie z|Fotky z roku|Fotky z
    Фотографии за|Фотографии с|Фотографии из|Фото за|Фото с|Фото из|Снимки за|Снимки от|Фотографії за|Фото з
    Foton från|Bilder från|Foton från år|Billeder fra|Fotos fra|Bilder fra|Kuvat vuodelta|Valokuvat vuodelta
    Fotografii din|Fotografije iz|Slike iz|Fotók ebből az évből:|Φωτογραφίες από το|Φωτογραφίες από|Foto dari|Foto daripada
    Ảnh từ năm|Ảnh từ|รูปภาพจากปี|รูปภาพจาก|ภาพถ่ายจากปี|写真:|写真|照片|相片|사진|صور من عام|صور من|תמונות משנת|תמונות מ-`);

/** What comes after the year. */
const AFTER_YEAR = nameSet(`
    年の写真|年に撮影した写真|年的照片|年的相片|年照片|년의 사진|년 사진|년에 찍은 사진|fotoğrafları|yılından fotoğraflar|yılına ait fotoğraflar|fotói|. évi fotók`);
/** In Chinese and Vietnamese a word before the year can go with one after it. */
const AROUND_YEAR = /^(?:来自|來自|摄于|攝於) ?(\d{4}) ?年的?(?:照片|相片)$/u;

/** Returns the year of a folder that holds the photos of one year, by its name. */
export function yearOfName(name: string): number | undefined {
  const folded = fold(name);
  const around = AROUND_YEAR.exec(folded)?.[1];
  if (around !== undefined) return plausibleYear(around);
  const [, before = '', year, after = ''] = /^(.*?)(\d{4})(?!\d)(.*)$/su.exec(folded) ?? [];
  if (year === undefined) return undefined;
  const isKnown =
    (after === '' && BEFORE_YEAR.has(before.trim())) || (before === '' && AFTER_YEAR.has(after.trim()));
  return isKnown ? plausibleYear(year) : undefined;
}

export function plausibleYear(text: string): number | undefined {
  const year = Number(text);
  return year >= 1826 && year <= 2200 ? year : undefined;
}

/** The folder of Google Photos itself, which contains all others. */
const ROOT_NAMES =
  /^(?:google[ _]?(?:photos?|fotos?|foto_s|foton|фото|снимки|фотографии|фотографії|фотки|foto_er|fotky|fotografie|zdjęcia|kuvat|billeder|bilder|fotók|φωτογραφίες|fotoğraflar|相册|相簿|照片|フォト|포토|ảnh|รูปภาพ|photos .*)|(?:photos|fotos|zdjęcia|фото|صور|תמונות|ảnh|รูปภาพ) google)$/u;
export const isRootName = (name: string): boolean => ROOT_NAMES.test(fold(name));

/** Only directly below `Takeout`: elsewhere, many folders have these names. */
const BARE_ROOT_NAMES = nameSet(`
    Photos|Fotos|Foto|Foto_s|Фото|Снимки|Zdjęcia|相册|相簿|フォト|포토`);
export const isBareRootName = (name: string): boolean => BARE_ROOT_NAMES.has(fold(name));

/** A word for photos in most languages that Google Photos has. */
const PHOTO_WORD =
  /(?:ph|f)oto|фото|снимк|zdjęci|bilder|bilde|billed|kuva|fotók|fényk|kép|slike|snímk|φωτο|resim|gambar|写真|照片|相片|相册|相簿|フォト|사진|포토|ảnh|รูป|ภาพ|صور|תמונות|चित्र|फ़ोटो|ছবি|படங்கள்/u;
export const hasPhotoWord = (name: string): boolean => PHOTO_WORD.test(fold(name));

const SPECIAL_NAMES = {
  trash: nameSet(`
    Trash|Bin|Papierkorb|Corbeille|Papelera|Papelera de reciclaje|Cestino|Lixeira|Lixo|Reciclagem|Prullenbak|Kosz|Корзина|Кошик
    Koš|Kôš|Papirkurv|Papirkurven|Papperskorg|Papperskorgen|Roskakori|Kuka|Lomtár|Coș de gunoi|Coș|Paperera|Çöp Kutusu|Çöp|Smeće|Otpad
    Кошче|Κάδος|Κάδος απορριμμάτων|ゴミ箱|回收站|垃圾桶|垃圾箱|휴지통|Thùng rác|ถังขยะ|Sampah|Tong Sampah|المهملات|אשפה`),
  archive: nameSet(`
    Archive|Archived|Archiv|Archivieren|Archivo|Archivados|Archivadas|Archivio|Arquivo|Arquivados|Archiver|Archives|Archivées|Archief
    Archiveren|Gearchiveerd|Archiwum|Архив|Архів|Arkiv|Arkivet|Arkisto|Archív|Archivum|Archívum|Arhivă|Arhiva|Arxiu|Arşiv|Αρχείο
    アーカイブ|归档|归档文件|已归档|档案|封存|封存檔|보관함|보관처리|Lưu trữ|Kho lưu trữ|เก็บถาวร|ที่เก็บถาวร|Arsip|Arkib|الأرشيف|ארכיון`),
  locked: nameSet(`
    Locked Folder|Gesperrter Ordner|Dossier verrouillé|Carpeta privada|Carpeta con contraseña|Carpeta bloqueada|Cartella bloccata
    Cartella privata|Pasta trancada|Pasta com senha|Pasta bloqueada|Pasta protegida|Vergrendelde map|Vergrendelde folder|Folder zablokowany
    Zablokowany folder|Личная папка|Папка с защитой|Закрытая папка|Захищена папка|Uzamčená složka|Uzamknutý priečinok|Låst mappe
    Låst mapp|Lukittu kansio|Zárolt mappa|Dosar blocat|Carpeta bloquejada|Kilitli Klasör|Κλειδωμένος φάκελος|鍵付きフォルダ|ロックされたフォルダ
    已锁定的文件夹|锁定的文件夹|上锁的文件夹|已鎖定的資料夾|上鎖的資料夾|잠긴 폴더|Thư mục khóa|Thư mục đã khóa|โฟลเดอร์ที่ล็อก|Folder Terkunci`),
  'failed-videos': nameSet(`
    Failed Videos|Fehlerhafte Videos|Fehlgeschlagene Videos|Vidéos non traitées|Vidéos en échec|Échec des vidéos|Vídeos con errores
    Vídeos fallidos|Video non riusciti|Video non elaborati|Vídeos com falha|Vídeos com falhas|Mislukte video_s|Nieudane filmy|Неудачные видео
    Не удалось обработать видео|Misslyckade videor|Mislykkede videoer|失败的视频|失敗的影片|失敗した動画|실패한 동영상`),
};
export type SpecialKind = keyof typeof SPECIAL_NAMES;

/** Returns the purpose of a folder with one of Google's own names; a number after it, as of a repeated name, is ignored. */
export function specialKindOf(name: string): SpecialKind | undefined {
  const folded = withoutNumber(fold(name));
  return (Object.keys(SPECIAL_NAMES) as SpecialKind[]).find((kind) => SPECIAL_NAMES[kind].has(folded));
}

const UNTITLED_NAMES = nameSet(`
    Untitled|Unknown|Unbenannt|Ohne Titel|Unbekannt|Sans titre|Inconnu|Sin título|Desconocido|Sem título|Desconhecido|Senza titolo
    Senza nome|Sconosciuto|Naamloos|Zonder titel|Onbekend|Bez tytułu|Bez nazwy|Nieznany|Без названия|Неизвестный|Без назви|Bez názvu
    Uden titel|Uden navn|Uten tittel|Utan titel|Namnlös|Namnlöst|Nimetön|Névtelen|Cím nélkül|Fără titlu|Sense títol|Desconegut|Adsız|Başlıksız
    Χωρίς τίτλο|Без заглавие|Bez naslova|無題|不明|タイトルなし|无标题|無標題|未命名|未知|제목 없음|Chưa có tiêu đề|Không có tiêu đề|ไม่มีชื่อ|Tanpa judul|Tiada Tajuk|بدون عنوان|ללא כותרת`);

/** Returns whether a folder has the name that Google gives albums without one: `Untitled`, `Untitled(1)`. */
export const isUntitledName = (name: string): boolean => UNTITLED_NAMES.has(withoutNumber(fold(name)));

const withoutNumber = (folded: string): string => folded.replace(/ ?\(\d+\)$/, '');
