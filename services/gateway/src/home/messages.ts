import type { Translations } from '../pages/language.js';

interface HomeMessages {
  title: string;
  description: string;
  heading: string;
  lead: string;
  unclaimed: string;
  whereCode: string;
  codeAtStart: string;
  codeFile: string;
  codeInContainers: string;
  claimInApp: string;
  claimByCommand: string;
  claimed: string;
  claimedHint: string;
  unknown: string;
  unknownHint: string;
  clients: string;
  app: string;
  command: string;
  commandFolder: string;
  documentation: string;
  openDocs: string;
  document: string;
  health: string;
  ready: string;
  version: string;
}

export const homeMessages: Translations<HomeMessages> = {
  en: {
    title: 'LazyPhotos',
    description: 'A photo backup for a family, on a computer at home.',
    heading: 'Your family’s photos, at home',
    lead: 'This is a LazyPhotos node. Phones and computers back their photos up to it, and the photos stay here.',
    unclaimed: 'This node has no owner yet',
    whereCode:
      'The person with the claim code becomes the owner. The code is not shown here; you find it on the node itself:',
    codeAtStart: 'in the terminal where the node was started,',
    codeFile: 'in the file {file} of its data folder,',
    codeInContainers: 'or, if it runs in containers, in the log:',
    claimInApp: 'In an app: enter the address of this page, then the code.',
    claimByCommand: 'With the command line, in the folder of LazyPhotos:',
    claimed: 'This node has an owner',
    claimedHint:
      'If you have an account, sign in with an app or the command line. If you do not, ask the owner for an invitation.',
    unknown: 'The node is not fully available',
    unknownHint:
      'The service for accounts does not respond at the moment, so it is unknown whether the node has an owner. Try again in a minute.',
    clients: 'Get a client',
    app: 'An app for LazyPhotos asks for the address of this node:',
    command: 'The command line needs Node 20 or later. In the folder of LazyPhotos:',
    commandFolder: 'It backs up a folder of photos, and continues where it was after an interruption.',
    documentation: 'For developers',
    openDocs: 'API documentation',
    document: 'OpenAPI document',
    health: 'Health',
    ready: 'Readiness',
    version: 'Version',
  },
  de: {
    title: 'LazyPhotos',
    description: 'Eine Fotosicherung für die Familie, auf einem Computer zu Hause.',
    heading: 'Die Fotos der Familie, zu Hause',
    lead: 'Das ist ein LazyPhotos-Knoten. Telefone und Computer sichern ihre Fotos hier, und die Fotos bleiben hier.',
    unclaimed: 'Dieser Knoten gehört noch niemandem',
    whereCode:
      'Besitzer wird, wer den Einrichtungscode hat. Der Code wird hier nicht angezeigt; er steht auf dem Knoten selbst:',
    codeAtStart: 'im Terminal, in dem der Knoten gestartet wurde,',
    codeFile: 'in der Datei {file} in seinem Datenordner,',
    codeInContainers: 'oder, wenn er in Containern läuft, im Protokoll:',
    claimInApp: 'In einer App: die Adresse dieser Seite eingeben, dann den Code.',
    claimByCommand: 'Mit der Befehlszeile, im Ordner von LazyPhotos:',
    claimed: 'Dieser Knoten hat einen Besitzer',
    claimedHint:
      'Mit einem Konto können Sie sich in einer App oder auf der Befehlszeile anmelden. Ohne Konto bitten Sie den Besitzer um eine Einladung.',
    unknown: 'Der Knoten ist nicht ganz verfügbar',
    unknownHint:
      'Der Dienst für Konten antwortet gerade nicht; deshalb ist nicht bekannt, ob der Knoten einen Besitzer hat. Bitte in einer Minute noch einmal versuchen.',
    clients: 'Fotos sichern',
    app: 'Eine App für LazyPhotos fragt nach der Adresse dieses Knotens:',
    command: 'Die Befehlszeile braucht Node 20 oder neuer. Im Ordner von LazyPhotos:',
    commandFolder:
      'Sie sichert einen Ordner mit Fotos und macht nach einer Unterbrechung dort weiter, wo sie war.',
    documentation: 'Für Entwickler',
    openDocs: 'API-Dokumentation',
    document: 'OpenAPI-Dokument',
    health: 'Zustand',
    ready: 'Bereitschaft',
    version: 'Version',
  },
};
