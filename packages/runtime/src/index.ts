export { runContainer } from './container.js';
export {
  busObserver,
  type NeedName,
  type Needs,
  onIdleError,
  openMediaUrls,
  openShareSigning,
} from './needs.js';
export { isKnownSetting, readKnownSettings, SETTING_NAMES } from './settings.js';
