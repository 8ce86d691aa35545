// A made-up library with the words, places and cameras that a family's has. The same numbers give the same library.

/** mulberry32: small, and the same everywhere. */
export function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const SYLLABLES =
  'ka mi ro ten sal ber vin dor pra hel nou lis tar gen mon fi stra ol eck un ja wer čes žin'.split(' ');
const words = (random, count) =>
  Array.from({ length: count }, () =>
    Array.from(
      { length: 2 + Math.floor(random() * 3) },
      () => SYLLABLES[Math.floor(random() * SYLLABLES.length)],
    ).join(''),
  );
const capital = (word) => word[0].toUpperCase() + word.slice(1);

const CAMERAS = [
  ['Apple', 'iPhone 12', 'iPhone 12 back dual wide camera 4.2mm f/1.6'],
  ['Apple', 'iPhone 15 Pro', 'iPhone 15 Pro back triple camera 6.765mm f/1.78'],
  ['samsung', 'SM-G991B', null],
  ['Google', 'Pixel 7', 'Pixel 7 back camera 6.81mm f/1.85'],
  ['Canon', 'Canon EOS 350D DIGITAL', 'EF-S18-55mm f/3.5-5.6'],
  ['Canon', 'Canon EOS R5', 'RF24-105mm F4 L IS USM'],
  ['NIKON CORPORATION', 'NIKON D90', '18-105mm f/3.5-5.6'],
  ['SONY', 'ILCE-7M3', 'FE 35mm F1.8'],
  ['Panasonic', 'DMC-TZ10', null],
  ['HUAWEI', 'VOG-L29', null],
  ['OLYMPUS', 'E-M10MarkIII', null],
  ['Xiaomi', 'Redmi Note 8', null],
];

/** A number from 0 on, small ones far more often. */
const zipf = (random, count) => Math.min(count - 1, Math.floor(count ** random()) - 1);

export function createLibrary(count, seed = 1) {
  const random = createRandom(seed);
  const vocabulary = words(random, 4000);
  const tags = words(random, 300);
  const cities = Array.from({ length: 400 }, (_, index) => ({
    city: capital(words(random, 1)[0]),
    region: capital(vocabulary[index % 60]),
    country: capital(vocabulary[100 + (index % 12)]),
    countryCode: 'CZ',
    lat: index === 0 ? 50.08 : random() * 120 - 50,
    lon: index === 0 ? 14.42 : random() * 360 - 180,
  }));
  const START = Date.UTC(2004, 0, 1);
  const SPAN = Date.UTC(2024, 0, 1) - START;
  const two = (number) => String(number).padStart(2, '0');

  const nameOf = (time, index) => {
    const day = `${time.getUTCFullYear()}${two(time.getUTCMonth() + 1)}${two(time.getUTCDate())}`;
    const kind = random();
    if (kind < 0.55)
      return `IMG_${day}_${two(time.getUTCHours())}${two(time.getUTCMinutes())}${two(index % 60)}.jpg`;
    if (kind < 0.75) return `DSC_${String(index % 10000).padStart(4, '0')}.JPG`;
    if (kind < 0.9) return `IMG-${day}-WA${String(index % 10000).padStart(4, '0')}.jpg`;
    return `${capital(vocabulary[zipf(random, 4000)])} ${vocabulary[zipf(random, 4000)]} ${index % 100}.jpg`;
  };

  /** Photo `index`; more photos in later years. */
  const photo = (index) => {
    const time = new Date(START + Math.sqrt(random()) * SPAN);
    const place = random() < 0.6 ? cities[random() < 0.4 ? 0 : zipf(random, cities.length)] : undefined;
    // Each camera has its years.
    const camera = CAMERAS[(time.getUTCFullYear() - 2004 + Math.floor(random() * 3)) % CAMERAS.length];
    const { lat, lon, ...names } = place ?? {};
    return {
      at: time.toISOString(),
      file_name: nameOf(time, index),
      tags: random() < 0.3 ? [...new Set([tags[zipf(random, 300)], tags[zipf(random, 300)]])] : [],
      description:
        random() < 0.1
          ? Array.from({ length: 4 + Math.floor(random() * 12) }, () => vocabulary[zipf(random, 4000)]).join(
              ' ',
            )
          : null,
      place: place ? names : null,
      location_lat: place ? lat + (random() - 0.5) * 0.2 : null,
      location_lon: place ? Math.max(-180, Math.min(180, lon + (random() - 0.5) * 0.2)) : null,
      camera_make: camera[0],
      camera_model: camera[1],
      lens_model: camera[2],
      favorite: random() < 0.02,
    };
  };
  return { count, photo, vocabulary, tags, cities, cameras: CAMERAS };
}
