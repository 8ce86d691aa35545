// A process that logs and ends in one of several ways, for logger.test.ts.
import { createLogger } from '../dist/index.js';

const [end, file] = process.argv.slice(2);
const logger = createLogger({ level: 'info', file });
for (let number = 1; number <= 2500; number += 1) logger.info('counted', { number });
if (end === 'exception') throw new Error('a fault in the code');
if (end === 'rejection') await Promise.reject(new Error('a fault in the code'));
if (end === 'exit') process.exit(3);
