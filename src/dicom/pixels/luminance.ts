/** Colour to grey: secondary captures of a grey image often come as RGB. */

import type { ImageAttributes } from './image-attributes.ts';

type Samples = Uint8Array | Uint16Array;

/** One sample a pixel: the Y of YBR, or its equal for RGB (ITU-R BT.601, the matrix of JPEG and of DICOM's YBR_FULL). */
export function luminance(data: Samples, image: ImageAttributes): Samples {
  const { rows, columns, photometric, planar } = image;
  const pixels = rows * columns;
  const output: Samples = data instanceof Uint8Array ? new Uint8Array(pixels) : new Uint16Array(pixels);
  // Y0 Y1 Cb Cr for two pixels; unless a codec has spread the chroma already.
  if (photometric === 'YBR_FULL_422' && data.length < 3 * pixels) {
    for (let i = 0; i < pixels; i++) output[i] = data[(i >> 1) * 4 + (i & 1)] as number;
    return output;
  }
  const [step, next] = planar ? [1, pixels] : [3, 1];
  const isRgb = photometric === 'RGB';
  for (let i = 0, from = 0; i < pixels; i++, from += step) {
    const first = data[from] as number;
    if (!isRgb) output[i] = first;
    else
      output[i] =
        0.299 * first + 0.587 * (data[from + next] as number) + 0.114 * (data[from + 2 * next] as number) + 0.5;
  }
  return output;
}
