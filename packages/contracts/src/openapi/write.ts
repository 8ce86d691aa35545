import { writeFile } from 'node:fs/promises';
import { openApiYaml } from './yaml.js';

const [, , target] = process.argv;
if (!target) throw new Error('usage: write.js <file>');
await writeFile(target, openApiYaml());
