export { type DataFolder, openDataFolder } from './data-folder.js';
export { type NodeOptions, type RunningNode, startNode } from './node.js';
export { readNodeSettings } from './settings.js';
export { allSettings } from './settings-document.js';
