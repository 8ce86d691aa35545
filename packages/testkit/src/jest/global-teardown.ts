import { stopProvider } from './global-setup.js';

/** After the last test, failed or not. A server that was there before is left alone. jest needs a separate file for this. */
export default stopProvider;
