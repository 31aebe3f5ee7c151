// Makes pictures smaller that are too large to be sent.

/** What may be drawn anew; an animation would lose its motion. */
const STILL = new Set(["image/png", "image/jpeg", "image/webp", "image/avif"]);
/** The longest side, in pixels, of each attempt. */
const SIDES = [2560, 1920, 1440, 1080, 720];
/** Larger files are not opened: their pixels would take too much memory. */
const MAX_BYTES = 40 * 1024 * 1024;

/**
 * Draws a picture anew so that it fits.
 * @param {File} file
 * @param {number} bytes how many it may have
 * @returns {Promise<File | undefined>} `undefined` if that can't be
 */
export async function shrink(file, bytes) {
  if (!STILL.has(file.type) || file.size > MAX_BYTES) return undefined;
  let image;
  try {
    image = await createImageBitmap(file);
  } catch {
    return undefined;
  }
  try {
    for (const side of SIDES) {
      const blob = await draw(image, Math.min(1, side / Math.max(image.width, image.height)));
      if (blob && blob.size <= bytes) return new File([blob], renamed(file.name, blob.type), { type: blob.type });
    }
    return undefined;
  } finally {
    image.close();
  }
}

/**
 * @param {ImageBitmap} image
 * @param {number} scale
 * @returns {Promise<Blob | null>}
 */
function draw(image, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  // WebP keeps transparency; a browser that can't write it gives PNG.
  return new Promise((done) => canvas.toBlob(done, "image/webp", 0.82));
}

/**
 * @param {string} name
 * @param {string} type
 */
function renamed(name, type) {
  return `${name.replace(/\.[^.]*$/, "") || "picture"}.${type === "image/webp" ? "webp" : "png"}`;
}
