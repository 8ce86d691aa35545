import { parentPort, workerData } from 'node:worker_threads';
import { type FolderFiles, matchFolder } from './match-folder.js';

parentPort?.postMessage(matchFolder(workerData as FolderFiles));
