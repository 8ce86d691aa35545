export { openPlaces, type Places } from './places.js';
