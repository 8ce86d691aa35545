import { stopProvider } from './global-setup.js';

/** After the last test, failed or not. A server that was there before is left alone. jest wants a file of its own for this. */
export default stopProvider;
