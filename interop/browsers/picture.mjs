// A picture to send: hills in the evening above a river, drawn here, written as PNG.

import { crc32 } from "./crc32.mjs";
import { deflateSync } from "node:zlib";

const SKY = [[46, 84, 110], [244, 178, 140]];
const HILLS = [
  { base: 0.52, height: 0.1, waves: [2.1, 5.3], colour: [92, 116, 134] },
  { base: 0.6, height: 0.09, waves: [3.4, 7.9], colour: [54, 88, 104] },
  { base: 0.7, height: 0.07, waves: [1.7, 6.1], colour: [26, 60, 72] },
];
const WATER = [[222, 150, 124], [22, 62, 84]];
const SUN = { x: 0.66, y: 0.4, radius: 0.07, colour: [255, 226, 190] };

/**
 * Draws the picture.
 * @param {number} width
 * @param {number} height
 * @returns {Buffer} a PNG
 */
export function landscape(width, height) {
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows.set(pixel(x / width, y / height, height / width), y * (1 + 3 * width) + 1 + 3 * x);
    }
  }
  return png(width, height, rows);
}

/** The colour at a place; both from 0 to 1. */
function pixel(x, y, ratio) {
  const shore = 0.78;
  if (y > shore) {
    const depth = (y - shore) / (1 - shore);
    const ripple = 0.04 * Math.sin(90 * depth + 14 * Math.sin(9 * x)) * (1 - depth);
    const glitter = Math.abs(x - SUN.x) < 0.035 + 0.03 * Math.sin(70 * depth) ? 0.25 * (1 - depth) : 0;
    return mix(mix(...WATER, depth + ripple), SUN.colour, glitter);
  }
  for (const hill of [...HILLS].reverse()) {
    const [slow, fast] = hill.waves;
    const top = hill.base - hill.height * (0.7 * Math.sin(slow * 3 * x + slow) + 0.3 * Math.sin(fast * 3 * x));
    if (y > top) return mix(hill.colour, SKY[1], 0.25 * (1 - (y - top) / (shore - top)));
  }
  const away = Math.hypot(x - SUN.x, (y - SUN.y) * ratio) / SUN.radius;
  const sky = mix(...SKY, y / 0.6);
  return away < 1 ? SUN.colour : mix(sky, SUN.colour, 0.35 / away ** 2);
}

function mix(from, to, share) {
  const part = Math.min(1, Math.max(0, share));
  return from.map((value, n) => Math.round(value + (to[n] - value) * part));
}

function png(width, height, rows) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
