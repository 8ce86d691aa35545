import type { Translations } from '../../pages/language.js';

interface ShareMessages {
  /** Of a link without a title of its own. */
  album: string;
  photo: string;
  description: string;
  photos(count: number): string;
  from(name: string): string;
  downloadAll: string;
  download: string;
  more: string;
  empty: string;
  noPreview: string;
  alt(date: string): string;
  back(title: string): string;
  previous: string;
  next: string;
  close: string;
  viewer: string;
  wholeText: string;
  footer: string;
  lockedTitle: string;
  lockedText: string;
  password: string;
  unlock: string;
  wrongPassword: string;
  passwordMissing: string;
  tooManyAttempts: string;
  goneTitle: string;
  goneText: string;
  busyTitle: string;
  busyText: string;
  slowDownTitle: string;
  slowDownText: string;
}

export const shareMessages: Translations<ShareMessages> = {
  en: {
    album: 'Shared photos',
    photo: 'Shared photo',
    description: 'Photos shared with LazyPhotos',
    photos: (count) => (count === 1 ? '1 photo' : `${count.toLocaleString('en')} photos`),
    from: (name) => `from ${name}`,
    downloadAll: 'Download all',
    download: 'Download',
    more: 'More photos',
    empty: 'There are no photos here yet.',
    noPreview: 'The preview is not ready yet',
    alt: (date) => `Photo, ${date}`,
    back: (title) => `Back to ${title}`,
    previous: 'Previous photo',
    next: 'Next photo',
    close: 'Close',
    viewer: 'Photo in full size',
    wholeText: 'Read all of it',
    footer: 'Shared with LazyPhotos',
    lockedTitle: 'This link has a password',
    lockedText: 'Enter the password that you got together with the link.',
    password: 'Password',
    unlock: 'Show the photos',
    wrongPassword: 'That is not the password. Try it again.',
    passwordMissing: 'Enter the password.',
    tooManyAttempts: 'There were too many attempts. Wait a few minutes, then try it again.',
    goneTitle: 'There is nothing here',
    goneText:
      'The link may have expired or been withdrawn, or a part of its address is missing. Ask the person who sent it to you for a new one.',
    busyTitle: 'The photos cannot be shown right now',
    busyText: 'A part of this server does not respond at the moment. Try it again in a minute.',
    slowDownTitle: 'Too many requests',
    slowDownText: 'Wait a minute, then load this page again.',
  },
  de: {
    album: 'Geteilte Fotos',
    photo: 'Geteiltes Foto',
    description: 'Mit LazyPhotos geteilte Fotos',
    photos: (count) => (count === 1 ? '1 Foto' : `${count.toLocaleString('de')} Fotos`),
    from: (name) => `von ${name}`,
    downloadAll: 'Alle herunterladen',
    download: 'Herunterladen',
    more: 'Weitere Fotos',
    empty: 'Hier sind noch keine Fotos.',
    noPreview: 'Die Vorschau ist noch nicht fertig',
    alt: (date) => `Foto, ${date}`,
    back: (title) => `Zurück zu ${title}`,
    previous: 'Vorheriges Foto',
    next: 'Nächstes Foto',
    close: 'Schließen',
    viewer: 'Foto in voller Größe',
    wholeText: 'Ganzen Text lesen',
    footer: 'Mit LazyPhotos geteilt',
    lockedTitle: 'Dieser Link hat ein Passwort',
    lockedText: 'Geben Sie das Passwort ein, das Sie zusammen mit dem Link bekommen haben.',
    password: 'Passwort',
    unlock: 'Fotos anzeigen',
    wrongPassword: 'Das ist nicht das Passwort. Bitte noch einmal versuchen.',
    passwordMissing: 'Bitte das Passwort eingeben.',
    tooManyAttempts: 'Das waren zu viele Versuche. Bitte in einigen Minuten noch einmal versuchen.',
    goneTitle: 'Hier gibt es nichts',
    goneText:
      'Der Link ist vielleicht abgelaufen oder zurückgezogen, oder es fehlt ein Teil seiner Adresse. Bitten Sie die Person, die ihn geschickt hat, um einen neuen.',
    busyTitle: 'Die Fotos können gerade nicht angezeigt werden',
    busyText:
      'Ein Teil dieses Servers antwortet im Moment nicht. Bitte in einer Minute noch einmal versuchen.',
    slowDownTitle: 'Zu viele Anfragen',
    slowDownText: 'Bitte eine Minute warten und die Seite dann neu laden.',
  },
};
