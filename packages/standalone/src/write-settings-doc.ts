import { writeFile } from 'node:fs/promises';
import { settingsDocument } from './settings-document.js';

const [, , target] = process.argv;
if (!target) throw new Error('usage: write-settings-doc.js <file>');
await writeFile(target, settingsDocument());
