export { type ContainerContext, type ContainerOptions, runContainer } from './container.js';
export { NEEDS, type NeedName, type Needs } from './needs.js';
export { busObserver, onIdleError } from './observers.js';
export { isKnownSetting, readKnownSettings, SETTING_NAMES } from './settings.js';
